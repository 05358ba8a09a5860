#include "correlate/outbox.h"

#include <stdlib.h>

/* As many as are under way to another thread at most; and the places of one in two heaps. */
enum { KEPT_EXCHANGES = 512, HEAPS_BYTES = 96 };

static struct exchange *first_free(const struct correlate *c)
{
    return list_empty(&c->free_exchanges) ? NULL : list_entry(c->free_exchanges.next, struct exchange, open);
}

struct exchange *exchange_take(struct correlate *c)
{
    struct exchange *e = first_free(c);
    struct arena arena = {0};

    if (e != NULL) {
        list_remove(&e->open);
        c->free_count--;
        arena = e->arena;
        /* In two parts: from 2 KiB on, glibc's memset() uses an instruction that takes long to start. */
        memset(e, 0, offsetof(struct exchange, request));
        memset(&e->request, 0, offsetof(struct exchange, links) - offsetof(struct exchange, request));
    } else if ((e = calloc(1, sizeof *e)) == NULL) {
        return NULL;
    }
    e->arena = arena;
    budget_add(c->limits.budget, budget_cost(sizeof *e) + HEAPS_BYTES);
    arena_start(&e->arena, ARENA_USUAL);
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
    list_insert(c->free_exchanges.next, &e->open);
    c->free_count++;
}

void exchange_drop(struct correlate *c, struct exchange *e)
{
    stop_counting(c, e);
    arena_fini(&e->arena);
    free(e);
}

static void emit(struct correlate *c, struct exchange *e)
{
    c->counters.exchanges++;
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

void exchange_give_back(struct correlate *c, struct exchange *e)
{
    stop_counting(c, e);
    give(c, e);
}

/* What waits for the end of the input gives way to memory: then the rest comes in several sorted runs. */
static bool over_limit(const struct correlate *c)
{
    return c->ending && c->limits.budget != NULL && budget_over(c->limits.budget);
}

void outbox_put(struct correlate *c, struct exchange *e)
{
    if (e->end_ns < e->start.ts_ns)
        e->end_ns = e->start.ts_ns;
    if (heap_push(&c->outbox, &e->order, e->start.ts_ns, e->id) != 0)
        emit(c, e);
    else if (over_limit(c))
        outbox_flush(c);
}

void outbox_flush_first(struct correlate *c)
{
    struct heap_node *top = heap_top(&c->outbox);

    heap_remove(&c->outbox, top);
    emit(c, heap_entry(top, struct exchange, order));
}

void outbox_flush(struct correlate *c)
{
    while (c->outbox.n > 0)
        outbox_flush_first(c);
}

void outbox_fini(struct correlate *c)
{
    outbox_flush(c);
    for (struct list_link *at = c->free_exchanges.next, *next; at != &c->free_exchanges; at = next) {
        struct exchange *e = list_entry(at, struct exchange, open);
        next = at->next;
        arena_fini(&e->arena);
        free(e);
    }
    list_init(&c->free_exchanges);
    c->free_count = 0;
}
