#include "input/codec.h"

#include <lz4frame.h>
#include <stdlib.h>

#define BLOCK_HEADER_BYTES 4

static bool lz4_matches(struct slice head)
{
    return slice_starts(head, SLICE_LIT("\x04\x22\x4d\x18"));
}

/* A failing call does not say how much it wrote before. So each call gets only one block or one block header: what the
 * decoder asks for, without the next block's header if it asks for both. */
struct lz4_state {
    LZ4F_dctx *d;
    size_t wanted;
};

static void *lz4_make(void)
{
    struct lz4_state *s = malloc(sizeof *s);

    if (s == NULL)
        return NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&s->d, LZ4F_VERSION))) {
        free(s);
        return NULL;
    }
    s->wanted = LZ4F_MIN_SIZE_TO_KNOW_HEADER_LENGTH;
    return s;
}

static enum codec_status lz4_step(void *state, struct input_codec_io *io, const char **why)
{
    struct lz4_state *s = state;
    size_t piece = s->wanted > BLOCK_HEADER_BYTES ? s->wanted - BLOCK_HEADER_BYTES : s->wanted;
    size_t in = io->in_left < piece ? io->in_left : piece, out = io->out_left;
    size_t r = LZ4F_decompress(s->d, io->out, &out, io->in, &in, NULL);

    io->in += in;
    io->in_left -= in;
    io->out += out;
    io->out_left -= out;
    s->wanted = r;
    if (!LZ4F_isError(r))
        return r == 0 ? CODEC_STREAM_END : CODEC_GOING;
    *why = LZ4F_getErrorName(r);
    return CODEC_DAMAGED;
}

static bool lz4_restart(void *state)
{
    struct lz4_state *s = state;

    LZ4F_resetDecompressionContext(s->d);
    s->wanted = LZ4F_MIN_SIZE_TO_KNOW_HEADER_LENGTH;
    return true;
}

static void lz4_destroy(void *state)
{
    struct lz4_state *s = state;

    (void)LZ4F_freeDecompressionContext(s->d);
    free(s);
}

const struct input_codec input_codec_lz4 = {"lz4", lz4_matches, lz4_make, lz4_step, lz4_restart, lz4_destroy};
