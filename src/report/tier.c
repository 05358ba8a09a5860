#include "report/tier.h"

#include <stdlib.h>

#include "base/hash.h"

enum { GROUPS_MAX = 1024, EXAMPLES = 8, WORST = 16, FIRST_KEPT = 4096 };

/* Calls of one method to one server with one end. */
struct group {
    struct hmap_node node;
    uint64_t key;
    uint32_t seen;
    int64_t worst[WORST]; /* durations, the shortest first */
};

struct tiers {
    struct hmap map;
    struct group group[GROUPS_MAX]; /* the last one: of all that came too late to have one */
    size_t group_count;
    uint64_t seen;
};

struct tiers *tiers_new(void)
{
    return calloc(1, sizeof(struct tiers));
}

void tiers_free(struct tiers *t)
{
    if (t == NULL)
        return;
    hmap_fini(&t->map);
    free(t);
}

static uint64_t key_of(const struct p2t_exchange *x)
{
    int64_t grpc = x->grpc != NULL ? x->grpc->status : -1;
    uint64_t h = hash_stable_number(HASH_STABLE_SEED, (uint64_t)x->kind << 8 | (uint64_t)x->outcome, 2);

    h = hash_stable_number(h, (uint32_t)x->status, x->status > 0xffff ? 4 : 2);
    if (grpc >= 0)
        h = hash_stable_number(h, (uint64_t)grpc, 4);
    if (x->method.n > 0)
        h = hash_stable(h, x->method.p, x->method.n);
    if (x->connection != NULL && x->connection->server.n > 0)
        h = hash_stable(h, x->connection->server.p, x->connection->server.n);
    return hash_stable_finish(h);
}

static struct group *group_of(struct tiers *t, uint64_t key)
{
    struct hmap_node *n = hmap_first(&t->map, key);

    if (n != NULL)
        return hmap_entry(n, struct group, node);
    if (t->group_count == GROUPS_MAX - 1)
        return &t->group[GROUPS_MAX - 1];
    struct group *g = &t->group[t->group_count];
    g->key = key;
    if (hmap_insert(&t->map, &g->node, key) != 0)
        return &t->group[GROUPS_MAX - 1];
    t->group_count++;
    return g;
}

/* One of the longest of its group so far. */
static bool is_worst(struct group *g, int64_t duration_ns)
{
    size_t i = 0;

    if (duration_ns <= g->worst[0])
        return false;
    for (; i + 1 < WORST && g->worst[i + 1] < duration_ns; i++)
        g->worst[i] = g->worst[i + 1];
    g->worst[i] = duration_ns;
    return true;
}

unsigned tier_lot(uint64_t id, unsigned most)
{
    uint64_t lot = hash_stable_finish(hash_stable_number(HASH_STABLE_SEED, id, sizeof id));
    unsigned n = lot != 0 ? (unsigned)__builtin_ctzll(lot) : most;

    return n < most ? n : most - 1;
}

static bool is_notable(const struct p2t_exchange *x)
{
    return p2t_exchange_failed(x) || (x->finding_count > 0 && x->findings[0].severity <= P2T_SEVERITY_WARNING);
}

unsigned tiers_of(struct tiers *t, const struct p2t_exchange *x)
{
    if (x->quiet)
        return TIER_QUIET;
    struct group *g = group_of(t, key_of(x));
    bool worst = is_worst(g, x->phases.total_ns);
    if (t->seen++ < FIRST_KEPT || g->seen++ < EXAMPLES || worst)
        return TIER_KEPT;
    return is_notable(x) ? TIER_NOTABLE + tier_lot(x->id, TIER_NOTABLE_COUNT)
                         : TIER_ORDINARY + tier_lot(x->id, TIER_ORDINARY_COUNT);
}
