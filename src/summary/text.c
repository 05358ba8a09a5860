#include <stdio.h>
#include <stdlib.h>

#include "base/timefmt.h"
#include "summary/cause.h"
#include "summary/changes.h"
#include "summary/periods.h"
#include "summary/rank.h"
#include "summary/shown.h"
#include "summary/tell.h"
#include "write/escape.h"
#include "write/text/text.h"

enum { CLOCK_AT = 11, CLOCK_BYTES = 12 }; /* "10:02:03.456" of RFC 3339 */

static void say_clock(struct buf *b, int64_t ns)
{
    char text[TIME_TEXT_BYTES];

    time_rfc3339(ns, text);
    buf_put(b, text + CLOCK_AT, CLOCK_BYTES);
}

/* With its day, where it is not that of the first packet. Of a sentence: nothing stands in columns. */
static void say_moment(const struct p2t_summary *s, struct buf *b, int64_t ns)
{
    const struct out_options form = {.time = s->time, .first_packet_ns = s->first_ns};
    struct buf text = {0};
    size_t blank = 0;

    text_clock(&text, &form, ns);
    while (blank < text.n && text.p[blank] == ' ')
        blank++;
    buf_put(b, text.p + blank, text.n - blank);
    b->failed |= text.failed;
    buf_fini(&text);
}

void summary_show_times(struct p2t_summary *s, enum out_time time)
{
    s->time = time;
}

static void say_escaped(struct buf *b, const struct buf *text)
{
    escape_text(b, (struct p2t_text){text->n > 0 ? (const char *)text->p : "", text->n});
}

static const char *side_words(enum p2t_cause_side side)
{
    switch (side) {
    case P2T_CAUSE_SIDE_NAME_SERVICE:
        return "the name's records";
    case P2T_CAUSE_SIDE_RESOLVER:
        return "the name server";
    default:
        return p2t_cause_side_name(side);
    }
}

static void say_when(const struct p2t_summary *s, struct buf *b, const struct cause *c)
{
    buf_lit(b, "   since ");
    say_moment(s, b, c->since_ns);
    size_t period = period_of(s, c->since_ns);
    buf_printf(b, " (%.1f s into ", (double)max_ns(0, c->since_ns - s->periods[period].from_ns) / 1e9);
    if (s->period_count > 1)
        buf_printf(b, "period %zu of %zu) until ", period + 1, s->period_count);
    else
        buf_lit(b, "the capture) until ");
    say_moment(s, b, c->until_ns);
    buf_printf(b, "; hit %zu of %zu %s, %zu failed", c->calls, c->of > c->calls ? c->of : c->calls, cause_counted(c),
               c->failed);
    if (c->open > 0)
        buf_printf(b, ", %zu still waiting at the end", c->open);
    if (c->lost_ns >= MS) {
        buf_lit(b, ", ");
        say_time(b, c->lost_ns);
        buf_lit(b, " lost");
    }
    buf_putc(b, '\n');
}

static void say_whose(struct buf *b, const struct cause *c)
{
    buf_printf(b, "   side: %s", side_words(c->side));
    if (c->or_side != P2T_CAUSE_SIDE_COUNT)
        buf_printf(b, " or %s", side_words(c->or_side));
    buf_printf(b, " (%s)", p2t_confidence_name(c->confidence));
    if (c->cleared_count > 0)
        buf_lit(b, "; not to blame: ");
    for (size_t i = 0; i < c->cleared_count; i++) {
        buf_str(b, i > 0 ? ", " : "");
        escape_text(b, word_text(c->cleared[i]));
    }
    if (c->known)
        buf_lit(b, "; the baseline has the same");
    buf_putc(b, '\n');
}

static void say_explained(struct buf *b, const struct cause *c)
{
    if (c->folded.n == 0)
        return;
    buf_lit(b, "   seen as its consequence: ");
    say_escaped(b, &c->folded);
    buf_putc(b, '\n');
}

/* A name that a shell and a glob take as it is. */
static bool is_plain(const struct word *name)
{
    for (size_t i = 0; name != NULL && i < name->n; i++) {
        char ch = name->text[i];
        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') && ch != '.' &&
            ch != '-')
            return false;
    }
    return name != NULL && name->text[0] != '-';
}

