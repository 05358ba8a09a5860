/* The open files in the order of their next frames: a binary heap on time, then on file index. */
#ifndef P2T_INPUT_MERGE_H
#define P2T_INPUT_MERGE_H

#include "input/entry.h"

struct input_merge {
    struct input_entry **items;
    size_t count, cap;
};

/* 0 or P2T_ERR_MEMORY. */
int input_merge_push(struct input_merge *m, struct input_entry *e);
/* The head frame of items[0] has changed. */
void input_merge_top_changed(struct input_merge *m);
void input_merge_pop(struct input_merge *m);
void input_merge_fini(struct input_merge *m);

static inline struct input_entry *input_merge_top(const struct input_merge *m)
{
    return m->count > 0 ? m->items[0] : NULL;
}

#endif
