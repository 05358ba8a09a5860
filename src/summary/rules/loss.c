/* Lost packets: where, between whom, and at what price; segments that are too big; peers that went silent. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { DNS_PORT = 53, BIG_SEGMENT = 1000, FULL_SEGMENT = 1200 };

/* A repeat this soon was no timer's. */
static const int64_t LEAST_STALL_NS = 15 * (int64_t)MS;

static bool is_loss(const struct stall *x)
{
    return x->kind == P2T_STALL_SPURIOUS || ((x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_LOST_BEFORE) &&
                                             x->to_ns - x->from_ns > LEAST_STALL_NS);
}

/* A pause as long as the kernel's retransmission timer waits at the least: a lost last segment looks like that where only
 * its repeat comes by. Where the host loses other packets, too, it is one. */
static bool fits_timer(int64_t ns)
{
    int64_t ms = ns / MS;

    return (ms >= 198 && ms <= 240) || (ms >= 400 && ms <= 470) || (ms >= 820 && ms <= 920);
}

static bool is_tail_loss(const struct stall *x)
{
    return x->kind == P2T_STALL_IDLE && fits_timer(x->to_ns - x->from_ns);
}

static bool has_shut_window(const struct conn *k)
{
    for (size_t i = 0; i < k->stall_count; i++)
        if (k->stalls[i].kind == P2T_STALL_ZERO_WINDOW)
            return true;
    return false;
}

/* ---- segments that are too big ---- */

/* 1 + the side whose big segments vanish on the connection; 0: none. */
static int swallowed_side(const struct conn *k)
{
    if (k->hello_lost)
        return 0;
    for (int side = 0; side < 2; side++)
        if ((k->side[side].largest_hole >= BIG_SEGMENT && k->side[0].bytes + k->side[1].bytes > 0 &&
             k->side[0].unseen + k->side[1].unseen == 0) ||
            k->side[side].largest_stuck >= BIG_SEGMENT)
            return side + 1;
    return 0;
}

struct hole {
    struct p2t_summary *s;
    struct keyed *conns; /* of one listener, by time */
    size_t n;
    size_t bad, full;
    int side;
    int64_t from_ns, to_ns;
    uint32_t small;
    const struct conn *first;
};

static int64_t trouble_began(const struct conn *k)
{
    for (size_t i = 0; i < k->stall_count; i++)
        if (k->stalls[i].kind == P2T_STALL_LOST_AFTER || k->stalls[i].kind == P2T_STALL_LOST_BEFORE)
            return k->stalls[i].from_ns;
    for (size_t i = k->call_count; i-- > 0;)
        if (k->calls[i]->failed || k->calls[i]->outcome == P2T_OUTCOME_INCOMPLETE)
            return call_sent_or_begun(k->calls[i]);
    return k->first_ns;
}

static void look_for_hole(struct hole *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct conn *k = h->conns[i].item;
        int side = swallowed_side(k);
        if (side == 0)
            continue;
        h->first = h->bad++ == 0 ? k : h->first;
        h->side = side - 1;
        h->from_ns = h->from_ns == 0 ? trouble_began(k) : min_ns(h->from_ns, trouble_began(k));
        h->to_ns = max_ns(h->to_ns, k->last_ns);
    }
    for (size_t i = 0; i < h->n && h->bad > 0; i++) {
        const struct conn *k = h->conns[i].item;
        uint32_t acked = k->side[h->side].largest_acked;
        if (swallowed_side(k) == 0 && k->first_ns >= h->from_ns && k->first_ns <= h->to_ns && acked >= FULL_SEGMENT)
            h->full++;
        else if (acked < FULL_SEGMENT && acked > h->small)
            h->small = acked;
    }
}

static bool is_hit_by_hole(const struct hole *h, const struct call *c)
{
    if (c->server != h->first->server || c->end_ns < h->from_ns)
        return false;
    if (c->conn != NULL && swallowed_side(c->conn) != 0)
        return c->failed || c->outcome == P2T_OUTCOME_INCOMPLETE || c->stalled_ns > 100 * (int64_t)MS;
    return c->failed && c->start_ns >= h->from_ns - 7 * SECOND_NS && c->start_ns <= h->to_ns;
}

