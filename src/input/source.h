/* The bytes of one capture file, decompressed, as a window that slides forward.
 *
 * A peek makes the next n bytes contiguous and gives a pointer to them: in place when they are in the window already,
 * which is the fast path. It blocks only until those n bytes are there, so that a packet that is whole in a pipe is
 * delivered at once.
 *
 * Bytes are read into blocks with headroom: the rest of the previous block, a part of one record, is moved there. A record
 * that does not fit that way is gathered in separate memory, the spill. */
#ifndef P2T_INPUT_SOURCE_H
#define P2T_INPUT_SOURCE_H

#include "input/ahead.h"

struct input_source {
    uint8_t *window;   /* in a block, or the spill */
    size_t pos, end;   /* bytes pos to end are there and not consumed */
    uint64_t base;     /* offset of window[0] in the decompressed file, modulo 2^64 */
    uint64_t bytes_in; /* read from the file, compressed */
    enum source_state state;
    const char *error; /* of SOURCE_FAILED */
    struct input_ahead_file
        *ahead; /* where the blocks come from; NULL: they are read here, from `supply` to `block` */
    struct input_supply supply;
    uint8_t *block;
    size_t block_n; /* bytes in it */
    uint8_t *spill;
    size_t spill_cap;
};

/* Reads nothing yet. read() supplies the raw bytes. Failures show in s->state. */
void input_source_open(struct input_source *s, input_read_fn *read, void *ctx);
/* The file stays the caller's, which must keep it open as long as the source. */
void input_source_open_ahead(struct input_source *s, struct input_ahead_file *file);
void input_source_close(struct input_source *s);
/* input_source_peek()'s slow path. */
const uint8_t *input_source_peek_more(struct input_source *s, size_t n);
/* Skips n bytes; false when the source ends before. */
bool input_source_skip(struct input_source *s, uint64_t n);

/* Bytes that can be peeked without reading. */
static inline size_t input_source_left(const struct input_source *s)
{
    return s->end - s->pos;
}

/* The next n bytes, valid until the next peek or skip; NULL when the source ends before them. */
static inline const uint8_t *input_source_peek(struct input_source *s, size_t n)
{
    return input_source_left(s) >= n ? s->window + s->pos : input_source_peek_more(s, n);
}

/* Consumes n bytes that were peeked. They stay valid until the next peek or skip. */
static inline void input_source_consume(struct input_source *s, size_t n)
{
    s->pos += n;
}

/* The offset of the next byte in the decompressed file. */
static inline uint64_t input_source_offset(const struct input_source *s)
{
    return s->base + s->pos;
}

#endif
