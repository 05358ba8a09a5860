#include "input/supply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The first read is small: thousands of files may be opened just for their first packet. */
#define FIRST_READ_BYTES ((size_t)16 << 10)

static ssize_t read_counted(void *ctx, void *p, size_t n)
{
    struct input_supply *s = ctx;
    size_t want = s->bytes_in == 0 && n > FIRST_READ_BYTES ? FIRST_READ_BYTES : n;
    ssize_t got = s->read(s->ctx, p, want);

    if (got > 0)
        s->bytes_in += (uint64_t)got;
    return got;
}

static void read_failed(struct input_supply *s)
{
    char why[80];

    s->state = SOURCE_FAILED;
    snprintf(s->error, sizeof s->error, "read failed: %s", strerror_r(errno, why, sizeof why));
}

static size_t read_plain(struct input_supply *s, uint8_t *out, size_t n)
{
    ssize_t got = read_counted(s, out, n);

    if (got < 0)
        read_failed(s);
    else if (got == 0)
        s->state = SOURCE_END;
    return got > 0 ? (size_t)got : 0;
}

static size_t read_unpacked(struct input_supply *s, uint8_t *out, size_t n)
{
    const char *why = "", *name = s->unpack.codec->name;
    size_t got;

    switch (input_unpack_read(&s->unpack, read_counted, s, out, n, &got, &why)) {
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
    return got;
}

/* The file is compressed: gives the bytes read so far to the codec. */
static bool open_unpack(struct input_supply *s, const struct input_codec *codec, struct slice begin)
{
    uint8_t *raw = malloc(INPUT_BLOCK_BYTES);

    if (raw == NULL)
        return false;
    memcpy(raw, begin.p, begin.n);
    return input_unpack_open(&s->unpack, codec, raw, begin.n, INPUT_BLOCK_BYTES);
}

static size_t begin(struct input_supply *s, uint8_t *out, size_t n)
{
    size_t got = 0;

    s->begun = true;
    while (got < INPUT_CODEC_MAGIC_BYTES && s->state == SOURCE_OPEN)
        got += read_plain(s, out + got, n - got);
    const struct input_codec *codec = input_codec_find(slice_of(out, got));
    if (codec == NULL)
        return got;
    s->state = open_unpack(s, codec, slice_of(out, got)) ? SOURCE_OPEN : SOURCE_NO_MEMORY;
    return s->state == SOURCE_OPEN ? read_unpacked(s, out, n) : 0;
}

size_t input_supply_read(struct input_supply *s, uint8_t *out, size_t n)
{
    if (!s->begun)
        return begin(s, out, n);
    return s->unpack.codec == NULL ? read_plain(s, out, n) : read_unpacked(s, out, n);
}

void input_supply_open(struct input_supply *s, input_read_fn *read, void *ctx)
{
    *s = (struct input_supply){.read = read, .ctx = ctx};
}

void input_supply_close(struct input_supply *s)
{
    input_unpack_close(&s->unpack);
}
