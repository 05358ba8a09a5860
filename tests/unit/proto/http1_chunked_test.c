/* The limits of the chunked coding: where Go's reader stops, to the byte. */
#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/http1/chunked.h"

/* Fed whole and byte by byte, to the same end. */
static struct http1_chunked_result fed(struct slice bytes)
{
    struct http1_chunked whole = {0}, pieces = {0};
    struct http1_chunked_result r = http1_chunked_feed(&whole, bytes, false), all = {0};

    while (all.used < bytes.n && !all.done && all.bad == 0) {
        struct http1_chunked_result one = http1_chunked_feed(&pieces, slice_of(bytes.p + all.used, 1), false);
        all.used += one.used;
        all.body_bytes += one.body_bytes;
        all.done = one.done;
        all.bad = one.bad;
    }
    assert_int_equal(all.used, r.used);
    assert_int_equal(all.body_bytes, r.body_bytes);
    assert_int_equal(all.done, r.done);
    assert_int_equal(all.bad, r.bad);
    return r;
}

/* A last chunk whose line is so long, its end included. */
static struct http1_chunked_result line_of(size_t n)
{
    struct buf b = {0};

    buf_str(&b, "0;");
    while (b.n < n - 2)
        buf_putc(&b, 'x');
    buf_str(&b, "\r\n");
    struct http1_chunked_result r = fed(buf_view(&b));
    buf_fini(&b);
    return r;
}

static void a_line_fits_a_buffer(void **state)
{
    (void)state;
    assert_true(line_of(4096).done);
    assert_int_equal(line_of(4097).bad, FACT_BAD_CHUNK_LINE);
}

/* Chunks of one byte with extensions: 16 bytes a chunk and two for each byte of data are borne, and 16 KB of the rest. */
static void data_outweighs_extensions(void **state)
{
    enum { EXTENSION = 1007, OVER = EXTENSION + 4 - 18 }; /* "1;", the extension, and two ends of line */
    struct buf b = {0};

    (void)state;
    for (int i = 0; i <= 16384 / OVER; i++) {
        assert_int_equal(fed(buf_view(&b)).bad, 0);
        buf_str(&b, "1;");
        for (int k = 0; k < EXTENSION; k++)
            buf_putc(&b, 'x');
        buf_str(&b, "\r\ny\r\n");
    }
    assert_int_equal(fed(buf_view(&b)).bad, FACT_BAD_CHUNK_EXCESS);
    buf_fini(&b);
}

static void a_hole_is_passed_over_inside_a_chunk_only(void **state)
{
    struct http1_chunked c = {0};

    (void)state;
    assert_false(http1_chunked_skip(&c, 1));
    (void)http1_chunked_feed(&c, SLICE_LIT("8\r\nab"), false);
    assert_false(http1_chunked_skip(&c, 7));
    assert_true(http1_chunked_skip(&c, 6));
    assert_false(http1_chunked_skip(&c, 1));
    assert_true(http1_chunked_feed(&c, SLICE_LIT("\r\n0\r\n"), false).done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_fits_a_buffer),
        cmocka_unit_test(data_outweighs_extensions),
        cmocka_unit_test(a_hole_is_passed_over_inside_a_chunk_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
