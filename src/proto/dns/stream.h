/* DNS messages over TCP: two bytes of length before each (RFC 1035 4.2.2). */
#ifndef P2T_PROTO_DNS_STREAM_H
#define P2T_PROTO_DNS_STREAM_H

#include "flow/chunk.h"

struct dns_stream;

/* NULL when memory ran out. */
struct dns_stream *dns_stream_new(void);
void dns_stream_free(struct dns_stream *s);
/* Memory it holds for messages under way. */
size_t dns_stream_bytes(const struct dns_stream *s);
/* True when the bytes are a length and one whole message, and plausible as DNS. */
bool dns_stream_looks_like(struct slice bytes);
/* Cuts bytes off the front of *bytes; true when that made a message whole, which is valid until the next call. */
bool dns_stream_next(struct dns_stream *s, enum flow_dir dir, struct slice *bytes, struct slice *message);
/* Bytes are missing: the direction waits for a segment that begins like a message. */
void dns_stream_lose(struct dns_stream *s, enum flow_dir dir);

#endif
