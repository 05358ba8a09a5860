#include "base/arena.h"

#include <stdlib.h>

/* Many arenas hold a name or two and nothing else. */
enum { FIRST_BYTES = 256, BLOCK_BYTES = 1024, KEPT_BYTES = 4 * BLOCK_BYTES, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    _Alignas(ALIGN) uint8_t bytes[];
};

static size_t block_cost(size_t cap)
{
    return budget_cost(sizeof(struct arena_block) + cap);
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
    size_t usual = a->blocks == NULL ? FIRST_BYTES : BLOCK_BYTES, cap = n > usual ? n : usual;
    struct arena_block *b = malloc(sizeof *b + cap);

    if (b == NULL)
        return NULL;
    b->next = a->blocks;
    b->cap = cap;
    b->used = 0;
    a->blocks = b;
    a->held_bytes += block_cost(cap);
    budget_add(a->budget, block_cost(cap));
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

void arena_count_in(struct arena *a, struct budget *budget)
{
    budget_sub(a->budget, a->held_bytes);
    a->budget = budget;
    budget_add(a->budget, a->held_bytes);
}

static void free_from(struct arena *a, struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        a->held_bytes -= block_cost(b->cap);
        budget_sub(a->budget, block_cost(b->cap));
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
    free_from(a, keep->next);
    keep->next = NULL;
    keep->used = 0;
    if (keep->cap > KEPT_BYTES) {
        free_from(a, keep);
        a->blocks = NULL;
    }
}

void arena_fini(struct arena *a)
{
    free_from(a, a->blocks);
    *a = (struct arena){.budget = a->budget};
}
