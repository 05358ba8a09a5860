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

struct source {
    uint8_t *block;
    size_t pos, end, cap; /* bytes pos to end are read and not consumed */
    uint64_t base;        /* offset of block[0] in the decompressed file */
    uint64_t bytes_in;    /* read from the file, compressed */
    enum source_state state;
    input_read_fn *read;
    void *ctx;
    struct unpack unpack;
    char error[120];
};

/* Tells the compression; trouble is left in s->state. */
void source_open(struct source *s, input_read_fn *read, void *ctx);
void source_close(struct source *s);
const uint8_t *source_peek_more(struct source *s, size_t n);
/* Passes over n bytes, however many; false when the source ends before. */
bool source_skip(struct source *s, uint64_t n);

static inline size_t source_left(const struct source *s)
{
    return s->end - s->pos;
}

/* The next n bytes, valid until the next peek or skip; NULL when the source ends before them. */
static inline const uint8_t *source_peek(struct source *s, size_t n)
{
    return source_left(s) >= n ? s->block + s->pos : source_peek_more(s, n);
}

/* n bytes that were peeked are done with. They stay valid until the next peek or skip. */
static inline void source_consume(struct source *s, size_t n)
{
    s->pos += n;
}

static inline uint64_t source_offset(const struct source *s)
{
    return s->base + s->pos;
}

#endif
