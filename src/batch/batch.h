/* A growing folder of rotated captures, processed file by file: what was done stays done, whatever ends the program. */
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
    int64_t settle_ns;      /* the newest file is left alone until it was quiet for so long */
    bool follow, final, zstd;
    const char *filter, *keylog;
    size_t max_memory; /* of all capture points together, each at least P2T_MEMORY_LEAST; 0: P2T_MEMORY_DEFAULT */
    bool show_secrets, all;
    const char *const *redact, *const *keep; /* as p2t_config has them */
    size_t redact_count, keep_count;
    unsigned jobs;        /* so many capture points are worked on at a time; 0 is 1 */
    const char *manifest; /* of shards, instead of `folder` and `point_from`; NULL: none */
    uint64_t shard,
        shards; /* of its shards, those that leave the rest `shard` when counted and divided by `shards` */
    void *ctx;
    /* From several threads at once where jobs is above 1. */
    bool (*keeps)(void *ctx, const struct p2t_exchange *x);
    void (*say)(void *ctx, const char *subject, const char *text); /* subject may be NULL */
    bool (*stopped)(void *ctx);                                    /* asked between files */
};

enum batch_result {
    BATCH_DONE,
    BATCH_STOPPED,  /* asked to, with files left */
    BATCH_PROBLEMS, /* done, but not everything could be read */
    BATCH_FAILED,   /* could not go on: what was done is safe */
    BATCH_USAGE
};

enum batch_result batch_run(const struct batch_config *config);
/* Writes the manifest: one line of JSON for each capture point of each folder. */
enum batch_result batch_plan(const struct batch_config *config, const char *const *folders, size_t n,
                             int (*write)(void *ctx, const void *bytes, size_t n), void *sink);

#endif
