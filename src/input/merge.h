/* The open files in the order of their next frames: a binary heap on time, then on file index. */
#ifndef P2T_INPUT_MERGE_H
#define P2T_INPUT_MERGE_H

#include "input/entry.h"

struct input_merge {
    struct input_entry **items;
    size_t count, cap;
};

/* e->head must be set. 0 or P2T_ERR_MEMORY. */
int input_merge_push(struct input_merge *m, struct input_entry *e);
/* Call it when the head frame of the top entry has changed. */
void input_merge_top_changed(struct input_merge *m);
/* Removes the top entry. */
void input_merge_pop(struct input_merge *m);
void input_merge_fini(struct input_merge *m);

/* The entry with the earliest head frame; NULL: none. */
static inline struct input_entry *input_merge_top(const struct input_merge *m)
{
    return m->count > 0 ? m->items[0] : NULL;
}

#endif
