/* Real connections over every cipher suite, decrypted with their key log: captures/make-tls-keys.sh says which. The
 * path of a request names what it was sent over. */
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

static const char *const capture = P2T_GOLDEN "/captures/tls-keys.pcap.gz";

struct result {
    size_t exchanges, estimated, decrypted, http2, resumed, handshakes;
    size_t v10, v11, v12, v13, key_update, early_data;
};

static bool is(struct p2t_text s, const char *expected)
{
    return s.n == strlen(expected) && memcmp(s.p, expected, s.n) == 0;
}

static bool ends_with(struct p2t_text s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static size_t count(const struct p2t_exchange *x, enum p2t_hook hook)
{
    size_t n = 0;

    for (size_t i = 0; i < x->event_count; i++)
        n += x->events[i].hook == hook;
    return n;
}

/* What Go's client would have reported, whatever the suite. */
static void check_hooks(const struct p2t_exchange *x)
{
    bool first = x->connection->reused == 0;

    assert_int_equal(first, count(x, P2T_HOOK_TLS_HANDSHAKE_START));
    assert_int_equal(first, count(x, P2T_HOOK_TLS_HANDSHAKE_DONE));
    assert_int_equal(1, count(x, P2T_HOOK_GOT_CONN));
    assert_int_equal(1, count(x, P2T_HOOK_WROTE_REQUEST));
    assert_int_equal(1, count(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE));
}

static void check_decrypted(struct result *r, const struct p2t_exchange *x)
{
    const struct p2t_tls *tls = x->connection->tls;

    assert_true(is(x->method, "GET"));
    assert_int_equal(200, x->status);
    assert_true(x->url.n > 8 && memcmp(x->url.p, "https://", 8) == 0);
    assert_int_equal(6, x->response.body_bytes); /* "hello" and its newline */
    r->decrypted++;
    r->http2 += x->kind == P2T_KIND_HTTP2;
    r->resumed += tls->resumed;
    r->v10 += is(tls->version, "TLS 1.0");
    r->v11 += is(tls->version, "TLS 1.1");
    r->v12 += is(tls->version, "TLS 1.2");
    r->v13 += is(tls->version, "TLS 1.3");
    r->key_update += ends_with(x->url, "/key-update");
    r->early_data += ends_with(x->url, "/early-data");
    if (!ends_with(x->url, "/key-update") && !ends_with(x->url, "early-data"))
        check_hooks(x);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    r->exchanges++;
    r->estimated += x->kind == P2T_KIND_TLS;
    if (x->connection != NULL && x->connection->tls != NULL && x->connection->tls->decrypted)
        check_decrypted(r, x);
    return 0;
}

static struct p2t_counters run(struct result *r, const char *keylog)
{
    struct p2t_config config = {
        .paths = &capture, .path_count = 1, .keylog = keylog, .ctx = r, .exchange = on_exchange};
    struct p2t_session *session;
    struct p2t_counters c;

    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_counters(session, &c);
    p2t_session_free(session);
    return c;
}

static void every_suite_is_decrypted(void **state)
{
    struct result r = {0};
    struct p2t_counters c = run(&r, P2T_GOLDEN "/captures/tls-keys.log");

    (void)state;
    assert_int_equal(0, r.estimated);
    assert_int_equal(c.connections, c.tls_decrypted);
    assert_int_equal(r.exchanges, r.decrypted);
    assert_int_equal(6, r.v10);
    assert_int_equal(6, r.v11);
    assert_int_equal(64, r.v12);
    assert_int_equal(12, r.v13);
    assert_int_equal(3, r.http2);
    assert_int_equal(3, r.resumed);
    assert_int_equal(1, r.key_update);
    assert_int_equal(1, r.early_data);
}

static void without_keys_it_is_estimated(void **state)
{
    struct result r = {0};
    struct p2t_counters c = run(&r, NULL);

    (void)state;
    assert_int_equal(0, c.tls_secrets);
    assert_int_equal(0, c.tls_decrypted);
    assert_int_equal(0, r.decrypted);
    assert_true(r.estimated >= c.connections - 3);
}

static void count_problem(void *ctx, const struct p2t_problem *p)
{
    size_t *problems = ctx;

    assert_string_equal("/nonexistent/keys.log", p->path);
    ++*problems;
}

static int ignore(void *ctx, const struct p2t_exchange *x)
{
    (void)ctx;
    (void)x;
    return 0;
}

static void a_missing_key_log_is_a_problem(void **state)
{
    size_t problems = 0;
    struct p2t_config config = {.paths = &capture,
                                .path_count = 1,
                                .keylog = "/nonexistent/keys.log",
                                .ctx = &problems,
                                .exchange = ignore,
                                .problem = count_problem};
    struct p2t_session *session;
    struct p2t_counters c;

    (void)state;
    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    p2t_session_counters(session, &c);
    p2t_session_free(session);
    assert_int_equal(1, problems);
    assert_int_equal(1, c.problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_is_decrypted),
        cmocka_unit_test(without_keys_it_is_estimated),
        cmocka_unit_test(a_missing_key_log_is_a_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
