/* The file from which a batch continues: how much of the journal of processed files counts, and the frames that rebuild the
 * session.
 *
 * Format: eight bytes of magic, four of version, then a zstd stream with a checksum. It holds records: one byte of type,
 * four of length, the bytes. The last record holds the number of the others. Integers are little-endian. */
#ifndef P2T_BATCH_CHECKPOINT_H
#define P2T_BATCH_CHECKPOINT_H

#include <stdio.h>

#include "base/buf.h"
#include "batch/store.h"
#include "input/frame.h"

/* Raise it when the format changes, including correlate's image, or how ids are made. */
enum { CHECKPOINT_VERSION = 16 };
/* The version before: one that holds nothing open, after --final, is gone on with. */
enum { CHECKPOINT_VERSION_BEFORE = 3 };

enum checkpoint_type {
    CHECKPOINT_HEAD = 1, /* the point's own state: point.c, save.c */
    CHECKPOINT_FILE,     /* version 3: a processed file */
    CHECKPOINT_SESSION,  /* session_carry_save() */
    CHECKPOINT_NAME,     /* of a file; comes before the first record that refers to it */
    CHECKPOINT_FRAME,
    CHECKPOINT_PLACE, /* session_carry_place() */
    CHECKPOINT_END
};

struct checkpoint_record {
    enum checkpoint_type type;
    struct slice bytes; /* valid until the next record is read */
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

/* An enum checkpoint_found, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. Close the reader in any case. */
int checkpoint_open(struct checkpoint_reader *r, const char *path);
/* 1: *record is set. 0: the end; count and checksum are right. Else CHECKPOINT_DAMAGED or P2T_ERR_MEMORY. */
int checkpoint_next(struct checkpoint_reader *r, struct checkpoint_record *record);
void checkpoint_close(struct checkpoint_reader *r);

struct checkpoint_writer {
    struct store store;
    uint64_t records;
    struct buf scratch;
};

/* Each returns 0, P2T_ERR_IO with w->store.error, or P2T_ERR_MEMORY. Call checkpoint_fini() in any case. The file appears
 * under `path` with store_publish(). */
int checkpoint_create(struct checkpoint_writer *w, const char *path);
int checkpoint_put(struct checkpoint_writer *w, enum checkpoint_type type, struct slice bytes);
int checkpoint_put_frame(struct checkpoint_writer *w, const struct input_frame *frame);
int checkpoint_put_name(struct checkpoint_writer *w, uint32_t file, const char *name);
/* Ends the stream and syncs the file, which still has its temporary name. */
int checkpoint_finish(struct checkpoint_writer *w);
/* Frees the writer, and removes a file that was not published. */
void checkpoint_fini(struct checkpoint_writer *w);

/* Read a CHECKPOINT_FRAME and a CHECKPOINT_NAME. False: malformed. Bytes and name point into the record. */
bool checkpoint_frame(const struct checkpoint_record *record, struct input_frame *frame);
bool checkpoint_name(const struct checkpoint_record *record, uint32_t *file, struct slice *name);

/* A text for take_text(): its length in four bytes, then its bytes. */
void checkpoint_text(struct buf *b, struct slice text);

#endif
