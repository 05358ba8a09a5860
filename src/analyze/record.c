#include "analyze/record.h"

#include <stdlib.h>

static const struct record_detail no_detail = {.reused = -1};

/* ---- texts ---- */

struct pooled {
    struct hmap_node node;
    struct slice text;
};

void record_pool_fini(struct record_pool *p)
{
    hmap_fini(&p->texts);
    arena_fini(&p->arena);
}

static struct pooled *pooled_find(const struct record_pool *p, struct slice s, uint64_t hash)
{
    for (struct hmap_node *n = hmap_first(&p->texts, hash); n != NULL; n = hmap_next(n)) {
        struct pooled *t = hmap_entry(n, struct pooled, node);
        if (slice_eq(t->text, s))
            return t;
    }
    return NULL;
}

struct slice record_text(struct record_pool *p, struct slice s)
{
    if (s.p == NULL)
        return s;
    uint64_t hash = hash_bytes(s.p, s.n);
    struct pooled *t = pooled_find(p, s, hash);
    if (t != NULL)
        return t->text;
    t = arena_alloc(&p->arena, sizeof *t + s.n);
    if (t == NULL || hmap_insert(&p->texts, &t->node, hash) != 0) {
        p->failed = true;
        return slice_of("", 0);
    }
    if (s.n > 0)
        memcpy(t + 1, s.p, s.n);
    t->text = slice_of(t + 1, s.n);
    return t->text;
}

struct slice record_lower(struct record_pool *p, struct slice s)
{
    enum { HOST_MAX = 1024 };
    uint8_t lower[HOST_MAX];

    if (s.p == NULL || s.n > sizeof lower)
        return (struct slice){NULL, 0};
    for (size_t i = 0; i < s.n; i++)
        lower[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (uint8_t)(s.p[i] + 32) : s.p[i];
    return record_text(p, slice_of(lower, s.n));
}

const struct record_detail *record_detail(struct record_pool *p, const struct record_detail *from)
{
    struct record_detail *d;

    if (from->error.n == 0 && from->addresses.p == NULL && from->local.p == NULL && from->remote.p == NULL &&
        from->reused < 0)
        return &no_detail;
    d = arena_alloc(&p->arena, sizeof *d);
    if (d == NULL) {
        p->failed = true;
        return &no_detail;
    }
    d->error = from->error.n > 0 ? record_text(p, from->error) : (struct slice){NULL, 0};
    d->addresses = record_text(p, from->addresses);
    d->local = record_text(p, from->local);
    d->remote = record_text(p, from->remote);
    d->reused = from->reused;
    return d;
}

/* ---- gathering ---- */

void record_begin(struct record_draft *d)
{
    d->record = (struct record){.wire.rtt_ns = -1};
    for (int i = 0; i < RECORD_MARKS; i++)
        d->record.marks_ns[i] = -1;
}

struct record_event *record_add_event(struct record_draft *d, enum p2t_hook hook, int64_t time_ns)
{
    if (d->record.event_count == RECORD_EVENTS_MAX) {
        d->events_refused++;
        return NULL;
    }
    struct record_event *e = &d->events[d->record.event_count++];
    *e = (struct record_event){.hook = (uint8_t)hook, .time_ns = time_ns, .detail = &no_detail};
    return e;
}

void record_add_id(struct record_draft *d, struct record_pool *p, struct slice id)
{
    struct record *r = &d->record;

    if (id.n == 0 || r->id_count == RECORD_IDS_MAX)
        return;
    for (size_t i = 0; i < r->id_count; i++)
        if (slice_ieq(r->ids[i], id))
            return;
    r->ids[r->id_count++] = record_text(p, id);
}

/* traceparent: version "-" trace-id "-" parent-id "-" flags (W3C Trace Context 3.2). */
static void ids_in_traceparent(struct record_draft *d, struct record_pool *p, struct slice v)
{
    if (v.n < 55 || v.p[2] != '-' || v.p[35] != '-')
        return;
    record_add_id(d, p, slice_of(v.p + 36, 16));
    record_add_id(d, p, slice_of(v.p + 3, 32));
}

void record_ids_in_header(struct record_draft *d, struct record_pool *p, struct slice key, struct slice value)
{
    static const char *const whole[] = {"x-request-id",    "request-id",     "x-b3-traceid",
                                        "x-b3-spanid",     "x-trace-id",     "x-correlation-id",
                                        "x-amzn-trace-id", "correlation-id", "x-datadog-trace-id"};

    if (slice_ieq(key, SLICE_LIT("traceparent")))
        ids_in_traceparent(d, p, value);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (slice_ieq(key, slice_str(whole[i])))
            record_add_id(d, p, value);
}

/* Insertion: events come almost sorted, and equal times keep their order. */
void record_sort_events(struct record_draft *d)
{
    struct record_event *e = d->events;

    for (size_t i = 1; i < d->record.event_count; i++) {
        struct record_event moving = e[i];
        size_t k = i;
        for (; k > 0 && e[k - 1].time_ns > moving.time_ns; k--)
            e[k] = e[k - 1];
        e[k] = moving;
    }
}

static bool make_room(struct record_list *list)
{
    if (list->n < list->cap)
        return true;
    size_t cap = list->cap == 0 ? 256 : list->cap * 2;
    struct record *more = realloc(list->records, cap * sizeof *more);
    if (more == NULL)
        return false;
    list->records = more;
    list->cap = cap;
    return true;
}

/* From 1970 to 2116, so that differences of differences fit int64_t: logs and captures may claim any time. */
static int64_t plausible(int64_t ns)
{
    static const int64_t LATEST_NS = INT64_C(1) << 62;

    return ns < 0 ? 0 : ns < LATEST_NS ? ns : LATEST_NS;
}

static void bound_times(struct record *r, struct record_event *events)
{
    r->end_ns = plausible(r->end_ns);
    for (size_t i = 0; i < r->event_count; i++) {
        struct record_event *e = &events[i];
        e->time_ns = plausible(e->time_ns);
        e->earliest_ns = plausible(e->earliest_ns);
        e->latest_ns = plausible(e->latest_ns);
    }
}

void record_keep(struct record_list *list, struct record_pool *p, const struct record_draft *d, size_t from, size_t n)
{
    struct record_event *events = n > 0 ? arena_alloc(&p->arena, n * sizeof *events) : NULL;

    if (list->n == RECORDS_MAX) {
        list->refused++;
        return;
    }
    if ((n > 0 && events == NULL) || !make_room(list)) {
        p->failed = true;
        return;
    }
    if (n > 0)
        memcpy(events, d->events + from, n * sizeof *events);
    struct record *r = &list->records[list->n++];
    *r = d->record;
    r->events = events;
    r->event_count = (uint32_t)n;
    bound_times(r, events);
}

/* ---- reading them ---- */

const struct record_event *record_find(const struct record *r, enum p2t_hook hook)
{
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].hook == hook)
            return &r->events[i];
    return NULL;
}

