/* Slots go from one thread to several workers, each slot to one of them, and on in the order in which they were put. */
#include <stdatomic.h>
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/crew.h"
#include "base/thread.h"

enum { SLOTS = 6, WORKERS_MAX = 4, ROUNDS = 20000 };

struct ring {
    struct crew crew;
    size_t put[SLOTS], made[SLOTS];
    atomic_size_t made_count;
    atomic_int passing; /* workers that pass on */
    size_t passed;      /* guarded by the crew's order */
    atomic_size_t passed_count;
    bool in_order, alone, cleared;
};

struct worker {
    struct ring *ring;
    pthread_t thread;
};

static void pass_on(struct ring *r)
{
    for (size_t slot; crew_turn(&r->crew, &slot); crew_passed(&r->crew)) {
        r->alone &= atomic_fetch_add(&r->passing, 1) == 0;
        r->in_order &= r->made[slot] == 2 * r->passed;
        r->passed++;
        atomic_fetch_add(&r->passed_count, 1);
        atomic_fetch_sub(&r->passing, 1);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct ring *r = w->ring;

    for (size_t slot; crew_next(&r->crew, &slot);) {
        r->made[slot] = 2 * r->put[slot];
        atomic_fetch_add(&r->made_count, 1);
        crew_made(&r->crew, slot);
        pass_on(r);
    }
    return NULL;
}

/* Now and then all but a few must be passed on before it goes on. */
static void put_all(struct ring *r, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        r->put[crew_room(&r->crew)] = i;
        crew_put(&r->crew);
        if (i % 97 == 0) {
            crew_clear(&r->crew, i % 3);
            r->cleared &= atomic_load(&r->passed_count) + i % 3 >= i + 1;
        }
    }
    crew_end(&r->crew);
}

static void run(size_t workers, size_t wake, size_t rounds)
{
    struct ring r = {.in_order = true, .alone = true, .cleared = true};
    struct worker w[WORKERS_MAX];

    crew_init(&r.crew, SLOTS, wake);
    for (size_t i = 0; i < workers; i++) {
        w[i].ring = &r;
        assert_int_equal(thread_start(&w[i].thread, work, &w[i]), 0);
    }
    put_all(&r, rounds);
    for (size_t i = 0; i < workers; i++)
        pthread_join(w[i].thread, NULL);
    assert_int_equal(atomic_load(&r.made_count), rounds);
    assert_int_equal(r.passed, rounds);
    assert_true(r.in_order);
    assert_true(r.alone);
    assert_true(r.cleared);
    crew_fini(&r.crew);
}

static void all_are_passed_on_in_order(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= WORKERS_MAX; workers++)
        for (size_t wake = 1; wake <= SLOTS; wake++)
            run(workers, wake, ROUNDS);
}

/* Fewer than what wakes a worker, or none: the end wakes all. */
static void the_last_few_are_passed_on_at_the_end(void **state)
{
    (void)state;
    for (size_t rounds = 0; rounds < SLOTS; rounds++)
        run(2, SLOTS, rounds);
}

/* What was made first waits for what was put before it. */
static void a_slot_waits_for_those_before_it(void **state)
{
    struct crew c;
    size_t first, second, slot;

    (void)state;
    crew_init(&c, SLOTS, 1);
    for (int i = 0; i < 2; i++) {
        (void)crew_room(&c);
        crew_put(&c);
    }
    assert_true(crew_next(&c, &first));
    assert_true(crew_next(&c, &second));
    crew_made(&c, second);
    assert_false(crew_turn(&c, &slot));
    crew_made(&c, first);
    assert_true(crew_turn(&c, &slot));
    assert_int_equal(slot, first);
    assert_false(crew_turn(&c, &slot)); /* one at a time */
    crew_passed(&c);
    assert_true(crew_turn(&c, &slot));
    assert_int_equal(slot, second);
    crew_passed(&c);
    assert_false(crew_turn(&c, &slot));
    crew_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_passed_on_in_order),
        cmocka_unit_test(the_last_few_are_passed_on_at_the_end),
        cmocka_unit_test(a_slot_waits_for_those_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
