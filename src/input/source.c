#include "input/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Thousands of files are opened just for their first packet: the first read is a small one. */
#define FIRST_READ_BYTES ((size_t)16 << 10)

static ssize_t read_counted(void *ctx, void *p, size_t n)
{
    struct input_source *s = ctx;
    size_t want = s->bytes_in == 0 && n > FIRST_READ_BYTES ? FIRST_READ_BYTES : n;
    ssize_t got = s->read(s->ctx, p, want);

    if (got > 0)
        s->bytes_in += (uint64_t)got;
    return got;
}

static void read_failed(struct input_source *s)
{
    char why[80];

    s->state = SOURCE_FAILED;
    snprintf(s->error, sizeof s->error, "read failed: %s", strerror_r(errno, why, sizeof why));
}

static void fill_plain(struct input_source *s)
{
    ssize_t n = read_counted(s, s->block + s->end, s->cap - s->end);

    if (n < 0)
        read_failed(s);
    else if (n == 0)
        s->state = SOURCE_END;
    else
        s->end += (size_t)n;
}

static void fill_unpacked(struct input_source *s)
{
    const char *why = "", *name = s->unpack.codec->name;
    size_t got;
    enum unpack_status status =
        input_unpack_read(&s->unpack, read_counted, s, s->block + s->end, s->cap - s->end, &got, &why);

    s->end += got;
    switch (status) {
    case UNPACK_BYTES:
        break;
    case UNPACK_END:
        s->state = SOURCE_END;
        break;
    case UNPACK_CUT:
        s->state = SOURCE_FAILED;
        snprintf(s->error, sizeof s->error, "%s data cut short", name);
        break;
    case UNPACK_DAMAGED:
        s->state = SOURCE_FAILED;
        snprintf(s->error, sizeof s->error, "damaged %s data (%s)", name, why);
        break;
    case UNPACK_READ_FAILED:
        read_failed(s);
        break;
    case UNPACK_NO_MEMORY:
        s->state = SOURCE_NO_MEMORY;
        break;
    }
}

/* Moves what is left to the front: at most a part of one record for each block. */
static void compact(struct input_source *s)
{
    size_t left = input_source_left(s);

    if (s->pos == 0)
        return;
    if (left > 0)
        memmove(s->block, s->block + s->pos, left);
    s->base += s->pos;
    s->pos = 0;
    s->end = left;
}

/* Grows only once the buffer is full of real bytes, so that a length field alone cannot claim memory. */
static bool make_room(struct input_source *s)
{
    if (s->end < s->cap)
        return true;
    size_t cap = s->cap > 0 ? s->cap * 2 : 4096;
    uint8_t *p = realloc(s->block, cap);
    if (p == NULL) {
        s->state = SOURCE_NO_MEMORY;
        return false;
    }
    s->block = p;
    s->cap = cap;
    return true;
}

const uint8_t *input_source_peek_more(struct input_source *s, size_t n)
{
    compact(s);
    while (s->end < n && s->state == SOURCE_OPEN && make_room(s)) {
        if (s->unpack.codec == NULL)
            fill_plain(s);
        else
            fill_unpacked(s);
    }
    return s->end >= n ? s->block : NULL;
}

bool input_source_skip(struct input_source *s, uint64_t n)
{
    while (n > input_source_left(s)) {
        n -= input_source_left(s);
        s->pos = s->end;
        if (input_source_peek_more(s, 1) == NULL)
            return false;
    }
    s->pos += (size_t)n;
    return true;
}

/* The bytes read so far are compressed ones: they move to the unpacker. */
static void open_unpack(struct input_source *s, const struct input_codec *codec)
{
    uint8_t *raw = s->block;
    size_t n = s->end;

    s->end = 0;
    s->block = malloc(s->cap);
    if (!input_unpack_open(&s->unpack, codec, raw, n, s->cap) || s->block == NULL)
        s->state = SOURCE_NO_MEMORY;
    else
        s->state = SOURCE_OPEN;
}

void input_source_open(struct input_source *s, input_read_fn *read, void *ctx)
{
    *s = (struct input_source){.read = read, .ctx = ctx, .cap = INPUT_BLOCK_BYTES};
    s->block = malloc(s->cap);
    if (s->block == NULL) {
        s->state = SOURCE_NO_MEMORY;
        return;
    }
    (void)input_source_peek(s, INPUT_CODEC_MAGIC_BYTES);
    const struct input_codec *codec = input_codec_find(slice_of(s->block, s->end));
    if (codec != NULL)
        open_unpack(s, codec);
}

void input_source_close(struct input_source *s)
{
    input_unpack_close(&s->unpack);
    free(s->block);
    *s = (struct input_source){0};
}
