/* One object, schema pcap2trace.compare/1; a line for each pair. */
#include "analyze/compare/state.h"

#include "write/json/json.h"

static void text_field(struct buf *b, const char *key, struct slice s)
{
    buf_str(b, key);
    json_text(b, compare_text_of(s));
}

static void text_or_null(struct buf *b, const char *key, struct slice s)
{
    text_field(b, key, s.n > 0 ? s : (struct slice){NULL, 0});
}

static void put_bool(struct buf *b, const char *key, bool v)
{
    buf_str(b, key);
    buf_str(b, v ? "true" : "false");
}

static void us_or_null(struct buf *b, bool known, int64_t ns)
{
    if (known)
        json_us(b, ns);
    else
        buf_lit(b, "null");
}

static void endpoint_field(struct buf *b, const char *key, const struct endpoint *ep)
{
    char text[ENDPOINT_TEXT_MAX];

    buf_str(b, key);
    json_text(b, compare_endpoint_text(ep, text));
}

/* ---- the two sides ---- */

static void put_live(struct buf *b, const struct compare *c, const struct record *r)
{
    text_field(b, "{\"file\":", compare_source(c, r)->file);
    buf_printf(b, ",\"line\":%llu,\"attempt\":%u", (unsigned long long)r->origin.line, r->origin.attempt);
    text_or_null(b, ",\"trace_id\":", r->id_count > 0 ? r->ids[0] : (struct slice){NULL, 0});
    text_field(b, ",\"method\":", r->method);
    text_field(b, ",\"url\":", r->url);
    text_or_null(b, ",\"host\":", r->host);
    endpoint_field(b, ",\"client\":", &r->client);
    endpoint_field(b, ",\"server\":", &r->server);
    text_or_null(b, ",\"error\":", r->error);
    buf_lit(b, ",\"start\":");
    if (r->event_count > 0 && !r->relative)
        json_time(b, r->events[0].time_ns);
    else
        buf_lit(b, "null");
    buf_putc(b, '}');
}

static void put_wire(struct buf *b, const struct record *r)
{
    buf_lit(b, "{\"id\":");
    json_id(b, r->wire.id);
    buf_printf(b, ",\"kind\":\"%s\",\"outcome\":\"%s\"", p2t_kind_name(r->wire.kind),
               p2t_outcome_name(r->wire.outcome));
    text_field(b, ",\"method\":", r->method);
    text_field(b, ",\"url\":", r->url);
    text_or_null(b, ",\"host\":", r->host);
    endpoint_field(b, ",\"client\":", &r->client);
    endpoint_field(b, ",\"server\":", &r->server);
    text_or_null(b, ",\"error\":", r->error);
    text_or_null(b, ",\"file\":", r->wire.file);
    buf_lit(b, ",\"start\":");
    if (r->event_count > 0)
        json_time(b, r->events[0].time_ns);
    else
        buf_lit(b, "null");
    buf_putc(b, '}');
}

/* ---- rows ---- */

static void put_time(struct buf *b, const char *key, const struct record_event *e, bool relative)
{
    buf_str(b, key);
    if (e == NULL)
        buf_lit(b, "null");
    else if (relative)
        json_us(b, e->time_ns);
    else
        json_time(b, e->time_ns);
}

static void put_addresses(struct buf *b, const char *key, const struct record_event *e)
{
    if (e == NULL || e->detail->addresses.p == NULL)
        return;
    struct slice rest = e->detail->addresses;
    buf_str(b, key);
    for (bool first = true; rest.n > 0; first = false) {
        struct slice one = slice_of(rest.p, slice_find(rest, ','));
        buf_str(b, first ? "" : ",");
        json_string(b, compare_text_of(one));
        rest = slice_from(rest, one.n + 1);
    }
    buf_putc(b, ']');
}

static void put_claims(struct buf *b, const struct record_event *e)
{
    if (e == NULL) {
        buf_lit(b, ",\"basis\":null,\"bounds_us\":null");
        return;
    }
    buf_printf(b, ",\"basis\":\"%s\",\"bounds_us\":[", p2t_basis_name((enum p2t_basis)e->basis));
    us_or_null(b, e->has_earliest, e->earliest_ns - e->time_ns);
    buf_putc(b, ',');
    us_or_null(b, e->has_latest, e->latest_ns - e->time_ns);
    buf_putc(b, ']');
}

static void put_verdict(struct buf *b, const struct pair_row *row)
{
    bool both = row->live != NULL && row->wire != NULL;

    buf_lit(b, ",\"difference_us\":");
    us_or_null(b, both, row->difference_ns);
    buf_lit(b, ",\"outside_us\":");
    us_or_null(b, both, row->outside_ns);
    buf_lit(b, ",\"in_bounds\":");
    buf_str(b, !both ? "null" : row->in_bounds ? "true" : "false");
    buf_lit(b, ",\"missing\":");
    buf_str(b, both ? "null" : row->live == NULL ? "\"live\"" : "\"wire\"");
    buf_lit(b, ",\"excuse\":");
    if (both || row->excuse == PAIR_NO_EXCUSE)
        buf_lit(b, "null");
    else
        buf_printf(b, "\"%s\"", pair_excuse_text(row->excuse));
}

