/* One connection under several keys: captured on two paths (VLAN, tunnel), or on both sides of a NAT. */
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

static const struct flow_key_node *on_another_path(const struct flow_table *t, const struct flow_lookup *l,
                                                   const struct packet *p)
{
    const struct flow_key_node *found = NULL;

    for (struct flow_key_node *n = flow_key_first(&t->keys, l); n != NULL; n = flow_key_next(n, l))
        if ((found == NULL || n->conn->head.number < found->conn->head.number) &&
            fits(t, n->conn, flow_key_side(n, l), p))
            found = n;
    return found;
}

/* `known` and `other` stand for both addresses of one side: `ep` is one of them, or there is room for it. */
static bool may_be(const struct endpoint *known, const struct endpoint *other, const struct endpoint *ep)
{
    return endpoint_eq(ep, known) || other->ip.family == 0 || endpoint_eq(ep, other);
}

/* DNAT rewrites the server's address and nothing of the TCP header. A scan that uses one source port and one
 * sequence number for many targets differs in the IP identification. */
static struct flow_tcp *behind_dnat(const struct flow_table *t, const struct packet *p, struct flow_print print)
{
    bool answer = flow_is_syn_ack(p);
    const struct endpoint *client = answer ? &p->dst : &p->src, *server = answer ? &p->src : &p->dst;
    uint32_t isn = answer ? p->tcp.ack - 1 : p->tcp.seq;
    struct flow_tcp *c = flow_syns_find(t, client, isn);

    if (c == NULL || !may_be(&c->head.server, &c->head.nat_server, server))
        return NULL;
    bool same = answer ? answer_fits(t, c, !c->client_side, p)
                       : flow_ring_has(&c->half[c->client_side].ring, print, t->now_ns);
    return same ? c : NULL;
}

/* SNAT (masquerade) rewrites the client's address, with or without its port; full NAT (a NodePort) both sides'. */
static struct flow_tcp *behind_snat(const struct flow_table *t, const struct packet *p, struct flow_print print)
{
    struct flow_tcp *c = flow_is_syn(p) ? flow_syns_fresh(t, print) : NULL;

    if (c == NULL || c->class != FLOW_HALF_OPEN || ip_eq(&c->head.client.ip, &p->src.ip) ||
        !may_be(&c->head.client, &c->head.nat_client, &p->src) ||
        !may_be(&c->head.server, &c->head.nat_server, &p->dst))
        return NULL;
    return flow_may_be_translated(p->ip_id != 0 || p->tcp.has_timestamp, c->ttl, p->ttl) ? c : NULL;
}

static struct flow_tcp *behind_nat(const struct flow_table *t, const struct packet *p, struct flow_print print)
{
    if ((p->tcp.flags & TCP_SYN) == 0)
        return NULL;
    struct flow_tcp *c = behind_dnat(t, p, print);
    return c != NULL ? c : behind_snat(t, p, print);
}

static void note_translation(struct flow_tcp *c, const struct endpoint *client, const struct endpoint *server)
{
    if (!endpoint_eq(client, &c->head.client))
        c->head.nat_client = *client;
    if (!endpoint_eq(server, &c->head.server))
        c->head.nat_server = *server;
}

static struct flow_key_node *add_key(struct flow_table *t, struct flow_tcp *c, unsigned side,
                                     const struct flow_lookup *l, uint32_t path)
{
    struct flow_key_node *n = t->aliases.in_use < t->limits.connections ? slab_take(&t->aliases) : NULL;

    if (n == NULL)
        return NULL;
    *n = (struct flow_key_node){.key = l->key, .path = path, .flip = l->src_high ^ side, .conn = c};
    if (hmap_insert(&t->keys, &n->node, l->hash) != 0) {
        slab_give(&t->aliases, n);
        return NULL;
    }
    n->next = c->key.next;
    c->key.next = n;
    return n;
}

struct flow_key_node *flow_alias(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                                 struct flow_print print)
{
    const struct flow_key_node *other = on_another_path(t, l, p);

    if (other != NULL)
        return add_key(t, other->conn, flow_key_side(other, l), l, p->path);
    struct flow_tcp *c = behind_nat(t, p, print);
    bool from_client = flow_is_syn(p);
    struct flow_key_node *n =
        c != NULL ? add_key(t, c, from_client ? c->client_side : !c->client_side, l, p->path) : NULL;
    if (n != NULL)
        note_translation(c, from_client ? &p->src : &p->dst, from_client ? &p->dst : &p->src);
    return n;
}
