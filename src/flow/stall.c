/* What stands still: repeats, holes, shut windows. All of it is away from the way of packets in order. */
#include "flow/measure.h"

static struct flow_trouble *trouble_of(struct flow_table *t, struct flow_tcp *c, struct flow_sent *s)
{
    if (s != NULL && s->trouble == NULL) {
        s->trouble = slab_take(&t->troubles);
        c->head.transport->troubled = true;
    }
    return s != NULL ? s->trouble : NULL;
}

/* ---- repeats ---- */

/* When the byte was sent first, or one shortly before it; not known: its repeat. */
static struct packet_mark sent_at(const struct flow_sent *s, uint64_t off, struct packet_mark otherwise)
{
    for (uint32_t i = s->flights; i-- > 0;)
        if (s->flight[i].off <= off)
            return s->flight[i].mark;
    return otherwise;
}

static void begin_repeat(struct flow_sent *s, const struct packet *p, const struct flow_part *part)
{
    struct flow_trouble *x = s->trouble;

    x->repeat = (struct flow_stall){.kind = P2T_STALL_LOST_AFTER,
                                    .from = sent_at(s, part->off, p->mark),
                                    .off = part->off,
                                    .end = part->end,
                                    .by_timer = s->dup_acks == 0,
                                    .open = true};
    x->repeat_ts = p->tcp.ts_value;
    x->has_repeat_ts = p->tcp.has_timestamp;
    x->repeat_len = x->last_len = (uint32_t)(part->end - part->off);
}

static void was_needless(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                         const struct flow_part *part)
{
    struct flow_stall needless = {.kind = P2T_STALL_SPURIOUS,
                                  .from = p->mark,
                                  .to = p->mark,
                                  .off = part->off,
                                  .end = part->end,
                                  .segments = 1};

    flow_stall_emit(t, c, side, &needless);
}

void flow_stall_repeat(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                       const struct flow_part *part)
{
    const struct flow_half *h = &c->half[side];
    struct flow_sent *s = flow_measure_begin(t, c, side);
    struct flow_trouble *x = trouble_of(t, c, s);

    if (x == NULL)
        return;
    s->sample_len = 0;
    if (part->end <= h->acked) {
        was_needless(t, c, side, p, part);
        return;
    }
    if (part->off >= h->next) /* held: what came before it is missing, and more is sent again than that */
        return;
    if (x->repeat.repeats == 0)
        begin_repeat(s, p, part);
    x->repeat.segments++;
    if (part->off == x->repeat.off) {
        x->repeat.repeats++;
        x->last_len = (uint32_t)(part->end - part->off);
    }
    x->repeat.end = part->end > x->repeat.end ? part->end : x->repeat.end;
    x->repeat.to = p->mark;
}

/* The acknowledgement is that of the first sending: it echoes a moment before the repeat (RFC 3522), or came sooner after
 * that than the path allows. */
static bool arrived_before(const struct flow_sent *s, const struct packet *p)
{
    const struct flow_trouble *x = s->trouble;
    int64_t after_ns = p->mark.ts_ns - x->repeat.to.ts_ns;

    if (x->has_repeat_ts && p->tcp.has_timestamp && x->repeat.repeats == 1)
        return (int32_t)(p->tcp.ts_echo - x->repeat_ts) < 0;
    return s->rtt.samples > 0 && after_ns < (int64_t)s->rtt.min_us * 900;
}

/* Sent three times in vain: only when it was made smaller, it arrived. */
static void note_stuck(struct flow_sent *s)
{
    const struct flow_trouble *x = s->trouble;

    if (x->repeat.repeats >= 3 && x->last_len < x->repeat_len && x->repeat_len > s->longest_stuck)
        s->longest_stuck = x->repeat_len;
}

void flow_stall_acked(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, uint64_t off)
{
    struct flow_sent *s = flow_sent(c, !side);
    struct flow_stall *repeat = &s->trouble->repeat;

    if (repeat->repeats == 0 || off <= repeat->off)
        return;
    note_stuck(s);
    repeat->open = false;
    if (arrived_before(s, p)) {
        repeat->kind = P2T_STALL_SPURIOUS;
        repeat->from = repeat->to;
    }
    flow_stall_emit(t, c, !side, repeat);
    *repeat = (struct flow_stall){.repeats = 0};
}

/* ---- holes ---- */

void flow_stall_hole(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_trouble *x = trouble_of(t, c, flow_measure_begin(t, c, side));

    if (x == NULL || x->hole.from.ref.number != 0)
        return;
    x->hole = (struct flow_stall){
        .kind = P2T_STALL_LOST_BEFORE, .from = p->mark, .off = c->half[side].next, .segments = 1, .open = true};
    x->beyond_ns = p->mark.ts_ns;
    x->hole_ts = p->tcp.ts_value;
    x->has_hole_ts = p->tcp.has_timestamp;
}

