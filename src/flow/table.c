#include "flow/table.h"

#include <stdlib.h>

#include "flow/internal.h"
#include "pcap2trace/status.h"

#define SECONDS(n)      ((int64_t)(n)*1000000000)
#define MILLISECONDS(n) ((int64_t)(n)*1000000)

const struct flow_limits flow_limits_default = {
    .connections = 98304,
    .reorder_bytes = 4 << 20,
    .reorder_bytes_total = 64 << 20,
    .reorder_segments = 4096,
    .half_open_idle_ns = SECONDS(150), /* the last SYN's back-off is 64 s */
    .closed_linger_ns = SECONDS(10),
    .idle_ns = SECONDS(3600),
    .hole_patience_ns = MILLISECONDS(8),
    .duplicate_window_ns = MILLISECONDS(100),
};

struct flow_table *flow_table_new(const struct flow_limits *limits, const struct flow_sink *sink)
{
    struct flow_table *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->limits = *limits;
    t->sink = *sink;
    t->now_ns = INT64_MIN;
    slab_init(&t->conns, sizeof(struct flow_tcp), limits->budget);
    slab_init(&t->aliases, sizeof(struct flow_key_node), limits->budget);
    slab_init(&t->helds, sizeof(struct flow_held), limits->budget);
    slab_init(&t->transports, sizeof(struct flow_transport), limits->budget);
    slab_init(&t->troubles, sizeof(struct flow_trouble), limits->budget);
    for (int i = 0; i < FLOW_CLASSES; i++) {
        list_init(&t->lru[i]);
        t->deadline_ns[i] = t->next_deadline_ns = INT64_MAX;
    }
    list_init(&t->opened);
    list_init(&t->holding);
    if (flow_recent_init(&t->recent) != 0) {
        flow_table_free(t);
        return NULL;
    }
    return t;
}

static struct flow_tcp *first_opened(const struct flow_table *t)
{
    return list_empty(&t->opened) ? NULL : hmap_entry(t->opened.next, struct flow_tcp, opened);
}

void flow_table_finish(struct flow_table *t)
{
    for (struct flow_tcp *c; (c = first_opened(t)) != NULL;)
        flow_tcp_close(t, c, FLOW_END_INPUT);
}

void flow_table_free(struct flow_table *t)
{
    if (t == NULL)
        return;
    for (struct flow_tcp *c; (c = first_opened(t)) != NULL;)
        flow_tcp_free(t, c);
    hmap_fini(&t->keys);
    hmap_fini(&t->syns);
    slab_fini(&t->conns);
    slab_fini(&t->aliases);
    slab_fini(&t->helds);
    slab_fini(&t->transports);
    slab_fini(&t->troubles);
    flow_recent_fini(&t->recent);
    free(t->nat);
    free(t);
}

const struct flow_counters *flow_table_counters(const struct flow_table *t)
{
    return &t->counters;
}

static struct endpoint key_endpoint(const struct flow_key *key, int i)
{
    struct endpoint e = {.ip.family = (uint8_t)(key->ports_family >> 32),
                         .port = (uint16_t)(key->ports_family >> (i == 0 ? 0 : 16))};

    memcpy(e.ip.bytes, key->ip[i], sizeof e.ip.bytes);
    return e;
}

void flow_table_each(const struct flow_table *t, flow_visit *visit, void *ctx)
{
    for (struct list_link *link = t->opened.next; link != &t->opened; link = link->next) {
        struct flow_tcp *c = hmap_entry(link, struct flow_tcp, opened);
        const struct flow_key_node *n = &c->key;
        do {
            struct endpoint a = key_endpoint(&n->key, 0), b = key_endpoint(&n->key, 1);
            visit(ctx, &c->head, &a, &b, n->path);
        } while ((n = n->next) != NULL);
    }
}

static int open_with(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                     struct flow_print print)
{
    struct flow_tcp *c = flow_tcp_open(t, l, p);

    if (c == NULL)
        return P2T_ERR_MEMORY;
    unsigned side = flow_key_side(&c->key, l);
    flow_ring_add(&c->half[side].ring, print, t->now_ns);
    if (flow_is_syn(p))
        flow_syns_add_fresh(t, c, print);
    return flow_segment(t, c, side, p);
}

static struct flow_key_node *known_as(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                                      struct flow_print print)
{
    struct flow_key_node *n = flow_key_find(&t->keys, l, p->path);
    return n != NULL ? n : flow_alias(t, l, p, print);
}

void flow_table_prepare(const struct flow_table *t, const struct packet *p, struct flow_ready *ready)
{
    if (p->kind != PACKET_TCP)
        return;
    flow_lookup_init(&ready->lookup, &p->src, &p->dst);
    ready->print = flow_print_tcp(p, t->limits.duplicate_window_ns);
}

