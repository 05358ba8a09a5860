/* Memory that is given back all at once: an exchange's strings live and die together. */
#ifndef P2T_BASE_ARENA_H
#define P2T_BASE_ARENA_H

#include "base/budget.h"
#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    uint8_t *at;                /* what is left of the newest */
    size_t left;
    size_t used_bytes;     /* handed out since the last reset */
    size_t held_bytes;     /* of all blocks */
    struct budget *budget; /* NULL: not counted */
};

enum { ARENA_ALIGN = 16 };

/* Room for n bytes that are to be aligned, in a new block. */
void *arena_more(struct arena *a, size_t n);

/* A zeroed struct arena is empty and ready. Memory is aligned for any object; NULL when it ran out. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
    size_t pad = -(uintptr_t)a->at % ARENA_ALIGN;

    if (a->left <= pad || n > a->left - pad)
        return arena_more(a, n);
    uint8_t *p = a->at + pad;
    a->at = p + n;
    a->left -= pad + n;
    a->used_bytes += n;
    return p;
}

/* A copy with a NUL behind it, which the slice does not count. Empty input gives an empty, non-NULL slice. */
static inline struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *p = a->at;

    if (s.n < a->left) {
        a->at += s.n + 1;
        a->left -= s.n + 1;
        a->used_bytes += s.n + 1;
    } else if (s.n == SIZE_MAX || (p = arena_more(a, s.n + 1)) == NULL) {
        return (struct slice){(const uint8_t *)"", 0};
    }
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return slice_of(p, s.n);
}

/* printf into the arena, NUL behind it; empty when memory ran out. */
struct slice arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From now on it counts there; NULL: nowhere. */
void arena_count_in(struct arena *a, struct budget *budget);
/* For an arena that will be reset: an empty one gets a block that resets keep. What it holds from then on does not depend
 * on what it held before them. */
void arena_start(struct arena *a);
void arena_reset(struct arena *a);
/* It is empty again, and counts where it did. */
void arena_fini(struct arena *a);

#endif
