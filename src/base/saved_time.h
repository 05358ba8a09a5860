/* Times that come back from a file. Clamped, so that neither their sums nor their differences overflow. */
#ifndef P2T_BASE_SAVED_TIME_H
#define P2T_BASE_SAVED_TIME_H

#include <stdint.h>

static inline int64_t saved_between(int64_t ns, int64_t least, int64_t most)
{
    return ns < least ? least : ns > most ? most : ns;
}

/* Nanoseconds since 1970: captures have none later than the year 2223, and what is computed is at most years before 1970. */
static inline int64_t saved_moment(int64_t ns)
{
    return saved_between(ns, INT64_C(-100000000000000000), INT64_C(8200000000000000000));
}

/* Nanoseconds, up to 31 years either way. */
static inline int64_t saved_duration(int64_t ns)
{
    return saved_between(ns, INT64_C(-1000000000000000000), INT64_C(1000000000000000000));
}

#endif
