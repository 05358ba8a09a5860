/* Captures of TCP conversations, packet by packet. */
#ifndef P2T_TESTS_SUPPORT_PEERS_H
#define P2T_TESTS_SUPPORT_PEERS_H

#include "base/buf.h"

enum { PEER_FIN = 1, PEER_SYN = 2, PEER_RST = 4, PEER_ACK = 16 };

struct peer {
    uint32_t ip;
    uint16_t port;
    uint32_t seq; /* of what it sends next */
};

/* The pcap file header: nanosecond times, raw IP packets. */
void peers_begin(struct buf *b);
void peers_packet(struct buf *b, uint64_t ns, struct peer *from, const struct peer *to, unsigned flags,
                  const char *payload);

#endif
