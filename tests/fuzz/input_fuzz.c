/* Bytes as a capture file: whatever they are, the invariants of frames hold, and the size of the reads that bring them
 * does not change what comes out. */
#include <stdlib.h>

#include "base/hash.h"
#include "input/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decompression may blow the input up to before a run is broken off. */
#define FRAMES_MAX 20000
#define BYTES_MAX  ((uint64_t)32 << 20)

struct run {
    const uint8_t *data;
    size_t left, chunk;
    uint64_t problems, secrets, frames, digest;
    bool broken_off;
    bool by_pieces;
};

static ssize_t read_run(void *ctx, void *p, size_t n)
{
    struct run *r = ctx;

    n = n < r->chunk ? n : r->chunk;
    n = n < r->left ? n : r->left;
    if (n > 0)
        memcpy(p, r->data, n);
    r->data += n;
    r->left -= n;
    return (ssize_t)n;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void digest(struct run *r, const void *p, size_t n)
{
    r->digest = hash_stable(r->digest, p, n);
}

static void see_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct run *r = ctx;

    r->problems++;
    require(strlen(text) > 0 && strchr(text, '\n') == NULL);
    digest(r, text, strlen(text));
    digest(r, &packet, sizeof packet);
    digest(r, &offset, sizeof offset);
}

static void see_secrets(void *ctx, const struct input_secrets *s)
{
    struct run *r = ctx;

    r->secrets++;
    digest(r, &s->type, sizeof s->type);
    digest(r, s->data.p, s->data.n);
}

static void see_frame(struct run *r, const struct input_frame *f, uint64_t last_number)
{
    r->frames++;
    require(f->cap_len <= INPUT_FRAME_MAX);
    require(f->wire_len >= f->cap_len);
    require(f->number > last_number);
    require(f->ts_ns >= 0 && f->ts_ns <= INPUT_TIME_MAX_NS);
    require(f->link_type <= 0xffff && f->link_type != 12 && f->link_type != 14);
    digest(r, &f->ts_ns, sizeof f->ts_ns);
    digest(r, &f->number, sizeof f->number);
    digest(r, &f->link_type, sizeof f->link_type);
    digest(r, &f->interface, sizeof f->interface);
    digest(r, &f->wire_len, sizeof f->wire_len);
    digest(r, f->bytes, f->cap_len);
}

static struct run run_all(const uint8_t *data, size_t size, size_t chunk)
{
    struct run r = {.data = data, .left = size, .chunk = chunk};
    const struct input_capture_events events = {&r, see_problem, see_secrets};
    struct input_frame f = {0};
    struct input_capture c;
    int status = 1;

    int found = input_capture_open(&c, read_run, &r, &events);
    require(found >= INPUT_CAPTURE_FOUND && found <= INPUT_CAPTURE_DAMAGED);
    require((found == INPUT_CAPTURE_DAMAGED) == (r.problems == 1));
    bool compressed = c.source.supply.unpack.codec != NULL;
    r.by_pieces =
        c.source.supply.unpack.codec == &input_codec_xz || c.source.supply.unpack.codec == &input_codec_zstd;
    for (uint64_t last = 0; !r.broken_off && (status = input_capture_next(&c, &f)) == 1; last = f.number) {
        require(found == INPUT_CAPTURE_FOUND);
        see_frame(&r, &f, last);
        require(compressed || input_source_offset(&c.source) <= size);
        r.broken_off = r.frames == FRAMES_MAX || input_source_offset(&c.source) > BYTES_MAX;
    }
    if (!r.broken_off) {
        require(status == 0 && input_capture_next(&c, &f) == 0);
        require(r.problems <= 2); /* one for a block passed over, one for the end */
        require(compressed || r.frames <= size / 16);
    }
    require(c.source.spill_cap <= 2 * (INPUT_BLOCK_MAX + INPUT_BLOCK_BYTES));
    input_capture_close(&c);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole = run_all(data, size, SIZE_MAX);
    struct run bits = run_all(data, size, 1 + size % 37);

    /* How much of damaged data these decoders let out before they refuse it depends on the pieces they get. */
    if (whole.by_pieces && whole.problems + bits.problems > 0)
        return 0;
    require(whole.broken_off == bits.broken_off && whole.frames == bits.frames && whole.secrets == bits.secrets);
    require(whole.problems == bits.problems);
    require(whole.digest == bits.digest);
    return 0;
}
