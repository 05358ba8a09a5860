/* The life of a lookup: made by its first question, decided when no more can come, reported when no dial tells of it. */
#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"
#include "correlate/timers.h"

/* Lookups that a dial uses need no limit of their own: connections have one. */
static void evict_oldest(struct correlate *c)
{
    struct lookup *l = list_entry(c->unused_lookups.next, struct lookup, unused);

    c->counters.lookups_evicted++;
    c->counters.open_stories += lookup_outstanding(l);
    l->info.forced_out = lookup_outstanding(l);
    lookup_timer(c, l);
}

static void leave_lists(struct correlate *c, struct lookup *l)
{
    list_remove(&l->all);
    if (l->users == 0) {
        list_remove(&l->unused);
        c->lookups_unused--;
    }
}

int lookup_enlist(struct correlate *c, struct lookup *l)
{
    if (l->is_open && hmap_insert(&c->lookups_by_label, &l->by_label, lookup_label_hash(&l->client_ip, l->name)) != 0)
        return -1;
    list_append(&c->lookups, &l->all);
    return 0;
}

void lookup_leave_open(struct correlate *c, struct lookup *l)
{
    if (l->is_open)
        hmap_remove(&c->lookups_by_label, &l->by_label);
    l->is_open = false;
}

struct lookup *lookup_new(struct correlate *c, const struct fact *f, struct slice name)
{
    if (c->lookups_unused >= c->limits.lookups && c->lookups_unused > 0)
        evict_oldest(c);
    struct lookup *l = slab_take(&c->lookup_slab);
    if (l == NULL)
        return NULL;
    l->client_ip = f->as.dns.src.ip;
    list_init(&l->dials);
    arena_count_in(&l->arena, c->limits.budget);
    l->info.first_query = f->mark;
    l->info.host = l->name = arena_copy(&l->arena, name);
    l->info.names = 1;
    l->is_open = true;
    if (lookup_enlist(c, l) != 0) {
        arena_fini(&l->arena);
        slab_give(&c->lookup_slab, l);
        return NULL;
    }
    list_append(&c->unused_lookups, &l->unused);
    c->lookups_unused++;
    return l;
}

void lookup_add_server(struct lookup *l, const struct endpoint *at)
{
    struct lookup_server *s = arena_alloc(&l->arena, sizeof *s);

    if (s == NULL)
        return;
    *s = (struct lookup_server){*at, l->servers};
    l->servers = s;
}

struct lookup_detours *lookup_take_detour(struct lookup *l)
{
    if (l->info.detours == NULL && (l->info.detours = arena_alloc(&l->arena, sizeof *l->info.detours)) != NULL)
        *l->info.detours = (struct lookup_detours){.partials = 0};
    return l->info.detours;
}

static void leave_index(struct correlate *c, struct lookup *l)
{
    lookup_forget_queries(c, l);
    for (struct lookup_addr *a = l->addrs; a != NULL; a = a->next)
        hmap_remove(&c->lookups_by_addr, &a->node);
}

void lookup_free(struct correlate *c, struct lookup *l)
{
    leave_index(c, l);
    while (l->addrs != NULL) {
        struct lookup_addr *a = l->addrs;
        l->addrs = a->next;
        slab_give(&c->addr_slab, a);
    }
    timer_stop(c, &l->timer);
    lookup_leave_open(c, l);
    leave_lists(c, l);
    arena_fini(&l->arena);
    slab_give(&c->lookup_slab, l);
}

/* ---- the decision ---- */

static const struct lookup_lane *worst_lane(const struct lookup *l)
{
    const struct lookup_lane *a = &l->lane[0], *b = &l->lane[1];

    if (a->state == LANE_IDLE)
        return b;
    if (b->state == LANE_IDLE)
        return a;
    return a->last_answer.ts_ns > b->last_answer.ts_ns ? a : b;
}

