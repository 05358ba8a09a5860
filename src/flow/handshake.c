/* SYN and SYN-ACK: where streams begin, and whether they belong to this connection or to the next one. */
#include "flow/internal.h"

static bool is_syn_of(const struct flow_half *h, const struct packet *p)
{
    return h->base_from != FLOW_BASE_NONE && p->tcp.seq + 1 == h->base;
}

bool flow_answers(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];

    if (h->base_from != FLOW_BASE_NONE && !is_syn_of(h, p))
        return false;
    if (peer->base_from == FLOW_BASE_NONE)
        return h->base_from != FLOW_BASE_NONE; /* a connection to itself has one side only */
    /* More than the SYN is acknowledged when it carried data (RFC 7413). */
    return p->tcp.ack - peer->base <= peer->high;
}

static bool is_over(const struct flow_tcp *c)
{
    const struct flow_half *h = c->half;
    return h[0].fin_seen || h[1].fin_seen || h[0].rst_seen || h[1].rst_seen;
}

/* Within the window that the peer advertised: RFC 5961 4 has such a SYN challenged, not obeyed. */
static bool in_peer_window(const struct flow_tcp *c, unsigned side, uint32_t seq)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];
    int64_t off = flow_offset(h, seq);

    return off >= (int64_t)h->acked &&
           off <= (int64_t)h->next + ((int64_t)peer->window << (peer->scale > 0 ? peer->scale : 0));
}

/* Nobody repeats the SYN of a connection that both sides have closed: the whole of it is sent again, as tcpreplay does in a
 * loop. A copy of a packet is not as late. */
static bool is_played_again(const struct flow_tcp *c, const struct packet *p)
{
    static const uint64_t QUIET_NS = 300000000;

    return c->half[0].fin_seen && c->half[1].fin_seen && flow_elapsed(p->mark.ts_ns, c->last_ns) > QUIET_NS;
}

static bool syn_is_reuse(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side];

    if (is_syn_of(h, p))
        return is_played_again(c, p);
    if (!c->handshake || is_over(c))
        return true;
    if (c->class == FLOW_HALF_OPEN)
        return h->base_from != FLOW_BASE_NONE; /* else the other half of a simultaneous open */
    return h->base_from != FLOW_BASE_FIXED || !in_peer_window(c, side, p->tcp.seq);
}

static bool syn_ack_is_reuse(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if (is_syn_of(&c->half[side], p) || flow_answers(c, side, p))
        return false;
    if (!c->handshake || is_over(c))
        return true;
    return c->class == FLOW_OPEN && !flow_near(&c->half[!side], p->tcp.ack);
}

bool flow_is_reuse(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if ((p->tcp.flags & (TCP_SYN | TCP_RST)) != TCP_SYN)
        return false;
    return flow_is_syn(p) ? syn_is_reuse(c, side, p) : syn_ack_is_reuse(c, side, p);
}

static void fix_base(struct flow_half *h, uint32_t base)
{
    h->base = base;
    h->base_from = FLOW_BASE_FIXED;
}

/* Only while nothing was delivered or held: the stream begins later than the packets so far let believe. */
static void move_base(struct flow_half *h, uint32_t base)
{
    uint32_t skipped = base - h->base;

    h->base = base;
    h->acked = h->acked > skipped ? h->acked - skipped : 0;
    h->watch_to = h->acked > h->next ? h->acked : 0;
}

static void learn_own(struct flow_half *h, const struct packet *p)
{
    bool has_bytes = p->payload_len > 0 || (p->tcp.flags & TCP_FIN) != 0;
    uint32_t ahead = p->tcp.seq - h->base;

    if (h->base_from == FLOW_BASE_FIXED)
        return;
    if (h->base_from == FLOW_BASE_PEER_BYTES) { /* what it lies ahead of was lost on its way, and is sent again */
        h->base_from = has_bytes ? FLOW_BASE_FIXED : FLOW_BASE_PEER_BYTES;
        return;
    }
    if (h->base_from == FLOW_BASE_NONE)
        h->base = p->tcp.seq;
    else if (h->base_from == FLOW_BASE_PEER_ACK && ahead < FLOW_REACH_BYTES)
        move_base(h, p->tcp.seq);
    else if (ahead == 1) /* what came first was a keep-alive probe */
        move_base(h, p->tcp.seq);
    h->base_from = has_bytes ? FLOW_BASE_FIXED : FLOW_BASE_BARE;
}

/* The server's bytes that a client was still to get when it sent bytes of its own are mostly their answer. */
static void learn_peer(struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side];
    struct flow_half *peer = &c->half[!side];
    bool syn = (p->tcp.flags & TCP_SYN) != 0, asks = !syn && side == c->client_side && p->payload_len > 0;
    bool known = peer->base_from != FLOW_BASE_NONE;

    if ((p->tcp.flags & TCP_ACK) == 0 || (known && !(asks && peer->base_from == FLOW_BASE_PEER_ACK)))
        return;
    if (!known)
        peer->base = p->tcp.ack;
    else if (p->tcp.ack - peer->base < FLOW_REACH_BYTES)
        move_base(peer, p->tcp.ack);
    /* Right after its own SYN a side has got nothing but the peer's. */
    bool exact = syn || (c->handshake && flow_offset(h, p->tcp.seq) == 0);
    peer->base_from = exact ? FLOW_BASE_FIXED : asks ? FLOW_BASE_PEER_BYTES : FLOW_BASE_PEER_ACK;
}

void flow_learn_base(struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    if ((p->tcp.flags & TCP_SYN) == 0)
        learn_own(h, p);
    else if (h->base_from != FLOW_BASE_FIXED)
        fix_base(h, p->tcp.seq + 1);
    learn_peer(c, side, p);
}

static bool take_syn(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    if (h->base_from != FLOW_BASE_NONE && !is_syn_of(h, p)) {
        t->counters.out_of_window++;
        return false;
    }
    if (h->syn_seen && c->established)
        return false; /* a late copy */
    struct flow_event e = {.kind = FLOW_SYN, .dir = flow_dir_of(c, side), .mark = p->mark, .repeated = h->syn_seen};
    h->syn_seen = true;
    flow_learn_base(c, side, p);
    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
    return true;
}

static bool take_syn_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    if (!flow_answers(c, side, p)) {
        t->counters.out_of_window++;
        return false;
    }
    struct flow_event e = {
        .kind = FLOW_SYN_ACK, .dir = flow_dir_of(c, side), .mark = p->mark, .repeated = h->syn_ack_seen};
    h->syn_ack_seen = true;
    flow_learn_base(c, side, p);
    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
    return true;
}

bool flow_handshake(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    bool taken = flow_is_syn(p) ? take_syn(t, c, side, p) : take_syn_ack(t, c, side, p);

    if (taken) {
        c->head.mss[flow_dir_of(c, side)] = p->tcp.mss;
        c->half[side].scale = p->tcp.window_scale > 14 ? 14 : p->tcp.window_scale;
        if (c->half[side].scale < 0)
            c->half[side].scale = 0;
        c->head.scale[flow_dir_of(c, side)] = (uint8_t)(c->half[side].scale + 1);
        /* RFC 7323 2.2: both scale, or none. */
        if (!flow_is_syn(p) && p->tcp.window_scale < 0)
            c->half[!side].scale = 0;
    }
    return taken;
}
