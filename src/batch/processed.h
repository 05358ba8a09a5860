/* Files that were processed, told by the packet they begin with: a name may come again with another content, and a
 * content under another name, compressed say. */
#ifndef P2T_BATCH_PROCESSED_H
#define P2T_BATCH_PROCESSED_H

#include "base/buf.h"
#include "base/hash.h"
#include "batch/folder.h"

/* Of files that are gone, so many are remembered: one that is being renamed or compressed is back soon. */
enum { PROCESSED_GONE_MAX = 1000 };

struct processed {
    struct hmap_node node;  /* by fingerprint */
    struct processed *next; /* in the order in which they were processed */
    char *name;
    uint64_t inode, bytes, fingerprint, packets;
    bool here; /* the folder has a file that begins like it */
};

struct processed_set {
    struct hmap map;
    struct processed *first, *last;
};

struct processed *processed_find(const struct processed_set *s, uint64_t fingerprint);
/* Makes or renews it. P2T_ERR_MEMORY. */
int processed_note(struct processed_set *s, const struct folder_file *file, uint64_t packets);
/* Forgets the oldest of those that are not `here`, beyond the limit. */
void processed_trim(struct processed_set *s);
void processed_save(const struct processed *r, struct buf *out);
/* P2T_ERR_USAGE: it makes no sense. */
int processed_load(struct processed_set *s, struct slice saved);
void processed_fini(struct processed_set *s);

#endif
