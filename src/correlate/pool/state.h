/* What the files of the pool share. */
#ifndef P2T_CORRELATE_POOL_STATE_H
#define P2T_CORRELATE_POOL_STATE_H

#include "correlate/pool/pool.h"

struct pool {
    struct hmap_node node;
    struct ip_addr client;
    uint16_t port;
    uint32_t users, unplaced_count;
    bool tls, h2;
    struct dial *last_dial;
    struct dial *dials; /* whose requests are not found yet; the longest waiting first */
    struct cconn *idle; /* free, and promised to nobody; latest first */
    struct exchange *first_unplaced, *last_unplaced;
};

/* pool_table.c: a pool lives as long as connections, dials or exchanges belong to it. */
/* NULL when memory ran out. */
struct pool *pool_of(struct correlate *c, struct cconn *cc);
void pool_drop(struct correlate *c, struct pool *p);
/* Puts one that was read back where pool_of() finds it. 0, or -1 when memory ran out. */
int pool_enlist(struct correlate *c, struct pool *p);

/* pool_client.c: told by the order in which it writes its fields (hooks.md 12), or by its resolver where they are hidden. */
bool pool_client_is_go(const struct cconn *cc, const struct exchange *e);

#endif