static void put_errors(struct buf *b, const struct pair_row *row)
{
    if (row->live != NULL)
        text_or_null(b, ",\"live_error\":", row->live->detail->error);
    if (row->wire != NULL)
        text_or_null(b, ",\"wire_error\":", row->wire->detail->error);
    put_bool(b, ",\"errors_differ\":", row->errors_differ);
    put_bool(b, ",\"values_differ\":", row->values_differ);
    put_addresses(b, ",\"live_addresses\":[", row->live);
    put_addresses(b, ",\"wire_addresses\":[", row->wire);
}

static void put_row(struct buf *b, const struct pair *p, const struct pair_row *row)
{
    buf_printf(b, "{\"hook\":\"%s\"", p2t_hook_name(pair_hook(row)));
    text_field(b, ",\"key\":", pair_key(row));
    put_time(b, ",\"live\":", row->live, p->live->relative);
    put_time(b, ",\"wire\":", row->wire, false);
    put_verdict(b, row);
    put_claims(b, row->wire);
    put_errors(b, row);
    buf_putc(b, '}');
}

/* ---- pairs ---- */

static void put_order(struct buf *b, const struct pair *p)
{
    buf_lit(b, ",\"order\":[");
    for (size_t i = 0; i < p->order_count; i++)
        buf_printf(b, "%s{\"first\":\"%s\",\"second\":\"%s\",\"reversed\":\"%s\"}", i > 0 ? "," : "",
                   p2t_hook_name(p->orders[i].first), p2t_hook_name(p->orders[i].second),
                   p->orders[i].live ? "live" : "wire");
    buf_putc(b, ']');
}

static void put_reason(struct buf *b, const struct pair *p, const struct spent_reason *r)
{
    struct buf text = {0};

    spent_say(&text, p, r);
    buf_printf(b, "{\"where\":\"%s\",\"us\":", spent_key(r->where));
    json_us(b, r->ns);
    buf_lit(b, ",\"text\":");
    json_string(b, compare_text_of(buf_view(&text)));
    buf_putc(b, '}');
    b->failed |= text.failed;
    buf_fini(&text);
}

static void put_spent(struct buf *b, const struct compare *c)
{
    const struct spent *s = &c->spent;

    buf_lit(b, ",\"spent_us\":");
    if (s->total_ns < 0 || c->pair.live->relative)
        buf_lit(b, "null");
    else {
        buf_lit(b, "{\"total\":");
        json_us(b, s->total_ns);
        for (int i = 0; i < SPENT_WHERES; i++) {
            buf_printf(b, ",\"%s\":", spent_key((enum spent_where)i));
            json_us(b, s->where_ns[i]);
        }
        buf_putc(b, '}');
    }
    buf_lit(b, ",\"reasons\":[");
    for (size_t i = 0; i < s->reason_count; i++) {
        buf_str(b, i > 0 ? "," : "");
        put_reason(b, &c->pair, &s->reasons[i]);
    }
    buf_putc(b, ']');
}

static void put_pair(struct buf *b, const struct compare *c, uint64_t index)
{
    const struct pair *p = &c->pair;
    size_t live = (size_t)(p->live - c->live.records);

    buf_str(b, index > 0 ? ",\n{\"live\":" : "\n{\"live\":");
    put_live(b, c, p->live);
    buf_lit(b, ",\"wire\":");
    put_wire(b, p->wire);
    buf_printf(b, ",\"joined_by\":\"%s\"", join_by_name((enum join_by)c->join.by[live]));
    put_bool(b, ",\"agree\":", pair_agrees(p));
    put_bool(b, ",\"cut\":", p->cut);
    buf_lit(b, ",\"clock_offset_us\":");
    us_or_null(b, !p->live->relative, p->offset_ns);
    put_bool(b, ",\"errors_differ\":", p->errors_differ);
    buf_lit(b, ",\"hooks\":[");
    for (size_t i = 0; i < p->n; i++) {
        buf_str(b, i > 0 ? "," : "");
        put_row(b, p, &p->rows[i]);
    }
    buf_putc(b, ']');
    put_order(b, p);
    put_spent(b, c);
    buf_putc(b, '}');
}

/* ---- the rest ---- */

static void put_sources(struct buf *b, const struct compare *c)
{
    size_t n;
    const struct live_source *s = live_sources(c->reader, &n);

    buf_lit(b, ",\n\"sources\":[");
    for (size_t i = 0; i < n; i++) {
        text_field(b, i > 0 ? ",{\"file\":" : "{\"file\":", s[i].file);
        buf_printf(b, ",\"form\":\"%s\",\"traces\":%llu,\"hooks\":[", live_form_name(s[i].form),
                   (unsigned long long)s[i].traces);
        bool first = true;
        for (int h = 0; h < P2T_HOOK_COUNT; h++) {
            if ((s[i].recorded >> h & 1) == 0)
                continue;
            buf_printf(b, "%s\"%s\"", first ? "" : ",", p2t_hook_name((enum p2t_hook)h));
            first = false;
        }
        buf_lit(b, "]}");
    }
    buf_putc(b, ']');
}

