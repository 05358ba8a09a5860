#include "report/keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

#define SECOND_NS INT64_C(1000000000)

void keep_init(struct keep *s, size_t bytes_max, size_t plain_max, struct squeezer *squeezer)
{
    *s = (struct keep){.bytes_max = bytes_max,
                       .plain_max = plain_max < 2 * bytes_max ? plain_max : 2 * bytes_max,
                       .squeezer = squeezer};
    for (unsigned i = 0; i < TIER_COUNT; i++) {
        s->rows[i].columns = REPORT_ROW_COLUMNS;
        s->details[i].columns = REPORT_DETAIL_COLUMNS;
        s->details[i].kind = KEEP_DETAILS;
    }
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++) {
        s->lanes[i].columns = REPORT_LANE_COLUMNS;
        s->lanes[i].kind = KEEP_LANES;
    }
}

static void drop(struct keep *s, struct keep_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        s->bytes -= t->block[i].cost;
        s->plain -= t->block[i].plain ? t->block[i].n : 0;
        free(t->block[i].p);
        t->block[i] = (struct keep_block){.rows = t->block[i].rows};
    }
    pack_fini(&t->pack);
    t->pack = (struct pack){0};
    t->kept = 0;
    t->dropped = true;
}

/* What is given up, in this order: first most details of what is ordinary, then half of its rows, half of the rest's
 * details, and so on; what is notable when little else is left. */
enum drop_part { DROP_DETAILS, DROP_ROWS, DROP_LANES };
#define ORDINARY(part, i)                                                                                            \
    {                                                                                                                \
        DROP_##part, TIER_ORDINARY + (i), false                                                                      \
    }
#define NOTABLE(part, i)                                                                                             \
    {                                                                                                                \
        DROP_##part, TIER_NOTABLE + (i), false                                                                       \
    }
static const struct drop_step {
    enum drop_part part;
    unsigned tier;
    bool too; /* together with the one before */
} steps[] = {
    {DROP_DETAILS, TIER_QUIET, false},
    {DROP_ROWS, TIER_QUIET, false},
    ORDINARY(DETAILS, 0),
    {DROP_DETAILS, TIER_ORDINARY + 1, true},
    ORDINARY(DETAILS, 2),
    ORDINARY(ROWS, 0),
    {DROP_LANES, 0, false},
    ORDINARY(DETAILS, 3),
    ORDINARY(ROWS, 1),
    {DROP_LANES, 1, false},
    ORDINARY(DETAILS, 4),
    ORDINARY(ROWS, 2),
    ORDINARY(DETAILS, 5),
    ORDINARY(ROWS, 3),
    {DROP_LANES, 2, false},
    NOTABLE(DETAILS, 0),
    NOTABLE(ROWS, 0),
    ORDINARY(DETAILS, 6),
    ORDINARY(ROWS, 4),
    NOTABLE(DETAILS, 1),
    NOTABLE(ROWS, 1),
    {DROP_LANES, 3, false},
    ORDINARY(DETAILS, 7),
    ORDINARY(ROWS, 5),
    NOTABLE(DETAILS, 2),
    NOTABLE(ROWS, 2),
    NOTABLE(DETAILS, 3),
    NOTABLE(ROWS, 3),
    ORDINARY(ROWS, 6),
    {DROP_LANES, 4, false},
    NOTABLE(DETAILS, 4),
    NOTABLE(ROWS, 4),
    ORDINARY(ROWS, 7),
    NOTABLE(DETAILS, 5),
    NOTABLE(ROWS, 5),
    {DROP_LANES, 5, false},
    {DROP_DETAILS, TIER_KEPT, false},
    {DROP_ROWS, TIER_KEPT, false},
};
#undef ORDINARY
#undef NOTABLE

enum { STEPS = sizeof steps / sizeof *steps, SOON = 6 };

static struct keep_table *table_of(struct keep *s, const struct drop_step *step)
{
    return step->part == DROP_LANES  ? &s->lanes[step->tier]
           : step->part == DROP_ROWS ? &s->rows[step->tier]
                                     : &s->details[step->tier];
}

/* Without rows there are no details. */
static void give_up(struct keep *s)
{
    const struct drop_step *step = &steps[s->given_up++];

    if (step->part == DROP_ROWS)
        drop(s, &s->details[step->tier]);
    drop(s, table_of(s, step));
}

static void fit(struct keep *s)
{
    while (s->bytes > s->bytes_max && s->given_up < STEPS) {
        give_up(s);
        while (s->given_up < STEPS && steps[s->given_up].too)
            give_up(s);
    }
}

