/* Whose a question is: a new lookup's, one more try of another, or the next name of its search list. */
#include "correlate/lookup/lookup.h"

/* Names that one query may go on from: those of a search list, tried at one time. */
enum { CANDIDATES_MAX = 8 };

bool lookup_asked_before(const struct lookup *l, const struct endpoint *server)
{
    for (const struct lookup_server *s = l->servers; s != NULL; s = s->next)
        if (endpoint_eq(&s->at, server))
            return true;
    return false;
}

static bool knows_server(const struct lookup *l, const struct endpoint *server)
{
    return endpoint_eq(&l->info.server, server) || lookup_asked_before(l, server);
}

/* Resolvers try twice, unless they are told otherwise. One that got an address of the other type, and has not been
 * dialled, still waits for this one. */
static bool tries_left(const struct lookup *l, const struct lookup_lane *lane, const struct endpoint *server)
{
    if (lane->state == LANE_ASKED && l->info.addr_count > 0 && !lookup_used(l))
        return true;
    return lane->tries < LOOKUP_ATTEMPTS * (l->server_count + !knows_server(l, server));
}

/* Go's resolver offers 1232 bytes; glibc and musl send no OPT record unless told to. */
enum lookup_resolver lookup_resolver_of(const struct dns_message *m)
{
    return m->has_opt && m->opt_udp_size == 1232 ? RESOLVER_GO : RESOLVER_OTHER;
}

/* One of another kind is another program's. */
static bool asked_so(const struct lookup *l, const struct fact *f)
{
    return l->info.resolver == lookup_resolver_of(f->as.dns.message);
}

/* musl asks all its servers at once, and glibc keeps its ids over all retries and sockets, repeating the type that was
 * answered when the other was not. */
bool lookup_repeats_question(const struct lookup *l, const struct dns_message *m)
{
    for (const struct lookup_query *q = l->queries; q != NULL; q = q->next)
        if (q->id == m->id && q->type == m->qtype)
            return true;
    return false;
}

static bool same_socket(const struct lookup *l, const struct fact *f)
{
    uint16_t port = f->as.dns.src.port;

    return l->lane[0].port == port || l->lane[1].port == port;
}

/* Seen to keep its ids, as glibc and musl do, which ask for both types from one socket: with another id, and from another
 * socket, it is another caller's. */
static bool is_of_another_id(const struct lookup *l, const struct fact *f, int i)
{
    return (l->lane[0].same_id || l->lane[1].same_id || l->one_socket) && l->lane[i].tries > 0 &&
           l->lane[i].state != LANE_TRUNCATED && !same_socket(l, f);
}

/* glibc and musl ask for both types from one socket, at once; Go from two. */
static bool asks_other_type(const struct lookup *l, const struct fact *f)
{
    int64_t since = f->mark.ts_ns - l->info.last_query.ts_ns;

    if (l->info.resolver == RESOLVER_GO && lookup_used(l)) /* Go dials when it has both answers */
        return false;
    return same_socket(l, f)                 ? since < QUERY_RETRY_MIN_NS || lookup_outstanding(l)
           : l->info.resolver == RESOLVER_GO ? since < QUERY_RETRY_MIN_NS || lookup_outstanding(l)
                                             : !l->one_socket && since < OTHER_TYPE_NS;
}

/* Resolvers ask again after a time of whole seconds, always the same; a question that another lookup asks comes at any
 * time. late_ns: that a timer may be late by. */
static bool is_on_time(const struct lookup *l, const struct fact *f, int i, int64_t late_ns)
{
    int64_t since = f->mark.ts_ns - l->lane[i].last_query.ts_ns + LATE_RETRY_NS / 3;

    if (l->lane[i].state != LANE_ASKED || since < QUERY_RETRY_MIN_NS || since > LOOKUP_TIMEOUT_NS + late_ns)
        return false;
    int64_t gap = l->retry_gap_ns > 0 ? l->retry_gap_ns + LATE_RETRY_NS / 3 : since;
    return since % SECOND_NS <= late_ns && since / SECOND_NS == gap / SECOND_NS;
}

static bool may_ask_again(const struct lookup *l, const struct fact *f, int i)
{
    int64_t since = f->mark.ts_ns - l->lane[i].last_query.ts_ns;

    if (since < QUERY_RETRY_MIN_NS || !tries_left(l, &l->lane[i], &f->as.dns.dst))
        return false;
    return l->info.resolver != RESOLVER_GO || is_on_time(l, f, i, FOLLOW_NS);
}

