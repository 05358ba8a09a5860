/* TLS without keys between OpenSSL's client and server: what each connection's exchanges are taken for. The server's
 * port names the conversation, as make-tls.py numbers them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

struct expected {
    const char *server, *version, *alpn, *error; /* NULL: unknown, or none */
    int64_t position, request_bytes, response_bytes;
    bool resumed;
    enum p2t_outcome outcome;
    const char *finding; /* the most severe; NULL: none */
};

#define AT(port) "10.0.0.2:" #port

static const struct expected expected[] = {
    {AT(1001), "TLS 1.3", "", NULL, 0, 100, 200, false, P2T_OUTCOME_OK, NULL},
    {AT(1001), "TLS 1.3", "", NULL, 1, 1200, 40, false, P2T_OUTCOME_OK, NULL},
    {AT(1001), "TLS 1.3", "", NULL, 2, 100, 50000, false, P2T_OUTCOME_OK, NULL},
    {AT(1002), "TLS 1.3", "", NULL, 0, 100, 200, true, P2T_OUTCOME_OK, NULL},
    {AT(1003), "TLS 1.2", "", NULL, 0, 100, 200, false, P2T_OUTCOME_OK, NULL},
    {AT(1003), "TLS 1.2", "", NULL, 1, 1200, 40, false, P2T_OUTCOME_OK, NULL},
    {AT(1003), "TLS 1.2", "", NULL, 2, 100, 50000, false, P2T_OUTCOME_OK, NULL},
    {AT(1004), "TLS 1.2", "", NULL, 0, 100, 200, true, P2T_OUTCOME_OK, NULL},
    /* after a HelloRetryRequest */
    {AT(1005), "TLS 1.3", "", NULL, 0, 100, 200, false, P2T_OUTCOME_OK, NULL},
    /* tickets that come while the request is being sent */
    {AT(1006), "TLS 1.3", "", NULL, 0, 2086, 300, false, P2T_OUTCOME_OK, NULL},
    /* a certificate asked of the client and not given; given; asked for in TLS 1.2 */
    {AT(1007), "TLS 1.3", "", "remote error: tls: certificate required", 0, 100, -1, false, P2T_OUTCOME_TLS_ERROR,
     "conn.closed_by_client"},
    {AT(1008), "TLS 1.3", "", NULL, 0, 100, 200, false, P2T_OUTCOME_OK, NULL},
    {AT(1009), "TLS 1.2", NULL, "remote error: tls: handshake failure", 0, -1, -1, false, P2T_OUTCOME_TLS_ERROR,
     "tls.alert"},
    /* another host's certificate: in sight, and hidden */
    {AT(1010), "TLS 1.2", NULL, "x509: certificate is valid for other.test, not seed.test", 0, -1, -1, false,
     P2T_OUTCOME_TLS_ERROR, "tls.alert"},
    {AT(1011), "TLS 1.3", NULL, "x509: certificate signed by unknown authority", 0, -1, -1, false,
     P2T_OUTCOME_TLS_ERROR, "tls.alert"},
    {AT(1012), NULL, NULL, "remote error: tls: protocol version not supported", 0, -1, -1, false,
     P2T_OUTCOME_TLS_ERROR, "tls.alert"},
    {AT(1013), "TLS 1.2", "http/1.1", NULL, 0, 100, 200, false, P2T_OUTCOME_OK, NULL},
    /* what is no TLS at all */
    {AT(1014), NULL, NULL, "http: server gave HTTP response to HTTPS client", 0, -1, -1, false, P2T_OUTCOME_TLS_ERROR,
     "tls.not_tls"},
    {AT(1015), NULL, NULL, "tls: first record does not look like a TLS handshake", 0, -1, -1, false,
     P2T_OUTCOME_TLS_ERROR, "tls.not_tls"},
    {AT(1016), NULL, NULL, "the client closed the connection first: canceled, or one of its timeouts", 0, -1, -1,
     false, P2T_OUTCOME_TLS_ERROR, "tls.closed"},
};

static void assert_text(struct p2t_text s, const char *text)
{
    if (text == NULL) {
        assert_int_equal(s.n, 0);
        return;
    }
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static bool is_text(struct p2t_text s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static const struct expected *expectation(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (is_text(x->connection->server, expected[i].server) && x->connection->exchange == expected[i].position)
            return &expected[i];
    fail_msg("an exchange that nobody expected: %.*s, number %d", (int)x->connection->server.n,
             x->connection->server.p, (int)x->connection->exchange);
    return NULL;
}

static bool has(const struct p2t_exchange *x, enum p2t_hook hook)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return true;
    return false;
}

static void check_events(const struct p2t_exchange *x, const struct expected *want)
{
    assert_int_equal(has(x, P2T_HOOK_TLS_HANDSHAKE_START), want->position == 0);
    assert_int_equal(has(x, P2T_HOOK_TLS_HANDSHAKE_DONE), want->position == 0);
    assert_int_equal(has(x, P2T_HOOK_GOT_CONN), want->request_bytes >= 0);
    assert_int_equal(has(x, P2T_HOOK_WROTE_REQUEST), want->request_bytes >= 0);
    assert_int_equal(has(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), want->response_bytes >= 0);
    assert_false(has(x, P2T_HOOK_WROTE_HEADER_FIELD));
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook >= P2T_HOOK_WROTE_HEADER_FIELD)
            assert_int_equal(x->events[i].basis, P2T_INFERRED);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    size_t *n = ctx;
    const struct expected *want = expectation(x);

    assert_int_equal(x->kind, P2T_KIND_TLS);
    assert_int_equal(x->outcome, want->outcome);
    assert_text(x->error, want->error);
    assert_text(x->host, "seed.test");
    assert_null(x->method.p);
    assert_null(x->url.p);
    assert_int_equal(x->status, 0);
    assert_int_equal(x->request.header_bytes, -1);
    assert_int_equal(x->request.body_bytes, want->request_bytes);
    assert_int_equal(x->response.body_bytes, want->response_bytes);
    assert_text(x->connection->tls->version, want->version);
    assert_text(x->connection->tls->alpn, want->alpn);
    assert_text(x->connection->tls->server_name, "seed.test");
    assert_int_equal(x->connection->tls->ja4.n, 36);
    assert_int_equal(x->connection->tls->resumed, want->resumed);
    assert_false(x->connection->tls->decrypted);
    if (want->finding == NULL)
        assert_int_equal(x->finding_count, 0);
    else
        assert_string_equal(x->findings[0].code, want->finding);
    check_events(x, want);
    (*n)++;
    return 0;
}

static void conversations_are_told_without_keys(void **state)
{
    static const char *const path = P2T_GOLDEN "/captures/tls.pcap";
    size_t n = 0;
    struct p2t_config config = {.paths = &path, .path_count = 1, .ctx = &n, .exchange = on_exchange};
    struct p2t_session *session;

    (void)state;
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
    assert_int_equal(n, sizeof expected / sizeof *expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_are_told_without_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
