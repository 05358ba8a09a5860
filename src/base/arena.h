/* Memory that is freed all at once: the strings of one exchange live and die together. */
#ifndef P2T_BASE_ARENA_H
#define P2T_BASE_ARENA_H

#include "base/budget.h"
#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    uint8_t *at;                /* the next free byte of the newest */
    size_t left;                /* bytes left of the newest */
    size_t held_bytes;          /* allocated, in all blocks */
    struct budget *budget;      /* where held bytes are counted; NULL: nowhere */
};

enum { ARENA_ALIGN = 16 };

/* arena_alloc()'s slow path: takes the n bytes from a new block. */
void *arena_more(struct arena *a, size_t n);

/* n bytes, aligned for any object and not zeroed; NULL when memory ran out. A zeroed struct arena is empty and ready. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
    size_t pad = -(uintptr_t)a->at % ARENA_ALIGN;

    if (a->left <= pad || n > a->left - pad)
        return arena_more(a, n);
    uint8_t *p = a->at + pad;
    a->at = p + n;
    a->left -= pad + n;
    return p;
}

/* A copy followed by a NUL that the slice does not count. Empty, with a non-NULL pointer, for empty input and when
 * memory ran out. */
static inline struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *p = a->at;

    if (s.n < a->left) {
        a->at += s.n + 1;
        a->left -= s.n + 1;
    } else if (s.n == SIZE_MAX || (p = arena_more(a, s.n + 1)) == NULL) {
        return (struct slice){(const uint8_t *)"", 0};
    }
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return slice_of(p, s.n);
}

/* As printf; the text is followed by a NUL that the slice does not count. Empty when memory ran out. */
struct slice arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves the count of what the arena holds to another budget; NULL: to none. */
void arena_count_in(struct arena *a, struct budget *budget);
/* For an arena that will be reset often: gives an empty one a block that resets keep, so that what it holds after a
 * reset does not depend on what it held before. ARENA_USUAL is a good size where there are many of them. */
enum { ARENA_USUAL = 1000 };
void arena_start(struct arena *a, size_t bytes);
/* Invalidates everything handed out, and keeps the block of arena_start(). */
void arena_reset(struct arena *a);
/* Frees everything. The arena is empty, ready for use, and counts in the same budget. */
void arena_fini(struct arena *a);

#endif
