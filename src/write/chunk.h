/* What a chunk of exchanges (write/writer.h) keeps of each of them. */
#ifndef P2T_WRITE_CHUNK_H
#define P2T_WRITE_CHUNK_H

#include <stddef.h>
#include <stdint.h>

struct out_mark {
    int64_t start_ns;
    uint64_t id;
    size_t end; /* where its text ends */
};

#endif
