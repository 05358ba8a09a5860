/* Response heads as Go's client reads them: what ReadResponse, ReadMIMEHeader and readTransfer of its net/http and
 * net/textproto take, refuse and overlook. */
#ifndef P2T_PROTO_HTTP1_ANSWER_H
#define P2T_PROTO_HTTP1_ANSWER_H

#include "proto/http1/head.h"

/* How far a head, or the fields of a trailer, were looked through. Zeroed: at a status line. */
struct http1_scan {
    enum { SCAN_STATUS = 0, SCAN_FIRST_FIELD, SCAN_FIELDS } stage;
    bool folding; /* the line under way goes on over an end of line */
    uint16_t status;
    size_t line;   /* where it begins */
    size_t looked; /* where the next end of line is looked for */
};

/* Goes on where the scan stands; bytes: all of the head so far. ended: nothing follows them, and the last line may lack
 * its end. Each byte is looked at once over all calls. Of REFUSED, *problem tells why; its line may lie in
 * env->scratch. DONE: scan->line is where the blank line ended. */
enum http1_head_result http1_scan(struct http1_env *env, struct http1_scan *scan, struct slice bytes, bool ended,
                                  struct http1_problem *problem);

/* A response's head, as http1_head_parse(). */
enum http1_head_result http1_answer_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes);
/* The lines of one that lacks its end, as far as they make sense. */
void http1_answer_lines(struct http1_env *env, struct fact_http_head *head, struct slice bytes);

#endif
