#include "packet/fragment.h"

#include <stdlib.h>

enum { DATAGRAM_MAX = 65535 };

struct run {
    uint32_t start, end;
};

/* A datagram under reassembly, in the table or done. */
struct fragment_set {
    struct hmap_node node;
    struct list_link link;
    struct fragment_key key;
    int64_t first_ns;
    uint8_t *bytes;
    uint32_t cap;
    uint32_t total;   /* length on the wire; 0 while the last fragment is missing */
    uint32_t cut_at;  /* first byte that no fragment brought captured; DATAGRAM_MAX + 1 for none */
    uint8_t protocol; /* from the first fragment */
    bool spoiled;     /* its bytes are gone; it stands here to catch the rest of its fragments */
    uint32_t run_count;
    struct run runs[FRAGMENT_RUNS_MAX]; /* what is there, in order, never touching */
};

void fragment_table_init(struct fragment_table *t, const struct packet_limits *limits)
{
    *t = (struct fragment_table){.limits = *limits};
    list_init(&t->waiting);
    list_init(&t->done);
}

static void free_bytes(struct fragment_table *t, struct fragment_set *set)
{
    free(set->bytes);
    t->held_bytes -= set->cap;
    set->bytes = NULL;
    set->cap = 0;
}

static struct fragment_set *first_of(const struct list_link *list)
{
    return list_empty(list) ? NULL : list_entry(list->next, struct fragment_set, link);
}

static void free_set(struct fragment_table *t, struct fragment_set *set)
{
    list_remove(&set->link);
    free_bytes(t, set);
    free(set);
}

static void drop_set(struct fragment_table *t, struct fragment_set *set)
{
    hmap_remove(&t->sets, &set->node);
    free_set(t, set);
}

void fragment_release_done(struct fragment_table *t)
{
    for (struct fragment_set *set; (set = first_of(&t->done)) != NULL;)
        free_set(t, set);
}

void fragment_table_fini(struct fragment_table *t)
{
    fragment_release_done(t);
    for (struct fragment_set *set; (set = first_of(&t->waiting)) != NULL;)
        drop_set(t, set);
    hmap_fini(&t->sets);
}

static bool same_key(const struct fragment_key *a, const struct fragment_key *b)
{
    return a->id == b->id && a->path == b->path && a->protocol == b->protocol && ip_eq(&a->src, &b->src) &&
           ip_eq(&a->dst, &b->dst);
}

static uint64_t hash_key(const struct fragment_key *key)
{
    uint8_t bytes[16 + 16 + 4 + 4 + 1];

    memcpy(bytes, key->src.bytes, 16);
    memcpy(bytes + 16, key->dst.bytes, 16);
    memcpy(bytes + 32, &key->id, 4);
    memcpy(bytes + 36, &key->path, 4);
    bytes[40] = key->protocol;
    return hash_bytes(bytes, sizeof bytes);
}

static struct fragment_set *find_set(struct fragment_table *t, const struct fragment_key *key, uint64_t hash)
{
    for (struct hmap_node *n = hmap_first(&t->sets, hash); n != NULL; n = hmap_next(n)) {
        struct fragment_set *set = hmap_entry(n, struct fragment_set, node);
        if (same_key(&set->key, key))
            return set;
    }
    return NULL;
}

static struct fragment_set *add_set(struct fragment_table *t, const struct fragment *f, uint64_t hash)
{
    if (t->sets.count >= t->limits.fragment_sets && !list_empty(&t->waiting))
        drop_set(t, first_of(&t->waiting));
    struct fragment_set *set = calloc(1, sizeof *set);
    if (set == NULL || hmap_insert(&t->sets, &set->node, hash) != 0) {
        free(set);
        return NULL;
    }
    set->key = f->key;
    set->first_ns = f->ts_ns;
    set->cut_at = DATAGRAM_MAX + 1;
    list_append(&t->waiting, &set->link);
    return set;
}

/* Captured times are any 64 bits: their difference may not fit a signed one. */
static bool too_old(const struct fragment_table *t, const struct fragment_set *set, int64_t now_ns)
{
    return now_ns > set->first_ns && (uint64_t)now_ns - (uint64_t)set->first_ns > (uint64_t)t->limits.fragment_age_ns;
}

static void expire(struct fragment_table *t, int64_t now_ns)
{
    for (struct fragment_set *set; (set = first_of(&t->waiting)) != NULL && too_old(t, set, now_ns);)
        drop_set(t, set);
}

/* Makes room for `more` bytes by giving the oldest datagrams up, all but `keep`. */
static bool make_room(struct fragment_table *t, const struct fragment_set *keep, size_t more)
{
    struct list_link *at = t->waiting.next, *newer;

    for (; at != &t->waiting && t->held_bytes + more > t->limits.fragment_bytes; at = newer) {
        newer = at->next;
        struct fragment_set *set = list_entry(at, struct fragment_set, link);
        if (set != keep)
            drop_set(t, set);
    }
    return t->held_bytes + more <= t->limits.fragment_bytes;
}