/* It was sent before the packet beyond the hole; where the sender's clock does not tell, no repeat comes that soon. */
static bool changed_places(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    static const int64_t SOON_NS = 3000000;
    enum { DELAYED_ACK_US = 36000 };
    const struct flow_trouble *x = flow_sent(c, side)->trouble;
    const struct flow_rtt *rtt = &flow_sent(c, !side)->rtt;
    int64_t ns = p->mark.ts_ns - x->beyond_ns;

    if (x->has_hole_ts && p->tcp.has_timestamp && p->tcp.ts_value != x->hole_ts)
        return (int32_t)(p->tcp.ts_value - x->hole_ts) < 0;
    /* A single long one may hold a delayed acknowledgement. */
    bool known = rtt->samples > 1 || (rtt->samples == 1 && rtt->min_us < DELAYED_ACK_US);
    return known ? ns < (int64_t)rtt->min_us * 900 : ns < SOON_NS;
}

/* The next hole holds back what came behind it only from here on. */
static void begin_next_hole(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_trouble *x = flow_sent(c, side)->trouble;
    const struct flow_held_segment *beyond = flow_held_first(c->half[side].held);

    x->has_hole_ts = false;
    x->hole = (struct flow_stall){.repeats = 0};
    if (beyond == NULL)
        return;
    x->hole = (struct flow_stall){
        .kind = P2T_STALL_LOST_BEFORE, .from = p->mark, .off = c->half[side].next, .segments = 1, .open = true};
    x->beyond_ns = beyond->mark.ts_ns;
}

void flow_stall_filled(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_sent *s = flow_sent(c, side);
    const struct flow_half *h = &c->half[side];

    if (s == NULL || s->trouble == NULL || s->trouble->hole.from.ref.number == 0 || h->next <= s->trouble->hole.off)
        return;
    struct flow_stall hole = s->trouble->hole;
    hole.kind = changed_places(c, side, p) ? P2T_STALL_REORDERED : P2T_STALL_LOST_BEFORE;
    hole.to = p->mark;
    hole.end = hole.off + p->payload_len;
    hole.open = false;
    flow_stall_emit(t, c, side, &hole);
    begin_next_hole(c, side, p);
}

/* What the peer has is missing in the capture only. */
void flow_stall_given_up(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t to, bool unacked,
                         struct packet_mark proof)
{
    enum { HOLE_LEAST = 1000 };
    struct flow_sent *s = flow_measure_begin(t, c, side);
    const struct flow_half *h = &c->half[side];

    if (s == NULL)
        return;
    s->unseen += !unacked;
    if (unacked && to - h->next >= HOLE_LEAST && to - h->next > s->hole)
        s->hole = to - h->next;
    if (s->trouble == NULL || s->trouble->hole.from.ref.number == 0)
        return;
    struct flow_stall hole = s->trouble->hole;
    hole.to = proof;
    hole.end = to;
    if (unacked)
        flow_stall_emit(t, c, side, &hole);
    s->trouble->hole = (struct flow_stall){.repeats = 0};
}

/* ---- windows ---- */

/* RFC 9293 3.8.6.2.1: less than a segment is no window, once all that was sent has been acknowledged. */
/* A loopback's MSS may be longer than any window: no sender waits for all of that. */
static uint32_t smallest_segment(const struct flow_tcp *c, unsigned side)
{
    enum { JUMBO = 9000 };
    uint32_t mss = flow_mss(c, side);

    return mss <= JUMBO ? mss : JUMBO / 6;
}

static bool is_too_small(const struct flow_tcp *c, unsigned side)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];

    return h->scale >= 0 && (uint32_t)h->window << h->scale < smallest_segment(c, !side) && peer->high > 0 &&
           peer->acked >= peer->high;
}

static void open_window(struct flow_table *t, struct flow_tcp *c, unsigned side, struct flow_trouble *x,
                        const struct packet *p)
{
    struct flow_stall shut = x->window;

    x->window = (struct flow_stall){.repeats = 0};
    shut.open = false;
    shut.to = p->mark;
    flow_stall_emit(t, c, side, &shut);
}

static void shut_window(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_trouble *x = trouble_of(t, c, flow_measure_begin(t, c, !side));

    if (x == NULL)
        return;
    if (x->window.from.ref.number == 0)
        x->window = (struct flow_stall){.kind = P2T_STALL_ZERO_WINDOW,
                                        .from = p->mark,
                                        .off = c->half[!side].acked,
                                        .end = c->half[!side].acked,
                                        .open = true};
    x->window.to = p->mark;
}

void flow_stall_window(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side];
    struct flow_sent *s = flow_sent(c, !side);

    if (h->window == 0 || is_too_small(c, side))
        shut_window(t, c, side, p);
    else if (flow_stall_shut(s))
        open_window(t, c, !side, s->trouble, p);
}
