#include "correlate/correlate.h"

#include <stdlib.h>

#include "correlate/conn_tls.h"
#include "correlate/facts.h"
#include "correlate/join.h"
#include "correlate/lookup/lookup.h"
#include "correlate/open.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"
#include "correlate/settle.h"
#include "correlate/timers.h"
#include "correlate/tls/turns.h"

const struct correlate_limits correlate_limits_default = {
    .lookups = 65536,
    .pending_queries = 131072,
    .header_bytes = 65536,
};

struct correlate *correlate_new(const struct correlate_limits *limits, correlate_emit *emit, void *ctx)
{
    struct correlate *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    list_init(&c->conns);
    list_init(&c->free_exchanges);
    list_init(&c->lookups);
    list_init(&c->unused_lookups);
    c->limits = *limits;
    c->emit = emit;
    c->emit_ctx = ctx;
    slab_init(&c->conn_slab, sizeof(struct cconn), limits->budget);
    slab_init(&c->pool_slab, sizeof(struct pool), limits->budget);
    slab_init(&c->lookup_slab, sizeof(struct lookup), limits->budget);
    slab_init(&c->dial_slab, sizeof(struct dial), limits->budget);
    slab_init(&c->query_slab, sizeof(struct lookup_query), limits->budget);
    slab_init(&c->addr_slab, sizeof(struct lookup_addr), limits->budget);
    slab_init(&c->tls_slab, sizeof(struct conn_tls), limits->budget);
    return c;
}

void correlate_tell_records(struct correlate *c, correlate_record *record, void *ctx)
{
    c->record = record;
    c->record_ctx = ctx;
}

void correlate_free(struct correlate *c)
{
    if (c == NULL)
        return;
    correlate_loaded(c);
    correlate_finish(c);
    heap_fini(&c->timers);
    heap_fini(&c->outbox);
    heap_fini(&c->last_lookups);
    hmap_fini(&c->carried);
    hmap_fini(&c->lookups_by_label);
    hmap_fini(&c->lookups_by_addr);
    hmap_fini(&c->queries);
    hmap_fini(&c->query_sockets);
    hmap_fini(&c->pools);
    hmap_fini(&c->open_by_number);
    slab_fini(&c->conn_slab);
    slab_fini(&c->pool_slab);
    slab_fini(&c->lookup_slab);
    slab_fini(&c->dial_slab);
    slab_fini(&c->query_slab);
    slab_fini(&c->addr_slab);
    slab_fini(&c->tls_slab);
    free(c);
}

static void exchange_timer(struct correlate *c, struct exchange *e)
{
    if (e->kind != P2T_KIND_TLS || !tls_still_flows(c, e))
        settle_exchange(c, e);
}

static void fire(struct correlate *c, struct timer *t)
{
    switch (t->kind) {
    case TIMER_LOOKUP:
        lookup_timer(c, heap_entry(t, struct lookup, timer));
        break;
    case TIMER_DIAL:
        join_dial_timer(c, heap_entry(t, struct dial, timer));
        break;
    case TIMER_EXCHANGE:
        exchange_timer(c, heap_entry(t, struct exchange, timer));
        break;
    case TIMER_POOL:
        join_exchange_settled(c, heap_entry(t, struct exchange, timer));
        break;
    }
}

static void timers_run(struct correlate *c, int64_t now_ns)
{
    for (struct heap_node *top; (top = heap_top(&c->timers)) != NULL && top->key <= now_ns;) {
        heap_remove(&c->timers, top);
        fire(c, heap_entry(top, struct timer, node));
    }
}

void correlate_clock(struct correlate *c, int64_t ts_ns)
{
    if (c->outbox.n > 0)
        outbox_flush(c);
    if (ts_ns <= c->now_ns)
        return;
    c->now_ns = ts_ns;
    timers_run(c, ts_ns);
}

void correlate_fact(struct correlate *c, const struct fact *f)
{
    switch (f->kind) {
    case FACT_DNS_MESSAGE:
        lookup_message(c, f);
        break;
    case FACT_DNS_ERROR:
        lookup_quoted(c, f);
        lookup_error(c, f);
        break;
    default:
        conn_fact(c, f);
        break;
    }
}

void correlate_ending(struct correlate *c)
{
    outbox_flush(c);
    c->ending = true;
}

static bool comes_before(const struct heap_node *a, const struct heap_node *b)
{
    return b == NULL || a->key < b->key || (a->key == b->key && a->tie <= b->tie);
}

/* By start, then by id. */
static void hand_over_last(struct correlate *c)
{
    for (struct heap_node *lookup; (lookup = heap_top(&c->last_lookups)) != NULL;) {
        if (comes_before(lookup, heap_top(&c->outbox)))
            lookup_report_last(c, heap_entry(lookup, struct lookup, timer.node));
        else
            outbox_flush_first(c);
    }
}

void correlate_finish(struct correlate *c)
{
    c->finishing = true;
    while (heap_top(&c->timers) != NULL)
        timers_run(c, heap_top(&c->timers)->key);
    hand_over_last(c);
    outbox_fini(c);
}

const struct correlate_counters *correlate_counters(const struct correlate *c)
{
    return &c->counters;
}

void correlate_flush(struct correlate *c)
{
    outbox_flush(c);
}
