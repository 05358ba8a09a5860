#include "analyze/compare/join.h"

#include <stdlib.h>

#include "analyze/compare/join_index.h"
#include "pcap2trace/status.h"

/* Without a common id, a trace and an exchange further apart than this are different calls. */
static const int64_t WINDOW_NS = 5000000000;
/* How many records of one key, the nearest in time, are considered. */
enum { NEAREST = 12 };
/* Larger groups are not used to find the clocks' difference: in these, pairs agree by chance. */
enum { VOTING_PAIRS = 64 };
/* Each round joins with the clock that the round before has estimated. */
enum { ROUNDS = 3 };

struct candidate {
    int64_t distance_ns;
    uint32_t live, wire;
    uint8_t by;
    uint8_t rank; /* higher is better */
};

struct joining {
    struct join *j;
    const struct record_list *live, *wire;
    struct join_index live_index, wire_index;
    bool *claimed; /* per exchange: some live trace has one of its ids */
    struct candidate *candidates;
    size_t n, cap;
    bool failed;
};

const char *join_by_name(enum join_by by)
{
    static const char *const names[JOIN_WAYS] = {"host", "url", "address", "id"};

    return names[by];
}

/* ---- whether two may be the same ---- */

static bool same_text(struct slice a, struct slice b)
{
    return a.n > 0 && slice_ieq(a, b);
}

static bool contradict(struct slice a, struct slice b)
{
    return a.n > 0 && b.n > 0 && !slice_ieq(a, b);
}

/* "http://h:80" and "http://h/" are the same. */
static struct slice normal_url(struct slice url, struct slice *rest)
{
    size_t scheme = slice_find(url, ':'), slash, end;

    *rest = slice_of("/", 1);
    if (record_host_of_url(url).n == 0)
        return url;
    struct slice after = slice_from(url, scheme + 3);
    slash = slice_find(after, '/');
    end = scheme + 3 + slash;
    if (slash < after.n) {
        *rest = slice_from(after, slash);
        rest->n = slice_find(*rest, '#');
    }
    struct slice origin = slice_of(url.p, end);
    bool plain = scheme == 4;
    struct slice port = plain ? SLICE_LIT(":80") : SLICE_LIT(":443");
    if (origin.n > port.n && slice_eq(slice_of(origin.p + origin.n - port.n, port.n), port))
        origin.n -= port.n;
    return origin;
}

static bool same_url(struct slice a, struct slice b)
{
    struct slice a_rest, b_rest;
    struct slice x = normal_url(a, &a_rest), y = normal_url(b, &b_rest);

    return a.n > 0 && slice_ieq(x, y) && slice_eq(a_rest, b_rest);
}

/* What the pool was asked for: "host:port"; of a lookup that failed, the host alone. */
static struct slice pool_key(const struct record *r)
{
    const struct record_event *get = record_find(r, P2T_HOOK_GET_CONN);

    return get != NULL ? get->key : (struct slice){NULL, 0};
}

/* A name and an address may be the same host. */
static bool other_host(struct slice a, struct slice b)
{
    return contradict(a, b) && record_is_address(a) == record_is_address(b);
}

/* Ports count where both have one. */
static bool other_pool(struct slice a, struct slice b)
{
    struct slice a_host = record_host_of(a), b_host = record_host_of(b);
    bool ports = a_host.n < a.n && b_host.n < b.n;

    return other_host(a_host, b_host) || (ports && contradict(a, b) && slice_ieq(a_host, b_host));
}

/* A connection without a request may be to a proxy: its target is not known. */
static bool has_request(const struct record *w)
{
    return w->wire.kind != P2T_KIND_LOOKUP && w->wire.kind != P2T_KIND_CONNECT;
}

/* Where the Host field is missing, the wire's URL has the server's address: what follows it counts. */
static bool urls_contradict(struct slice a, struct slice b)
{
    struct slice a_rest, b_rest;

    if (a.n == 0 || b.n == 0 || same_url(a, b))
        return false;
    (void)normal_url(a, &a_rest);
    (void)normal_url(b, &b_rest);
    return record_is_address(record_host_of_url(a)) == record_is_address(record_host_of_url(b)) ||
           !slice_eq(a_rest, b_rest);
}

static bool requests_contradict(const struct record *l, const struct record *w)
{
    return contradict(l->method, w->method) || urls_contradict(l->url, w->url);
}

static bool hosts_contradict(const struct record *l, const struct record *w)
{
    return other_pool(pool_key(l), pool_key(w)) || (has_request(w) && other_host(l->host, w->host));
}

static bool same_client(const struct record *l, const struct record *w)
{
    return l->client.ip.family != 0 && endpoint_eq(&l->client, &w->client);
}

