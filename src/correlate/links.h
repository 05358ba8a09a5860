/* Exchanges that follow from one another: silent retries on a new connection, and redirects. */
#ifndef P2T_CORRELATE_LINKS_H
#define P2T_CORRELATE_LINKS_H

#include "correlate/state.h"

/* The exchange may have a successor: it is remembered for a while. */
void links_ended(struct correlate *c, struct exchange *e);
/* A request has begun: linked to the exchange it follows from, if one is remembered. */
void links_begun(struct correlate *c, struct exchange *e);
/* The server dropped the request of a kept connection, and no repetition of it has come yet: for LINK_RETRY_NS one may. */
bool links_may_repeat(const struct exchange *e);
/* The exchange is about to be handed over: nobody refers to it any more. */
void links_settled(struct correlate *c, struct exchange *e);
/* What is remembered was read back from a saved state. */
void links_read_back(struct correlate *c);

#endif
