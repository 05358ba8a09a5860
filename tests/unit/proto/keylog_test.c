#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "pcap2trace/status.h"
#include "proto/tls/keys/keylog.h"

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define HEX_48 HEX_32 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"

static const uint8_t the_random[TLS_CLIENT_RANDOM_BYTES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                            11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                            22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static struct tls_keylog *keylog_of(const char *text, size_t piece)
{
    struct tls_keylog *k = tls_keylog_new(1000, NULL);
    size_t n = strlen(text);

    assert_non_null(k);
    for (size_t i = 0; i < n; i += piece) {
        size_t m = n - i < piece ? n - i : piece;
        uint8_t *copy = malloc(m);
        assert_non_null(copy);
        memcpy(copy, text + i, m);
        assert_int_equal(P2T_OK, tls_keylog_feed(k, slice_of(copy, m)));
        free(copy);
    }
    assert_int_equal(P2T_OK, tls_keylog_end(k));
    return k;
}

static void assert_secret(const struct tls_keylog *k, enum tls_label label, size_t n)
{
    const struct tls_secret *s = tls_keylog_find(k, the_random, label);

    if (n == 0) {
        assert_null(s);
        return;
    }
    assert_non_null(s);
    assert_int_equal(n, s->n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(0xa0 + i, s->bytes[i]);
}

static const struct line {
    const char *text;
    enum tls_label label;
    size_t bytes;
    uint64_t secrets, junk;
} lines[] = {
    {"CLIENT_RANDOM " RANDOM " " HEX_48 "\n", TLS_LABEL_MASTER, 48, 1, 0},
    {"CLIENT_EARLY_TRAFFIC_SECRET " RANDOM " " HEX_32 "\n", TLS_LABEL_CLIENT_EARLY, 32, 1, 0},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " HEX_32 "\n", TLS_LABEL_CLIENT_HANDSHAKE, 32, 1, 0},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " HEX_48 "\n", TLS_LABEL_SERVER_HANDSHAKE, 48, 1, 0},
    {"CLIENT_TRAFFIC_SECRET_0 " RANDOM " " HEX_32 "\n", TLS_LABEL_CLIENT_TRAFFIC, 32, 1, 0},
    {"SERVER_TRAFFIC_SECRET_0 " RANDOM " " HEX_48 "\n", TLS_LABEL_SERVER_TRAFFIC, 48, 1, 0},
    {"PMS_CLIENT_RANDOM " RANDOM " " HEX_48 "\n", TLS_LABEL_PREMASTER, 48, 1, 0},
    {"PMS_CLIENT_RANDOM " RANDOM " " HEX_32 "\n", TLS_LABEL_PREMASTER, 32, 1, 0},
    {"PMS_CLIENT_RANDOM " RANDOM " a0\n", TLS_LABEL_PREMASTER, 1, 1, 0},
    /* how lines end */
    {"CLIENT_RANDOM " RANDOM " " HEX_48 "\r\n", TLS_LABEL_MASTER, 48, 1, 0},
    {"CLIENT_RANDOM " RANDOM " " HEX_48, TLS_LABEL_MASTER, 48, 1, 0},
    {"CLIENT_RANDOM\t" RANDOM "  " HEX_48 " \t\n", TLS_LABEL_MASTER, 48, 1, 0},
    /* lines of no use */
    {"# comment\n\n   \r\n", TLS_LABEL_MASTER, 0, 0, 0},
    {"EXPORTER_SECRET " RANDOM " " HEX_32 "\n", TLS_LABEL_MASTER, 0, 0, 0},
    {"RSA 00010203040506 " HEX_48 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"RSA 000102030405060708 " HEX_48 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"RSA 0001020304050607 " HEX_32 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"PMS_CLIENT_RANDOM " RANDOM " " HEX_48 "00\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"PMS_CLIENT_RANDOM " RANDOM "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"client_random " RANDOM " " HEX_48 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM "00 " HEX_48 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM " " HEX_32 "\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM " " HEX_48 "00\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM " " HEX_48 " more\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_RANDOM " RANDOM " g" HEX_48 "0\n", TLS_LABEL_MASTER, 0, 0, 1},
    {"CLIENT_TRAFFIC_SECRET_0 " RANDOM " a0a1\n", TLS_LABEL_CLIENT_TRAFFIC, 0, 0, 1},
    /* a line after junk */
    {"junk\nCLIENT_RANDOM " RANDOM " " HEX_48 "\njunk", TLS_LABEL_MASTER, 48, 1, 2},
};

static void test_lines(void **state)
{
    static const size_t pieces[] = {1, 2, 7, 100, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct tls_keylog *k = keylog_of(lines[i].text, pieces[p]);
            assert_secret(k, lines[i].label, lines[i].bytes);
            assert_int_equal(lines[i].secrets, tls_keylog_counters(k)->secrets);
            assert_int_equal(lines[i].junk, tls_keylog_counters(k)->junk);
            tls_keylog_free(k);
        }
}

static void test_upper_case(void **state)
{
    struct tls_keylog *k = keylog_of(
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM " A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF\n", 64);

    (void)state;
    assert_secret(k, TLS_LABEL_CLIENT_TRAFFIC, 32);
    tls_keylog_free(k);
}

static void test_labels_of_one_connection(void **state)
{
    struct tls_keylog *k = keylog_of("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " HEX_32 "\n"
                                     "SERVER_TRAFFIC_SECRET_0 " RANDOM " " HEX_48 "\n",
                                     64);

    (void)state;
    assert_secret(k, TLS_LABEL_CLIENT_TRAFFIC, 32);
    assert_secret(k, TLS_LABEL_SERVER_TRAFFIC, 48);
    assert_secret(k, TLS_LABEL_CLIENT_HANDSHAKE, 0);
    tls_keylog_free(k);
}

static void test_the_last_one_counts(void **state)
{
    struct tls_keylog *k = keylog_of("SERVER_TRAFFIC_SECRET_0 " RANDOM " " HEX_32 "\n"
                                     "SERVER_TRAFFIC_SECRET_0 " RANDOM " " HEX_48 "\n",
                                     64);

    (void)state;
    assert_secret(k, TLS_LABEL_SERVER_TRAFFIC, 48);
    assert_int_equal(1, tls_keylog_counters(k)->secrets);
    tls_keylog_free(k);
}

static void test_long_line(void **state)
{
    char text[2048];
    struct tls_keylog *k;

    (void)state;
    memset(text, 'A', sizeof text);
    strcpy(text + 1000, "\nCLIENT_RANDOM " RANDOM " " HEX_48 "\n");
    k = keylog_of(text, 13);
    assert_secret(k, TLS_LABEL_MASTER, 48);
    assert_int_equal(1, tls_keylog_counters(k)->junk);
    tls_keylog_free(k);
}

/* The oldest are forgotten: what a long capture brings last is what its last connections need. */
static void test_limit(void **state)
{
    struct budget budget = {0};
    struct tls_keylog *k = tls_keylog_new(2, &budget);
    uint8_t random[TLS_CLIENT_RANDOM_BYTES];

    (void)state;
    memcpy(random, the_random, sizeof random);
    for (int i = 0; i < 5; i++) {
        char text[256];
        int n = snprintf(text, sizeof text, "CLIENT_RANDOM %02x%s %s\n", i, &RANDOM[2], HEX_48);
        assert_int_equal(P2T_OK, tls_keylog_feed(k, slice_of(text, (size_t)n)));
    }
    assert_int_equal(2, tls_keylog_counters(k)->secrets);
    assert_int_equal(3, tls_keylog_counters(k)->limit_hits);
    for (uint8_t i = 0; i < 5; i++) {
        random[0] = i;
        assert_true((i >= 3) == (tls_keylog_find(k, random, TLS_LABEL_MASTER) != NULL));
    }
    assert_true(budget.used > 0);
    tls_keylog_free(k);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_upper_case),
        cmocka_unit_test(test_labels_of_one_connection),
        cmocka_unit_test(test_the_last_one_counts),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
