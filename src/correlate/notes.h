/* What is kept of a connection for its record, and making that. */
#ifndef P2T_CORRELATE_NOTES_H
#define P2T_CORRELATE_NOTES_H

#include "correlate/conn.h"

/* Of FACT_CONN_EVENT: before the connection's own view takes it. */
void notes_event(struct cconn *cc, const struct fact *f);
void notes_stall(const struct correlate *c, struct cconn *cc, const struct fact *f);
/* It is over: hands its record over, where somebody asked for them. */
void record_emit(struct correlate *c, const struct cconn *cc);

#endif
