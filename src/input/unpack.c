#include "input/unpack.h"

#include <stdlib.h>

bool input_unpack_open(struct input_unpack *u, const struct input_codec *codec, uint8_t *raw, size_t n, size_t cap)
{
    *u = (struct input_unpack){.codec = codec, .raw = raw, .raw_end = n, .raw_cap = cap};
    u->state = codec->make();
    return u->state != NULL;
}

void input_unpack_close(struct input_unpack *u)
{
    if (u->state != NULL)
        u->codec->destroy(u->state);
    free(u->raw);
    *u = (struct input_unpack){0};
}

/* Tape blocks and xz's stream padding put zeros between streams; no stream begins with a zero. */
static void skip_padding(struct input_unpack *u)
{
    while (u->raw_pos < u->raw_end && u->raw[u->raw_pos] == 0)
        u->raw_pos++;
}

static enum unpack_status refill(struct input_unpack *u, input_read_fn *read, void *ctx)
{
    ssize_t n = read(ctx, u->raw, u->raw_cap);

    if (n < 0)
        return UNPACK_READ_FAILED;
    u->raw_pos = 0;
    u->raw_end = (size_t)n;
    if (n == 0)
        return u->in_stream ? UNPACK_CUT : UNPACK_END;
    return UNPACK_BYTES;
}

static enum unpack_status step(struct input_unpack *u, uint8_t *out, size_t n, size_t *got, const char **why)
{
    struct input_codec_io io = {u->raw + u->raw_pos, u->raw_end - u->raw_pos, out, n};

    u->in_stream = true;
    enum codec_status status = u->codec->step(u->state, &io, why);
    bool stuck = io.in_left > 0 && io.in_left == u->raw_end - u->raw_pos && io.out_left == n;
    u->raw_pos = u->raw_end - io.in_left;
    u->output_full = io.out_left == 0;
    *got = n - io.out_left;
    if (status == CODEC_DAMAGED)
        return UNPACK_DAMAGED;
    if (status == CODEC_NO_MEMORY)
        return UNPACK_NO_MEMORY;
    if (status == CODEC_STREAM_END) {
        u->in_stream = u->output_full = false;
        return u->codec->restart(u->state) ? UNPACK_BYTES : UNPACK_NO_MEMORY;
    }
    if (stuck) {
        *why = "the link is broken";
        return UNPACK_DAMAGED;
    }
    return UNPACK_BYTES;
}

enum unpack_status input_unpack_read(struct input_unpack *u, input_read_fn *read, void *ctx, uint8_t *out, size_t n,
                                     size_t *got, const char **why)
{
    *got = 0;
    for (;;) {
        enum unpack_status status = UNPACK_BYTES;
        if (!u->in_stream)
            skip_padding(u);
        if (u->raw_pos < u->raw_end || u->output_full)
            status = step(u, out, n, got, why);
        else
            status = refill(u, read, ctx);
        if (status != UNPACK_BYTES || *got > 0)
            return status;
    }
}
