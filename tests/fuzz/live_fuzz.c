/* Live traces read the same however the file is cut into pieces; the first byte says how. What was read can be joined
 * with itself and written in every form. */
#include <stdlib.h>

#include "analyze/compare/compare.h"
#include "analyze/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
    struct record_pool pool;
    struct record_list records;
    struct live *live;
};

static void feed(struct live *l, const uint8_t *data, size_t size, size_t piece)
{
    live_begin_file(l, SLICE_LIT("fuzz"));
    for (size_t i = 0; i < size; i += piece)
        live_feed(l, slice_of(data + i, size - i < piece ? size - i : piece));
    live_end_file(l);
}

static void take(struct taken *t, const uint8_t *data, size_t size, size_t piece)
{
    *t = (struct taken){.live = NULL};
    t->live = live_new(&(struct live_config){.pool = &t->pool, .records = &t->records});
    if (t->live == NULL)
        abort();
    feed(t->live, data, size, piece);
    if (t->pool.failed)
        abort();
}

static void give_back(struct taken *t)
{
    live_free(t->live);
    free(t->records.records);
    record_pool_fini(&t->pool);
}

static bool same_events(const struct record *a, const struct record *b)
{
    if (a->event_count != b->event_count || a->event_count > RECORD_EVENTS_MAX)
        return false;
    for (size_t i = 0; i < a->event_count; i++)
        if (a->events[i].time_ns != b->events[i].time_ns || a->events[i].hook != b->events[i].hook ||
            !slice_eq(a->events[i].key, b->events[i].key) ||
            (i > 0 && a->events[i].time_ns < a->events[i - 1].time_ns))
            return false;
    return true;
}

static void must_be_the_same(const struct taken *a, const struct taken *b)
{
    if (a->records.n != b->records.n || live_counters(a->live).problems != live_counters(b->live).problems)
        abort();
    for (size_t i = 0; i < a->records.n; i++)
        if (!same_events(&a->records.records[i], &b->records.records[i]) ||
            !slice_eq(a->records.records[i].url, b->records.records[i].url))
            abort();
}

static int count(void *ctx, const void *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)ctx += n;
    return 0;
}

static struct p2t_text text(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* Something for the traces to be joined with. */
static void give_exchange(struct compare *c)
{
    struct p2t_event events[P2T_HOOK_COUNT];

    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        events[h] = (struct p2t_event){.hook = (enum p2t_hook)h,
                                       .time_ns = 1795329131000000000 + h * 1000000,
                                       .has_latest = true,
                                       .latest_ns = 1795329131000000000 + h * 1000000};
    struct p2t_exchange x = {.kind = P2T_KIND_HTTP1,
                             .url = text("http://a.test/x"),
                             .host = text("a.test"),
                             .method = text("GET"),
                             .trace_id = text("c-1"),
                             .events = events,
                             .event_count = P2T_HOOK_COUNT};
    if (compare_exchange(c, &x, true) != 0 || compare_exchange(c, &x, true) != 0)
        abort();
}

static void compare_and_write(const uint8_t *data, size_t size)
{
    struct compare *c = compare_new(&(struct compare_config){.tolerance_ns = 1000000});
    size_t written = 0;

    if (c == NULL)
        abort();
    feed(compare_live(c), data, size, size > 0 ? size : 1);
    give_exchange(c);
    if (compare_finish(c, 1795329130000000000, 1795329140000000000) != 0)
        abort();
    for (int f = COMPARE_TEXT; f <= COMPARE_CSV; f++)
        if (compare_write(c, (enum compare_format)f, &(struct out_sink){&written, count}) != 0 || written == 0)
            abort();
    compare_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct taken whole, cut;

    if (size == 0)
        return 0;
    take(&whole, data + 1, size - 1, size);
    take(&cut, data + 1, size - 1, data[0] % 64 + 1u);
    must_be_the_same(&whole, &cut);
    give_back(&whole);
    give_back(&cut);
    compare_and_write(data + 1, size - 1);
    return 0;
}
