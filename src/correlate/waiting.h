/* What nobody has answered so far. */
#ifndef P2T_CORRELATE_WAITING_H
#define P2T_CORRELATE_WAITING_H

#include "base/addr.h"
#include "correlate/correlate.h"

/* Of one kind: how many, and of the one that began first whom it asked last. */
struct correlate_waits {
    uint64_t n;
    struct endpoint server;
    int64_t since_ns;
};

/* Dials whose SYNs, and lookups whose questions, were not answered for at least so long, by the packet clock. */
void correlate_waiting(const struct correlate *c, int64_t for_ns, struct correlate_waits *dials,
                       struct correlate_waits *lookups);

#endif
