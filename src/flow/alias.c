/* One connection under several keys: captured on two paths (VLAN, tunnel), or on both sides of a DNAT. */
#include "flow/internal.h"

static bool is_recent(const struct flow_table *t, const struct flow_tcp *c)
{
    return flow_elapsed(t->now_ns, c->last_ns) <= (uint64_t)t->limits.duplicate_window_ns;
}

/* An answer to a SYN names it by its number, however long it took. */
static bool answer_fits(const struct flow_table *t, const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    return flow_answers(c, side, p) && (c->half[side].base_from == FLOW_BASE_NONE || is_recent(t, c));
}

static bool fits(const struct flow_table *t, const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];

    if (flow_is_syn_ack(p))
        return answer_fits(t, c, side, p);
    if (!is_recent(t, c))
        return false;
    if (flow_is_syn(p))
        return h->base_from == FLOW_BASE_FIXED && p->tcp.seq + 1 == h->base;
    bool has_ack = (p->tcp.flags & TCP_ACK) != 0 && peer->base_from != FLOW_BASE_NONE;
    if (h->base_from == FLOW_BASE_NONE)
        return has_ack && flow_near(peer, p->tcp.ack);
    return flow_near(h, p->tcp.seq) && (!has_ack || flow_near(peer, p->tcp.ack));
}

static struct flow_tcp *on_another_path(const struct flow_table *t, const struct flow_lookup *l,
                                        const struct packet *p)
{
    struct flow_tcp *found = NULL;

    for (struct flow_key_node *n = flow_key_first(&t->keys, l); n != NULL; n = flow_key_next(n, l))
        if ((found == NULL || n->conn->head.number < found->head.number) && fits(t, n->conn, flow_key_side(n, l), p))
            found = n->conn;
    return found;
}

static bool may_be_server(const struct flow_tcp *c, const struct endpoint *ep)
{
    return endpoint_eq(ep, &c->head.server) || c->head.nat_server.ip.family == 0 ||
           endpoint_eq(ep, &c->head.nat_server);
}

/* DNAT rewrites the server's address and nothing of the TCP header. A scan that uses one source port and one
 * sequence number for many targets differs in the IP identification. */
static struct flow_tcp *behind_nat(const struct flow_table *t, const struct packet *p, struct flow_print print)
{
    bool answer = flow_is_syn_ack(p);
    const struct endpoint *client = answer ? &p->dst : &p->src, *server = answer ? &p->src : &p->dst;
    uint32_t isn = answer ? p->tcp.ack - 1 : p->tcp.seq;

    if ((p->tcp.flags & TCP_SYN) == 0)
        return NULL;
    struct flow_tcp *c = flow_syns_find(t, client, isn);
    if (c == NULL || !may_be_server(c, server))
        return NULL;
    bool same = answer ? answer_fits(t, c, !c->client_side, p)
                       : flow_ring_has(&c->half[c->client_side].ring, print, t->now_ns);
    return same ? c : NULL;
}

struct flow_key_node *flow_alias(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                                 struct flow_print print)
{
    struct flow_tcp *c = on_another_path(t, l, p);

    if (c == NULL)
        c = behind_nat(t, p, print);
    if (c == NULL || t->aliases.in_use >= t->limits.connections)
        return NULL;
    struct flow_key_node *n = slab_take(&t->aliases);
    if (n == NULL)
        return NULL;

    bool from_client = endpoint_eq(&p->src, &c->head.client);
    const struct endpoint *server = from_client ? &p->dst : &p->src;
    unsigned side = from_client ? c->client_side : !c->client_side;
    *n = (struct flow_key_node){.key = l->key, .path = p->path, .flip = l->src_high ^ side, .conn = c};
    if (hmap_insert(&t->keys, &n->node, l->hash) != 0) {
        slab_give(&t->aliases, n);
        return NULL;
    }
    n->next = c->key.next;
    c->key.next = n;
    if (!endpoint_eq(server, &c->head.server))
        c->head.nat_server = *server;
    return n;
}
