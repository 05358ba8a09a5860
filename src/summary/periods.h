/* Captures that do not overlap: a folder may hold those of several days, or of several incidents. */
#ifndef P2T_SUMMARY_PERIODS_H
#define P2T_SUMMARY_PERIODS_H

#include "summary/model.h"

/* Finds the periods of the records, which are sorted and joined; calls that were open at the end of all wait no longer than to
 * the end of theirs. There is always one. 0, or -1 when memory ran out. */
int periods_find(struct p2t_summary *s);
/* The one that a moment lies in, or follows. */
size_t period_of(const struct p2t_summary *s, int64_t at_ns);
/* Together, without the time between them. */
int64_t periods_length(const struct p2t_summary *s);

/* parts.c: runs `each` for the records of each run of periods that have to do with each other: which share a host. The
 * summary has only these then. 0, or -1 when memory ran out. */
int periods_apart(struct p2t_summary *s, void (*each)(struct p2t_summary *s));

#endif
