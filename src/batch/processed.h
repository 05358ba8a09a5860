/* Files that were processed, known by what they hold: a name may return with other content, and content under another name,
 * compressed for example, or cut. */
#ifndef P2T_BATCH_PROCESSED_H
#define P2T_BATCH_PROCESSED_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"
#include "batch/content.h"
#include "batch/folder.h"

/* How many files that left the folder are remembered: one that is being renamed or compressed soon returns. */
enum { PROCESSED_GONE_MAX = 1000 };

struct processed {
    struct hmap_node node; /* by fingerprint */
    struct list_link link; /* in the order in which they were processed */
    char *name;
    uint64_t inode, bytes, fingerprint;
    struct content content; /* as far as it was read; hash 0: only the number of packets is known */
    bool here;              /* the folder has a file with this fingerprint */
};

struct processed_set {
    struct hmap map;
    struct list_link order; /* of struct processed, the oldest first */
};

void processed_init(struct processed_set *s);
/* The files that began with the same packet, one after the other; NULL: no more. */
struct processed *processed_first(const struct processed_set *s, uint64_t fingerprint);
struct processed *processed_next(const struct processed *r);
/* This very file was processed, whatever it is called now. */
bool processed_has(const struct processed_set *s, const struct folder_file *file);
/* Adds the file, or updates what is known of that name. Returns it; NULL when memory ran out. */
struct processed *processed_note(struct processed_set *s, const struct folder_file *file,
                                 const struct content *content);
/* Forgets the oldest files that are not `here`, down to PROCESSED_GONE_MAX of them. */
void processed_trim(struct processed_set *s);
/* Appends one file as bytes, for processed_load(). */
void processed_save(const struct processed *r, struct buf *out);
/* Adds one file, or updates it. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: malformed. */
int processed_load(struct processed_set *s, struct slice saved);
/* The same of a checkpoint of version 3. */
int processed_load_3(struct processed_set *s, struct slice saved);
void processed_fini(struct processed_set *s);

#endif
