/* What an output format is. To add one: a file that defines `out_NAME`, its line in src/write/CMakeLists.txt, and a row of
 * OUT_FORMAT_LIST in write/writer.h. */
#ifndef P2T_WRITE_FORMAT_H
#define P2T_WRITE_FORMAT_H

#include "base/buf.h"
#include "write/writer.h"

/* What was written. */
struct out_seen {
    uint64_t count;
    int64_t earliest_ns; /* the first start of an exchange; 0: there was none */
};

/* Each function appends to b, and reports no error: a buffer that ran out of memory says so itself. Only exchange() must be
 * there. Nothing of *x may be kept after the call. */
struct out_format_ops {
    /* Before the first exchange, and also when there is none. */
    void (*begin)(struct buf *b, const struct out_options *o);
    void (*exchange)(struct buf *b, const struct out_options *o, const struct p2t_exchange *x);
    /* Before each exchange; index: counts them from 0, in the order in which they stand in the output. */
    void (*lead)(struct buf *b, uint64_t index);
    /* After the last exchange. */
    void (*end)(struct buf *b, const struct out_options *o, const struct out_seen *seen);
};

#define X(id, name, symbol) extern const struct out_format_ops out_##symbol;
OUT_FORMAT_LIST(X)
#undef X

#endif
