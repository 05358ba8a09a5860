#include "base/arena.h"

#include <stdlib.h>

/* With its head, a block is the largest that glibc keeps at hand for its thread: more takes a way that is many times as
 * long. */
enum { BLOCK_BYTES = 1000, KEPT_MAX = 4096 };
/* Many arenas hold a name or two and nothing else. */
enum { FIRST_BYTES = 232 };

struct arena_block {
    struct arena_block *next;
    size_t cap;
    _Alignas(ARENA_ALIGN) uint8_t bytes[];
};

static void use(struct arena *a, struct arena_block *b)
{
    a->blocks = b;
    a->at = b->bytes;
    a->left = b->cap;
}

static size_t block_cost(size_t cap)
{
    return budget_cost(sizeof(struct arena_block) + cap);
}

void *arena_more(struct arena *a, size_t n)
{
    size_t usual = a->blocks == NULL ? FIRST_BYTES : BLOCK_BYTES, cap = n > usual ? n : usual;

    if (n > SIZE_MAX / 2)
        return NULL;
    struct arena_block *b = malloc(sizeof *b + cap);
    if (b == NULL)
        return NULL;
    b->next = a->blocks;
    b->cap = cap;
    a->held_bytes += block_cost(cap);
    budget_add(a->budget, block_cost(cap));
    use(a, b);
    a->at += n;
    a->left -= n;
    a->used_bytes += n;
    return b->bytes;
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
    use(a, keep);
    if (keep->cap > KEPT_MAX)
        arena_fini(a);
}

void arena_fini(struct arena *a)
{
    free_from(a, a->blocks);
    *a = (struct arena){.budget = a->budget};
}
