/* The connections whose packets are wanted, by their two ends. */
#ifndef P2T_EXTRACT_LANE_H
#define P2T_EXTRACT_LANE_H

#include "base/hash.h"
#include "extract/spool.h"
#include "extract/subject.h"
#include "packet/packet.h"

struct lane {
    struct hmap_node node;
    struct endpoint client, server; /* or the other way round, where only packets are known */
    uint32_t number;                /* from 1 */
    int64_t start_ns, until_ns;     /* of the exchange; what comes after is wanted only while it has no payload */
    bool whole;                     /* all of the connection's life is wanted */
    bool over;                      /* nothing more is wanted */
    bool has_syn;
    uint32_t syn_seq;
    size_t first; /* in the spool: what is before belongs to a connection of before */
};

/* A zeroed one is empty and ready. */
struct lanes {
    struct hmap map;
    struct lane **items;
    size_t count, cap;
};

/* The lane of the two ends, in either order; NULL: there is none. */
struct lane *lanes_find(const struct lanes *l, const struct endpoint *a, const struct endpoint *b);
/* The same, made where there was none. NULL when memory ran out. */
struct lane *lanes_add(struct lanes *l, const struct endpoint *client, const struct endpoint *server);
struct lane_state {
    bool proves;   /* something of an exchange rests on this packet */
    bool all_seen; /* nothing rests on a later one: the clock alone does not say so, which may be set back */
};

/* Whether the packet, which is of the lane, is wanted. What a later connection of the same ends made superfluous is
 * dropped from the spool. */
bool lane_wants(struct lane *lane, struct spool *spool, const struct packet *p, struct lane_state now);
void lanes_fini(struct lanes *l);

#endif
