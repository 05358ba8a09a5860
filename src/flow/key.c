#include "flow/key.h"

void flow_lookup_init(struct flow_lookup *l, const struct endpoint *src, const struct endpoint *dst)
{
    int order = memcmp(src->ip.bytes, dst->ip.bytes, sizeof src->ip.bytes);
    bool src_high = order != 0 ? order > 0 : src->port > dst->port;
    const struct endpoint *low = src_high ? dst : src, *high = src_high ? src : dst;

    memcpy(l->key.ip[0], low->ip.bytes, sizeof l->key.ip[0]);
    memcpy(l->key.ip[1], high->ip.bytes, sizeof l->key.ip[1]);
    l->key.port[0] = low->port;
    l->key.port[1] = high->port;
    l->key.family = src->ip.family;
    l->src_high = src_high;
    l->hash = hash_bytes(&l->key, sizeof l->key);
}

static struct flow_key_node *same_key(struct hmap_node *n, const struct flow_lookup *l)
{
    for (; n != NULL; n = hmap_next(n)) {
        struct flow_key_node *k = hmap_entry(n, struct flow_key_node, node);
        if (memcmp(&k->key, &l->key, sizeof k->key) == 0)
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
