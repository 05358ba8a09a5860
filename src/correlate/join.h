/* Who gets a dial: the connection's first request, the request that made it, or nobody. The pool keeps the books; what
 * follows from them is done here. */
#ifndef P2T_CORRELATE_JOIN_H
#define P2T_CORRELATE_JOIN_H

#include "correlate/conn.h"

/* A SYN, and any other event of the connection, for its dial. */
void join_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
/* The TLS handshake is done: the connection can carry requests. */
void join_conn_secured(struct correlate *c, struct cconn *cc);
/* A request appears on the connection: it gets the dial that was made for it, if any. */
void join_request(struct correlate *c, struct cconn *cc, struct exchange *e);
/* The exchange, which is no connection's any more, is told, or kept until its dial is known. */
void join_exchange_settled(struct correlate *c, struct exchange *e);
/* Both sides have closed it, or one has reset it: if no request came over it, none will. */
void join_conn_closed(struct correlate *c, struct cconn *cc);
/* The connection is over. */
void join_conn_gone(struct correlate *c, struct cconn *cc, enum flow_end why);
/* Nothing more happened to the dial within its time. */
void join_dial_timer(struct correlate *c, struct dial *d);

#endif
