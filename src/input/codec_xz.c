#include "input/codec.h"

#include <lzma.h>
#include <stdlib.h>

/* The dictionary and what the decoder needs beside it. */
#define XZ_MEMORY_MAX (INPUT_WINDOW_MAX + ((size_t)1 << 20))

static bool xz_matches(struct slice head)
{
    return slice_starts(head, SLICE_LIT("\xfd"
                                        "7zXZ\0"));
}

static bool xz_restart(void *state)
{
    return lzma_stream_decoder(state, XZ_MEMORY_MAX, 0) == LZMA_OK;
}

static void xz_destroy(void *state)
{
    lzma_end(state);
    free(state);
}

static void *xz_make(void)
{
    lzma_stream *x = malloc(sizeof *x);

    if (x == NULL)
        return NULL;
    *x = (lzma_stream)LZMA_STREAM_INIT;
    if (xz_restart(x))
        return x;
    xz_destroy(x);
    return NULL;
}

static const char *xz_reason(lzma_ret r)
{
    switch (r) {
    case LZMA_FORMAT_ERROR:
        return "not xz data";
    case LZMA_OPTIONS_ERROR:
        return "unsupported options";
    case LZMA_MEMLIMIT_ERROR:
        return "its dictionary is over 128 MB";
    default:
        return "invalid data";
    }
}

static enum codec_status xz_step(void *state, struct input_codec_io *io, const char **why)
{
    lzma_stream *x = state;

    x->next_in = io->in;
    x->avail_in = io->in_left;
    x->next_out = io->out;
    x->avail_out = io->out_left;
    lzma_ret r = lzma_code(x, LZMA_RUN);
    io->in = x->next_in;
    io->in_left = x->avail_in;
    io->out = x->next_out;
    io->out_left = x->avail_out;
    if (r == LZMA_STREAM_END)
        return CODEC_STREAM_END;
    if (r == LZMA_OK || r == LZMA_BUF_ERROR)
        return CODEC_GOING;
    if (r == LZMA_MEM_ERROR)
        return CODEC_NO_MEMORY;
    *why = xz_reason(r);
    return CODEC_DAMAGED;
}

const struct input_codec input_codec_xz = {"xz", xz_matches, xz_make, xz_step, xz_restart, xz_destroy};
