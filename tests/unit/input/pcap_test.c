#include "unit/input/support.h"

#include <stdio.h>
#include <stdlib.h>

struct variant {
    uint32_t magic;
    size_t extra_file, extra_record;
    int64_t ns_per_unit;
};

static const struct variant variants[] = {
    {0xa1b2c3d4, 0, 0, 1000}, {0xa1b23c4d, 0, 0, 1},    {0xa1b2cd34, 0, 8, 1000},
    {0x1c0001ac, 4, 0, 1},    {0x1c0001ab, 4, 0, 1000},
};

static void put_variant(struct buf *b, const struct variant *v, bool big)
{
    put_pcap_header(b, big, v->magic, 65535, 1);
    buf_put(b, "\0\0\0\0", v->extra_file);
    for (uint32_t i = 0; i < 2; i++) {
        put32(b, big, 1700000000 + i);
        put32(b, big, 123456);
        put32(b, big, 3);
        put32(b, big, 60);
        buf_put(b, "\1\0\0\0\0\10\0\0", v->extra_record);
        buf_put(b, "abc", 3);
    }
}

static void every_variant_reads_in_both_byte_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof variants / sizeof variants[0]; i++) {
        const struct variant *v = &variants[i / 2];
        struct buf b = {0};
        put_variant(&b, v, i % 2 != 0);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->found, INPUT_CAPTURE_FOUND);
        assert_int_equal(s->problems, 0);
        assert_int_equal(s->count, 2);
        const struct seen_frame *f = &s->frames[1];
        assert_true(f->ts_ns == 1700000001 * SECOND + 123456 * v->ns_per_unit);
        assert_int_equal(f->number, 2);
        assert_int_equal(f->link_type, 1);
        assert_int_equal(f->cap_len, 3);
        assert_int_equal(f->wire_len, 60);
        assert_int_equal(f->first_byte, 'a');
        assert_int_equal(f->last_byte, 'c');
        seen_free(s);
        buf_fini(&b);
    }
}

static void times_are_unsigned_and_fractions_carry(void **state)
{
    static const struct {
        uint32_t seconds, fraction;
        int64_t ns;
    } rows[] = {
        {0, 0, 0},
        {0x7fffffff, 999999, 0x7fffffff * SECOND + 999999000},
        {0x80000000, 0, 0x80000000 * SECOND}, /* 2038 */
        {0xffffffff, 0, 0xffffffff * SECOND},
        {10, 1000000, 11 * SECOND},
        {10, 2500000, 12 * SECOND + 500000000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
        put_pcap_packet(&b, false, rows[i].seconds, rows[i].fraction, 1, 0);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 1);
        assert_true(s->frames[0].ts_ns == rows[i].ns);
        seen_free(s);
        buf_fini(&b);
    }
}

static void link_types_lose_their_flags_and_oddities(void **state)
{
    static const uint32_t rows[][2] = {{1, 1},     {0x14000001, 1}, {12, 101}, {14, 101},
                                       {101, 101}, {228, 228},      {108, 108}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_pcap_header(&b, true, 0xa1b2c3d4, 65535, rows[i][0]);
        put_pcap_packet(&b, true, 1, 1, 1, 0);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->frames[0].link_type, rows[i][1]);
        seen_free(s);
        buf_fini(&b);
    }
}

