#include "proto/tls/keys/suite.h"

const struct tls_bulk_info tls_bulks[TLS_BULKS] = {
    [TLS_AES_128_GCM] = {"AES-128-GCM", TLS_MODE_GCM, 16, 16, false},
    [TLS_AES_256_GCM] = {"AES-256-GCM", TLS_MODE_GCM, 32, 16, false},
    [TLS_AES_128_CCM] = {"AES-128-CCM", TLS_MODE_CCM, 16, 16, false},
    [TLS_AES_256_CCM] = {"AES-256-CCM", TLS_MODE_CCM, 32, 16, false},
    [TLS_AES_128_CCM_8] = {"AES-128-CCM", TLS_MODE_CCM, 16, 8, false},
    [TLS_AES_256_CCM_8] = {"AES-256-CCM", TLS_MODE_CCM, 32, 8, false},
    [TLS_ARIA_128_GCM] = {"ARIA-128-GCM", TLS_MODE_GCM, 16, 16, false},
    [TLS_ARIA_256_GCM] = {"ARIA-256-GCM", TLS_MODE_GCM, 32, 16, false},
    [TLS_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", TLS_MODE_CHACHA, 32, 16, false},
    [TLS_AES_128_CBC] = {"AES-128-CBC", TLS_MODE_CBC, 16, 16, false},
    [TLS_AES_256_CBC] = {"AES-256-CBC", TLS_MODE_CBC, 32, 16, false},
    [TLS_CAMELLIA_128_CBC] = {"CAMELLIA-128-CBC", TLS_MODE_CBC, 16, 16, false},
    [TLS_CAMELLIA_256_CBC] = {"CAMELLIA-256-CBC", TLS_MODE_CBC, 32, 16, false},
    [TLS_3DES_CBC] = {"DES-EDE3-CBC", TLS_MODE_CBC, 24, 8, false},
    [TLS_ARIA_128_CBC] = {"ARIA-128-CBC", TLS_MODE_CBC, 16, 16, false},
    [TLS_ARIA_256_CBC] = {"ARIA-256-CBC", TLS_MODE_CBC, 32, 16, false},
    /* libcrypto has no such mode: records of these can be measured, not opened */
    [TLS_CAMELLIA_128_GCM] = {"CAMELLIA-128-GCM", TLS_MODE_GCM, 16, 16, false},
    [TLS_CAMELLIA_256_GCM] = {"CAMELLIA-256-GCM", TLS_MODE_GCM, 32, 16, false},
    [TLS_SEED_CBC] = {"SEED-CBC", TLS_MODE_CBC, 16, 16, true},
    [TLS_IDEA_CBC] = {"IDEA-CBC", TLS_MODE_CBC, 16, 8, true},
    [TLS_DES_CBC] = {"DES-CBC", TLS_MODE_CBC, 8, 8, true},
    [TLS_RC4_128] = {"RC4", TLS_MODE_STREAM, 16, 0, true},
    [TLS_NULL] = {NULL, TLS_MODE_STREAM, 0, 0, false},
};

#define AEAD(bulk, hash)                                                                                             \
    {                                                                                                                \
        bulk, hash, hash                                                                                             \
    }
#define MACED(bulk, hash, mac)                                                                                       \
    {                                                                                                                \
        bulk, hash, mac                                                                                              \
    }

#define GCM_128  AEAD(TLS_AES_128_GCM, TLS_SHA256)
#define GCM_256  AEAD(TLS_AES_256_GCM, TLS_SHA384)
#define CCM_128  AEAD(TLS_AES_128_CCM, TLS_SHA256)
#define CCM_256  AEAD(TLS_AES_256_CCM, TLS_SHA256)
#define CCM8_128 AEAD(TLS_AES_128_CCM_8, TLS_SHA256)
#define CCM8_256 AEAD(TLS_AES_256_CCM_8, TLS_SHA256)
#define ARIA_128 AEAD(TLS_ARIA_128_GCM, TLS_SHA256)
#define ARIA_256 AEAD(TLS_ARIA_256_GCM, TLS_SHA384)
#define CHACHA   AEAD(TLS_CHACHA20_POLY1305, TLS_SHA256)

#define CBC_128        MACED(TLS_AES_128_CBC, TLS_SHA256, TLS_SHA1)
#define CBC_256        MACED(TLS_AES_256_CBC, TLS_SHA256, TLS_SHA1)
#define CBC_128_SHA256 MACED(TLS_AES_128_CBC, TLS_SHA256, TLS_SHA256)
#define CBC_256_SHA256 MACED(TLS_AES_256_CBC, TLS_SHA256, TLS_SHA256)
#define CBC_256_SHA384 MACED(TLS_AES_256_CBC, TLS_SHA384, TLS_SHA384)
#define CAM_128        MACED(TLS_CAMELLIA_128_CBC, TLS_SHA256, TLS_SHA1)
#define CAM_256        MACED(TLS_CAMELLIA_256_CBC, TLS_SHA256, TLS_SHA1)
#define CAM_128_SHA256 MACED(TLS_CAMELLIA_128_CBC, TLS_SHA256, TLS_SHA256)
#define CAM_256_SHA256 MACED(TLS_CAMELLIA_256_CBC, TLS_SHA256, TLS_SHA256)
#define CAM_256_SHA384 MACED(TLS_CAMELLIA_256_CBC, TLS_SHA384, TLS_SHA384)
#define DES3           MACED(TLS_3DES_CBC, TLS_SHA256, TLS_SHA1)

#define ARIA_CBC_128 MACED(TLS_ARIA_128_CBC, TLS_SHA256, TLS_SHA256)
#define ARIA_CBC_256 MACED(TLS_ARIA_256_CBC, TLS_SHA384, TLS_SHA384)
#define CAM_GCM_128  AEAD(TLS_CAMELLIA_128_GCM, TLS_SHA256)
#define CAM_GCM_256  AEAD(TLS_CAMELLIA_256_GCM, TLS_SHA384)
#define SEED         MACED(TLS_SEED_CBC, TLS_SHA256, TLS_SHA1)
#define IDEA         MACED(TLS_IDEA_CBC, TLS_SHA256, TLS_SHA1)
#define DES          MACED(TLS_DES_CBC, TLS_SHA256, TLS_SHA1)
#define RC4_MD5      MACED(TLS_RC4_128, TLS_SHA256, TLS_MD5)
#define RC4_SHA      MACED(TLS_RC4_128, TLS_SHA256, TLS_SHA1)
#define NULL_MD5     MACED(TLS_NULL, TLS_SHA256, TLS_MD5)
#define NULL_SHA     MACED(TLS_NULL, TLS_SHA256, TLS_SHA1)
#define NULL_SHA256  MACED(TLS_NULL, TLS_SHA256, TLS_SHA256)
#define NULL_SHA384  MACED(TLS_NULL, TLS_SHA384, TLS_SHA384)

/* IANA's registry gives neighbouring numbers to suites that differ in the key exchange only, or in key length and hash
 * by turns. Sorted. */
static const struct range {
    uint16_t first, last;
    struct tls_suite even, odd; /* by number */
} ranges[] = {
    {0x0001, 0x0001, NULL_MD5, NULL_MD5},
    {0x0002, 0x0002, NULL_SHA, NULL_SHA},
    {0x0004, 0x0005, RC4_MD5, RC4_SHA},
    {0x0007, 0x0007, IDEA, IDEA},
    {0x0009, 0x0009, DES, DES},
    {0x000a, 0x000a, DES3, DES3},
    {0x000c, 0x000c, DES, DES},
    {0x000d, 0x000d, DES3, DES3},
    {0x000f, 0x000f, DES, DES},
    {0x0010, 0x0010, DES3, DES3},
    {0x0012, 0x0012, DES, DES},
    {0x0013, 0x0013, DES3, DES3},
    {0x0015, 0x0015, DES, DES},
    {0x0016, 0x0016, DES3, DES3},
    {0x0018, 0x0018, RC4_MD5, RC4_MD5},
    {0x001a, 0x001a, DES, DES},
    {0x001b, 0x001b, DES3, DES3},
    {0x002c, 0x002e, NULL_SHA, NULL_SHA},
    {0x002f, 0x0034, CBC_128, CBC_128},
    {0x0035, 0x003a, CBC_256, CBC_256},
    {0x003b, 0x003b, NULL_SHA256, NULL_SHA256},
    {0x003c, 0x003c, CBC_128_SHA256, CBC_128_SHA256},
    {0x003d, 0x003d, CBC_256_SHA256, CBC_256_SHA256},
    {0x003e, 0x0040, CBC_128_SHA256, CBC_128_SHA256},
    {0x0041, 0x0046, CAM_128, CAM_128},
    {0x0066, 0x0066, RC4_SHA, RC4_SHA},
    {0x0067, 0x0067, CBC_128_SHA256, CBC_128_SHA256},
    {0x0068, 0x006b, CBC_256_SHA256, CBC_256_SHA256},
    {0x006c, 0x006d, CBC_128_SHA256, CBC_256_SHA256},
    {0x0084, 0x0089, CAM_256, CAM_256},
    {0x008a, 0x008a, RC4_SHA, RC4_SHA},
    {0x008b, 0x008b, DES3, DES3},
    {0x008c, 0x008d, CBC_128, CBC_256},
    {0x008e, 0x008e, RC4_SHA, RC4_SHA},
    {0x008f, 0x008f, DES3, DES3},
    {0x0090, 0x0091, CBC_128, CBC_256},
    {0x0092, 0x0092, RC4_SHA, RC4_SHA},
    {0x0093, 0x0093, DES3, DES3},
    {0x0094, 0x0095, CBC_128, CBC_256},
    {0x0096, 0x009b, SEED, SEED},
    {0x009c, 0x00ad, GCM_128, GCM_256},
    {0x00ae, 0x00af, CBC_128_SHA256, CBC_256_SHA384},
    {0x00b0, 0x00b1, NULL_SHA256, NULL_SHA384},
    {0x00b2, 0x00b3, CBC_128_SHA256, CBC_256_SHA384},
    {0x00b4, 0x00b5, NULL_SHA256, NULL_SHA384},
    {0x00b6, 0x00b7, CBC_128_SHA256, CBC_256_SHA384},
    {0x00b8, 0x00b9, NULL_SHA256, NULL_SHA384},
    {0x00ba, 0x00bf, CAM_128_SHA256, CAM_128_SHA256},
    {0x00c0, 0x00c5, CAM_256_SHA256, CAM_256_SHA256},
    {0x1301, 0x1301, GCM_128, GCM_128},
    {0x1302, 0x1302, GCM_256, GCM_256},
    {0x1303, 0x1303, CHACHA, CHACHA},
    {0x1304, 0x1304, CCM_128, CCM_128},
    {0x1305, 0x1305, CCM8_128, CCM8_128},
    {0xc001, 0xc002, RC4_SHA, NULL_SHA},
    {0xc003, 0xc003, DES3, DES3},
    {0xc004, 0xc005, CBC_128, CBC_256},
    {0xc006, 0xc007, NULL_SHA, RC4_SHA},
    {0xc008, 0xc008, DES3, DES3},
    {0xc009, 0xc00a, CBC_256, CBC_128},
    {0xc00b, 0xc00c, RC4_SHA, NULL_SHA},
    {0xc00d, 0xc00d, DES3, DES3},
    {0xc00e, 0xc00f, CBC_128, CBC_256},
    {0xc010, 0xc011, NULL_SHA, RC4_SHA},
    {0xc012, 0xc012, DES3, DES3},
    {0xc013, 0xc014, CBC_256, CBC_128},
    {0xc015, 0xc016, RC4_SHA, NULL_SHA},
    {0xc017, 0xc017, DES3, DES3},
    {0xc018, 0xc019, CBC_128, CBC_256},
    {0xc01a, 0xc01c, DES3, DES3},
    {0xc01d, 0xc01f, CBC_128, CBC_128},
    {0xc020, 0xc022, CBC_256, CBC_256},
    {0xc023, 0xc02a, CBC_256_SHA384, CBC_128_SHA256},
    {0xc02b, 0xc032, GCM_256, GCM_128},
    {0xc033, 0xc033, RC4_SHA, RC4_SHA},
    {0xc034, 0xc034, DES3, DES3},
    {0xc035, 0xc036, CBC_256, CBC_128},
    {0xc037, 0xc038, CBC_256_SHA384, CBC_128_SHA256},
    {0xc039, 0xc039, NULL_SHA, NULL_SHA},
    {0xc03a, 0xc03b, NULL_SHA256, NULL_SHA384},
    {0xc03c, 0xc04f, ARIA_CBC_128, ARIA_CBC_256},
    {0xc050, 0xc063, ARIA_128, ARIA_256},
    {0xc064, 0xc069, ARIA_CBC_128, ARIA_CBC_256},
    {0xc06a, 0xc06f, ARIA_128, ARIA_256},
    {0xc070, 0xc071, ARIA_CBC_128, ARIA_CBC_256},
    {0xc072, 0xc079, CAM_128_SHA256, CAM_256_SHA384},
    {0xc07a, 0xc093, CAM_GCM_128, CAM_GCM_256},
    {0xc094, 0xc09b, CAM_128_SHA256, CAM_256_SHA384},
    {0xc09c, 0xc09f, CCM_128, CCM_256},
    {0xc0a0, 0xc0a3, CCM8_128, CCM8_256},
    {0xc0a4, 0xc0a7, CCM_128, CCM_256},
    {0xc0a8, 0xc0ab, CCM8_128, CCM8_256},
    {0xc0ac, 0xc0ad, CCM_128, CCM_256},
    {0xc0ae, 0xc0af, CCM8_128, CCM8_256},
    {0xcca8, 0xccae, CHACHA, CHACHA},
    {0xd001, 0xd001, GCM_128, GCM_128},
    {0xd002, 0xd002, GCM_256, GCM_256},
    {0xd003, 0xd003, CCM8_128, CCM8_128},
    {0xd005, 0xd005, CCM_128, CCM_128},
};

static const struct range *range_of(uint16_t cipher)
{
    size_t low = 0, high = sizeof ranges / sizeof *ranges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < cipher)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof ranges / sizeof *ranges && cipher >= ranges[low].first ? &ranges[low] : NULL;
}

/* Runs per record, and records of one cipher follow each other. */
bool tls_suite_of(uint16_t cipher, struct tls_suite *suite)
{
    static _Thread_local const struct range *last = ranges;

    if (cipher < last->first || cipher > last->last) {
        const struct range *range = range_of(cipher);
        if (range == NULL)
            return false;
        last = range;
    }
    *suite = cipher % 2 == 0 ? last->even : last->odd;
    return true;
}
