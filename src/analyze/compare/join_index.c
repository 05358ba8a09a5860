#include "analyze/compare/join_index.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

int64_t join_time(const struct record *r)
{
    static const enum p2t_hook best_first[] = {
        P2T_HOOK_WROTE_REQUEST, P2T_HOOK_WROTE_HEADERS, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE,
        P2T_HOOK_CONNECT_START, P2T_HOOK_DNS_START,     P2T_HOOK_GOT_CONN,
    };

    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        const struct record_event *e = record_find(r, best_first[i]);
        if (e != NULL)
            return e->time_ns;
    }
    return r->event_count > 0 ? r->events[0].time_ns : r->end_ns;
}

/* ---- keys ---- */

struct keys {
    struct join_entry *out;
    size_t n;
    struct join_entry common;
};

static void add_hash(struct keys *k, enum join_by by, uint64_t hash)
{
    struct join_entry e = k->common;

    e.by = (uint8_t)by;
    e.hash = hash_stable_finish(hash);
    for (size_t i = 0; i < k->n; i++)
        if (k->out[i].by == e.by && k->out[i].hash == e.hash)
            return;
    if (k->n < JOIN_KEYS_MAX)
        k->out[k->n++] = e;
}

static uint64_t lower_hash(uint64_t h, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (uint8_t)(s.p[i] + 32) : s.p[i];
        h = hash_stable(h, &c, 1);
    }
    return h;
}

static void add_text(struct keys *k, enum join_by by, struct slice s)
{
    if (s.n > 0)
        add_hash(k, by, lower_hash(by, s));
}

/* Host and path only: a port may be left out, and queries are redacted. */
static void add_url(struct keys *k, struct slice url)
{
    struct slice host = record_host_of_url(url);
    size_t scheme = slice_find(url, ':');

    if (host.n == 0)
        return;
    struct slice rest = slice_from(url, scheme + 3);
    struct slice path = slice_from(rest, slice_find(rest, '/'));
    path.n = slice_find(path, '#');
    path.n = slice_find(path, '?');
    uint64_t h = lower_hash(JOIN_BY_URL, host);
    add_hash(k, JOIN_BY_URL, path.n > 1 ? hash_stable(h, path.p, path.n) : h);
}

size_t join_keys(const struct record *r, uint32_t record, struct join_entry out[JOIN_KEYS_MAX])
{
    struct keys k = {.out = out, .common = {.record = record, .time_ns = join_time(r)}};

    for (size_t i = 0; i < r->id_count; i++)
        add_text(&k, JOIN_BY_ID, r->ids[i]);
    if (r->client.ip.family != 0)
        add_hash(&k, JOIN_BY_ADDRESS,
                 hash_stable(hash_stable(JOIN_BY_ADDRESS, r->client.ip.bytes, sizeof r->client.ip.bytes),
                             &r->client.port, sizeof r->client.port));
    add_url(&k, r->url);
    add_text(&k, JOIN_BY_HOST, r->host);
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].hook == P2T_HOOK_GET_CONN || r->events[i].hook == P2T_HOOK_DNS_START ||
            r->events[i].hook == P2T_HOOK_CONNECT_START)
            add_text(&k, JOIN_BY_HOST, record_host_of(r->events[i].key));
    return k.n;
}

/* ---- the index ---- */

static int key_order(const struct join_entry *a, const struct join_entry *b)
{
    if (a->by != b->by)
        return a->by < b->by ? -1 : 1;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static int by_key(const void *x, const void *y)
{
    const struct join_entry *a = x, *b = y;
    int order = key_order(a, b);

    if (order != 0)
        return order;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return (a->record > b->record) - (a->record < b->record);
}

int join_index_make(struct join_index *x, const struct record_list *list)
{
    struct join_entry keys[JOIN_KEYS_MAX];
    size_t cap = 0;

    *x = (struct join_index){0};
    for (size_t i = 0; i < list->n; i++) {
        size_t n = join_keys(&list->records[i], (uint32_t)i, keys);
        if (x->n + n > cap) {
            cap = 2 * cap + JOIN_KEYS_MAX;
            struct join_entry *more = realloc(x->entries, cap * sizeof *more);
            if (more == NULL)
                return P2T_ERR_MEMORY;
            x->entries = more;
        }
        for (size_t k = 0; k < n; k++)
            x->entries[x->n++] = keys[k];
    }
    if (x->n > 0)
        qsort(x->entries, x->n, sizeof *x->entries, by_key);
    return P2T_OK;
}

void join_index_fini(struct join_index *x)
{
    free(x->entries);
    *x = (struct join_index){0};
}

struct join_group join_group_at(const struct join_index *x, size_t from)
{
    size_t to = from;

    while (to < x->n && key_order(&x->entries[from], &x->entries[to]) == 0)
        to++;
    return (struct join_group){x->entries + from, to - from};
}

/* Binary search for the end, too: a group may hold all entries. */
static size_t boundary(const struct join_index *x, const struct join_entry *key, int behind)
{
    size_t from = 0, to = x->n;

    while (from < to) {
        size_t mid = (from + to) / 2;
        if (key_order(&x->entries[mid], key) < behind)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

struct join_group join_find(const struct join_index *x, const struct join_entry *key)
{
    size_t from = boundary(x, key, 0), to = boundary(x, key, 1);

    return from < to ? (struct join_group){&x->entries[from], to - from} : (struct join_group){NULL, 0};
}
