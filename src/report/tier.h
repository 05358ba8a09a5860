/* Which exchanges the page gives up first when it gets too big: what is common, half of it at a time, chosen by a hash of the
 * id; what failed, was slowest, or is an example of its group last. */
#ifndef P2T_REPORT_TIER_H
#define P2T_REPORT_TIER_H

#include "pcap2trace/exchange.h"

/* KEPT: the first ones, examples of each group, and the slowest of each group so far. Of NOTABLE and ORDINARY, each tier
 * has half as many as the one before it. */
enum {
    TIER_KEPT,
    TIER_NOTABLE,
    TIER_NOTABLE_COUNT = 6,
    TIER_ORDINARY = TIER_NOTABLE + TIER_NOTABLE_COUNT,
    TIER_ORDINARY_COUNT = 8,
    TIER_QUIET = TIER_ORDINARY + TIER_ORDINARY_COUNT,
    TIER_COUNT
};

struct tiers;

/* NULL when memory ran out. */
struct tiers *tiers_new(void);
unsigned tiers_of(struct tiers *t, const struct p2t_exchange *x);
/* The half that an id falls in, again and again: 0 for half of all, 1 for a quarter, up to most - 1. */
unsigned tier_lot(uint64_t id, unsigned most);
void tiers_free(struct tiers *t);

#endif
