/* Round trips, pauses and what was acknowledged: what packets show that are in order. */
#include "flow/measure.h"

#define MS(n) ((int64_t)(n)*1000000)

/* A shorter pause is no pause of an application, and a segment this soon after an acknowledgement waited for it. */
static const int64_t PAUSE_NS = MS(10), AT_ONCE_NS = MS(3);
/* Bytes are told apart by when they were sent, about so exactly. */
static const int64_t FLIGHT_STEP_NS = MS(1);

/* ---- round trips ---- */

/* RFC 1122 4.2.3.2: Linux delays an acknowledgement by 40 ms, Windows by 200. */
static bool is_delayed_ack(const struct flow_rtt *r, int64_t ns)
{
    int64_t over = ns - (r->samples > 0 ? (int64_t)r->min_us * 1000 : 0);

    return (over >= MS(36) && over <= MS(52)) || (over >= MS(190) && over <= MS(215));
}

static bool is_small(const struct flow_tcp *c, unsigned side, uint32_t len)
{
    enum { DEFAULT_MSS = 536 }; /* RFC 9293 3.7.1 */
    uint32_t mss = flow_mss(c, side);

    return len < (mss > 0 ? mss : DEFAULT_MSS);
}

/* A peer that answers at once acknowledges with its answer, which tells nothing of the path alone. */
static void take_sample(const struct flow_tcp *c, unsigned from, struct flow_sent *s, const struct packet *p,
                        uint64_t off)
{
    int64_t ns = p->mark.ts_ns - s->sample_ns;
    uint32_t len = s->sample_len;

    s->sample_len = 0;
    if (p->payload_len > 0 || ns < 0 || ns / 1000 > UINT32_MAX)
        return;
    if (!is_delayed_ack(&s->rtt, ns))
        flow_rtt_add(&s->rtt, (uint32_t)(ns / 1000));
    else if (off == s->sample_end && off == c->half[from].high && is_small(c, from, len))
        s->small_acked_late = true;
}

/* ---- new bytes ---- */

/* Of many moments every second one goes: the first is the one that matters most. */
static void thin_out_flight(struct flow_sent *s)
{
    s->flights = FLOW_FLIGHT_MARKS / 2;
    for (uint32_t i = 1; i < s->flights; i++)
        s->flight[i] = s->flight[2 * i];
}

static void note_flight(const struct flow_tcp *c, unsigned side, struct flow_sent *s, const struct packet *p,
                        const struct flow_part *part)
{
    const struct flow_half *h = &c->half[side];

    if (h->acked >= h->high) {
        s->flights = 0;
        s->idle_before_ns = c->before_ns != 0 ? p->mark.ts_ns - c->before_ns : 0;
    }
    if (s->flights > 0 && p->mark.ts_ns - s->flight[s->flights - 1].mark.ts_ns < FLIGHT_STEP_NS)
        return;
    if (s->flights == FLOW_FLIGHT_MARKS)
        thin_out_flight(s);
    s->flight[s->flights++] = (struct flow_flight){part->off, p->mark};
}

/* Everything was acknowledged, and still nothing came for a while: what the sender had, it would have sent by then, so that
 * it had nothing since its last bytes. */
static void note_pause(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_sent *s = flow_sent(c, side);
    const struct flow_half *h = &c->half[side];
    struct flow_stall pause = {.kind = P2T_STALL_IDLE, .from = s->last, .to = p->mark};
    int64_t acked_ns = s->acked_mark.ts_ns > s->last.ts_ns ? s->acked_mark.ts_ns : s->last.ts_ns;

    if (s->peer_spoke || h->acked < h->high || s->acked_end != h->high || flow_stall_now(s))
        return;
    pause.off = pause.end = h->high;
    pause.after_us = (uint32_t)((acked_ns - s->last.ts_ns) / 1000);
    if (p->mark.ts_ns - acked_ns >= PAUSE_NS)
        flow_stall_emit(t, c, side, &pause);
}

