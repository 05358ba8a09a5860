/* Calls over time, all of them, also those that the page leaves out: counts in bins that are aligned to the epoch, with widths
 * that are powers of two. */
#ifndef P2T_REPORT_BINS_H
#define P2T_REPORT_BINS_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

enum { BINS_MAX = 512 };

/* What became of a call. NEVER_SENT: it failed before a request could leave. */
#define BIN_CLASS_LIST(X)                                                                                            \
    X(OK, "ok")                                                                                                      \
    X(CLIENT_ERROR, "client_error") /* a status of 400 to 499 */                                                     \
    X(FAILED, "failed")                                                                                              \
    X(NEVER_SENT, "never_sent")                                                                                      \
    X(INCOMPLETE, "incomplete")

enum bin_class {
#define X(id, name) BIN_##id,
    BIN_CLASS_LIST(X)
#undef X
        BIN_CLASS_COUNT
};

struct bins {
    unsigned shift; /* a bin is 2^shift ns wide */
    int64_t first;  /* number of the first bin */
    size_t n;
    uint64_t count[BINS_MAX][BIN_CLASS_COUNT];
};

enum bin_class bin_class_of(const struct p2t_exchange *x);
void bins_add(struct bins *b, int64_t ns, enum bin_class class);
/* A JSON object. */
void bins_json(const struct bins *b, struct buf *out);

#endif
