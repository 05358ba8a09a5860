/* Exchanges under way on a connection, whatever protocol they speak. */
#ifndef P2T_CORRELATE_OPEN_H
#define P2T_CORRELATE_OPEN_H

#include "correlate/conn.h"

/* The one that proto counts as `number`, or NULL. */
struct exchange *open_find(struct correlate *c, struct cconn *cc, uint32_t number);
/* first: its first packet; number: as proto counts. NULL when memory ran out. */
struct exchange *open_begin(struct correlate *c, struct cconn *cc, enum p2t_kind kind, uint32_t number,
                            const struct packet_mark *first);
/* It is in the connection's list, and its number is known: from now on, open_find() finds it. */
void open_index(struct correlate *c, struct cconn *cc, struct exchange *e);
/* It leaves the connection's list, if it is in it. */
void open_detach(struct correlate *c, struct cconn *cc, struct exchange *e);
/* It turned out to be no exchange: given back without being emitted, and its position with it. */
void open_discard(struct correlate *c, struct exchange *e);
/* All of a settled exchange is known: it is handed over. */
void open_finish(struct correlate *c, struct exchange *e);

#endif
