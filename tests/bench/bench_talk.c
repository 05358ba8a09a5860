#include "bench_talk.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATE_DAYS = 3650, BODY_BYTES = 2600, TURN_BYTES_MAX = 32768 };
static const char host[] = "items.svc.cluster.local";
static const time_t certificate_from_s = 1764547200; /* the captures begin a month later */

static FILE *keylog_file;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

/* ---- both sides ---- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();

    must(x != NULL && X509_set_version(x, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
             ASN1_TIME_set(X509_getm_notBefore(x), certificate_from_s) &&
             ASN1_TIME_adj(X509_getm_notAfter(x), certificate_from_s, CERTIFICATE_DAYS, 0) && X509_set_pubkey(x, key),
         "a certificate");
    X509_NAME *name = X509_get_subject_name(x);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:items.svc.cluster.local");
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0) &&
             X509_set_issuer_name(x, name) && names != NULL && X509_add_ext(x, names, -1) &&
             X509_sign(x, key, EVP_sha256()) > 0,
         "a certificate");
    X509_EXTENSION_free(names);
    return x;
}

static void log_key(const SSL *ssl, const char *line)
{
    (void)ssl;
    fprintf(keylog_file, "%s\n", line);
}

static SSL_CTX *make_client(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    must(ctx != NULL, "SSL_CTX_new");
    SSL_CTX_set_keylog_callback(ctx, log_key);
    return ctx;
}

static SSL_CTX *make_server(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = make_certificate(key);

    must(ctx != NULL && SSL_CTX_use_certificate(ctx, x) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "a server");
    X509_free(x);
    EVP_PKEY_free(key);
    return ctx;
}

static SSL *make_side(SSL_CTX *ctx, int version)
{
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    must(ssl != NULL && in != NULL && out != NULL && SSL_set_max_proto_version(ssl, version) == 1, "SSL_new");
    SSL_set_bio(ssl, in, out);
    return ssl;
}

/* ---- a conversation ---- */

/* What the side has written becomes a turn, and reaches its peer. */
static void pass_on(struct bench_talk *talk, SSL *const sides[2], int dir)
{
    static uint8_t bytes[TURN_BYTES_MAX];
    int n = BIO_read(SSL_get_wbio(sides[dir]), bytes, sizeof bytes);

    if (n <= 0)
        return;
    must(talk->n < BENCH_TURNS_MAX && BIO_write(SSL_get_rbio(sides[!dir]), bytes, n) == n, "a conversation");
    struct bench_turn *turn = &talk->turns[talk->n++];
    *turn = (struct bench_turn){dir, malloc((size_t)n), (size_t)n};
    must(turn->bytes != NULL, "malloc");
    memcpy(turn->bytes, bytes, (size_t)n);
}

static void say(struct bench_talk *talk, SSL *const sides[2], int dir, const char *text, size_t n)
{
    static char heard[TURN_BYTES_MAX];

    must(SSL_write(sides[dir], text, (int)n) == (int)n, "SSL_write");
    pass_on(talk, sides, dir);
    must(SSL_read(sides[!dir], heard, sizeof heard) == (int)n, "SSL_read");
}

static void converse(struct bench_talk *talk, SSL *const sides[2])
{
    static char response[4096];
    static const char request[] = "GET /api/v1/items/1?expand=owner HTTP/1.1\r\nHost: items.svc.cluster.local\r\n"
                                  "User-Agent: curl/8.5.0\r\nAccept: application/json\r\n\r\n";
    int head =
        snprintf(response, sizeof response,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", BODY_BYTES);

    memset(response + head, 'j', BODY_BYTES);
    SSL_set_tlsext_host_name(sides[0], host);
    SSL_set_connect_state(sides[0]);
    SSL_set_accept_state(sides[1]);
    while (!SSL_is_init_finished(sides[0]) || !SSL_is_init_finished(sides[1]))
        for (int dir = 0; dir < 2; dir++) {
            (void)SSL_do_handshake(sides[dir]);
            pass_on(talk, sides, dir);
        }
    say(talk, sides, 0, request, sizeof request - 1);
    say(talk, sides, 1, response, (size_t)head + BODY_BYTES);
    for (int dir = 0; dir < 2; dir++) {
        (void)SSL_shutdown(sides[dir]);
        pass_on(talk, sides, dir);
    }
}

struct bench_talk *bench_talks_new(size_t n, const char *keylog)
{
    struct bench_talk *talks = calloc(n, sizeof *talks);
    SSL_CTX *contexts[2] = {make_client(), make_server()};

    keylog_file = fopen(keylog, "we");
    must(talks != NULL && keylog_file != NULL, keylog);
    for (size_t i = 0; i < n; i++) {
        int version = i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
        SSL *sides[2] = {make_side(contexts[0], version), make_side(contexts[1], version)};
        converse(&talks[i], sides);
        SSL_free(sides[0]);
        SSL_free(sides[1]);
    }
    must(fclose(keylog_file) == 0, keylog);
    SSL_CTX_free(contexts[0]);
    SSL_CTX_free(contexts[1]);
    return talks;
}

void bench_talks_free(struct bench_talk *talks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < talks[i].n; k++)
            free(talks[i].turns[k].bytes);
    free(talks);
}
