/* What flows hand to protocol decoders: ordered bytes with their times, and what the TCP headers said. */
#ifndef P2T_FLOW_CHUNK_H
#define P2T_FLOW_CHUNK_H

#include "base/addr.h"
#include "base/slice.h"
#include "flow/transport.h"
#include "packet/packet.h"

/* Direction of bytes in a connection: from the one that opened it, or to it. */
enum flow_dir { FLOW_C2S = 0, FLOW_S2C = 1 };

/* How client and server are known. */
enum flow_roles {
    FLOW_ROLES_HANDSHAKE, /* a SYN or SYN-ACK was seen */
    FLOW_ROLES_GUESSED    /* joined mid-stream: the side with the higher port is taken for the client */
};

/* The head of a connection: what later stages know of it, whatever its transport. Owned by the flow table; valid from
 * tcp_open to the end of tcp_close. */
struct flow_conn {
    uint64_t number;                /* of connections, in the order they were opened, from 1 */
    struct endpoint client, server; /* as the first packet seen had them */
    struct endpoint nat_server; /* the server's other address where both sides of a DNAT were seen; family 0: none */
    struct endpoint nat_client; /* the client's, likewise of an SNAT */
    uint32_t path;              /* of the first packet seen */
    enum flow_roles roles;
    struct packet_mark first;
    void *user;     /* the next stage's own, NULL at tcp_open */
    void *follower; /* of whom that stage tells about the connection; NULL at tcp_open */

    /* Counters per direction, updated before each callback. */
    uint64_t packets[2];
    uint64_t payload_bytes[2];             /* distinct stream bytes seen, wire length */
    uint32_t retransmits[2];               /* segments that brought nothing new */
    struct packet_mark last_retransmit[2]; /* the last of those segments */
    uint32_t out_of_order[2];              /* segments that came before an earlier byte */
    uint32_t duplicates;                   /* the same packet captured again elsewhere on its way */
    uint64_t lost_bytes[2];                /* holes that were never filled */

    uint64_t delivered[2];  /* stream bytes given as chunks, or left out by flow_tcp_skip() */
    uint64_t peer_acked[2]; /* of the other direction: how many its sender had acknowledged at the last chunk */

    /* What every connection has, by direction of the sender: the MSS of its SYN, and the TTLs of its first packet that is
     * no RST and of its first RST. 0: none came. */
    uint16_t mss[2];
    uint8_t scale[2]; /* its window's, plus one */
    uint8_t ttl[2], rst_ttl[2];
    struct packet_mark last;          /* its last packet */
    struct flow_transport *transport; /* NULL: no payload came, no memory, or it is over and all_known */
    bool all_known;                   /* the next stage says: it asks no more of `transport`, unless bytes come */

    /* The capture's clock was set back since the connection began: its marks are as much later than the packets' own
     * times, so that no effect comes before its cause. */
    int64_t clock_ahead_ns;
    struct packet_mark clock_back; /* the packet that first showed it, the last time */

    /* It was set forward: so much more time passed than by the timestamps of a sender (RFC 7323); the longest such. */
    int64_t clock_jump_ns;
    struct packet_mark clock_jumped;
};

/* Bytes of one direction, in stream order, without overlap and without omission: a hole is a chunk too. */
struct flow_chunk {
    enum flow_dir dir;
    uint64_t offset;         /* in the stream; 0 is the first byte after the SYN, or the first byte seen */
    struct slice bytes;      /* captured bytes; NULL for a hole */
    uint64_t len;            /* stream bytes; more than bytes.n where the rest was cut or is lost */
    bool lost;               /* len bytes never seen on the wire (bytes.n == 0) */
    bool unacked;            /* of those that are lost: the peer never acknowledged them, so it lacks them, too */
    struct packet_mark seen; /* first transmission seen; for a hole: the packet that proved it */
    /* When everything up to here was there: decision 1 of the architecture. Behind a hole that was never filled it
     * is the chunk's own `seen`, or the previous chunk's `deliverable` if that is later; a hole's own is the first
     * moment that shows bytes beyond it. So it never goes back within a direction. */
    struct packet_mark deliverable;
};

/* Member by member: a copy of eight bytes waits where fewer were written just before. */
static inline struct flow_chunk flow_chunk_copy(const struct flow_chunk *chunk)
{
    return (struct flow_chunk){.dir = chunk->dir,
                               .offset = chunk->offset,
                               .bytes = slice_of(chunk->bytes.p, chunk->bytes.n),
                               .len = chunk->len,
                               .lost = chunk->lost,
                               .unacked = chunk->unacked,
                               .seen = chunk->seen,
                               .deliverable = chunk->deliverable};
}

