#include "batch/processed.h"

#include <stdio.h>

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static void note(struct processed_set *s, const char *name, uint64_t fingerprint, uint64_t packets)
{
    const struct folder_file file = {
        .name = (char *)(uintptr_t)name, .inode = 3, .bytes = 500, .fingerprint = fingerprint};

    assert_int_equal(processed_note(s, &file, packets), P2T_OK);
}

static void a_file_is_known_by_its_first_packet(void **state)
{
    struct processed_set s;

    (void)state;
    processed_init(&s);
    note(&s, "a.pcap", 11, 40);
    assert_null(processed_find(&s, 12));
    assert_string_equal(processed_find(&s, 11)->name, "a.pcap");
    assert_int_equal(processed_find(&s, 11)->packets, 40);
    assert_true(processed_find(&s, 11)->here);
    processed_fini(&s);
}

static void a_renamed_file_is_no_second_one(void **state)
{
    struct processed_set s;

    (void)state;
    processed_init(&s);
    note(&s, "a.pcap", 11, 40);
    note(&s, "a.pcap.gz", 11, 30); /* cut while it was copied: what was read stays read */
    assert_int_equal(s.map.count, 1);
    assert_string_equal(processed_find(&s, 11)->name, "a.pcap.gz");
    assert_int_equal(processed_find(&s, 11)->packets, 40);
    note(&s, "a.pcap.gz", 11, 50);
    assert_int_equal(processed_find(&s, 11)->packets, 50);
    processed_fini(&s);
}

static void what_is_saved_is_loaded(void **state)
{
    struct processed_set s, back;
    struct buf b = {0};

    (void)state;
    processed_init(&s);
    processed_init(&back);
    note(&s, "a.pcap", 0x1122334455667788, 40);
    processed_save(processed_find(&s, 0x1122334455667788), &b);
    assert_int_equal(processed_load(&back, buf_view(&b)), P2T_OK);
    const struct processed *r = processed_find(&back, 0x1122334455667788);
    assert_string_equal(r->name, "a.pcap");
    assert_int_equal(r->inode, 3);
    assert_int_equal(r->bytes, 500);
    assert_int_equal(r->packets, 40);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(processed_load(&back, slice_of(b.p, n)), P2T_ERR_USAGE);
    buf_fini(&b);
    processed_fini(&back);
    processed_fini(&s);
}

static void of_files_that_are_gone_the_oldest_are_forgotten(void **state)
{
    struct processed_set s;
    char name[16];

    (void)state;
    processed_init(&s);
    for (uint64_t i = 0; i < PROCESSED_GONE_MAX + 10; i++) {
        snprintf(name, sizeof name, "%llu", (unsigned long long)i);
        note(&s, name, i + 1, 1);
        processed_find(&s, i + 1)->here = i == 3;
    }
    processed_trim(&s);
    assert_int_equal(s.map.count, PROCESSED_GONE_MAX + 1);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(processed_find(&s, i + 1) != NULL, i == 3);
    assert_non_null(processed_find(&s, 11)); /* the oldest that is still remembered */
    processed_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_known_by_its_first_packet),
        cmocka_unit_test(a_renamed_file_is_no_second_one),
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(of_files_that_are_gone_the_oldest_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
