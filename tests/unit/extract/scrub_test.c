/* What overwriting rests on: places in a stream, checksums that follow, and Huffman codes of a given length. */
#include "support/cmocka_all.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "extract/scrub/checksum.h"
#include "extract/scrub/huffman.h"
#include "extract/scrub/stream.h"

/* ---- checksums ---- */

static uint16_t whole_checksum(const uint8_t *p, size_t n)
{
    return (uint16_t)~checksum_sum(p, n);
}

static void a_changed_checksum_is_that_of_the_changed_bytes(void **state)
{
    uint8_t b[41];

    (void)state;
    srand(7);
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof b; i++)
            b[i] = (uint8_t)(rand() >> 7);
        b[0] = b[1] = 0;
        uint16_t right = whole_checksum(b, sizeof b);
        b[0] = (uint8_t)(right >> 8);
        b[1] = (uint8_t)right;
        uint16_t before = checksum_sum(b + 2, sizeof b - 2);
        memset(b + 2 + rand() % 20, 'x', 1 + (size_t)(rand() % 19));
        checksum_change(b, before, checksum_sum(b + 2, sizeof b - 2));
        assert_int_equal(checksum_sum(b, sizeof b), 0xffff);
    }
}

/* ---- streams ---- */

static void what_is_written_appears_in_every_copy(void **state)
{
    struct stream s = {0};
    uint8_t first[] = "abcdef", again[] = "cdefgh", early[] = "XYab", forged[] = "??";

    (void)state;
    uint64_t pos = stream_place(&s, 1000);
    stream_add(&s, pos, first, 6);
    stream_add(&s, stream_place(&s, 1002), again, 6);
    stream_add(&s, stream_place(&s, 998), early, 4);
    stream_add(&s, stream_place(&s, 1001), forged, 2);
    stream_write(&s, pos + 1, (const uint8_t *)"12345", 5);
    stream_finish(&s);
    assert_memory_equal(first, "a12345", 6);
    assert_memory_equal(again, "2345gh", 6);
    assert_memory_equal(early, "XYa1", 4);
    assert_memory_equal(forged, "12", 2);
    stream_fini(&s);
}

static void sequence_numbers_wrap_around(void **state)
{
    struct stream s = {0};

    (void)state;
    uint64_t pos = stream_place(&s, 0xfffffff0u);
    assert_true(pos == STREAM_BEGIN);
    assert_true(stream_place(&s, 0x10) == pos + 0x20);
    assert_true(stream_place(&s, 0xffffffe0u) == pos - 0x10);
    stream_fini(&s);
}

static void holes_are_seen_and_copies_in_them_overwritten(void **state)
{
    struct stream s = {0};
    uint8_t a[] = "aa", b[] = "bb", quoted[] = "SECRET", out[8];

    (void)state;
    stream_add(&s, 10, a, 2);
    stream_add(&s, 14, b, 2);
    stream_add_copy(&s, 11, quoted, 6);
    assert_int_equal(stream_read(&s, 10, out, sizeof out), 2);
    assert_true(stream_next(&s, 12) == 14);
    assert_true(stream_next(&s, 16) == UINT64_MAX);
    stream_finish(&s);
    assert_memory_equal(quoted, "axxbbx", 6);
    stream_fini(&s);
}

/* Any order of segments makes the same stream as the bytes in order. */
static void order_does_not_matter(void **state)
{
    enum { BYTES = 64, SEGMENTS = 40 };
    uint8_t whole[BYTES], part[SEGMENTS][BYTES], out[BYTES];

    (void)state;
    srand(11);
    for (int round = 0; round < 300; round++) {
        struct stream s = {0};
        bool seen[BYTES] = {false};
        for (size_t i = 0; i < BYTES; i++)
            whole[i] = (uint8_t)('a' + i % 26);
        for (int k = 0; k < SEGMENTS; k++) {
            size_t from = (size_t)rand() % BYTES, n = 1 + (size_t)rand() % (BYTES - from);
            memcpy(part[k], whole + from, n);
            stream_add(&s, 100 + from, part[k], n);
            memset(seen + from, true, n);
        }
        for (size_t i = 0; i < BYTES; i++)
            assert_int_equal(stream_read(&s, 100 + i, out, 1), seen[i] ? 1 : 0);
        stream_fill(&s, 0, UINT64_MAX);
        stream_finish(&s);
        for (size_t i = 0; i < BYTES; i++)
            if (seen[i]) {
                assert_int_equal(stream_read(&s, 100 + i, out, 1), 1);
                assert_int_equal(out[0], 'x');
            }
        stream_fini(&s);
    }
}

/* ---- Huffman ---- */

/* As nghttp2 reads a field without indexing whose value is in this code. */
static size_t decode(const uint8_t *code, size_t n, uint8_t out[256])
{
    uint8_t block[600] = {0x00, 1, 'n', (uint8_t)(0x80 | n)};
    nghttp2_hd_inflater *inflater;
    nghttp2_nv nv = {0};
    int flags = 0;

    assert_true(n < 127);
    memcpy(block + 4, code, n);
    assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
    ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, n + 4, 1);
    size_t found = used > 0 && (flags & NGHTTP2_HD_INFLATE_EMIT) != 0 ? nv.valuelen : SIZE_MAX;
    if (found != SIZE_MAX && found > 0)
        memcpy(out, nv.value, found);
    nghttp2_hd_inflate_del(inflater);
    return found;
}

/* The shortest number of octets that the text fits in. */
static size_t encode(const uint8_t *text, size_t n, uint8_t out[256])
{
    for (size_t octets = 0; octets < 127; octets++)
        if (huffman_encode(text, n, out, octets))
            return octets;
    return SIZE_MAX;
}

static void every_octet_is_encoded_as_it_is_decoded(void **state)
{
    uint8_t code[256], back[256];

    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t text[3] = {(uint8_t)c, 'a', (uint8_t)c};
        size_t octets = encode(text, 3, code);
        assert_true(octets < 127);
        assert_int_equal(decode(code, octets, back), 3);
        assert_memory_equal(back, text, 3);
    }
}

static void what_is_hidden_takes_as_many_octets(void **state)
{
    static const char *const texts[] = {
        "a",    "hunter2",  "{\"k\":\"\\\\\"}", "~~~~~~~~", "Basic YWRtaW46aHVudGVyMg==", "\x80\xff\x01",
        "XXXX", "aaaaaaaa", "!|#$^`<"};
    uint8_t code[256], back[256], text[256];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = strlen(texts[i]), octets = encode((const uint8_t *)texts[i], n, code);
        memcpy(text, texts[i], n);
        huffman_hide(text, n);
        assert_true(huffman_encode(text, n, code, octets));
        assert_int_equal(decode(code, octets, back), n);
        assert_memory_equal(back, text, n);
    }
    memcpy(text, "hunter2", 7);
    huffman_hide(text, 7);
    assert_memory_not_equal(text, "hunter2", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_checksum_is_that_of_the_changed_bytes),
        cmocka_unit_test(what_is_written_appears_in_every_copy),
        cmocka_unit_test(sequence_numbers_wrap_around),
        cmocka_unit_test(holes_are_seen_and_copies_in_them_overwritten),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(every_octet_is_encoded_as_it_is_decoded),
        cmocka_unit_test(what_is_hidden_takes_as_many_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
