#include "input/codec.h"

#include <lz4frame.h>

static bool lz4_matches(struct slice head)
{
    return slice_starts(head, SLICE_LIT("\x04\x22\x4d\x18"));
}

static void *lz4_make(void)
{
    LZ4F_dctx *d = NULL;

    return LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)) ? NULL : d;
}

static enum codec_status lz4_step(void *state, struct input_codec_io *io, const char **why)
{
    size_t in = io->in_left, out = io->out_left;
    size_t r = LZ4F_decompress(state, io->out, &out, io->in, &in, NULL);

    io->in += in;
    io->in_left -= in;
    io->out += out;
    io->out_left -= out;
    if (!LZ4F_isError(r))
        return r == 0 ? CODEC_STREAM_END : CODEC_GOING;
    *why = LZ4F_getErrorName(r);
    return CODEC_DAMAGED;
}

static bool lz4_restart(void *state)
{
    LZ4F_resetDecompressionContext(state);
    return true;
}

static void lz4_destroy(void *state)
{
    (void)LZ4F_freeDecompressionContext(state);
}

const struct input_codec input_codec_lz4 = {"lz4", lz4_matches, lz4_make, lz4_step, lz4_restart, lz4_destroy};
