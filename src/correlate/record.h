/* What is told of a whole connection when it is over: p2t_connection_record in facts. */
#ifndef P2T_CORRELATE_RECORD_H
#define P2T_CORRELATE_RECORD_H

#include "correlate/exchange.h"

struct conn_record_side {
    uint64_t packets, bytes;
    uint32_t segments, retransmitted, reordered;
    uint16_t mss;
    uint8_t scale; /* plus one; 0: not seen */
    uint8_t ttl, rst_ttl;
    struct exchange_rtt rtt; /* to this side and back */
    int64_t handshake_us;    /* negative: not known */
    struct packet_mark fin, rst, last_bytes;
    uint32_t duplicate_sacks, keep_alives, keep_alives_unanswered;
    uint32_t longest_acked, longest_stuck, unseen;
    uint64_t hole, unacked;
};

struct conn_record {
    uint64_t id;
    struct endpoint client, server;
    enum p2t_vantage vantage;
    struct packet_mark first, last, syn, last_syn, syn_ack, ack, last_late_syn_ack;
    uint32_t syns, syn_acks, late_syn_acks;
    struct packet_mark refused, icmp, challenged;
    struct ip_addr icmp_sender;
    uint8_t icmp_family, icmp_type, icmp_code;
    enum exchange_closer closer;
    bool input_ended, one_direction;
    struct packet_mark clock_back;   /* the packet that showed that the clock was set back ... */
    int64_t clock_back_ns;           /* ... by so much */
    struct packet_mark clock_jumped; /* likewise, forward */
    int64_t clock_jump_ns;
    uint32_t exchanges;
    int64_t idle_before_unacked_us;  /* negative: nothing is unacknowledged */
    struct conn_record_side side[2]; /* by enum flow_dir of what it sends */
    uint32_t stall_count, stalls_dropped;
    struct flow_stall stalls[]; /* in the order in which they ended */
};

#endif