static void find_hole(struct p2t_summary *s, struct keyed *conns, size_t n)
{
    struct hole h = {.s = s, .conns = conns, .n = n};

    look_for_hole(&h);
    if (h.bad < at_least(s, 2) || h.full >= h.bad || !cause_look(s))
        return;
    size_t stalled = 0;
    for (size_t i = 0; i < s->call_count; i++)
        stalled += is_hit_by_hole(&h, &s->calls[i]);
    if (stalled == 0)
        return;
    trouble_note(
        s, (struct trouble){
               .kind = TROUBLE_MTU, .who = h.first->server, .from_ns = h.from_ns - SECOND_NS, .to_ns = h.to_ns});
    struct cause *c = cause_add(s, P2T_CAUSE_TCP_PMTUD_BLACKHOLE, P2T_CAUSE_SIDE_NETWORK,
                                h.side == 1 ? "receive" : "send", P2T_LIKELY);
    cause_subject_service(c, h.first->server, h.first->server_ip);
    for (size_t i = 0; i < s->call_count; i++)
        if (is_hit_by_hole(&h, &s->calls[i])) {
            cause_hit(s, c, &s->calls[i]);
            add_ns(&c->lost_ns, s->calls[i].total_ns);
            h.from_ns = min_ns(h.from_ns, s->calls[i].start_ns);
        }
    cause_span(c, h.from_ns, h.to_ns);
    c->hurt = c->calls;
    buf_printf(&c->text, "full-size segments %s ", h.side == 1 ? "from" : "to");
    say_service(&c->text, h.first->server, h.first->server_ip);
    buf_printf(&c->text, " never arrive, on %zu connection%s, small ones", h.bad, plural(h.bad));
    if (h.small > 0)
        buf_printf(&c->text, " (up to %u bytes)", h.small);
    buf_printf(&c->text, " do, which fits an MTU black hole; %zu call%s stalled", c->calls, plural(c->calls));
}

/* ---- losses of one host ---- */

struct losses {
    struct p2t_summary *s;
    const struct word *ip;
    struct keyed *conns;
    size_t n;
    size_t events, tails, conns_hit, dead;
    size_t stuck; /* connections with holes that stay */
    uint64_t segments;
    int64_t lag_ns, from_ns, to_ns;
    struct word_list ports;
    const struct conn *first;
    unsigned lost[2];     /* by the side whose bytes were lost */
    uint64_t repeated[2]; /* segments that it sent again */
    bool idle, counts;    /* counts: enough of them to be told */
};

/* Its bytes were sent again and again at the end, and nobody ever answered. */
static bool is_dead(const struct conn *k)
{
    for (size_t i = 0; i < k->stall_count; i++)
        if (k->stalls[i].kind == P2T_STALL_LOST_AFTER && !k->stalls[i].by_server && k->stalls[i].open &&
            k->stalls[i].repeats >= 2)
            return true;
    return false;
}

/* Every repeat was lost, too, for so long: two calls that hang like that are no chance, few as the losses may be. */
static const int64_t STUCK_NS = 2 * SECOND_NS;

/* Where a hole is seen before its repeats, these were lost on the way to here. */
static bool is_stuck(const struct stall *x)
{
    enum { REPEATS_MIN = 3 };

    return x->to_ns - x->from_ns > STUCK_NS &&
           (x->kind == P2T_STALL_LOST_BEFORE || (x->kind == P2T_STALL_LOST_AFTER && x->repeats >= REPEATS_MIN));
}

static bool has_stuck(const struct conn *k)
{
    for (size_t i = 0; i < k->stall_count; i++)
        if (is_stuck(&k->stalls[i]))
            return true;
    return false;
}