static bool reserve(struct fragment_table *t, struct fragment_set *set, uint32_t end)
{
    uint32_t cap = set->cap < 2048 ? 2048 : set->cap;

    if (end <= set->cap)
        return true;
    while (cap < end)
        cap *= 2;
    if (!make_room(t, set, cap - set->cap))
        return false;
    uint8_t *bytes = realloc(set->bytes, cap);
    if (bytes == NULL)
        return false;
    t->held_bytes += cap - set->cap;
    set->bytes = bytes;
    set->cap = cap;
    return true;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Does the fragment repeat what the set holds, byte for byte, where they overlap? Bytes that no capture kept
 * cannot differ. */
static bool agrees(const struct fragment_set *set, const struct fragment *f)
{
    uint32_t captured_end = min_u32(f->offset + (uint32_t)f->bytes.n, set->cut_at);

    for (uint32_t i = 0; i < set->run_count; i++) {
        uint32_t start = set->runs[i].start > f->offset ? set->runs[i].start : f->offset;
        uint32_t end = min_u32(set->runs[i].end, captured_end);
        if (start < end && memcmp(set->bytes + start, f->bytes.p + (start - f->offset), end - start) != 0)
            return false;
    }
    return true;
}

/* The end of the datagram is where its last fragment ends, and nothing lies beyond. */
static bool end_agrees(struct fragment_set *set, const struct fragment *f)
{
    uint32_t end = f->offset + f->len;
    uint32_t last = set->run_count > 0 ? set->runs[set->run_count - 1].end : 0;

    if (set->total != 0)
        return f->more ? end <= set->total : end == set->total;
    if (f->more)
        return true;
    set->total = end;
    return last <= end;
}

/* Puts [start, end) into the list, joined with every run it touches. */
static bool add_run(struct fragment_set *set, uint32_t start, uint32_t end)
{
    uint32_t first = 0, after;

    while (first < set->run_count && set->runs[first].end < start)
        first++;
    for (after = first; after < set->run_count && set->runs[after].start <= end; after++) {
        start = min_u32(start, set->runs[after].start);
        end = set->runs[after].end > end ? set->runs[after].end : end;
    }
    if (after == first && set->run_count == FRAGMENT_RUNS_MAX)
        return false;
    memmove(&set->runs[first + 1], &set->runs[after], (set->run_count - after) * sizeof set->runs[0]);
    set->run_count = set->run_count + 1 - (after - first);
    set->runs[first] = (struct run){start, end};
    return true;
}

static bool whole(const struct fragment_set *set)
{
    return set->total != 0 && set->run_count == 1 && set->runs[0].start == 0 && set->runs[0].end == set->total;
}

/* False when the datagram is beyond saving. */
static bool take_in(struct fragment_table *t, struct fragment_set *set, const struct fragment *f)
{
    uint32_t captured = f->offset + (uint32_t)f->bytes.n;

    if (set->spoiled || !agrees(set, f) || !end_agrees(set, f) || !reserve(t, set, captured) ||
        !add_run(set, f->offset, f->offset + f->len))
        return false;
    if (f->bytes.n > 0)
        memcpy(set->bytes + f->offset, f->bytes.p, f->bytes.n);
    if (f->bytes.n < f->len)
        set->cut_at = min_u32(set->cut_at, captured);
    if (f->offset == 0)
        set->protocol = f->protocol;
    return true;
}

/* RFC 791 3.2, RFC 8200 4.5: all but the last come in units of eight bytes, and a datagram has a size. */
static bool makes_sense(const struct fragment *f)
{
    return f->len > 0 && (!f->more || f->len % 8 == 0) && f->len <= DATAGRAM_MAX - f->offset;
}

enum packet_drop fragment_add(struct fragment_table *t, const struct fragment *f, struct fragment_datagram *out)
{
    if (f->offset > DATAGRAM_MAX || !makes_sense(f))
        return PACKET_DROP_MALFORMED;
    expire(t, f->ts_ns);
    uint64_t hash = hash_key(&f->key);
    struct fragment_set *set = find_set(t, &f->key, hash);
    if (set == NULL)
        set = add_set(t, f, hash);
    if (set == NULL)
        return PACKET_DROP_FRAGMENT_LOST;
    if (!take_in(t, set, f)) {
        set->spoiled = true;
        free_bytes(t, set);
        return PACKET_DROP_FRAGMENT_LOST;
    }
    if (!whole(set))
        return PACKET_DROP_FRAGMENT;
    hmap_remove(&t->sets, &set->node);
    list_remove(&set->link);
    list_append(&t->done, &set->link);
    out->bytes = slice_of(set->bytes, min_u32(set->total, set->cut_at));
    out->len = set->total;
    out->protocol = set->protocol;
    return PACKET_DECODED;
}
