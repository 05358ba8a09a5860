/* PROXY protocol 1 and 2: what a load balancer writes before its client's bytes
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). */
#ifndef P2T_PROTO_PROXY_PROTOCOL_H
#define P2T_PROTO_PROXY_PROTOCOL_H

#include <stdint.h>

#include "base/slice.h"

enum proxy_guess { PROXY_GUESS_NO, PROXY_GUESS_MAYBE, PROXY_GUESS_YES };

enum proxy_progress {
    PROXY_MORE,  /* the header goes on */
    PROXY_WHOLE, /* what follows is another protocol */
    PROXY_BAD    /* no such header after all, or bytes of it are missing */
};

/* Zeroed at first. */
struct proxy_header {
    uint8_t version;
    uint8_t last;   /* the byte before */
    uint16_t taken; /* up to what is left */
    uint16_t left;  /* version 2: addresses and TLVs still to come */
};

/* MAYBE: it needs more of the first bytes. */
enum proxy_guess proxy_looks_like(struct slice first_bytes);
/* Takes `len` bytes of the stream, of which the first were captured, from where proxy_looks_like() said yes; *used says how
 * many belong to the header. */
enum proxy_progress proxy_feed(struct proxy_header *h, struct slice captured, uint64_t len, uint64_t *used);

#endif