/* RFC 896 and RFC 1122 4.2.3.2 together: the sender waited for what the receiver held back. True: it did. */
static bool note_nagle(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_sent *s = flow_sent(c, side);
    const struct flow_half *h = &c->half[side];
    struct flow_stall wait = {.kind = P2T_STALL_NAGLE, .from = s->last, .to = p->mark};

    s->small_acked_late = false;
    wait.off = wait.end = h->high;
    if (s->peer_spoke || s->acked_end != h->high || p->mark.ts_ns - s->acked_mark.ts_ns >= AT_ONCE_NS)
        return false;
    flow_stall_emit(t, c, side, &wait);
    return true;
}

static void note_length(const struct flow_tcp *c, unsigned side, struct flow_sent *s, const struct flow_part *part)
{
    uint32_t mss = flow_mss(c, side), len = (uint32_t)(part->end - part->off);

    if (mss > 0 && len > mss) {
        s->offload = true;
        len = mss;
    }
    if (len <= s->longest)
        return;
    s->longest = len;
    s->longest_end = part->end;
}

/* The acknowledgement of a segment at the front of the stream will be a round trip. */
static void begin_sample(const struct flow_tcp *c, unsigned side, struct flow_sent *s, const struct packet *p,
                         const struct flow_part *part)
{
    uint32_t mss = flow_mss(c, side);
    uint64_t len = part->end - part->off;

    if (part->off > c->half[side].next || flow_stall_now(s) || (mss > 0 && len > mss))
        return;
    s->sample_len = (uint32_t)len;
    s->sample_end = part->end;
    s->sample_ns = p->mark.ts_ns;
}

static void take_front(struct flow_table *t, struct flow_tcp *c, unsigned side, struct flow_sent *s,
                       const struct packet *p, const struct flow_part *part)
{
    if (part->off == s->high && s->high > 0) { /* the capture lacks nothing before it */
        bool waited = s->small_acked_late && note_nagle(t, c, side, p);
        if (!waited && p->mark.ts_ns - s->last.ts_ns > PAUSE_NS)
            note_pause(t, c, side, p);
    }
    note_flight(c, side, s, p, part);
    if (s->sample_len == 0)
        begin_sample(c, side, s, p, part);
    s->high = part->end;
}

/* Clocks of timestamps tick once a millisecond with Linux, and more slowly elsewhere: only one that was seen to tick so fast
 * tells whether the capture's clock was set. */
static bool ticks_in_ms(const struct flow_sent *s)
{
    static const int64_t LEAST_NS = 200000000;
    int64_t ns = s->last.ts_ns - s->first_ts_ns;

    return s->first_ts_ns != 0 && ns > LEAST_NS && (int64_t)(s->last_ts - s->first_ts) * 2000000 > ns;
}

static void note_clock(struct flow_tcp *c, const struct flow_sent *s, const struct packet *p)
{
    int64_t ns = p->mark.ts_ns - s->last.ts_ns, ticked_ns = (int64_t)(p->tcp.ts_value - s->last_ts) * 1000000;
    int64_t jump_ns = ns - ticked_ns;

    if (!ticks_in_ms(s) || jump_ns / 7 < ns / 10 || jump_ns <= c->head.clock_jump_ns)
        return;
    c->head.clock_jump_ns = jump_ns;
    c->head.clock_jumped = p->mark;
}

static void note_timestamp(struct flow_tcp *c, struct flow_sent *s, const struct packet *p)
{
    static const int64_t JUMP_NS = 1000000000;

    if (!p->tcp.has_timestamp)
        return;
    if (p->mark.ts_ns - s->last.ts_ns > JUMP_NS)
        note_clock(c, s, p);
    if (s->first_ts_ns == 0) {
        s->first_ts_ns = p->mark.ts_ns;
        s->first_ts = p->tcp.ts_value;
    }
    s->last_ts = p->tcp.ts_value;
}