struct slice record_host_of(struct slice s)
{
    size_t i;

    if (s.p == NULL)
        return s;
    if (s.n > 0 && s.p[0] == '[') {
        i = slice_find(s, ']');
        return slice_of(s.p + 1, i < s.n ? i - 1 : s.n - 1);
    }
    i = slice_find(s, ':');
    if (i < s.n && slice_find(slice_from(s, i + 1), ':') < s.n - i - 1)
        return s; /* an IPv6 address without brackets */
    return slice_of(s.p, i);
}

struct slice record_host_of_url(struct slice url)
{
    size_t scheme = slice_find(url, ':'), end = 0;

    if (url.p == NULL || url.n < scheme + 3 || url.p[scheme + 1] != '/' || url.p[scheme + 2] != '/')
        return (struct slice){NULL, 0};
    struct slice rest = slice_from(url, scheme + 3);
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    if (end == 0)
        return (struct slice){NULL, 0};
    rest.n = end;
    size_t at = slice_find(rest, '@');
    return record_host_of(at < rest.n ? slice_from(rest, at + 1) : rest);
}

bool record_is_address(struct slice host)
{
    return host.p != NULL && ip_parse(host).family != 0;
}

struct endpoint record_endpoint(struct slice text)
{
    struct endpoint ep = {0};
    uint64_t port;
    size_t colon = text.n;

    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !slice_u64(slice_from(text, colon), &port) || port > UINT16_MAX)
        return ep;
    ep.ip = ip_parse(record_host_of(text));
    ep.port = (uint16_t)port;
    return ep.ip.family != 0 ? ep : (struct endpoint){0};
}
