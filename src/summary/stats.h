/* Small statistics over a summary's records: groups of what has the same key, quantiles, and the densest run of bad ones. */
#ifndef P2T_SUMMARY_STATS_H
#define P2T_SUMMARY_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summary/words.h"

enum { KEY_WORDS = 4 };

struct keyed {
    const struct word *key[KEY_WORDS]; /* those not used are NULL */
    int64_t at_ns;
    uint64_t tie; /* orders what has the same key and time */
    void *item;
};

/* Items by key, and by time within one. A zeroed one is empty. */
struct groups {
    struct keyed *all;
    size_t n, cap;
    bool failed; /* memory ran out */
};

void groups_add(struct groups *g, struct keyed k);
/* Sorts them; the words must have their ranks. */
void groups_sort(struct groups *g);
/* The next group from *at on, which is moved behind it: its first item, and *n of them; NULL at the end. */
struct keyed *groups_next(const struct groups *g, size_t *at, size_t *n);
void groups_fini(struct groups *g);

/* Numbers to ask quantiles of. A zeroed one is empty. */
struct sample {
    int64_t *v;
    size_t n, cap;
    bool sorted, failed;
};

void sample_add(struct sample *s, int64_t v);
/* The value at `permille` of the sorted numbers; 0 of none. */
int64_t sample_at(struct sample *s, unsigned permille);
void sample_fini(struct sample *s);

/* The run of items in which the bad ones are densest: each bad one counts 1, each other one -1/2 (Kadane). False: none is
 * bad. *first and *n give it. */
bool densest_run(const struct keyed *items, size_t count, bool (*bad)(const void *item), size_t *first, size_t *n);

static inline int64_t max_ns(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static inline int64_t min_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
/* Adds up; a sum that forged times made absurd stays where it can still be multiplied by 100. */
static inline void add_ns(int64_t *sum, int64_t ns)
{
    const int64_t most = INT64_MAX / 100;

    *sum = ns > most - *sum ? most : *sum + ns;
}
/* How much of [a, b] lies in [from, to]; at least 0. */
static inline int64_t overlap_ns(int64_t a, int64_t b, int64_t from, int64_t to)
{
    return max_ns(0, min_ns(b, to) - max_ns(a, from));
}

#endif
