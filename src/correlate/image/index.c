/* What lookups are found by: the questions on the wire, and the addresses that were answers. */
#include <stdlib.h>

#include "correlate/image/image.h"

/* In a map, nodes of one hash are found in the reverse of the order in which they were put there. */
struct indexed {
    uint64_t serial;
    struct lookup *lookup;
    const struct lookup_addr *addr;   /* either ... */
    const struct lookup_query *query; /* ... or */
};

static int by_serial(const void *a, const void *b)
{
    const struct indexed *x = a, *y = b;

    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static size_t collect(const struct correlate *c, struct indexed *all)
{
    size_t n = 0;

    for (struct list_link *at = c->lookups.next; at != &c->lookups; at = at->next) {
        struct lookup *l = list_entry(at, struct lookup, all);
        for (const struct lookup_addr *a = l->addrs; a != NULL; a = a->next)
            all[n++] = (struct indexed){a->serial, l, a, NULL};
        for (const struct lookup_query *q = l->queries; q != NULL; q = q->next)
            all[n++] = (struct indexed){q->serial, l, NULL, q};
    }
    qsort(all, n, sizeof *all, by_serial);
    return n;
}

IMAGE_COVERS(struct lookup_query, 128);
static void image_query(struct image *m, struct lookup_query *q)
{
    image_endpoint(m, &q->client);
    image_endpoint(m, &q->server);
    IMAGE(m, q->id);
    IMAGE(m, q->type);
    IMAGE(m, q->lane);
    IMAGE(m, q->path);
}

static void put_indexed(struct image *m, struct indexed *x)
{
    struct lookup_query q = x->query != NULL ? *x->query : (struct lookup_query){.lane = 0};
    struct ip_addr addr = x->addr != NULL ? x->addr->addr : (struct ip_addr){.family = 0};

    image_link(m, IMAGE_LOOKUP, &x->lookup);
    if (image_present(m, x->query != NULL))
        image_query(m, &q);
    else
        image_ip(m, &addr);
}

void image_put_index(struct image *m)
{
    const struct correlate *c = m->correlate;
    size_t n = c->lookups_by_addr.count + c->queries.count;
    struct indexed *all = malloc((n + 1) * sizeof *all);

    if (all == NULL) {
        m->failed = true;
        return;
    }
    n = image_count(m, collect(c, all), SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        put_indexed(m, &all[i]);
    free(all);
}

static void get_indexed(struct image *m, struct correlate *c)
{
    struct lookup_query q = {.lane = 0};
    struct ip_addr addr = {.family = 0};
    struct lookup *l = NULL;

    image_link(m, IMAGE_LOOKUP, &l);
    bool query = image_present(m, false);
    if (query)
        image_query(m, &q);
    else
        image_ip(m, &addr);
    if (l == NULL || (unsigned)q.lane > 1)
        reader_fail(&m->in, READ_BAD);
    if (!image_ok(m))
        return;
    if (query)
        lookup_index_query(c, l, &q);
    else
        lookup_index_addr(c, l, &addr);
}

void image_get_index(struct image *m)
{
    size_t n = image_count(m, 0, SIZE_MAX);

    for (; n > 0 && image_ok(m); n--)
        get_indexed(m, m->correlate);
}
