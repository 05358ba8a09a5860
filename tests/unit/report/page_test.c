/* A page that would be too big: what goes, and what stays. */
#include "report/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "pcap2trace/status.h"
#include "report/keep.h"
#include "support/cmocka_all.h"
#include "unit/write/example.h"

enum { CALLS = 50000, SMALL = 900000 };

static bool is_failed(unsigned n)
{
    return n % 50 == 3;
}

/* The n-th of many calls that differ. */
static struct p2t_exchange nth(unsigned n, char url[64])
{
    struct p2t_exchange x = *example_slow();

    x.id = (uint64_t)n * 0x9e3779b97f4a7c15 + 1;
    x.url = (struct p2t_text){url, (size_t)snprintf(url, 64, "http://a.test/%llx", (unsigned long long)x.id)};
    x.start_ns += n * INT64_C(1000000);
    x.end_ns += n * INT64_C(1000000);
    x.status = is_failed(n) ? 503 : 200;
    return x;
}

static int take(void *ctx, const void *bytes, size_t n)
{
    struct buf *b = ctx;

    buf_put(b, bytes, n);
    return b->failed ? P2T_ERR_MEMORY : P2T_OK;
}

static struct buf written(struct page *page)
{
    struct p2t_counters counters = {0};
    struct page_facts facts = {.summary_json = TEXT("{}"), .counters = &counters};
    struct buf out = {0};
    struct page_sink sink = {&out, take};

    assert_int_equal(page_write(page, &facts, &sink), P2T_OK);
    return out;
}

static struct buf page_of(size_t bytes_max, unsigned threads, uint64_t *rows)
{
    struct page_config config = {.bytes_max = bytes_max, .threads = threads};
    struct page *page;
    uint64_t all;
    char url[64];

    assert_int_equal(page_new(&page, &config), P2T_OK);
    for (unsigned n = 0; n < CALLS; n++) {
        struct p2t_exchange x = nth(n, url);
        assert_int_equal(page_exchange(page, &x), P2T_OK);
    }
    struct buf out = written(page);
    page_counts(page, rows, &all);
    assert_int_equal(all, CALLS);
    page_free(page);
    return out;
}

static void a_page_keeps_to_its_size(void **state)
{
    uint64_t rows[3];
    struct buf whole = page_of(0, 1, &rows[0]), small = page_of(SMALL, 1, &rows[1]),
               again = page_of(SMALL, 3, &rows[2]);

    (void)state;
    assert_int_equal(rows[0], CALLS);
    assert_true(whole.n > SMALL + 400000);
    assert_true(rows[1] < CALLS && rows[1] > 4096);
    assert_true(small.n < SMALL + 300000); /* style, script and contents come to it */
    assert_int_equal(small.n, again.n);
    assert_memory_equal(small.p, again.p, small.n);
    buf_fini(&whole);
    buf_fini(&small);
    buf_fini(&again);
}

static uint64_t kept_of(const struct keep_table *tables, unsigned from, unsigned n)
{
    uint64_t kept = 0;

    for (unsigned i = from; i < from + n; i++)
        kept += tables[i].kept;
    return kept;
}

static uint64_t seen_of(const struct keep_table *tables, unsigned from, unsigned n)
{
    uint64_t seen = 0;

    for (unsigned i = from; i < from + n; i++)
        seen += tables[i].seen;
    return seen;
}

