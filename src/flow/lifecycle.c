/* How connections begin and end: opening, expiry by the packet clock, eviction. */
#include "flow/measure.h"

enum { HALF_OPEN_SHARE = 8 }; /* more than a part in so many, and half-open connections are evicted first */

void flow_tcp_free(struct flow_table *t, struct flow_tcp *c)
{
    flow_stream_free(t, &c->half[0]);
    flow_stream_free(t, &c->half[1]);
    flow_measure_free(t, c);
    flow_syns_remove(t, c);
    hmap_remove(&t->keys, &c->key.node);
    for (struct flow_key_node *n = c->key.next, *next; n != NULL; n = next) {
        next = n->next;
        hmap_remove(&t->keys, &n->node);
        slab_give(&t->aliases, n);
    }
    flow_use_remove(t, c);
    list_remove(&c->opened);
    slab_give(&t->conns, c);
}

void flow_tcp_close(struct flow_table *t, struct flow_tcp *c, enum flow_end why)
{
    flow_stream_flush(t, c, c->client_side);
    flow_stream_flush(t, c, !c->client_side);
    t->sink.tcp_close(t->sink.ctx, &c->head, why);
    flow_tcp_free(t, c);
}

/* Both sides closed it, or one did and has no socket for it any more. */
static bool is_over(const struct flow_tcp *c)
{
    const struct flow_half *h = c->half;
    int fins = h[0].fin_in_order + h[1].fin_in_order;

    return fins == 2 || (fins == 1 && (h[0].rst_seen || h[1].rst_seen));
}

/* Connections that are over are the most; what was measured takes nearly half of them. */
static void leave_quiet(struct flow_table *t, struct flow_tcp *c)
{
    if (c->head.all_known && is_over(c))
        flow_measure_free(t, c);
    flow_tcp_set_class(t, c, FLOW_GONE);
}

static void expire(struct flow_table *t, struct flow_tcp *c)
{
    if (c->class == FLOW_CLOSED)
        leave_quiet(t, c);
    else
        flow_tcp_close(t, c, c->class == FLOW_GONE ? FLOW_END_CLOSED : FLOW_END_IDLE);
}

static void expire_class(struct flow_table *t, unsigned class)
{
    int64_t limit = flow_class_limit_ns(t, class);

    for (struct flow_tcp *c; (c = flow_least_recent(t, class)) != NULL;) {
        if (flow_elapsed(t->now_ns, c->last_ns) <= (uint64_t)limit) {
            t->deadline_ns[class] = flow_deadline_ns(c->last_ns, limit);
            return;
        }
        expire(t, c);
    }
    t->deadline_ns[class] = INT64_MAX;
}

void flow_expire(struct flow_table *t)
{
    if (t->now_ns <= t->next_deadline_ns)
        return;
    for (unsigned class = 0; class < FLOW_CLASSES; class ++)
        if (t->now_ns > t->deadline_ns[class])
            expire_class(t, class);
    t->next_deadline_ns = INT64_MAX;
    for (unsigned class = 0; class < FLOW_CLASSES; class ++)
        if (t->deadline_ns[class] < t->next_deadline_ns)
            t->next_deadline_ns = t->deadline_ns[class];
}

static void evict(struct flow_table *t, struct flow_tcp *c)
{
    t->counters.connections_evicted++;
    flow_tcp_close(t, c, FLOW_END_EVICTED);
}

/* A few half-open ones are connections on their way, not a flood. */
static enum flow_class class_to_evict(const struct flow_table *t)
{
    if (t->count[FLOW_GONE] > 0)
        return FLOW_GONE;
    if (t->count[FLOW_CLOSED] > 0)
        return FLOW_CLOSED;
    return t->count[FLOW_OPEN] == 0 || t->count[FLOW_HALF_OPEN] > t->conns.in_use / HALF_OPEN_SHARE ? FLOW_HALF_OPEN
                                                                                                    : FLOW_OPEN;
}

bool flow_table_evict(struct flow_table *t)
{
    struct flow_tcp *c = flow_least_recent(t, class_to_evict(t));

    if (c == NULL)
        return false;
    evict(t, c);
    return true;
}

static bool longer_unused(const struct flow_tcp *a, const struct flow_tcp *b)
{
    return a->last_ns != b->last_ns ? a->last_ns < b->last_ns : a->head.number < b->head.number;
}

/* Keeps the chain of one pair of endpoints short. */
static void evict_crowd(struct flow_table *t, const struct flow_lookup *l)
{
    struct flow_tcp *oldest = NULL;
    unsigned paths = 0;

    for (struct flow_key_node *n = flow_key_first(&t->keys, l); n != NULL; n = flow_key_next(n, l), paths++)
        if (oldest == NULL || longer_unused(n->conn, oldest))
            oldest = n->conn;
    if (paths >= FLOW_PATHS_PER_PAIR)
        evict(t, oldest);
}

static bool source_is_client(const struct packet *p)
{
    if (flow_is_syn(p))
        return true;
    return !flow_is_syn_ack(p) && p->src.port >= p->dst.port;
}

static int add_key(struct flow_table *t, struct flow_tcp *c, const struct flow_lookup *l, const struct packet *p)
{
    c->key.key = l->key;
    c->key.path = p->path;
    c->key.flip = l->src_high ^ (source_is_client(p) ? 0 : 1);
    c->key.conn = c;
    return hmap_insert(&t->keys, &c->key.node, l->hash);
}

static void set_identity(struct flow_tcp *c, const struct packet *p)
{
    bool from_client = source_is_client(p);

    c->handshake = (p->tcp.flags & TCP_SYN) != 0;
    c->head.client = from_client ? p->src : p->dst;
    c->head.server = from_client ? p->dst : p->src;
    c->head.path = p->path;
    c->head.roles = c->handshake ? FLOW_ROLES_HANDSHAKE : FLOW_ROLES_GUESSED;
    c->head.first = p->mark;
    c->half[0].scale = c->half[1].scale = -1;
    flow_learn_base(c, from_client ? 0 : 1, p);
    c->client_isn = c->half[0].base - 1;
}

struct flow_tcp *flow_tcp_open(struct flow_table *t, const struct flow_lookup *l, const struct packet *p)
{
    if (t->conns.in_use >= t->limits.connections)
        (void)flow_table_evict(t);
    evict_crowd(t, l);
    struct flow_tcp *c = slab_take(&t->conns);
    if (c == NULL)
        return NULL;
    if (add_key(t, c, l, p) != 0) {
        slab_give(&t->conns, c);
        return NULL;
    }
    set_identity(c, p);
    c->head.number = ++t->counters.connections;
    c->class = c->handshake ? FLOW_HALF_OPEN : FLOW_OPEN;
    c->last_ns = t->now_ns;
    c->newest_ns = p->mark.ts_ns;
    c->ttl = p->ttl;
    flow_use_add(t, c);
    list_append(&t->opened, &c->opened);
    if (flow_is_syn(p))
        flow_syns_add(t, c);
    t->sink.tcp_open(t->sink.ctx, &c->head);
    return c;
}