/* Version 2.2 and before, and 543.0, had the two lengths the other way round; 2.3 had both ways. */
static void lengths_follow_the_version(void **state)
{
    static const struct {
        uint16_t major, minor;
        uint32_t first, second;
        uint32_t cap_len, wire_len;
    } rows[] = {
        {2, 4, 2, 9, 2, 9}, {2, 4, 4, 2, 4, 4}, {2, 3, 2, 9, 2, 9},
        {2, 3, 9, 2, 2, 9}, {2, 2, 9, 2, 2, 9}, {543, 0, 9, 2, 2, 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_pcap_header(&b, true, 0xa1b2c3d4, 65535, 1);
        b.p[4] = (uint8_t)(rows[i].major >> 8);
        b.p[5] = (uint8_t)rows[i].major;
        b.p[7] = (uint8_t)rows[i].minor;
        put32(&b, true, 1);
        put32(&b, true, 0);
        put32(&b, true, rows[i].first);
        put32(&b, true, rows[i].second);
        buf_put(&b, "abcd", rows[i].cap_len);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 1);
        assert_int_equal(s->problems, 0);
        assert_int_equal(s->frames[0].cap_len, rows[i].cap_len);
        assert_int_equal(s->frames[0].wire_len, rows[i].wire_len);
        seen_free(s);
        buf_fini(&b);
    }
}

/* Wherever the file ends: every whole packet, then one problem unless the cut is between packets. */
static void a_cut_at_any_byte_costs_only_what_is_cut(void **state)
{
    enum { PACKETS = 3, PACKET_BYTES = 5, RECORD = 16 + PACKET_BYTES };
    struct buf b = {0};
    (void)state;
    put_pcap_file(&b, 100, PACKETS, PACKET_BYTES);
    for (size_t n = 0; n <= b.n; n++) {
        struct seen *s = read_bytes(slice_of(b.p, n), SIZE_MAX);
        if (n < 4) {
            assert_int_equal(s->found, n == 0 ? INPUT_CAPTURE_EMPTY_FILE : INPUT_CAPTURE_FOREIGN);
            assert_int_equal(s->problems, 0);
        } else if (n < 24) {
            assert_int_equal(s->found, INPUT_CAPTURE_DAMAGED);
            assert_string_equal(s->text, "cut inside the file header");
            assert_int_equal(s->problems, 1);
        } else {
            size_t whole = (n - 24) / RECORD, rest = (n - 24) % RECORD;
            assert_int_equal(s->count, whole);
            assert_int_equal(s->problems, rest != 0);
            assert_int_equal(s->packet, rest != 0 ? whole + 1 : 0);
            assert_int_equal(s->offset, rest != 0 ? 24 + whole * RECORD : 0);
        }
        seen_free(s);
    }
    struct seen *s = read_bytes(slice_of(b.p, b.n - 1), SIZE_MAX);
    assert_string_equal(s->text, "cut inside packet 3, which begins at offset 66");
    seen_free(s);
    buf_fini(&b);
}

static void a_captured_length_beyond_the_limit_ends_the_file(void **state)
{
    static const struct {
        uint32_t snaplen, cap_len;
        bool good;
    } rows[] = {
        {65535, INPUT_FRAME_USUAL_MAX, true},     {65535, INPUT_FRAME_USUAL_MAX + 1, false},
        {0, INPUT_FRAME_USUAL_MAX, true},         {2 << 20, 2 << 20, true},
        {2 << 20, (2 << 20) + 1, false},          {UINT32_MAX, INPUT_FRAME_MAX, true},
        {UINT32_MAX, INPUT_FRAME_MAX + 1, false}, {65535, UINT32_MAX - 4, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_pcap_header(&b, false, 0xa1b2c3d4, rows[i].snaplen, 1);
        put_pcap_packet(&b, false, 1, 0, 1, 0);
        if (rows[i].good) {
            put_pcap_packet(&b, false, 2, 0, rows[i].cap_len, 7);
        } else {
            put32(&b, false, 2);
            put32(&b, false, 0);
            put32(&b, false, rows[i].cap_len);
            put32(&b, false, rows[i].cap_len);
        }
        put_pcap_packet(&b, false, 3, 0, 1, 0);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, rows[i].good ? 3 : 1);
        assert_int_equal(s->problems, !rows[i].good);
        assert_int_equal(s->packet, rows[i].good ? 0 : 2);
        assert_int_equal(s->offset, rows[i].good ? 0 : 24 + 17);
        if (rows[i].good) {
            assert_int_equal(s->frames[1].cap_len, rows[i].cap_len);
            assert_int_equal(s->frames[1].last_byte, 7);
        }
        seen_free(s);
        buf_fini(&b);
    }
}

