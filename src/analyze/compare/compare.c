#include "analyze/compare/state.h"

#include <stdlib.h>

#include "analyze/wire.h"

struct compare *compare_new(const struct compare_config *config)
{
    struct compare *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->config = *config;
    c->pair_config.tolerance_ns = config->tolerance_ns;
    c->reader = live_new(&(struct live_config){.pool = &c->pool,
                                               .records = &c->live,
                                               .redact = config->redact,
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
    free(c->belongs);
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

void compare_look_at(struct compare *c, size_t live)
{
    const struct record *l = &c->live.records[live], *w = &c->wire.records[c->join.wire_of[live]];

    pair_make(&c->pair, l, w, &c->join.clock, compare_source(c, l)->recorded, &c->pair_config);
    spent_find(&c->spent, &c->pair, c->config.tolerance_ns);
}

static bool is_joined(const struct compare *c, size_t live)
{
    return c->join.wire_of[live] != JOIN_NONE;
}

bool compare_is_wanted_pair(const struct compare *c, size_t live)
{
    return is_joined(c, live) && !c->wire.records[c->join.wire_of[live]].wire.unwanted;
}

/* Not joined, and entirely before or after the capture. Without any pair the clocks cannot be compared. */
static bool is_outside(const struct compare *c, size_t live)
{
    const struct record *l = &c->live.records[live];

    if (is_joined(c, live) || l->event_count == 0 || l->relative || c->join.clock.samples == 0)
        return false;
    int64_t first = clock_to_wire(&c->join.clock, l->events[0].time_ns);
    int64_t last = clock_to_wire(&c->join.clock, l->events[l->event_count - 1].time_ns);
    return first > c->pair_config.last_packet_ns || last < c->pair_config.first_packet_ns;
}

/* Not joined, and over only after the capture: its packets may have come later. */
static bool goes_on_after(const struct compare *c, size_t live)
{
    const struct record *l = &c->live.records[live];

    return !is_joined(c, live) && !is_outside(c, live) && l->event_count > 0 && !l->relative &&
           c->join.clock.samples > 0 &&
           clock_to_wire(&c->join.clock, pair_last_ns(l)) > c->pair_config.last_packet_ns;
}

bool compare_is_live_only(const struct compare *c, size_t live)
{
    return !is_joined(c, live) && !is_outside(c, live) && !goes_on_after(c, live);
}

bool compare_is_wire_only(const struct compare *c, size_t wire)
{
    return c->join.live_of[wire] == JOIN_NONE && c->belongs[wire] == BELONG_ALONE &&
           !c->wire.records[wire].wire.unwanted;
}

static int find_belongings(struct compare *c)
{
    const struct belong_config config = {c->config.clients, c->config.client_count, c->config.tolerance_ns};

    c->belongs = calloc(c->wire.n + 1, 1);
    if (c->belongs == NULL)
        return P2T_ERR_MEMORY;
    int status = belong_find(c->belongs, &c->join, &c->live, &c->wire, &config);
    for (size_t i = 0; i < c->wire.n; i++)
        if (!c->wire.records[i].wire.unwanted)
            c->attached[c->belongs[i]]++;
    return status;
}

int compare_finish(struct compare *c, int64_t first_packet_ns, int64_t last_packet_ns)
{
    c->pair_config.first_packet_ns = first_packet_ns;
    c->pair_config.last_packet_ns = last_packet_ns;
    if (c->pool.failed)
        return P2T_ERR_MEMORY;
    int status = join_run(&c->join, &c->live, &c->wire, c->config.tolerance_ns);
    if (status == P2T_OK)
        status = find_belongings(c);
    if (status != P2T_OK)
        return status;
    for (size_t i = 0; i < c->live.n; i++) {
        c->outside += is_outside(c, i);
        c->cut += goes_on_after(c, i);
        c->live_only += compare_is_live_only(c, i);
        if (!compare_is_wanted_pair(c, i))
            continue;
        compare_look_at(c, i);
        totals_add(&c->totals, &c->pair, &c->spent, (enum join_by)c->join.by[i]);
    }
    for (size_t i = 0; i < c->wire.n; i++)
        c->wire_only += compare_is_wire_only(c, i);
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
