#include "correlate/outbox.h"

#include <stdlib.h>

/* As many as are under way to another thread at most; and the places of one in two heaps. */
enum { KEPT_EXCHANGES = 512, HEAPS_BYTES = 32 };

struct exchange *exchange_take(struct correlate *c)
{
    struct exchange *e = c->free_exchanges;
    struct arena arena = {0};

    if (e != NULL) {
        c->free_exchanges = e->next;
        c->free_count--;
        arena = e->arena;
        memset(e, 0, offsetof(struct exchange, links));
    } else if ((e = calloc(1, sizeof *e)) == NULL) {
        return NULL;
    }
    e->arena = arena;
    budget_add(c->limits.budget, budget_cost(sizeof *e) + HEAPS_BYTES);
    arena_start(&e->arena);
    arena_count_in(&e->arena, c->limits.budget);
    return e;
}

/* Whoever it is handed to bounds what he keeps of them. */
static void stop_counting(struct correlate *c, struct exchange *e)
{
    budget_sub(c->limits.budget, budget_cost(sizeof *e) + HEAPS_BYTES);
    arena_count_in(&e->arena, NULL);
}

/* Keeps the exchange and a block of its arena for the next one. */
static void give(struct correlate *c, struct exchange *e)
{
    if (c->free_count >= KEPT_EXCHANGES) {
        arena_fini(&e->arena);
        free(e);
        return;
    }
    arena_reset(&e->arena);
    e->next = c->free_exchanges;
    c->free_exchanges = e;
    c->free_count++;
}

void exchange_drop(struct correlate *c, struct exchange *e)
{
    stop_counting(c, e);
    arena_fini(&e->arena);
    free(e);
}

static void leave(struct correlate *c, struct exchange *e)
{
    c->waiting_bytes -= e->waiting_bytes;
    e->waiting_bytes = 0;
}

void outbox_hold(struct correlate *c, struct hold *h, int64_t end_ns)
{
    heap_remove(&c->outbox, &h->node);
    h->exchange = NULL;
    (void)heap_push(&c->outbox, &h->node, end_ns, c->serial++);
}

void outbox_release(struct correlate *c, struct hold *h)
{
    heap_remove(&c->outbox, &h->node);
    if (h->exchange != NULL)
        leave(c, h->exchange);
}

static void emit(struct correlate *c, struct exchange *e)
{
    c->counters.exchanges++;
    c->counters.order_relaxed += e->end_ns < c->emitted_ns;
    if (e->end_ns > c->emitted_ns)
        c->emitted_ns = e->end_ns;
    stop_counting(c, e);
    c->emitting = e;
    c->emit(c->emit_ctx, e);
    if (c->emitting != NULL)
        give(c, e);
    c->emitting = NULL;
}

struct exchange *correlate_keep(struct correlate *c)
{
    struct exchange *e = c->emitting;

    c->emitting = NULL;
    return e;
}

void correlate_give_back(struct correlate *c, struct exchange *e)
{
    give(c, e);
}

void outbox_put(struct correlate *c, struct exchange *e, bool final)
{
    e->final = final;
    e->order.exchange = e;
    if (e->end_ns < e->start.ts_ns)
        e->end_ns = e->start.ts_ns;
    if (heap_push(&c->outbox, &e->order.node, e->end_ns, e->id) == 0) {
        e->waiting_bytes = sizeof *e + e->arena.held_bytes;
        c->waiting_bytes += e->waiting_bytes;
    } else if (final) {
        emit(c, e);
    }
}

void outbox_final(struct correlate *c, struct exchange *e)
{
    e->final = true;
    if (heap_holds(&e->order.node))
        outbox_drain(c);
    else
        emit(c, e);
}

void outbox_discard(struct correlate *c, struct exchange *e)
{
    heap_remove(&c->outbox, &e->order.node);
    leave(c, e);
    stop_counting(c, e);
    give(c, e);
}

/* Over the limit, whatever holds the others back loses its place: memory goes before order. */
static bool over_limit(const struct correlate *c)
{
    return c->outbox.n > c->limits.waiting_exchanges || c->waiting_bytes > c->limits.waiting_bytes ||
           (c->gathering && c->limits.budget != NULL && budget_over(c->limits.budget));
}

void outbox_drain(struct correlate *c)
{
    for (struct heap_node *top; (top = heap_top(&c->outbox)) != NULL;) {
        struct exchange *e = heap_entry(top, struct hold, node)->exchange;
        bool ready = e != NULL && e->final;
        if ((!ready || c->gathering) && !over_limit(c))
            return;
        heap_remove(&c->outbox, top);
        if (e != NULL)
            leave(c, e);
        if (ready)
            emit(c, e);
    }
}

void outbox_flush(struct correlate *c)
{
    c->gathering = false;
    outbox_drain(c);
    while (c->free_exchanges != NULL) {
        struct exchange *e = c->free_exchanges;
        c->free_exchanges = e->next;
        arena_fini(&e->arena);
        free(e);
    }
}
