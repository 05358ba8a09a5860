#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/tls/record.h"

/* Records as text, one after the other: type, length, "+" where the payload is whole, "!" and the bytes that
 * were in no record after a gap, packets of the first and the last byte. */
struct told {
    struct tls_stream stream;
    struct buf text;
    uint64_t packets;
};

static void told_init(struct told *t, enum flow_dir dir)
{
    *t = (struct told){.stream = {.dir = dir}};
}

static void told_fini(struct told *t)
{
    tls_stream_fini(&t->stream);
    buf_fini(&t->text);
}

/* bytes.n < len: the rest was not captured. The bytes lie in memory of their own, so that a sanitizer sees a read too
 * far. */
static void give(struct told *t, const void *p, size_t n, uint64_t len)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    uint64_t number = ++t->packets;
    struct packet_mark mark = {(int64_t)number, packet_ref_of(number, 0)};
    struct flow_chunk chunk = {.dir = t->stream.dir,
                               .bytes = slice_of(n > 0 ? copy : NULL, n),
                               .len = len,
                               .lost = n == 0,
                               .seen = mark,
                               .deliverable = mark};

    assert_non_null(copy);
    if (n > 0)
        memcpy(copy, p, n);
    for (const struct tls_record *r; (r = tls_stream_next(&t->stream, &chunk)) != NULL;) {
        assert_true(!r->whole || r->payload.n == r->length);
        buf_printf(&t->text, "%u:%u%s", r->type, r->length, r->whole ? "+" : "");
        if (r->gap_before)
            buf_printf(&t->text, "!%llu", (unsigned long long)r->gap_bytes);
        buf_printf(&t->text, "@%llu-%llu ", (unsigned long long)r->first.ref.number,
                   (unsigned long long)r->last.ref.number);
    }
    free(copy);
}

static void assert_told(struct told *t, const char *text)
{
    buf_putc(&t->text, '\0');
    assert_string_equal((const char *)t->text.p, text);
    t->text.n--;
}

static size_t put_record(uint8_t *out, uint8_t type, size_t n)
{
    out[0] = type;
    out[1] = 3;
    out[2] = 3;
    out[3] = (uint8_t)(n >> 8);
    out[4] = (uint8_t)n;
    memset(out + 5, 0xa5, n);
    return n + 5;
}

static uint8_t bytes[3 * (TLS_RECORD_MAX + 5)];

static void records_are_told_wherever_they_are_cut(void **state)
{
    size_t n = put_record(bytes, TLS_HANDSHAKE, 40);

    (void)state;
    n += put_record(bytes + n, TLS_CHANGE_CIPHER_SPEC, 1);
    n += put_record(bytes + n, TLS_APPLICATION_DATA, 0);
    n += put_record(bytes + n, TLS_APPLICATION_DATA, 100);
    n += put_record(bytes + n, TLS_ALERT, 2);
    for (size_t piece = 1; piece <= n; piece++) {
        struct told t;
        size_t records = 0;
        told_init(&t, FLOW_C2S);
        for (size_t at = 0; at < n; at += piece)
            give(&t, bytes + at, n - at < piece ? n - at : piece, n - at < piece ? n - at : piece);
        for (size_t i = 0; i < t.text.n; i++)
            records += t.text.p[i] == ' ';
        assert_int_equal(records, 5);
        assert_int_equal(t.stream.state, TLS_STREAM_HEADER);
        if (piece == n)
            assert_told(&t, "22:40+@1-1 20:1+@1-1 23:0+@1-1 23:100@1-1 21:2+@1-1 ");
        told_fini(&t);
    }
}

static void a_record_over_packets_knows_its_first_and_last(void **state)
{
    size_t n = put_record(bytes, TLS_HANDSHAKE, 300);
    struct told t;

    (void)state;
    told_init(&t, FLOW_S2C);
    give(&t, bytes, 3, 3);
    give(&t, bytes + 3, 100, 100);
    give(&t, bytes + 103, n - 103, n - 103);
    assert_told(&t, "22:300+@1-3 ");
    told_fini(&t);
}

static void application_data_is_handed_out_where_somebody_asks(void **state)
{
    size_t n = put_record(bytes, TLS_APPLICATION_DATA, 300);
    struct told t;

    (void)state;
    told_init(&t, FLOW_S2C);
    t.stream.want_data = true;
    give(&t, bytes, 200, 200);
    give(&t, bytes + 200, n - 200, n - 200);
    assert_told(&t, "23:300+@1-2 ");
    told_fini(&t);
}

static void a_hole_inside_a_record_costs_only_its_payload(void **state)
{
    size_t a = put_record(bytes, TLS_HANDSHAKE, 300);
    size_t b = put_record(bytes + a, TLS_ALERT, 2);
    struct told t;

    (void)state;
    told_init(&t, FLOW_S2C);
    give(&t, bytes, 100, 100);
    give(&t, NULL, 0, 150);
    give(&t, bytes + 250, a + b - 250, a + b - 250);
    assert_told(&t, "22:300@1-3 21:2+@3-3 ");
    told_fini(&t);
}

