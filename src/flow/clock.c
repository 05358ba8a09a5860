/* A capture's clock may be set back inside a connection, as NTP does. What the packets then bring - bytes, a FIN, an
 * acknowledgement that nobody saw before - proves that they were sent after what is known. */
#include "flow/internal.h"

/* ntpd steps by 128 ms at least; less is packets out of order, which the input sorts. */
static const uint64_t STEP_NS = 100000000;

static bool acknowledges_more(const struct flow_half *peer, const struct packet *p)
{
    return (p->tcp.flags & TCP_ACK) != 0 && peer->base_from != FLOW_BASE_NONE &&
           flow_offset(peer, p->tcp.ack) > (int64_t)peer->acked && flow_near(peer, p->tcp.ack);
}

static bool brings_more(const struct flow_half *h, const struct packet *p)
{
    int64_t ends = p->payload_len + ((p->tcp.flags & TCP_FIN) != 0);

    return h->base_from != FLOW_BASE_NONE && ends > 0 && flow_near(h, p->tcp.seq) &&
           flow_offset(h, p->tcp.seq) + ends > flow_seen_end(h);
}

static bool is_news(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];

    if (flow_is_syn_ack(p))
        return !h->syn_ack_seen && peer->syn_seen && flow_offset(peer, p->tcp.ack) == 0;
    if ((p->tcp.flags & TCP_RST) != 0)
        return !h->rst_seen && h->base_from != FLOW_BASE_NONE && flow_near(h, p->tcp.seq);
    return brings_more(h, p) || acknowledges_more(peer, p);
}

bool flow_clock_differs(const struct flow_tcp *c, const struct packet *p)
{
    return c->head.clock_ahead_ns != 0 || flow_elapsed(c->newest_ns, p->mark.ts_ns) > STEP_NS;
}

void flow_clock_apply(struct flow_tcp *c, unsigned side, struct packet *p)
{
    int64_t ts_ns = p->mark.ts_ns;

    if (__builtin_add_overflow(ts_ns, c->head.clock_ahead_ns, &ts_ns))
        return;
    if (flow_elapsed(c->newest_ns, ts_ns) > STEP_NS && is_news(c, side, p) &&
        !__builtin_sub_overflow(c->newest_ns, p->mark.ts_ns, &c->head.clock_ahead_ns)) {
        ts_ns = c->newest_ns;
        c->head.clock_back = (struct packet_mark){ts_ns, p->mark.ref};
    }
    p->mark.ts_ns = ts_ns;
}
