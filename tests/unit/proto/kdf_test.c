/* Key derivation against published vectors. */
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "pcap2trace/status.h"
#include "proto/tls/keys/kdf.h"

static struct tls_kdf kdf;

static int set_up(void **state)
{
    (void)state;
    return tls_kdf_init(&kdf) == P2T_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tls_kdf_fini(&kdf);
    return 0;
}

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = strlen(text) / 2;

    for (size_t i = 0; i < n; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}

/* RFC 8448 3: the simple 1-RTT handshake, of TLS_AES_128_GCM_SHA256. */
static const struct {
    const char *secret, *label, *expected;
} labels[] = {
    {"b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", "key", "dbfaa693d1762c5b666af5d950258d01"},
    {"b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", "iv", "5bd3c71b836e0b76bb73265f"},
    {"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "key", "3fce516009c21727d0f2e4e86ee403bc"},
    {"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "iv", "5d313eb2671276ee13000b30"},
    {"9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", "key", "17422dda596ed5d9acd890e3c63f5051"},
    {"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", "iv", "cf782b88dd83549aadf1e984"},
    /* Finished of the server, whose secret is its handshake traffic secret */
    {"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "finished",
     "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8"},
};

static void test_expand_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        uint8_t secret[TLS_HASH_MAX], expected[TLS_HASH_MAX], got[TLS_HASH_MAX];
        size_t s = unhex(labels[i].secret, secret), n = unhex(labels[i].expected, expected);
        assert_true(tls_expand_label(&kdf, TLS_SHA256, slice_of(secret, s), slice_str(labels[i].label), got, n));
        assert_memory_equal(expected, got, n);
    }
    uint8_t out[64];
    assert_false(tls_expand_label(&kdf, TLS_SHA256, SLICE_LIT("secret"), SLICE_LIT("key"), out, 33));
}

/* The vectors that were published with the working group's list for the PRF of TLS 1.2. */
static const struct {
    enum tls_hash hash;
    const char *secret, *seed, *expected;
} prfs[] = {
    {TLS_SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
     "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def1"
     "7"
     "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"},
    {TLS_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
     "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed270"
     "0"
     "884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a"
     "2"
     "6066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"},
};

static void test_prf(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prfs / sizeof *prfs; i++) {
        uint8_t secret[64], seed[64], expected[256], got[256];
        size_t s = unhex(prfs[i].secret, secret), e = unhex(prfs[i].seed, seed),
               n = unhex(prfs[i].expected, expected);
        /* its parts may lie anywhere */
        assert_true(tls_prf(&kdf, prfs[i].hash, slice_of(secret, s), SLICE_LIT("test label"), slice_of(seed, 5),
                            slice_of(seed + 5, e - 5), got, n));
        assert_memory_equal(expected, got, n);
    }
}

/* Sorted and without overlap, as the registry is; what each is made of, by example. */
static void test_suites(void **state)
{
    static const struct {
        uint16_t cipher;
        enum tls_bulk bulk;
        enum tls_hash hash, mac;
    } some[] = {
        {0x1301, TLS_AES_128_GCM, TLS_SHA256, TLS_SHA256},
        {0x1302, TLS_AES_256_GCM, TLS_SHA384, TLS_SHA384},
        {0x1303, TLS_CHACHA20_POLY1305, TLS_SHA256, TLS_SHA256},
        {0xc02f, TLS_AES_128_GCM, TLS_SHA256, TLS_SHA256},
        {0xc030, TLS_AES_256_GCM, TLS_SHA384, TLS_SHA384},
        {0xc013, TLS_AES_128_CBC, TLS_SHA256, TLS_SHA1},
        {0xc014, TLS_AES_256_CBC, TLS_SHA256, TLS_SHA1},
        {0xc027, TLS_AES_128_CBC, TLS_SHA256, TLS_SHA256},
        {0xc028, TLS_AES_256_CBC, TLS_SHA384, TLS_SHA384},
        {0xc0ae, TLS_AES_128_CCM_8, TLS_SHA256, TLS_SHA256},
        {0xcca9, TLS_CHACHA20_POLY1305, TLS_SHA256, TLS_SHA256},
        {0x000a, TLS_3DES_CBC, TLS_SHA256, TLS_SHA1},
        {0x0001, TLS_NULL, TLS_SHA256, TLS_MD5},
        {0x003b, TLS_NULL, TLS_SHA256, TLS_SHA256},
        {0x00b9, TLS_NULL, TLS_SHA384, TLS_SHA384},
        {0xc006, TLS_NULL, TLS_SHA256, TLS_SHA1},
        {0x0004, TLS_RC4_128, TLS_SHA256, TLS_MD5},
        {0x0005, TLS_RC4_128, TLS_SHA256, TLS_SHA1},
        {0xc007, TLS_RC4_128, TLS_SHA256, TLS_SHA1},
        {0xc011, TLS_RC4_128, TLS_SHA256, TLS_SHA1},
        {0xc002, TLS_RC4_128, TLS_SHA256, TLS_SHA1},
        {0xc016, TLS_RC4_128, TLS_SHA256, TLS_SHA1},
        {0xc03d, TLS_ARIA_256_CBC, TLS_SHA384, TLS_SHA384},
        {0xc064, TLS_ARIA_128_CBC, TLS_SHA256, TLS_SHA256},
        {0x009a, TLS_SEED_CBC, TLS_SHA256, TLS_SHA1},
        {0x0007, TLS_IDEA_CBC, TLS_SHA256, TLS_SHA1},
        {0x0015, TLS_DES_CBC, TLS_SHA256, TLS_SHA1},
        {0xc07b, TLS_CAMELLIA_256_GCM, TLS_SHA384, TLS_SHA384},
    };
    static const uint16_t unknown[] = {0, 0x0003, 0x0006, 0x1300, 0x1306, 0xd004, 0xc0b0, 0x0a0a, 0xffff};
    struct tls_suite suite;

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_true(tls_suite_of(some[i].cipher, &suite));
        assert_int_equal(some[i].bulk, suite.bulk);
        assert_int_equal(some[i].hash, suite.hash);
        assert_int_equal(some[i].mac, suite.mac);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(tls_suite_of(unknown[i], &suite));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand_label),
        cmocka_unit_test(test_prf),
        cmocka_unit_test(test_suites),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
