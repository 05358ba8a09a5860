/* One decoded packet: a frame with its link, network and transport headers taken off. */
#ifndef P2T_PACKET_PACKET_H
#define P2T_PACKET_PACKET_H

#include "base/addr.h"
#include "base/slice.h"

/* Where a packet stands, for evidence: index of the capture file, and number in it from 1. */
struct packet_ref {
    uint64_t number : 40;
    uint64_t file : 24; /* eight bytes in all: connections and exchanges are full of them */
};
#define PACKET_NUMBER_MAX ((UINT64_C(1) << 40) - 1)
#define PACKET_FILE_MAX   ((UINT64_C(1) << 24) - 1)

/* What is beyond the largest number, or the last file, is told as that one. */
static inline struct packet_ref packet_ref_of(uint64_t number, uint64_t file)
{
    return (struct packet_ref){(number < PACKET_NUMBER_MAX ? number : PACKET_NUMBER_MAX) & PACKET_NUMBER_MAX,
                               (file < PACKET_FILE_MAX ? file : PACKET_FILE_MAX) & PACKET_FILE_MAX};
}

/* The same packet of the same file. */
static inline bool packet_ref_eq(struct packet_ref a, struct packet_ref b)
{
    return a.number == b.number && a.file == b.file;
}

/* A moment on the wire and the packet that marks it. number 0 means "none". */
struct packet_mark {
    int64_t ts_ns;
    struct packet_ref ref;
};

enum packet_kind { PACKET_TCP = 1, PACKET_UDP, PACKET_ICMP_ERROR };

/* RFC 9293 3.1 */
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_URG = 0x20 };

/* Bytes that were received beyond the acknowledgement: RFC 2018. */
struct packet_sack {
    uint32_t left, right;
};

struct packet_tcp {
    uint32_t seq, ack;
    uint16_t window; /* as in the header, unscaled */
    uint8_t flags;
    int8_t window_scale; /* from the SYN's option, else -1 */
    bool has_timestamp;
    uint32_t ts_value, ts_echo; /* RFC 7323 */
    uint16_t mss;               /* from the SYN's option; 0: none */
    uint8_t sacks;              /* blocks in `sack` */
    struct packet_sack sack[2]; /* the first ones */
};

/* An ICMP or ICMPv6 error, with what it quotes of the packet that caused it (RFC 792, RFC 4443).
 * The packet's own src is the host that reports; the quoted packet went quoted_src -> quoted_dst. */
struct packet_icmp {
    uint8_t type, code;
    uint8_t quoted_kind; /* PACKET_TCP or PACKET_UDP */
    struct endpoint quoted_src, quoted_dst;
    uint32_t quoted_seq;  /* TCP only */
    uint8_t quoted_flags; /* TCP only; 0 where the quote ends before them */
};

struct packet {
    struct packet_mark mark;
    enum packet_kind kind;
    struct endpoint src, dst; /* innermost IP header; ports 0 for ICMP */
    uint32_t path;            /* hash of the VLAN ids and VNIs (VXLAN, Geneve, 802.1ah) around it; 0 for none.
                               * MPLS labels, GRE keys, ERSPAN sessions and GTP tunnels may differ per direction,
                               * so they are left out */
    uint16_t ip_id;           /* IPv4 identification; 0 for IPv6 */
    uint8_t ttl;              /* TTL or hop limit of the innermost header */
    bool partial;          /* the first fragment of a datagram from a name server, whose rest has not come so far */
    uint8_t tunnel_depth;  /* IP headers around the innermost one */
    struct packet_tcp tcp; /* filled for PACKET_TCP only */
    struct slice payload;  /* transport payload that was captured; of an ICMP error: of the UDP datagram it quotes */
    uint32_t payload_len;  /* on the wire; more than payload.n where the capture cut it */
    struct packet_icmp icmp; /* filled for PACKET_ICMP_ERROR only */
};

#endif
