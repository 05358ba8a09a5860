#include "proto/http1/pending.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 8 };

void h1_pending_fini(struct h1_pending_queue *q)
{
    free(q->items);
}

struct h1_pending *h1_pending_front(struct h1_pending_queue *q)
{
    if (q->unkept > 0)
        return &q->oldest;
    return q->n > 0 ? &q->items[q->first] : NULL;
}

struct h1_pending *h1_pending_back(const struct h1_pending_queue *q)
{
    return q->n > 0 ? &q->items[q->first + q->n - 1] : NULL;
}

static void remove_first(struct h1_pending_queue *q)
{
    q->first++;
    if (--q->n > 0)
        return;
    q->first = 0;
    if (q->cap > KEPT) { /* an idle connection has no use for it */
        free(q->items);
        q->items = NULL;
        q->cap = 0;
    }
}

void h1_pending_pop(struct h1_pending_queue *q)
{
    if (q->unkept == 0) {
        remove_first(q);
        return;
    }
    q->unkept--;
    q->oldest = (struct h1_pending){.exchange = q->oldest.exchange + 1, .asked_ns = q->oldest.asked_ns};
}

void h1_pending_unkeep(struct h1_pending_queue *q)
{
    if (q->unkept++ == 0)
        q->oldest = q->items[q->first];
    remove_first(q);
}

static bool room(struct h1_pending_queue *q)
{
    if (q->first + q->n < q->cap)
        return true;
    if (q->first > 0) {
        memmove(q->items, q->items + q->first, q->n * sizeof *q->items);
        q->first = 0;
        return true;
    }
    size_t cap = q->cap == 0 ? 2 : q->cap * 2;
    struct h1_pending *items = realloc(q->items, cap * sizeof *items);
    if (items == NULL)
        return false;
    q->items = items;
    q->cap = cap;
    return true;
}

void h1_pending_push(struct h1_pending_queue *q, uint32_t exchange, int64_t asked_ns)
{
    if (!room(q))
        return;
    q->n++;
    *h1_pending_back(q) = (struct h1_pending){.exchange = exchange, .asked_ns = asked_ns};
}
