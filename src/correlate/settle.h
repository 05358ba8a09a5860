/* How exchanges end: when one is over, what it still waits for, and when all of it is known. */
#ifndef P2T_CORRELATE_SETTLE_H
#define P2T_CORRELATE_SETTLE_H

#include "correlate/conn.h"

/* Provisional: it may have ended at end_ns, and is settled wait_ns later unless something goes on ... */
void settle_may_have_ended(struct correlate *c, struct exchange *e, int64_t end_ns, int64_t wait_ns);
/* ... and taken back: it goes on. */
void settle_goes_on(struct correlate *c, struct exchange *e);
/* It has ended: from here on it waits for what its connection does next. */
void settle_ended(struct correlate *c, struct exchange *e, int64_t end_ns);
/* Its connection tells nothing more about it: handed over, or kept by the pool until its dial is known. */
void settle_exchange(struct correlate *c, struct exchange *e);
/* The exchange that ended last on the connection, if it is not settled yet. */
void settle_previous(struct correlate *c, struct cconn *cc);
/* What an event of the connection, and its end, mean for the exchanges on it. */
void settle_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void settle_conn_gone(struct correlate *c, struct cconn *cc);

#endif