/* Ordinary ones go first, so that all that failed are there with their details while a quarter of the others is. */
static void what_failed_stays(void **state)
{
    struct tiers *tiers = tiers_new();
    struct keep *keep = calloc(1, sizeof *keep);
    struct squeezer *squeezer = squeezer_new();
    size_t plain = 0;
    char url[64];

    (void)state;
    assert_true(tiers != NULL && keep != NULL && squeezer != NULL);
    keep_init(keep, SMALL / 4 * 3, SIZE_MAX, squeezer);
    for (unsigned n = 0; n < CALLS; n++) {
        struct p2t_exchange x = nth(n, url);
        unsigned tier = tiers_of(tiers, &x);
        assert_true(n >= 4096 || tier == TIER_KEPT);
        keep_exchange(keep, tier, &x);
        plain = keep->plain > plain ? keep->plain : plain;
    }
    assert_true(plain > 0 && plain <= keep->plain_max);
    keep_finish(keep, 2);
    assert_int_equal(keep->plain, 0);
    assert_false(keep->failed);
    assert_true(keep->bytes <= keep->bytes_max);
    uint64_t notable = seen_of(keep->rows, TIER_NOTABLE, TIER_NOTABLE_COUNT);
    assert_in_range(notable, 400, CALLS / 50);
    assert_int_equal(kept_of(keep->rows, TIER_NOTABLE, TIER_NOTABLE_COUNT), notable);
    assert_int_equal(kept_of(keep->details, TIER_NOTABLE, TIER_NOTABLE_COUNT), notable);
    assert_int_equal(keep->rows[TIER_KEPT].kept, keep->rows[TIER_KEPT].seen);
    uint64_t ordinary = kept_of(keep->rows, TIER_ORDINARY, TIER_ORDINARY_COUNT);
    assert_true(ordinary > 0 && ordinary < seen_of(keep->rows, TIER_ORDINARY, TIER_ORDINARY_COUNT));
    keep_fini(keep);
    free(keep);
    squeezer_free(squeezer);
    tiers_free(tiers);
}

/* However small: nothing but the frame is left, and it is still a page. */
static void nothing_may_fit(void **state)
{
    uint64_t rows;
    struct buf page = page_of(4, 1, &rows);

    (void)state;
    assert_int_equal(rows, 0);
    assert_non_null(memmem(page.p, page.n, "</html>", 7));
    buf_fini(&page);
}

static void the_slowest_of_a_group_stay(void **state)
{
    struct tiers *tiers = tiers_new();
    char url[64];

    (void)state;
    for (unsigned n = 0; n < 10000; n++) {
        struct p2t_exchange x = nth(n, url);
        x.status = 200;
        (void)tiers_of(tiers, &x);
    }
    struct p2t_exchange x = nth(10000, url);
    x.status = 200;
    assert_in_range(tiers_of(tiers, &x), TIER_ORDINARY, TIER_ORDINARY + TIER_ORDINARY_COUNT - 1);
    x.phases.total_ns *= 2;
    assert_int_equal(tiers_of(tiers, &x), TIER_KEPT);
    x.phases.total_ns /= 2;
    x.status = 418; /* the first of its group */
    assert_int_equal(tiers_of(tiers, &x), TIER_KEPT);
    x.quiet = true;
    assert_int_equal(tiers_of(tiers, &x), TIER_QUIET);
    tiers_free(tiers);
}

static void a_title_is_text(void **state)
{
    struct page_config config = {.title = "<b>&\"'\x1b[31m\xe2\x80\xae\xff"};
    struct page *page;

    (void)state;
    assert_int_equal(page_new(&page, &config), P2T_OK);
    struct buf out = written(page);
    buf_putc(&out, '\0');
    assert_non_null(strstr((char *)out.p, "<title>&#60;b&#62;&#38;&#34;&#39;\\x1b[31m\\u202e\\xff</title>"));
    buf_fini(&out);
    page_free(page);
}

static int full(void *ctx, const void *bytes, size_t n)
{
    size_t *left = ctx;

    (void)bytes;
    if (n > *left)
        return P2T_ERR_IO;
    *left -= n;
    return P2T_OK;
}

static void a_sink_that_fails_is_told(void **state)
{
    struct p2t_counters counters = {0};
    struct page_facts facts = {.summary_json = TEXT("{}"), .counters = &counters};
    char url[64];

    (void)state;
    for (size_t room = 0; room < 150000; room += 30000) {
        struct page_config config = {0};
        struct page *page;
        size_t left = room;
        struct page_sink sink = {&left, full};
        assert_int_equal(page_new(&page, &config), P2T_OK);
        for (unsigned n = 0; n < 5000; n++) {
            struct p2t_exchange x = nth(n, url);
            assert_int_equal(page_exchange(page, &x), P2T_OK);
        }
        assert_int_equal(page_write(page, &facts, &sink), P2T_ERR_IO);
        page_free(page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_keeps_to_its_size), cmocka_unit_test(what_failed_stays),
        cmocka_unit_test(nothing_may_fit),          cmocka_unit_test(the_slowest_of_a_group_stay),
        cmocka_unit_test(a_title_is_text),          cmocka_unit_test(a_sink_that_fails_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
