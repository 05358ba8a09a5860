#include "batch/processed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/journal.h"

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static struct content content_of(uint64_t packets)
{
    struct content c = {0};

    for (uint64_t i = 0; i < packets; i++)
        content_add(&c, &(struct input_frame){.ts_ns = (int64_t)i * 1000, .wire_len = 60, .cap_len = 60});
    return c;
}

static struct processed *note(struct processed_set *s, const char *name, uint64_t fingerprint, uint64_t packets)
{
    const struct folder_file file = {
        .name = (char *)(uintptr_t)name, .inode = 3, .bytes = 500, .fingerprint = fingerprint};
    const struct content content = content_of(packets);
    struct processed *r = processed_note(s, &file, &content);

    assert_non_null(r);
    return r;
}

static void a_file_is_found_by_its_first_packet(void **state)
{
    struct processed_set s;
    struct folder_file file = {.inode = 3, .bytes = 500, .fingerprint = 11};

    (void)state;
    processed_init(&s);
    note(&s, "a.pcap", 11, 40);
    assert_null(processed_first(&s, 12));
    const struct processed *r = processed_first(&s, 11);
    assert_string_equal(r->name, "a.pcap");
    assert_int_equal(r->content.packets, 40);
    assert_true(r->here);
    assert_null(processed_next(r));
    assert_true(processed_has(&s, &file));
    file.bytes++;
    assert_false(processed_has(&s, &file)); /* it grew */
    processed_fini(&s);
}

static void what_was_read_stays_read(void **state)
{
    struct processed_set s;

    (void)state;
    processed_init(&s);
    note(&s, "a.pcap", 11, 40);
    assert_int_equal(note(&s, "a.pcap", 11, 30)->content.packets, 40); /* cut while it was copied */
    assert_int_equal(note(&s, "a.pcap", 11, 50)->content.packets, 50);
    assert_int_equal(s.map.count, 1);
    assert_int_equal(note(&s, "b.pcap", 11, 30)->content.packets, 30);
    assert_int_equal(s.map.count, 2);
    processed_fini(&s);
}

static void what_is_saved_is_loaded(void **state)
{
    struct processed_set s, back;
    struct buf b = {0};

    (void)state;
    processed_init(&s);
    processed_init(&back);
    processed_save(note(&s, "a.pcap", 0x1122334455667788, 40), &b);
    assert_int_equal(processed_load(&back, buf_view(&b)), P2T_OK);
    const struct processed *r = processed_first(&back, 0x1122334455667788);
    const struct content content = content_of(40);
    assert_string_equal(r->name, "a.pcap");
    assert_int_equal(r->inode, 3);
    assert_int_equal(r->bytes, 500);
    assert_memory_equal(&r->content, &content, sizeof content);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(processed_load(&back, slice_of(b.p, n)), P2T_ERR_USAGE);
    buf_fini(&b);
    processed_fini(&back);
    processed_fini(&s);
}

static void content_tells_a_cut_copy_from_another_capture(void **state)
{
    struct content whole = content_of(1000), other = {0};

    (void)state;
    for (uint64_t n = 0; n <= 1000; n += 37) {
        struct content part = content_of(n);
        assert_true(content_begins(&part, &whole));
        assert_int_equal(content_begins(&whole, &part), n == 1000);
    }
    /* The first packet is the same, the others are every second one. */
    for (uint64_t i = 0; i < 500; i++)
        content_add(&other, &(struct input_frame){.ts_ns = (int64_t)i * 2000, .wire_len = 60, .cap_len = 60});
    assert_false(content_begins(&other, &whole));
}

static void the_journal_keeps_what_the_checkpoint_counts_on(void **state)
{
    struct processed_set s, back;
    struct journal j, later;
    struct buf head = {0};
    int error;

    (void)state;
    processed_init(&s);
    processed_init(&back);
    journal_init(&j, strdup(scratch("j.processed")));
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.pcap", i);
        journal_note(&j, note(&s, name, 11, 40 + (uint64_t)i));
        assert_int_equal(journal_write(&j, &s, &error), P2T_OK);
        journal_published(&j);
        if (i == 1)
            journal_save(&j, &head);
    }
    struct reader r = reader_of_slice(buf_view(&head));
    journal_init(&later, strdup(scratch("j.processed")));
    journal_load(&later, &r);
    assert_true(reader_ok(&r) && r.left == 0);
    assert_int_equal(journal_read(&later, &back), P2T_OK);
    assert_int_equal(back.map.count, 2); /* the third was written by a run that was interrupted */
    later.hash++;
    assert_int_equal(journal_read(&later, &back), P2T_ERR_USAGE);
    later.hash--;
    later.n += 10000;
    assert_int_equal(journal_read(&later, &back), P2T_ERR_USAGE);
    journal_fini(&later);
    journal_fini(&j);
    buf_fini(&head);
    processed_fini(&back);
    processed_fini(&s);
}

static void a_journal_of_what_was_replaced_is_written_anew(void **state)
{
    struct processed_set s, back;
    struct journal j;
    uint64_t most = 0;
    int error;

    (void)state;
    processed_init(&s);
    processed_init(&back);
    journal_init(&j, strdup(scratch("k.processed")));
    for (uint64_t i = 0; i < 5000; i++) {
        journal_note(&j, note(&s, "a.pcap", 11, 1));
        assert_int_equal(journal_write(&j, &s, &error), P2T_OK);
        journal_published(&j);
        most = j.records > most ? j.records : most;
    }
    assert_in_range(most, 900, 1100);
    assert_int_equal(journal_read(&j, &back), P2T_OK);
    assert_int_equal(back.map.count, 1);
    journal_fini(&j);
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
        note(&s, name, i + 1, 1)->here = i == 3;
    }
    processed_trim(&s);
    assert_int_equal(s.map.count, PROCESSED_GONE_MAX + 1);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(processed_first(&s, i + 1) != NULL, i == 3);
    assert_non_null(processed_first(&s, 11)); /* the oldest that is still remembered */
    processed_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_found_by_its_first_packet),
        cmocka_unit_test(what_was_read_stays_read),
        cmocka_unit_test(content_tells_a_cut_copy_from_another_capture),
        cmocka_unit_test(the_journal_keeps_what_the_checkpoint_counts_on),
        cmocka_unit_test(a_journal_of_what_was_replaced_is_written_anew),
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(of_files_that_are_gone_the_oldest_are_forgotten),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
