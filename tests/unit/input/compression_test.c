#include "unit/input/pack.h"

#include <lzma.h>
#include <stdlib.h>

#include "unit/input/support.h"

static void assert_whole(const struct seen *s, size_t count)
{
    assert_int_equal(s->found, INPUT_CAPTURE_FOUND);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(s->frames[i].ts_ns == (int64_t)(7 + i) * SECOND);
        assert_int_equal(s->frames[i].first_byte, i & 0xff);
    }
}

static void each_reads_whole_and_in_small_bits(void **state)
{
    static const size_t chunks[] = {1, 13, 5000, SIZE_MAX};
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 800, 700);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        packers[i].pack(&b, buf_view(&plain));
        for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
            struct seen *s = read_bytes(buf_view(&b), chunks[k]);
            assert_whole(s, 800);
            seen_free(s);
        }
        buf_fini(&b);
    }
    buf_fini(&plain);
}

/* cat a.gz b.gz > c.gz: the second stream goes on where the first one stopped, also in the middle of a packet;
 * empty streams and zero padding do not matter. */
static void streams_follow_each_other(void **state)
{
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 20, 100);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        packers[i].pack(&b, slice_of(plain.p, 333));
        packers[i].pack(&b, slice_of(plain.p, 0));
        packers[i].pack(&b, slice_of(plain.p + 333, 500));
        buf_put(&b, "\0\0\0\0\0\0\0\0", 8);
        packers[i].pack(&b, slice_of(plain.p + 833, plain.n - 833));
        buf_put(&b, "\0\0\0\0", 4);
        for (size_t chunk = 1; chunk < 5000; chunk = chunk * 4 + 1) {
            struct seen *s = read_bytes(buf_view(&b), chunk);
            assert_whole(s, 20);
            seen_free(s);
        }
        buf_fini(&b);
    }
    buf_fini(&plain);
}

static void a_skippable_frame_may_come_first(void **state)
{
    struct buf plain = {0}, b = {0};
    (void)state;
    put_noisy_file(&plain, 3, 100);
    buf_put(&b, "\x50\x2a\x4d\x18\4\0\0\0size", 12);
    pack_zstd(&b, buf_view(&plain));
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_whole(s, 3);
    seen_free(s);
    buf_fini(&b);
    buf_fini(&plain);
}

/* Wherever it is cut: some packets from the front, in order, and one problem that names the compression. */
static void a_cut_gives_what_came_before(void **state)
{
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 5, 40);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        size_t best = 0;
        packers[i].pack(&b, slice_of(plain.p, 24 + 2 * 56));
        packers[i].pack(&b, slice_of(plain.p + 24 + 2 * 56, 3 * 56));
        for (size_t n = 6; n < b.n; n++) {
            struct seen *s = read_bytes(slice_of(b.p, n), 64);
            assert_in_range(s->count, best, 5);
            best = s->count;
            assert_int_equal(s->end, 0);
            if (s->problems == 0) { /* between the two streams */
                assert_int_equal(s->count, 2);
            } else {
                assert_int_equal(s->problems, 1);
                assert_non_null(strstr(s->text, packers[i].name));
                assert_non_null(strstr(s->text, "cut short"));
            }
            seen_free(s);
        }
        assert_int_equal(best, 5);
        buf_fini(&b);
    }
    buf_fini(&plain);
}

static void damage_gives_what_came_before(void **state)
{
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 3000, 300);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        packers[i].pack(&b, slice_of(plain.p, plain.n / 2));
        size_t half = b.n;
        packers[i].pack(&b, slice_of(plain.p + plain.n / 2, plain.n - plain.n / 2));
        memset(b.p + half + (b.n - half) / 2, 0x5a, 64);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_in_range(s->count, 1499, 3000);
        assert_int_equal(s->problems, 1);
        /* Not every codec notices at once: a record header may be hit first, or only the checksum tell. */
        assert_non_null(strstr(s->text, "damaged "));
        seen_free(s);
        buf_fini(&b);
    }
    buf_fini(&plain);
}

/* What came before the damage is the same, whether it lay in one read with it or not. */
static void the_size_of_reads_does_not_matter_to_damage(void **state)
{
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 1000, 600);
    for (size_t i = 0; i < PACKERS; i++) {
        for (size_t part = 1; part < 8; part++) {
            struct buf b = {0};
            packers[i].pack(&b, buf_view(&plain));
            memset(b.p + b.n * part / 8, 0xff, 40);
            struct seen *small = read_bytes(buf_view(&b), 1000), *large = read_bytes(buf_view(&b), SIZE_MAX);
            assert_int_equal(small->problems, 1);
            assert_int_equal(large->problems, 1);
            assert_int_equal(small->count, large->count);
            assert_string_equal(small->text, large->text);
            assert_in_range(small->count, part < 4 ? 0 : 150, 1000);
            seen_free(small);
            seen_free(large);
            buf_fini(&b);
        }
    }
    buf_fini(&plain);
}

static void a_wrong_checksum_at_the_end_is_told(void **state)
{
    struct buf plain = {0}, b = {0};
    (void)state;
    put_noisy_file(&plain, 5, 40);
    pack_gzip(&b, buf_view(&plain));
    b.p[b.n - 8] ^= 1;
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->count, 5);
    assert_int_equal(s->problems, 1);
    assert_string_equal(s->text, "damaged gzip data (incorrect data check), after packet 5");
    assert_int_equal(s->packet, 0);
    seen_free(s);
    buf_fini(&b);
    buf_fini(&plain);
}

static void garbage_behind_the_last_stream_is_told(void **state)
{
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 5, 40);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        packers[i].pack(&b, buf_view(&plain));
        buf_lit(&b, "and then something else entirely");
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 5);
        assert_int_equal(s->problems, 1);
        seen_free(s);
        buf_fini(&b);
    }
    buf_fini(&plain);
}