static bool possible(const struct joining *g, const struct candidate *c, const struct record *l,
                     const struct record *w)
{
    if (c->by == JOIN_BY_ID)
        return true;
    if (g->claimed[c->wire] && l->id_count > 0)
        return false;
    if (has_request(w) && requests_contradict(l, w))
        return false;
    if (l->client.ip.family != 0 && w->client.ip.family != 0 && !same_client(l, w))
        return false;
    if (!same_client(l, w) && hosts_contradict(l, w))
        return false;
    return l->relative || c->distance_ns <= WINDOW_NS;
}

static uint8_t rank_of(const struct candidate *c, const struct record *l, const struct record *w)
{
    unsigned rank = c->by == JOIN_BY_ID ? 8 : 0;

    if (same_client(l, w))
        rank += 4;
    if (same_url(l->url, w->url))
        rank += 2;
    if (same_text(l->host, w->host) || same_text(pool_key(l), pool_key(w)))
        rank += 1;
    return (uint8_t)rank;
}

static int64_t distance(const struct clock *clock, const struct record *l, const struct record *w)
{
    int64_t difference, at = l->event_count > 0 ? l->events[0].time_ns : l->end_ns;

    if (l->relative)
        return 0;
    if (!clock_difference(l, w, &difference))
        difference = join_time(l) - join_time(w);
    difference -= at - clock_to_wire(clock, at);
    return difference < 0 ? -difference : difference;
}

/* ---- candidates ---- */

static void add_candidate(struct joining *g, uint32_t live, const struct join_entry *wire)
{
    const struct record *l = &g->live->records[live], *w = &g->wire->records[wire->record];
    struct candidate c = {.live = live, .wire = wire->record, .by = wire->by};

    c.distance_ns = distance(&g->j->clock, l, w);
    if (!possible(g, &c, l, w))
        return;
    c.rank = rank_of(&c, l, w);
    if (g->n == g->cap) {
        size_t cap = g->cap == 0 ? 1024 : 2 * g->cap;
        struct candidate *more = realloc(g->candidates, cap * sizeof *more);
        if (more == NULL) {
            g->failed = true;
            return;
        }
        g->candidates = more;
        g->cap = cap;
    }
    g->candidates[g->n++] = c;
}