/* What shows it: a call; lookups that led to none; a packet. */
static void say_look(struct buf *b, const struct cause *c)
{
    if (c->hit_count > 0) {
        buf_printf(b, "   look at: pcap2trace --id %016llx CAPTURE", (unsigned long long)c->hit[0]->id);
        if (c->open > 0)
            buf_lit(b, "; those still waiting: pcap2trace --incomplete CAPTURE");
    } else if (is_plain(c->lookups_of)) {
        buf_printf(b, "   look at: pcap2trace --all --kind lookup --host %s CAPTURE", c->lookups_of->text);
    } else if (c->proof_count > 0) {
        buf_printf(b, "   look at: packet %llu of ", (unsigned long long)c->proof[0].packet);
        escape_text(b, word_text(c->proof[0].file));
    } else {
        return;
    }
    buf_putc(b, '\n');
}

static void say_cause(const struct p2t_summary *s, struct buf *b, const struct cause *c, size_t number)
{
    buf_printf(b, "%zu. ", number);
    say_escaped(b, &c->text);
    buf_putc(b, '\n');
    say_when(s, b, c);
    say_whose(b, c);
    say_explained(b, c);
    say_look(b, c);
}

/* They may fail yet, and are not among the failed ones. */
static void say_open(const struct p2t_summary *s, struct buf *b)
{
    int64_t since_ns = 0;
    size_t n = open_calls(s, &since_ns);

    if (n == 0)
        return;
    buf_printf(b, "; %zu still waiting at the end, since ", n);
    say_moment(s, b, since_ns);
    buf_lit(b, ": pcap2trace --incomplete CAPTURE");
}

static void say_totals(const struct p2t_summary *s, struct buf *b, size_t services)
{
    say_count(b, (size_t)s->calls_seen, "call");
    buf_lit(b, ", ");
    say_count(b, services, "service");
    buf_printf(b, ", %.1f s", (double)periods_length(s) / 1e9);
    if (s->period_count > 1)
        buf_printf(b, " in %zu periods that do not overlap", s->period_count);
    buf_printf(b, "; %llu failed", (unsigned long long)s->calls_failed);
    size_t rest = unexplained_failures(s), lookups = lookups_in_vain(s);
    if (s->cause_count > 0 && rest > 0 && rest < s->calls_failed)
        buf_printf(b, ", %zu of them for no cause found here", rest);
    else if (s->cause_count > 0 && rest > 0)
        buf_lit(b, ", for no cause found here");
    if (lookups > 0)
        buf_printf(b, ", and %zu lookup%s that led to no call", lookups, plural(lookups));
    say_open(s, b);
    buf_putc(b, '\n');
}

/* What fails now and then all the time is nothing unusual; most calls, or one of a few, are. */
static bool has_unusual_failures(const struct p2t_summary *s)
{
    return s->calls_failed > 0 && (s->small || s->calls_failed > s->calls_seen / 2);
}

static const struct call *slowest(const struct p2t_summary *s)
{
    const struct call *most = NULL;

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (!c->streams && !c->failed && c->total_ns >= SECOND_NS && (most == NULL || c->total_ns > most->total_ns))
            most = c;
    }
    return most;
}

/* Where to look when no rule has anything to say. */
static void say_where_to_look(const struct p2t_summary *s, struct buf *b)
{
    const struct call *c = slowest(s);

    if (s->calls_failed > 0)
        buf_lit(b, "   the failed ones: pcap2trace --failed CAPTURE\n");
    if (c == NULL)
        return;
    if (c->quiet && c->kind == P2T_KIND_LOOKUP)
        buf_lit(b, "   the slowest lookup, ");
    else
        buf_str(b, s->calls_failed > 0 ? "   the slowest of the others, " : "   the slowest, ");
    say_time(b, c->total_ns);
    buf_printf(b, ": pcap2trace --id %016llx CAPTURE\n", (unsigned long long)c->id);
}

static void say_no_cause(const struct p2t_summary *s, struct buf *b, size_t services)
{
    if (s->calls_seen == 0)
        buf_lit(b, "no calls: ");
    else
        buf_str(b, has_unusual_failures(s) ? "no cause was found for what failed: " : "nothing unusual: ");
    say_totals(s, b, services);
    say_where_to_look(s, b);
}

static void say_verdict(const struct p2t_summary *s, struct buf *b, size_t services)
{
    if (s->cause_count == 0) {
        say_no_cause(s, b, services);
        return;
    }
    say_cause(s, b, &s->causes[0], 1);
    say_totals(s, b, services);
}

