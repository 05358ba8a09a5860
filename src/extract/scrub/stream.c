#include "extract/scrub/stream.h"

#include <stdlib.h>

#include "base/system.h"

enum { FILLER = 'x', MOVED_MAX = 1 << 16 };

uint64_t stream_place(struct stream *s, uint32_t seq)
{
    if (!s->based) {
        s->based = true;
        s->last_seq = seq;
        s->last_pos = STREAM_BEGIN;
    }
    uint64_t pos = s->last_pos + (uint64_t)(int64_t)(int32_t)(seq - s->last_seq);
    if (pos > s->last_pos) {
        s->last_pos = pos;
        s->last_seq = seq;
    }
    return pos;
}

static bool make_room(struct stream_runs *r)
{
    size_t cap = r->cap < 8 ? 8 : r->cap * 2;

    if (r->count < r->cap)
        return true;
    struct stream_run *items = reallocarray(r->items, cap, sizeof *items);
    if (items == NULL)
        return false;
    r->items = items;
    r->cap = cap;
    return true;
}

static void append(struct stream *s, struct stream_runs *r, struct stream_run run)
{
    if (run.n == 0)
        return;
    if (make_room(r))
        r->items[r->count++] = run;
    else
        s->failed = true;
}

/* The first run that ends behind pos. */
static size_t run_at(struct stream *s, uint64_t pos)
{
    const struct stream_runs *r = &s->runs;
    size_t low = 0, high = r->count;

    if (s->cursor < r->count && pos >= r->items[s->cursor].pos &&
        pos - r->items[s->cursor].pos < r->items[s->cursor].n)
        return s->cursor;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->items[middle].pos + r->items[middle].n <= pos)
            low = middle + 1;
        else
            high = middle;
    }
    s->cursor = low;
    return low;
}

/* Segments come nearly in order. Moving many of them for each one would take for ever. */
static void insert(struct stream *s, size_t at, struct stream_run run)
{
    struct stream_runs *r = &s->runs;

    if (!make_room(r) || r->count - at > MOVED_MAX) {
        s->failed = true;
        return;
    }
    memmove(&r->items[at + 1], &r->items[at], (r->count - at) * sizeof *r->items);
    r->items[at] = run;
    r->count++;
}

static struct stream_run part(struct stream_run run, uint64_t skip, uint64_t n)
{
    return (struct stream_run){run.pos + skip, run.p + skip, (size_t)n};
}

void stream_add(struct stream *s, uint64_t pos, uint8_t *p, size_t n)
{
    struct stream_run run = {pos, p, n};

    while (run.n > 0 && !s->failed) {
        size_t at = run_at(s, run.pos);
        uint64_t next = at < s->runs.count ? s->runs.items[at].pos : UINT64_MAX;
        if (next <= run.pos) {
            uint64_t end = next + s->runs.items[at].n;
            uint64_t seen = end - run.pos < run.n ? end - run.pos : run.n;
            append(s, &s->copies, part(run, 0, seen));
            run = part(run, seen, run.n - seen);
            continue;
        }
        uint64_t fresh = next - run.pos < run.n ? next - run.pos : run.n;
        insert(s, at, part(run, 0, fresh));
        run = part(run, fresh, run.n - fresh);
    }
    if (run.n > 0)
        append(s, &s->copies, run);
}

void stream_add_copy(struct stream *s, uint64_t pos, uint8_t *p, size_t n)
{
    append(s, &s->copies, (struct stream_run){pos, p, n});
}

uint64_t stream_next(struct stream *s, uint64_t pos)
{
    size_t at = run_at(s, pos);

    if (at == s->runs.count)
        return UINT64_MAX;
    return s->runs.items[at].pos > pos ? s->runs.items[at].pos : pos;
}

struct slice stream_piece(struct stream *s, uint64_t pos)
{
    size_t at = run_at(s, pos);

    if (at == s->runs.count || s->runs.items[at].pos > pos)
        return slice_of(NULL, 0);
    const struct stream_run *r = &s->runs.items[at];
    return slice_of(r->p + (pos - r->pos), r->n - (size_t)(pos - r->pos));
}

size_t stream_read(struct stream *s, uint64_t pos, uint8_t *out, size_t n)
{
    size_t done = 0;

    while (done < n) {
        struct slice piece = stream_piece(s, pos + done);
        size_t take = piece.n < n - done ? piece.n : n - done;
        if (take == 0)
            break;
        memcpy(out + done, piece.p, take);
        done += take;
    }
    return done;
}

/* from NULL: the filler. */
static void overwrite(struct stream *s, uint64_t pos, uint64_t end, const uint8_t *from)
{
    for (size_t at = run_at(s, pos); at < s->runs.count && s->runs.items[at].pos < end; at++) {
        const struct stream_run *r = &s->runs.items[at];
        uint64_t first = r->pos > pos ? r->pos : pos;
        uint64_t last = r->pos + r->n < end ? r->pos + r->n : end;
        if (from != NULL)
            memcpy(r->p + (first - r->pos), from + (first - pos), (size_t)(last - first));
        else
            memset(r->p + (first - r->pos), FILLER, (size_t)(last - first));
    }
}

void stream_write(struct stream *s, uint64_t pos, const uint8_t *p, size_t n)
{
    if (n > 0)
        overwrite(s, pos, pos + n, p);
}

void stream_fill(struct stream *s, uint64_t from, uint64_t to)
{
    if (from < to)
        overwrite(s, from, to, NULL);
}

void stream_finish(struct stream *s)
{
    if (s->failed)
        stream_fill(s, 0, UINT64_MAX);
    for (size_t i = 0; i < s->copies.count; i++) {
        const struct stream_run *c = &s->copies.items[i];
        memset(c->p, FILLER, c->n);
        for (size_t at = 0; at < c->n && !s->failed;) {
            size_t n = stream_read(s, c->pos + at, c->p + at, c->n - at);
            uint64_t next = stream_next(s, c->pos + at + n);
            at = next >= c->pos + c->n ? c->n : (size_t)(next - c->pos);
        }
    }
}

void stream_fini(struct stream *s)
{
    free(s->runs.items);
    free(s->copies.items);
    *s = (struct stream){0};
}