static bool continues_same_name(const struct lookup *l, const struct fact *f, int i)
{
    const struct lookup_lane *lane = &l->lane[i];

    if (lookup_repeats_question(l, f->as.dns.message))
        return true;
    if (is_of_another_id(l, f, i))
        return false;
    switch (lane->state) {
    case LANE_IDLE:
        return asked_so(l, f) && asks_other_type(l, f);
    case LANE_ASKED:
        return asked_so(l, f) && may_ask_again(l, f, i);
    case LANE_TRUNCATED:
        return f->as.dns.over_tcp || f->mark.ts_ns - lane->last_query.ts_ns >= QUERY_RETRY_MIN_NS;
    case LANE_ERROR:
    case LANE_LAME:
    case LANE_REFUSED:
        return f->mark.ts_ns - lane->last_answer.ts_ns <= FOLLOW_NS && tries_left(l, lane, &f->as.dns.dst);
    default:
        return false;
    }
}

/* A search list goes on to its next name when the last one had no address, or did not answer in time; c-ares goes on for
 * one type although the other was answered. */
static bool continues_next_name(const struct correlate *c, const struct lookup *l, const struct fact *f, int i,
                                struct slice name)
{
    enum lane_state state = l->lane[i].state;
    bool in_vain = state == LANE_EMPTY || state == LANE_NXDOMAIN || state == LANE_ERROR;

    if ((l->info.addr_count > 0 && !in_vain) || !asked_so(l, f) || !walk_goes_on(c, l, name, i))
        return false;
    if (lookup_outstanding(l) && !in_vain)
        return f->mark.ts_ns - l->info.last_query.ts_ns >= QUERY_RETRY_MIN_NS;
    /* Nobody begins with a name in the middle of a search list: there, a busy host may take its time. */
    return f->mark.ts_ns - l->info.last_answer.ts_ns <= (walk_step_is_known(c, l, name) ? FOLLOW_NS : WALK_NS);
}

bool lookup_is_superseded(const struct lookup *l)
{
    return mark_set(&lookup_detours(&l->info)->superseded);
}

/* Of each name, the lookup that fits best; of those that fit alike, the one that has waited for the longest. */
struct candidates {
    struct lookup *best[CANDIDATES_MAX];
    int fit[CANDIDATES_MAX];
    size_t n;
};

/* An answer in vain is followed by the next name or server at once; and with resolv.conf's single-request, an answer for
 * one type by the question for the other. */
static bool follows_answer(const struct lookup *l, const struct fact *f, int lane)
{
    enum lane_state state = l->lane[lane].state;
    bool is_next = state == LANE_IDLE ? l->info.resolver != RESOLVER_GO : state != LANE_ASKED;

    return is_next && l->info.answers > 0 && f->mark.ts_ns - l->info.last_answer.ts_ns <= DIAL_BURST_NS;
}

/* How surely the question is l's: what chance makes least often counts most. */
static int fit_of(const struct lookup *l, const struct fact *f, int lane)
{
    return 16 * lookup_repeats_question(l, f->as.dns.message) + 8 * same_socket(l, f) +
           4 * follows_answer(l, f, lane) + 2 * is_on_time(l, f, lane, LATE_RETRY_NS) + !lookup_is_superseded(l);
}

/* The newest come first. */
static void add_candidate(struct candidates *all, struct lookup *l, const struct fact *f, int lane)
{
    int fit = fit_of(l, f, lane);
    size_t i = 0;

    while (i < all->n && !slice_ieq(all->best[i]->name, l->name))
        i++;
    if (i == CANDIDATES_MAX || (i < all->n && fit < all->fit[i]))
        return;
    /* Go's two questions are sent one right after the other. */
    if (i < all->n && fit == all->fit[i] && l->lane[lane].state == LANE_IDLE && l->info.resolver == RESOLVER_GO)
        return;
    all->n += i == all->n;
    all->best[i] = l;
    all->fit[i] = fit;
}

/* A question that is asked again at no whole second may be anybody's. */
static bool is_sure(const struct lookup *l, const struct fact *f, int lane)
{
    return l->lane[lane].state != LANE_ASKED || same_socket(l, f) || lookup_repeats_question(l, f->as.dns.message) ||
           is_on_time(l, f, lane, LATE_RETRY_NS);
}

/* The one that asked for this name, then the one that asked from this socket, then the one whose name comes before this one in
 * the client's search list; else the name that was first asked for last. */
