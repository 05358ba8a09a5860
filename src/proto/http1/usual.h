/* Heads in the form that nearly all have, read without a state machine. */
#ifndef P2T_PROTO_HTTP1_USUAL_H
#define P2T_PROTO_HTTP1_USUAL_H

#include "proto/http1/head.h"

/* True: the head is filled exactly as http1_strict_parse() or http1_answer_parse() would, with HTTP1_HEAD_DONE. False: it is
 * not whole, or has something unusual; then *parse->head is as it was. */
bool http1_usual_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir, struct slice bytes);

#endif
