/* What nghttp2 allocates for a connection's header compression, counted as it was asked for: what malloc() makes of it
 * depends on what was free just then, and when a connection is given up must not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http2/frame.h"

struct block {
    _Alignas(16) size_t n;
    _Alignas(16) uint8_t bytes[];
};

static struct block *block_of(void *p)
{
    return (struct block *)(void *)((uint8_t *)p - offsetof(struct block, bytes));
}

static size_t cost(const struct block *b)
{
    return b != NULL ? budget_cost(sizeof *b + b->n) : 0;
}

static void *resize(void *p, size_t n, void *budget)
{
    struct block *old = p != NULL ? block_of(p) : NULL;
    size_t before = cost(old);

    if (n > SIZE_MAX / 2)
        return NULL;
    struct block *b = realloc(old, sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->n = n;
    budget_change(budget, before, cost(b));
    return b->bytes;
}

static void *take(size_t n, void *budget)
{
    return resize(NULL, n, budget);
}

static void *take_zeroed(size_t n, size_t size, void *budget)
{
    if (size > 0 && n > SIZE_MAX / 2 / size)
        return NULL;
    void *p = take(n * size, budget);
    if (p != NULL)
        memset(p, 0, n * size);
    return p;
}

static void give(void *p, void *budget)
{
    if (p == NULL)
        return;
    budget_sub(budget, cost(block_of(p)));
    free(block_of(p));
}

nghttp2_mem h2_memory_counted_in(struct budget *budget)
{
    return (nghttp2_mem){budget, take, give, take_zeroed, resize};
}
