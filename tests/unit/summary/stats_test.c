#include "support/cmocka_all.h"

#include "summary/stats.h"

static void groups_come_by_key_and_time(void **state)
{
    struct words w = {0};
    const struct word *b = words_take(&w, SLICE_LIT("b")), *a = words_take(&w, SLICE_LIT("a"));
    struct groups g = {0};
    size_t at = 0, n;

    (void)state;
    assert_int_equal(words_rank(&w), 0);
    groups_add(&g, (struct keyed){{b}, 5, 0, NULL});
    groups_add(&g, (struct keyed){{a}, 9, 0, NULL});
    groups_add(&g, (struct keyed){{b}, 3, 0, NULL});
    groups_add(&g, (struct keyed){{NULL}, 1, 0, NULL});
    groups_add(&g, (struct keyed){{a}, 9, 1, NULL});
    groups_sort(&g);
    assert_null(groups_next(&g, &at, &n)->key[0]);
    struct keyed *first = groups_next(&g, &at, &n);
    assert_ptr_equal(first->key[0], a);
    assert_int_equal(n, 2);
    assert_int_equal(first[1].tie, 1);
    first = groups_next(&g, &at, &n);
    assert_ptr_equal(first->key[0], b);
    assert_int_equal(first[0].at_ns, 3);
    assert_int_equal(first[1].at_ns, 5);
    assert_null(groups_next(&g, &at, &n));
    groups_fini(&g);
    words_fini(&w);
}

static void a_word_is_kept_once(void **state)
{
    struct words w = {0};

    (void)state;
    assert_ptr_equal(words_take(&w, SLICE_LIT("x")), words_take(&w, SLICE_LIT("x")));
    assert_ptr_not_equal(words_take(&w, SLICE_LIT("x")), words_take(&w, SLICE_LIT("xy")));
    assert_null(words_take(&w, SLICE_LIT("")));
    words_fini(&w);
}

static void quantiles_are_values_that_were_seen(void **state)
{
    struct sample s = {0};

    (void)state;
    assert_int_equal(sample_at(&s, 500), 0);
    for (int64_t i = 100; i > 0; i--)
        sample_add(&s, i);
    assert_int_equal(sample_at(&s, 0), 1);
    assert_int_equal(sample_at(&s, 250), 26);
    assert_int_equal(sample_at(&s, 990), 100);
    assert_int_equal(sample_at(&s, 1000), 100);
    sample_fini(&s);
}

static bool is_bad(const void *item)
{
    return *(const char *)item == 'x';
}

static void the_densest_run_leaves_stragglers_out(void **state)
{
    static const struct {
        const char *calls;
        size_t first, n;
    } rows[] = {{"..xx.xx...x.", 2, 5}, {"x.....xxx", 6, 3}, {"xxx", 0, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyed items[16];
        size_t count = strlen(rows[i].calls), first = 0, n = 0;
        for (size_t k = 0; k < count; k++)
            items[k] = (struct keyed){.item = (void *)(uintptr_t)&rows[i].calls[k]};
        assert_true(densest_run(items, count, is_bad, &first, &n));
        assert_int_equal(first, rows[i].first);
        assert_int_equal(n, rows[i].n);
    }
    struct keyed good = {.item = (void *)(uintptr_t) "."};
    size_t first, n;
    assert_false(densest_run(&good, 1, is_bad, &first, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_come_by_key_and_time),
        cmocka_unit_test(a_word_is_kept_once),
        cmocka_unit_test(quantiles_are_values_that_were_seen),
        cmocka_unit_test(the_densest_run_leaves_stragglers_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
