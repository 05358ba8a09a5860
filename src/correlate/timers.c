#include "correlate/timers.h"

void timer_set(struct correlate *c, struct timer *t, enum timer_kind kind, int64_t due_ns)
{
    heap_remove(&c->timers, &t->node);
    t->kind = kind;
    (void)heap_push(&c->timers, &t->node, due_ns, c->serial++);
}
