/* DNS over TCP: lengths and messages in any segmentation, and what is found again behind a hole. */
#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/dns/stream.h"

/* A query for "a", type A; its identification's low byte tells one from another. */
enum { QUERY_BYTES = 19 };

static void put_query(struct buf *b, uint8_t id)
{
    const uint8_t query[QUERY_BYTES] = {0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

    buf_putc(b, 0);
    buf_putc(b, QUERY_BYTES);
    buf_put(b, query, sizeof query);
}

/* Gives bytes to the stream and writes down the identifications of the messages that come out. */
static void feed(struct dns_stream *s, enum flow_dir dir, struct slice bytes, struct buf *ids)
{
    struct slice message;

    while (dns_stream_next(s, dir, &bytes, &message)) {
        assert_int_equal(message.n, QUERY_BYTES);
        buf_putc(ids, (char)message.p[1]);
    }
    assert_int_equal(bytes.n, 0);
}

static void assert_ids(struct buf *ids, const char *expected)
{
    buf_putc(ids, '\0');
    assert_string_equal((const char *)ids->p, expected);
    buf_fini(ids);
}

static void messages_come_whole_however_they_are_cut(void **state)
{
    struct buf stream = {0};

    (void)state;
    put_query(&stream, 'x');
    put_query(&stream, 'y');
    put_query(&stream, 'z');
    for (size_t step = 1; step <= stream.n; step++) {
        struct dns_stream *s = dns_stream_new();
        struct buf ids = {0};
        for (size_t at = 0; at < stream.n; at += step)
            feed(s, FLOW_C2S, slice_of(stream.p + at, stream.n - at < step ? stream.n - at : step), &ids);
        assert_ids(&ids, "xyz");
        dns_stream_free(s);
    }
    buf_fini(&stream);
}

static void directions_do_not_mix(void **state)
{
    struct dns_stream *s = dns_stream_new();
    struct buf x = {0}, y = {0}, ids = {0};

    (void)state;
    put_query(&x, 'x');
    put_query(&y, 'y');
    feed(s, FLOW_C2S, slice_of(x.p, 7), &ids);
    feed(s, FLOW_S2C, slice_of(y.p, 9), &ids);
    feed(s, FLOW_C2S, slice_of(x.p + 7, x.n - 7), &ids);
    feed(s, FLOW_S2C, slice_of(y.p + 9, y.n - 9), &ids);
    assert_ids(&ids, "xy");
    buf_fini(&x);
    buf_fini(&y);
    dns_stream_free(s);
}

/* What follows a hole, segment by segment, and which messages are found. */
struct loss {
    const char *name;
    size_t cuts[4]; /* lengths of the segments made of: rest, x, y; the last takes all */
    size_t rest;    /* bytes of a message whose front is in the hole */
    const char *found;
};

static const struct loss losses[] = {
    {"messages at the front of segments", {QUERY_BYTES + 2}, 0, "xy"},
    {"both in one segment", {0}, 0, "xy"},
    {"the tail of a lost one alone in its segment", {9}, 9, "xy"},
    {"the tail of a lost one in the same segment: given up until the next", {9 + QUERY_BYTES + 2}, 9, "y"},
    {"lengths in segments of their own", {2, QUERY_BYTES, 2}, 0, "xy"},
    {"a length whose message is cut is no length", {2, QUERY_BYTES - 1, 1}, 0, "y"},
};

static void messages_are_found_again_behind_a_hole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        const struct loss *l = &losses[i];
        struct dns_stream *s = dns_stream_new();
        struct buf stream = {0}, ids = {0};
        print_message("%s\n", l->name);
        for (size_t n = 0; n < l->rest; n++)
            buf_putc(&stream, (char)0xff);
        put_query(&stream, 'x');
        put_query(&stream, 'y');
        feed(s, FLOW_C2S, slice_of("\0\x13xx", 4), &ids); /* the front of one that the hole swallows */
        dns_stream_lose(s, FLOW_C2S);
        size_t at = 0;
        for (size_t k = 0; k < 4 && l->cuts[k] > 0; at += l->cuts[k++])
            feed(s, FLOW_C2S, slice_of(stream.p + at, l->cuts[k]), &ids);
        feed(s, FLOW_C2S, slice_of(stream.p + at, stream.n - at), &ids);
        assert_ids(&ids, l->found);
        buf_fini(&stream);
        dns_stream_free(s);
    }
}

static void only_one_whole_message_looks_like_dns(void **state)
{
    struct buf b = {0};

    (void)state;
    put_query(&b, 'x');
    assert_true(dns_stream_looks_like(slice_of(b.p, b.n)));
    for (size_t n = 0; n < b.n; n++)
        assert_false(dns_stream_looks_like(slice_of(b.p, n)));
    put_query(&b, 'y');
    assert_false(dns_stream_looks_like(slice_of(b.p, b.n)));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_whole_however_they_are_cut),
        cmocka_unit_test(directions_do_not_mix),
        cmocka_unit_test(messages_are_found_again_behind_a_hole),
        cmocka_unit_test(only_one_whole_message_looks_like_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
