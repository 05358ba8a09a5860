/* Processes a growing folder of rotated captures, file by file. What was written stays valid however the program ends; the
 * next run continues from there. */
#ifndef P2T_BATCH_BATCH_H
#define P2T_BATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/exchange.h"
#include "pcap2trace/status.h"

struct batch_config {
    const char *folder; /* of captures; NULL: the manifest names them */
    const char *out, *state;
    const char *point_from; /* regular expression with a group that finds the capture point in a file's name; NULL:
                             * none; "interface": the pcapng interface names are it */
    int64_t settle_ns;      /* the newest file is processed only after it was unchanged for this long */
    bool follow, final, zstd, compact;
    bool say_waiting; /* say at the end which files were left because they may still grow */
    const char *filter, *keylog;
    size_t
        max_memory; /* bytes for all capture points together, each at least P2T_MEMORY_LEAST; 0: P2T_MEMORY_DEFAULT */
    bool show_secrets, all;
    const char *const *redact, *const *keep; /* as p2t_config has them */
    size_t redact_count, keep_count;
    unsigned jobs;          /* how many capture points are processed at a time; 0 means 1 */
    const char *manifest;   /* of shards, instead of `folder` and `point_from`; NULL: none */
    uint64_t shard, shards; /* process every shard whose index modulo `shards` is `shard` */
    void *ctx;
    /* Called from several threads at once when jobs is above 1. keeps(): is the exchange to be written? NULL: all are. */
    bool (*keeps)(void *ctx, const struct p2t_exchange *x);
    void (*say)(void *ctx, const char *subject, const char *text); /* subject may be NULL */
    /* NULL, or called for each window in trouble with one line, without a newline; before the window is committed, so that one that is worked off
     * again after a crash is told again. */
    void (*alert)(void *ctx, const char *line, size_t n);
    bool (*stopped)(void *ctx); /* asked between files: stop now? May be NULL */
};

enum batch_result {
    BATCH_DONE,
    BATCH_STOPPED,  /* by stopped(), perhaps with files left */
    BATCH_PROBLEMS, /* done, but not everything could be read */
    BATCH_FAILED,   /* could not go on; what was written is valid */
    BATCH_USAGE     /* the config makes no sense; said by say() */
};

enum batch_result batch_run(const struct batch_config *config);
/* Writes a manifest of shards: one line of JSON for each capture point of each folder. */
enum batch_result batch_plan(const struct batch_config *config, const char *const *folders, size_t n,
                             int (*write)(void *ctx, const void *bytes, size_t n), void *sink);

#endif
