#include "flow/key.h"

/* Any order serves, as long as it is one. */
static bool higher(const uint64_t a[2], const uint64_t b[2], const struct endpoint *ea, const struct endpoint *eb)
{
    if (a[0] != b[0])
        return a[0] > b[0];
    return a[1] != b[1] ? a[1] > b[1] : ea->port > eb->port;
}

void flow_lookup_init(struct flow_lookup *l, const struct endpoint *src, const struct endpoint *dst)
{
    uint64_t from[2], to[2];

    ip_words(&src->ip, from);
    ip_words(&dst->ip, to);
    bool src_high = higher(from, to, src, dst);
    const uint64_t *low = src_high ? to : from, *high = src_high ? from : to;
    uint64_t low_port = src_high ? dst->port : src->port, high_port = src_high ? src->port : dst->port;

    l->key = (struct flow_key){
        .ip = {{low[0], low[1]}, {high[0], high[1]}},
        .ports_family = low_port | high_port << 16 | (uint64_t)src->ip.family << 32,
    };
    l->src_high = src_high;
    const uint64_t words[5] = {low[0], low[1], high[0], high[1], l->key.ports_family};
    l->hash = hash_words(words);
}

static bool key_eq(const struct flow_key *a, const struct flow_key *b)
{
    return ((a->ip[0][0] ^ b->ip[0][0]) | (a->ip[0][1] ^ b->ip[0][1]) | (a->ip[1][0] ^ b->ip[1][0]) |
            (a->ip[1][1] ^ b->ip[1][1]) | (a->ports_family ^ b->ports_family)) == 0;
}

static struct flow_key_node *same_key(struct hmap_node *n, const struct flow_lookup *l)
{
    for (; n != NULL; n = hmap_next(n)) {
        struct flow_key_node *k = hmap_entry(n, struct flow_key_node, node);
        if (key_eq(&k->key, &l->key))
            return k;
    }
    return NULL;
}

struct flow_key_node *flow_key_first(const struct hmap *keys, const struct flow_lookup *l)
{
    return same_key(hmap_first(keys, l->hash), l);
}

struct flow_key_node *flow_key_next(const struct flow_key_node *n, const struct flow_lookup *l)
{
    return same_key(hmap_next(&n->node), l);
}

struct flow_key_node *flow_key_find(const struct hmap *keys, const struct flow_lookup *l, uint32_t path)
{
    struct flow_key_node *n = flow_key_first(keys, l);

    while (n != NULL && n->path != path)
        n = flow_key_next(n, l);
    return n;
}
