/* What nghttp2 allocates for a connection's header compression, counted. */
#include <malloc.h>
#include <stdlib.h>

#include "proto/http2_frame.h"

static size_t cost(void *p)
{
    return p != NULL ? budget_cost(malloc_usable_size(p)) : 0;
}

static void *take(size_t n, void *budget)
{
    void *p = malloc(n);

    budget_add(budget, cost(p));
    return p;
}

static void *take_zeroed(size_t n, size_t size, void *budget)
{
    void *p = calloc(n, size);

    budget_add(budget, cost(p));
    return p;
}

static void *resize(void *p, size_t n, void *budget)
{
    size_t before = cost(p);
    void *fresh = realloc(p, n);

    if (fresh != NULL)
        budget_change(budget, before, cost(fresh));
    return fresh;
}

static void give(void *p, void *budget)
{
    budget_sub(budget, cost(p));
    free(p);
}

nghttp2_mem h2_memory_counted_in(struct budget *budget)
{
    return (nghttp2_mem){budget, take, give, take_zeroed, resize};
}
