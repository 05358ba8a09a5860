/* The open files in the order of their next frames: a binary heap on time, then on file index. */
#ifndef P2T_INPUT_MERGE_H
#define P2T_INPUT_MERGE_H

#include "input/entry.h"

struct merge {
    struct entry **items;
    size_t count, cap;
};

/* 0 or P2T_ERR_MEMORY. */
int merge_push(struct merge *m, struct entry *e);
/* The head frame of items[0] has changed. */
void merge_top_changed(struct merge *m);
void merge_pop(struct merge *m);
void merge_fini(struct merge *m);

static inline struct entry *merge_top(const struct merge *m)
{
    return m->count > 0 ? m->items[0] : NULL;
}

#endif
