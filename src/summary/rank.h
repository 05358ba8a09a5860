/* Which causes are told, and in which order. */
#ifndef P2T_SUMMARY_RANK_H
#define P2T_SUMMARY_RANK_H

#include "summary/model.h"

/* Folds consequences into what explains them, drops those that are gone, and sorts the rest: by calls that failed, then by
 * time lost, then by when they began. */
void rank_causes(struct p2t_summary *s);
/* Calls that failed, or were slow against their usual, and that no cause names. */
size_t unexplained_failures(const struct p2t_summary *s);
/* Lookups that causes count as failed, and that no call came of. */
size_t lookups_in_vain(const struct p2t_summary *s);
/* Calls that waited when the capture ended: for over a second by then, or hit by a cause; *since_ns: when the first of them
 * began, where there is one. */
size_t open_calls(const struct p2t_summary *s, int64_t *since_ns);

#endif
