#include "unit/input/support.h"

#include <stdlib.h>

/* One section: an Ethernet interface of microseconds and three packets of 5, 6 and 7 bytes. */
static void put_simple_file(struct buf *b, bool big)
{
    put_section(b, big);
    put_interface(b, big, 1, 0, slice_of(NULL, 0));
    for (uint32_t i = 0; i < 3; i++)
        put_enhanced(b, big, 0, 1000000u * (10 + i), 5 + i, (uint8_t)(0xa0 + i));
}

static void assert_simple(const struct seen *s, size_t first)
{
    for (size_t i = 0; i < 3; i++) {
        const struct seen_frame *f = &s->frames[first + i];
        assert_true(f->ts_ns == (int64_t)(10 + i) * SECOND);
        assert_int_equal(f->number, first + i + 1);
        assert_int_equal(f->cap_len, 5 + i);
        assert_int_equal(f->wire_len, 9 + i);
        assert_int_equal(f->first_byte, 0xa0 + i);
        assert_int_equal(f->last_byte, 0xa0 + i);
    }
}

static void sections_may_differ_in_byte_order_and_interfaces(void **state)
{
    struct buf b = {0};
    (void)state;
    put_simple_file(&b, false);
    put_simple_file(&b, true);
    put_section(&b, false);
    put_interface(&b, false, 101, 0, slice_of(NULL, 0));
    put_interface(&b, false, 113, 0, slice_of(NULL, 0));
    put_enhanced(&b, false, 1, 0, 1, 1);
    put_enhanced(&b, false, 0, 0, 1, 1);
    for (size_t chunk = 1; chunk < b.n; chunk = chunk * 3 + 1) {
        struct seen *s = read_bytes(buf_view(&b), chunk);
        assert_int_equal(s->problems, 0);
        assert_int_equal(s->count, 8);
        assert_simple(s, 0);
        assert_simple(s, 3);
        assert_int_equal(s->frames[6].link_type, 113);
        assert_int_equal(s->frames[6].interface, 1);
        assert_int_equal(s->frames[7].link_type, 101);
        assert_int_equal(s->frames[7].number, 8);
        seen_free(s);
    }
    buf_fini(&b);
}

static void put_option(struct buf *b, uint16_t code, struct slice value)
{
    put16(b, false, code);
    put16(b, false, (uint16_t)value.n);
    buf_slice(b, value);
    buf_put(b, "\0\0\0", -value.n & 3);
}

static void resolutions_and_offsets(void **state)
{
    static const struct {
        int tsresol; /* -1: no option */
        int64_t offset;
        uint64_t units;
        int64_t ns;
    } rows[] = {
        {-1, 0, 1700000000123456, 1700000000123456000},
        {6, 0, 1, 1000},
        {0, 0, 7, 7 * SECOND},
        {3, 0, 1700000000123, 1700000000123000000},
        {9, 0, 1700000000123456789, 1700000000123456789},
        {12, 0, 1999, 1},
        {12, 0, 5000000000000, 5 * SECOND},
        {19, 0, UINT64_MAX, 1844674407},
        {28, 0, UINT64_MAX, 1},
        {29, 0, UINT64_MAX, 0},
        {127, 0, UINT64_MAX, 0},
        {0x80, 0, 3, 3 * SECOND},
        {0x80 + 10, 0, 1536, SECOND + SECOND / 2},
        {0x80 + 32, 0, 1ull << 32 | 1ull << 31, SECOND + SECOND / 2},
        {0x80 + 63, 0, 1ull << 63, SECOND},
        {0x80 + 64, 0, 1ull << 63, SECOND / 2},
        {0x80 + 127, 0, UINT64_MAX, 0},
        /* offsets are seconds, and may be negative */
        {6, 1700000000, 5, 1700000000 * SECOND + 5000},
        {6, -10, 11000000, SECOND},
        {9, -1, 0, 0},
        /* beyond what the clock carries */
        {0, 0, UINT64_MAX, INPUT_TIME_MAX_NS},
        {6, 0, UINT64_MAX, INPUT_TIME_MAX_NS},
        {9, 0, UINT64_MAX, INPUT_TIME_MAX_NS},
        {0x80, 0, UINT64_MAX, INPUT_TIME_MAX_NS},
        {6, INT64_MAX, 0, INPUT_TIME_MAX_NS},
        {6, INT64_MIN, 0, 0},
        {6, INT64_MIN, UINT64_MAX, 0},
        {9, 0, (uint64_t)INPUT_TIME_MAX_NS, INPUT_TIME_MAX_NS},
        {9, 0, (uint64_t)INPUT_TIME_MAX_NS + 1, INPUT_TIME_MAX_NS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf options = {0}, b = {0};
        uint8_t resolution = (uint8_t)rows[i].tsresol, offset[8];
        for (int k = 0; k < 8; k++)
            offset[k] = (uint8_t)((uint64_t)rows[i].offset >> 8 * k);
        put_option(&options, 2, SLICE_LIT("eth0")); /* if_name */
        if (rows[i].tsresol >= 0)
            put_option(&options, 9, slice_of(&resolution, 1));
        if (rows[i].offset != 0)
            put_option(&options, 14, slice_of(offset, 8));
        put_option(&options, 0, slice_of(NULL, 0));
        put_section(&b, false);
        put_interface(&b, false, 1, 0, buf_view(&options));
        put_enhanced(&b, false, 0, rows[i].units, 1, 0);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 1);
        assert_true(s->frames[0].ts_ns == rows[i].ns);
        seen_free(s);
        buf_fini(&options);
        buf_fini(&b);
    }
}

