/* Slots go from one thread to another in order, each once, however the two take turns. */
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/relay.h"
#include "base/thread.h"

enum { SLOTS = 4, ROUNDS = 20000 };

struct lane {
    struct relay relay;
    size_t values[SLOTS];
    size_t given, end;
    size_t emptied; /* so many were waited for, and the taker had them all by then */
    size_t taken;   /* guarded by the relay's order */
};

static void *give(void *arg)
{
    struct lane *l = arg;
    size_t slot;

    while (l->given < l->end && relay_room(&l->relay, &slot)) {
        l->values[slot] = l->given++;
        relay_put(&l->relay);
        if (l->given % 97 == 0 && relay_empty(&l->relay))
            l->emptied += l->taken == l->given;
    }
    relay_end(&l->relay);
    return NULL;
}

static void begin(struct lane *l, size_t end, size_t wake, pthread_t *thread)
{
    *l = (struct lane){.end = end};
    relay_init(&l->relay, SLOTS, wake);
    assert_int_equal(thread_start(thread, give, l), 0);
}

static void all_arrive_in_order(void **state)
{
    (void)state;
    for (size_t wake = 1; wake <= SLOTS; wake++) {
        struct lane lane;
        pthread_t thread;
        size_t slot;

        begin(&lane, ROUNDS, wake, &thread);
        for (size_t i = 0; relay_next(&lane.relay, &slot); i++) {
            assert_int_equal(lane.values[slot], i);
            lane.taken++;
            relay_took(&lane.relay);
        }
        pthread_join(thread, NULL);
        assert_int_equal(lane.taken, ROUNDS);
        assert_int_equal(lane.emptied, ROUNDS / 97);
        assert_false(relay_next(&lane.relay, &slot));
        relay_fini(&lane.relay);
    }
}

static void the_giver_ends_when_nobody_takes(void **state)
{
    (void)state;
    for (size_t taken = 0; taken < 200; taken += 7) {
        struct lane lane;
        pthread_t thread;
        size_t slot;

        begin(&lane, SIZE_MAX, SLOTS / 2, &thread);
        for (size_t i = 0; i < taken; i++) {
            assert_true(relay_next(&lane.relay, &slot));
            assert_int_equal(lane.values[slot], i);
            lane.taken++;
            relay_took(&lane.relay);
        }
        relay_close(&lane.relay);
        pthread_join(thread, NULL);
        assert_in_range(lane.given, taken, taken + SLOTS + 1);
        relay_fini(&lane.relay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_arrive_in_order),
        cmocka_unit_test(the_giver_ends_when_nobody_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
