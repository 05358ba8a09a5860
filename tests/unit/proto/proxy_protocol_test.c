/* PROXY protocol headers, however they are cut into segments: where they end, and what is none. */
#include "support/cmocka_all.h"

#include "proto/proxy_protocol.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xcb\0\x71\x09\xcb\0\x71\x01\xc8\x22\0\x50"
#define LONGEST                                                                                                      \
    "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"

struct row {
    struct slice bytes;
    enum proxy_progress progress;
    size_t used; /* of the bytes */
};

static const struct row rows[] = {
    /* version 1 */
    {SLICE_INIT("PROXY TCP4 203.0.113.9 203.0.113.1 51234 80\r\nGET"), PROXY_WHOLE, 45},
    {SLICE_INIT("PROXY TCP6 2001:db8::9 2001:db8::1 51234 80\r\n"), PROXY_WHOLE, 45},
    {SLICE_INIT("PROXY UNKNOWN\r\n\x16\x03"), PROXY_WHOLE, 15},
    {SLICE_INIT("PROXY UNKNOWN\n\r\n"), PROXY_WHOLE, 16},
    {SLICE_INIT("PROXY TCP4 203.0.113.9"), PROXY_MORE, 22},
    {SLICE_INIT(LONGEST), PROXY_WHOLE, 107},
    {SLICE_INIT("PROXY UNKNOWN 1" LONGEST), PROXY_BAD, 107},
    /* version 2: PROXY, LOCAL, without addresses, with TLVs, of an unknown family */
    {SLICE_INIT(SIGNATURE "\x21\x11\0\x0c" V4 "GET"), PROXY_WHOLE, 28},
    {SLICE_INIT(SIGNATURE "\x20\0\0\0GET"), PROXY_WHOLE, 16},
    {SLICE_INIT(SIGNATURE "\x21\x11\0\x13" V4 "\x03\0\x04"
                          "abcdGET"),
     PROXY_WHOLE, 35},
    {SLICE_INIT(SIGNATURE "\x21\0\0\3abcGET"), PROXY_WHOLE, 19},
    {SLICE_INIT(SIGNATURE "\x21\x11\xff\xff" V4), PROXY_MORE, 28},
    {SLICE_INIT(SIGNATURE "\x31\x11\0\x0c" V4), PROXY_BAD, 13},
};

static enum proxy_progress feed(struct slice bytes, size_t step, size_t *used)
{
    struct proxy_header h = {0};
    enum proxy_progress progress = PROXY_MORE;

    for (*used = 0; *used < bytes.n && progress == PROXY_MORE;) {
        size_t n = bytes.n - *used < step ? bytes.n - *used : step;
        uint64_t taken;
        progress = proxy_feed(&h, slice_of(bytes.p + *used, n), n, &taken);
        *used += (size_t)taken;
    }
    return progress;
}

static void headers_end_where_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 1; step <= rows[i].bytes.n; step++) {
            size_t used;
            assert_int_equal(proxy_looks_like(rows[i].bytes), PROXY_GUESS_YES);
            enum proxy_progress progress = feed(rows[i].bytes, step, &used);
            if (progress != rows[i].progress || used != rows[i].used)
                fail_msg("row %zu by %zu: %d after %zu", i, step, (int)progress, used);
        }
}

/* Addresses may be missing from the capture, but not what says where the header ends. */
static void bytes_that_were_not_captured(void **state)
{
    static const struct slice fixed = SLICE_INIT(SIGNATURE "\x21\x11\0\x0c");
    struct proxy_header h = {0}, cut = {0};
    uint64_t used;

    (void)state;
    assert_int_equal(proxy_feed(&h, fixed, fixed.n + 5, &used), PROXY_MORE);
    assert_int_equal(used, fixed.n + 5);
    assert_int_equal(proxy_feed(&h, slice_of(NULL, 0), 1000, &used), PROXY_WHOLE);
    assert_int_equal(used, 7);
    assert_int_equal(proxy_feed(&cut, slice_of(fixed.p, 14), 28, &used), PROXY_BAD);
}

static void first_bytes_that_are_no_header(void **state)
{
    (void)state;
    assert_int_equal(proxy_looks_like(SLICE_LIT("PROXY /a HTTP/1.1\r\n")), PROXY_GUESS_NO);
    assert_int_equal(proxy_looks_like(SLICE_LIT("POST / HTTP/1.1\r\n")), PROXY_GUESS_NO);
    assert_int_equal(proxy_looks_like(SLICE_LIT("\r\nGET / HTTP/1.1\r\n")), PROXY_GUESS_NO);
    assert_int_equal(proxy_looks_like(SLICE_LIT("P")), PROXY_GUESS_MAYBE);
    assert_int_equal(proxy_looks_like(SLICE_LIT("\r\n\r\n\0\r\nQUIT")), PROXY_GUESS_MAYBE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_end_where_they_say),
        cmocka_unit_test(bytes_that_were_not_captured),
        cmocka_unit_test(first_bytes_that_are_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
