#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/tls/ja4.h"

/* RFC 8448 section 3: the handshake messages of a simple TLS 1.3 connection, without their 4-byte headers. */
/* clang-format off */
static const uint8_t client_hello[] = {
    0x03, 0x03, 0xcb, 0x34, 0xec, 0xb1, 0xe7, 0x81, 0x63, 0xba, 0x1c, 0x38, 0xc6, 0xda, 0xcb, 0x19, 0x6a, 0x6d,
    0xff, 0xa2, 0x1a, 0x8d, 0x99, 0x12, 0xec, 0x18, 0xa2, 0xef, 0x62, 0x83, 0x02, 0x4d, 0xec, 0xe7, 0x00, 0x00,
    0x06, 0x13, 0x01, 0x13, 0x03, 0x13, 0x02, 0x01, 0x00, 0x00, 0x91, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x09, 0x00,
    0x00, 0x06, 0x73, 0x65, 0x72, 0x76, 0x65, 0x72, 0xff, 0x01, 0x00, 0x01, 0x00, 0x00, 0x0a, 0x00, 0x14, 0x00,
    0x12, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, 0x01, 0x00, 0x01, 0x01, 0x01, 0x02, 0x01, 0x03, 0x01,
    0x04, 0x00, 0x23, 0x00, 0x00, 0x00, 0x33, 0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0x99, 0x38, 0x1d,
    0xe5, 0x60, 0xe4, 0xbd, 0x43, 0xd2, 0x3d, 0x8e, 0x43, 0x5a, 0x7d, 0xba, 0xfe, 0xb3, 0xc0, 0x6e, 0x51, 0xc1,
    0x3c, 0xae, 0x4d, 0x54, 0x13, 0x69, 0x1e, 0x52, 0x9a, 0xaf, 0x2c, 0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04,
    0x00, 0x0d, 0x00, 0x20, 0x00, 0x1e, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x02, 0x03, 0x08, 0x04, 0x08, 0x05,
    0x08, 0x06, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x02, 0x01, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02, 0x02, 0x02,
    0x00, 0x2d, 0x00, 0x02, 0x01, 0x01, 0x00, 0x1c, 0x00, 0x02, 0x40, 0x01};
static const uint8_t server_hello[] = {
    0x03, 0x03, 0xa6, 0xaf, 0x06, 0xa4, 0x12, 0x18, 0x60, 0xdc, 0x5e, 0x6e, 0x60, 0x24, 0x9c, 0xd3, 0x4c, 0x95,
    0x93, 0x0c, 0x8a, 0xc5, 0xcb, 0x14, 0x34, 0xda, 0xc1, 0x55, 0x77, 0x2e, 0xd3, 0xe2, 0x69, 0x28, 0x00, 0x13,
    0x01, 0x00, 0x00, 0x2e, 0x00, 0x33, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0xc9, 0x82, 0x88, 0x76, 0x11, 0x20,
    0x95, 0xfe, 0x66, 0x76, 0x2b, 0xdb, 0xf7, 0xc6, 0x72, 0xe1, 0x56, 0xd6, 0xcc, 0x25, 0x3b, 0x83, 0x3d, 0xf1,
    0xdd, 0x69, 0xb1, 0xb0, 0x4e, 0x75, 0x1f, 0x0f, 0x00, 0x2b, 0x00, 0x02, 0x03, 0x04};
/* clang-format on */

static struct tls_client_hello hello;

static void read_copy(const void *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    tls_read_client_hello(slice_of(copy, n), &hello);
    free(copy);
}

