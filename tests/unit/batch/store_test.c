#include "batch/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "pcap2trace/status.h"
#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static char text[100];

static void a_file_appears_only_when_it_is_published(void **state)
{
    struct store s;

    (void)state;
    assert_int_equal(store_open(&s, scratch("whole"), STORE_PLAIN, 0600), P2T_OK);
    assert_int_equal(store_write(&s, "abc", 3), P2T_OK);
    assert_int_equal(store_write(&s, "def", 3), P2T_OK);
    assert_int_equal(store_finish(&s), P2T_OK);
    assert_false(scratch_has("whole"));
    assert_true(scratch_has(".whole.tmp"));
    assert_int_equal(store_publish(&s), P2T_OK);
    store_leave(&s);
    assert_false(scratch_has(".whole.tmp"));
    assert_int_equal(scratch_read("whole", text, 99), 6);
    assert_string_equal(text, "abcdef");
}

static void what_is_left_can_be_published_later(void **state)
{
    struct store s;
    int error = -1;

    (void)state;
    store_open(&s, scratch("later"), STORE_PLAIN, 0600);
    store_write(&s, "abc", 3);
    store_finish(&s);
    store_leave(&s);
    char *temporary = store_temporary(scratch("later"));
    assert_string_equal(temporary, scratch(".later.tmp"));
    assert_int_equal(store_rename(temporary, scratch("later"), &error), P2T_OK);
    assert_int_equal(error, 0);
    assert_true(scratch_has("later"));
    assert_int_equal(store_rename(temporary, scratch("later"), &error), P2T_ERR_IO);
    assert_int_equal(error, ENOENT);
    free(temporary);
}

static void what_is_abandoned_is_gone(void **state)
{
    struct store s;

    (void)state;
    store_open(&s, scratch("never"), STORE_ZSTD, 0600);
    store_write(&s, "abc", 3);
    store_abandon(&s);
    assert_false(scratch_has("never"));
    assert_false(scratch_has(".never.tmp"));
}

static void packed_bytes_are_a_zstd_frame_after_the_plain_ones(void **state)
{
    struct store s;
    char packed[200], plain[4000], back[4000];

    (void)state;
    memset(plain, 'x', sizeof plain);
    store_open(&s, scratch("packed"), STORE_ZSTD_FAST, 0600);
    assert_int_equal(store_write_plain(&s, "HEAD", 4), P2T_OK);
    assert_int_equal(store_write(&s, plain, sizeof plain), P2T_OK);
    assert_int_equal(store_finish(&s), P2T_OK);
    store_publish(&s);
    store_leave(&s);
    size_t n = scratch_read("packed", packed, sizeof packed - 1);
    assert_memory_equal(packed, "HEAD", 4);
    assert_int_equal(ZSTD_decompress(back, sizeof back, packed + 4, n - 4), sizeof plain);
    assert_memory_equal(back, plain, sizeof plain);
}

static void a_file_that_cannot_be_made_says_why(void **state)
{
    struct store s;

    (void)state;
    assert_int_equal(store_open(&s, scratch("no-folder/x"), STORE_PLAIN, 0600), P2T_ERR_IO);
    assert_int_equal(s.error, ENOENT);
    assert_int_equal(store_write(&s, "abc", 3), P2T_ERR_IO);
    store_abandon(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_only_when_it_is_published),
        cmocka_unit_test(what_is_left_can_be_published_later),
        cmocka_unit_test(what_is_abandoned_is_gone),
        cmocka_unit_test(packed_bytes_are_a_zstd_frame_after_the_plain_ones),
        cmocka_unit_test(a_file_that_cannot_be_made_says_why),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
