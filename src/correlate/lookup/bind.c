/* Lookups and the dials that follow from them. */
#include "correlate/lookup/lookup.h"

bool lookup_is_fresh(const struct lookup *l, int64_t ts_ns)
{
    const struct exchange_lookup *info = &l->info;

    if (lookup_used(
            l)) /* Go's callers share one; others ask for themselves, unless it was asked for at the same moment */
        return ts_ns - info->last_answer.ts_ns <= (info->resolver == RESOLVER_GO ? LOOKUP_SHARED_NS : DIAL_BURST_NS);
    if (lookup_outstanding(l)) /* the dial comes once the resolver has given up on the other type */
        return ts_ns - info->last_query.ts_ns <= LOOKUP_TIMEOUT_NS + LOOKUP_FRESH_NS;
    return ts_ns - info->last_answer.ts_ns <= LOOKUP_FRESH_NS;
}

static bool usable(const struct lookup *l, const struct ip_addr *client, int64_t syn_ns)
{
    return !l->closed && (l->client_ip.family != client->family || ip_eq(&l->client_ip, client)) &&
           l->info.first_query.ts_ns <= syn_ns;
}

/* Go asks for both types, each from a goroutine of its own, and dials when both are answered: this one is still to ask for
 * the other. */
static bool half_asked(const struct lookup *l, int64_t syn_ns)
{
    return l->info.resolver == RESOLVER_GO && syn_ns - l->info.last_query.ts_ns < HALF_ASKED_NS &&
           (l->lane[0].state == LANE_IDLE || l->lane[1].state == LANE_IDLE);
}

static bool is_half(const struct lookup *l)
{
    return l->lane[0].state == LANE_IDLE || l->lane[1].state == LANE_IDLE;
}

/* Both types were asked for, and the last answer came right before the SYN. */
static bool is_just_done(const struct lookup *l, int64_t syn_ns)
{
    return !is_half(l) && syn_ns - l->info.last_answer.ts_ns <= DIAL_BURST_NS;
}

/* A resolver gives up on a type after a time of whole seconds, and its caller dials what the other one gave. */
static bool has_just_given_up(const struct lookup *l, int64_t syn_ns)
{
    int64_t since =
        syn_ns - l->info.last_query.ts_ns + LATE_RETRY_NS / 3; /* its clock may run since the first type's */

    return l->info.resolver != RESOLVER_GO && lookup_outstanding(l) && since >= SECOND_NS &&
           since % SECOND_NS <= LATE_RETRY_NS;
}

static bool is_ready(const struct lookup *l, int64_t syn_ns)
{
    bool answered = !lookup_outstanding(l) && syn_ns - l->info.last_answer.ts_ns <= DIAL_BURST_NS;

    return answered || has_just_given_up(l, syn_ns);
}

/* What one lookup is preferred to another by, for the SYN at hand. */
struct standing {
    struct lookup *l;
    bool fresh, half_asked, used, ready, outstanding, half;
};

static struct standing standing_of(struct lookup *l, int64_t syn_ns)
{
    return (struct standing){.l = l,
                             .fresh = lookup_is_fresh(l, syn_ns),
                             .half_asked = half_asked(l, syn_ns),
                             .used = lookup_used(l),
                             .ready = is_ready(l, syn_ns),
                             .outstanding = lookup_outstanding(l),
                             .half = is_half(l)};
}

/* One that is fresh before one that filled a cache, a whole one before half of one, an unused one before a used one, one
 * that was done this moment before one that was done earlier or is not, one that is answered as a whole before one that
 * is not, one that was just done before one that may go on with the other type
 * (resolv.conf: single-request); then the newest, for nothing lies between a lookup and its dial. */
static bool better(const struct lookup *a, const struct standing *b, int64_t syn_ns)
{
    if (b->l == NULL)
        return true;
    if (lookup_is_fresh(a, syn_ns) != b->fresh)
        return !b->fresh;
    if (half_asked(a, syn_ns) != b->half_asked)
        return b->half_asked;
    if (lookup_used(a) != b->used)
        return b->used;
    if (is_ready(a, syn_ns) != b->ready)
        return !b->ready;
    if (lookup_outstanding(a) != b->outstanding)
        return b->outstanding;
    if (is_half(a) != b->half && (is_just_done(a, syn_ns) || is_just_done(b->l, syn_ns)))
        return is_just_done(a, syn_ns);
    return a->info.first_query.ts_ns > b->l->info.first_query.ts_ns;
}

