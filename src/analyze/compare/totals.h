/* Figures over all pairs of a comparison. */
#ifndef P2T_ANALYZE_COMPARE_TOTALS_H
#define P2T_ANALYZE_COMPARE_TOTALS_H

#include "analyze/compare/join.h"
#include "analyze/compare/spent.h"

struct totals_values {
    int64_t *v;
    size_t n, cap;
};

struct totals_hook {
    struct totals_values differences; /* |live - wire| in nanoseconds; sorted by totals_finish() */
    uint64_t missing_live, missing_wire, excused, outside;
};

struct totals {
    struct totals_hook hooks[P2T_HOOK_COUNT];
    struct totals_values marks[RECORD_MARKS];
    uint64_t pairs, agreeing, cut, order, errors, values;
    uint64_t joined_by[JOIN_WAYS];
    int64_t spent_ns[SPENT_WHERES];
    uint64_t reasons[SPENT_WHERES]; /* pairs with a reason of this kind */
    bool failed;                    /* memory ran out */
};

/* Counts a pair: how it was joined, what differs, and where its time went. */
void totals_add(struct totals *t, const struct pair *p, const struct spent *s, enum join_by by);
/* Sorts the values, for totals_percentile(). */
void totals_finish(struct totals *t);
void totals_fini(struct totals *t);
/* The smallest value that `percent` percent of the values do not exceed; 0 if there is none. */
int64_t totals_percentile(const struct totals_values *v, unsigned percent);

#endif
