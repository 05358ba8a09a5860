/* What a capture holds, known by its packets' times and lengths: the same under any name and compression. */
#ifndef P2T_BATCH_CONTENT_H
#define P2T_BATCH_CONTENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/reader.h"
#include "input/frame.h"

enum { CONTENT_MARKS = 40 };

/* A zeroed one is that of no packets. */
struct content {
    uint64_t packets, hash;
    uint64_t at[CONTENT_MARKS]; /* the hash after 2^k packets */
};

/* The next packet of the capture. */
void content_add(struct content *c, const struct input_frame *frame);
/* The capture `c`, read to its end, is no more than the beginning of `longer`. Exact where both are equally long, or c has a
 * power of two of packets; else judged by the greatest such part of it. */
bool content_begins(const struct content *c, const struct content *longer);
/* Appends it as bytes, which content_load() reads back; a failed reader says that they were not all there. */
void content_save(const struct content *c, struct buf *out);
struct content content_load(struct reader *r);

#endif