/* Records that end at, before and behind the end of a block, in reads of every kind of size. */
static void blocks_do_not_show(void **state)
{
    static const size_t chunks[] = {1, 7, 4096, SIZE_MAX};
    static const uint32_t sizes[] = {240, 1500, 65536 - 17, 262144 - 16, 262144, 700000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf b = {0};
        put_pcap_file(&b, 5, (int)(900000 / sizes[i]) + 2, sizes[i]);
        for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
            struct seen *s = read_bytes(buf_view(&b), chunks[k]);
            assert_int_equal(s->count, 900000 / sizes[i] + 2);
            assert_int_equal(s->problems, 0);
            for (size_t n = 0; n < s->count; n++) {
                assert_true(s->frames[n].ts_ns == (int64_t)(5 + n) * SECOND);
                assert_int_equal(s->frames[n].number, n + 1);
                assert_int_equal(s->frames[n].first_byte, n & 0xff);
                assert_int_equal(s->frames[n].last_byte, n & 0xff);
            }
            seen_free(s);
        }
        buf_fini(&b);
    }
}

static void what_is_no_capture_is_told(void **state)
{
    (void)state;
    struct buf b = {0};
    struct seen *s = read_bytes(SLICE_LIT("#!/bin/sh\necho hello, world, this is long enough\n"), SIZE_MAX);
    assert_int_equal(s->found, INPUT_CAPTURE_FOREIGN);
    seen_free(s);
    put_pcap_file(&b, 1, 1, 1);
    b.p[4] = 1;
    s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->found, INPUT_CAPTURE_DAMAGED);
    assert_string_equal(s->text, "pcap version 1.4 is not supported");
    seen_free(s);
    buf_fini(&b);
}

static ssize_t read_broken(void *ctx, void *p, size_t n)
{
    size_t *calls = ctx;
    struct buf b = {0};

    if ((*calls)++ > 0)
        return -1;
    put_pcap_file(&b, 1, 2, 50);
    assert_true(b.n - 1 <= n);
    memcpy(p, b.p, b.n - 1);
    buf_fini(&b);
    return 24 + 66 + 65;
}

static void count_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    assert_non_null(strstr(text, "read failed: "));
    assert_non_null(strstr(text, ", after packet 1"));
    assert_int_equal(packet, 2);
    assert_int_equal(offset, 24 + 66);
    ++*(int *)ctx;
}

static void a_failing_disk_is_a_problem_after_the_whole_packets(void **state)
{
    size_t calls = 0;
    int problems = 0;
    const struct input_capture_events events = {.ctx = &problems, .problem = count_problem};
    struct input_capture c;
    struct input_frame f;
    (void)state;
    assert_int_equal(input_capture_open(&c, read_broken, &calls, &events), INPUT_CAPTURE_FOUND);
    assert_int_equal(input_capture_next(&c, &f), 1);
    assert_int_equal(input_capture_next(&c, &f), 0);
    assert_int_equal(input_capture_next(&c, &f), 0);
    assert_int_equal(problems, 1);
    input_capture_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_reads_in_both_byte_orders),
        cmocka_unit_test(times_are_unsigned_and_fractions_carry),
        cmocka_unit_test(link_types_lose_their_flags_and_oddities),
        cmocka_unit_test(lengths_follow_the_version),
        cmocka_unit_test(a_cut_at_any_byte_costs_only_what_is_cut),
        cmocka_unit_test(a_captured_length_beyond_the_limit_ends_the_file),
        cmocka_unit_test(blocks_do_not_show),
        cmocka_unit_test(what_is_no_capture_is_told),
        cmocka_unit_test(a_failing_disk_is_a_problem_after_the_whole_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
