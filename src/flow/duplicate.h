/* Recognises the same packet captured twice: on a veth and its bridge, with and without a VLAN tag or tunnel.
 *
 * A copy equals its original in every TCP header field that survives the way, and in the IPv4 identification; a
 * retransmission differs in the identification, or in its timestamp (RFC 7323). Where neither is there to tell
 * (identification 0 and no timestamp), only a copy within FLOW_WEAK_WINDOW_NS counts: no stack retransmits so soon. */
#ifndef P2T_FLOW_DUPLICATE_H
#define P2T_FLOW_DUPLICATE_H

#include "base/hash.h"
#include "packet/packet.h"

enum { FLOW_RING_SIZE = 8, FLOW_RECENT_SIZE = 4096, FLOW_WEAK_WINDOW_NS = 1000000 };

/* A packet's identity, and how long it can be trusted. */
struct flow_print {
    uint64_t value;
    int64_t window_ns;
};

/* The last packets of one direction. Times are kept in units of 1.024 us and wrap after 73 minutes, which only
 * matters to a packet that comes again, equal in every field, after just that long. */
struct flow_ring {
    uint64_t print[FLOW_RING_SIZE];
    uint32_t when[FLOW_RING_SIZE];
    uint32_t at;
    uint32_t now_bits,
        before_bits; /* one for each print of this round, and of the one before: most are none of them */
};

/* A hash of v after others, the same in every run. */
static inline uint64_t flow_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

/* window_ns: how late a copy may come where the packet can be told from a retransmission. */
struct flow_print flow_print_tcp(const struct packet *p, int64_t window_ns);
/* True when it was added less than its window ago. */
bool flow_ring_has(const struct flow_ring *r, struct flow_print print, int64_t now_ns);
/* Takes the oldest one's place. */
void flow_ring_add(struct flow_ring *r, struct flow_print print, int64_t now_ns);

/* The last datagrams of all flows. */
struct flow_recent {
    struct hmap map;
    struct flow_recent_entry *entries;
    size_t used, at;
};

/* 0, or P2T_ERR_MEMORY. */
int flow_recent_init(struct flow_recent *r);
void flow_recent_fini(struct flow_recent *r);
/* True when it was there, less than its window ago; otherwise remembers it. */
bool flow_recent_seen(struct flow_recent *r, struct flow_print print, int64_t now_ns);

#endif
