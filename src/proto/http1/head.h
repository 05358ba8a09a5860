/* One HTTP/1 message head out of contiguous bytes. */
#ifndef P2T_PROTO_HTTP1_HEAD_H
#define P2T_PROTO_HTTP1_HEAD_H

#include "proto/http1/http1.h"

enum http1_head_result {
    HTTP1_HEAD_DONE,   /* head->* is filled; *used bytes make the head */
    HTTP1_HEAD_MORE,   /* no blank line yet */
    HTTP1_HEAD_REFUSED /* a response's: for `problem` */
};

/* Why Go's client refuses a response, and the words at fault. */
struct http1_problem {
    enum fact_bad why;
    struct slice line;
    uint16_t status; /* 0: none was read */
};

struct http1_head_parse {
    struct fact_http_head *head; /* slices point into the bytes given; headers into the env */
    size_t used;
    struct http1_problem problem;
};

enum http1_head_result http1_head_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                        struct slice bytes);
/* A request's, by llhttp alone. */
enum http1_head_result http1_strict_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes);
/* What is known of a head that is not all there. */
void http1_head_partial(struct http1_env *env, struct fact_http_head *head, enum flow_dir dir, struct slice bytes);

#endif
