#include "input/merge.h"

#include <stdlib.h>

static bool before(const struct entry *a, const struct entry *b)
{
    if (a->head.ts_ns != b->head.ts_ns)
        return a->head.ts_ns < b->head.ts_ns;
    return a->index < b->index;
}

int merge_push(struct merge *m, struct entry *e)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 16 : m->cap * 2;
        struct entry **items = realloc(m->items, cap * sizeof(struct entry *));
        if (items == NULL)
            return P2T_ERR_MEMORY;
        m->items = items;
        m->cap = cap;
    }
    size_t i = m->count++;
    for (; i > 0 && before(e, m->items[(i - 1) / 2]); i = (i - 1) / 2)
        m->items[i] = m->items[(i - 1) / 2];
    m->items[i] = e;
    return 0;
}

void merge_top_changed(struct merge *m)
{
    struct entry *e = m->items[0];
    size_t i = 0;

    for (size_t child; (child = 2 * i + 1) < m->count; i = child) {
        if (child + 1 < m->count && before(m->items[child + 1], m->items[child]))
            child++;
        if (!before(m->items[child], e))
            break;
        m->items[i] = m->items[child];
    }
    m->items[i] = e;
}

void merge_pop(struct merge *m)
{
    m->items[0] = m->items[--m->count];
    if (m->count > 1)
        merge_top_changed(m);
}

void merge_fini(struct merge *m)
{
    free(m->items);
    *m = (struct merge){0};
}