/* A packet without a time keeps its place behind its predecessor. */
static void simple_and_obsolete_packets_are_read(void **state)
{
    struct buf b = {0}, body = {0};
    (void)state;
    put_section(&b, true);
    put_interface(&b, true, 1, 4, slice_of(NULL, 0));
    put_interface(&b, true, 101, 0, slice_of(NULL, 0));
    put16(&body, true, 1); /* interface */
    put16(&body, true, 7); /* drops */
    put32(&body, true, 0);
    put32(&body, true, 9000000);
    put32(&body, true, 5);
    put32(&body, true, 3); /* less than captured: nonsense that is mended */
    buf_put(&body, "hello", 5);
    put_block(&b, true, 2, buf_view(&body));
    buf_reset(&body);
    put32(&body, true, 6); /* wire length; the interface's snapshot length is 4 */
    buf_put(&body, "abcd", 4);
    put_block(&b, true, 3, buf_view(&body));
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 2);
    assert_true(s->frames[0].ts_ns == 9 * SECOND);
    assert_int_equal(s->frames[0].interface, 1);
    assert_int_equal(s->frames[0].link_type, 101);
    assert_int_equal(s->frames[0].cap_len, 5);
    assert_int_equal(s->frames[0].wire_len, 5);
    assert_int_equal(s->frames[0].last_byte, 'o');
    assert_true(s->frames[1].ts_ns == 9 * SECOND);
    assert_int_equal(s->frames[1].number, 2);
    assert_int_equal(s->frames[1].link_type, 1);
    assert_int_equal(s->frames[1].cap_len, 4);
    assert_int_equal(s->frames[1].wire_len, 6);
    assert_int_equal(s->frames[1].last_byte, 'd');
    seen_free(s);
    buf_fini(&body);
    buf_fini(&b);
}

/* Wireshark numbers some blocks that hold no packet; evidence must name the same numbers as it shows. */
static void blocks_are_numbered_as_wireshark_does(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t next_number;
    } rows[] = {{4, 2},     {5, 2}, {7, 2},     {8, 2},          {0x777, 2}, {0x80000001, 2},
                {0x208, 2}, {9, 3}, {0xbad, 3}, {0x40000bad, 3}, {0x204, 3}, {0x216, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_section(&b, false);
        put_interface(&b, false, 1, 0, slice_of(NULL, 0));
        put_enhanced(&b, false, 0, 1, 1, 1);
        put_block(&b, false, rows[i].type, SLICE_LIT("0123456789abcdefghij"));
        put_enhanced(&b, false, 0, 2, 1, 2);
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->problems, 0);
        assert_int_equal(s->count, 2);
        assert_int_equal(s->frames[1].number, rows[i].next_number);
        seen_free(s);
        buf_fini(&b);
    }
}

