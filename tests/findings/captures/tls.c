/* TLS, by OpenSSL: real handshakes through memory. */
#include "findings/story.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENSION_ECH = 0xfe0d, EXTENSION_UNKNOWN = 0xfe0e, BYTES_MAX = 32768 };

struct tls {
    struct story *story;
    SSL_CTX *context[2];
    SSL *side[2];
    bool wrong_keys; /* of each secret, the last digit is changed in the key log */
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s failed\n", what);
    abort();
}

/* ---- both sides ---- */

/* For a.test; valid for a day before and after the capture, but for `until_s`. */
static X509 *certificate(EVP_PKEY *key, int64_t until_s)
{
    X509 *x = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:a.test");

    must(x != NULL && names != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
             ASN1_TIME_set(X509_getm_notBefore(x), (time_t)WIRE_BEGIN_S - 86400) != NULL &&
             ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until_s) != NULL && X509_set_pubkey(x, key) == 1 &&
             X509_add_ext(x, names, -1) == 1 && X509_sign(x, key, EVP_sha256()) > 0,
         "a certificate");
    X509_EXTENSION_free(names);
    return x;
}

static void use_certificate(SSL_CTX *ctx, int64_t until_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = certificate(key, until_s);

    must(SSL_CTX_use_certificate(ctx, x) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "a certificate");
    X509_free(x);
    EVP_PKEY_free(key);
}

static void log_key(const SSL *ssl, const char *line)
{
    const struct tls *t = SSL_get_app_data(ssl);

    int n = (int)strlen(line) - 1;

    fprintf(t->story->keys, "%.*s%c\n", n, line, t->wrong_keys ? (line[n] == '0' ? '1' : '0') : line[n]);
}

static void tls_new(struct tls *t, struct story *s, int64_t until_s)
{
    *t = (struct tls){.story = s};
    t->context[UP] = SSL_CTX_new(TLS_client_method());
    t->context[DOWN] = SSL_CTX_new(TLS_server_method());
    must(t->context[UP] != NULL && t->context[DOWN] != NULL, "SSL_CTX_new");
    SSL_CTX_set_keylog_callback(t->context[UP], log_key);
    use_certificate(t->context[DOWN], until_s);
}

static void sides_new(struct tls *t, int version)
{
    for (int dir = UP; dir <= DOWN; dir++) {
        t->side[dir] = SSL_new(t->context[dir]);
        BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
        must(t->side[dir] != NULL && in != NULL && out != NULL &&
                 SSL_set_max_proto_version(t->side[dir], version) == 1,
             "SSL_new");
        SSL_set_bio(t->side[dir], in, out);
        SSL_set_app_data(t->side[dir], (char *)t);
    }
    must(SSL_set_tlsext_host_name(t->side[UP], "a.test") == 1, "SSL_set_tlsext_host_name");
    SSL_set_connect_state(t->side[UP]);
    SSL_set_accept_state(t->side[DOWN]);
}

static void tls_free(struct tls *t)
{
    for (int dir = UP; dir <= DOWN; dir++) {
        SSL_free(t->side[dir]);
        SSL_CTX_free(t->context[dir]);
    }
}

/* ---- what they say ---- */

/* What the side has written goes over the wire; nothing, if there is nothing. */
static void pass_on(struct tls *t, int dir)
{
    static uint8_t bytes[BYTES_MAX];
    struct story *s = t->story;
    int n = BIO_read(SSL_get_wbio(t->side[dir]), bytes, sizeof bytes);

    if (n <= 0)
        return;
    must(BIO_write(SSL_get_rbio(t->side[!dir]), bytes, n) == n, "BIO_write");
    wait_ms(s, 1);
    wire_segment(&s->wire, &s->http, dir, PUSH | ACK, bytes, (size_t)n);
    wire_segment(&s->wire, &s->http, !dir, ACK, "", 0);
}

static void hello(struct tls *t)
{
    (void)SSL_do_handshake(t->side[UP]);
    pass_on(t, UP);
}

static void shake_hands(struct tls *t)
{
    while (!SSL_is_init_finished(t->side[UP]) || !SSL_is_init_finished(t->side[DOWN]))
        for (int dir = UP; dir <= DOWN; dir++) {
            (void)SSL_do_handshake(t->side[dir]);
            pass_on(t, dir);
        }
}

static void says_inside(struct tls *t, int dir, const char *text)
{
    static char heard[BYTES_MAX];
    int n = (int)strlen(text);

    must(SSL_write(t->side[dir], text, n) == n, "SSL_write");
    pass_on(t, dir);
    must(SSL_read(t->side[!dir], heard, sizeof heard) == n, "SSL_read");
}

static const char request[] = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* A handshake, a request and its response. */
static void fetch(struct tls *t)
{
    dial(t->story);
    shake_hands(t);
    says_inside(t, UP, request);
    says_inside(t, DOWN, response);
    hang_up(t->story);
}

static const int64_t valid_s = (int64_t)WIRE_BEGIN_S + 86400;

static void begin(struct tls *t, struct story *s, int version)
{
    tls_new(t, s, valid_s);
    sides_new(t, version);
}

/* ---- handshakes ---- */

