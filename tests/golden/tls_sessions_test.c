/* Go logs a TLS 1.2 session's master secret once, and resumes it by ticket: one line opens all of its connections.
 * captures/tls-sessions.pcap: scenario tls-resumed of tests/live, its TLS 1.2 half. */
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

struct result {
    size_t n, resumed, decrypted;
};

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    static const char url[] = "https://web.lab:8444/?bytes=50";
    struct result *r = ctx;

    if (x->connection == NULL || x->connection->tls == NULL)
        return 0;
    r->n++;
    r->resumed += x->connection->tls->resumed;
    r->decrypted += x->kind == P2T_KIND_HTTP1 && x->url.n == sizeof url - 1 &&
                    memcmp(x->url.p, url, sizeof url - 1) == 0 && x->status == 200;
    return 0;
}

static struct result run(const char *keylog)
{
    static const char *const capture = P2T_GOLDEN "/captures/tls-sessions.pcap";
    struct result r = {.n = 0};
    struct p2t_config config = {
        .paths = &capture, .path_count = 1, .keylog = keylog, .ctx = &r, .exchange = on_exchange};
    struct p2t_session *session;

    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
    return r;
}

static void one_secret_opens_the_session_s_connections(void **state)
{
    (void)state;
    struct result r = run(P2T_GOLDEN "/captures/tls-sessions.log");
    assert_int_equal(r.n, 4);
    assert_int_equal(r.resumed, 3);
    assert_int_equal(r.decrypted, 4);
}

static void without_it_none_is_open(void **state)
{
    (void)state;
    struct result r = run(NULL);
    assert_int_equal(r.n, 4);
    assert_int_equal(r.decrypted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_secret_opens_the_session_s_connections),
        cmocka_unit_test(without_it_none_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
