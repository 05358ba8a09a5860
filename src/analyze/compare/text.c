/* For people: each pair with its hooks, what only one side knows, and the figures at the end. */
#include "analyze/compare/state.h"

#include <stdio.h>

#include "base/timefmt.h"
#include "write/escape.h"

enum { TEXT_MAX = 200 };

typedef void put_fn(struct buf *b, struct p2t_text s);

static void put_begin(struct buf *b, struct slice s, put_fn *put)
{
    struct p2t_text t = compare_text_of(s);

    put(b, (struct p2t_text){t.p, t.n < TEXT_MAX ? t.n : TEXT_MAX});
    if (t.n > TEXT_MAX)
        buf_lit(b, "...");
}

static void put_text(struct buf *b, struct slice s)
{
    put_begin(b, s, escape_text);
}

static void put_error(struct buf *b, struct slice s)
{
    put_begin(b, s, escape_error);
}

/* Milliseconds with three decimals and a sign, right-aligned. */
static void put_ms(struct buf *b, int64_t ns, int width)
{
    int64_t us = ns / 1000, size = us < 0 ? -us : us;
    char text[32];

    snprintf(text, sizeof text, "%c%lld.%03d", us < 0 ? '-' : '+', (long long)(size / 1000), (int)(size % 1000));
    buf_printf(b, "%*s", width, text);
}

static void put_duration(struct buf *b, int64_t ns)
{
    buf_printf(b, "%lld.%03d ms", (long long)(ns / 1000000), (int)(ns / 1000 % 1000));
}

static void put_clock_time(struct buf *b, int64_t ns)
{
    char text[TIME_TEXT_BYTES];

    time_rfc3339(ns, text);
    text[10] = ' ';
    buf_put(b, text, sizeof text);
}

/* ---- one call ---- */

static void put_subject(struct buf *b, const struct record *r)
{
    if (r->method.n > 0) {
        put_text(b, r->method);
        buf_putc(b, ' ');
    }
    char text[ENDPOINT_TEXT_MAX];
    struct p2t_text server = compare_endpoint_text(&r->server, text);
    struct slice where = r->url.n > 0 ? r->url : r->host.n > 0 ? r->host : slice_of(server.p, server.n);
    put_text(b, where.n > 0 ? where : slice_of("(no URL)", 8));
}

static void put_live(struct buf *b, const struct compare *c, const struct record *r)
{
    if (r->event_count > 0 && !r->relative) {
        put_clock_time(b, r->events[0].time_ns);
        buf_lit(b, "  ");
    }
    put_subject(b, r);
    if (r->id_count > 0) {
        buf_lit(b, "  trace ");
        put_text(b, r->ids[0]);
    }
    buf_lit(b, "  (");
    put_text(b, compare_source(c, r)->file);
    buf_printf(b, ":%llu", (unsigned long long)r->origin.line);
    if (r->origin.attempt > 0)
        buf_printf(b, ", attempt %u", r->origin.attempt + 1);
    buf_putc(b, ')');
}

static void put_wire(struct buf *b, const struct record *r)
{
    put_clock_time(b, r->event_count > 0 ? r->events[0].time_ns : r->end_ns);
    buf_printf(b, "  %s ", p2t_kind_name(r->wire.kind));
    put_subject(b, r);
    buf_printf(b, "  %s  id %016llx", p2t_outcome_name(r->wire.outcome), (unsigned long long)r->wire.id);
}

/* ---- its hooks ---- */

static void put_answer(struct buf *b, const char *side, const struct record_event *e)
{
    if (e->detail->addresses.p == NULL && e->detail->error.n == 0)
        return;
    buf_str(b, side);
    if (e->detail->addresses.p != NULL && e->detail->addresses.n == 0)
        buf_lit(b, "no addresses");
    else
        put_text(b, e->detail->addresses);
    if (e->detail->error.n > 0) {
        buf_str(b, e->detail->addresses.p != NULL ? ", " : "");
        put_error(b, e->detail->error);
    }
}

