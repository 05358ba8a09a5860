#include "input/queue.h"

static bool before(const struct input_held *a, const struct input_held *b)
{
    return a->node.key != b->node.key ? a->node.key < b->node.key : a->node.tie < b->node.tie;
}

static void append(struct input_run *r, struct input_held *h)
{
    if (r->first == NULL)
        r->first = h;
    else
        r->last->next = h;
    r->last = h;
    h->next = NULL;
}

int input_queue_put(struct input_queue *q, struct input_held *h, uint64_t tie)
{
    h->node = (struct heap_node){.key = h->frame.ts_ns, .tie = tie};
    for (size_t i = 0; i < INPUT_RUNS; i++)
        if (q->runs[i].first == NULL || before(q->runs[i].last, h)) {
            append(&q->runs[i], h);
            return 0;
        }
    return heap_push(&q->heap, &h->node, h->node.key, tie);
}

/* The run whose first frame is the earliest; NULL: the heap's is, or there is none. */
static const struct input_run *first_run(const struct input_queue *q, struct input_held **first)
{
    const struct heap_node *top = heap_top(&q->heap);
    const struct input_run *best = NULL;

    *first = top != NULL ? heap_entry(top, struct input_held, node) : NULL;
    for (size_t i = 0; i < INPUT_RUNS; i++) {
        struct input_held *h = q->runs[i].first;
        if (h != NULL && (*first == NULL || before(h, *first))) {
            *first = h;
            best = &q->runs[i];
        }
    }
    return best;
}

struct input_held *input_queue_first(const struct input_queue *q)
{
    struct input_held *first;

    (void)first_run(q, &first);
    return first;
}

/* Frames wait for so long that they are in no cache any more. */
static void fetch(const struct input_held *h)
{
    enum { LINE_BYTES = 64, LINES = 6 };

    for (size_t i = 0; i < LINES; i++)
        __builtin_prefetch((const uint8_t *)h + i * LINE_BYTES);
}

struct input_held *input_queue_take(struct input_queue *q)
{
    struct input_held *first;
    const struct input_run *run = first_run(q, &first);

    if (run != NULL) {
        q->runs[run - q->runs].first = first->next;
        if (first->next != NULL)
            fetch(first->next);
    } else {
        heap_remove(&q->heap, &first->node);
    }
    return first;
}

void input_queue_fini(struct input_queue *q)
{
    heap_fini(&q->heap);
}
