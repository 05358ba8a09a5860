/* What a format is to the writer. */
#ifndef P2T_WRITE_FORMAT_H
#define P2T_WRITE_FORMAT_H

#include "base/buf.h"
#include "write/writer.h"

/* Each appends to b. `index` counts exchanges from 0; `count` is how many there were. Any may be NULL but exchange. */
struct out_format_ops {
    void (*begin)(struct buf *b, const struct out_options *o);
    void (*exchange)(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, uint64_t index);
    void (*end)(struct buf *b, const struct out_options *o, uint64_t count);
};

#define X(id, name, symbol) extern const struct out_format_ops out_##symbol;
OUT_FORMAT_LIST(X)
#undef X

#endif
