/* Finds in a frame what the packet decoder does not tell: where headers stand. */
#ifndef P2T_EXTRACT_SCRUB_PLACE_H
#define P2T_EXTRACT_SCRUB_PLACE_H

#include "input/frame.h"
#include "packet/packet.h"

/* The checksum field of the transport header in front of the payload, which lies in the frame. NULL: not found, or the
 * frame does not have all that it covers, or there is none (UDP). */
uint8_t *place_checksum(const struct packet *p, uint8_t *frame, size_t n);

/* Bytes of the TCP header in front of the payload, which may lie in a datagram that was put together; 0: not found. */
size_t place_tcp_header(const struct packet *p);

/* An IP header with these addresses, the innermost one. */
struct place_ip {
    uint8_t *payload; /* NULL: not found */
    size_t payload_n; /* as captured */
    uint32_t offset;  /* of a fragment: in its datagram */
    uint8_t protocol;
};
struct place_ip place_ip(const struct packet *p, uint8_t *frame, size_t n);

/* The bytes that an ICMP error quotes behind the transport header; n == 0: none. checksum: of the ICMP message. */
struct place_quote {
    uint8_t *p, *checksum;
    size_t n;
};
struct place_quote place_quote(const struct packet *p, uint8_t *frame, size_t n);

#endif