static int step_fit(const struct correlate *c, const struct lookup *l, const struct fact *f, struct slice name,
                    int lane)
{
    return 4 * same_socket(l, f) + 2 * walk_step_is_known(c, l, name) + follows_answer(l, f, lane);
}

static struct lookup *best_of(const struct correlate *c, const struct candidates *all, const struct fact *f,
                              struct slice name, int lane)
{
    int best_fit = 0;
    struct lookup *best = NULL, *same = NULL;

    for (size_t i = 0; i < all->n; i++) {
        struct lookup *l = all->best[i];
        if (slice_ieq(l->name, name)) {
            same = l;
            continue;
        }
        int fit = step_fit(c, l, f, name, lane);
        if (best != NULL &&
            (fit < best_fit || (fit == best_fit && l->info.first_query.ts_ns < best->info.first_query.ts_ns)))
            continue;
        best = l;
        best_fit = fit;
    }
    return same != NULL && (best == NULL || is_sure(same, f, lane)) ? same : best;
}

struct lookup *lookup_of_query(struct correlate *c, const struct fact *f, struct slice name, int lane)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&f->as.dns.src.ip, name));
    struct candidates all = {.n = 0};

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (!ip_eq(&l->client_ip, &f->as.dns.src.ip) ||
            (lookup_is_superseded(l) && !is_on_time(l, f, lane, LATE_RETRY_NS)))
            continue;
        if (slice_ieq(l->name, name) ? continues_same_name(l, f, lane) : continues_next_name(c, l, f, lane, name))
            add_candidate(&all, l, f, lane);
    }
    struct lookup *best = best_of(c, &all, f, name, lane);
    if (all.n == 1 && !slice_ieq(best->name, name))
        walk_learn_step(c, best, name);
    return best;
}

static void supersede(struct lookup *l, const struct packet_mark *mark)
{
    struct lookup_detours *d = lookup_take_detour(l);

    if (d != NULL && !mark_set(&d->superseded))
        d->superseded = *mark;
}

/* A new question for a name says what became of earlier ones. Go sends one set of questions for a name at a time
 * (singleflight): the last was given up. And an answer that nobody followed by now, nobody will. */
void lookup_make_way(struct correlate *c, const struct fact *f, struct slice name)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&f->as.dns.src.ip, name)), *next;

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = next, looked_at++) {
        struct lookup *l = hmap_entry(n, struct lookup, by_label);
        next = hmap_next(n);
        if (!ip_eq(&l->client_ip, &f->as.dns.src.ip) || !slice_ieq(l->name, name))
            continue;
        if (!lookup_outstanding(l) && l->info.addr_count > 0 && !lookup_is_fresh(l, f->mark.ts_ns))
            lookup_timer(c, l);
        else if (l->info.resolver == RESOLVER_GO && asked_so(l, f) && lookup_outstanding(l))
            supersede(l, &f->mark);
    }
}

/* ---- a third try ---- */

/* Without an answer of the other type, its client would have asked for both again: it was one more try of the lookup that
 * it seemed to supersede. */
static bool is_taken_up(const struct lookup *earlier, const struct lookup *l, int lane)
{
    const struct packet_mark *by = &lookup_detours(&earlier->info)->superseded;
    enum lane_state other = earlier->lane[!lane].state;

    return earlier != l && mark_set(by) && packet_ref_eq(by->ref, l->info.first_query.ref) && !lookup_used(earlier) &&
           earlier->lane[lane].state == LANE_ASKED && (other == LANE_EMPTY || other == LANE_NXDOMAIN) &&
           ip_eq(&earlier->client_ip, &l->client_ip) && slice_ieq(earlier->name, l->name);
}

void lookup_take_up(struct correlate *c, struct lookup *l, int lane, int64_t now)
{
    if (l->info.resolver != RESOLVER_GO || l->info.queries != 1 || now - l->info.last_query.ts_ns < HALF_ASKED_NS)
        return;
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&l->client_ip, l->name));
    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup *earlier = hmap_entry(n, struct lookup, by_label);
        if (!is_taken_up(earlier, l, lane))
            continue;
        l->lane[!lane] = earlier->lane[!lane];
        l->info.first_query = earlier->info.first_query;
        l->info.queries += earlier->info.queries;
        l->info.answers += earlier->info.answers;
        l->info.repeats += earlier->info.repeats + 1;
        earlier->reported = true;
        lookup_close(c, earlier);
        return;
    }
}
