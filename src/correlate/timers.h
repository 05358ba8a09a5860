/* Timers on the packet clock. What each kind of timer does when it is due is decided in correlate.c. */
#ifndef P2T_CORRELATE_TIMERS_H
#define P2T_CORRELATE_TIMERS_H

#include "correlate/state.h"

/* Due at due_ns (packet time); a timer that runs already is set anew. */
void timer_set(struct correlate *c, struct timer *t, enum timer_kind kind, int64_t due_ns);
/* Does nothing for one that does not run. */
static inline void timer_stop(struct correlate *c, struct timer *t)
{
    if (heap_holds(&t->node))
        heap_remove(&c->timers, &t->node);
}

#endif