/* The server closes without a word. */
static void alert(struct story *s)
{
    struct tls t;

    begin(&t, s, TLS1_3_VERSION);
    dial(s);
    hello(&t);
    if (!s->nearly)
        wire_segment(&s->wire, &s->http, DOWN, PUSH | ACK, "\x15\x03\x03\0\2\2\x28", 7);
    sends(s, DOWN, FIN | ACK);
    sends(s, UP, FIN | ACK);
    tls_free(&t);
}

/* The server sends an alert instead. */
static void not_tls(struct story *s)
{
    struct tls t;

    begin(&t, s, TLS1_3_VERSION);
    dial(s);
    hello(&t);
    if (s->nearly)
        wire_segment(&s->wire, &s->http, DOWN, PUSH | ACK, "\x15\x03\x03\0\2\2\x28", 7);
    else
        says(s, DOWN, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n");
    sends(s, DOWN, FIN | ACK);
    sends(s, UP, FIN | ACK);
    tls_free(&t);
}

/* The capture ends with the connection open: `closes` is false. */
static void broken_off(struct story *s, bool closes)
{
    struct tls t;

    begin(&t, s, TLS1_3_VERSION);
    dial(s);
    hello(&t);
    wait_ms(s, 2000);
    sends(s, DOWN, closes ? FIN | ACK : ACK);
    tls_free(&t);
}

static void closed(struct story *s)
{
    broken_off(s, !s->nearly);
}

static void open_handshake(struct story *s)
{
    broken_off(s, s->nearly);
}

/* A day left instead of a day over. TLS 1.2, because 1.3 encrypts certificates. */
static void expired(struct story *s)
{
    struct tls t;

    tls_new(&t, s, s->nearly ? valid_s : (int64_t)WIRE_BEGIN_S - 1);
    sides_new(&t, TLS1_2_VERSION);
    fetch(&t);
    tls_free(&t);
}

static int accept_any(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

/* The client has a certificate. */
static void client_certificate(struct story *s)
{
    struct tls t;

    tls_new(&t, s, valid_s);
    SSL_CTX_set_verify(t.context[DOWN], SSL_VERIFY_PEER, accept_any);
    if (s->nearly)
        use_certificate(t.context[UP], valid_s);
    sides_new(&t, TLS1_2_VERSION);
    fetch(&t);
    tls_free(&t);
}

static int add_bytes(SSL *ssl, unsigned type, const unsigned char **out, size_t *n, int *alert_code, void *ctx)
{
    (void)ssl;
    (void)type;
    (void)alert_code;
    *out = ctx;
    *n = 8;
    return 1;
}

/* The extension's number is one that nobody knows. */
static void outer_name(struct story *s)
{
    static uint8_t bytes[8] = {0, 0, 1, 0, 1};
    struct tls t;

    tls_new(&t, s, valid_s);
    must(SSL_CTX_add_client_custom_ext(t.context[UP], s->nearly ? EXTENSION_UNKNOWN : EXTENSION_ECH, add_bytes, NULL,
                                       bytes, NULL, NULL) == 1,
         "SSL_CTX_add_client_custom_ext");
    sides_new(&t, TLS1_3_VERSION);
    fetch(&t);
    tls_free(&t);
}

/* ---- decryption ---- */

/* HTTP instead of SMTP. */
static void not_http(struct story *s)
{
    struct tls t;

    begin(&t, s, TLS1_3_VERSION);
    dial(s);
    shake_hands(&t);
    says_inside(&t, UP, s->nearly ? request : "EHLO a.test\r\n");
    says_inside(&t, DOWN, s->nearly ? response : "250 a.test\r\n");
    hang_up(s);
    tls_free(&t);
}

/* The secrets are right. */
static void not_decrypted(struct story *s)
{
    struct tls t;

    begin(&t, s, TLS1_3_VERSION);
    t.wrong_keys = !s->nearly;
    fetch(&t);
    tls_free(&t);
}

/* As many records are missing as the program looks for. */
static void decryption_lost(struct story *s)
{
    FILE *to = s->wire.to, *nowhere = tmpfile();
    struct tls t;

    must(nowhere != NULL, "tmpfile");
    begin(&t, s, TLS1_2_VERSION);
    dial(s);
    shake_hands(&t);
    says_inside(&t, UP, request);
    says_inside(&t, DOWN, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    s->wire.to = nowhere;
    for (int i = 0; i < (s->nearly ? 32 : 33); i++)
        says_inside(&t, DOWN, "4\r\nbody\r\n");
    s->wire.to = to;
    says_inside(&t, DOWN, "0\r\n\r\n");
    hang_up(s);
    tls_free(&t);
    fclose(nowhere);
}

const struct finding_capture tls_captures[] = {
    {"tls.alert", alert, .recorded = "golden/lab/tlsalert.pcap"},
    {"tls.not_tls", not_tls, .recorded = "golden/lab/tlsplain.pcap"},
    {"tls.closed", closed, .recorded = "golden/lab/tlsplain.pcap"},
    {"tls.open", open_handshake, .recorded = "golden/lab/tlsplain.pcap"},
    {"tls.certificate", expired, .recorded = "golden/captures/tls.pcap"},
    {"tls.client_certificate", client_certificate, .recorded = "golden/captures/tls.pcap"},
    {"tls.outer_name", outer_name, .recorded = NULL},
    {"tls.not_http", not_http, .with_keys = true},
    {"tls.not_decrypted", not_decrypted, .with_keys = true},
    {"tls.decryption_lost", decryption_lost, .with_keys = true},
    {NULL},
};