static void a_large_window_is_refused(void **state)
{
    (void)state;
    /* A frame header without single-segment flag, window descriptor 2^31, and a raw block. */
    struct seen *s = read_bytes(SLICE_LIT("\x28\xb5\x2f\xfd\x00\xa8\x21\x00\x00rest"), SIZE_MAX);
    assert_int_equal(s->found, INPUT_CAPTURE_DAMAGED);
    assert_string_equal(s->text, "damaged zstd data (its window is over 128 MB), before the first packet");
    seen_free(s);
}

static void a_large_dictionary_is_refused(void **state)
{
    struct buf plain = {0}, b = {0};
    lzma_options_lzma options;
    (void)state;
    put_noisy_file(&plain, 2, 40);
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 1u << 16;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    /* The dictionary's size is raised in the finished block header: encoding with it would need 10 GB. */
    assert_true(buf_reserve(&b, lzma_stream_buffer_bound(plain.n)));
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_NONE, NULL, plain.p, plain.n, b.p, &b.n, b.cap),
                     LZMA_OK);
    uint8_t *header = b.p + LZMA_STREAM_HEADER_SIZE;
    uint32_t header_bytes = (uint32_t)(header[0] + 1) * 4;
    size_t at = 0;
    while (!(header[at] == 0x21 && header[at + 1] == 1)) /* filter id of LZMA2, size of its properties */
        assert_true(++at < header_bytes);
    header[at + 2] = 36; /* 1 GB */
    uint32_t crc = lzma_crc32(header, header_bytes - 4, 0);
    for (int i = 0; i < 4; i++)
        header[header_bytes - 4 + (uint32_t)i] = (uint8_t)(crc >> 8 * i);
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->found, INPUT_CAPTURE_DAMAGED);
    assert_string_equal(s->text, "damaged xz data (its dictionary is over 128 MB), before the first packet");
    seen_free(s);
    buf_fini(&b);
    buf_fini(&plain);
}

struct memory {
    struct slice left;
};

static ssize_t read_memory(void *ctx, void *p, size_t n)
{
    struct memory *m = ctx;

    n = n < m->left.n ? n : m->left.n;
    memcpy(p, m->left.p, n);
    m->left.p += n;
    m->left.n -= n;
    return (ssize_t)n;
}

/* 128 MB of zeros in one block that nobody reads, in some 128 KB of gzip. */
static void a_bomb_is_read_in_bounded_memory(void **state)
{
    enum { PIECE = 1 << 24, PIECES = 8 };
    struct buf head = {0}, b = {0};
    uint8_t *zeros = calloc(1, PIECE);
    const struct input_capture_events quiet = {0};
    struct input_frame f;
    struct input_capture c;
    (void)state;
    put_section(&head, false);
    put32(&head, false, 0x777);
    put32(&head, false, PIECE * PIECES + 12);
    pack_gzip(&b, buf_view(&head));
    for (int i = 0; i < PIECES; i++)
        pack_gzip(&b, slice_of(zeros, PIECE));
    buf_reset(&head);
    put32(&head, false, PIECE * PIECES + 12);
    put_interface(&head, false, 1, 0, slice_of(NULL, 0));
    put_enhanced(&head, false, 0, 1, 1, 1);
    pack_gzip(&b, buf_view(&head));
    assert_in_range(b.n, 1, 200000);
    struct memory m = {buf_view(&b)};
    assert_int_equal(input_capture_open(&c, read_memory, &m, &quiet), INPUT_CAPTURE_FOUND);
    assert_int_equal(input_capture_next(&c, &f), 1);
    assert_int_equal(c.source.spill_cap, 0);
    assert_true(input_source_offset(&c.source) > (uint64_t)PIECE * PIECES);
    input_capture_close(&c);
    free(zeros);
    buf_fini(&b);
    buf_fini(&head);
}

static void compressed_text_is_no_capture(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        packers[i].pack(&b, SLICE_LIT("just a log file, nothing to see here"));
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->found, INPUT_CAPTURE_FOREIGN);
        assert_int_equal(s->problems, 0);
        seen_free(s);
        buf_fini(&b);
    }
}

/* Enough came out before the damage to see that it concerns nobody. */
static void damaged_compressed_text_is_no_capture(void **state)
{
    struct buf b = {0};
    (void)state;
    pack_gzip(&b, SLICE_LIT("just a log file, nothing to see here"));
    b.p[b.n - 8] ^= 1;
    for (size_t chunk = 1; chunk < 100; chunk += 98) {
        struct seen *s = read_bytes(buf_view(&b), chunk);
        assert_int_equal(s->found, INPUT_CAPTURE_FOREIGN);
        assert_int_equal(s->problems, 0);
        seen_free(s);
    }
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reads_whole_and_in_small_bits),
        cmocka_unit_test(streams_follow_each_other),
        cmocka_unit_test(a_skippable_frame_may_come_first),
        cmocka_unit_test(a_cut_gives_what_came_before),
        cmocka_unit_test(damage_gives_what_came_before),
        cmocka_unit_test(the_size_of_reads_does_not_matter_to_damage),
        cmocka_unit_test(a_wrong_checksum_at_the_end_is_told),
        cmocka_unit_test(garbage_behind_the_last_stream_is_told),
        cmocka_unit_test(a_large_window_is_refused),
        cmocka_unit_test(a_large_dictionary_is_refused),
        cmocka_unit_test(a_bomb_is_read_in_bounded_memory),
        cmocka_unit_test(compressed_text_is_no_capture),
        cmocka_unit_test(damaged_compressed_text_is_no_capture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
