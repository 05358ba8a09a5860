/* Each fact about a connection, to all that it concerns. */
#ifndef P2T_CORRELATE_FACTS_H
#define P2T_CORRELATE_FACTS_H

#include "correlate/conn.h"

/* A fact about a connection, to all that it concerns. */
void conn_fact(struct correlate *c, const struct fact *f);
/* The packets of a connection that was read back are not there: it is reported as far as it came. */
void conn_lost(struct correlate *c, struct cconn *cc);

#endif
