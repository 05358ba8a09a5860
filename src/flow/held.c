#include "flow/held.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

struct flow_part flow_part_cut(const struct flow_part *p, uint64_t off, uint64_t end)
{
    uint64_t skip = off - p->off;
    struct flow_part cut = {off, end, {NULL, 0}, p->mark};

    if (skip < p->bytes.n)
        cut.bytes = slice_of(p->bytes.p + skip, (size_t)min_u64(p->bytes.n - skip, end - off));
    return cut;
}

size_t flow_part_cost(const struct flow_part *p)
{
    return sizeof(struct flow_held_segment) + sizeof(struct flow_held_segment *) + p->bytes.n;
}

static size_t segment_cost(const struct flow_held_segment *s)
{
    return sizeof *s + sizeof s + s->captured;
}

uint32_t flow_held_search(const struct flow_held *h, uint64_t off)
{
    uint32_t low = 0, high = h->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h->segments[h->first + middle]->end > off)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Makes room for one more after the last one. 0, or -1 when memory ran out. */
static int make_room(struct flow_held *h)
{
    if (h->first + h->n < h->cap)
        return 0;
    if (h->first > 0) {
        memmove(h->segments, h->segments + h->first, h->n * sizeof(struct flow_held_segment *));
        h->first = 0;
        return 0;
    }
    uint32_t cap = h->cap == 0 ? FIRST_CAPACITY : h->cap * 2;
    struct flow_held_segment **grown = realloc(h->segments, cap * sizeof(struct flow_held_segment *));
    if (grown == NULL)
        return -1;
    h->segments = grown;
    h->cap = cap;
    return 0;
}

int flow_held_insert(struct flow_held *h, uint32_t at, const struct flow_part *p)
{
    struct flow_held_segment *s = malloc(sizeof *s + p->bytes.n);

    if (s == NULL || make_room(h) != 0) {
        free(s);
        return -1;
    }
    *s = (struct flow_held_segment){p->off, p->end, p->mark, (uint32_t)p->bytes.n};
    if (p->bytes.n > 0)
        memcpy(s->bytes, p->bytes.p, p->bytes.n);
    struct flow_held_segment **place = h->segments + h->first + at;
    memmove(place + 1, place, (h->n - at) * sizeof(struct flow_held_segment *));
    *place = s;
    h->n++;
    h->bytes += segment_cost(s);
    return 0;
}

struct flow_held_segment *flow_held_pop(struct flow_held *h)
{
    struct flow_held_segment *s = h->segments[h->first++];

    h->n--;
    h->bytes -= segment_cost(s);
    return s;
}

uint64_t flow_held_truncate(struct flow_held *h, uint64_t end)
{
    uint64_t dropped = 0;

    while (h->n > 0) {
        struct flow_held_segment *s = h->segments[h->first + h->n - 1];
        if (s->end <= end)
            break;
        uint64_t keep = s->off < end ? end - s->off : 0;
        dropped += s->end - s->off - keep;
        h->bytes -= segment_cost(s);
        if (keep > 0) {
            s->end = end;
            s->captured = (uint32_t)min_u64(s->captured, keep);
            h->bytes += segment_cost(s);
            break;
        }
        free(s);
        h->n--;
    }
    return dropped;
}

bool flow_held_conflicts(const struct flow_held_segment *s, const struct flow_part *p)
{
    uint64_t from = s->off > p->off ? s->off : p->off;
    uint64_t to = min_u64(s->off + s->captured, p->off + p->bytes.n);

    return from < to && memcmp(s->bytes + (from - s->off), p->bytes.p + (from - p->off), (size_t)(to - from)) != 0;
}
