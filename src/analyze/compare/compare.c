#include "analyze/compare/state.h"

#include <stdlib.h>

#include "analyze/wire.h"

enum { FLUSH_BYTES = 256 * 1024 };

struct compare *compare_new(const struct compare_config *config)
{
    struct compare *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->config = *config;
    c->pair_config.tolerance_ns = config->tolerance_ns;
    c->reader = live_new(&(struct live_config){.pool = &c->pool,
                                               .records = &c->live,
                                               .show_secrets = config->show_secrets,
                                               .ctx = config->ctx,
                                               .problem = config->problem});
    if (c->reader == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

void compare_free(struct compare *c)
{
    if (c == NULL)
        return;
    live_free(c->reader);
    join_fini(&c->join);
    totals_fini(&c->totals);
    free(c->live.records);
    free(c->wire.records);
    record_pool_fini(&c->pool);
    free(c);
}

struct live *compare_live(struct compare *c)
{
    return c->reader;
}

size_t compare_live_count(const struct compare *c)
{
    return c->live.n;
}

int compare_exchange(struct compare *c, const struct p2t_exchange *x, bool wanted)
{
    size_t before = c->wire.n;

    wire_keep(&c->wire, &c->pool, &c->draft, x);
    if (c->wire.n > before)
        c->wire.records[before].wire.unwanted = !wanted;
    return c->pool.failed ? P2T_ERR_MEMORY : P2T_OK;
}

/* ---- looking at one pair after the other ---- */

static void look_at(struct compare *c, size_t live)
{
    const struct record *l = &c->live.records[live], *w = &c->wire.records[c->join.wire_of[live]];

    pair_make(&c->pair, l, w, &c->join.clock, compare_source(c, l)->recorded, &c->pair_config);
    spent_find(&c->spent, &c->pair, c->config.tolerance_ns);
}

static bool is_joined(const struct compare *c, size_t live)
{
    return c->join.wire_of[live] != JOIN_NONE;
}

static bool is_wanted_pair(const struct compare *c, size_t live)
{
    return is_joined(c, live) && !c->wire.records[c->join.wire_of[live]].wire.unwanted;
}

/* Joined to nothing, and nothing of it can have been captured. Without a pair the clock is not known. */
static bool is_outside(const struct compare *c, size_t live)
{
    const struct record *l = &c->live.records[live];

    if (is_joined(c, live) || l->event_count == 0 || l->relative || c->join.clock.samples == 0)
        return false;
    int64_t first = clock_to_wire(&c->join.clock, l->events[0].time_ns);
    int64_t last = clock_to_wire(&c->join.clock, l->events[l->event_count - 1].time_ns);
    return first > c->pair_config.last_packet_ns || last < c->pair_config.first_packet_ns;
}

static bool is_wire_only(const struct compare *c, size_t wire)
{
    return c->join.live_of[wire] == JOIN_NONE && !c->wire.records[wire].wire.unwanted;
}

int compare_finish(struct compare *c, int64_t first_packet_ns, int64_t last_packet_ns)
{
    c->pair_config.first_packet_ns = first_packet_ns;
    c->pair_config.last_packet_ns = last_packet_ns;
    if (c->pool.failed)
        return P2T_ERR_MEMORY;
    int status = join_run(&c->join, &c->live, &c->wire, c->config.tolerance_ns);
    if (status != P2T_OK)
        return status;
    for (size_t i = 0; i < c->live.n; i++) {
        c->outside += is_outside(c, i);
        c->live_only += !is_joined(c, i) && !is_outside(c, i);
        if (!is_wanted_pair(c, i))
            continue;
        look_at(c, i);
        totals_add(&c->totals, &c->pair, &c->spent, (enum join_by)c->join.by[i]);
    }
    for (size_t i = 0; i < c->wire.n; i++)
        c->wire_only += is_wire_only(c, i);
    totals_finish(&c->totals);
    return c->totals.failed ? P2T_ERR_MEMORY : P2T_OK;
}

bool compare_agrees(const struct compare *c)
{
    return c->live_only == 0 && c->wire_only == 0 && c->totals.pairs > 0 && c->totals.agreeing == c->totals.pairs;
}

bool compare_is_partial(const struct compare *c)
{
    return c->live.refused + c->wire.refused + c->draft.events_refused + live_counters(c->reader).events_refused > 0;
}

/* ---- writing ---- */

struct writing {
    struct buf b;
    const struct out_sink *sink;
    int status;
};

static void flush(struct writing *w, size_t least)
{
    if (w->b.failed)
        w->status = P2T_ERR_MEMORY;
    if (w->status == P2T_OK && w->b.n >= least && w->b.n > 0)
        w->status = w->sink->write(w->sink->ctx, w->b.p, w->b.n);
    if (w->b.n >= least)
        buf_reset(&w->b);
}

static void write_pairs(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->live.n && w->status == P2T_OK; i++) {
        if (!is_wanted_pair(c, i))
            continue;
        look_at(c, i);
        if (c->config.differing && pair_agrees(&c->pair))
            continue;
        ops->pair(&w->b, c, index++);
        flush(w, FLUSH_BYTES);
    }
}

static void write_live_only(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->live.n && w->status == P2T_OK; i++)
        if (!is_joined(c, i) && !is_outside(c, i)) {
            ops->live_only(&w->b, c, &c->live.records[i], index++);
            flush(w, FLUSH_BYTES);
        }
}

static void write_wire_only(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->wire.n && w->status == P2T_OK; i++)
        if (is_wire_only(c, i)) {
            ops->wire_only(&w->b, c, &c->wire.records[i], index++);
            flush(w, FLUSH_BYTES);
        }
}

int compare_write(struct compare *c, enum compare_format format, const struct out_sink *sink)
{
    static const struct compare_ops *const formats[] = {&compare_text, &compare_json, &compare_csv};
    const struct compare_ops *ops = formats[format];
    struct writing w = {.sink = sink};

    ops->begin(&w.b, c);
    write_pairs(c, ops, &w);
    ops->middle(&w.b, c);
    write_live_only(c, ops, &w);
    ops->between(&w.b, c);
    write_wire_only(c, ops, &w);
    ops->end(&w.b, c);
    flush(&w, 0);
    buf_fini(&w.b);
    return w.status;
}