static void an_unknown_block_may_be_larger_than_any_buffer(void **state)
{
    enum { N = INPUT_BLOCK_MAX + 4000 };
    struct buf b = {0};
    uint8_t *big = calloc(1, N);
    (void)state;
    put_simple_file(&b, true);
    put_block(&b, true, 0x777, slice_of(big, N));
    put_enhanced(&b, true, 0, 5, 1, 9);
    struct seen *s = read_bytes(buf_view(&b), 100000);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 4);
    seen_free(s);
    b.n -= 60; /* inside the large block */
    s = read_bytes(buf_view(&b), 100000);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->problems, 1);
    assert_non_null(strstr(s->text, "cut after packet 3, inside the block at offset "));
    seen_free(s);
    free(big);
    buf_fini(&b);
}

static void secrets_are_handed_on_in_order(void **state)
{
    struct buf b = {0}, body = {0};
    (void)state;
    put_section(&b, true);
    for (int i = 0; i < 2; i++) {
        buf_reset(&body);
        put32(&body, true, 0x544c534b);
        put32(&body, true, 5);
        buf_str(&body, i == 0 ? "first" : "other");
        put_block(&b, true, 10, buf_view(&body));
    }
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->secrets, 2);
    assert_int_equal(s->secrets_type, 0x544c534b);
    assert_true(slice_eq(buf_view(&s->secrets_data), SLICE_LIT("firstother")));
    assert_int_equal(s->problems, 0);
    seen_free(s);
    b.p[28 + 8 + 4 + 3] = 9; /* one byte more than the block holds */
    s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_true(slice_eq(buf_view(&s->secrets_data), SLICE_LIT("other")));
    assert_int_equal(s->problems, 1);
    seen_free(s);
    buf_fini(&body);
    buf_fini(&b);
}

/* What is wrong inside one block's frame costs that packet; it keeps its number. */
static void a_packet_that_makes_no_sense_is_passed_over(void **state)
{
    enum { FIRST = 28 + 20, INTERFACE = FIRST + 8, CAPTURED = FIRST + 20 };
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } rows[] = {
        {INTERFACE, 1, "packet 1 was skipped: its interface was not described"},
        {INTERFACE + 3, 0xff, "packet 1 was skipped: its interface was not described"},
        {CAPTURED, 9, "packet 1 was skipped: its captured length does not fit its block"},
        {CAPTURED + 3, 0xff, "packet 1 was skipped: its captured length does not fit its block"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_simple_file(&b, false);
        b.p[rows[i].at] = rows[i].value;
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 2);
        assert_int_equal(s->frames[0].number, 2);
        assert_int_equal(s->problems, 1);
        assert_string_equal(s->text, rows[i].text);
        assert_int_equal(s->packet, 1);
        assert_int_equal(s->offset, FIRST);
        seen_free(s);
        buf_fini(&b);
    }
}

static void a_packet_before_any_interface_is_passed_over(void **state)
{
    struct buf b = {0};
    (void)state;
    put_section(&b, false);
    put_block(&b, false, 3, SLICE_LIT("\4\0\0\0abcd"));
    put_enhanced(&b, false, 0, 1, 1, 1);
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->count, 0);
    assert_int_equal(s->problems, 1); /* the first stands for both */
    seen_free(s);
    buf_fini(&b);
}

