/* One packet seen on several interfaces of a node, under the service's address and under the server's: one
 * connection, no retransmission. Checked against tshark: node-any.pcap holds every packet of 2 connections twice. */
#include <stdio.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

struct result {
    size_t exchanges, fresh, connect_starts;
};

static void assert_text(struct p2t_text s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    assert_int_equal(x->kind, P2T_KIND_HTTP1);
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_text(x->connection->server, "10.96.0.7:80");
    assert_text(x->connection->nat_server, "10.43.2.20:8080");
    assert_int_equal(x->connection->reused, r->exchanges % 2);
    for (size_t i = 0; i < x->event_count; i++)
        r->connect_starts += x->events[i].hook == P2T_HOOK_CONNECT_START;
    r->exchanges++;
    return 0;
}

static void copies_and_translated_addresses_are_one_connection(void **state)
{
    static const char *const path = P2T_GOLDEN "/captures/node-any.pcap";
    struct result r = {0};
    struct p2t_config config = {.paths = &path, .path_count = 1, .ctx = &r, .exchange = on_exchange};
    struct p2t_session *session;
    struct p2t_counters c;

    (void)state;
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_counters(session, &c);
    p2t_session_free(session);
    assert_int_equal(r.exchanges, 4);
    assert_int_equal(r.connect_starts, 2);
    assert_int_equal(c.connections, 2);
    assert_int_equal(c.retransmitted_segments, 0);
    assert_int_equal(c.duplicate_packets * 2, c.tcp_packets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_and_translated_addresses_are_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
