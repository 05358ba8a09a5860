/* One direction of a connection: where its stream stands, and how far a sequence number lies from there. */
#ifndef P2T_FLOW_HALF_H
#define P2T_FLOW_HALF_H

#include "flow/duplicate.h"
#include "flow/held.h"

enum {
    FLOW_REACH_BYTES = 1 << 30, /* the largest window there is (RFC 7323 2.3): nothing real lies further ahead */
    FLOW_SLACK_BYTES = 1 << 20, /* around what was seen: where a RST, an ICMP quote or a copy must lie */
    FLOW_GUESSED_SCALE = 7      /* window scale where the SYN was not seen */
};

/* How a direction's first byte is known. */
enum flow_base {
    FLOW_BASE_NONE,
    FLOW_BASE_PEER_ACK, /* joined mid-stream: what the peer expects; bytes in flight may have passed already */
    FLOW_BASE_BARE,     /* joined mid-stream at a packet without bytes, maybe a keep-alive probe */
    FLOW_BASE_FIXED,
    FLOW_BASE_PEER_BYTES /* joined mid-stream: what the client expected when it sent bytes: their answer begins here */
};

/* One direction. Offsets count stream bytes from 0. What every packet needs comes first. */
struct flow_half {
    uint64_t next;          /* everything before was delivered */
    uint64_t high;          /* end of the last byte seen */
    uint64_t acked;         /* by the peer; never beyond the FIN */
    uint64_t watch_to;      /* above `next`: bytes before it were acknowledged at `watch` and are missing */
    struct flow_held *held; /* NULL most of the time */
    uint32_t base;          /* sequence number of offset 0 */
    uint16_t window;        /* last advertised */
    int8_t scale;           /* from the SYN; -1 unknown */
    uint8_t base_from;      /* enum flow_base */
    bool syn_seen, syn_ack_seen, fin_seen, fin_in_order, rst_seen, zero_window, ack_seen, data_after_close;
    struct flow_ring ring;
    struct packet_mark deliverable; /* of the last chunk */
    struct packet_mark watch;
    struct packet_mark acked_at; /* the last acknowledgement of bytes not seen */
    uint64_t fin;                /* offset, with fin_seen; else its RST's, with rst_seen */
    struct packet_mark fin_mark;
};

/* Offset of a sequence number, unwrapped around the next byte expected; negative before the first byte. */
static inline int64_t flow_offset(const struct flow_half *h, uint32_t seq)
{
    return (int64_t)h->next + (int32_t)(seq - (h->base + (uint32_t)h->next));
}

/* End of what was seen or acknowledged. */
static inline int64_t flow_seen_end(const struct flow_half *h)
{
    return (int64_t)(h->high > h->acked ? h->high : h->acked);
}

/* seq lies at most `before` bytes before the next byte expected, and at most `ahead` bytes after what was seen. */
static inline bool flow_within(const struct flow_half *h, uint32_t seq, int64_t before, int64_t ahead)
{
    int64_t off = flow_offset(h, seq);
    return off >= (int64_t)h->next - before && off <= flow_seen_end(h) + ahead;
}

/* seq lies within FLOW_SLACK_BYTES around what was seen of this direction. */
static inline bool flow_near(const struct flow_half *h, uint32_t seq)
{
    return flow_within(h, seq, FLOW_SLACK_BYTES, FLOW_SLACK_BYTES);
}

#endif