static void put_verdict(struct buf *b, const struct pair_row *row)
{
    if (row->live == NULL || row->wire == NULL) {
        buf_printf(b, "%12s  only %s", "", row->live != NULL ? "live" : "on the wire");
        if (row->excuse != PAIR_NO_EXCUSE)
            buf_printf(b, " (%s)", pair_excuse_text(row->excuse));
        return;
    }
    put_ms(b, row->difference_ns, 12);
    if (row->in_bounds)
        buf_lit(b, "  in bounds");
    else {
        buf_lit(b, "  OUT OF BOUNDS by ");
        put_ms(b, row->outside_ns, 0);
        buf_lit(b, " ms");
    }
}

static void put_values(struct buf *b, const struct pair_row *row)
{
    bool lookup = pair_hook(row) == P2T_HOOK_DNS_DONE;

    if (row->live == NULL || row->wire == NULL)
        return;
    if (lookup || row->errors_differ || row->values_differ) {
        put_answer(b, "  live: ", row->live);
        put_answer(b, "  wire: ", row->wire);
    }
    if (row->values_differ && !lookup)
        buf_printf(b, "  reused: live %s, wire %s", row->live->detail->reused ? "yes" : "no",
                   row->wire->detail->reused ? "yes" : "no");
    if (row->errors_differ)
        buf_lit(b, "  ERRORS DIFFER");
    if (row->values_differ)
        buf_lit(b, "  VALUES DIFFER");
}

static void put_row(struct buf *b, const struct pair_row *row)
{
    static const char marks[] = {' ', '~', '?'};

    buf_printf(b, "    %c %-20s", row->wire != NULL ? marks[row->wire->basis] : ' ', p2t_hook_name(pair_hook(row)));
    put_verdict(b, row);
    struct slice key = pair_key(row);
    if (key.n > 0) {
        buf_lit(b, "  ");
        put_text(b, key);
    }
    put_values(b, row);
    buf_putc(b, '\n');
}

static void put_call_errors(struct buf *b, const struct pair *p)
{
    if (!p->errors_differ)
        return;
    buf_lit(b, "  ERRORS DIFFER: live: ");
    put_error(b, p->live->error.n > 0 ? p->live->error : slice_of("none", 4));
    buf_lit(b, "; wire: ");
    put_error(b, p->wire->error.n > 0 ? p->wire->error : slice_of("none", 4));
    buf_putc(b, '\n');
}

static void put_spent(struct buf *b, const struct compare *c)
{
    const struct spent *s = &c->spent;

    if (s->total_ns > 0 && !c->pair.live->relative) {
        buf_lit(b, "  live ");
        put_duration(b, s->total_ns);
        buf_printf(b, " in all, most of it %s: ", spent_name(s->most));
        put_duration(b, s->where_ns[s->most]);
        buf_putc(b, '\n');
    }
    for (size_t i = 0; i < s->reason_count; i++) {
        buf_printf(b, "  %s: ", spent_name(s->reasons[i].where));
        spent_say(b, &c->pair, &s->reasons[i]);
        buf_putc(b, '\n');
    }
}

static void text_pair(struct buf *b, const struct compare *c, uint64_t index)
{
    const struct pair *p = &c->pair;
    size_t live = (size_t)(p->live - c->live.records);

    (void)index;
    put_live(b, c, p->live);
    buf_printf(b, "\n  %s, joined by %s with ",
               !pair_agrees(p) ? "DIFFERS"
               : p->cut        ? "cut by the capture"
                               : "agrees",
               join_by_name((enum join_by)c->join.by[live]));
    put_wire(b, p->wire);
    buf_putc(b, '\n');
    put_call_errors(b, p);
    for (size_t i = 0; i < p->order_count; i++)
        buf_printf(b, "  ORDER DIFFERS: %s before %s is reversed %s\n", p2t_hook_name(p->orders[i].first),
                   p2t_hook_name(p->orders[i].second), p->orders[i].live ? "live" : "on the wire");
    put_spent(b, c);
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].excuse != PAIR_NOT_RECORDED)
            put_row(b, &p->rows[i]);
    buf_putc(b, '\n');
}

