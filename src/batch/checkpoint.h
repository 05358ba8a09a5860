/* The file that a batch goes on from: what was done, and the frames that rebuild what was open.
 *
 * Eight bytes of magic, a version, and a zstd stream with a checksum: records of a type, a length and so many bytes,
 * the last of which counts the others. */
#ifndef P2T_BATCH_CHECKPOINT_H
#define P2T_BATCH_CHECKPOINT_H

#include <stdio.h>

#include "base/buf.h"
#include "batch/store.h"
#include "input/frame.h"

/* Raised when the format changes, correlate's image among it, or what ids are made of. */
enum { CHECKPOINT_VERSION = 3 };

enum checkpoint_type {
    CHECKPOINT_HEAD = 1, /* batch/point.c */
    CHECKPOINT_FILE,     /* one that was processed: batch/processed.c */
    CHECKPOINT_SESSION,  /* session_carry_save() */
    CHECKPOINT_NAME,     /* of a file, before the first that refers to it */
    CHECKPOINT_FRAME,
    CHECKPOINT_PLACE, /* session_carry_place() */
    CHECKPOINT_END
};

struct checkpoint_record {
    enum checkpoint_type type;
    struct slice bytes; /* valid until the next one is read */
};

struct checkpoint_reader {
    FILE *file;
    void *zstd;
    uint8_t *packed;
    size_t packed_n, packed_at, packed_cap;
    struct buf plain;
    size_t plain_at;
    uint64_t records;
    uint32_t version; /* of the file */
    bool over;
};

enum checkpoint_found { CHECKPOINT_FOUND, CHECKPOINT_NONE, CHECKPOINT_OTHER_VERSION, CHECKPOINT_DAMAGED };

/* An enum checkpoint_found, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. Close it in any case. */
int checkpoint_open(struct checkpoint_reader *r, const char *path);
/* 1: a record; 0: the end, and all of it was whole; CHECKPOINT_DAMAGED; P2T_ERR_MEMORY. */
int checkpoint_next(struct checkpoint_reader *r, struct checkpoint_record *record);
void checkpoint_close(struct checkpoint_reader *r);

struct checkpoint_writer {
    struct store store;
    uint64_t records;
    struct buf scratch;
};

int checkpoint_create(struct checkpoint_writer *w, const char *path);
int checkpoint_put(struct checkpoint_writer *w, enum checkpoint_type type, struct slice bytes);
int checkpoint_put_frame(struct checkpoint_writer *w, const struct input_frame *frame);
int checkpoint_put_name(struct checkpoint_writer *w, uint32_t file, const char *name);
/* On the disk, under its temporary name. */
int checkpoint_finish(struct checkpoint_writer *w);
void checkpoint_fini(struct checkpoint_writer *w);

/* False: it makes no sense. The frame points into the record. */
bool checkpoint_frame(const struct checkpoint_record *record, struct input_frame *frame);
bool checkpoint_name(const struct checkpoint_record *record, uint32_t *file, struct slice *name);

/* A text for take_text(): its length in four bytes, then its bytes. */
void checkpoint_text(struct buf *b, struct slice text);

#endif
