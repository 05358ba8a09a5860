/* The life of a lookup: made by its first question, decided when no more can come, reported when no dial tells of it. */
#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"
#include "correlate/timers.h"

static void list_append(struct correlate *c, struct lookup *l)
{
    l->older = c->lookup_newest;
    if (c->lookup_newest != NULL)
        c->lookup_newest->newer = l;
    else
        c->lookup_oldest = l;
    c->lookup_newest = l;
}

static void list_remove(struct correlate *c, struct lookup *l)
{
    if (l->older != NULL)
        l->older->newer = l->newer;
    else
        c->lookup_oldest = l->newer;
    if (l->newer != NULL)
        l->newer->older = l->older;
    else
        c->lookup_newest = l->older;
    l->older = l->newer = NULL;
}

/* Those that a dial uses are as many as there are connections, and step aside. */
static void evict_oldest(struct correlate *c)
{
    while (c->lookup_oldest->users > 0) {
        struct lookup *l = c->lookup_oldest;
        list_remove(c, l);
        list_append(c, l);
    }
    c->counters.lookups_evicted++;
    lookup_timer(c, c->lookup_oldest);
}

int lookup_enlist(struct correlate *c, struct lookup *l)
{
    if (hmap_insert(&c->lookups_by_label, &l->by_label, lookup_label_hash(&l->client_ip, l->name)) != 0)
        return -1;
    list_append(c, l);
    c->lookups_unused += l->users == 0;
    return 0;
}

struct lookup *lookup_new(struct correlate *c, const struct fact *f, struct slice name)
{
    if (c->lookups_unused >= c->limits.lookups && c->lookups_unused > 0)
        evict_oldest(c);
    struct lookup *l = slab_take(&c->lookup_slab);
    if (l == NULL)
        return NULL;
    l->client_ip = f->as.dns.src.ip;
    arena_count_in(&l->arena, c->limits.budget);
    l->info.first_query = f->mark;
    l->info.host = l->name = arena_copy(&l->arena, name);
    l->info.names = 1;
    if (lookup_enlist(c, l) != 0) {
        arena_fini(&l->arena);
        slab_give(&c->lookup_slab, l);
        return NULL;
    }
    return l;
}
void lookup_forget_queries(struct correlate *c, struct lookup *l)
{
    while (l->queries != NULL) {
        struct lookup_query *q = l->queries;
        l->queries = q->next;
        hmap_remove(&c->queries, &q->node);
        slab_give(&c->query_slab, q);
    }
}

void lookup_free(struct correlate *c, struct lookup *l)
{
    lookup_forget_queries(c, l);
    while (l->addrs != NULL) {
        struct lookup_addr *a = l->addrs;
        l->addrs = a->next;
        hmap_remove(&c->lookups_by_addr, &a->node);
        slab_give(&c->addr_slab, a);
    }
    timer_stop(c, &l->timer);
    outbox_release(c, &l->hold);
    hmap_remove(&c->lookups_by_label, &l->by_label);
    list_remove(c, l);
    c->lookups_unused -= l->users == 0;
    arena_fini(&l->arena);
    slab_give(&c->lookup_slab, l);
}

bool lookup_outstanding(const struct lookup *l)
{
    for (int i = 0; i < 2; i++)
        if (l->lane[i].state == LANE_ASKED || l->lane[i].state == LANE_TRUNCATED)
            return true;
    return false;
}

bool lookup_used(const struct lookup *l)
{
    return l->users > 0 || l->reported;
}

static struct lookup_lane *worst_lane(struct lookup *l)
{
    struct lookup_lane *a = &l->lane[0], *b = &l->lane[1];

    if (a->state == LANE_IDLE)
        return b;
    if (b->state == LANE_IDLE)
        return a;
    return a->last_answer.ts_ns > b->last_answer.ts_ns ? a : b;
}