/* ---- figures ---- */

static void put_sources(struct buf *b, const struct compare *c)
{
    size_t n;
    const struct live_source *s = live_sources(c->reader, &n);

    for (size_t i = 0; i < n; i++) {
        buf_lit(b, "live: ");
        put_text(b, s[i].file);
        buf_printf(b, ": %llu %s\n", (unsigned long long)s[i].traces, live_form_name(s[i].form));
    }
}

static void put_clock(struct buf *b, const struct compare *c)
{
    const struct clock *k = &c->join.clock;

    if (k->samples == 0)
        buf_lit(b, "clock: nothing to compare it with\n");
    else {
        buf_lit(b, "clock: live - wire is ");
        put_ms(b, k->offset_ns, 0);
        buf_printf(b, " ms by %zu calls%s", k->samples, k->applied ? ", subtracted" : ": the same clock");
        if (k->drifts)
            buf_printf(b, "; it drifts by %.1f ppm", k->drift * 1e6);
        buf_putc(b, '\n');
    }
}

static void put_figures(struct buf *b, const struct totals_values *v)
{
    buf_printf(b, "%8zu", v->n);
    if (v->n == 0) {
        buf_printf(b, "%10s%10s%10s", "-", "-", "-");
        return;
    }
    static const unsigned percents[] = {50, 95, 100};
    for (int i = 0; i < 3; i++) {
        int64_t us = totals_percentile(v, percents[i]) / 1000;
        buf_printf(b, "%6lld.%03d", (long long)(us / 1000), (int)(us % 1000));
    }
}

static void put_hooks(struct buf *b, const struct totals *t)
{
    buf_printf(b, "%-20s%8s%10s%10s%10s%9s%10s%10s\n", "|live - wire|, ms", "n", "p50", "p95", "max", "outside",
               "only live", "only wire");
    for (int h = 0; h < P2T_HOOK_COUNT; h++) {
        const struct totals_hook *k = &t->hooks[h];
        if (k->differences.n + k->missing_live + k->missing_wire == 0)
            continue;
        buf_printf(b, "%-20s", p2t_hook_name((enum p2t_hook)h));
        put_figures(b, &k->differences);
        buf_printf(b, "%9llu%10llu%10llu\n", (unsigned long long)k->outside, (unsigned long long)k->missing_wire,
                   (unsigned long long)k->missing_live);
    }
}

static void put_marks(struct buf *b, const struct totals *t)
{
    static const char *const names[RECORD_MARKS] = {
#define X(id, name, hook) name,
        RECORD_MARK_LIST(X)
#undef X
    };

    for (int i = 0; i < RECORD_MARKS; i++)
        if (t->marks[i].n > 0) {
            buf_printf(b, "%-20s", names[i]);
            put_figures(b, &t->marks[i]);
            buf_putc(b, '\n');
        }
}

static void put_where(struct buf *b, const struct totals *t)
{
    int64_t sum = 0;

    for (int i = 0; i < SPENT_WHERES; i++)
        sum += t->spent_ns[i];
    if (sum == 0)
        return;
    buf_lit(b, "live time spent:");
    for (int i = 0; i < SPENT_WHERES; i++) {
        buf_printf(b, "%s %s ", i > 0 ? "," : "", spent_name((enum spent_where)i));
        put_duration(b, t->spent_ns[i]);
    }
    buf_putc(b, '\n');
}

/* Only the kinds of reasons that occurred. */
static void put_reasons(struct buf *b, const struct totals *t)
{
    bool first = true;

    for (int i = 0; i < SPENT_WHERES; i++) {
        if (t->reasons[i] == 0)
            continue;
        buf_str(b, first ? "more time passed live than on the wire:" : ",");
        buf_printf(b, " %s in %llu pairs", spent_name((enum spent_where)i), (unsigned long long)t->reasons[i]);
        first = false;
    }
    buf_str(b, first ? "" : "\n");
}

