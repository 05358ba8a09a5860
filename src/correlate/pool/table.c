/* Which connections share a pool: those of one client to one port; names decide within. */
#include <stdlib.h>

#include "correlate/pool/pool.h"

static uint64_t pool_hash(const struct ip_addr *client, uint16_t port)
{
    uint64_t words[5] = {[2] = client->family, [3] = port};

    ip_words(client, words);
    return hash_words(words);
}

static struct pool *pool_find(struct correlate *c, const struct ip_addr *client, uint16_t port)
{
    struct hmap_node *n = hmap_first(&c->pools, pool_hash(client, port));

    for (; n != NULL; n = hmap_next(n)) {
        struct pool *p = hmap_entry(n, struct pool, node);
        if (p->port == port && ip_eq(&p->client, client))
            return p;
    }
    return NULL;
}

int pool_enlist(struct correlate *c, struct pool *p)
{
    return hmap_insert(&c->pools, &p->node, pool_hash(&p->client, p->port));
}

struct pool *pool_take(struct correlate *c)
{
    struct pool *p = slab_take(&c->pool_slab);

    if (p == NULL)
        return NULL;
    list_init(&p->dials);
    list_init(&p->idle);
    list_init(&p->unplaced);
    return p;
}

static struct pool *pool_new(struct correlate *c, const struct ip_addr *client, uint16_t port)
{
    struct pool *p = pool_take(c);

    if (p == NULL)
        return NULL;
    p->client = *client;
    p->port = port;
    if (pool_enlist(c, p) == 0)
        return p;
    slab_give(&c->pool_slab, p);
    return NULL;
}

struct pool *pool_of(struct correlate *c, struct cconn *cc)
{
    if (cc->pool != NULL)
        return cc->pool;
    cc->pool = pool_find(c, &cc->view.client.ip, cc->view.server.port);
    if (cc->pool == NULL)
        cc->pool = pool_new(c, &cc->view.client.ip, cc->view.server.port);
    if (cc->pool != NULL)
        cc->pool->users++;
    return cc->pool;
}

void pool_drop(struct correlate *c, struct pool *p)
{
    if (--p->users > 0)
        return;
    hmap_remove(&c->pools, &p->node);
    slab_give(&c->pool_slab, p);
}
