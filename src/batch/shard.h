/* A manifest of shards: parts of many captures that can be processed independently, one capture point of one folder each. */
#ifndef P2T_BATCH_SHARD_H
#define P2T_BATCH_SHARD_H

#include "batch/batch.h"

#define SHARD_SCHEMA "pcap2trace.shard/1"

struct shard {
    char *folder;
    char *point_from; /* NULL: none */
    char *point;      /* empty: all of the folder */
    char *name;       /* of its outputs; unique in the manifest */
};

struct shards {
    struct shard *items;
    size_t count, cap;
};

/* Reads config->manifest. BATCH_DONE, or another result after saying what is wrong. Call shards_fini() in any case. */
enum batch_result shards_read(struct shards *s, const struct batch_config *config);
/* Copies the texts. 0 or P2T_ERR_MEMORY. */
int shards_add(struct shards *s, const struct shard *shard);
/* NULL: there is none of that name. */
const struct shard *shards_named(const struct shards *s, const char *name);
void shards_fini(struct shards *s);

#endif
