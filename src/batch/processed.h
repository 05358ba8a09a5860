/* Files that were processed, identified by their first packet: a name may return with other content, and content under
 * another name, compressed for example. */
#ifndef P2T_BATCH_PROCESSED_H
#define P2T_BATCH_PROCESSED_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"
#include "batch/folder.h"

/* How many files that left the folder are remembered: one that is being renamed or compressed soon returns. */
enum { PROCESSED_GONE_MAX = 1000 };

struct processed {
    struct hmap_node node; /* by fingerprint */
    struct list_link link; /* in the order in which they were processed */
    char *name;
    uint64_t inode, bytes, fingerprint, packets;
    bool here; /* the folder has a file with this fingerprint */
};

struct processed_set {
    struct hmap map;
    struct list_link order; /* of struct processed, the oldest first */
};

void processed_init(struct processed_set *s);
/* NULL: no such file was processed. */
struct processed *processed_find(const struct processed_set *s, uint64_t fingerprint);
/* Adds the file, or updates its name, size and packet count. 0 or P2T_ERR_MEMORY. */
int processed_note(struct processed_set *s, const struct folder_file *file, uint64_t packets);
/* Forgets the oldest files that are not `here`, down to PROCESSED_GONE_MAX of them. */
void processed_trim(struct processed_set *s);
/* Appends one file as bytes, for processed_load(). */
void processed_save(const struct processed *r, struct buf *out);
/* Adds one file. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: malformed. */
int processed_load(struct processed_set *s, struct slice saved);
void processed_fini(struct processed_set *s);

#endif