static void count_stalls(struct losses *l, const struct conn *k)
{
    int64_t last = -SECOND_NS;

    for (size_t i = 0; i < k->stall_count; i++) {
        const struct stall *x = &k->stalls[i];
        l->tails += is_tail_loss(x);
        if (!is_loss(x))
            continue;
        l->events += x->to_ns - last > 10 * (int64_t)MS;
        last = x->to_ns;
        add_ns(&l->lag_ns, x->to_ns - x->from_ns);
        l->from_ns = l->from_ns == 0 ? x->from_ns : min_ns(l->from_ns, x->from_ns);
        l->to_ns = max_ns(l->to_ns, x->to_ns);
        l->lost[x->by_server ? P2T_SIDE_SERVER : P2T_SIDE_CLIENT] += x->kind != P2T_STALL_SPURIOUS;
    }
}

/* What was sent again had arrived, says its receiver (D-SACK): lost was the answer that acknowledged it. */
static void turn_around(struct losses *l, const struct conn *k, const unsigned before[2])
{
    for (int side = 0; side < 2; side++) {
        unsigned of_conn = l->lost[side] - before[side], arrived = k->side[!side].duplicate_sacks;
        arrived = arrived < of_conn ? arrived : of_conn;
        l->lost[side] -= arrived;
        l->lost[!side] += arrived;
    }
}

static void count_conn(struct losses *l, const struct conn *k)
{
    size_t before = l->events;

    l->segments += k->side[0].segments + k->side[1].segments;
    /* Of the few that there are, one that the capture has holes in proves no loss. */
    if ((l->s->small && k->side[0].unseen + k->side[1].unseen > 0) || has_shut_window(k) || k->hello_lost ||
        trouble_of(l->s, TROUBLE_MTU, k->server, k->first_ns, k->last_ns) != NULL)
        return;
    const unsigned lost_before[2] = {l->lost[0], l->lost[1]};
    count_stalls(l, k);
    l->stuck += has_stuck(k);
    turn_around(l, k, lost_before);
    if (l->events == before)
        return;
    l->first = l->first == NULL ? k : l->first;
    l->conns_hit++;
    for (int side = 0; side < 2; side++)
        l->repeated[side] += k->side[side].retransmitted;
    word_list_add(&l->ports, k->server);
    if (is_dead(k)) {
        l->dead++;
        l->idle |= k->idle_before_unacked_us > 5000000;
    }
}

/* Pauses that were the timer's are the network's. */
static void count_tails(struct losses *l)
{
    for (size_t i = 0; i < l->s->call_count; i++) {
        struct call *c = &l->s->calls[i];
        if (c->server_ip != l->ip || !fits_timer(c->idle_server_ns) || c->stalled_ns > 0)
            continue;
        c->stalled_ns = c->idle_server_ns;
        c->idle_server_ns = 0;
    }
}

static const int64_t HIT_NS = 100 * (int64_t)MS;

static bool is_hit_by_loss(const struct losses *l, const struct call *c, int64_t over_ns)
{
    return c->server_ip == l->ip && c->stalled_ns > over_ns &&
           trouble_of(l->s, TROUBLE_MTU, c->server, c->start_ns, c->end_ns) == NULL;
}

static void measure(struct losses *l)
{
    const struct trouble *syns;
    size_t hit = 0, stuck = 0;

    for (size_t i = 0; i < l->n; i++)
        count_conn(l, l->conns[i].item);
    syns = trouble_of(l->s, TROUBLE_LOSS, l->ip, l->s->first_ns, l->s->last_ns);
    if (l->events + (syns != NULL ? 2 : 0) >= 3)
        count_tails(l);
    for (size_t i = 0; i < l->s->call_count && l->events > 0; i++)
        hit += is_hit_by_loss(l, &l->s->calls[i], HIT_NS);
    for (size_t i = 0; i < l->s->call_count && l->events > 0; i++)
        stuck += is_hit_by_loss(l, &l->s->calls[i], STUCK_NS);
    l->events += syns != NULL ? 2 : 0;
    if (l->events >= 3 && l->tails > 0)
        l->events += l->tails;
    /* Peers that went silent are no share of anything. */
    bool dead = l->dead >= at_least(l->s, 3) && l->dead * 10 >= l->conns_hit * 6;
    bool dear = hit >= at_least(l->s, 2) || (l->lag_ns > SECOND_NS / 2 && !l->s->small);
    bool hang = stuck >= 2 || (l->stuck >= 2 && l->dead == 0), much = l->events * 1000 >= l->segments * 8 || hang;
    l->counts = l->first != NULL && (l->events >= 4 || (l->s->small && hit > 0) || hang) &&
                l->conns_hit >= at_least(l->s, 2) && (dead || much) && dear;
}

