#include "base/arena.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 1024, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    _Alignas(ALIGN) uint8_t bytes[];
};

static struct arena_block *add_block(struct arena *a, size_t n)
{
    size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
    struct arena_block *b = malloc(sizeof *b + cap);

    if (b == NULL)
        return NULL;
    b->next = a->blocks;
    b->cap = cap;
    b->used = 0;
    a->blocks = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct arena_block *b = a->blocks;

    if (n > SIZE_MAX / 2)
        return NULL;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if ((b == NULL || b->cap - b->used < n) && (b = add_block(a, n)) == NULL)
        return NULL;
    void *p = b->bytes + b->used;
    b->used += n;
    a->used_bytes += n;
    return p;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *p = arena_alloc(a, s.n + 1);

    if (p == NULL)
        return (struct slice){(const uint8_t *)"", 0};
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return slice_of(p, s.n);
}

static void free_from(struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = a->blocks;

    a->used_bytes = 0;
    if (keep == NULL)
        return;
    free_from(keep->next);
    keep->next = NULL;
    keep->used = 0;
    if (keep->cap > 16 * BLOCK_BYTES) {
        free(keep);
        a->blocks = NULL;
    }
}

void arena_fini(struct arena *a)
{
    free_from(a->blocks);
    *a = (struct arena){0};
}