static void put_belonging(struct buf *b, const struct compare *c)
{
    static const char *const names[] = {[BELONG_RETRY] = "retries of joined calls",
                                        [BELONG_DIAL] = "dials that outlived the call that began them",
                                        [BELONG_OTHER_CLIENT] = "exchanges of other clients"};

    for (int i = BELONG_RETRY; i <= BELONG_OTHER_CLIENT; i++)
        if (c->attached[i] > 0)
            buf_printf(b, "; %zu %s", c->attached[i], names[i]);
}

/* What one side lacks is named above; the last line says that it is for this. */
static void put_last_word(struct buf *b, const struct compare *c)
{
    uint64_t differing = c->totals.pairs - c->totals.agreeing;
    const char *before = ": ";

    if (compare_agrees(c)) {
        buf_lit(b, "live and wire agree\n");
        return;
    }
    buf_lit(b, "live and wire DIFFER");
    if (differing > 0 || c->totals.pairs == 0) {
        buf_printf(b, "%s%llu of %llu pairs differ", before, (unsigned long long)differing,
                   (unsigned long long)c->totals.pairs);
        before = ", ";
    }
    if (c->live_only > 0) {
        buf_printf(b, "%s%zu live without packets", before, c->live_only);
        before = ", ";
    }
    if (c->wire_only > 0)
        buf_printf(b, "%s%zu exchanges without a live trace", before, c->wire_only);
    buf_putc(b, '\n');
}

static void text_end(struct buf *b, const struct compare *c)
{
    const struct totals *t = &c->totals;

    put_sources(b, c);
    put_clock(b, c);
    buf_printf(
        b, "%zu live traces, %zu exchanges: %llu joined (%llu by id, %llu by address, %llu by URL, %llu by host), ",
        c->live.n, c->wire.n, (unsigned long long)t->pairs, (unsigned long long)t->joined_by[JOIN_BY_ID],
        (unsigned long long)t->joined_by[JOIN_BY_ADDRESS], (unsigned long long)t->joined_by[JOIN_BY_URL],
        (unsigned long long)t->joined_by[JOIN_BY_HOST]);
    buf_printf(b, "%zu live without packets, %zu exchanges without a live trace", c->live_only, c->wire_only);
    if (c->outside > 0)
        buf_printf(b, "; %zu live before or after the capture", c->outside);
    if (c->cut > 0)
        buf_printf(b, "; %zu live that go on after it", c->cut);
    put_belonging(b, c);
    buf_putc(b, '\n');
    put_hooks(b, t);
    put_marks(b, t);
    put_where(b, t);
    put_reasons(b, t);
    buf_printf(b, "%llu of %llu pairs agree; %llu disagreements of order, %llu of error texts, %llu of values\n",
               (unsigned long long)t->agreeing, (unsigned long long)t->pairs, (unsigned long long)t->order,
               (unsigned long long)t->errors, (unsigned long long)t->values);
    put_last_word(b, c);
}

static void text_live_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    buf_str(b, index == 0 ? "live without packets:\n  " : "  ");
    put_live(b, c, r);
    buf_putc(b, '\n');
}

static void text_wire_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    (void)c;
    buf_str(b, index == 0 ? "exchanges without a live trace:\n  " : "  ");
    put_wire(b, r);
    buf_putc(b, '\n');
}

static void text_nothing(struct buf *b, const struct compare *c)
{
    (void)b;
    (void)c;
}

static void text_after_live_only(struct buf *b, const struct compare *c)
{
    buf_str(b, c->live_only > 0 ? "\n" : "");
}

static void text_after_wire_only(struct buf *b, const struct compare *c)
{
    buf_str(b, c->wire_only > 0 ? "\n" : "");
    text_end(b, c);
}

const struct compare_ops compare_text = {text_nothing,         text_pair,      text_nothing,        text_live_only,
                                         text_after_live_only, text_wire_only, text_after_wire_only};
