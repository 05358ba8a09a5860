/* What is measured of a connection: where it is kept, and how round trips are. */
#include "flow/measure.h"

struct flow_sent *flow_measure_begin(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    if (c->head.transport == NULL)
        c->head.transport = slab_take(&t->transports);
    return flow_sent(c, side);
}

void flow_measure_free(struct flow_table *t, struct flow_tcp *c)
{
    if (c->head.transport == NULL)
        return;
    slab_give(&t->troubles, c->head.transport->sent[0].trouble);
    slab_give(&t->troubles, c->head.transport->sent[1].trouble);
    slab_give(&t->transports, c->head.transport);
    c->head.transport = NULL;
}

uint32_t flow_mss(const struct flow_tcp *c, unsigned side)
{
    uint16_t own = c->head.mss[flow_dir_of(c, side)], peer = c->head.mss[flow_dir_of(c, !side)];

    if (own == 0 || peer == 0)
        return own > peer ? own : peer;
    return own < peer ? own : peer;
}

bool flow_stall_now(const struct flow_sent *s)
{
    const struct flow_trouble *x = s->trouble;

    return x != NULL && (x->repeat.repeats > 0 || x->hole.from.ref.number != 0 || x->window.from.ref.number != 0);
}

void flow_stall_emit(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_stall *stall)
{
    struct flow_event e = {.kind = FLOW_STALL, .dir = flow_dir_of(c, side), .mark = stall->to, .stall = stall};

    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
}

static uint32_t median_of(const struct flow_rtt *r)
{
    uint32_t sorted[FLOW_RTT_KEPT];

    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > r->kept[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = r->kept[i];
    }
    return r->n > 0 ? sorted[(r->n - 1) / 2] : 0;
}

/* Every second one goes, and from now on only half as many are kept. */
static void thin_out(struct flow_rtt *r)
{
    r->n = FLOW_RTT_KEPT / 2;
    for (uint32_t i = 0; i < r->n; i++)
        r->kept[i] = r->kept[2 * i];
    r->stride *= 2;
}

void flow_rtt_add(struct flow_rtt *r, uint32_t us)
{
    r->min_us = r->samples == 0 || us < r->min_us ? us : r->min_us;
    r->max_us = us > r->max_us ? us : r->max_us;
    if (r->samples == 0)
        r->stride = 1;
    if (r->samples++ % r->stride != 0)
        return;
    if (r->n == FLOW_RTT_KEPT)
        thin_out(r);
    r->kept[r->n++] = us;
    r->median_us = median_of(r);
}
