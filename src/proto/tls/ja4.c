#include "proto/tls/ja4.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/hash.h"

enum {
    NUMBERS_MAX = 512, /* cipher suites and signature algorithms that are looked at */
    HASH_CHARS = 12,
    KEPT = 64,
    OFFER_MAX = 512, /* longer ones are not kept */
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16
};

/* Clients send the same offer again and again: the last ones are kept, by all that the fingerprint is made of. */
struct kept {
    size_t n; /* 0: none */
    uint8_t offer[OFFER_MAX];
    char ja4[TLS_JA4_BYTES];
};

struct tls_ja4 {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    struct kept kept[KEPT];
};

struct numbers {
    uint16_t v[NUMBERS_MAX];
    size_t n;
};

struct tls_ja4 *tls_ja4_new(void)
{
    return calloc(1, sizeof(struct tls_ja4));
}

void tls_ja4_free(struct tls_ja4 *j)
{
    if (j == NULL)
        return;
    EVP_MD_CTX_free(j->digest);
    EVP_MD_free(j->sha256);
    free(j);
}

/* Numbers without GREASE; the first 512 of them, which is more than any client offers. */
static void take_numbers(struct slice list, struct numbers *out)
{
    struct reader r = reader_of_slice(list);

    out->n = 0;
    while (r.left >= 2 && out->n < NUMBERS_MAX) {
        uint16_t v = reader_be16(&r);
        if (!tls_is_grease(v))
            out->v[out->n++] = v;
    }
}

