/* Reads back the exchanges that batch wrote of a window. */
#ifndef P2T_BATCH_EXCHANGES_H
#define P2T_BATCH_EXCHANGES_H

#include "batch/outputs.h"
#include "pcap2trace/exchange.h"

struct exchanges_sink {
    void *ctx;
    /* Asked before an exchange is read, which takes longer: is one with this id wanted? NULL: all are. */
    bool (*wanted)(void *ctx, uint64_t id);
    /* In the order of the file. 0, or a negative p2t_status, which ends the reading and is returned. */
    int (*exchange)(void *ctx, const struct p2t_exchange *x);
    /* A file or a line that cannot be read. */
    void (*problem)(void *ctx, const char *path, const char *text);
};

/* Reads NAME.ndjson or NAME.ndjson.zst as the manifest has it, also where it was compressed since. 0, P2T_ERR_MEMORY, or what
 * sink->exchange() returned. */
int exchanges_read(const struct outputs_window *w, const struct exchanges_sink *sink);

#endif
