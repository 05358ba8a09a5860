/* Fields of a message head. */
#ifndef P2T_PROTO_HTTP1_FIELD_H
#define P2T_PROTO_HTTP1_FIELD_H

#include "proto/fact.h"

/* The first field of that name, in any case (RFC 9110 5.1); NULL: there is none. It is the head's. */
const struct fact_header *http1_header(const struct fact_http_head *head, struct slice name);

#endif
