/* One interface for the four compressions. Each decodes one stream (gzip member, zstd or lz4 frame, xz stream) at a time;
 * unpack.h joins the streams of a file. To add one: a file with its struct input_codec, and an entry in codec.c. */
#ifndef P2T_INPUT_CODEC_H
#define P2T_INPUT_CODEC_H

#include <stdbool.h>

#include "base/slice.h"

/* Bounds what one compressed file can make a decompressor hold; zstd --long=27 and xz -9 still fit. */
#define INPUT_WINDOW_MAX ((size_t)128 << 20)
/* The longest magic number that input_codec_find() looks at. */
#define INPUT_CODEC_MAGIC_BYTES 6

enum codec_status {
    CODEC_GOING,
    CODEC_STREAM_END, /* all bytes of this stream were written */
    CODEC_DAMAGED,
    CODEC_NO_MEMORY
};

/* The bytes that a step may consume, and the room it may fill; it advances the pointers. */
struct input_codec_io {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
};

struct input_codec {
    const char *name;
    bool (*matches)(struct slice head);
    void *(*make)(void); /* NULL when memory ran out */
    /* *why is set with CODEC_DAMAGED; it lives as long as the state. */
    enum codec_status (*step)(void *state, struct input_codec_io *io, const char **why);
    bool (*restart)(void *state); /* makes ready for the next stream; false when memory ran out */
    void (*destroy)(void *state);
};

extern const struct input_codec input_codec_gzip, input_codec_zstd, input_codec_lz4, input_codec_xz;

/* The codec for a file that begins with these bytes, or NULL. */
const struct input_codec *input_codec_find(struct slice head);

#endif