/* The lane that finished last decides, as in Go's goLookupIPCNAMEOrder. */
static enum lookup_result verdict(const struct lookup *l)
{
    if (l->info.addr_count > 0)
        return LOOKUP_OK;
    if (l->lane[0].state == LANE_CUT || l->lane[1].state == LANE_CUT)
        return LOOKUP_CUT;
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

static int64_t given_up_ns(const struct lookup *l)
{
    return l->info.last_query.ts_ns + (l->retry_gap_ns > 0 ? l->retry_gap_ns : LOOKUP_TIMEOUT_NS);
}

/* Addresses came, but not for each type that was asked for. Some clients dial at once, or soon; the others had to wait until
 * they gave that question up. */
static void note_wait_for_other_type(const struct correlate *c, struct lookup *l)
{
    struct exchange_lookup *info = &l->info;
    int64_t at_ns = given_up_ns(l);

    if (info->last_query.ts_ns <= info->last_answer.ts_ns &&
        c->now_ns - info->last_answer.ts_ns < RESOLUTION_DELAY_NS)
        return;
    if (c->finishing && at_ns > c->now_ns)
        return;
    info->gave_up = true;
    info->gave_up_ns = at_ns;
}

/* Unanswered. While the input goes on nobody knows whether its client still waits; once it has not asked again for longer
 * than any resolver waits, it does not. */
static enum lookup_result unanswered(const struct correlate *c, struct lookup *l)
{
    struct exchange_lookup *info = &l->info;
    const struct packet_mark *superseded = &lookup_detours(info)->superseded;
    bool used_up = fewest_tries(l) >= LOOKUP_ATTEMPTS * l->server_count;

