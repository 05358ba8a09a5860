#include "base/arena.h"

#include <stdlib.h>

/* With its head, a block is the largest that glibc keeps at hand for its thread: more takes a way that is many times as
 * long. */
enum { BLOCK_BYTES = 1000, KEPT_MAX = 16384 };

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

void *arena_more(struct arena *a, size_t n)
{
    size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;

    if (n > SIZE_MAX / 2)
        return NULL;
    struct arena_block *b = malloc(sizeof *b + cap);
    if (b == NULL)
        return NULL;
    b->next = a->blocks;
    b->cap = cap;
    use(a, b);
    a->at += n;
    a->left -= n;
    a->used_bytes += n;
    return b->bytes;
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
    use(a, keep);
    if (keep->cap <= KEPT_MAX)
        return;
    free(keep);
    *a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
    free_from(a->blocks);
    *a = (struct arena){0};
}