/* It may be dropped before it is asked for. */
static bool goes_soon(struct keep *s, const struct keep_table *t)
{
    for (unsigned i = s->given_up; i < STEPS && i < s->given_up + SOON; i++)
        if (table_of(s, &steps[i]) == t)
            return true;
    return false;
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
    s->bytes += block.cost;
    s->plain += block.plain ? block.n : 0;
    return true;
}

/* As it is, if there is room and others of its kind tell how much it will take. */
static bool stays_plain(struct keep *s, const struct keep_table *t, const struct buf *plain, struct keep_block *block)
{
    if (s->sum[t->kind].squeezed == 0 || s->plain + plain->n > s->plain_max || !goes_soon(s, t))
        return false;
    block->p = malloc(plain->n);
    if (block->p == NULL)
        return false;
    memcpy(block->p, plain->p, plain->n);
    block->n = plain->n;
    block->cost = (size_t)(plain->n * s->sum[t->kind].squeezed / s->sum[t->kind].plain);
    block->plain = true;
    return true;
}

static void squeeze_group(struct keep *s, const struct keep_table *t, const struct buf *plain,
                          struct keep_block *block)
{
    block->p = plain->failed ? NULL : squeeze(s->squeezer, buf_view(plain), &block->n);
    block->cost = block->n;
    s->failed |= block->p == NULL;
    s->sum[t->kind].plain += plain->n;
    s->sum[t->kind].squeezed += block->n;
}

/* A table of details has a block for each of the table of rows, an empty one where they were dropped. */
static void end_group(struct keep *s, struct keep_table *t, size_t rows)
{
    struct keep_block block = {.rows = rows};

    if (!t->dropped) {
        buf_reset(&s->scratch);
        pack_write(&t->pack, t->columns, &s->scratch);
        if (s->scratch.failed || !stays_plain(s, t, &s->scratch, &block))
            squeeze_group(s, t, &s->scratch, &block);
        pack_reset(&t->pack);
    }
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

/* ---- the end ---- */

static void each_table(struct keep *s, void (*one)(void *ctx, struct keep_table *t), void *ctx)
{
    for (unsigned i = 0; i < TIER_COUNT; i++) {
        one(ctx, &s->rows[i]);
        one(ctx, &s->details[i]);
    }
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++)
        one(ctx, &s->lanes[i]);
}

/* Blocks that are plain, in `parts` of which each takes every so-manieth. */
struct plain_blocks {
    struct keep_block **block;
    size_t count, parts;
    _Atomic bool failed;
};

static void count_plain(void *ctx, struct keep_table *t)
{
    struct plain_blocks *all = ctx;

    for (size_t i = 0; i < t->count; i++)
        all->count += t->block[i].plain;
}

static void list_plain(void *ctx, struct keep_table *t)
{
    struct plain_blocks *all = ctx;

    for (size_t i = 0; i < t->count; i++)
        if (t->block[i].plain)
            all->block[all->count++] = &t->block[i];
}

static bool squeeze_block(struct squeezer *squeezer, struct keep_block *block)
{
    uint8_t *plain = block->p;

    block->p = squeezer != NULL ? squeeze(squeezer, slice_of(plain, block->n), &block->n) : NULL;
    block->plain = false;
    free(plain);
    return block->p != NULL;
}

static void squeeze_part(void *ctx, size_t part)
{
    struct plain_blocks *all = ctx;
    struct squeezer *squeezer = squeezer_new();

    for (size_t i = part; i < all->count; i += all->parts)
        if (!squeeze_block(squeezer, all->block[i]))
            all->failed = true;
    squeezer_free(squeezer);
}

static void squeeze_all(struct keep *s, unsigned threads)
{
    struct plain_blocks all = {.parts = threads > 0 ? threads : 1};

    each_table(s, count_plain, &all);
    all.block = calloc(all.count + 1, sizeof(struct keep_block *));
    all.count = 0;
    if (all.block == NULL) {
        s->failed = true;
        return;
    }
    each_table(s, list_plain, &all);
    parallel_for(threads, all.parts, squeeze_part, &all);
    for (size_t i = 0; i < all.count; i++) {
        s->bytes += all.block[i]->n - all.block[i]->cost;
        all.block[i]->cost = all.block[i]->n;
    }
    s->plain = 0;
    s->failed |= all.failed;
    free(all.block);
}

void keep_finish(struct keep *s, unsigned threads)
{
    for (unsigned i = 0; i < TIER_COUNT; i++)
        end_exchanges(s, i);
    for (unsigned i = 0; i < KEEP_LANE_TIERS; i++)
        end_lanes(s, i);
    squeeze_all(s, threads);
    fit(s);
}

static void table_fini(void *ctx, struct keep_table *t)
{
    drop(ctx, t);
    free(t->block);
}

void keep_fini(struct keep *s)
{
    each_table(s, table_fini, s);
    buf_fini(&s->scratch);
}
