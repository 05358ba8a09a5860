/* Secrets in URLs, for every text that leaves the program. */
#ifndef P2T_TRACE_REDACT_H
#define P2T_TRACE_REDACT_H

#include "base/buf.h"

/* True when the URL holds user information, or a query that might hold tokens. */
bool redact_url_needed(struct slice url);
/* Appends the URL without them. */
void redact_url_to(struct buf *b, struct slice url);

#endif
