/* The bytes of one capture file, decompressed, as a window that slides forward.
 *
 * A peek makes the next n bytes contiguous and gives a pointer to them: in place when they are in the buffer already,
 * which is the fast path. It blocks only until those n bytes are there, so that a packet that is whole in a pipe is
 * delivered at once. */
#ifndef P2T_INPUT_SOURCE_H
#define P2T_INPUT_SOURCE_H

#include "input/unpack.h"

/* One read(2) asks for this much. */
#define INPUT_BLOCK_BYTES ((size_t)256 << 10)

enum source_state {
    SOURCE_OPEN,
    SOURCE_END,
    SOURCE_FAILED, /* source.error says why: unreadable, or damaged compression */
    SOURCE_NO_MEMORY
};

struct input_source {
    uint8_t *block;
    size_t pos, end, cap; /* bytes pos to end are read and not consumed */
    uint64_t base;        /* offset of block[0] in the decompressed file */
    uint64_t bytes_in;    /* read from the file, compressed */
    enum source_state state;
    input_read_fn *read;
    void *ctx;
    struct input_unpack unpack;
    char error[120];
};

/* Tells the compression; trouble is left in s->state. */
void input_source_open(struct input_source *s, input_read_fn *read, void *ctx);
void input_source_close(struct input_source *s);
const uint8_t *input_source_peek_more(struct input_source *s, size_t n);
/* Passes over n bytes, however many; false when the source ends before. */
bool input_source_skip(struct input_source *s, uint64_t n);

static inline size_t input_source_left(const struct input_source *s)
{
    return s->end - s->pos;
}

/* The next n bytes, valid until the next peek or skip; NULL when the source ends before them. */
static inline const uint8_t *input_source_peek(struct input_source *s, size_t n)
{
    return input_source_left(s) >= n ? s->block + s->pos : input_source_peek_more(s, n);
}

/* n bytes that were peeked are done with. They stay valid until the next peek or skip. */
static inline void input_source_consume(struct input_source *s, size_t n)
{
    s->pos += n;
}

static inline uint64_t input_source_offset(const struct input_source *s)
{
    return s->base + s->pos;
}

#endif