static void hit_calls(struct losses *l, struct cause *c, int64_t over_ns)
{
    for (size_t i = 0; i < l->s->call_count; i++) {
        struct call *x = &l->s->calls[i];
        if (!is_hit_by_loss(l, x, over_ns))
            continue;
        cause_hit(l->s, c, x);
        add_ns(&c->lost_ns, x->stalled_ns);
    }
}

/* Where no call lost much, those that lost a little. */
static void hit_lossy(struct losses *l, struct cause *c)
{
    size_t before = c->hit_count;

    hit_calls(l, c, HIT_NS);
    if (c->hit_count == before)
        hit_calls(l, c, LEAST_STALL_NS);
    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        for (size_t n = 0; n < k->stall_count; n++)
            if (is_loss(&k->stalls[n]))
                cause_prove(c, k->stalls[n].proof);
    }
    cause_server(c, l->ports.total == 1 ? l->ports.word[0] : NULL, l->ip);
    cause_span(c, l->from_ns, l->to_ns);
}

static void tell_dead(struct losses *l)
{
    struct cause *c = cause_add(l->s, l->idle ? P2T_CAUSE_CONN_IDLE_DROP : P2T_CAUSE_TCP_SILENT_PEER,
                                P2T_CAUSE_SIDE_NETWORK, "wait", P2T_LIKELY);

    cause_subject_service(c, l->first->server, l->ip);
    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        for (size_t n = 0; is_dead(k) && n < k->call_count; n++)
            if (k->calls[n]->failed || k->calls[n]->outcome == P2T_OUTCOME_INCOMPLETE) {
                cause_hit(l->s, c, k->calls[n]);
                add_ns(&c->lost_ns, k->calls[n]->total_ns);
            }
    }
    cause_span(c, l->from_ns, l->to_ns);
    c->gone = c->calls == 0;
    buf_lit(&c->text, "connections to ");
    say_service(&c->text, l->first->server, l->ip);
    buf_lit(&c->text, " go silent: requests are sent again and again and never acknowledged, on ");
    say_count(&c->text, l->dead, "connection");
    if (l->idle)
        buf_lit(&c->text, ", after they were idle, which fits a NAT or firewall that forgot them");
}

static bool is_lost_mostly(const struct losses *l, int side)
{
    return l->lost[side] > 4 * l->lost[!side];
}

static void say_direction(struct losses *l, struct cause *c)
{
    const char *both = l->lost[P2T_SIDE_CLIENT] > 0 && l->lost[P2T_SIDE_SERVER] > 0 ? "to and from" : "to or from";

    buf_printf(&c->text, "packets %s ",
               is_lost_mostly(l, P2T_SIDE_SERVER)   ? "from"
               : is_lost_mostly(l, P2T_SIDE_CLIENT) ? "to"
                                                    : both);
}

static void say_repeated(struct cause *c, uint64_t segments, size_t conns)
{
    buf_lit(&c->text, " are lost: ");
    say_count(&c->text, (size_t)segments, "segment");
    buf_printf(&c->text, " %s retransmitted on ", segments == 1 ? "is" : "are");
    say_count(&c->text, conns, "connection");
}

