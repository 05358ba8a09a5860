#include "input/codec.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define BLOCK_HEADER_BYTES 3
#define WINDOW_LOG_MAX     27
_Static_assert((size_t)1 << WINDOW_LOG_MAX == INPUT_WINDOW_MAX, "zstd counts its window in powers of two");

/* A skippable frame (RFC 8878 3.1.2) may come first: pzstd writes one. */
static bool zstd_matches(struct slice head)
{
    return slice_starts(head, SLICE_LIT("\x28\xb5\x2f\xfd")) ||
           (head.n >= 4 && head.p[0] >> 4 == 5 && memcmp(head.p + 1, "\x2a\x4d\x18", 3) == 0);
}

/* A failing call does not say how much it wrote before. So each call gets only one block or one block header: what the
 * decoder asks for, without the next block's header if it asks for both. */
struct zstd_state {
    ZSTD_DCtx *d;
    size_t wanted;
};

static bool zstd_restart(void *state)
{
    struct zstd_state *s = state;

    s->wanted = ZSTD_initDStream(s->d);
    return !ZSTD_isError(s->wanted);
}

static void zstd_destroy(void *state)
{
    struct zstd_state *s = state;

    (void)ZSTD_freeDCtx(s->d);
    free(s);
}

static void *zstd_make(void)
{
    struct zstd_state *s = malloc(sizeof *s);

    if (s == NULL)
        return NULL;
    s->d = ZSTD_createDCtx();
    if (s->d != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(s->d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)) &&
        zstd_restart(s))
        return s;
    zstd_destroy(s);
    return NULL;
}

static enum codec_status zstd_step(void *state, struct input_codec_io *io, const char **why)
{
    struct zstd_state *s = state;
    size_t piece = s->wanted > BLOCK_HEADER_BYTES ? s->wanted - BLOCK_HEADER_BYTES : s->wanted;
    ZSTD_inBuffer in = {io->in, io->in_left < piece ? io->in_left : piece, 0};
    ZSTD_outBuffer out = {io->out, io->out_left, 0};
    size_t r = ZSTD_decompressStream(s->d, &out, &in);

    io->in += in.pos;
    io->in_left -= in.pos;
    io->out += out.pos;
    io->out_left -= out.pos;
    s->wanted = r;
    if (!ZSTD_isError(r))
        return r == 0 ? CODEC_STREAM_END : CODEC_GOING;
    if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
        return CODEC_NO_MEMORY;
    *why = ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge ? "its window is over 128 MB"
                                                                            : ZSTD_getErrorName(r);
    return CODEC_DAMAGED;
}

const struct input_codec input_codec_zstd = {"zstd", zstd_matches, zstd_make, zstd_step, zstd_restart, zstd_destroy};
