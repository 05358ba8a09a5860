#include "batch/names.h"

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static void names_are_found_by_number(void **state)
{
    struct names n = {0};

    (void)state;
    assert_null(names_find(&n, 0));
    for (uint32_t file = 0; file < 100; file += 2)
        assert_int_equal(names_add(&n, file, SLICE_LIT("even")), 0);
    assert_string_equal(names_find(&n, 98)->text, "even");
    assert_null(names_find(&n, 97));
    assert_null(names_find(&n, 100));
    names_fini(&n);
}

static void a_number_keeps_its_first_name(void **state)
{
    struct names n = {0};

    (void)state;
    names_add(&n, 7, SLICE_LIT("first"));
    names_add(&n, 7, SLICE_LIT("second"));
    assert_int_equal(n.count, 1);
    assert_string_equal(names_find(&n, 7)->text, "first");
    names_fini(&n);
}

/* A checkpoint may bring an older file after a newer one. */
static void numbers_stay_sorted(void **state)
{
    static const uint32_t files[] = {5, 9, 1, 7, 3};
    struct names n = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        names_add(&n, files[i], SLICE_LIT("x"));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(n.items[i].file, 2 * i + 1);
    names_fini(&n);
}

static void a_sweep_keeps_what_is_used_or_new(void **state)
{
    struct names n = {0};

    (void)state;
    for (uint32_t file = 0; file < 4; file++)
        names_add(&n, file, SLICE_LIT("x"));
    names_find(&n, 1)->used = true;
    names_sweep(&n, 3);
    assert_null(names_find(&n, 0));
    assert_non_null(names_find(&n, 1));
    assert_null(names_find(&n, 2));
    assert_non_null(names_find(&n, 3));
    names_sweep(&n, 4); /* the mark was good for one sweep */
    assert_int_equal(n.count, 0);
    names_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_by_number),
        cmocka_unit_test(a_number_keeps_its_first_name),
        cmocka_unit_test(numbers_stay_sorted),
        cmocka_unit_test(a_sweep_keeps_what_is_used_or_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
