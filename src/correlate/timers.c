#include "correlate/pool/pool.h"

void timer_set(struct correlate *c, struct timer *t, enum timer_kind kind, int64_t due_ns)
{
    heap_remove(&c->timers, &t->node);
    t->kind = kind;
    (void)heap_push(&c->timers, &t->node, due_ns, c->serial++);
}

void timer_stop(struct correlate *c, struct timer *t)
{
    heap_remove(&c->timers, &t->node);
}

static void fire(struct correlate *c, struct timer *t)
{
    switch (t->kind) {
    case TIMER_LOOKUP:
        lookup_timer(c, heap_entry(t, struct lookup, timer));
        break;
    case TIMER_DIAL:
        dial_timer(c, heap_entry(t, struct dial, timer));
        break;
    case TIMER_EXCHANGE:
        open_timer(c, heap_entry(t, struct exchange, timer));
        break;
    case TIMER_POOL:
        pool_timer(c, heap_entry(t, struct exchange, timer));
        break;
    }
}

void timers_run(struct correlate *c, int64_t now_ns)
{
    for (struct heap_node *top; (top = heap_top(&c->timers)) != NULL && top->key <= now_ns;) {
        heap_remove(&c->timers, top);
        fire(c, heap_entry(top, struct timer, node));
    }
}
