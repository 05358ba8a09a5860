/* Where TCP spent the time: of one exchange (struct p2t_transport, in p2t_exchange), and of one connection
 * (struct p2t_connection_record, by p2t_config.connection).
 *
 * Everything here is borrowed: it is valid during the callback that hands it over, and no longer. Times are nanoseconds
 * since 1970 UTC, packet time; durations are microseconds, and negative where they are not known. */
#ifndef PCAP2TRACE_TRANSPORT_H
#define PCAP2TRACE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/api.h"
#include "pcap2trace/finding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A packet that something rests on: an index into the files of the exchange or record, and the packet's number in that
 * file from 1, as Wireshark counts. */
struct p2t_evidence {
    uint32_t file;
    uint64_t packet;
};

/* Where the capture was taken, as the handshake shows it. */
enum p2t_vantage { P2T_VANTAGE_UNKNOWN, P2T_VANTAGE_CLIENT, P2T_VANTAGE_SERVER, P2T_VANTAGE_MIDDLE };

/* The moment of a packet. packet.file == UINT32_MAX: more captures hold packets of it than are named. packet.packet == 0: it did not happen, or was not captured. */
struct p2t_moment {
    int64_t time_ns;
    struct p2t_evidence packet;
};

/* Round trips from where the capture was taken to one end and back: the handshake (never of a repeated SYN), and data
 * to the pure ACK of it. Repeated segments, frames longer than the MSS and delayed ACKs are no samples. The median is that of
 * up to 16 samples spread evenly over the connection. */
struct p2t_rtt {
    uint32_t samples; /* 0: none, and the others are negative */
    int64_t min_us, median_us, max_us;
};

#define P2T_STALL_LIST(X)                                                                                            \
    X(LOST_AFTER, "lost_here_after") /* a segment that the capture saw was sent again: lost on the way from here */  \
    X(LOST_BEFORE, "lost_before")    /* a hole that a later repeat filled: lost on the way to here */                \
    X(SPURIOUS, "spurious")          /* bytes were repeated that had been acknowledged */                            \
    X(ZERO_WINDOW, "zero_window")    /* the receiver's window was shut, or too small for a segment */                \
    X(REORDERED, "reordered")        /* a hole filled without a repeat: the packets changed places */                \
    X(NAGLE, "delayed_ack_nagle")    /* a small segment waited for an ACK that the receiver delayed */               \
    X(IDLE, "sender_idle")           /* everything was acknowledged, the window open, and nothing was sent */

enum p2t_stall_kind {
#define X(id, name) P2T_STALL_##id,
    P2T_STALL_LIST(X)
#undef X
        P2T_STALL_COUNT
};

/* One time in which a direction stood still, or repeated something. */
struct p2t_stall {
    enum p2t_stall_kind kind;
    enum p2t_side sender; /* CLIENT or SERVER: of the bytes that were held up; a zero window is its peer's */
    /* LOST_AFTER: the segment's first sending, and the last repeat of it so far. LOST_BEFORE, REORDERED: the first
     * packet beyond the hole, and the one that filled it. SPURIOUS: the repeat, twice. ZERO_WINDOW: the packet that
     * shut the window, and the one that opened it or the last that was seen while it was shut. NAGLE: the small
     * segment, and the next one. IDLE: the last packet before and the first after; everything was acknowledged in
     * between. */
    struct p2t_moment from, to;
    uint64_t bytes;   /* of the segment or hole; 0: does not apply */
    uint32_t repeats; /* LOST_AFTER: repeats of the same segment; ZERO_WINDOW: probes; else 0 */
    bool by_timer;    /* LOST_AFTER: nothing but the sender's timer can have caused the (first) repeat */
    bool open;        /* it had not ended when the connection was over */
};

/* Of the bytes of one message alone; copies of packets are not counted. */
struct p2t_transport_message {
    uint32_t segments; /* frames with bytes of it, as captured; repeats included */
    uint32_t retransmitted, reordered;
    int64_t stalled_us;     /* a hole of lost bytes held it back */
    int64_t zero_window_us; /* the receiver's window was shut, or too small for the next segment */
    uint32_t probes;        /* of the shut window */
};

#define P2T_LIMIT_LIST(X)                                                                                            \
    X(UNKNOWN, NULL)                                                                                                 \
    X(NONE, "none")                                                                                                  \
    X(NETWORK_LOSS, "network_loss")                                                                                  \
    X(RECEIVER_WINDOW, "receiver_window")                                                                            \
    X(SENDER, "sender")                                                                                              \
    X(CONGESTION_WINDOW, "congestion_window")                                                                        \
    X(NAGLE_DELAYED_ACK, "nagle_delayed_ack")

/* What held the longer message. */
enum p2t_limit {
#define X(id, name) P2T_LIMIT_##id,
    P2T_LIMIT_LIST(X)
#undef X
        P2T_LIMIT_COUNT
};

