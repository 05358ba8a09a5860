#include "batch/checkpoint.h"

#include <string.h>

#include "pcap2trace/status.h"
#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static const uint8_t frame_bytes[] = {1, 2, 3, 4, 5};
static const struct input_frame frame = {.ts_ns = 1795329130405215000,
                                         .number = 0x123456789,
                                         .file = 7,
                                         .interface = 2,
                                         .link_type = 113,
                                         .cap_len = sizeof frame_bytes,
                                         .wire_len = 1500,
                                         .bytes = frame_bytes};

static void write_one(const char *name)
{
    struct checkpoint_writer w;

    assert_int_equal(checkpoint_create(&w, scratch(name)), P2T_OK);
    assert_int_equal(checkpoint_put(&w, CHECKPOINT_HEAD, SLICE_LIT("head")), P2T_OK);
    assert_int_equal(checkpoint_put_name(&w, 7, "seven.pcap"), P2T_OK);
    assert_int_equal(checkpoint_put_frame(&w, &frame), P2T_OK);
    assert_int_equal(checkpoint_put(&w, CHECKPOINT_SESSION, SLICE_LIT("")), P2T_OK);
    assert_int_equal(checkpoint_finish(&w), P2T_OK);
    assert_int_equal(store_publish(&w.store), P2T_OK);
    checkpoint_fini(&w);
}

static void expect_frame(const struct checkpoint_record *record)
{
    struct input_frame f = {0};

    assert_int_equal(record->type, CHECKPOINT_FRAME);
    assert_true(checkpoint_frame(record, &f));
    assert_int_equal(f.ts_ns, frame.ts_ns);
    assert_int_equal(f.number, frame.number);
    assert_int_equal(f.file, 7);
    assert_int_equal(f.interface, 2);
    assert_int_equal(f.link_type, 113);
    assert_int_equal(f.wire_len, 1500);
    assert_int_equal(f.cap_len, sizeof frame_bytes);
    assert_memory_equal(f.bytes, frame_bytes, sizeof frame_bytes);
}

static void records_come_back_in_order(void **state)
{
    struct checkpoint_reader r;
    struct checkpoint_record record;
    struct slice name;
    uint32_t file;

    (void)state;
    write_one("whole");
    assert_int_equal(checkpoint_open(&r, scratch("whole")), CHECKPOINT_FOUND);
    assert_int_equal(checkpoint_next(&r, &record), 1);
    assert_int_equal(record.type, CHECKPOINT_HEAD);
    assert_true(slice_eq(record.bytes, SLICE_LIT("head")));
    assert_int_equal(checkpoint_next(&r, &record), 1);
    assert_true(checkpoint_name(&record, &file, &name));
    assert_int_equal(file, 7);
    assert_true(slice_eq(name, SLICE_LIT("seven.pcap")));
    assert_int_equal(checkpoint_next(&r, &record), 1);
    expect_frame(&record);
    assert_int_equal(checkpoint_next(&r, &record), 1);
    assert_int_equal(record.type, CHECKPOINT_SESSION);
    assert_int_equal(record.bytes.n, 0);
    assert_int_equal(checkpoint_next(&r, &record), 0);
    checkpoint_close(&r);
}

/* Reads all of it: the last result. */
static int read_through(const char *name)
{
    struct checkpoint_reader r;
    struct checkpoint_record record;
    int got = checkpoint_open(&r, scratch(name));

    if (got == CHECKPOINT_FOUND)
        while ((got = checkpoint_next(&r, &record)) == 1)
            ;
    checkpoint_close(&r);
    return got;
}

static void no_part_of_it_passes_for_the_whole(void **state)
{
    char bytes[1000];

    (void)state;
    size_t n = scratch_read("whole", bytes, sizeof bytes - 1);
    assert_int_equal(read_through("whole"), 0);
    for (size_t cut = 0; cut < n; cut++) {
        scratch_write("cut", bytes, cut);
        assert_int_equal(read_through("cut"), CHECKPOINT_DAMAGED);
    }
}

static void what_stands_behind_it_is_damage(void **state)
{
    char bytes[1000];

    (void)state;
    size_t n = scratch_read("whole", bytes, sizeof bytes - 1);
    bytes[n] = 0;
    scratch_write("longer", bytes, n + 1);
    assert_int_equal(read_through("longer"), CHECKPOINT_DAMAGED);
}

static void a_flipped_bit_is_damage_or_another_version(void **state)
{
    char bytes[1000];

    (void)state;
    size_t n = scratch_read("whole", bytes, sizeof bytes - 1);
    for (size_t i = 0; i < n; i++) {
        if (i == 16 ||
            i == 17) /* zstd's unused bit, and its window's size: they change no content (RFC 8878 3.1.1.1) */
            continue;
        bytes[i] ^= 0x10;
        scratch_write("flipped", bytes, n);
        assert_int_equal(read_through("flipped"), i >= 8 && i < 12 ? CHECKPOINT_OTHER_VERSION : CHECKPOINT_DAMAGED);
        bytes[i] ^= 0x10;
    }
}

static void a_checkpoint_that_is_not_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(read_through("nowhere"), CHECKPOINT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_in_order),
        cmocka_unit_test(no_part_of_it_passes_for_the_whole),
        cmocka_unit_test(what_stands_behind_it_is_damage),
        cmocka_unit_test(a_flipped_bit_is_damage_or_another_version),
        cmocka_unit_test(a_checkpoint_that_is_not_there_is_none),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