/* The segments that were sent again for what was lost: where an answer was lost, its request's may be all there are. */
static uint64_t repeated_for(const struct losses *l)
{
    uint64_t all = l->repeated[0] + l->repeated[1], from_server = l->repeated[P2T_SIDE_SERVER],
             from_client = l->repeated[P2T_SIDE_CLIENT];

    if (is_lost_mostly(l, P2T_SIDE_SERVER) && from_server > 0)
        return from_server;
    return is_lost_mostly(l, P2T_SIDE_CLIENT) && from_client > 0 ? from_client : all;
}

static void tell_lossy(struct losses *l)
{
    struct cause *c = cause_add(l->s, P2T_CAUSE_TCP_LOSSY_PATH, P2T_CAUSE_SIDE_NETWORK, "wait", P2T_CERTAIN);
    const struct word *port = l->ports.total == 1 ? l->ports.word[0] : NULL;

    c->kind = "path";
    c->address = port != NULL ? port : l->ip;
    c->name = l->ip->known_as;
    c->client = l->first->client_ip;
    hit_lossy(l, c);
    say_direction(l, c);
    say_service(&c->text, port, l->ip);
    say_repeated(c, repeated_for(l), l->conns_hit);
    if (c->calls > 0) {
        buf_lit(&c->text, ", ");
        cause_say_waited(c);
        buf_lit(&c->text, " for them");
    }
}

static void tell_client_lossy(struct p2t_summary *s, struct losses *all, size_t n)
{
    struct cause *c = cause_add(s, P2T_CAUSE_TCP_LOSSY_PATH, P2T_CAUSE_SIDE_NETWORK, "wait", P2T_CERTAIN);
    size_t servers = 0, conns = 0;
    uint64_t repeated = 0;

    c->kind = "path";
    c->wide = true;
    for (size_t i = 0; i < n; i++) {
        if (!all[i].counts)
            continue;
        c->client = all[i].first->client_ip;
        repeated += all[i].repeated[0] + all[i].repeated[1];
        conns += all[i].conns_hit;
        servers++;
        hit_lossy(&all[i], c);
    }
    buf_printf(&c->text, "packets between %s and %zu servers", word_str(c->client), servers);
    say_repeated(c, repeated, conns);
    buf_lit(&c->text, ", ");
    cause_say_waited(c);
    buf_printf(&c->text, "; the loss is on %s's side of the network", word_str(c->client));
}

enum { HOSTS_MAX = 1024 };

static void find_losses(struct p2t_summary *s, struct groups *by_ip)
{
    static _Thread_local struct losses all[HOSTS_MAX];
    size_t at = 0, n, hosts = 0, counting = 0;
    struct keyed *first;

    while (hosts < HOSTS_MAX && (first = groups_next(by_ip, &at, &n)) != NULL) {
        struct losses *l = &all[hosts];
        *l = (struct losses){.s = s, .ip = first->key[0], .conns = first, .n = n};
        if (l->ip == NULL)
            continue;
        measure(l);
        counting += l->counts;
        hosts++;
    }
    if (counting >= 3 && counting * 2 >= hosts) {
        tell_client_lossy(s, all, hosts);
        return;
    }
    for (size_t i = 0; i < hosts; i++) {
        if (!all[i].counts)
            continue;
        if (all[i].dead > 0 && all[i].dead * 10 >= all[i].conns_hit * 6)
            tell_dead(&all[i]);
        else
            tell_lossy(&all[i]);
    }
}

void rules_loss(struct p2t_summary *s)
{
    struct groups by_server = {0}, by_ip = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->conn_count; i++) {
        struct conn *k = &s->conns[i];
        if (k->server_port == DNS_PORT)
            continue;
        groups_add(&by_server, (struct keyed){{k->server}, k->first_ns, k->id, k});
        groups_add(&by_ip, (struct keyed){{k->server_ip}, k->first_ns, k->id, k});
    }
    groups_sort(&by_server);
    groups_sort(&by_ip);
    while (!s->lossy_capture && cause_room(s) && (first = groups_next(&by_server, &at, &n)) != NULL)
        find_hole(s, first, n);
    find_losses(s, &by_ip);
    s->failed |= by_server.failed || by_ip.failed;
    groups_fini(&by_server);
    groups_fini(&by_ip);
}
