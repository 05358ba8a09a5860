/* Which request a dial was made for. A client without a pool like Go's gives a connection to the request that dialled it. */
#ifndef P2T_CORRELATE_POOL_POOL_H
#define P2T_CORRELATE_POOL_POOL_H

#include "correlate/lookup/group.h"

struct pool;

/* The first SYN of a dial. */
void pool_dial_begun(struct correlate *c, struct cconn *cc, struct dial *d);
/* It is being freed. */
void pool_dial_gone(struct correlate *c, struct dial *d);
/* The connection can carry requests: it is established, or its TLS handshake done. */
void pool_conn_established(struct correlate *c, struct cconn *cc);
void pool_conn_secured(struct correlate *c, struct cconn *cc);
void pool_conn_says_hello(struct cconn *cc);
/* A response is whole, and the connection may carry another request. */
void pool_conn_free(struct correlate *c, struct cconn *cc);
/* A side closes it: it carries no more requests. */
void pool_conn_closing(struct cconn *cc, bool by_client);
void pool_conn_gone(struct correlate *c, struct cconn *cc);
/* A request appears on the connection: it gets the dial that was made for it, if any. */
void pool_request(struct correlate *c, struct cconn *cc, struct exchange *e);
/* All of it is known but for its dial: true when it has to wait for that. */
bool pool_keeps(struct correlate *c, struct exchange *e);
void pool_timer(struct correlate *c, struct exchange *e);
/* It waits no more. */
void pool_forget(struct correlate *c, struct exchange *e);

#endif
