/* The live client's clock against the capture's. */
#ifndef P2T_ANALYZE_CLOCK_H
#define P2T_ANALYZE_CLOCK_H

#include "analyze/record.h"

/* live - wire, as a line: offset_ns at reference_ns (of the live clock), and drift from there on. */
struct clock {
    int64_t offset_ns, reference_ns;
    double drift; /* nanoseconds per nanosecond */
    size_t samples;
    bool applied; /* smaller ones are what the hooks themselves take */
    bool drifts;
};

/* A pair's live - wire at some time. */
struct clock_sample {
    int64_t live_ns, difference_ns;
};

/* False where the two have no hook in common whose packet tells its time. Hooks right before the packet they cause
 * are taken before those that wait for one: a client that is slow to notice is not a clock that is late. */
bool clock_sample(const struct record *live, const struct record *wire, struct clock_sample *out);
/* live - wire of the first hook that both have: ends differ where calls fail. GetConn, which may have waited long
 * before anything was to be seen, only where there is nothing else. */
bool clock_difference(const struct record *live, const struct record *wire, int64_t *ns);

/* The median; and where there are enough samples over enough time, a robust line. Offsets within `least_ns` are not applied.
 * The samples are sorted. */
struct clock clock_fit(struct clock_sample *samples, size_t n, int64_t least_ns);
/* The middle of the densest run of differences: what most of them agree on where many are wrong. Sorts them. */
int64_t clock_mode(int64_t *differences, size_t n);

/* A live time on the capture's clock. */
int64_t clock_to_wire(const struct clock *c, int64_t live_ns);

#endif