/* Broken framing ends the file: where the next block begins is unknown. */
static void broken_framing_ends_the_file(void **state)
{
    enum { SECOND_PACKET = 28 + 20 + 40, LENGTH = SECOND_PACKET + 4, TRAILER = SECOND_PACKET + 36 };
    static const struct {
        size_t at;
        uint8_t value;
        const char *why;
    } rows[] = {
        {LENGTH, 41, "its length is not a multiple of 4"},
        {LENGTH, 8, "its length is too small"},
        {LENGTH, 0, "its length is too small"},
        {LENGTH, 36, "its two lengths differ"},
        {TRAILER, 44, "its two lengths differ"},
        {LENGTH + 3, 2, "it is over 16 MB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        put_simple_file(&b, false);
        assert_int_equal(b.p[LENGTH], 40);
        assert_int_equal(b.p[TRAILER], 40);
        b.p[rows[i].at] = rows[i].value;
        struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
        assert_int_equal(s->count, 1);
        assert_int_equal(s->problems, 1);
        assert_non_null(strstr(s->text, rows[i].why));
        assert_non_null(strstr(s->text, "damaged after packet 1, at the block at offset 88: "));
        assert_int_equal(s->offset, SECOND_PACKET);
        seen_free(s);
        buf_fini(&b);
    }
}

static void a_foreign_section_ends_the_file(void **state)
{
    struct buf b = {0};
    (void)state;
    put_simple_file(&b, false);
    size_t second = b.n;
    put_simple_file(&b, false);
    b.p[second + 12] = 2; /* major version */
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->count, 3);
    assert_non_null(strstr(s->text, "pcapng version 2.0, at offset "));
    seen_free(s);
    b.p[second + 8] = 0; /* byte-order magic */
    s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->problems, 1);
    seen_free(s);
    b.p[8] = 0;
    s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->found, INPUT_CAPTURE_FOREIGN);
    seen_free(s);
    buf_fini(&b);
}

static void a_cut_at_any_byte_costs_only_what_is_cut(void **state)
{
    struct buf b = {0};
    size_t ends[8], blocks = 0;
    (void)state;
    put_simple_file(&b, true);
    put_block(&b, true, 0x777, SLICE_LIT("later"));
    for (size_t at = 0; at < b.n; at += b.p[at + 7])
        ends[blocks++] = at + b.p[at + 7];
    assert_int_equal(blocks, 6);
    for (size_t n = 0; n <= b.n; n++) {
        struct seen *s = read_bytes(slice_of(b.p, n), 11);
        size_t whole = 0;
        while (whole < blocks && ends[whole] <= n)
            whole++;
        bool between = n == 0 || (whole > 0 && ends[whole - 1] == n);
        size_t packets = whole < 2 ? 0 : whole - 2;
        assert_int_equal(s->found, n == 0   ? INPUT_CAPTURE_EMPTY_FILE
                                   : n < 12 ? INPUT_CAPTURE_FOREIGN
                                            : INPUT_CAPTURE_FOUND);
        assert_int_equal(s->count, packets < 3 ? packets : 3);
        assert_int_equal(s->problems, n >= 12 && !between);
        if (s->problems > 0)
            assert_int_equal(s->offset, whole > 0 ? ends[whole - 1] : 0);
        seen_free(s);
    }
    buf_fini(&b);
}

static void interfaces_are_capped(void **state)
{
    struct buf b = {0};
    (void)state;
    put_section(&b, false);
    for (int i = 0; i < INPUT_INTERFACES_MAX; i++)
        put_interface(&b, false, 1, 0, slice_of(NULL, 0));
    put_enhanced(&b, false, INPUT_INTERFACES_MAX - 1, 1, 1, 1);
    put_interface(&b, false, 1, 0, slice_of(NULL, 0));
    put_enhanced(&b, false, INPUT_INTERFACES_MAX, 1, 1, 1);
    struct seen *s = read_bytes(buf_view(&b), SIZE_MAX);
    assert_int_equal(s->count, 1);
    assert_int_equal(s->problems, 1);
    assert_non_null(strstr(s->text, "too many interfaces"));
    seen_free(s);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_may_differ_in_byte_order_and_interfaces),
        cmocka_unit_test(resolutions_and_offsets),
        cmocka_unit_test(simple_and_obsolete_packets_are_read),
        cmocka_unit_test(blocks_are_numbered_as_wireshark_does),
        cmocka_unit_test(an_unknown_block_may_be_larger_than_any_buffer),
        cmocka_unit_test(secrets_are_handed_on_in_order),
        cmocka_unit_test(a_packet_that_makes_no_sense_is_passed_over),
        cmocka_unit_test(a_packet_before_any_interface_is_passed_over),
        cmocka_unit_test(broken_framing_ends_the_file),
        cmocka_unit_test(a_foreign_section_ends_the_file),
        cmocka_unit_test(a_cut_at_any_byte_costs_only_what_is_cut),
        cmocka_unit_test(interfaces_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