static void what_the_capture_cut_is_counted(void **state)
{
    size_t a = put_record(bytes, TLS_APPLICATION_DATA, 1000);
    size_t b = put_record(bytes + a, TLS_ALERT, 2);
    struct told t;

    (void)state;
    told_init(&t, FLOW_C2S);
    give(&t, bytes, 60, a);
    give(&t, bytes + a, b, b);
    assert_told(&t, "23:1000@1-1 21:2+@2-2 ");
    told_fini(&t);
}

static void a_hole_over_a_header_loses_until_a_chunk_begins_with_one(void **state)
{
    size_t a = put_record(bytes, TLS_APPLICATION_DATA, 100);
    size_t b = put_record(bytes + a, TLS_APPLICATION_DATA, 100);
    struct told t;

    (void)state;
    told_init(&t, FLOW_S2C);
    give(&t, bytes, a, a);
    give(&t, NULL, 0, 50);
    give(&t, bytes + a + 50, b - 50, b - 50); /* the rest of a record: no header */
    give(&t, bytes, a, a);
    give(&t, bytes, a, a);
    assert_told(&t, "23:100@1-1 23:100!105@4-4 23:100@5-5 ");
    told_fini(&t);
}

static void the_longest_record_is_the_limit(void **state)
{
    struct told t;

    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        size_t n = put_record(bytes, TLS_APPLICATION_DATA, 10);
        n += put_record(bytes + n, TLS_APPLICATION_DATA, TLS_RECORD_MAX + over);
        told_init(&t, FLOW_S2C);
        give(&t, bytes, n, n);
        assert_told(&t, over == 0 ? "23:10@1-1 23:18432@1-1 " : "23:10@1-1 ");
        assert_int_equal(t.stream.state, over == 0 ? TLS_STREAM_HEADER : TLS_STREAM_LOST);
        told_fini(&t);
    }
}

static void sslv2_framing_is_taken_at_the_clients_start_only(void **state)
{
    static const uint8_t hello[] = {0x80, 0x2b, 1, 3, 1, 0};
    struct told t;

    (void)state;
    memset(bytes, 0, 0x2d);
    memcpy(bytes, hello, sizeof hello);
    told_init(&t, FLOW_C2S);
    give(&t, bytes, 0x2d, 0x2d);
    assert_told(&t, "128:43+@1-1 ");
    told_fini(&t);
    told_init(&t, FLOW_S2C);
    give(&t, bytes, 0x2d, 0x2d);
    assert_told(&t, "");
    assert_int_equal(t.stream.state, TLS_STREAM_NOT_TLS);
    told_fini(&t);
}

static void other_protocols_are_not_tls(void **state)
{
    static const char *const starts[] = {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH\r\n",
                                         "\x16\x04\x01\x00\x10...",      "\x16\x03\x05\x00\x10...",
                                         "\x19\x03\x01\x00\x10...",      "\x13\x03\x01\x00\x10..."};

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct told t;
        told_init(&t, FLOW_S2C);
        give(&t, starts[i], 8, 8);
        assert_int_equal(t.stream.state, TLS_STREAM_NOT_TLS);
        assert_told(&t, "");
        told_fini(&t);
    }
}

static void a_record_mid_stream_is_believed_when_the_next_header_agrees(void **state)
{
    size_t a = put_record(bytes, TLS_APPLICATION_DATA, 20);

    (void)state;
    put_record(bytes + a, TLS_APPLICATION_DATA, 20);
    assert_true(tls_looks_like_record(slice_of(bytes, 2 * a)));
    assert_true(tls_looks_like_record(slice_of(bytes, a)));
    assert_true(tls_looks_like_record(slice_of(bytes, 5)));
    assert_false(tls_looks_like_record(slice_of(bytes, 4)));
    bytes[a] = 'x';
    assert_false(tls_looks_like_record(slice_of(bytes, 2 * a)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_told_wherever_they_are_cut),
        cmocka_unit_test(a_record_over_packets_knows_its_first_and_last),
        cmocka_unit_test(application_data_is_handed_out_where_somebody_asks),
        cmocka_unit_test(a_hole_inside_a_record_costs_only_its_payload),
        cmocka_unit_test(what_the_capture_cut_is_counted),
        cmocka_unit_test(a_hole_over_a_header_loses_until_a_chunk_begins_with_one),
        cmocka_unit_test(the_longest_record_is_the_limit),
        cmocka_unit_test(sslv2_framing_is_taken_at_the_clients_start_only),
        cmocka_unit_test(other_protocols_are_not_tls),
        cmocka_unit_test(a_record_mid_stream_is_believed_when_the_next_header_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
