/* Counts over time, whatever the times are. */
#include "report/bins.h"

#include "support/cmocka_all.h"
#include "unit/write/example.h"

static uint64_t sum(const struct bins *b, enum bin_class class)
{
    uint64_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += b->count[i][class];
    return n;
}

static uint64_t count_at(const struct bins *b, int64_t ns, enum bin_class class)
{
    int64_t bin = (ns >> b->shift) - b->first;

    return bin >= 0 && bin < (int64_t)b->n ? b->count[bin][class] : 0;
}

/* Bins widen until all times fit, and no call is lost on the way; the order does not matter. */
static void any_times_fit_in_any_order(void **state)
{
    static const int64_t times[] = {
        0, 5, 65535, 65536, 1000000000, -1, -1000000000000, 1767323045250000000, INT64_MAX, INT64_MIN, 7,
    };
    enum { N = sizeof times / sizeof *times };
    static struct bins forward, back;

    (void)state;
    forward = back = (struct bins){0};
    for (size_t i = 0; i < N; i++) {
        bins_add(&forward, times[i], BIN_FAILED);
        bins_add(&back, times[N - 1 - i], BIN_FAILED);
        assert_true(count_at(&forward, times[i], BIN_FAILED) >= 1);
        assert_int_equal(sum(&forward, BIN_FAILED), i + 1);
    }
    assert_true(forward.n <= BINS_MAX);
    assert_memory_equal(&forward, &back, sizeof forward);
    assert_int_equal(sum(&forward, BIN_OK), 0);
}

static void calls_close_together_are_told_apart(void **state)
{
    static struct bins b;

    (void)state;
    b = (struct bins){0};
    for (int i = 0; i < 1000; i++)
        bins_add(&b, INT64_C(1767323045250000000) + i * INT64_C(1000000), i < 500 ? BIN_OK : BIN_NEVER_SENT);
    assert_in_range(b.n, BINS_MAX / 4, BINS_MAX);
    assert_int_equal(sum(&b, BIN_OK), 500);
    assert_int_equal(b.count[0][BIN_NEVER_SENT], 0);
    assert_true(b.count[b.n - 1][BIN_NEVER_SENT] > 0);
}

static void each_end_has_its_class(void **state)
{
    struct p2t_exchange x = *example_slow();

    (void)state;
    assert_int_equal(bin_class_of(&x), BIN_OK);
    x.status = 404;
    assert_int_equal(bin_class_of(&x), BIN_CLIENT_ERROR);
    x.status = 500;
    assert_int_equal(bin_class_of(&x), BIN_FAILED);
    x.outcome = P2T_OUTCOME_INCOMPLETE;
    x.status = 0;
    assert_int_equal(bin_class_of(&x), BIN_INCOMPLETE);
    x.outcome = P2T_OUTCOME_NO_RESPONSE; /* the client sent it again itself: its application saw no error */
    x.error = (struct p2t_text){NULL, 0};
    assert_int_equal(bin_class_of(&x), BIN_INCOMPLETE);
    x.error = (struct p2t_text){"EOF", 3};
    assert_int_equal(bin_class_of(&x), BIN_FAILED);
    assert_int_equal(bin_class_of(example_no_address()), BIN_NEVER_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_times_fit_in_any_order),
        cmocka_unit_test(calls_close_together_are_told_apart),
        cmocka_unit_test(each_end_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