/* Nothing that is found later is better: the newest stand first. */
static bool is_best(const struct standing *s)
{
    return s->l != NULL && !s->half && !s->used && s->ready && !s->outstanding && s->fresh;
}

static void best_of(struct hmap_node *n, struct standing *best, const struct ip_addr *client,
                    const struct ip_addr *server, struct slice host, int64_t syn_ns)
{
    uint32_t label = host.n > 0 ? lookup_label(host) : 0;

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX && !is_best(best);
         n = hmap_next(n), looked_at++) {
        struct lookup_addr *a = hmap_entry(n, struct lookup_addr, node);
        if (host.n > 0 && a->label != label) /* most are of other names: they need not be read */
            continue;
        if (!ip_eq(&a->addr, server) || !usable(a->lookup, client, syn_ns))
            continue;
        if (better(a->lookup, best, syn_ns) && (host.n == 0 || lookup_answers_host(a->lookup, host)))
            *best = standing_of(a->lookup, syn_ns);
    }
}

struct lookup *lookup_for_syn(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                              struct slice host, int64_t syn_ns)
{
    static const struct ip_addr anyone;
    struct standing best = {0};

    best_of(lookup_first_of_addr(c, client, server), &best, client, server, host, syn_ns);
    best_of(lookup_first_of_addr(c, &anyone, server), &best, client, server, host, syn_ns);
    return best.l;
}

static bool may_have_led(const struct lookup *l, const struct ip_addr *client, struct slice host, int64_t syn_ns)
{
    bool answered = l->info.addr_count > 0 || l->lane[0].state == LANE_CUT || l->lane[1].state == LANE_CUT;

    return answered && ip_eq(&l->client_ip, client) && lookup_answers_host(l, host) &&
           l->info.last_answer.ts_ns <= syn_ns && lookup_is_fresh(l, syn_ns);
}

struct lookup *lookup_by_name(struct correlate *c, const struct ip_addr *client, struct slice host, int64_t syn_ns)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(client, host));
    struct standing best = {0};

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (!may_have_led(l, client, host, syn_ns))
            continue;
        if (better(l, &best, syn_ns))
            best = standing_of(l, syn_ns);
    }
    return best.l;
}

bool lookup_pending(struct correlate *c, const struct ip_addr *client, struct slice host)
{
    host.n = slice_find(host, ':');
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(client, host));

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        const struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (ip_eq(&l->client_ip, client) && lookup_answers_host(l, host) &&
            (lookup_outstanding(l) || lookup_is_fresh(l, c->now_ns)))
            return true;
    }
    return false;
}

static void leave_unused(struct correlate *c, struct lookup *l)
{
    if (l->users > 0)
        return;
    list_remove(&l->unused);
    c->lookups_unused--;
}

static void enter_unused(struct correlate *c, struct lookup *l)
{
    if (l->users > 0)
        return;
    list_append(&c->unused_lookups, &l->unused);
    c->lookups_unused++;
}

void lookup_use(struct correlate *c, struct lookup *l)
{
    l->info.shared |= lookup_used(l);
    if (!lookup_used(l))
        lookup_decide(c, l);
    leave_unused(c, l);
    l->users++;
    lookup_leave_open(c, l);
}

static void free_if_over(struct correlate *c, struct lookup *l)
{
    if (l->users == 0 && l->holders == 0 && l->closed)
        lookup_free(c, l);
}

void lookup_unuse(struct correlate *c, struct lookup *l)
{
    l->reported = true;
    l->users--;
    enter_unused(c, l);
    free_if_over(c, l);
}

void lookup_return(struct correlate *c, struct lookup *l)
{
    l->users--;
    enter_unused(c, l);
    if (l->users == 0 && l->closed)
        lookup_close(c, l);
}

void lookup_hold(struct lookup *l)
{
    l->holders++;
}

void lookup_release(struct correlate *c, struct lookup *l)
{
    l->holders--;
    free_if_over(c, l);
}
