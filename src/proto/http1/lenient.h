/* Heads of requests that llhttp refuses and that people meet all the same: methods it does not know, spaces in a target,
 * lines without a colon. */
#ifndef P2T_PROTO_HTTP1_LENIENT_H
#define P2T_PROTO_HTTP1_LENIENT_H

#include "proto/http1/head.h"

/* As http1_head_parse(), but for parse->problem, which is not touched. */
enum http1_head_result http1_lenient_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes);
/* The lines of a head that lacks its end, as far as they make sense. */
void http1_lenient_lines(struct http1_env *env, struct fact_http_head *head, struct slice bytes);

/* Is this a request line whatever its method? line: without its end. */
bool http1_is_request_line(struct slice line);

#endif
