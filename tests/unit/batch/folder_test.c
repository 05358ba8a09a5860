#include "batch/folder.h"

#include <stdio.h>

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static const struct folder_file *file_named(const struct folder *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->files[i]->name, name) == 0)
            return f->files[i];
    fail_msg("%s was not listed", name);
    return NULL;
}

/* A pcap header: microseconds, Ethernet, and nothing after it. */
static const char empty_pcap[24] = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0";

static void files_are_told_apart_by_content(void **state)
{
    struct folder f;

    (void)state;
    scratch_copy(P2T_LAB "/fresh.pcap", "b-capture");
    scratch_write("c-empty.pcap", empty_pcap, sizeof empty_pcap);
    scratch_write("a-notes.pcap", "meeting at ten, bring coffee", 28);
    scratch_write(".hidden.pcap", empty_pcap, sizeof empty_pcap);
    assert_int_equal(folder_open(&f, scratch("")), P2T_OK);
    assert_int_equal(folder_scan(&f), P2T_OK);
    assert_int_equal(f.count, 3);
    assert_string_equal(f.files[0]->name, "a-notes.pcap"); /* by name */
    assert_int_equal(file_named(&f, "a-notes.pcap")->kind, FOLDER_FOREIGN);
    assert_int_equal(file_named(&f, "b-capture")->kind, FOLDER_CAPTURE);
    assert_int_equal(file_named(&f, "c-empty.pcap")->kind, FOLDER_NO_PACKETS);
    assert_int_equal(file_named(&f, "c-empty.pcap")->first_ns, file_named(&f, "c-empty.pcap")->changed_ns);
    assert_int_equal(file_named(&f, "b-capture")->first_ns, 1795329130405215000);
    folder_close(&f);
}

static void a_capture_keeps_its_fingerprint_under_another_name(void **state)
{
    struct folder f;

    (void)state;
    scratch_copy(P2T_LAB "/fresh.pcap", "one.pcap");
    scratch_copy(P2T_LAB "/fresh.pcap", "two.pcap");
    scratch_copy(P2T_LAB "/reuse.pcap", "other.pcap");
    folder_open(&f, scratch(""));
    assert_int_equal(folder_scan(&f), P2T_OK);
    assert_int_equal(file_named(&f, "one.pcap")->fingerprint, file_named(&f, "two.pcap")->fingerprint);
    assert_int_not_equal(file_named(&f, "one.pcap")->fingerprint, file_named(&f, "other.pcap")->fingerprint);
    folder_close(&f);
}

static void a_second_look_sees_what_changed(void **state)
{
    struct folder f;

    (void)state;
    scratch_write("grows.pcap", empty_pcap, sizeof empty_pcap);
    folder_open(&f, scratch(""));
    folder_scan(&f);
    const struct folder_file *before = file_named(&f, "grows.pcap");
    assert_int_equal(before->kind, FOLDER_NO_PACKETS);
    size_t count = f.count;
    scratch_copy(P2T_LAB "/fresh.pcap", "grows.pcap");
    assert_int_equal(remove(scratch("one.pcap")), 0);
    folder_scan(&f);
    assert_ptr_equal(file_named(&f, "grows.pcap"), before);
    assert_int_equal(before->kind, FOLDER_CAPTURE);
    assert_int_equal(f.count, count - 1);
    folder_close(&f);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct folder f;

    (void)state;
    folder_open(&f, scratch("nowhere"));
    assert_int_equal(folder_scan(&f), P2T_ERR_IO);
    folder_close(&f);
}

static void a_rewound_reader_gives_the_same_frames(void **state)
{
    const struct input_capture_events quiet = {0};
    struct folder_reader r;
    struct input_frame first, again;

    (void)state;
    assert_int_equal(folder_reader_open(&r, P2T_LAB "/fresh.pcap", &quiet), INPUT_CAPTURE_FOUND);
    assert_int_equal(input_capture_next(&r.capture, &first), 1);
    uint64_t fingerprint = folder_fingerprint(&first);
    assert_int_equal(input_capture_next(&r.capture, &again), 1);
    assert_int_equal(folder_reader_rewind(&r, &quiet), INPUT_CAPTURE_FOUND);
    assert_int_equal(input_capture_next(&r.capture, &again), 1);
    assert_int_equal(folder_fingerprint(&again), fingerprint);
    folder_reader_close(&r);
    assert_int_equal(folder_reader_open(&r, scratch("nowhere"), &quiet), P2T_ERR_IO);
    folder_reader_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_told_apart_by_content),
        cmocka_unit_test(a_capture_keeps_its_fingerprint_under_another_name),
        cmocka_unit_test(a_second_look_sees_what_changed),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(a_rewound_reader_gives_the_same_frames),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
