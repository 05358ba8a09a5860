/* Frames of compressed captures, kept from when they are fed to the checkpoint that counts them in: decompressing them once
 * more would take longer than all the rest. They stand in memory, and from some size on in a file without a name, which is
 * gone with the process. */
#ifndef P2T_BATCH_KEPT_H
#define P2T_BATCH_KEPT_H

#include "base/buf.h"
#include "input/frame.h"

/* A zeroed one is unusable: kept_init(). */
struct kept {
    char *path;        /* under which the file is made */
    int fd;            /* -1: there is none yet */
    uint64_t in_file;  /* bytes in it, before those of `rest` */
    struct buf rest;   /* what is not in the file */
    uint64_t settled;  /* bytes of the windows that wait for their checkpoint */
    bool failed;       /* the window at hand cannot be kept: its capture is to be read again */
    uint64_t read_at;  /* where kept_next() goes on */
    struct buf piece;  /* what it read from the file last */
    uint64_t piece_at; /* and from where */
};

/* path becomes the kept's own; a file of that name, which an interrupted run left, is removed. NULL: out of memory. */
void kept_init(struct kept *k, char *path);
void kept_fini(struct kept *k);
/* A window begins: forgets what was added since kept_settle(). */
void kept_begin(struct kept *k);
/* Adds a copy of the frame. */
void kept_add(struct kept *k, const struct input_frame *frame);
/* True: all frames since kept_begin() are kept, and stay until kept_clear(). False: none of them are. */
bool kept_settle(struct kept *k);
/* kept_next() begins at the first frame. */
void kept_rewind(struct kept *k);
/* The next frame of those that were settled, of which there must be one; its bytes are valid until the next call. 0,
 * P2T_ERR_IO with errno, or P2T_ERR_MEMORY. */
int kept_next(struct kept *k, struct input_frame *frame);
void kept_clear(struct kept *k);

#endif
