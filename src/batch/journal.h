/* The list of processed files, beside the checkpoint: each window adds a line, so that a checkpoint costs the same after ten
 * files and ten thousand. The checkpoint says how much of the journal counts; what a run that was interrupted wrote behind
 * that is written over.
 *
 * Format: for each file four bytes of length (little-endian) and what processed_save() writes; later ones replace earlier
 * ones of the same name. There are two files, used in turn: it is written anew when most of it was replaced. */
#ifndef P2T_BATCH_JOURNAL_H
#define P2T_BATCH_JOURNAL_H

#include "batch/processed.h"

struct journal {
    char *base; /* path without the number of the turn */
    uint32_t turn;
    uint64_t n, hash;   /* of what counts: bytes, and their hash */
    uint64_t records;   /* in it */
    struct buf pending; /* records for the next journal_write() ... */
    uint64_t pending_n; /* ... and how many */
    bool stale;         /* the file of the other turn is there, and not needed once the checkpoint is published */
};

/* Takes `base` over, which may be NULL when memory ran out. */
void journal_init(struct journal *j, char *base);
void journal_fini(struct journal *j);
/* The file was processed. */
void journal_note(struct journal *j, const struct processed *r);
/* Writes what is noted, or all of the set anew, and syncs. 0, P2T_ERR_MEMORY, or P2T_ERR_IO with *error. */
int journal_write(struct journal *j, const struct processed_set *s, int *error);
/* The checkpoint that counts on it was published. */
void journal_published(struct journal *j);
/* What the checkpoint says of it ... */
void journal_save(const struct journal *j, struct buf *out);
void journal_load(struct journal *j, struct reader *r);
/* ... and the files in it. 0, P2T_ERR_MEMORY, P2T_ERR_IO with errno, or P2T_ERR_USAGE: it is not what was written. */
int journal_read(const struct journal *j, struct processed_set *s);

#endif
