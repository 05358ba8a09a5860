/* Parts of a fleet's captures that can be processed apart: a capture point of a folder each. */
#ifndef P2T_BATCH_SHARD_H
#define P2T_BATCH_SHARD_H

#include "batch/batch.h"

#define SHARD_SCHEMA "pcap2trace.shard/1"

struct shard {
    char *folder;
    char *point_from; /* NULL: none */
    char *point;      /* empty: all of the folder */
    char *name;       /* of its outputs; no two have the same */
};

struct shards {
    struct shard *items;
    size_t count, cap;
};

/* Reads config->manifest. BATCH_DONE; else what is wrong was said. To be freed in any case. */
enum batch_result shards_read(struct shards *s, const struct batch_config *config);
/* Copies the texts. 0 or P2T_ERR_MEMORY. */
int shards_add(struct shards *s, const struct shard *shard);
const struct shard *shards_named(const struct shards *s, const char *name);
void shards_fini(struct shards *s);

#endif
