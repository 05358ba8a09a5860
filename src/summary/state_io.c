#include <stdlib.h>

#include "base/number.h"
#include "summary/state.h"

static uint64_t read_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(r);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    reader_fail(r, READ_BAD);
    return 0;
}

static void write_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_putc(b, (char)(0x80 | (v & 0x7f)));
    buf_putc(b, (char)v);
}

void state_u64(struct state_io *io, uint64_t *v)
{
    if (io->out != NULL)
        write_varint(io->out, *v);
    else
        *v = read_varint(&io->in);
}

void state_i64(struct state_io *io, int64_t *v)
{
    uint64_t zigzag = (uint64_t)*v << 1 ^ (*v < 0 ? UINT64_MAX : 0);

    state_u64(io, &zigzag);
    *v = (int64_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0));
}

void state_time(struct state_io *io, int64_t *v)
{
    /* In unsigned arithmetic, which may wrap: forged times are centuries apart. */
    uint64_t apart = (uint64_t)*v - (uint64_t)io->base_ns;
    uint64_t zigzag = apart << 1 ^ (apart >> 63 != 0 ? UINT64_MAX : 0);
    uint64_t coded = *v == 0 ? 0 : zigzag + 1;

    state_u64(io, &coded);
    if (coded == 0) {
        *v = 0;
        return;
    }
    zigzag = coded - 1;
    *v = (int64_t)((zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0)) + (uint64_t)io->base_ns);
}

void state_below(struct state_io *io, uint64_t *number, uint64_t limit)
{
    if (*number < limit)
        return;
    reader_fail(&io->in, READ_BAD);
    *number = 0;
}

void state_enum(struct state_io *io, unsigned *value, unsigned count)
{
    uint64_t number = *value;

    state_u64(io, &number);
    state_below(io, &number, count);
    *value = (unsigned)number;
}

void state_uint(struct state_io *io, void *v, size_t bytes)
{
    uint64_t number = number_load(v, bytes);

    state_u64(io, &number);
    if (bytes < sizeof number)
        state_below(io, &number, UINT64_C(1) << (8 * bytes));
    number_store(v, bytes, number);
}

void state_sint(struct state_io *io, void *v, size_t bytes)
{
    unsigned unused = (unsigned)(8 * (sizeof(uint64_t) - bytes));
    int64_t number = (int64_t)(number_load(v, bytes) << unused) >> unused;

    state_i64(io, &number);
    if ((int64_t)((uint64_t)number << unused) >> unused != number) {
        reader_fail(&io->in, READ_BAD);
        number = 0;
    }
    number_store(v, bytes, (uint64_t)number);
}

/* ---- texts ---- */

static bool remember(struct state_io *io, const struct word *w)
{
    if (io->texts == io->cap) {
        size_t cap = io->cap > 0 ? io->cap * 2 : 256;
        const struct word **more = realloc(io->text, cap * sizeof *more);
        if (more == NULL) {
            io->failed = true;
            return false;
        }
        io->text = more;
        io->cap = cap;
    }
    io->text[io->texts++] = w;
    return true;
}

/* 0: none; 1: a new one follows; 2 + n: the n-th that came by. */
static void write_text(struct state_io *io, const struct word *w)
{
    if (w == NULL || w->place > 0) {
        write_varint(io->out, w == NULL ? 0 : (uint64_t)w->place + 1);
        return;
    }
    if (!remember(io, w))
        return;
    words_place(w, (uint32_t)io->texts);
    write_varint(io->out, 1);
    write_varint(io->out, w->n);
    buf_put(io->out, w->text, w->n);
}

static const struct word *read_text(struct state_io *io)
{
    uint64_t code = read_varint(&io->in);

    if (code == 0)
        return NULL;
    if (code > 1) {
        state_below(io, &code, io->texts + 2);
        return code > 1 ? io->text[code - 2] : NULL;
    }
    uint64_t n = read_varint(&io->in);
    state_below(io, &n, WORD_MAX + 1);
    struct slice bytes = reader_slice(&io->in, (size_t)n);
    const struct word *w = words_take(&io->s->words, bytes);
    if (!reader_ok(&io->in) || w == NULL || !remember(io, w)) {
        reader_fail(&io->in, READ_BAD);
        return NULL;
    }
    return w;
}

void state_text(struct state_io *io, const struct word **w)
{
    if (io->out != NULL)
        write_text(io, *w);
    else
        *w = read_text(io);
}

void state_proof(struct state_io *io, struct proof *p)
{
    state_u64(io, &p->packet);
    if (p->packet != 0)
        state_text(io, &p->file);
}
