#include "summary/conn_index.h"

#include <stdlib.h>

static size_t part_of(const struct conn_index *x, uint64_t id)
{
    return id >> (64 - x->bits);
}

static int by_id(const void *a, const void *b)
{
    const struct conn *x = *(struct conn *const *)a, *y = *(struct conn *const *)b;

    return (x->id > y->id) - (x->id < y->id);
}

/* Ids are hashes: a part holds one or two. One that holds more, as somebody has aimed at it, is searched by halves. */
static void fill(struct conn_index *x, struct conn *conns, size_t n)
{
    size_t *next = x->from + 1; /* its counts become, part by part, where that part ends */
    size_t parts = (size_t)1 << x->bits, sum = 0;

    for (size_t i = 0; i < n; i++)
        next[part_of(x, conns[i].id)]++;
    for (size_t i = 0; i < parts; i++) {
        size_t count = next[i];
        next[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        x->by_id[next[part_of(x, conns[i].id)]++] = &conns[i];
    for (size_t i = 0; i < parts; i++)
        if (x->from[i + 1] - x->from[i] > 1)
            qsort(x->by_id + x->from[i], x->from[i + 1] - x->from[i], sizeof(struct conn *), by_id);
}

int conn_index_init(struct conn_index *x, struct conn *conns, size_t n)
{
    *x = (struct conn_index){.bits = 1};
    while ((size_t)1 << x->bits < n)
        x->bits++;
    x->by_id = calloc(n + 1, sizeof(struct conn *));
    x->from = calloc(((size_t)1 << x->bits) + 1, sizeof *x->from);
    if (x->by_id == NULL || x->from == NULL)
        return -1;
    fill(x, conns, n);
    return 0;
}

struct conn *conn_index_find(const struct conn_index *x, uint64_t id)
{
    size_t low = x->from[part_of(x, id)], end = x->from[part_of(x, id) + 1], high = end;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (x->by_id[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && x->by_id[low]->id == id ? x->by_id[low] : NULL;
}

void conn_index_fini(struct conn_index *x)
{
    free(x->by_id);
    free(x->from);
}