    info->gave_up = true;
    info->gave_up_ns = given_up_ns(l);
    if (mark_set(superseded) && superseded->ts_ns < info->gave_up_ns)
        info->gave_up_ns = superseded->ts_ns;
    else if (info->forced_out || (c->finishing && (!used_up || c->now_ns < info->gave_up_ns)))
        return LOOKUP_PENDING;
    return used_up ? LOOKUP_TIMEOUT : LOOKUP_ABANDONED;
}

/* Of a walk, the name that the application asked for says what became of it: that the others do not exist is how a search
 * list works. */
static void take_asked_name(struct lookup *l)
{
    struct exchange_lookup *info = &l->info;

    for (size_t i = 0; i < info->tried_count; i++) {
        const struct lookup_name *t = &info->tried[i];
        if (!slice_ieq(t->name, info->host) || t->result == LOOKUP_NAME_SILENT)
            continue;
        struct lookup_detours *d = lookup_take_detour(l);
        info->rcode = t->rcode;
        info->empty = info->result == LOOKUP_NOT_FOUND && t->result == LOOKUP_NAME_EMPTY;
        if (d != NULL)
            d->asked = t->answer;
        if (info->result == LOOKUP_NOT_FOUND && t->result == LOOKUP_NAME_FAILED)
            info->result = LOOKUP_MISBEHAVING;
    }
}

void lookup_decide(const struct correlate *c, struct lookup *l)
{
    struct exchange_lookup *info = &l->info;
    const struct lookup_lane *lane = worst_lane(l);

    if (info->addr_count > 0) {
        info->result = LOOKUP_OK;
        if (lookup_outstanding(l))
            note_wait_for_other_type(c, l);
    } else if (!lookup_outstanding(l)) {
        info->result = verdict(l);
    } else {
        info->result = mark_set(&lookup_detours(info)->partial) ? LOOKUP_CUT : unanswered(c, l);
    }
    info->has_rcode = lane->state >= LANE_OK && lane->state != LANE_REFUSED;
    info->rcode = lane->rcode;
    info->empty = info->result == LOOKUP_NOT_FOUND && lane->state == LANE_EMPTY;
    lookup_note_name(l);
    if (info->names > 1)
        take_asked_name(l);
}

static int64_t lookup_end_ns(const struct exchange_lookup *info)
{
    int64_t end = mark_set(&info->last_answer) ? info->last_answer.ts_ns : info->last_query.ts_ns;

    end = later_ns(end, info->last_query.ts_ns);
    return info->gave_up && info->result != LOOKUP_PENDING ? later_ns(end, info->gave_up_ns) : end;
}

/* ---- the report ---- */

static void copy_names(struct exchange *e, struct exchange_lookup *copy)
{
    struct lookup_name *tried = arena_alloc(&e->arena, (copy->tried_count + 1) * sizeof *tried);

    for (size_t i = 0; tried != NULL && i < copy->tried_count; i++) {
        tried[i] = copy->tried[i];
        tried[i].name = arena_copy(&e->arena, copy->tried[i].name);
    }
    if (tried == NULL)
        copy->tried_count = 0;
    copy->tried = tried;
}

/* In the order of the answers: the index has the last one first. */
static void copy_addrs(struct exchange *e, struct exchange_lookup *copy, const struct lookup_addr *last)
{
    size_t n = copy->addr_count;

    copy->addrs = arena_alloc(&e->arena, (n + 1) * sizeof *copy->addrs);
    if (copy->addrs == NULL)
        copy->addr_count = 0;
    for (const struct lookup_addr *a = last; copy->addrs != NULL && a != NULL && n > 0; a = a->next)
        copy->addrs[--n] = a->addr;
}

static void copy_detours(struct exchange *e, struct exchange_lookup *copy)
{
    const struct lookup_detours *from = copy->detours;

    if (from == NULL)
        return;
    copy->detours = arena_alloc(&e->arena, sizeof *from);
    if (copy->detours != NULL)
        *copy->detours = *from;
}

void lookup_into_exchange(struct lookup *l, struct exchange *e, struct slice host)
{
    struct exchange_lookup *copy = arena_alloc(&e->arena, sizeof *copy);

    if (copy == NULL)
        return;
    *copy = l->info;
    e->by_go |= l->info.resolver == RESOLVER_GO;
    copy->host = arena_copy(&e->arena, lookup_answers_host(l, host) ? host : l->info.host);
    copy->last_name = arena_copy(&e->arena, l->name);
    copy_names(e, copy);
    copy_addrs(e, copy, l->addrs);
    copy_detours(e, copy);
    e->lookup = copy;
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
    e->end_ns = l->info.result == LOOKUP_PENDING && !l->info.forced_out ? c->now_ns : lookup_end_ns(&l->info);
    e->quiet = l->info.result == LOOKUP_OK && !l->info.useless;
    if (l->upstream_of != 0) {
        e->upstream = true;
        e->links[e->link_count++] = (struct exchange_link){"asked_for", l->upstream_of};
    }
    e->id = lookup_id(l);
    outbox_put(c, e);
}

/* After the last packet all of them are due at once, and an exchange takes several times as much memory: each is made when
 * its place in the output comes. */
static bool report_last(struct correlate *c, struct lookup *l)
{
    if (!c->finishing || heap_push(&c->last_lookups, &l->timer.node, l->info.first_query.ts_ns, lookup_id(l)) != 0)
        return false;
    l->holders++;
    leave_index(c, l);
    return true;
}

void lookup_report_last(struct correlate *c, struct lookup *l)
{
    heap_remove(&c->last_lookups, &l->timer.node);
    report(c, l);
    if (--l->holders == 0)
        lookup_free(c, l);
}

void lookup_close(struct correlate *c, struct lookup *l)
{
    l->closed = true;
    lookup_leave_open(c, l);
    timer_stop(c, &l->timer);
    if (l->users > 0)
        return;
    if (!l->reported) {
        l->info.useless = lookup_is_useless(c, l);
        if (!report_last(c, l))
            report(c, l);
    }
    l->reported = true;
    if (l->holders == 0)
        lookup_free(c, l);
}

void lookup_timer(struct correlate *c, struct lookup *l)
{
    if (!lookup_used(l))
        lookup_decide(c, l);
    lookup_close(c, l);
}
