/* Estimates the offset and drift of a live client's clock against the capture's. All times are nanoseconds since 1970. */
#ifndef P2T_ANALYZE_CLOCK_H
#define P2T_ANALYZE_CLOCK_H

#include "analyze/record.h"

/* live - wire as a line: offset_ns at the live time reference_ns, changing by drift. */
struct clock {
    int64_t offset_ns, reference_ns;
    double drift; /* nanoseconds per nanosecond */
    size_t samples;
    bool applied; /* false: the offset is so small that it may be the time hooks take; it is not used */
    bool drifts;
};

/* A pair's live - wire at some time. */
struct clock_sample {
    int64_t live_ns, difference_ns;
};

/* Takes a sample from a pair. Hooks that fire right before their packet are preferred to hooks that wait for one: a client
 * that is slow to notice a packet would look like a late clock. False: the two share no hook that a packet times. */
bool clock_sample(const struct record *live, const struct record *wire, struct clock_sample *out);
/* live - wire of the first hook that both have; GetConn only if they share no other: it may fire long before the first
 * packet. False: they share none. */
bool clock_difference(const struct record *live, const struct record *wire, int64_t *ns);

/* The median offset, or, with enough samples over enough time, a robust line. An offset of at most least_ns is not applied.
 * Sorts the samples. */
struct clock clock_fit(struct clock_sample *samples, size_t n, int64_t least_ns);
/* The middle of the densest run of differences: the value that most agree on even if many are wrong. Sorts them. */
int64_t clock_mode(int64_t *differences, size_t n);

/* Converts a live time to the capture's clock. */
int64_t clock_to_wire(const struct clock *c, int64_t live_ns);

#endif
