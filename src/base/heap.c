#include "base/heap.h"

#include <stdlib.h>

void heap_fini(struct heap *h)
{
    free(h->places);
    *h = (struct heap){0};
}

static bool before(const struct heap_place *a, const struct heap_place *b)
{
    return a->key != b->key ? a->key < b->key : a->tie < b->tie;
}

static void put(struct heap *h, size_t i, const struct heap_place *p)
{
    h->places[i] = *p;
    p->node->at = i + 1;
}

static void sift_up(struct heap *h, size_t i, const struct heap_place *p)
{
    while (i > 0 && before(p, &h->places[(i - 1) / 2])) {
        put(h, i, &h->places[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, p);
}

static void sift_down(struct heap *h, size_t i, const struct heap_place *p)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->n)
            break;
        if (child + 1 < h->n && before(&h->places[child + 1], &h->places[child]))
            child++;
        if (!before(&h->places[child], p))
            break;
        put(h, i, &h->places[child]);
        i = child;
    }
    put(h, i, p);
}

int heap_push(struct heap *h, struct heap_node *node, int64_t key, uint64_t tie)
{
    if (h->n == h->cap) {
        size_t cap = h->cap == 0 ? 64 : h->cap * 2;
        struct heap_place *places = realloc(h->places, cap * sizeof *places);
        if (places == NULL)
            return -1;
        h->places = places;
        h->cap = cap;
    }
    node->key = key;
    node->tie = tie;
    sift_up(h, h->n++, &(struct heap_place){key, tie, node});
    return 0;
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    if (node->at == 0)
        return;
    size_t i = node->at - 1;
    struct heap_place last = h->places[--h->n];
    node->at = 0;
    if (last.node == node)
        return;
    if (i > 0 && before(&last, &h->places[(i - 1) / 2]))
        sift_up(h, i, &last);
    else
        sift_down(h, i, &last);
}
