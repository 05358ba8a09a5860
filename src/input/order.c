#include "input/order.h"

#include <string.h>

/* dumpcap empties the queues of its interfaces in turn, each after 250 ms at the latest; queues of one interface differ by
 * their interrupts. What comes later within one queue is a clock that was set back: ntpd steps by 128 ms at least. */
static const int64_t WINDOW_NS = 500000000, QUEUE_WINDOW_NS = 100000000;

/* HELD_BYTES_MAX: of all files together. */
enum { TRIAL_FRAMES = 32, TRIAL_BYTES = 12 << 10, HELD_BYTES_MAX = 16 << 20 };

static int give(struct input_order *o, struct input_held *h, struct input_frame *f)
{
    o->out = h;
    *f = h->frame;
    return 1;
}

static int give_first(struct input_order *o, struct input_frame *f)
{
    return give(o, input_queue_take(&o->queue), f);
}

/* Captured times are any 64 bits. */
static bool later_by(int64_t a, int64_t b, int64_t ns)
{
    return a > b && (uint64_t)a - (uint64_t)b > (uint64_t)ns;
}

static size_t queue_of(const struct input_frame *f)
{
    return f->interface % INPUT_ORDER_QUEUES;
}

static bool clock_was_set_back(const struct input_order *o, const struct input_frame *f)
{
    size_t queue = queue_of(f);

    return (o->queue_used[queue] && later_by(o->queue_ns[queue], f->ts_ns, QUEUE_WINDOW_NS)) ||
           (o->has_newest && later_by(o->newest_ns, f->ts_ns, WINDOW_NS));
}

static void note(struct input_order *o, const struct input_frame *f)
{
    size_t queue = queue_of(f);

    if (!o->queue_used[queue] || f->ts_ns > o->queue_ns[queue])
        o->queue_ns[queue] = f->ts_ns;
    o->queue_used[queue] = true;
    if (!o->has_newest || f->ts_ns > o->newest_ns)
        o->newest_ns = f->ts_ns;
    o->has_newest = true;
}

static bool is_late(const struct input_order *o, const struct input_frame *f)
{
    return o->has_newest && f->ts_ns < o->newest_ns;
}

static int take_in(struct input_order *o, const struct input_frame *f)
{
    struct input_held *h = input_hold_copy(&o->hold, f);

    if (h == NULL)
        return P2T_ERR_MEMORY;
    if (clock_was_set_back(o, f)) {
        o->after = h;
        return P2T_OK;
    }
    if (is_late(o, f)) {
        o->sorted++;
        o->mode = ORDER_SORTS;
    }
    note(o, f);
    if (input_queue_put(&o->queue, h, o->read) != 0) {
        input_hold_free(&o->hold, h);
        return P2T_ERR_MEMORY;
    }
    return P2T_OK;
}

/* Nothing earlier than the first one held can come any more. */
static bool is_ripe(const struct input_order *o)
{
    if (o->over || o->after != NULL || o->mode == ORDER_DRAINS)
        return true;
    const struct input_held *h = input_queue_first(&o->queue);
    return h != NULL &&
           (later_by(o->newest_ns, h->frame.ts_ns, o->window_ns) || o->hold.pool->bytes >= HELD_BYTES_MAX);
}

/* Interfaces are queues of their own, which dumpcap writes one after the other. */
static enum input_order_mode mode_after_trial(const struct input_capture *c)
{
    return c->interfaces.count > 1 ? ORDER_SORTS : ORDER_DRAINS;
}

static int read_one(struct input_order *o, struct input_capture *c)
{
    struct input_frame f;
    int r = input_capture_next(c, &f);

    if (r != 1) {
        o->over = true;
        o->result = r;
        return P2T_OK;
    }
    /* A pcap file is one queue; in pcapng more may follow. */
    o->window_ns = c->interfaces.count == 0 ? QUEUE_WINDOW_NS : WINDOW_NS;
    o->read++;
    o->trial_bytes += f.cap_len;
    r = take_in(o, &f);
    if (o->mode == ORDER_TRIAL && (o->read >= TRIAL_FRAMES || o->trial_bytes >= TRIAL_BYTES))
        o->mode = mode_after_trial(c);
    return r;
}

static int give_after(struct input_order *o, struct input_frame *f)
{
    struct input_held *h = o->after;

    o->after = NULL;
    memset(o->queue_used, 0, sizeof o->queue_used);
    o->has_newest = false;
    note(o, &h->frame);
    return give(o, h, f);
}

/* What comes after the clock was set back is handed out after all that came before. 0: nothing is held any more. */
static int next_held(struct input_order *o, struct input_capture *c, struct input_frame *f)
{
    while (!is_ripe(o)) {
        int r = read_one(o, c);
        if (r != P2T_OK)
            return r;
    }
    if (input_queue_first(&o->queue) != NULL)
        return give_first(o, f);
    return o->after != NULL ? give_after(o, f) : 0;
}

/* Nothing was held when it came: this one cannot be put in its place any more. */
void input_order_late(struct input_order *o, const struct input_capture *c, const struct input_frame *f)
{
    bool several = c->interfaces.count > 1;

    if (!later_by(o->newest_ns, f->ts_ns, several ? WINDOW_NS : QUEUE_WINDOW_NS) && !o->pipe) {
        memset(o->queue_used, 0, sizeof o->queue_used);
        o->mode = ORDER_SORTS;
        return;
    }
    o->newest_ns = f->ts_ns;
}

int input_order_held(struct input_order *o, struct input_capture *c, struct input_frame *f)
{
    input_hold_free(&o->hold, o->out);
    o->out = NULL;
    int r = next_held(o, c, f);
    if (r != 0)
        return r;
    if (o->over)
        return o->result;
    o->mode = ORDER_AS_IT_COMES;
    return input_order_pass(o, c, f);
}

void input_order_begin(struct input_order *o, struct input_hold_pool *pool, bool pipe)
{
    *o = (struct input_order){.hold.pool = pool, .pipe = pipe, .mode = pipe ? ORDER_AS_IT_COMES : ORDER_TRIAL};
}

void input_order_end(struct input_order *o)
{
    while (input_queue_first(&o->queue) != NULL)
        input_hold_free(&o->hold, input_queue_take(&o->queue));
    input_queue_fini(&o->queue);
    input_hold_free(&o->hold, o->out);
    input_hold_free(&o->hold, o->after);
    input_hold_fini(&o->hold);
    *o = (struct input_order){.mode = ORDER_TRIAL};
}