/* The lane that finished last decides, as in Go's goLookupIPCNAMEOrder. */
static enum lookup_result verdict(struct lookup *l)
{
    if (l->info.addr_count > 0)
        return LOOKUP_OK;
    switch (worst_lane(l)->state) {
    case LANE_REFUSED:
        return LOOKUP_UNREACHABLE;
    case LANE_LAME:
        return LOOKUP_LAME;
    case LANE_ERROR:
        return LOOKUP_MISBEHAVING;
    default:
        return LOOKUP_NOT_FOUND;
    }
}

static uint32_t fewest_tries(const struct lookup *l)
{
    uint32_t tries = UINT32_MAX;

    for (int i = 0; i < 2; i++)
        if (l->lane[i].state == LANE_ASKED && l->lane[i].tries < tries)
            tries = l->lane[i].tries;
    return tries;
}

void lookup_decide(const struct correlate *c, struct lookup *l)
{
    struct exchange_lookup *info = &l->info;

    if (!lookup_outstanding(l)) {
        info->result = verdict(l);
    } else {
        int64_t timeout = l->retry_gap_ns > 0 ? l->retry_gap_ns : LOOKUP_TIMEOUT_NS;
        bool used_up = fewest_tries(l) >= LOOKUP_ATTEMPTS * info->servers;
        info->gave_up = info->last_query;
        info->gave_up.ts_ns += timeout;
        info->result = used_up ? LOOKUP_TIMEOUT : LOOKUP_ABANDONED;
        if (info->addr_count > 0)
            info->result = LOOKUP_OK;
        else if (mark_set(&info->superseded) && info->superseded.ts_ns < info->gave_up.ts_ns)
            info->gave_up.ts_ns = info->superseded.ts_ns;
        else if (c->finishing && c->now_ns < info->gave_up.ts_ns)
            info->result = LOOKUP_PENDING;
    }
    const struct lookup_lane *lane = worst_lane(l);
    info->has_rcode = lane->state >= LANE_OK && lane->state != LANE_REFUSED;
    info->rcode = lane->rcode;
    info->empty = info->result == LOOKUP_NOT_FOUND && lane->state == LANE_EMPTY;
}

int64_t lookup_end_ns(const struct exchange_lookup *info)
{
    int64_t end = mark_set(&info->last_answer) ? info->last_answer.ts_ns : info->last_query.ts_ns;

    if (info->last_query.ts_ns > end)
        end = info->last_query.ts_ns;
    if (mark_set(&info->gave_up) && info->gave_up.ts_ns > end)
        end = info->gave_up.ts_ns;
    return end;
}

static void report(struct correlate *c, struct lookup *l)
{
    struct exchange *e = exchange_take(c);

    if (e == NULL)
        return;
    c->counters.lookups++;
    e->kind = P2T_KIND_LOOKUP;
    lookup_into_exchange(l, e, (struct slice){NULL, 0});
    e->start = l->info.first_query;
    e->end_ns = lookup_end_ns(&l->info);
    e->quiet = l->info.result == LOOKUP_OK;
    uint64_t h = hash_stable(HASH_STABLE_SEED, l->client_ip.bytes, 16);
    h = hash_stable(h, e->lookup->host.p, e->lookup->host.n);
    e->id = hash_stable_finish(hash_stable(h, &e->start.ts_ns, sizeof e->start.ts_ns));
    outbox_release(c, &l->hold);
    outbox_put(c, e, true);
}

void lookup_close(struct correlate *c, struct lookup *l)
{
    l->closed = true;
    timer_stop(c, &l->timer);
    if (l->users > 0) {
        outbox_release(c, &l->hold);
        return;
    }
    if (!l->reported)
        report(c, l);
    lookup_free(c, l);
}

void lookup_timer(struct correlate *c, struct lookup *l)
{
    lookup_decide(c, l);
    lookup_close(c, l);
    outbox_drain(c);
}

void lookup_into_exchange(struct lookup *l, struct exchange *e, struct slice host)
{
    struct exchange_lookup *copy = arena_alloc(&e->arena, sizeof *copy);

    if (copy == NULL)
        return;
    *copy = l->info;
    copy->host = arena_copy(&e->arena, lookup_answers_host(l, host) ? host : l->info.host);
    copy->last_name = arena_copy(&e->arena, l->name);
    e->lookup = copy;
}
