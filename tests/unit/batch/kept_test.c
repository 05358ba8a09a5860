#include "batch/kept.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap2trace/status.h"
#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static struct kept kept;

static int begin(void **state)
{
    (void)state;
    kept_init(&kept, strdup(scratch("frames")));
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_false(scratch_has("frames")); /* whatever is written has no name */
    kept_fini(&kept);
    return 0;
}

/* Its bytes follow from its number. */
static void add(uint64_t number, uint32_t length)
{
    uint8_t *bytes = malloc(length + 1);
    struct input_frame f = {.ts_ns = (int64_t)number * 1000,
                            .number = number,
                            .file = 3,
                            .interface = 2,
                            .link_type = 1,
                            .cap_len = length,
                            .wire_len = length + 9,
                            .snaplen = 77,
                            .bytes = bytes};

    assert_non_null(bytes);
    memset(bytes, (int)(number & 255), length);
    kept_add(&kept, &f);
    free(bytes);
}

static void expect(uint64_t number, uint32_t length)
{
    struct input_frame f;

    assert_int_equal(kept_next(&kept, &f), P2T_OK);
    assert_int_equal(f.number, number);
    assert_int_equal(f.ts_ns, number * 1000);
    assert_int_equal(f.cap_len, length);
    assert_int_equal(f.wire_len, length + 9);
    assert_int_equal(f.file, 3);
    assert_int_equal(f.interface, 2);
    assert_int_equal(f.link_type, 1);
    assert_int_equal(f.snaplen, 77);
    for (uint32_t i = 0; i < length; i++)
        assert_int_equal(f.bytes[i], number & 255);
}

static void frames_come_back_in_their_order(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        kept_begin(&kept);
        add(1, 60);
        add(2, 0);
        assert_true(kept_settle(&kept));
        kept_begin(&kept);
        add(1, 1500);
        assert_true(kept_settle(&kept));
        kept_rewind(&kept);
        expect(1, 60);
        expect(2, 0);
        expect(1, 1500);
        kept_clear(&kept);
    }
}

/* Of a file that brought nothing new, or that failed. */
static void a_window_that_is_not_settled_is_forgotten(void **state)
{
    (void)state;
    kept_begin(&kept);
    add(1, 60);
    assert_true(kept_settle(&kept));
    kept_begin(&kept);
    add(2, 70);
    kept_begin(&kept);
    add(3, 80);
    assert_true(kept_settle(&kept));
    kept_rewind(&kept);
    expect(1, 60);
    expect(3, 80);
}

enum { LARGE = 200000, MANY = 40 };

static void what_is_too_much_for_memory_goes_into_a_file(void **state)
{
    (void)state;
    kept_begin(&kept);
    for (uint64_t i = 1; i <= MANY; i++)
        add(i, LARGE);
    assert_true(kept_settle(&kept));
    assert_true(kept.fd >= 0);
    assert_true(kept.in_file > 0);
    kept_begin(&kept);
    add(500, 100);
    assert_true(kept_settle(&kept));
    assert_true(kept.rest.n > 0);
    kept_rewind(&kept);
    for (uint64_t i = 1; i <= MANY; i++)
        expect(i, LARGE);
    expect(500, 100);
}

static void a_large_window_that_is_not_settled_is_forgotten(void **state)
{
    (void)state;
    kept_begin(&kept);
    add(1, 60);
    assert_true(kept_settle(&kept));
    kept_begin(&kept);
    for (uint64_t i = 1; i <= MANY; i++)
        add(i + 1000, LARGE);
    kept_begin(&kept);
    add(2, 300000);
    add(3, 5);
    assert_true(kept_settle(&kept));
    kept_rewind(&kept);
    expect(1, 60);
    expect(2, 300000);
    expect(3, 5);
}

static void without_a_file_a_window_is_not_kept_and_the_others_are(void **state)
{
    (void)state;
    kept_begin(&kept);
    add(1, 60);
    assert_true(kept_settle(&kept));
    scratch_write("frames", "x", 1); /* in its way */
    kept_begin(&kept);
    for (uint64_t i = 1; i <= MANY; i++)
        add(i, LARGE);
    assert_false(kept_settle(&kept));
    assert_int_equal(unlink(scratch("frames")), 0);
    kept_begin(&kept);
    add(2, 70);
    assert_true(kept_settle(&kept));
    kept_rewind(&kept);
    expect(1, 60);
    expect(2, 70);
}

static void what_an_interrupted_run_left_is_removed(void **state)
{
    (void)state;
    kept_fini(&kept);
    scratch_write("frames", "x", 1);
    kept_init(&kept, strdup(scratch("frames")));
    assert_false(scratch_has("frames"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        T(frames_come_back_in_their_order),
        T(a_window_that_is_not_settled_is_forgotten),
        T(what_is_too_much_for_memory_goes_into_a_file),
        T(a_large_window_that_is_not_settled_is_forgotten),
        T(without_a_file_a_window_is_not_kept_and_the_others_are),
        T(what_an_interrupted_run_left_is_removed),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