/* Where the waits of one exchange were spent. What is said of a phase never exceeds it. */
struct p2t_transport {
    struct p2t_rtt client_rtt, server_rtt; /* of the connection, so far */
    struct p2t_transport_message request, response;
    int64_t acked_us; /* last byte of the request to its first ACK; negative: none was seen */
    /* The server's own time: the network's part is taken off. low and high bound it. Negative: not known. */
    int64_t server_us, server_low_us, server_high_us;
    /* Pauses while the peer waited for the client's bytes (connection ready to request head, inside the request), and
     * for the server's in its body: window open, nothing lost, nothing sent. At least 10 ms each. */
    int64_t idle_client_us, idle_server_us;
    enum p2t_limit limit;
    /* limit is RECEIVER_WINDOW, which was never shut: so many bytes were allowed on their way at the most, and as many came
     * in each round trip; 0: does not apply. */
    uint32_t limit_window;
    bool offload;          /* frames longer than the MSS: what is said of stalls is wider by one round trip */
    int64_t unacked_bytes; /* of the request, never acknowledged by the server; negative: not known */
    int64_t unheard_bytes; /* of the response: sent, as later packets show, and never acknowledged by the client */
    uint32_t first_tries;  /* sendings of the first of the request's bytes that were never acknowledged; 0: none */
    uint32_t first_length; /* and the length of that segment */
    /* Keep-alive probes of the client that nothing answered, at the end. */
    uint32_t dead_probes;
    bool one_direction; /* the other direction of the connection is not in the capture */
    const struct p2t_stall *stalls;
    size_t stall_count, stalls_dropped;
};

/* Of one direction of a connection, by who sends. */
struct p2t_flow_record {
    uint64_t packets, bytes; /* bytes: distinct, as captured */
    uint32_t segments;       /* with payload, copies removed, repeats included */
    uint32_t retransmitted, reordered;
    uint16_t mss;         /* of its SYN; 0: not seen */
    int8_t scale;         /* of its window, from the SYN; negative: not seen */
    uint8_t ttl;          /* of its usual packets, as they came in here; 0: none was seen */
    uint8_t rst_ttl;      /* of its first RST; 0: it sent none */
    struct p2t_rtt rtt;   /* to this side and back */
    int64_t handshake_us; /* round trip to this side at the handshake; negative: not known */
    struct p2t_moment fin, rst;
    struct p2t_moment last_bytes;    /* the last packet with bytes that were new */
    uint32_t duplicate_sacks;        /* blocks of bytes that it had got twice, as it said: RFC 2883 */
    uint32_t keep_alives;            /* probes that it sent ... */
    uint32_t keep_alives_unanswered; /* ... after the last packet of its peer */
    uint32_t largest_acked;          /* length of the largest segment that was acknowledged, not more than an MSS */
    uint32_t largest_stuck; /* of the largest that was sent at least three times and never acknowledged; 0: none */
    uint64_t largest_hole;  /* of at least 1,000 bytes, never captured and never acknowledged, though later bytes
                             * were sent; 0: none */
    uint64_t unacked_bytes; /* at the end */
    uint32_t unseen;        /* times that bytes were acknowledged which the capture never saw */
};

/* Who closed a connection first. */
enum p2t_closer {
    P2T_CLOSER_NONE,
    P2T_CLOSER_CLIENT_FIN,
    P2T_CLOSER_CLIENT_RST,
    P2T_CLOSER_SERVER_FIN,
    P2T_CLOSER_SERVER_RST
};

/* Of a connection: those that ended, and those still open. */
enum { P2T_STALLS_MAX = 32, P2T_STALLS_OPEN_MAX = 6 };

/* One TCP connection, or attempt at one, whatever it carried. */
struct p2t_connection_record {
    uint64_t id;                   /* of p2t_connection, too */
    const char *client, *server;   /* "ip:port" */
    struct p2t_moment first, last; /* packets */
    struct p2t_moment syn, last_syn, syn_ack, ack;
    struct p2t_moment last_late_syn_ack; /* the last of late_syn_acks */
    struct p2t_moment refused;           /* the RST that answered the SYN */
    struct p2t_moment challenged;        /* an ACK answered the SYN and acknowledged nothing of it */
    struct p2t_moment icmp;              /* the first ICMP error that quotes the connection, and who sent it */
    const char *icmp_sender;             /* NULL: none */
    /* The capture's clock was set back while the connection was open, by so much; clock_back: the packet that shows it. */
    struct p2t_moment clock_back;
    int64_t clock_back_us;
    /* It was set forward: so much more time passed than by the timestamps of a sender (RFC 7323). */
    struct p2t_moment clock_jumped;
    int64_t clock_jump_us;
    /* Silence of both sides before the first of the bytes at the end that nobody acknowledged; negative: none are. */
    int64_t idle_before_unacked_us;
    struct p2t_flow_record side[2]; /* by P2T_SIDE_CLIENT, P2T_SIDE_SERVER */
    const struct p2t_stall
        *stalls; /* the first P2T_STALLS_MAX, in the order in which they ended, and those still open */
    size_t stall_count, stalls_dropped;
    const char *const *files;
    size_t file_count;
    uint32_t syns, syn_acks; /* the client's SYNs, and the server's answers; copies of the same packet are none */
    uint32_t late_syn_acks;  /* copies of the SYN-ACK after the client's ACK had passed here */
    uint32_t exchanges;      /* carried, so far as they were told */
    enum p2t_vantage vantage;
    enum p2t_closer closer;
    uint8_t refused_ttl;
    uint8_t icmp_family, icmp_type, icmp_code; /* family 0: none */
    bool input_ended;   /* the capture ended with the connection open, or memory ran out for it */
    bool one_direction; /* packets of one side only, though the other must have sent some */
};

/* Static names, as NDJSON has them; NULL for a limit that is not known, and for a value that is none of the enum's. */
P2T_API const char *p2t_stall_name(enum p2t_stall_kind kind);
P2T_API const char *p2t_limit_name(enum p2t_limit limit);

#ifdef __cplusplus
}
#endif

#endif
