#include "input/source.h"

#include <stdlib.h>

static void move_window(struct input_source *s, uint8_t *window, size_t pos)
{
    size_t left = input_source_left(s);

    if (left > 0)
        memmove(window + pos, s->window + s->pos, left);
    s->base += s->pos - pos;
    s->window = window;
    s->pos = pos;
    s->end = pos + left;
}

/* Grows the spill only when bytes have come to fill it, so that a length field alone cannot claim memory. */
static bool grow_spill(struct input_source *s, size_t need)
{
    bool in_spill = s->window == s->spill;
    size_t cap = s->spill_cap > 0 ? s->spill_cap : INPUT_BLOCK_BYTES;

    if (need <= s->spill_cap)
        return true;
    while (cap < need)
        cap *= 2;
    uint8_t *p = realloc(s->spill, cap);
    if (p == NULL) {
        s->state = SOURCE_NO_MEMORY;
        return false;
    }
    if (in_spill)
        s->window = p;
    s->spill = p;
    s->spill_cap = cap;
    return true;
}

/* Moves what is left to just before the next bytes: into the headroom of their block, or into the spill. */
static bool carry(struct input_source *s, uint8_t *block)
{
    size_t left = input_source_left(s);

    if (left <= INPUT_HEADROOM_BYTES)
        move_window(s, block, INPUT_HEADROOM_BYTES - left);
    else if (grow_spill(s, left))
        move_window(s, s->spill, 0);
    else
        return false;
    return true;
}

static void append(struct input_source *s, const uint8_t *p, size_t n)
{
    if (s->window != s->spill) {
        s->end += n; /* contiguous with what was left */
    } else if (n > 0 && grow_spill(s, s->end + n)) {
        memcpy(s->spill + s->end, p, n);
        s->end += n;
    }
}

static void take_ahead(struct input_source *s)
{
    const struct input_piece *piece = input_ahead_next(s->ahead);

    s->state = piece->state;
    s->error = piece->error;
    s->bytes_in = piece->bytes_in;
    if (piece->block != NULL && carry(s, piece->block))
        append(s, piece->block + INPUT_HEADROOM_BYTES, piece->n);
}

static void fill(struct input_source *s)
{
    if (s->block_n == INPUT_BLOCK_BYTES) {
        if (!carry(s, s->block))
            return;
        s->block_n = 0;
    }
    uint8_t *out = s->block + INPUT_HEADROOM_BYTES + s->block_n;
    size_t got = input_supply_read(&s->supply, out, INPUT_BLOCK_BYTES - s->block_n);
    s->block_n += got;
    s->state = s->supply.state;
    s->bytes_in = s->supply.bytes_in;
    append(s, out, got);
}

const uint8_t *input_source_peek_more(struct input_source *s, size_t n)
{
    while (input_source_left(s) < n && s->state == SOURCE_OPEN) {
        if (s->ahead != NULL)
            take_ahead(s);
        else
            fill(s);
    }
    return input_source_left(s) >= n ? s->window + s->pos : NULL;
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

void input_source_open(struct input_source *s, input_read_fn *read, void *ctx)
{
    *s = (struct input_source){.block = malloc(INPUT_HEADROOM_BYTES + INPUT_BLOCK_BYTES)};
    input_supply_open(&s->supply, read, ctx);
    s->error = s->supply.error;
    if (s->block != NULL)
        (void)carry(s, s->block);
    else
        s->state = SOURCE_NO_MEMORY;
}

void input_source_open_ahead(struct input_source *s, struct input_ahead_file *file)
{
    *s = (struct input_source){.ahead = file};
}

void input_source_close(struct input_source *s)
{
    input_supply_close(&s->supply);
    free(s->block);
    free(s->spill);
    *s = (struct input_source){0};
}
