/* The flow table: packets in, streams out. */
#ifndef P2T_FLOW_TABLE_H
#define P2T_FLOW_TABLE_H

#include "base/budget.h"
#include "flow/chunk.h"
#include "flow/duplicate.h"
#include "flow/key.h"

struct flow_table;

/* Named limits, each with the attack it bounds; every time one is hit it is counted. */
struct flow_limits {
    size_t connections;   /* open at once, under 1000 bytes each: SYN floods. Which one goes: flow_table_evict() */
    size_t reorder_bytes; /* held in one direction after a hole: hostile sequence jumps */
    size_t reorder_bytes_total;  /* held in all connections */
    uint32_t reorder_segments;   /* segments held in one direction: one-byte segments */
    int64_t half_open_idle_ns;   /* a connection that never got an answer to its SYN */
    int64_t closed_linger_ns;    /* after FIN+FIN or RST: late segments still belong to it */
    int64_t idle_ns;             /* an established connection without packets */
    int64_t hole_patience_ns;    /* how long an acknowledged hole may still be filled by a late packet */
    int64_t duplicate_window_ns; /* how far apart two captures of one packet may be */
    struct budget *budget;       /* where what is held counts, or NULL */
};

extern const struct flow_limits flow_limits_default;

struct flow_counters {
    uint64_t packets, tcp_packets, udp_packets, icmp_errors;
    uint64_t syns; /* of tcp_packets, without ACK */
    uint64_t connections, connections_evicted;
    uint64_t duplicates, retransmits, out_of_order, keep_alives;
    uint64_t holes, hole_bytes;
    uint64_t overlaps_conflicting; /* segments that differ from one held in the same place */
    uint64_t reorder_limit_hits;
    uint64_t cut_bytes;     /* payload the capture did not keep */
    uint64_t out_of_window; /* segments, RSTs and ICMP quotes that fit no connection, or come before its first byte */
};

/* The sink is copied; every callback must be set. NULL when memory ran out. */
struct flow_table *flow_table_new(const struct flow_limits *limits, const struct flow_sink *sink);
/* Closes every connection (FLOW_END_INPUT, in the order they were opened) before it frees them. */
void flow_table_finish(struct flow_table *t);
/* NULL is allowed. Connections are freed without a word to the sink. */
void flow_table_free(struct flow_table *t);

/* What comes first for a TCP packet, and depends on nothing that the table holds: another thread may do it. */
struct flow_ready {
    struct flow_lookup lookup;
    struct flow_print print;
};

/* Fills *ready for a TCP packet; leaves it alone for others. */
void flow_table_prepare(const struct flow_table *t, const struct packet *packet, struct flow_ready *ready);
/* Takes the next packet, with what flow_table_prepare() made of it, and calls the sink with all that comes of it. 0, or
 * P2T_ERR_MEMORY. */
int flow_table_push(struct flow_table *t, const struct packet *packet, const struct flow_ready *ready);
/* Closes the least recently used of the connections that are over; else of the half-open ones, while they are many: a
 * flood of them cannot push out live ones; else of all others. False: there is none. Never from within the sink. */
bool flow_table_evict(struct flow_table *t);
/* For a stage that knows better than the port numbers: client and server change places, with all counters. Of use
 * only from tcp_open or the first tcp_event or tcp_chunk after it (which keeps the dir it was given); does nothing
 * when a handshake was seen. */
void flow_tcp_swap_roles(struct flow_conn *conn);
/* Where a direction of a connection stands. */
struct flow_place_half {
    uint64_t next, high, acked, watch_to; /* offsets */
    struct packet_mark deliverable, watch, acked_at;
    uint32_t base; /* sequence number of offset 0 */
    uint32_t retransmits, out_of_order;
    uint64_t payload_bytes, lost_bytes;
    uint16_t window;
    bool zero_window, ack_seen;
    uint8_t base_from;     /* how that is known: flow's own; 0: it is not */
    struct flow_sent sent; /* without trouble */
    struct flow_ring ring; /* its last packets */
};

/* A moment in the life of a connection at which nothing is held after a hole. */
struct flow_place {
    struct endpoint client;
    int64_t last_ns; /* of its last packet */
    int64_t newest_ns, clock_ahead_ns;
    int64_t clock_jump_ns;
    struct packet_mark clock_back, clock_jumped, last;
    bool measured;
    struct flow_place_half half[2]; /* by enum flow_dir */
};

/* Fills *place. False: bytes are held after a hole, something stands still, or bytes came after the end, so that there is no
 * such moment now. */
bool flow_tcp_place(const struct flow_conn *conn, struct flow_place *place);
/* A FIN or RST of it came. */
bool flow_tcp_is_closing(const struct flow_conn *conn);
/* The connection is taken there without a word to the sink: packets in between were not given. */
void flow_tcp_skip(struct flow_table *t, struct flow_conn *conn, const struct flow_place *place);
/* When it was used last, by the packet clock: later than its last packet's own time where captured clocks step back. */
int64_t flow_tcp_last_ns(const struct flow_conn *conn);
void flow_tcp_used(struct flow_conn *conn, int64_t last_ns);
/* After the last of them: connections are in the order of use again, and it is now_ns. 0 or P2T_ERR_MEMORY. */
int flow_table_skipped(struct flow_table *t, int64_t now_ns);
/* The latest time of a packet. */
int64_t flow_table_clock(const struct flow_table *t);
/* Counters so far; valid as long as the table. */
const struct flow_counters *flow_table_counters(const struct flow_table *t);
/* Each open connection once for every pair of endpoints and path that its packets came under, the one it was opened
 * with first; a and b are in no order. */
typedef void flow_visit(void *ctx, struct flow_conn *conn, const struct endpoint *a, const struct endpoint *b,
                        uint32_t path);
/* Calls visit() for each key of each connection, in the order of opening; it must close none. */
void flow_table_each(const struct flow_table *t, flow_visit *visit, void *ctx);

#endif
