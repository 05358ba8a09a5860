#include "input/merge.h"

#include <stdlib.h>

static bool before(const struct input_entry *a, const struct input_entry *b)
{
    if (a->head.ts_ns != b->head.ts_ns)
        return a->head.ts_ns < b->head.ts_ns;
    return a->index < b->index;
}

int input_merge_push(struct input_merge *m, struct input_entry *e)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 16 : m->cap * 2;
        struct input_entry **items = realloc(m->items, cap * sizeof(struct input_entry *));
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

void input_merge_top_changed(struct input_merge *m)
{
    struct input_entry *e = m->items[0];
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

void input_merge_pop(struct input_merge *m)
{
    m->items[0] = m->items[--m->count];
    if (m->count > 1)
        input_merge_top_changed(m);
}

void input_merge_fini(struct input_merge *m)
{
    free(m->items);
    *m = (struct input_merge){0};
}
