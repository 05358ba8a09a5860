/* What the lines of heads are made of. */
#ifndef P2T_PROTO_HTTP1_LINE_H
#define P2T_PROTO_HTTP1_LINE_H

#include "proto/fact.h"

/* RFC 9110 5.6.2 */
bool http1_is_token(struct slice s);
/* "HTTP/", a digit, ".", a digit; false, and the head as it was, for all else. */
bool http1_read_version(struct fact_http_head *head, struct slice word);

#endif
