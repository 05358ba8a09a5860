#include "input/codec.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

static bool gzip_matches(struct slice head)
{
    return slice_starts(head, SLICE_LIT("\x1f\x8b\x08"));
}

static void *gzip_make(void)
{
    z_stream *z = calloc(1, sizeof *z);

    /* 16: a gzip wrapper and nothing else. */
    if (z != NULL && inflateInit2(z, 16 + MAX_WBITS) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

static uInt clipped(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

static enum codec_status gzip_step(void *state, struct input_codec_io *io, const char **why)
{
    z_stream *z = state;
    uInt in = clipped(io->in_left), out = clipped(io->out_left);

    z->next_in = (Bytef *)(uintptr_t)io->in;
    z->avail_in = in;
    z->next_out = io->out;
    z->avail_out = out;
    int r = inflate(z, Z_NO_FLUSH);
    io->in += in - z->avail_in;
    io->in_left -= in - z->avail_in;
    io->out += out - z->avail_out;
    io->out_left -= out - z->avail_out;
    if (r == Z_STREAM_END)
        return CODEC_STREAM_END;
    if (r == Z_OK || r == Z_BUF_ERROR)
        return CODEC_GOING;
    if (r == Z_MEM_ERROR)
        return CODEC_NO_MEMORY;
    *why = z->msg != NULL ? z->msg : "invalid data";
    return CODEC_DAMAGED;
}

static bool gzip_restart(void *state)
{
    return inflateReset(state) == Z_OK;
}

static void gzip_destroy(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

const struct input_codec input_codec_gzip = {"gzip", gzip_matches, gzip_make, gzip_step, gzip_restart, gzip_destroy};
