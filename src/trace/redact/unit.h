/* One character of a URL, however often it was percent-encoded: URLs stand in the queries of other URLs. */
#ifndef P2T_TRACE_REDACT_UNIT_H
#define P2T_TRACE_REDACT_UNIT_H

#include "base/slice.h"

struct unit {
    uint8_t c;
    size_t level; /* of encoding: 0 for a plain byte, 1 for %3D, 2 for %253D */
    size_t n;     /* bytes it takes, at least 1 */
};

/* unit_at() of a byte that is '%'. */
struct unit unit_encoded(struct slice s, size_t i);

/* i < s.n */
static inline struct unit unit_at(struct slice s, size_t i)
{
    return s.p[i] == '%' ? unit_encoded(s, i) : (struct unit){s.p[i], 0, 1};
}

#endif