void flow_measure_new(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                      const struct flow_part *part)
{
    struct flow_sent *s = flow_measure_begin(t, c, side);

    if (s == NULL)
        return;
    s->segments++;
    if (part->off >= c->half[side].high)
        take_front(t, c, side, s, p, part);
    else if (part->end > s->high)
        s->high = part->end;
    if (part->end - part->off > s->longest)
        note_length(c, side, s, part);
    note_timestamp(c, s, p);
    s->last = p->mark;
    s->peer_spoke = false;
    flow_sent(c, !side)->peer_spoke = true;
}

/* ---- acknowledgements ---- */

static inline void note_window(struct flow_sent *s, const struct flow_half *receiver)
{
    uint32_t window = receiver->scale >= 0 ? (uint32_t)receiver->window << receiver->scale : 0;

    s->window = window > s->window ? window : s->window;
}

/* RFC 2883 4: the first block lies below the acknowledgement, or inside the second one. */
static bool reports_duplicate(const struct packet_tcp *tcp)
{
    if (tcp->sacks == 0)
        return false;
    if ((int32_t)(tcp->sack[0].right - tcp->ack) <= 0)
        return true;
    return tcp->sacks > 1 && (int32_t)(tcp->sack[0].left - tcp->sack[1].left) >= 0 &&
           (int32_t)(tcp->sack[1].right - tcp->sack[0].right) >= 0;
}

static bool arrived_twice(const struct flow_half *sender, const struct packet_tcp *tcp,
                          const struct flow_stall *repeat)
{
    return reports_duplicate(tcp) && flow_offset(sender, tcp->sack[0].left) < (int64_t)repeat->end &&
           flow_offset(sender, tcp->sack[0].right) > (int64_t)repeat->off;
}

void flow_measure_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, uint64_t off)
{
    struct flow_sent *s = flow_sent(c, !side);
    const struct flow_half *peer = &c->half[!side];

    if (s == NULL || peer->high == 0)
        return;
    s->dup_acks = 0;
    s->acked = off;
    s->dsacks += reports_duplicate(&p->tcp);
    note_window(s, &c->half[side]);
    if (s->sample_len != 0 && off >= s->sample_end)
        take_sample(c, !side, s, p, off);
    if (off >= peer->high) {
        s->acked_end = off;
        s->acked_mark = p->mark;
    }
    if (s->longest > s->longest_acked && off >= s->longest_end)
        s->longest_acked = s->longest;
    if (s->trouble == NULL)
        return;
    s->trouble->repeat.arrived |= arrived_twice(peer, &p->tcp, &s->trouble->repeat);
    flow_stall_acked(t, c, side, p, off);
}

void flow_measure_old_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_sent *s = flow_sent(c, !side);
    const struct flow_half *peer = &c->half[!side];

    (void)t;
    if (s == NULL)
        return;
    if (reports_duplicate(&p->tcp))
        s->dsacks++;
    else if (p->payload_len == 0 && peer->high > peer->acked && flow_offset(peer, p->tcp.ack) == (int64_t)peer->acked)
        s->dup_acks++;
}

/* ---- packets without bytes ---- */

void flow_measure_probe(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_sent *s = flow_sent(c, side);

    (void)t;
    if (s == NULL)
        return;
    if (flow_stall_shut(s)) {
        s->trouble->window.repeats++;
        return;
    }
    s->keep_alives++;
    if (s->keep_alives_open++ == 0)
        s->probe_first = p->mark;
    s->probe_last = p->mark;
}

void flow_measure_claim(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, int64_t off)
{
    const struct flow_half *h = &c->half[side];
    struct flow_sent *s;

    if (h->fin_seen || off <= (int64_t)h->high || off > flow_seen_end(h) + FLOW_SLACK_BYTES ||
        h->base_from != FLOW_BASE_FIXED)
        return;
    s = flow_measure_begin(t, c, side);
    if (s == NULL || (uint64_t)off <= s->claimed)
        return;
    s->claimed = (uint64_t)off;
    s->claimed_mark = p->mark;
}