static void assert_slice(struct slice s, const char *text)
{
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static void the_rfcs_client_hello_is_read(void **state)
{
    (void)state;
    tls_read_client_hello(slice_of(client_hello, sizeof client_hello), &hello);
    assert_int_equal(hello.status, READ_OK);
    assert_int_equal(hello.version, TLS_VERSION_1_2);
    assert_int_equal(hello.max_version, TLS_VERSION_1_3);
    assert_slice(hello.server_name, "server");
    assert_int_equal(hello.random.n, 32);
    assert_int_equal(hello.random.p[0], 0xcb);
    assert_int_equal(hello.session_id.n, 0);
    assert_int_equal(hello.ciphers.n, 6);
    assert_int_equal(hello.groups.n, 18);
    assert_int_equal(hello.signature_algorithms.n, 30);
    assert_int_equal(hello.key_share_count, 1);
    assert_int_equal(hello.key_shares[0], 0x001d);
    assert_int_equal(hello.extension_count, 9);
    assert_null(hello.alpn.p);
    assert_true(hello.ticket.n == 0);
    assert_false(hello.offers_psk || hello.offers_early_data || hello.offers_ech || hello.sslv2);
}

/* Its extension says that the name beside it may be the outer one. */
static void encrypted_client_hello_is_noticed(void **state)
{
    uint8_t bytes[] = {3, 3, [34] = 0, 0, 2,   0x13, 0x01, 1,    0,    0, 20, 0, 0, 0, 8, 0,
                       6, 0, 0,        3, 'o', 'u',  't',  0xfe, 0x0d, 0, 4,  0, 0, 1, 0};

    (void)state;
    tls_read_client_hello(slice_of(bytes, sizeof bytes), &hello);
    assert_int_equal(hello.status, READ_OK);
    assert_slice(hello.server_name, "out");
    assert_true(hello.offers_ech);
    bytes[sizeof bytes - 7] ^= 1; /* another extension */
    tls_read_client_hello(slice_of(bytes, sizeof bytes), &hello);
    assert_false(hello.offers_ech);
}

static void a_client_hello_cut_anywhere_gives_what_stands_before_the_cut(void **state)
{
    size_t name_end = 0;

    (void)state;
    for (size_t n = 0; n < sizeof client_hello; n++) {
        read_copy(client_hello, n);
        if (n != sizeof client_hello - 145 - 2) /* exactly before the extensions: none is valid, too */
            assert_int_equal(hello.status, READ_SHORT);
        if (name_end == 0 && hello.server_name.n == 6)
            name_end = n;
    }
    assert_int_equal(name_end, 62);
}

static void the_rfcs_server_hello_is_read(void **state)
{
    struct tls_server_hello h;

    (void)state;
    tls_read_server_hello(slice_of(server_hello, sizeof server_hello), &h);
    assert_int_equal(h.status, READ_OK);
    assert_int_equal(h.version, TLS_VERSION_1_3);
    assert_int_equal(h.cipher, 0x1301);
    assert_int_equal(h.key_share_group, 0x001d);
    assert_false(h.retry || h.psk || h.ticket || h.extended_master_secret || h.encrypt_then_mac);
    for (size_t n = 0; n < sizeof server_hello; n++) {
        tls_read_server_hello(slice_of(server_hello, n), &h);
        assert_true(h.status != READ_OK || n == 38);
    }
}

/* ---- JA4 ---- */

static void put16(struct buf *b, unsigned v)
{
    buf_putc(b, (char)(v >> 8));
    buf_putc(b, (char)v);
}

static void put_list(struct buf *b, const uint16_t *v, size_t n)
{
    put16(b, (unsigned)(2 * n));
    for (size_t i = 0; i < n; i++)
        put16(b, v[i]);
}

static void put_extension(struct buf *b, uint16_t type, const void *body, size_t n)
{
    put16(b, type);
    put16(b, (unsigned)n);
    buf_put(b, body, n);
}

/* The browser's hello that JA4's own description takes as its example, GREASE included. */
static void put_example(struct buf *b, const char *alpn)
{
    static const uint16_t ciphers[] = {0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                       0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
    static const uint16_t plain[] = {0x2a2a, 0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x000b,
                                     0x0005, 0x0023, 0x0012, 0xff01, 0x000a, 0x0015};
    static const uint16_t algorithms[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
    static const uint8_t versions[] = {6, 0x3a, 0x3a, 3, 4, 3, 3};
    static const uint8_t name[] = {0, 4, 0, 0, 1, 'x'};
    struct buf ext = {0}, list = {0};

    put_extension(&ext, 0, name, sizeof name);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        put_extension(&ext, plain[i], "", 0);
    put_list(&list, algorithms, sizeof algorithms / sizeof *algorithms);
    put_extension(&ext, 0x000d, list.p, list.n);
    put_extension(&ext, 0x002b, versions, sizeof versions);
    buf_reset(&list);
    put16(&list, (unsigned)strlen(alpn) + 1);
    buf_putc(&list, (char)strlen(alpn));
    buf_str(&list, alpn);
    put_extension(&ext, 0x0010, list.p, list.n);
    put16(b, 0x0303);
    for (int i = 0; i < 32; i++)
        buf_putc(b, (char)i);
    buf_putc(b, 0);
    put_list(b, ciphers, sizeof ciphers / sizeof *ciphers);
    buf_lit(b, "\x01\x00");
    put16(b, (unsigned)ext.n);
    buf_put(b, ext.p, ext.n);
    buf_fini(&ext);
    buf_fini(&list);
}

static void ja4_is_as_its_description_has_it(void **state)
{
    static const struct {
        const char *alpn, *ja4;
    } cases[] = {
        {"h2", "t13d1516h2_8daaf6152771_e5627efa2ab1"}, {"http/1.1", "t13d1516h1_8daaf6152771_e5627efa2ab1"},
        {"x", "t13d1516xx_8daaf6152771_e5627efa2ab1"},  {"\xab\xcd", "t13d1516ad_8daaf6152771_e5627efa2ab1"},
        {"a-", "t13d15166d_8daaf6152771_e5627efa2ab1"},
    };
    struct tls_ja4 *j = tls_ja4_new();

    (void)state;
    assert_non_null(j);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        put_example(&b, cases[i].alpn);
        tls_read_client_hello(buf_view(&b), &hello);
        assert_int_equal(hello.status, READ_OK);
        tls_ja4_of(j, &hello);
        assert_string_equal(hello.ja4, cases[i].ja4);
        buf_fini(&b);
    }
    tls_ja4_free(j);
}

static void ja4_of_half_a_hello_is_unknown(void **state)
{
    struct tls_ja4 *j = tls_ja4_new();

    (void)state;
    assert_non_null(j);
    tls_read_client_hello(slice_of(client_hello, sizeof client_hello - 1), &hello);
    tls_ja4_of(j, &hello);
    assert_string_equal(hello.ja4, "");
    tls_ja4_free(j);
}

/* ---- messages over records ---- */

static void messages_are_put_together_wherever_records_end(void **state)
{
    static const uint8_t bytes[] = {1, 0, 0, 3, 'a', 'b', 'c', 2, 0, 0, 0, 11, 0, 0, 2, 'd', 'e'};
    static const uint8_t types[] = {1, 2, 11};
    static const char *const bodies[] = {"abc", "", "de"};

    (void)state;
    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct tls_messages m = {.skip_left = 0};
        size_t told = 0;
        for (size_t at = 0; at < sizeof bytes; at += piece) {
            struct slice payload = slice_of(bytes + at, sizeof bytes - at < piece ? sizeof bytes - at : piece);
            struct tls_message message;
            while (tls_messages_next(&m, &payload, false, 64, &message)) {
                assert_int_equal(message.type, types[told]);
                assert_slice(message.body, bodies[told]);
                assert_true(message.whole);
                told++;
            }
        }
        assert_int_equal(told, 3);
        tls_messages_fini(&m);
    }
}

static void a_message_beyond_the_limit_is_skipped(void **state)
{
    static const uint8_t bytes[] = {11, 0, 0, 5, 1, 2, 3, 4, 5, 2, 0, 0, 1, 'x'};
    struct tls_messages m = {.skip_left = 0};
    struct tls_message message;

    (void)state;
    for (size_t at = 0; at < sizeof bytes; at++) {
        struct slice payload = slice_of(bytes + at, 1);
        if (!tls_messages_next(&m, &payload, false, 8, &message))
            continue;
        assert_int_equal(at, sizeof bytes - 1);
        assert_int_equal(message.type, 2);
    }
    assert_int_equal(message.type, 2);
    tls_messages_fini(&m);
}

static void the_start_of_a_message_is_handed_out_where_no_more_will_come(void **state)
{
    static const uint8_t bytes[] = {1, 0, 0, 200, 'a', 'b', 'c'};
    struct tls_messages m = {.skip_left = 0};
    struct slice payload = slice_of(bytes, sizeof bytes);
    struct tls_message message;

    (void)state;
    assert_true(tls_messages_next(&m, &payload, true, 1000, &message));
    assert_false(message.whole);
    assert_slice(message.body, "abc");
    assert_false(tls_messages_next(&m, &payload, true, 1000, &message));
    assert_int_equal(m.held.n, 0);
    tls_messages_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_client_hello_is_read),
        cmocka_unit_test(encrypted_client_hello_is_noticed),
        cmocka_unit_test(a_client_hello_cut_anywhere_gives_what_stands_before_the_cut),
        cmocka_unit_test(the_rfcs_server_hello_is_read),
        cmocka_unit_test(ja4_is_as_its_description_has_it),
        cmocka_unit_test(ja4_of_half_a_hello_is_unknown),
        cmocka_unit_test(messages_are_put_together_wherever_records_end),
        cmocka_unit_test(a_message_beyond_the_limit_is_skipped),
        cmocka_unit_test(the_start_of_a_message_is_handed_out_where_no_more_will_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
