/* Go's connection pool, rebuilt: its books only. Functions here say what the pool decides; join.c acts on it. */
#ifndef P2T_CORRELATE_POOL_POOL_H
#define P2T_CORRELATE_POOL_POOL_H

#include "correlate/dial/dial.h"

struct pool {
    struct hmap_node node;
    struct ip_addr client;
    uint16_t port;
    uint32_t users, unplaced_count;
    bool tls, h2;
    struct list_link dials;    /* whose requests are not found yet; the longest waiting first */
    struct list_link idle;     /* connections that are free, and promised to nobody; the latest first */
    struct list_link unplaced; /* exchanges that may turn out to have dialled; the earliest first */
};

/* ---- pool.c ---- */
/* The first SYN of a dial. False: it is in a pool already, or memory ran out. */
bool pool_dial_begun(struct correlate *c, struct cconn *cc, struct dial *d);
/* The request that made it and was served by another connection meanwhile, or NULL. */
struct exchange *pool_dial_served(const struct dial *d);
/* Another dial's request waits no longer than that of this new one, and was taken for one that this one may have made: it
 * has given that back, and pool_dial_served() is to be asked for both. NULL: none. */
struct dial *pool_dial_gives_way(struct dial *d);
/* The open dial of the client whose next attempt the connection is, or NULL. */
struct dial *pool_dial_going_on(struct correlate *c, struct cconn *cc, int64_t now);
/* The request that made the dial is found: each knows the other from now on. */
void pool_claim(struct correlate *c, struct dial *d, struct exchange *e);
/* All that a claimed dial has to tell is there. */
bool pool_dial_resolved(const struct dial *d);
/* Of a dial whose connection carries nothing, still or for good: the request that made it and was sent on another one, or
 * NULL. */
struct exchange *pool_served_elsewhere(const struct dial *d);
/* So long that its request, had it not been served elsewhere, would have used the dial's connection. */
bool pool_dial_unused_for_long(const struct correlate *c, const struct dial *d);
/* The dial whose connection is ready and unused and that this request may have made, or NULL. */
struct dial *pool_dial_unused(const struct exchange *e);
/* The dial ends: nothing in the pool refers to it any more. */
void pool_dial_gone(struct correlate *c, struct dial *d);
/* The connection has carried nothing yet, and is promised to nobody. */
bool pool_conn_unused(struct correlate *c, struct cconn *cc);
/* The connection can carry requests: whoever it is due to is promised it, or it lies idle. */
void pool_conn_ready(struct correlate *c, struct cconn *cc);
/* Its TLS handshake begins: it was not ready yet for whom it was promised to. */
void pool_conn_says_hello(struct cconn *cc);
/* A response is whole, and the connection may carry another request. */
void pool_conn_free(struct correlate *c, struct cconn *cc);
/* A side closes it: it carries no more requests. */
void pool_conn_closing(struct cconn *cc, bool by_client);
/* It is given up: nothing in the pool refers to it any more. */
void pool_conn_gone(struct correlate *c, struct cconn *cc);
/* A request appears on the connection. Returns the dial that was made for it, or NULL where it is not known (yet). */
struct dial *pool_request(struct correlate *c, struct cconn *cc, struct exchange *e);
/* All of the exchange is known but for its dial: true when it has to wait for that. */
bool pool_keeps(struct correlate *c, struct exchange *e);
/* It waits no more. */
void pool_forget(struct correlate *c, struct exchange *e);

/* ---- table.c: a pool lives as long as connections, dials or exchanges belong to it ---- */
/* An empty one, in no table. NULL when memory ran out. */
struct pool *pool_take(struct correlate *c);
/* NULL when memory ran out. */
struct pool *pool_of(struct correlate *c, struct cconn *cc);
/* One user less; the last one frees the pool. */
void pool_drop(struct correlate *c, struct pool *p);
/* Puts one that was read back where pool_of() finds it. 0, or -1 when memory ran out. */
int pool_enlist(struct correlate *c, struct pool *p);

/* ---- client.c ---- */
/* Whether the client has Go's pool: recognised by the order in which it writes its fields (src/doc/hooks.md, section 12), or
 * by its resolver where they are hidden. */
bool pool_client_is_go(const struct cconn *cc, const struct exchange *e);

#endif
