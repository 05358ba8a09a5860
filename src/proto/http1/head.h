/* One HTTP/1 message head out of contiguous bytes. */
#ifndef P2T_PROTO_HTTP1_HEAD_H
#define P2T_PROTO_HTTP1_HEAD_H

#include <llhttp.h>

#include "proto/http1/http1.h"

enum http1_head_result {
    HTTP1_HEAD_DONE, /* head->* is filled; *used bytes make the head */
    HTTP1_HEAD_MORE, /* no blank line yet */
    HTTP1_HEAD_REFUSED
};

struct http1_head_parse {
    struct fact_http_head *head; /* slices point into the bytes given; headers into the env */
    llhttp_t parser;             /* after DONE of a chunked message: ready for its body */
    size_t used;
};

enum http1_head_result http1_head_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                        struct slice bytes);
/* The same, by llhttp alone. */
enum http1_head_result http1_strict_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                          struct slice bytes);
/* What is known of a head that is not all there. */
void http1_head_partial(struct http1_env *env, struct fact_http_head *head, enum flow_dir dir, struct slice bytes);

struct http1_chunk_result {
    uint64_t used;       /* bytes taken */
    uint64_t body_bytes; /* of them, body data */
    bool done, bad;
};

/* Feeds bytes of a chunked body to a parser that a head left behind. */
struct http1_chunk_result http1_chunked_feed(llhttp_t *parser, struct slice bytes);
/* How many of `want` missing bytes lie inside the current chunk's data, which can be passed over. */
bool http1_chunked_skip(llhttp_t *parser, uint64_t missing);

#endif