static void say_ms(struct buf *b, int64_t ns)
{
    char text[32];

    snprintf(text, sizeof text, "%.1f", (double)ns / 1e6);
    buf_printf(b, " %8s", text);
}

/* Dashes where no request was seen. */
static void say_times(struct buf *b, const struct service_row *r)
{
    if (r->requests == 0) {
        buf_printf(b, " %8s %8s %8s %5s %5s -\n", "-", "-", "-", "-", "-");
        return;
    }
    say_ms(b, r->p50);
    say_ms(b, r->p99);
    say_ms(b, r->max);
    buf_printf(b, " %5zu %4zu%% %s\n", r->connections, r->reused * 100 / r->requests, r->phase);
}

enum { NAME_WIDTH = 36 };

/* With the name that leads there; what is too long for its column has a line of its own. */
static void say_name(struct buf *b, const struct service_row *r)
{
    const struct word *name = service_name(r->server, r->server_ip);

    if (name != NULL) {
        escape_text(b, word_text(name));
        buf_lit(b, " (");
        escape_text(b, word_text(r->server));
        buf_putc(b, ')');
    } else {
        escape_text(b, word_text(r->server));
    }
}

static void say_services(struct buf *b, const struct service_rows *rows, size_t top)
{
    size_t shown = rows->n < top ? rows->n : top;

    if (rows->n == 0)
        return;
    buf_printf(b, "\n%-*s %7s %6s %8s %8s %8s %5s %5s %s\n", NAME_WIDTH, "service", "calls", "failed", "p50 ms",
               "p99 ms", "max ms", "conns", "reuse", "most in");
    for (size_t i = 0; i < shown; i++) {
        const struct service_row *r = &rows->row[i];
        size_t from = b->n;
        say_name(b, r);
        if (b->n - from > NAME_WIDTH) {
            buf_putc(b, '\n');
            from = b->n;
        }
        buf_printf(b, "%*s %7zu %6zu", (int)(NAME_WIDTH - (b->n - from)), "", r->calls, r->failed);
        say_times(b, r);
    }
    if (shown < rows->n)
        buf_printf(b, "and %zu more (--top)\n", rows->n - shown);
}

static void say_limits(const struct p2t_summary *s, struct buf *b)
{
    struct capture_limit limits[CAPTURE_LIMITS_MAX];
    size_t n = capture_limits(s, limits);

    if (n > 0)
        buf_lit(b, "\nwhat the capture cannot show:\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "  %s: %s\n", limits[i].text, limits[i].command);
}

void tell_doctor(const struct p2t_summary *s, struct buf *b)
{
    const struct p2t_counters *k = &s->counters;
    struct capture_limit limits[CAPTURE_LIMITS_MAX];

    say_count(b, (size_t)k->frames, "packet");
    if (k->frames > 0) {
        buf_lit(b, " from ");
        say_clock(b, s->first_ns);
        buf_lit(b, " to ");
        say_clock(b, s->last_ns);
    }
    buf_lit(b, ": ");
    say_count(b, (size_t)k->connections, "connection");
    buf_printf(b, " (%llu from their SYN on), ", (unsigned long long)k->connection_attempts);
    say_count(b, (size_t)k->dns_messages, "DNS message");
    buf_lit(b, ", ");
    say_count(b, (size_t)k->http_requests, "HTTP request");
    buf_lit(b, ", ");
    say_count(b, (size_t)k->icmp_errors, "ICMP error");
    buf_putc(b, '\n');
    if (capture_limits(s, limits) == 0)
        buf_lit(b, "\nnothing that this program looks for is missing\n");
    say_limits(s, b);
}

void tell_text(const struct p2t_summary *s, struct buf *b)
{
    struct service_rows rows = services_of(s);
    size_t top = s->config.top > 0 ? s->config.top : 10;

    say_verdict(s, b, rows.n);
    for (size_t i = 1; i < s->cause_count && i < top; i++) {
        buf_str(b, i == 1 ? "\n" : "");
        say_cause(s, b, &s->causes[i], i + 1);
    }
    tell_changes_text(s, b, top);
    if (s->causes_cut)
        buf_lit(b, "\nthere are more causes: of some kinds only the first 256 are looked for\n");
    say_services(b, &rows, top);
    say_limits(s, b);
    b->failed |= rows.failed;
    free(rows.row);
}