/* RFC 9293 3.10.7.1: a RST with the sequence number 0 and an ACK answers what came without an ACK, and so a SYN, which the
 * capture lacks. */
static bool answers_unseen_syn(const struct packet *p, struct packet *syn)
{
    if (p->tcp.flags != (TCP_RST | TCP_ACK) || p->tcp.seq != 0 || p->tcp.ack == 0 || p->tcp.window != 0)
        return false;
    *syn = (struct packet){.mark = p->mark, .kind = PACKET_TCP, .path = p->path, .src = p->dst, .dst = p->src};
    syn->tcp = (struct packet_tcp){.seq = p->tcp.ack - 1, .flags = TCP_SYN, .window_scale = -1};
    return true;
}

static int push_refusal(struct flow_table *t, const struct packet *syn, const struct packet *p,
                        struct flow_print print)
{
    struct flow_ready ready = {0};

    flow_table_prepare(t, syn, &ready);
    struct flow_tcp *c = flow_tcp_open(t, &ready.lookup, syn);
    if (c == NULL)
        return P2T_ERR_MEMORY;
    unsigned client = flow_key_side(&c->key, &ready.lookup);
    flow_ring_add(&c->half[client].ring, ready.print, t->now_ns);
    flow_ring_add(&c->half[!client].ring, print, t->now_ns);
    int rc = flow_segment(t, c, client, syn);
    return rc != 0 ? rc : flow_segment(t, c, !client, p);
}

/* Of no connection that is known. */
static int push_new(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                    struct flow_print print)
{
    struct packet syn;

    if ((p->tcp.flags & TCP_RST) == 0)
        return open_with(t, l, p, print);
    if (answers_unseen_syn(p, &syn))
        return push_refusal(t, &syn, p, print);
    t->counters.out_of_window++;
    return 0;
}

static __attribute__((noinline)) int take_segment_moved(struct flow_table *t, struct flow_tcp *c, unsigned side,
                                                        const struct packet *p)
{
    struct packet moved = *p;

    flow_clock_apply(c, side, &moved);
    if (moved.mark.ts_ns > c->newest_ns)
        c->newest_ns = moved.mark.ts_ns;
    return flow_segment(t, c, side, &moved);
}

static inline int take_segment(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if (flow_clock_differs(c, p))
        return take_segment_moved(t, c, side, p);
    if (p->mark.ts_ns > c->newest_ns)
        c->newest_ns = p->mark.ts_ns;
    return flow_segment(t, c, side, p);
}

/* Inline in the loop of all packets: quoted SYNs, its other caller, are rare. */
static inline __attribute__((always_inline)) int push_tcp(struct flow_table *t, const struct packet *p,
                                                          const struct flow_ready *ready)
{
    const struct flow_lookup *l = &ready->lookup;
    struct flow_print print = ready->print;
    struct flow_key_node *n;

    while ((n = known_as(t, l, p, print)) != NULL) {
        struct flow_tcp *c = n->conn;
        unsigned side = flow_key_side(n, l);
        if (flow_ring_has(&c->half[side].ring, print, t->now_ns)) {
            c->head.duplicates++;
            t->counters.duplicates++;
            return 0;
        }
        if (!flow_is_reuse(c, side, p)) {
            flow_ring_add(&c->half[side].ring, print, t->now_ns);
            flow_tcp_touch(t, c);
            return take_segment(t, c, side, p);
        }
        flow_tcp_close(t, c, FLOW_END_REUSED); /* the next one may be known under other addresses */
    }
    return push_new(t, l, p, print);
}

/* A SYN that is known by its quote only comes before the error that quotes it. */
static int push_icmp(struct flow_table *t, const struct packet *p)
{
    struct flow_ready ready = {0};
    struct packet syn;
    int rc = 0;

    if (flow_icmp_unseen(t, p, &syn)) {
        flow_table_prepare(t, &syn, &ready);
        rc = push_tcp(t, &syn, &ready);
    }
    flow_icmp(t, p);
    return rc;
}

int flow_table_push(struct flow_table *t, const struct packet *p, const struct flow_ready *ready)
{
    t->counters.packets++;
    if (p->mark.ts_ns > t->now_ns)
        t->now_ns = p->mark.ts_ns;
    flow_expire(t);
    if (p->kind == PACKET_TCP) {
        t->counters.tcp_packets++;
        t->counters.syns += flow_is_syn(p);
        return push_tcp(t, p, ready);
    }
    if (p->kind == PACKET_UDP)
        flow_udp(t, p);
    else if (p->kind == PACKET_ICMP_ERROR)
        return push_icmp(t, p);
    return 0;
}
