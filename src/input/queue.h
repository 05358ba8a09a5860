/* Frames that wait to be given out in the order of their times.
 *
 * Most come almost in that order: such are appended to one of a few runs, each in order in itself, at a constant cost. The
 * rest go into a heap. */
#ifndef P2T_INPUT_QUEUE_H
#define P2T_INPUT_QUEUE_H

#include "input/hold.h"

struct input_run {
    struct input_held *first, *last; /* last: only where there is a first */
};

/* Two interfaces that dumpcap empties in turn take two runs, and so on. */
enum { INPUT_RUNS = 4 };

/* A zeroed one is empty and ready. */
struct input_queue {
    struct input_run runs[INPUT_RUNS];
    struct heap heap;
};

/* Takes h over; tie: what counts among frames of one time. Returns 0, or -1 when memory ran out. */
int input_queue_put(struct input_queue *q, struct input_held *h, uint64_t tie);
/* The earliest frame, which stays; NULL: there is none. */
struct input_held *input_queue_first(const struct input_queue *q);
/* Takes the earliest frame out; the queue must not be empty. */
struct input_held *input_queue_take(struct input_queue *q);
/* Of an empty one. */
void input_queue_fini(struct input_queue *q);

#endif
