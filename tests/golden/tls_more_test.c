/* The second sweep, decrypted: captures/make-tls-more.py says what is in it. The path of a request names what it was
 * sent over; each is to be told once. */
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

static const char *const capture = P2T_GOLDEN "/captures/tls-more.pcap.gz";
static const char origin[] = "https://localhost/";

enum { PATHS_MAX = 256 };

struct result {
    char *paths[PATHS_MAX];
    size_t n, estimated;
};

static bool is(struct p2t_text s, const char *expected)
{
    return s.n == strlen(expected) && memcmp(s.p, expected, s.n) == 0;
}

static bool contains(const char *path, const char *part)
{
    return strstr(path, part) != NULL;
}

static size_t count(const struct p2t_exchange *x, enum p2t_hook hook)
{
    size_t n = 0;

    for (size_t i = 0; i < x->event_count; i++)
        n += x->events[i].hook == hook;
    return n;
}

static bool has_finding(const struct p2t_exchange *x, const char *code)
{
    for (size_t i = 0; i < x->finding_count; i++)
        if (strcmp(x->findings[i].code, code) == 0)
            return true;
    return false;
}

/* By parts of the path; the first that fits counts. */
static const char *version_of(const char *path)
{
    static const struct {
        const char *part, *version;
    } rows[] = {
        {"ssl3", "SSL 3.0"},   {"tls1_3", "TLS 1.3"}, {"early-data", "TLS 1.3"}, {"hello-retry", "TLS 1.3"},
        {"tls1_2", "TLS 1.2"}, {"tls1.2", "TLS 1.2"}, {"tls1_1", "TLS 1.1"},     {"tls1.1", "TLS 1.1"},
        {"tls1.0", "TLS 1.0"}, {"tls1", "TLS 1.0"},   {"-1.0-", "TLS 1.0"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (contains(path, rows[i].part))
            return rows[i].version;
    return "TLS 1.2";
}

static void check_cipher(const char *path, struct p2t_text cipher)
{
    char text[128];

    assert_true(cipher.n < sizeof text);
    memcpy(text, cipher.p, cipher.n);
    text[cipher.n] = '\0';
    if (contains(path, "NULL") || contains(path, "null"))
        assert_non_null(strstr(text, "_NULL_"));
    if (contains(path, "rc4") || contains(path, "ARCFOUR"))
        assert_non_null(strstr(text, "_RC4_128_"));
    if (contains(path, "ADH-") || contains(path, "AECDH-"))
        assert_non_null(strstr(text, "DH_anon_"));
    if (contains(path, "PSK-"))
        assert_non_null(strstr(text, "PSK_"));
    if (contains(path, "DSS-"))
        assert_non_null(strstr(text, "_DSS_"));
}

static void check_session(const struct p2t_exchange *x, const char *path)
{
    bool resumed = contains(path, "resumed") ||
                   (contains(path, "early-data") && !contains(path, "before") && !contains(path, "without-session"));

    assert_int_equal(resumed, x->connection->tls->resumed);
    assert_int_equal(contains(path, "not-given"), has_finding(x, "tls.client_certificate"));
    assert_false(has_finding(x, "tls.alert"));
    assert_false(has_finding(x, "tls.not_decrypted"));
    assert_false(has_finding(x, "tls.decryption_lost"));
}

static void check_decrypted(struct result *r, const struct p2t_exchange *x)
{
    assert_true(x->url.n > sizeof origin && memcmp(x->url.p, origin, sizeof origin - 1) == 0);
    assert_true(r->n < PATHS_MAX);
    char *path = r->paths[r->n++] = strndup(x->url.p + sizeof origin - 1, x->url.n - (sizeof origin - 1));
    assert_non_null(path);
    assert_int_equal(P2T_OUTCOME_OK, x->outcome);
    assert_true(is(x->method, "GET"));
    assert_int_equal(200, x->status);
    if (!contains(path, "nss-") && !contains(path, "gnutls-")) /* those have a page of their own */
        assert_int_equal(6, x->response.body_bytes);           /* "hello" and its newline */
    assert_true(x->connection->tls->decrypted);
    assert_true(is(x->connection->tls->version, version_of(path)));
    check_cipher(path, x->connection->tls->cipher);
    check_session(x, path);
    assert_int_equal(1, count(x, P2T_HOOK_GOT_CONN));
    assert_int_equal(1, count(x, P2T_HOOK_WROTE_REQUEST));
    assert_int_equal(1, count(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE));
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    if (x->kind != P2T_KIND_TLS) {
        check_decrypted(r, x);
        return 0;
    }
    /* Camellia-GCM: libcrypto has no such thing */
    r->estimated++;
    assert_true(is(x->connection->tls->cipher, "0xC08A"));
    assert_true(has_finding(x, "tls.not_decrypted"));
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t count_paths(const struct result *r, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        n += contains(r->paths[i], part);
    return n;
}

static void each_request_is_told_once(void **state)
{
    struct result r = {.n = 0};
    struct p2t_config config = {.paths = &capture,
                                .path_count = 1,
                                .keylog = P2T_GOLDEN "/captures/tls-more.log",
                                .ctx = &r,
                                .exchange = on_exchange};
    struct p2t_session *session;
    struct p2t_counters c;

    (void)state;
    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_counters(session, &c);
    p2t_session_free(session);
    qsort(r.paths, r.n, sizeof *r.paths, by_name);
    for (size_t i = 1; i < r.n; i++)
        assert_string_not_equal(r.paths[i - 1], r.paths[i]);
    assert_int_equal(1, r.estimated);
    assert_int_equal(c.connections, c.tls_decrypted + 1);
    assert_int_equal(c.connections, r.n + 1);
    assert_int_equal(14, count_paths(&r, "nss-"));
    assert_int_equal(4, count_paths(&r, "premaster-"));
    assert_int_equal(9, count_paths(&r, "resumed"));
    assert_int_equal(3, count_paths(&r, "renegotiated-"));
    assert_int_equal(4, count_paths(&r, "client-certificate-"));
    assert_int_equal(3, count_paths(&r, "early-data-refused"));
    assert_int_equal(1, count_paths(&r, "early-data-accepted"));
    assert_int_equal(60, count_paths(&r, "PSK-"));
    for (size_t i = 0; i < r.n; i++)
        free(r.paths[i]);
}

struct early {
    size_t exchanges, answered;
};

/* nginx's ports, and the one that sends a HelloRetryRequest: each connection there has one request. */
static int on_early(void *ctx, const struct p2t_exchange *x)
{
    static const char *const servers[] = {"127.0.0.1:4444", "127.0.0.1:4446", "127.0.0.1:4447", "127.0.0.1:4448"};
    struct early *r = ctx;

    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        if (is(x->connection->server, servers[i])) {
            r->exchanges++;
            r->answered += x->outcome == P2T_OUTCOME_OK && x->request.body_bytes < 80 && x->response.body_bytes > 0;
        }
    return 0;
}

/* Without keys, what was sent early and then again is one request, as it is with them. */
static void early_data_is_estimated_once(void **state)
{
    struct early r = {.exchanges = 0};
    struct p2t_config config = {.paths = &capture, .path_count = 1, .ctx = &r, .exchange = on_early};
    struct p2t_session *session;

    (void)state;
    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
    assert_int_equal(6, r.exchanges);
    assert_int_equal(6, r.answered);
}

struct java {
    size_t own_dials, orphans;
};

static int on_java(void *ctx, const struct p2t_exchange *x)
{
    struct java *r = ctx;

    r->own_dials += count(x, P2T_HOOK_CONNECT_START) > 0;
    r->orphans += has_finding(x, "conn.orphan_dial");
    return 0;
}

/* A cold JVM takes half a second from the handshake to the request; secrets must not hide by what it is told as Java. */
static void java_with_keys_owns_its_dials(void **state)
{
    static const char *const java = P2T_GOLDEN "/captures/h2-far-30-java-go.pcap.gz";
    struct java r = {.own_dials = 0};
    struct p2t_config config = {.paths = &java,
                                .path_count = 1,
                                .ctx = &r,
                                .exchange = on_java,
                                .keylog = P2T_GOLDEN "/captures/h2-far-30-java-go.keys"};
    struct p2t_session *session;

    (void)state;
    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
    assert_true(r.own_dials >= 2);
    assert_int_equal(0, r.orphans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_told_once),
        cmocka_unit_test(early_data_is_estimated_once),
        cmocka_unit_test(java_with_keys_owns_its_dials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
