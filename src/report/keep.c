#include "report/keep.h"

#include <stdlib.h>

#include "report/squeeze.h"

#define SECOND_NS INT64_C(1000000000)

void keep_init(struct keep *s, size_t bytes_max)
{
    *s = (struct keep){.bytes_max = bytes_max};
    for (unsigned i = 0; i < TIER_COUNT; i++) {
        s->rows[i].columns = REPORT_ROW_COLUMNS;
        s->details[i].columns = REPORT_DETAIL_COLUMNS;
    }
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++)
        s->lanes[i].columns = REPORT_LANE_COLUMNS;
}

static void drop(struct keep *s, struct keep_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        s->bytes -= t->block[i].n;
        free(t->block[i].p);
        t->block[i] = (struct keep_block){.rows = t->block[i].rows};
    }
    pack_fini(&t->pack);
    t->pack = (struct pack){0};
    t->kept = 0;
    t->dropped = true;
}

/* What is given up, in this order: half of what is ordinary, first its details, then its rows, and so on; what is notable
 * when little else is left. */
enum drop_part { DROP_DETAILS, DROP_ROWS, DROP_LANES };
#define ORDINARY(i)                                                                                                  \
    {DROP_DETAILS, TIER_ORDINARY + (i)},                                                                             \
    {                                                                                                                \
        DROP_ROWS, TIER_ORDINARY + (i)                                                                               \
    }
#define NOTABLE(i)                                                                                                   \
    {DROP_DETAILS, TIER_NOTABLE + (i)},                                                                              \
    {                                                                                                                \
        DROP_ROWS, TIER_NOTABLE + (i)                                                                                \
    }
static const struct drop_step {
    enum drop_part part;
    unsigned tier;
} steps[] = {
    {DROP_DETAILS, TIER_QUIET},
    {DROP_ROWS, TIER_QUIET},
    ORDINARY(0),
    {DROP_LANES, 0},
    ORDINARY(1),
    {DROP_LANES, 1},
    ORDINARY(2),
    ORDINARY(3),
    {DROP_LANES, 2},
    NOTABLE(0),
    ORDINARY(4),
    NOTABLE(1),
    {DROP_LANES, 3},
    ORDINARY(5),
    NOTABLE(2),
    NOTABLE(3),
    ORDINARY(6),
    {DROP_LANES, 4},
    NOTABLE(4),
    ORDINARY(7),
    NOTABLE(5),
    {DROP_LANES, 5},
    {DROP_DETAILS, TIER_KEPT},
    {DROP_ROWS, TIER_KEPT},
};
#undef ORDINARY
#undef NOTABLE

static void fit(struct keep *s)
{
    while (s->bytes > s->bytes_max && s->given_up < sizeof steps / sizeof *steps) {
        const struct drop_step *step = &steps[s->given_up++];
        if (step->part == DROP_LANES)
            drop(s, &s->lanes[step->tier]);
        else
            drop(s, &s->details[step->tier]);
        if (step->part == DROP_ROWS)
            drop(s, &s->rows[step->tier]);
    }
}

static bool keep_it(struct keep *s, struct keep_table *t, struct keep_block block)
{
    if (t->count == t->cap) {
        size_t cap = t->cap > 0 ? t->cap * 2 : 8;
        struct keep_block *all = realloc(t->block, cap * sizeof *all);
        if (all == NULL)
            return false;
        t->block = all;
        t->cap = cap;
    }
    t->block[t->count++] = block;
    s->bytes += block.n;
    return true;
}

/* A table of details has a block for each of the table of rows, an empty one where they were dropped. */
static void end_group(struct keep *s, struct keep_table *t, size_t rows)
{
    struct keep_block block = {.rows = rows};
    struct buf plain = {0};

    if (!t->dropped) {
        pack_write(&t->pack, t->columns, &plain);
        block.p = plain.failed ? NULL : squeeze(buf_view(&plain), &block.n);
        s->failed |= block.p == NULL;
        pack_reset(&t->pack);
    }
    buf_fini(&plain);
    if (!s->failed && keep_it(s, t, block))
        return;
    free(block.p);
    s->failed = true;
}

static void end_exchanges(struct keep *s, unsigned tier)
{
    size_t rows = s->rows[tier].pack.rows;

    if (rows == 0)
        return;
    end_group(s, &s->rows[tier], rows);
    end_group(s, &s->details[tier], rows);
    fit(s);
}

static void end_lanes(struct keep *s, unsigned tier)
{
    if (s->lanes[tier].pack.rows == 0)
        return;
    end_group(s, &s->lanes[tier], s->lanes[tier].pack.rows);
    fit(s);
}

static void note_base(struct keep *s, int64_t ns)
{
    if (s->has_base)
        return;
    s->base_ns = ns - ns % SECOND_NS;
    s->has_base = true;
}

void keep_exchange(struct keep *s, unsigned tier, const struct p2t_exchange *x)
{
    struct keep_table *rows = &s->rows[tier], *details = &s->details[tier];

    note_base(s, x->start_ns);
    rows->seen++;
    details->seen++;
    if (rows->dropped)
        return;
    report_put_row(&rows->pack, x, s->base_ns);
    rows->kept++;
    if (!details->dropped) {
        report_put_detail(&details->pack, x);
        details->kept++;
    }
    if (rows->pack.rows >= KEEP_GROUP_ROWS || pack_bytes(&rows->pack) + pack_bytes(&details->pack) > KEEP_GROUP_BYTES)
        end_exchanges(s, tier);
}

void keep_lane(struct keep *s, const struct p2t_connection_record *r)
{
    unsigned tier = tier_lot(r->id, KEEP_LANE_TIERS);
    struct keep_table *lanes = &s->lanes[tier];

    note_base(s, r->first.time_ns);
    lanes->seen++;
    if (lanes->dropped)
        return;
    report_put_lane(&lanes->pack, r, s->base_ns);
    lanes->kept++;
    if (lanes->pack.rows >= KEEP_GROUP_ROWS || pack_bytes(&lanes->pack) > KEEP_GROUP_BYTES)
        end_lanes(s, tier);
}

void keep_finish(struct keep *s)
{
    for (unsigned i = 0; i < TIER_COUNT; i++)
        end_exchanges(s, i);
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++)
        end_lanes(s, i);
}

static void table_fini(struct keep *s, struct keep_table *t)
{
    drop(s, t);
    free(t->block);
}

void keep_fini(struct keep *s)
{
    for (unsigned i = 0; i < TIER_COUNT; i++) {
        table_fini(s, &s->rows[i]);
        table_fini(s, &s->details[i]);
    }
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++)
        table_fini(s, &s->lanes[i]);
}
