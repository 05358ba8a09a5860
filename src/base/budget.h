/* Bytes held by what shares one limit, over all modules. Whoever allocates counts; whoever owns the limit makes room.
 *
 * What the allocator adds is counted, too, so that the sum follows resident memory. Only one thread counts. */
#ifndef P2T_BASE_BUDGET_H
#define P2T_BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t used, limit;
};

/* An allocation of n bytes, as the C library makes it: a header of 8 bytes, multiples of 16. */
static inline size_t budget_cost(size_t n)
{
    return (n + 8 + 15) & ~(size_t)15;
}

/* NULL: nobody counts. */
static inline void budget_add(struct budget *b, size_t bytes)
{
    if (b != NULL)
        b->used += bytes;
}

static inline void budget_sub(struct budget *b, size_t bytes)
{
    if (b != NULL)
        b->used -= bytes;
}

/* What was counted as `before` bytes is `now` bytes. */
static inline void budget_change(struct budget *b, size_t before, size_t now)
{
    if (b != NULL)
        b->used += now - before;
}

static inline bool budget_over(const struct budget *b)
{
    return b->used > b->limit;
}

#endif
