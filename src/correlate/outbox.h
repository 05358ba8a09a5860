/* Exchanges on their way out. One is handed over when the packet that settled it has been worked off: in the order of
 * packets, at one packet by start, then by id; after the last packet all the rest so. It waits for nobody else's. */
#ifndef P2T_CORRELATE_OUTBOX_H
#define P2T_CORRELATE_OUTBOX_H

#include "correlate/state.h"

/* A zeroed exchange with an empty arena that counts in the budget; NULL when memory ran out. */
struct exchange *exchange_take(struct correlate *c);
/* Gives back one that is in no list and was never settled. */
void exchange_give_back(struct correlate *c, struct exchange *e);
/* Frees one that is in no list. */
void exchange_drop(struct correlate *c, struct exchange *e);
/* All of it is known: it leaves with the packet. An end before its start is moved there. */
void outbox_put(struct correlate *c, struct exchange *e);
/* The packet has been worked off: hands over all that it settled. */
void outbox_flush(struct correlate *c);
/* Hands over the first of them; there must be one. */
void outbox_flush_first(struct correlate *c);
/* Frees the pool of exchanges. */
void outbox_fini(struct correlate *c);

#endif
