/* The records that a summary keeps: beyond so many they are thinned out by hashes of what they are, so that the same ones
 * stay whatever order they came in. */
#ifndef P2T_SUMMARY_KEEP_H
#define P2T_SUMMARY_KEEP_H

#include "summary/model.h"

/* At this level of thinning, would it stay? It needs of the call what call_is_notable() asks for, start_ns, id and conn_id. */
bool keep_wants_call(const struct p2t_summary *s, const struct call *c);

/* The same of a question that is not taken yet. */
bool keep_wants_question(const struct p2t_summary *s, const struct p2t_question *x);

/* Each takes over a copy, and of a connection its stalls, or drops it. 0 or P2T_ERR_MEMORY. */
int keep_call(struct p2t_summary *s, const struct call *c);
int keep_question(struct p2t_summary *s, const struct question *q);
int keep_conn(struct p2t_summary *s, const struct conn *k);

/* Thins what is there at least as much as another summary was: its records are to be added. */
void keep_thin(struct p2t_summary *s, const uint8_t level[KEEP_KINDS]);

#endif
