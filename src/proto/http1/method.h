/* The methods that llhttp knows. */
#ifndef P2T_PROTO_HTTP1_METHOD_H
#define P2T_PROTO_HTTP1_METHOD_H

#include "base/slice.h"

/* word is one of them. */
bool http1_is_method(struct slice word);
/* start is the beginning of one of them, or all of it. */
bool http1_begins_method(struct slice start);

#endif
