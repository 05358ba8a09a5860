/* What is counted of nghttp2's memory: the same wherever malloc() finds it. */
#include "proto/http2/frame.h"

#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

enum { HOLES = 64 };

/* Free memory of every size, so that some requests get a little more than they ask for. */
static void make_holes(void *kept[HOLES], size_t step)
{
    void *given[HOLES];

    for (size_t i = 0; i < HOLES; i++) {
        given[i] = malloc(1100 + i * step);
        kept[i] = malloc(40);
        assert_non_null(given[i]);
        assert_non_null(kept[i]);
    }
    for (size_t i = 0; i < HOLES; i++)
        free(given[i]);
}

static size_t counted_of(size_t n, size_t step)
{
    struct budget budget = {0};
    nghttp2_mem mem = h2_memory_counted_in(&budget);
    void *kept[HOLES], *taken[HOLES];

    make_holes(kept, step);
    for (size_t i = 0; i < HOLES; i++)
        assert_non_null(taken[i] = mem.malloc(n + i * 16, mem.mem_user_data));
    size_t used = budget.used;
    for (size_t i = 0; i < HOLES; i++) {
        mem.free(taken[i], mem.mem_user_data);
        free(kept[i]);
    }
    assert_int_equal(budget.used, 0);
    return used;
}

static void what_is_counted_does_not_depend_on_what_was_free(void **state)
{
    (void)state;
    for (size_t n = 1000; n < 1200; n += 8) {
        size_t used = counted_of(n, 16);
        for (size_t step = 16; step < 160; step += 16)
            assert_int_equal(counted_of(n, step), used);
    }
}

static void a_block_keeps_its_bytes_and_its_count(void **state)
{
    struct budget budget = {0};
    nghttp2_mem mem = h2_memory_counted_in(&budget);
    uint8_t *p = mem.calloc(3, 5, &budget);

    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(p[i], 0);
    memset(p, 7, 15);
    size_t small = budget.used;
    p = mem.realloc(p, 5000, &budget);
    assert_non_null(p);
    assert_int_equal(p[14], 7);
    assert_true(budget.used >= small + 4900);
    p = mem.realloc(p, 15, &budget);
    assert_non_null(p);
    assert_int_equal(p[14], 7);
    assert_int_equal(budget.used, small);
    mem.free(p, &budget);
    mem.free(NULL, &budget);
    assert_int_equal(budget.used, 0);
    assert_null(mem.calloc(SIZE_MAX, 2, &budget));
    assert_null(mem.malloc(SIZE_MAX, &budget));
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_counted_does_not_depend_on_what_was_free),
        cmocka_unit_test(a_block_keeps_its_bytes_and_its_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
