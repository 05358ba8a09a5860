/* HTTP messages joined into exchanges. */
#ifndef P2T_CORRELATE_HTTP_H
#define P2T_CORRELATE_HTTP_H

#include "correlate/conn.h"

/* Any fact of HTTP. */
void http_fact(struct correlate *c, struct cconn *cc, const struct fact *f);

#endif
