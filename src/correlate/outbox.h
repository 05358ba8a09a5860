/* Exchanges on their way out: taken from a pool, held until their order is certain, handed over. */
#ifndef P2T_CORRELATE_OUTBOX_H
#define P2T_CORRELATE_OUTBOX_H

#include "correlate/state.h"

/* A zeroed exchange with an empty arena that counts in the budget; NULL when memory ran out. */
struct exchange *exchange_take(struct correlate *c);
/* Frees one that is in no list. */
void exchange_drop(struct correlate *c, struct exchange *e);
/* What may yet turn out to have ended at end_ns holds back what ended later ... */
void outbox_hold(struct correlate *c, struct hold *h, int64_t end_ns);
/* ... until it is released. */
void outbox_release(struct correlate *c, struct hold *h);
/* The exchange has ended, for all that can be told; it is emitted once it is final and nothing earlier is open. */
void outbox_put(struct correlate *c, struct exchange *e, bool final);
void outbox_final(struct correlate *c, struct exchange *e);
/* It turned out to be no exchange: given back without being emitted. */
void outbox_discard(struct correlate *c, struct exchange *e);
/* Emits what is final and held back by nothing. */
void outbox_drain(struct correlate *c);
/* Emits all that is left, and frees the pool of exchanges. */
void outbox_flush(struct correlate *c);

#endif