static int ascending(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void sort(struct numbers *x)
{
    qsort(x->v, x->n, sizeof x->v[0], ascending);
}

static char *hex(char *w, unsigned v, int digits)
{
    while (digits-- > 0)
        *w++ = "0123456789abcdef"[v >> 4 * digits & 15];
    return w;
}

static char *list_text(char *w, const struct numbers *x)
{
    for (size_t i = 0; i < x->n; i++) {
        if (i > 0)
            *w++ = ',';
        w = hex(w, x->v[i], 4);
    }
    return w;
}

/* libcrypto takes long to start: not before it is wanted. False when memory ran out. */
static bool digest_is_ready(struct tls_ja4 *j)
{
    if (j->sha256 == NULL)
        j->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (j->digest == NULL)
        j->digest = EVP_MD_CTX_new();
    return j->sha256 != NULL && j->digest != NULL;
}

static char *hash_text(struct tls_ja4 *j, char *w, const char *text, size_t n)
{
    unsigned char sum[EVP_MAX_MD_SIZE] = {0};

    if (n > 0 && (EVP_DigestInit_ex2(j->digest, j->sha256, NULL) != 1 || EVP_DigestUpdate(j->digest, text, n) != 1 ||
                  EVP_DigestFinal_ex(j->digest, sum, NULL) != 1))
        memset(sum, 0, sizeof sum);
    for (int i = 0; i < HASH_CHARS / 2; i++)
        w = hex(w, sum[i], 2);
    return w;
}

static const char *version_text(uint16_t version)
{
    switch (version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    default:
        return "00";
    }
}

static char *two_digits(char *w, size_t n)
{
    n = n > 99 ? 99 : n;
    *w++ = (char)('0' + n / 10);
    *w++ = (char)('0' + n % 10);
    return w;
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* First and last character of the first ALPN name; where one of them is not alphanumeric, of its hexadecimal form. */
static char *alpn_text(char *w, struct slice alpn)
{
    struct slice name = tls_alpn_first(alpn);

    if (name.n == 0) {
        *w++ = '0';
        *w++ = '0';
        return w;
    }
    uint8_t first = name.p[0], last = name.p[name.n - 1];
    if (is_alphanumeric(first) && is_alphanumeric(last)) {
        *w++ = (char)first;
        *w++ = (char)last;
        return w;
    }
    w = hex(w, first >> 4, 1);
    return hex(w, last & 15, 1);
}

/* Sorted extensions without the two that tell hosts apart; then signature algorithms as they stand. */
static char *extension_hash(struct tls_ja4 *j, char *w, const struct tls_client_hello *h)
{
    struct numbers exts = {.n = 0}, algorithms;
    char text[5 * (TLS_EXTENSIONS_MAX + NUMBERS_MAX) + 1];

    for (size_t i = 0; i < h->extension_count; i++)
        if (!tls_is_grease(h->extensions[i]) && h->extensions[i] != EXT_SERVER_NAME && h->extensions[i] != EXT_ALPN)
            exts.v[exts.n++] = h->extensions[i];
    sort(&exts);
    take_numbers(h->signature_algorithms, &algorithms);
    char *end = list_text(text, &exts);
    if (algorithms.n > 0 && exts.n > 0)
        *end++ = '_';
    if (exts.n > 0)
        end = list_text(end, &algorithms);
    return hash_text(j, w, text, (size_t)(end - text));
}

static char *cipher_hash(struct tls_ja4 *j, char *w, struct numbers *ciphers)
{
    char text[5 * NUMBERS_MAX + 1];

    sort(ciphers);
    return hash_text(j, w, text, (size_t)(list_text(text, ciphers) - text));
}

static size_t extensions_without_grease(const struct tls_client_hello *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->extension_count; i++)
        n += !tls_is_grease(h->extensions[i]);
    return n;
}

static void fingerprint(struct tls_ja4 *j, struct tls_client_hello *h)
{
    struct numbers ciphers;
    char *w = h->ja4;

    take_numbers(h->ciphers, &ciphers);
    const char *version = version_text(h->max_version);
    *w++ = 't';
    *w++ = version[0];
    *w++ = version[1];
    *w++ = h->server_name.p != NULL ? 'd' : 'i';
    w = two_digits(w, ciphers.n);
    w = two_digits(w, extensions_without_grease(h));
    w = alpn_text(w, h->alpn);
    *w++ = '_';
    w = cipher_hash(j, w, &ciphers);
    *w++ = '_';
    w = extension_hash(j, w, h);
    *w = '\0';
}

static size_t put(uint8_t offer[OFFER_MAX], size_t at, const void *p, size_t n)
{
    if (n > OFFER_MAX - at)
        return OFFER_MAX;
    if (n > 0)
        memcpy(offer + at, p, n);
    return at + n;
}

/* Lengths first, so that no two offers look alike; OFFER_MAX when it does not fit. */
static size_t offer_of(const struct tls_client_hello *h, uint8_t offer[OFFER_MAX])
{
    struct slice alpn = tls_alpn_first(h->alpn);
    const uint32_t lengths[] = {h->max_version,
                                h->server_name.p != NULL,
                                (uint32_t)h->ciphers.n,
                                (uint32_t)h->extension_count,
                                (uint32_t)h->signature_algorithms.n,
                                (uint32_t)alpn.n};
    size_t n = put(offer, 0, lengths, sizeof lengths);

    n = put(offer, n, h->ciphers.p, h->ciphers.n);
    n = put(offer, n, h->extensions, h->extension_count * sizeof h->extensions[0]);
    n = put(offer, n, h->signature_algorithms.p, h->signature_algorithms.n);
    return put(offer, n, alpn.p, alpn.n);
}

void tls_ja4_of(struct tls_ja4 *j, struct tls_client_hello *h)
{
    uint8_t offer[OFFER_MAX];

    if (h->status != READ_OK || h->sslv2)
        return;
    size_t n = offer_of(h, offer);
    struct kept *k = &j->kept[hash_bytes(offer, n < OFFER_MAX ? n : 0) % KEPT];
    if (n < OFFER_MAX && k->n == n && memcmp(k->offer, offer, n) == 0) {
        memcpy(h->ja4, k->ja4, sizeof h->ja4);
        return;
    }
    if (!digest_is_ready(j))
        return;
    fingerprint(j, h);
    if (n == OFFER_MAX)
        return;
    k->n = n;
    memcpy(k->offer, offer, n);
    memcpy(k->ja4, h->ja4, sizeof k->ja4);
}
