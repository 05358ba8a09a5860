/* Puts the packets of one file in the order of their times, where several capture queues or interfaces wrote it.
 *
 * Frames are held, as copies, only while a file is out of order: at its beginning, until enough frames in a row were in
 * order, and from the first one that was not. A clock that was set back is no disorder: frames keep the file's order
 * then. */
#ifndef P2T_INPUT_ORDER_H
#define P2T_INPUT_ORDER_H

#include "input/capture.h"
#include "input/queue.h"

enum { INPUT_ORDER_QUEUES = 16 }; /* interfaces beyond share one */

enum input_order_mode {
    ORDER_TRIAL, /* holds frames, to see whether they are in order */
    ORDER_SORTS,
    ORDER_DRAINS, /* they are: those held go out first */
    ORDER_AS_IT_COMES
};

struct input_order {
    enum input_order_mode mode;
    bool pipe;                            /* as it comes, whatever comes */
    bool over;                            /* the capture gave its last frame ... */
    int result;                           /* ... and this instead of another */
    int64_t window_ns;                    /* how much later than another frame one must be to let that go */
    bool has_newest;                      /* newest_ns is set */
    int64_t newest_ns;                    /* of the frames since the clock was last set back */
    int64_t queue_ns[INPUT_ORDER_QUEUES]; /* likewise, by interface */
    bool queue_used[INPUT_ORDER_QUEUES];
    struct input_hold hold;
    struct input_queue queue;
    struct input_held *out;   /* given out last */
    struct input_held *after; /* the first one after the clock was set back: waits until the queue is empty */
    size_t trial_bytes;       /* read so far */
    uint64_t read, sorted;    /* sorted: frames that stood behind a later one */
};

/* pool: shared by all that are open; must stay where it is. pipe: its frames must not wait for later ones, and come as
 * they are. */
void input_order_begin(struct input_order *o, struct input_hold_pool *pool, bool pipe);
void input_order_end(struct input_order *o);

/* For input_order_next(): where frames are held; where none was and this one is late. */
int input_order_held(struct input_order *o, struct input_capture *c, struct input_frame *f);
void input_order_late(struct input_order *o, const struct input_capture *c, const struct input_frame *f);

static inline int input_order_pass(struct input_order *o, struct input_capture *c, struct input_frame *f)
{
    int r = input_capture_next(c, f);
    if (r == 1 && f->ts_ns >= o->newest_ns)
        o->newest_ns = f->ts_ns;
    else if (r == 1)
        input_order_late(o, c, f);
    return r;
}

/* The same as input_capture_next(), in the order of time. */
static inline int input_order_next(struct input_order *o, struct input_capture *c, struct input_frame *f)
{
    return o->mode == ORDER_AS_IT_COMES ? input_order_pass(o, c, f) : input_order_held(o, c, f);
}

#endif
