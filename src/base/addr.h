/* IP addresses and endpoints as plain values, and their text form (RFC 5952 for IPv6). */
#ifndef P2T_BASE_ADDR_H
#define P2T_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

/* family is 4, 6, or 0 for "none". IPv4 uses the first four bytes; the rest are zero, so that values
 * compare with memcmp. */
struct ip_addr {
    uint8_t bytes[16];
    uint8_t family;
};

struct endpoint {
    struct ip_addr ip;
    uint16_t port;
};

enum { IP_TEXT_MAX = 46, ENDPOINT_TEXT_MAX = 56 };

/* Family and all. Two that are "none" are equal. */
static inline bool ip_eq(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static inline bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

/* The address as two words of a hash_words() key; the family is not included. */
static inline void ip_words(const struct ip_addr *ip, uint64_t w[2])
{
    memcpy(&w[0], ip->bytes, sizeof w[0]);
    memcpy(&w[1], ip->bytes + sizeof w[0], sizeof w[1]);
}

/* From the bytes as they are on the wire. */
struct ip_addr ip_from_v4(const uint8_t b[4]);
struct ip_addr ip_from_v6(const uint8_t b[16]);
/* Parses text of either family; family 0 in the result when it is neither. */
struct ip_addr ip_parse(struct slice text);
/* Write the text and a NUL, and return its length without the NUL. An endpoint is "10.0.0.1:80" or "[2001:db8::1]:80". */
size_t ip_format(const struct ip_addr *ip, char out[IP_TEXT_MAX]);
size_t endpoint_format(const struct endpoint *ep, char out[ENDPOINT_TEXT_MAX]);
/* For maps of both directions: the same whichever end comes first. Differs from run to run, see base/hash.h. */
uint64_t endpoint_pair_hash(const struct endpoint *a, const struct endpoint *b);

#endif
