/* IP reassembly: internal to the packet module. */
#ifndef P2T_PACKET_FRAGMENT_H
#define P2T_PACKET_FRAGMENT_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/slice.h"
#include "packet/decode.h"

/* Runs of bytes apart from each other in one datagram: fragments in hostile order. */
enum { FRAGMENT_RUNS_MAX = 64 };

struct fragment_key {
    struct ip_addr src, dst;
    uint32_t id, path;
    uint8_t protocol; /* IPv4 only (RFC 791 3.2); IPv6 does without it (RFC 8200 4.5) */
};

struct fragment {
    struct fragment_key key;
    int64_t ts_ns;
    uint32_t offset, len; /* on the wire */
    struct slice bytes;   /* of them, what was captured */
    uint8_t protocol;     /* next header */
    bool more;
};

struct fragment_datagram {
    struct slice bytes; /* up to where a fragment was cut; valid until fragment_release */
    uint32_t len;       /* on the wire */
    uint8_t protocol;
};

struct fragment_set;

struct fragment_table {
    struct packet_limits limits;
    struct hmap sets;
    struct list_link waiting; /* for fragments; the oldest first */
    struct list_link done;    /* reassembled, in use by the packet being decoded */
    size_t held_bytes;
};

void fragment_table_init(struct fragment_table *t, const struct packet_limits *limits);
void fragment_table_fini(struct fragment_table *t);

/* PACKET_DECODED when *f completed its datagram; else PACKET_DROP_FRAGMENT, _FRAGMENT_LOST or _MALFORMED.
 * Fragments that say different things about the same byte spoil their datagram for good (RFC 5722). */
enum packet_drop fragment_add(struct fragment_table *t, const struct fragment *f, struct fragment_datagram *whole);

void fragment_release_done(struct fragment_table *t);

/* Gives the datagrams of the last packet back. */
static inline void fragment_release(struct fragment_table *t)
{
    if (!list_empty(&t->done))
        fragment_release_done(t);
}

#endif
