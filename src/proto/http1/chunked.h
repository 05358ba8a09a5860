/* The chunked coding (RFC 9112 7.1), as Go's internal/chunked.go reads it, up to the last chunk; the trailer is the
 * caller's. */
#ifndef P2T_PROTO_HTTP1_CHUNKED_H
#define P2T_PROTO_HTTP1_CHUNKED_H

#include "proto/fact.h"

/* Zeroed: before the first chunk. */
struct http1_chunked {
    enum { CHUNK_SIZE = 0, CHUNK_DATA, CHUNK_CR, CHUNK_LF } state;
    uint64_t left; /* of the chunk's data; while its size is read: the size so far */
    int64_t excess;
    uint32_t line;   /* bytes of the line under way */
    uint32_t cr;     /* where its first carriage return stands, from 1; 0: nowhere */
    uint32_t blanks; /* that its last bytes are, and are not to count */
    uint8_t digits;
    bool extension;
    enum fact_bad bad_size;
};

struct http1_chunked_result {
    uint64_t used;       /* bytes taken */
    uint64_t body_bytes; /* of them, body data ... */
    uint64_t body_at;    /* ... which begin so many bytes behind the first */
    bool done;           /* the last chunk's line was read */
    enum fact_bad bad;   /* 0: none */
};

/* lenient: take the forms that Go's reader refuses and servers take: bare line feeds, blanks around a size. */
struct http1_chunked_result http1_chunked_feed(struct http1_chunked *c, struct slice bytes, bool lenient);
/* True: so many missing bytes lie inside the current chunk's data, and were passed over. */
bool http1_chunked_skip(struct http1_chunked *c, uint64_t missing);

#endif
