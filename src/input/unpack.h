/* Decompresses a file: one stream after the other, with zero padding between them. */
#ifndef P2T_INPUT_UNPACK_H
#define P2T_INPUT_UNPACK_H

#include <sys/types.h>

#include "input/codec.h"

/* As read(2): bytes read, 0 at the end, -1 and errno. */
typedef ssize_t input_read_fn(void *ctx, void *p, size_t n);

struct input_unpack {
    const struct input_codec *codec; /* NULL: the file is not compressed */
    void *state;
    uint8_t *raw; /* compressed bytes, raw_pos to raw_end still to be decoded */
    size_t raw_pos, raw_end, raw_cap;
    bool in_stream;   /* a stream has begun and not ended */
    bool output_full; /* the last step filled its output: the codec may hold more */
};

enum unpack_status {
    UNPACK_BYTES,
    UNPACK_END,
    UNPACK_CUT,
    UNPACK_DAMAGED,
    UNPACK_READ_FAILED, /* errno says why */
    UNPACK_NO_MEMORY
};

/* Takes ownership of the malloc()ed buffer `raw` of `cap` bytes, whose first n were read from the file. False when memory
 * ran out; close it in any case. */
bool input_unpack_open(struct input_unpack *u, const struct input_codec *codec, uint8_t *raw, size_t n, size_t cap);
/* Decodes up to n bytes to out and sets *got. Calls read() only when nothing can be decoded without it. With
 * UNPACK_DAMAGED, *why says what is wrong. */
enum unpack_status input_unpack_read(struct input_unpack *u, input_read_fn *read, void *ctx, uint8_t *out, size_t n,
                                     size_t *got, const char **why);
void input_unpack_close(struct input_unpack *u);

#endif
