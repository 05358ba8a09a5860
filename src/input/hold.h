/* Memory for frames that are held: copies stand one behind the other in large blocks, because most leave in the order in
 * which they came. */
#ifndef P2T_INPUT_HOLD_H
#define P2T_INPUT_HOLD_H

#include <stddef.h>

#include "base/heap.h"
#include "input/frame.h"

struct input_block;

/* A frame and its bytes, copied. */
struct input_held {
    struct heap_node node;   /* queue.h: by time, then as in the file */
    struct input_held *next; /* ... in its run */
    struct input_block *block;
    struct input_frame frame;
    uint8_t bytes[];
};

/* What the files of one input share. A zeroed one is empty and ready. */
struct input_hold_pool {
    size_t bytes;              /* of blocks in use, however little of them is */
    struct input_block *spare; /* free ones, a few */
    size_t spare_count;
};

/* One file's. Zeroed but for `pool`, it is empty and ready. */
struct input_hold {
    struct input_hold_pool *pool;
    struct input_block *current; /* the one that is being filled; NULL: none */
    size_t bytes;                /* of its blocks in use */
};

/* A copy, to be given back with input_hold_free(); NULL when memory ran out. */
struct input_held *input_hold_copy(struct input_hold *o, const struct input_frame *f);
/* NULL is allowed. */
void input_hold_free(struct input_hold *o, struct input_held *h);
/* All copies must have been given back. */
void input_hold_fini(struct input_hold *o);
void input_hold_pool_fini(struct input_hold_pool *p);

#endif
