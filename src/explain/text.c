/* For people, and to be pasted. */
#include <stdio.h>

#include "base/timefmt.h"
#include "explain/row.h"
#include "extract/comment.h"
#include "write/escape.h"
#include "write/text/text.h"

static void put_slice(struct buf *b, struct slice s)
{
    escape_text(b, (struct p2t_text){(const char *)s.p, s.n});
}

/* "10:13:40.025333614", of a day that stands above. */
static void put_clock(struct buf *b, int64_t ns)
{
    enum { DATE_BYTES = 11, CLOCK_BYTES = 18 };
    char text[TIME_TEXT_BYTES];

    time_rfc3339(ns, text);
    buf_put(b, text + DATE_BYTES, CLOCK_BYTES);
}

static void put_number(struct teller *t, struct buf *b, struct subject_ref ref)
{
    const struct subjects *all = t->config->subjects;

    if (t->many_files && ref.path < all->path_count) {
        const char *name = text_file_name(all->paths[ref.path]);
        escape_text(b, (struct p2t_text){name, strlen(name)});
    } else if (t->many_files) {
        buf_lit(b, "(another file)");
    }
    buf_printf(b, "#%llu", (unsigned long long)ref.packet);
}

/* ---- the head ---- */

static void begin(struct teller *t, size_t index, const struct subject *s)
{
    struct buf *b = t->b;
    char day[TIME_TEXT_BYTES];

    if (index > 0)
        buf_putc(b, '\n');
    buf_printf(b, "%016llx  ", (unsigned long long)s->id);
    put_slice(b, s->method.n > 0 ? s->method : slice_str(p2t_kind_name(s->kind)));
    buf_putc(b, ' ');
    put_slice(b, s->url.n > 0 ? s->url : s->host.n > 0 ? s->host : s->server);
    if (s->status > 0)
        buf_printf(b, "  %d", s->status);
    if (s->outcome != P2T_OUTCOME_OK)
        buf_printf(b, "  %s", p2t_outcome_name(s->outcome));
    buf_lit(b, "  ");
    text_duration(b, s->phases.total_ns > 0 ? s->phases.total_ns : s->end_ns - s->start_ns);
    time_rfc3339(s->start_ns, day);
    buf_printf(b, "\n  %.10s UTC", day);
    if (s->client.n > 0) {
        buf_lit(b, ", ");
        put_slice(b, s->client);
        buf_lit(b, " -> ");
        put_slice(b, s->server);
    }
    buf_lit(b, "; -> sent by the client, <- to it\n\n");
}

/* ---- packets ---- */

static void put_line(struct teller *t, struct buf *b, const struct row *r)
{
    const char *arrow = r->from_client ? "->" : r->to_client ? "<-" : "  ";
    const char *peer = r->from_client ? r->to : r->from;

    buf_lit(b, "  ");
    put_clock(b, r->time_ns);
    buf_lit(b, "  ");
    text_ms(b, r->time_ns - r->subject->start_ns, 11);
    buf_lit(b, " ms  ");
    put_number(t, b, r->ref);
    buf_printf(b, "  %s ", arrow);
    buf_printf(b, "%s%s", peer, peer[0] != '\0' ? "  " : "");
    buf_slice(b, r->text);
    buf_putc(b, '\n');
}

static void put_event(struct buf *b, const struct subject_event *ev, int64_t packet_ns)
{
    static const char *const stands[] = {"proves ", "not before this: ", "not after this: ", "suggests "};

    buf_printf(b, "%*s= %s%s", 24, "", stands[comment_stand(ev, packet_ns)], p2t_hook_name(ev->hook));
    if (ev->value.n > 0) {
        buf_lit(b, ": ");
        text_shortened(b, (struct p2t_text){(const char *)ev->value.p, ev->value.n}, 60);
    }
    buf_putc(b, '\n');
}

/* Fields of a request share its packet: the first stands for them. */
static bool is_repeated_field(const struct subject *s, const struct row *r, size_t i)
{
    uint32_t at = r->proof[i].event;

    return at != UINT32_MAX && i > 0 && r->proof[i - 1].event != UINT32_MAX &&
           s->events[at].hook == P2T_HOOK_WROTE_HEADER_FIELD &&
           s->events[r->proof[i - 1].event].hook == P2T_HOOK_WROTE_HEADER_FIELD;
}

static void put_proofs(struct buf *b, const struct row *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct proof *p = &r->proof[i];
        if (is_repeated_field(r->subject, r, i))
            continue;
        if (p->event != UINT32_MAX)
            put_event(b, &r->subject->events[p->event], r->time_ns);
        else
            buf_printf(b, "%*s= finding %s\n", 24, "", r->subject->findings[p->finding].code);
    }
}

static void end_plain(struct teller *t)
{
    if (t->plain == 1)
        buf_slice(t->b, buf_view(&t->held));
    else if (t->plain > 1)
        buf_printf(t->b, "%*s... %zu %spackets, %llu bytes from the client and %llu to it\n", 24, "", t->plain,
                   t->before ? "earlier " : "", (unsigned long long)t->bytes[0], (unsigned long long)t->bytes[1]);
    buf_reset(&t->held);
    t->plain = 0;
    t->bytes[0] = t->bytes[1] = 0;
}