enum flow_event_kind {
    FLOW_SYN = 1,      /* client's SYN, each transmission; in a simultaneous open the server's, too */
    FLOW_SYN_ACK,      /* server's SYN-ACK, each transmission */
    FLOW_ESTABLISHED,  /* the client's ACK of the SYN-ACK (or its first payload) */
    FLOW_FIN,          /* first FIN of a direction, as seen (maybe before the bytes before it) */
    FLOW_FIN_IN_ORDER, /* all bytes before the FIN were delivered as chunks */
    FLOW_RST,          /* first acceptable RST of a direction */
    FLOW_ICMP,         /* an ICMP error quoting this connection; where it quotes a SYN that the capture does not have,
                            * right after the FLOW_SYN that stands for that, with the same mark */
    FLOW_ZERO_WINDOW,  /* dir's receiver closed its window ... */
    FLOW_WINDOW_OPEN,  /* ... and opened it again */
    FLOW_DATA_AFTER_CLOSE, /* payload from dir after its peer's RST or its own FIN; once */
    FLOW_FIRST_ACK,        /* first packet of dir that acknowledges payload of the other side */
    FLOW_CHALLENGED,       /* an ACK that answers the SYN and acknowledges nothing of it (dir: server's), and the RST
                            * that answers that ACK (dir: client's); the attempt goes on: RFC 9293 3.5.2, RFC 5961 4.2 */
    FLOW_SENT_AFTER_RST,   /* bytes or a FIN from dir at or behind the place of its own RST; once */
    FLOW_STALL             /* dir stood still, and goes on with this packet; mark: where it ended */
};

struct flow_event {
    enum flow_event_kind kind;
    enum flow_dir dir; /* who sent the packet; for FLOW_ICMP: whose packet is quoted */
    struct packet_mark mark;
    bool repeated;    /* FLOW_SYN, FLOW_SYN_ACK: a retransmission */
    int64_t after_ns; /* FLOW_FIRST_ACK: from the server: since the client's first payload was seen */
    uint32_t untaken; /* FLOW_RST of a socket that was gone: bytes of the peer that it never acknowledged */
    uint8_t icmp_type, icmp_code;   /* FLOW_ICMP */
    uint8_t icmp_family;            /* 4 or 6 */
    struct ip_addr reporter;        /* FLOW_ICMP */
    const struct flow_stall *stall; /* FLOW_STALL; valid during the call */
};

enum flow_end {
    FLOW_END_CLOSED = 1, /* FIN both ways or RST, and quiet since */
    FLOW_END_IDLE,       /* nothing for the idle limit */
    FLOW_END_REUSED,     /* a new connection began on the same endpoints */
    FLOW_END_EVICTED,    /* the table was full */
    FLOW_END_INPUT       /* the capture ended */
};

struct flow_datagram {
    struct packet_mark mark;
    struct endpoint src, dst;
    uint32_t path;
    struct slice bytes;
    uint32_t len; /* on the wire */
    bool partial; /* its first fragment; the whole may follow */
};

/* An ICMP error that quotes a UDP datagram sent by quoted_src. */
struct flow_udp_error {
    struct packet_mark mark;
    struct endpoint quoted_src, quoted_dst;
    struct ip_addr reporter;
    uint8_t family, type, code;
    uint32_t path;
    struct slice quoted; /* of the datagram's bytes, what is quoted and captured */
    uint32_t quoted_len; /* all of them, as it says */
};

/* Callbacks, in packet order; for one packet: holes given up by now, open, SYN, SYN-ACK or ESTABLISHED, window,
 * first ACK, chunks, FIN, FIN_IN_ORDER, RST. DATA_AFTER_CLOSE comes before the chunk. A chunk's bytes are valid
 * during the call only. */
struct flow_sink {
    void *ctx;
    void (*tcp_open)(void *ctx, struct flow_conn *conn);
    void (*tcp_event)(void *ctx, struct flow_conn *conn, const struct flow_event *event);
    void (*tcp_chunk)(void *ctx, struct flow_conn *conn, const struct flow_chunk *chunk);
    void (*tcp_close)(void *ctx, struct flow_conn *conn, enum flow_end why);
    void (*udp)(void *ctx, const struct flow_datagram *datagram);
    void (*udp_error)(void *ctx, const struct flow_udp_error *error);
};

/* The peer acknowledged bytes of that direction which were not seen and may still come late: *shown is the packet that did. Of a
 * connection of TCP that is measured (conn->transport). */
bool flow_tcp_hole(const struct flow_conn *conn, enum flow_dir dir, struct packet_mark *shown);

#endif