static void put_clock(struct buf *b, const struct clock *clock)
{
    buf_lit(b, ",\n\"clock\":{\"offset_us\":");
    us_or_null(b, clock->samples > 0, clock->offset_ns);
    buf_printf(b, ",\"drift_ppm\":%.3f,\"samples\":%zu", clock->drift * 1e6, clock->samples);
    put_bool(b, ",\"applied\":", clock->applied);
    buf_putc(b, '}');
}

static void put_values(struct buf *b, const struct totals_values *v)
{
    static const unsigned percents[] = {50, 95, 100};
    static const char *const names[] = {"p50", "p95", "max"};

    buf_printf(b, "\"n\":%zu", v->n);
    for (int i = 0; i < 3; i++) {
        buf_printf(b, ",\"%s_us\":", names[i]);
        us_or_null(b, v->n > 0, totals_percentile(v, percents[i]));
    }
}

static void put_hooks(struct buf *b, const struct totals *t)
{
    buf_lit(b, ",\n\"hooks\":[");
    for (int h = 0; h < P2T_HOOK_COUNT; h++) {
        const struct totals_hook *k = &t->hooks[h];
        buf_printf(b, "%s{\"hook\":\"%s\",", h > 0 ? ",\n" : "\n", p2t_hook_name((enum p2t_hook)h));
        put_values(b, &k->differences);
        buf_printf(b, ",\"outside\":%llu,\"missing_live\":%llu,\"missing_wire\":%llu,\"excused\":%llu}",
                   (unsigned long long)k->outside, (unsigned long long)k->missing_live,
                   (unsigned long long)k->missing_wire, (unsigned long long)k->excused);
    }
    buf_putc(b, ']');
}

static void put_marks(struct buf *b, const struct totals *t)
{
    static const char *const names[RECORD_MARKS] = {
#define X(id, name, hook) name,
        RECORD_MARK_LIST(X)
#undef X
    };

    buf_lit(b, ",\n\"durations\":{");
    for (int i = 0; i < RECORD_MARKS; i++) {
        buf_printf(b, "%s\"%s\":{", i > 0 ? "," : "", names[i]);
        put_values(b, &t->marks[i]);
        buf_putc(b, '}');
    }
    buf_putc(b, '}');
}

static void put_totals(struct buf *b, const struct compare *c)
{
    const struct totals *t = &c->totals;

    buf_printf(b,
               ",\n\"totals\":{\"live\":%zu,\"wire\":%zu,\"joined\":%llu,\"agreeing\":%llu,\"live_only\":%zu,"
               "\"outside_capture\":%zu,\"wire_only\":%zu,\"order\":%llu,\"errors\":%llu,\"values\":%llu",
               c->live.n, c->wire.n, (unsigned long long)t->pairs, (unsigned long long)t->agreeing, c->live_only,
               c->outside, c->wire_only, (unsigned long long)t->order, (unsigned long long)t->errors,
               (unsigned long long)t->values);
    buf_lit(b, ",\"spent_us\":{");
    for (int i = 0; i < SPENT_WHERES; i++) {
        buf_printf(b, "%s\"%s\":", i > 0 ? "," : "", spent_key((enum spent_where)i));
        json_us(b, t->spent_ns[i]);
    }
    buf_lit(b, "},\"pairs_with_reason\":{");
    for (int i = 0; i < SPENT_WHERES; i++)
        buf_printf(b, "%s\"%s\":%llu", i > 0 ? "," : "", spent_key((enum spent_where)i),
                   (unsigned long long)t->reasons[i]);
    buf_lit(b, "}}");
    put_hooks(b, t);
    put_marks(b, t);
}

static void json_begin(struct buf *b, const struct compare *c)
{
    put_bool(b, "{\"schema\":\"pcap2trace.compare/1\",\"agree\":", compare_agrees(c));
    buf_lit(b, ",\"tolerance_us\":");
    json_us(b, c->config.tolerance_ns);
    put_sources(b, c);
    put_clock(b, &c->join.clock);
    put_totals(b, c);
    buf_lit(b, ",\n\"pairs\":[");
}

static void json_middle(struct buf *b, const struct compare *c)
{
    (void)c;
    buf_lit(b, "],\n\"live_only\":[");
}

static void put_live_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    buf_str(b, index > 0 ? ",\n" : "\n");
    put_live(b, c, r);
}

static void json_between(struct buf *b, const struct compare *c)
{
    (void)c;
    buf_lit(b, "],\n\"wire_only\":[");
}

static void put_wire_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    (void)c;
    buf_str(b, index > 0 ? ",\n" : "\n");
    put_wire(b, r);
}

static void json_end(struct buf *b, const struct compare *c)
{
    (void)c;
    buf_lit(b, "]}\n");
}

const struct compare_ops compare_json = {json_begin,   put_pair,      json_middle, put_live_only,
                                         json_between, put_wire_only, json_end};
