/* Captures that ask for as much memory as they can: each kind as many connections, lookups or streams as wanted, written
 * to a stream as they are made. Every CANARY_EVERY of them, an ordinary exchange over a connection of its own is mixed
 * in: those are to be told in full. */
#ifndef P2T_TESTS_MEMORY_TRAFFIC_H
#define P2T_TESTS_MEMORY_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

struct traffic_kind {
    const char *name;
    uint64_t full;    /* how many, in the long form ... */
    uint64_t brief;   /* ... and in the short one */
    unsigned step_us; /* between packets */
    void (*one)(void *maker, uint64_t i);
};

extern const struct traffic_kind traffic_kinds[];
extern const size_t traffic_kind_count;

/* The number of canaries among them; negative: nobody reads it any more. */
long traffic_write(FILE *to, const struct traffic_kind *kind, uint64_t n);

#endif
