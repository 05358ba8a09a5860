#include "base/parallel.h"

#include <stdatomic.h>

#include "support/cmocka_all.h"

enum { THINGS = 1000 };

static atomic_uint times[THINGS];

static void one(void *ctx, size_t i)
{
    atomic_uint *counts = ctx;

    atomic_fetch_add(&counts[i], 1);
}

static void each_thing_is_done_once(void **state)
{
    static const unsigned hands[] = {0, 1, 2, 5, 1000};

    (void)state;
    for (size_t h = 0; h < sizeof hands / sizeof *hands; h++) {
        parallel_for(hands[h], THINGS - 1, one, times);
        for (size_t i = 0; i < THINGS; i++)
            assert_int_equal(atomic_exchange(&times[i], 0), i < THINGS - 1);
    }
    parallel_for(4, 0, one, times);
    assert_int_equal(times[0], 0);
}

/* Each waits for the other: with one hand it would never end. */
static void hands_work_at_a_time(void *ctx, size_t i)
{
    atomic_uint *met = ctx;

    atomic_store(&met[i], 1);
    while (atomic_load(&met[!i]) == 0)
        ;
}

static void they_work_at_a_time(void **state)
{
    atomic_uint met[2] = {0, 0};

    (void)state;
    parallel_for(2, 2, hands_work_at_a_time, met);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_is_done_once),
        cmocka_unit_test(they_work_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
