/* Counts the bytes held by everything that shares one memory limit, across modules. The code that allocates counts;
 * the owner of the limit frees memory when the budget is over.
 *
 * The allocator's own overhead is included, so that the sum follows resident memory. Not thread-safe: one thread counts. */
#ifndef P2T_BASE_BUDGET_H
#define P2T_BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t used, limit; /* bytes */
};

/* What malloc(n) takes in the C library: an 8-byte header, rounded up to 16 bytes. */
static inline size_t budget_cost(size_t n)
{
    return (n + 8 + 15) & ~(size_t)15;
}

/* For all of these, NULL means that nothing is counted. */
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

/* An object counted as `before` bytes has become `now` bytes. */
static inline void budget_change(struct budget *b, size_t before, size_t now)
{
    if (b != NULL)
        b->used += now - before;
}

/* More is held than the limit allows. */
static inline bool budget_over(const struct budget *b)
{
    return b->used > b->limit;
}

#endif
