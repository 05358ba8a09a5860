#include "batch/names.h"

#include <stdlib.h>

#include "batch/take.h"
#include "pcap2trace/status.h"

struct name *names_find(const struct names *n, uint32_t file)
{
    size_t low = 0, high = n->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (n->items[mid].file == file)
            return &n->items[mid];
        if (n->items[mid].file < file)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

int names_add(struct names *n, uint32_t file, struct slice text)
{
    size_t at = n->count;

    if (names_find(n, file) != NULL)
        return P2T_OK;
    if (n->count == n->cap) {
        size_t cap = n->cap == 0 ? 16 : n->cap * 2;
        struct name *items = realloc(n->items, cap * sizeof *items);
        if (items == NULL)
            return P2T_ERR_MEMORY;
        n->items = items;
        n->cap = cap;
    }
    char *copy = take_copy(text);
    if (copy == NULL)
        return P2T_ERR_MEMORY;
    for (; at > 0 && n->items[at - 1].file > file; at--)
        n->items[at] = n->items[at - 1];
    n->items[at] = (struct name){file, copy, false};
    n->count++;
    return P2T_OK;
}

void names_sweep(struct names *n, uint32_t from)
{
    size_t kept = 0;

    for (size_t i = 0; i < n->count; i++) {
        struct name *item = &n->items[i];
        if (!item->used && item->file < from) {
            free(item->text);
            continue;
        }
        item->used = false;
        n->items[kept++] = *item;
    }
    n->count = kept;
}

void names_fini(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i].text);
    free(n->items);
    *n = (struct names){0};
}