static size_t first_not_before(struct join_group group, int64_t ns)
{
    size_t from = 0, to = group.n;

    while (from < to) {
        size_t mid = (from + to) / 2;
        if (group.entries[mid].time_ns < ns)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static void add_group(struct joining *g, uint32_t live, struct join_group group, int64_t ns)
{
    size_t from = 0, to = group.n;

    if (group.n > NEAREST) {
        size_t at = first_not_before(group, ns);
        from = at > NEAREST / 2 ? at - NEAREST / 2 : 0;
        to = from + NEAREST < group.n ? from + NEAREST : group.n;
    }
    for (size_t i = from; i < to; i++)
        add_candidate(g, live, &group.entries[i]);
}

static void find_candidates(struct joining *g)
{
    struct join_entry keys[JOIN_KEYS_MAX];

    g->n = 0;
    for (size_t i = 0; i < g->live->n; i++) {
        size_t n = join_keys(&g->live->records[i], (uint32_t)i, keys);
        for (size_t k = 0; k < n; k++)
            add_group(g, (uint32_t)i, join_find(&g->wire_index, &keys[k]),
                      clock_to_wire(&g->j->clock, keys[k].time_ns));
    }
}

/* ---- the assignment ---- */

static int best_first(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;

    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    if (a->distance_ns != b->distance_ns)
        return a->distance_ns < b->distance_ns ? -1 : 1;
    if (a->live != b->live)
        return a->live < b->live ? -1 : 1;
    if (a->wire != b->wire)
        return a->wire < b->wire ? -1 : 1;
    return (a->by < b->by) - (a->by > b->by);
}

static void assign(struct joining *g)
{
    struct join *j = g->j;

    for (size_t i = 0; i < g->live->n; i++)
        j->wire_of[i] = JOIN_NONE;
    for (size_t i = 0; i < g->wire->n; i++)
        j->live_of[i] = JOIN_NONE;
    if (g->n > 0)
        qsort(g->candidates, g->n, sizeof *g->candidates, best_first);
    for (size_t i = 0; i < g->n; i++) {
        const struct candidate *c = &g->candidates[i];
        if (j->wire_of[c->live] != JOIN_NONE || j->live_of[c->wire] != JOIN_NONE)
            continue;
        j->wire_of[c->live] = c->wire;
        j->live_of[c->wire] = c->live;
        j->by[c->live] = c->rank >= 8   ? JOIN_BY_ID
                         : c->rank >= 4 ? JOIN_BY_ADDRESS
                         : c->rank >= 2 ? JOIN_BY_URL
                                        : JOIN_BY_HOST;
    }
}

/* ---- the clock ---- */

static void claim_ids(struct joining *g)
{
    for (size_t i = 0; i < g->wire_index.n; i++) {
        const struct join_entry *e = &g->wire_index.entries[i];
        if (e->by == JOIN_BY_ID && join_find(&g->live_index, e).n > 0)
            g->claimed[e->record] = true;
    }
}

struct votes {
    int64_t *differences;
    size_t n, cap;
};

static void vote(struct joining *g, struct votes *v, struct join_group live, struct join_group wire)
{
    if (live.n * wire.n > VOTING_PAIRS || wire.n > VOTING_PAIRS)
        return;
    for (size_t i = 0; i < live.n; i++)
        for (size_t k = 0; k < wire.n; k++) {
            const struct record *l = &g->live->records[live.entries[i].record];
            if (v->n == v->cap) {
                size_t cap = v->cap == 0 ? 1024 : 2 * v->cap;
                int64_t *more = realloc(v->differences, cap * sizeof *more);
                if (more == NULL) {
                    g->failed = true;
                    return;
                }
                v->differences = more;
                v->cap = cap;
            }
            if (!l->relative && clock_difference(l, &g->wire->records[wire.entries[k].record], &v->differences[v->n]))
                v->n++;
        }
}

/* Estimates the clock from the keys of one kind, the most reliable kind first. */
static void first_clock(struct joining *g)
{
    struct votes v = {0};

    for (int by = JOIN_WAYS - 1; by >= 0 && v.n == 0; by--)
        for (size_t i = 0; i < g->live_index.n;) {
            struct join_group live = join_group_at(&g->live_index, i);
            if (live.entries[0].by == by)
                vote(g, &v, live, join_find(&g->wire_index, live.entries));
            i += live.n;
        }
    if (v.n > 0) {
        g->j->clock.offset_ns = clock_mode(v.differences, v.n);
        g->j->clock.applied = true;
    }
    free(v.differences);
}

static void refine_clock(struct joining *g, int64_t least_ns)
{
    struct clock_sample *samples = malloc((g->live->n + 1) * sizeof *samples);
    size_t n = 0;

    if (samples == NULL) {
        g->failed = true;
        return;
    }
    for (size_t i = 0; i < g->live->n; i++)
        if (g->j->wire_of[i] != JOIN_NONE)
            n += clock_sample(&g->live->records[i], &g->wire->records[g->j->wire_of[i]], &samples[n]);
    if (n > 0)
        g->j->clock = clock_fit(samples, n, least_ns);
    free(samples);
}

static bool same_clock(const struct clock *a, const struct clock *b)
{
    if (!a->applied && !b->applied)
        return true;
    return a->applied == b->applied && a->offset_ns == b->offset_ns && !a->drifts && !b->drifts;
}

/* ---- all of it ---- */

static int open_joining(struct joining *g)
{
    struct join *j = g->j;

    j->wire_of = malloc((g->live->n + 1) * sizeof *j->wire_of);
    j->live_of = malloc((g->wire->n + 1) * sizeof *j->live_of);
    j->by = calloc(g->live->n + 1, 1);
    g->claimed = calloc(g->wire->n + 1, sizeof *g->claimed);
    if (j->wire_of == NULL || j->live_of == NULL || j->by == NULL || g->claimed == NULL ||
        join_index_make(&g->live_index, g->live) != P2T_OK || join_index_make(&g->wire_index, g->wire) != P2T_OK)
        return P2T_ERR_MEMORY;
    return P2T_OK;
}

int join_run(struct join *j, const struct record_list *live, const struct record_list *wire, int64_t least_ns)
{
    struct joining g = {.j = j, .live = live, .wire = wire};
    int status;

    *j = (struct join){0};
    status = open_joining(&g);
    if (status == P2T_OK) {
        claim_ids(&g);
        first_clock(&g);
        for (int round = 0; round < ROUNDS; round++) {
            struct clock before = j->clock;
            find_candidates(&g);
            assign(&g);
            refine_clock(&g, least_ns);
            if (same_clock(&before, &j->clock))
                break;
        }
    }
    join_index_fini(&g.live_index);
    join_index_fini(&g.wire_index);
    free(g.claimed);
    free(g.candidates);
    return status == P2T_OK && g.failed ? P2T_ERR_MEMORY : status;
}

void join_fini(struct join *j)
{
    free(j->wire_of);
    free(j->live_of);
    free(j->by);
    *j = (struct join){0};
}
