/* The walk from the outermost header to the transport header: internal to the packet module.
 *
 * Each header has one function, which takes its bytes off and names the next header; packet_decode calls them in
 * a loop. Nothing recurses, so nesting costs no stack. */
#ifndef P2T_PACKET_WALK_H
#define P2T_PACKET_WALK_H

#include "base/reader.h"
#include "packet/decode.h"
#include "packet/fragment.h"

#define PACKET_LAYER_LIST(X)                                                                                         \
    X(LINK, link) /* link type in `link_type` */                                                                     \
    X(ETHERNET, ethernet)                                                                                            \
    X(TYPE_FIELD, type_field) /* EtherType or IEEE 802.3 length, then what it says */                                \
    X(VLAN, vlan)                                                                                                    \
    X(PBB, pbb)           /* IEEE 802.1ah I-TAG */                                                                   \
    X(SKIP_TAG, skip_tag) /* `tag_bytes` of no interest, then TYPE_FIELD */                                          \
    X(MACSEC, macsec)                                                                                                \
    X(LLC, llc)                                                                                                      \
    X(MPLS, mpls)                                                                                                    \
    X(PPPOE, pppoe)                                                                                                  \
    X(PPP, ppp)                                                                                                      \
    X(NSH, nsh)                                                                                                      \
    X(LOOPBACK, loopback)                                                                                            \
    X(TOKEN_RING, token_ring)                                                                                        \
    X(FRAME_RELAY, frame_relay)                                                                                      \
    X(CISCO_HDLC, cisco_hdlc)                                                                                        \
    X(PPP_HDLC, ppp_hdlc)                                                                                            \
    X(PPP_PPPD, ppp_pppd)                                                                                            \
    X(ARCNET, arcnet)                                                                                                \
    X(ATM_CLIP, atm_clip)                                                                                            \
    X(SUNATM, sunatm)                                                                                                \
    X(COOKED_V1, cooked_v1)                                                                                          \
    X(COOKED_V2, cooked_v2)                                                                                          \
    X(PFLOG, pflog)                                                                                                  \
    X(NFLOG, nflog)                                                                                                  \
    X(IPOIB, ipoib)                                                                                                  \
    X(PKTAP, pktap)                                                                                                  \
    X(PPI, ppi)                                                                                                      \
    X(RADIOTAP, radiotap)                                                                                            \
    X(PRISM, prism)                                                                                                  \
    X(WIFI, wifi)                                                                                                    \
    X(IP, ip) /* the first nibble is the version */                                                                  \
    X(IPV4, ipv4)                                                                                                    \
    X(IPV6, ipv6)                                                                                                    \
    X(IPV6_EXTENSION, ipv6_extension)                                                                                \
    X(IPV6_FRAGMENT, ipv6_fragment)                                                                                  \
    X(AH, ah)                                                                                                        \
    X(GRE, gre)                                                                                                      \
    X(ERSPAN_2, erspan_2)                                                                                            \
    X(ERSPAN_3, erspan_3)                                                                                            \
    X(WCCP, wccp)                                                                                                    \
    X(ETHERIP, etherip)                                                                                              \
    X(VXLAN, vxlan)                                                                                                  \
    X(GENEVE, geneve)                                                                                                \
    X(GTP_U, gtp_u)                                                                                                  \
    X(TEREDO, teredo)                                                                                                \
    X(L2TP, l2tp)                                                                                                    \
    X(TCP, tcp)                                                                                                      \
    X(UDP, udp)                                                                                                      \
    X(ICMP, icmp)                                                                                                    \
    X(ICMPV6, icmpv6)

enum packet_layer {
    LAYER_END, /* the walk is over: see `drop` */
#define X(id, function) LAYER_##id,
    PACKET_LAYER_LIST(X)
#undef X
        LAYER_COUNT
};

struct packet_walk {
    struct fragment_table *fragments;
    struct packet *out;
    struct reader r; /* captured bytes from here on */
    uint32_t wire;   /* bytes from here on as they were on the wire; never less than r.left */
    enum packet_layer next;
    enum packet_drop drop;
    uint32_t link_type;
    uint64_t path; /* hash_stable so far */
    uint8_t tag_bytes;
    uint8_t ip_headers; /* seen so far */
    bool wifi_padded;   /* radiotap: the 802.11 header is padded to four bytes */
    bool has_plain;
    struct packet plain; /* what this is if the bytes in its tunnel port turn out to be no tunnel */
};

#define X(id, function) void packet_layer_##function(struct packet_walk *w);
PACKET_LAYER_LIST(X)
#undef X

/* Ends the walk without a packet. */
static inline void walk_drop(struct packet_walk *w, enum packet_drop why)
{
    w->drop = why;
    w->next = LAYER_END;
}

/* The walk ends: what follows is no IP header or, inside of IP, no transport that is decoded. */
static inline void walk_not_ip(struct packet_walk *w)
{
    walk_drop(w, w->ip_headers > 0 ? PACKET_DROP_OTHER_TRANSPORT : PACKET_DROP_NOT_IP);
}

/* The next n bytes, or NULL and the end of the walk: cut when the wire had them, malformed when it had not. */
static inline const uint8_t *walk_take(struct packet_walk *w, uint32_t n)
{
    const uint8_t *p = reader_take(&w->r, n);

    if (p == NULL) {
        walk_drop(w, n <= w->wire ? PACKET_DROP_SHORT : PACKET_DROP_MALFORMED);
        return NULL;
    }
    w->wire -= n;
    return p;
}

/* The next n bytes without taking them; else as walk_take. */
static inline const uint8_t *walk_peek(struct packet_walk *w, uint32_t n)
{
    return n <= w->r.left ? w->r.p : walk_take(w, n);
}

/* Takes n bytes of no interest off and goes on with `next`. */
static inline void walk_skip_to(struct packet_walk *w, uint32_t n, enum packet_layer next)
{
    if (walk_take(w, n) != NULL)
        w->next = next;
}

/* What a header says about the length of what follows it: shorter cuts padding off, longer means a cut capture. */
static inline void walk_set_wire(struct packet_walk *w, uint32_t n)
{
    w->wire = n;
    if (w->r.left > n)
        w->r.left = n;
}

/* ip_from_v4 on the hot path: in place, and in one store, as loads that compare and hash the address would wait for
 * several. */
static inline void walk_set_v4(struct ip_addr *ip, const uint8_t *b)
{
    typedef uint32_t vector __attribute__((vector_size(16)));
    uint32_t word;

    memcpy(&word, b, sizeof word);
    vector padded = {word, 0, 0, 0};
    memcpy(ip->bytes, &padded, sizeof padded);
    ip->family = 4;
}

/* transport.c: h is a whole TCP header without options, r the captured bytes after it, wire how many those were on the
 * wire. Fills ports, tcp and payload of *out. False: the header is malformed, and *out void. */
bool walk_tcp(struct packet *out, const uint8_t *h, struct reader r, uint32_t wire);

/* ip.c: true when the bytes at the reader begin as an IP packet does; takes none of them. */
bool walk_sees_ip(const struct packet_walk *w);
/* ether.c: sets the next layer by an EtherType, or ends the walk where nothing below it can hold IP. */
void walk_ethertype(struct packet_walk *w, uint16_t type);

/* path.c: adds one id of a virtual network to the packet's path; kind is a letter for each kind of network. */
void walk_add_to_path(struct packet_walk *w, char kind, uint32_t id);
/* path.c: struct packet's `path` for the ids added so far. */
uint32_t walk_path_hash(const struct packet_walk *w);

/* Integers at p, in network order and in little-endian order; all their bytes must be there. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t load_be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

#endif