static void row(struct teller *t, const struct row *r)
{
    if (!r->plain) {
        end_plain(t);
        put_line(t, t->b, r);
        put_proofs(t->b, r);
        return;
    }
    if (t->plain > 0 && t->before != r->before)
        end_plain(t);
    if (t->plain++ == 0)
        put_line(t, &t->held, r);
    t->before = r->before;
    t->bytes[r->from_client ? 0 : 1] += r->bytes;
}

/* ---- without captures ---- */

static bool is_same_field(const struct subject_event *a, const struct subject_event *b)
{
    return a->hook == P2T_HOOK_WROTE_HEADER_FIELD && b->hook == a->hook && a->time_ns == b->time_ns;
}

static void put_hook(struct teller *t, const struct subject *s, const struct subject_event *ev)
{
    struct buf *b = t->b;

    buf_lit(b, "  ");
    put_clock(b, ev->time_ns);
    buf_lit(b, "  ");
    text_ms(b, ev->time_ns - s->start_ns, 11);
    buf_printf(b, " ms  %s", p2t_hook_name(ev->hook));
    if (ev->value.n > 0) {
        buf_lit(b, ": ");
        text_shortened(b, (struct p2t_text){(const char *)ev->value.p, ev->value.n}, 60);
    }
    buf_printf(b, "  %s", p2t_basis_name(ev->basis));
    for (size_t i = 0; i < ev->evidence.count; i++) {
        buf_putc(b, ' ');
        put_number(t, b, ev->evidence.ref[i]);
    }
    buf_putc(b, '\n');
}

static void written(struct teller *t, const struct subject *s)
{
    buf_lit(t->b,
            "  without its captures: these are the hooks as batch wrote them, and the packets that each rests on\n");
    for (size_t i = 0; i < s->event_count; i++)
        if (i == 0 || !is_same_field(&s->events[i], &s->events[i - 1]))
            put_hook(t, s, &s->events[i]);
}

/* ---- how the verdict follows ---- */

static void put_assumed(struct buf *b, const struct subject *s)
{
    const char *between = "  no packet marks ";
    enum p2t_hook last = P2T_HOOK_COUNT;

    for (size_t i = 0; i < s->event_count; i++) {
        const struct subject_event *ev = &s->events[i];
        if (ev->basis == P2T_OBSERVED || ev->hook == last)
            continue;
        buf_printf(b, "%s%s (%s)", between, p2t_hook_name(ev->hook), p2t_basis_name(ev->basis));
        between = ", ";
        last = ev->hook;
    }
    if (between[0] == ',')
        buf_putc(b, '\n');
}

static void put_phases(struct buf *b, const struct p2t_phases *p)
{
    const struct {
        const char *name;
        int64_t ns;
    } phases[] = {{"blocked", p->blocked_ns}, {"dns", p->dns_ns},   {"connect", p->connect_ns}, {"tls", p->tls_ns},
                  {"send", p->send_ns},       {"wait", p->wait_ns}, {"receive", p->receive_ns}};
    const char *between = "  time: ";

    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        if (phases[i].ns < 0)
            continue;
        buf_printf(b, "%s%s ", between, phases[i].name);
        text_ms(b, phases[i].ns, 0);
        between = ", ";
    }
    if (between[0] == ',')
        buf_lit(b, " ms\n");
}

static void put_findings(struct teller *t, const struct subject *s)
{
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct subject_finding *f = &s->findings[i];
        buf_printf(t->b, "  %s %s", p2t_severity_name(f->severity), f->code);
        for (size_t k = 0; k < f->evidence.count; k++) {
            buf_putc(t->b, ' ');
            put_number(t, t->b, f->evidence.ref[k]);
        }
        buf_lit(t->b, ": ");
        put_slice(t->b, f->text);
        buf_putc(t->b, '\n');
    }
}

static void put_causes(struct teller *t, const struct subject *s)
{
    struct p2t_call_cause c;
    size_t n = 0;

    for (; p2t_summary_cause_of(t->config->summary, s->id, n, &c); n++) {
        buf_printf(t->b, "  cause %s, %s, side: %s, one of %zu call%s: ", p2t_cause_name(c.code),
                   p2t_confidence_name(c.confidence), p2t_cause_side_name(c.side), c.calls, c.calls == 1 ? "" : "s");
        escape_text(t->b, c.text);
        buf_putc(t->b, '\n');
    }
    if (n == 0)
        buf_lit(t->b, "  it belongs to none of the causes in the summary of these captures\n");
}

static void end(struct teller *t, const struct subject *s)
{
    end_plain(t);
    buf_printf(t->b, "\n  outcome %s", p2t_outcome_name(s->outcome));
    if (s->error.n > 0) {
        buf_lit(t->b, ": ");
        escape_error(t->b, (struct p2t_text){(const char *)s->error.p, s->error.n});
    } else if (s->status > 0) {
        buf_printf(t->b, ": answered with %d", s->status);
    }
    buf_putc(t->b, '\n');
    put_phases(t->b, &s->phases);
    put_assumed(t->b, s);
    put_findings(t, s);
    put_causes(t, s);
}

static void finish(struct teller *t)
{
    (void)t;
}

const struct teller_ops teller_text = {begin, row, written, end, finish};
