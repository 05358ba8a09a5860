/* Measuring a connection while its packets pass: what struct flow_transport holds. Each function is called before the
 * half takes what the packet brings. */
#ifndef P2T_FLOW_MEASURE_H
#define P2T_FLOW_MEASURE_H

#include "flow/internal.h"

/* Of the bytes that `side` sends; NULL: neither side sent any so far, or memory ran out. */
static inline struct flow_sent *flow_sent(const struct flow_tcp *c, unsigned side)
{
    return c->head.transport != NULL ? &c->head.transport->sent[flow_dir_of(c, side)] : NULL;
}

/* transport.c */
/* The same, made where it is missing. */
struct flow_sent *flow_measure_begin(struct flow_table *t, struct flow_tcp *c, unsigned side);
/* Nothing is measured any more. */
void flow_measure_free(struct flow_table *t, struct flow_tcp *c);
/* Length of the longest segment that `side` may send; 0: not known. */
uint32_t flow_mss(const struct flow_tcp *c, unsigned side);
/* Hands the sink one about the bytes of `side`. */
void flow_stall_emit(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_stall *stall);
/* Something stands still. */
bool flow_stall_now(const struct flow_sent *s);

/* measure.c */
/* The segment has bytes that nobody saw before. */
void flow_measure_new(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                      const struct flow_part *part);
/* `side` acknowledged its peer's bytes up to `off`, more than before. */
void flow_measure_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, uint64_t off);
/* Any packet with an ACK: it may repeat the last one, or report duplicates. */
void flow_measure_old_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* A keep-alive probe, or one of a shut window. */
void flow_measure_probe(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* A packet without bytes lies at `off`: what is before it was sent. */
void flow_measure_claim(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, int64_t off);
/* Any packet of `side`: it is alive. */
static inline void flow_measure_alive(const struct flow_tcp *c, unsigned side)
{
    if (c->head.transport != NULL)
        c->head.transport->sent[flow_dir_of(c, !side)].keep_alives_open = 0;
}

/* stall.c */
/* All bytes of the segment were seen before. */
void flow_stall_repeat(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                       const struct flow_part *part);
/* `side` acknowledged up to off: repeats of its peer may have got through. */
void flow_stall_acked(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, uint64_t off);
/* The segment lies beyond a hole. */
void flow_stall_hole(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* A segment's bytes were taken: a hole may be filled. */
void flow_stall_filled(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* The hole up to `to` is given up; unacked: the peer lacks the bytes, too. */
void flow_stall_given_up(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t to, bool unacked,
                         struct packet_mark proof);
/* `side` advertised a window. */
void flow_stall_window(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* The window for the bytes of `side` is shut. */
static inline bool flow_stall_shut(const struct flow_sent *s)
{
    return s != NULL && s->trouble != NULL && s->trouble->window.from.ref.number != 0;
}

#endif
