/* TLSHandshakeStart and TLSHandshakeDone, and the hooks of requests and responses that are estimated from records. */
#include "unit/trace/built.h"

/* ---- the handshake ---- */

static void a_handshake_lies_between_its_hello_and_its_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    made_add_dial(&m);
    m.tls.resumed = true;
    built_of(&b, &m);
    const struct p2t_event *start = built_only(&b, P2T_HOOK_TLS_HANDSHAKE_START);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE);
    assert_event(start, P2T_OBSERVED, 1200, 1100, 1200, 1200, 0);
    assert_arg_names(start, "");
    assert_event(done, P2T_OBSERVED, 1800, 1800, 2000, 1800, 0);
    assert_arg_names(done,
                     "Version CipherSuite NegotiatedProtocol ServerName DidResume err version_name cipher_name");
    assert_arg_int(done, "Version", 0x0304);
    assert_arg_int(done, "CipherSuite", 0x1301);
    assert_arg_text(done, "NegotiatedProtocol", "http/1.1");
    assert_arg_text(done, "ServerName", "a.test");
    assert_arg_bool(done, "DidResume", true);
    assert_arg_null(done, "err");
    assert_arg_text(done, "version_name", "TLS 1.3");
    assert_arg_text(done, "cipher_name", "TLS_AES_128_GCM_SHA256");
    assert_int_equal(b.x->phases.tls_ns, 600000);
    built_free(&b, &m);
}

static void a_name_that_was_not_sent_is_empty(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.tls.server_name = m.tls.alpn = (struct slice){NULL, 0};
    built_of(&b, &m);
    assert_arg_text(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), "ServerName", "");
    assert_arg_null(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), "NegotiatedProtocol");
    built_free(&b, &m);
}

static void a_guessed_end_is_bounded_by_the_hello(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.tls.done_guessed = true;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_INFERRED, 1800, 1200, 2000, 1800, 0);
    built_free(&b, &m);
}

static void the_clients_close_ends_a_handshake_without_a_request(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.e.request = (struct exchange_request){0};
    m.e.response = (struct exchange_response){0};
    m.e.kind = P2T_KIND_CONNECT;
    m.e.conn.client_rst = at(2500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_OBSERVED, 1800, 1800, 2500, 1800, 0);
    built_free(&b, &m);
    m.e.conn.client_fin = at(2400);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_OBSERVED, 1800, 1800, 2400, 1800, 0);
    built_free(&b, &m);
}

static void a_handshake_through_a_tunnel_begins_after_the_proxys_consent(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.e.conn.tunnel_ready = at(1150);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_START), P2T_OBSERVED, 1200, 1150, 1200, 1200, 0);
    built_free(&b, &m);

    /* With an https proxy itself: before it asks for the tunnel. */
    m.e.conn.tunnel_ready = at(1201);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_START), P2T_OBSERVED, 1200, 1100, 1200, 1200, 0);
    built_free(&b, &m);
}

/* The hook fires when the client has closed the connection. */
static void a_failed_handshake_ends_with_the_clients_close(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.tls.done = (struct packet_mark){0};
    m.tls.failure = TLS_FAILED_SERVER_ALERT;
    m.tls.failed = at(1300);
    m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(1300), .code = 40};
    built_of(&b, &m);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE);
    assert_event(done, P2T_OBSERVED, 1300, 1300, OPEN, 1300, 0);
    /* Go's ConnectionState is the zero value then. */
    assert_arg_int(done, "Version", 0);
    assert_arg_int(done, "CipherSuite", 0);
    assert_arg_text(done, "NegotiatedProtocol", "");
    assert_arg_text(done, "ServerName", "");
    assert_arg_bool(done, "DidResume", false);
    assert_arg_text(done, "err", "remote error: tls: handshake failure");
    assert_arg_text(done, "version_name", "TLS 1.3");
    assert_int_equal(b.x->phases.tls_ns, 100000);
    built_free(&b, &m);

    m.e.conn.client_fin = at(1400);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_OBSERVED, 1400, 1300, OPEN, 1300, 1400, 0);
    built_free(&b, &m);

    /* A close before the failure was seen is not its effect, but evidence. */
    m.e.conn.client_fin = at(1299);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_OBSERVED, 1300, 1300, OPEN, 1300, 1299, 0);
    built_free(&b, &m);
}

static void a_handshake_cut_by_the_capture_has_no_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.tls.done = (struct packet_mark){0};
    m.tls.failure = TLS_FAILED_CLOSED;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_TLS_HANDSHAKE_START), 1);
    assert_int_equal(built_count(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), 0);
    built_free(&b, &m);
}

static void a_reused_connections_handshake_is_another_exchanges(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.e.handshakes = false;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_TLS_HANDSHAKE_START), 0);
    built_free(&b, &m);
}

/* The request went over another connection: the handshake is that of its own dial. */
static void a_dial_not_waited_for_shows_its_own_handshake(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    made_add_dial(&m);
    m.e.conn.handed_over = true;
    m.e.dial_tls = &m.dial_tls;
    m.dial_tls = m.tls;
    m.dial_tls.hello = at(1250);
    m.dial_tls.done = at(2600);
    m.attempts[0].syn_ack = at(1090);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_START), P2T_INFERRED, 1250, 1090, 1250, 1250, 0);
    assert_event(built_only(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), P2T_INFERRED, 2600, 2600, OPEN, 2600, 0);
    assert_int_equal(b.x->phases.tls_ns, -1);
    built_free(&b, &m);
}

/* ---- TLS inside TLS ---- */

static void make_inner(struct made *m)
{
    made_tls(m);
    m->e.conn.tunnel_ready = at(1810);
    m->tls.inner_hello = at(1820);
    m->tls.inner_answer = at(1830);
    m->tls.inner_done = at(1850);
}

static void a_hidden_inner_handshake_is_inferred(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_inner(&m);
    built_of(&b, &m);
    /* The outer one ends before the inner one begins. */
    assert_event(built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_DONE, 0), P2T_OBSERVED, 1800, 1800, 1820, 1800, 0);
    assert_event(built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_START, 1), P2T_INFERRED, 1820, 1800, 1820, 1820, 0);
    const struct p2t_event *done = built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_DONE, 1);
    assert_event(done, P2T_INFERRED, 1850, 1830, 2000, 1850, 0);
    assert_arg_names(done, "Version CipherSuite NegotiatedProtocol ServerName DidResume err");
    assert_arg_null(done, "Version");
    assert_arg_null(done, "ServerName");
    assert_arg_null(done, "DidResume");
    assert_arg_null(done, "err");
    built_free(&b, &m);
}

static void a_decrypted_inner_handshake_is_observed(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_inner(&m);
    m.tls.inner = (struct tls_agreed){.known = true,
                                      .version = 0x0303,
                                      .cipher = 0xc02f,
                                      .server_name = SLICE_LIT("b.test"),
                                      .alpn = SLICE_LIT("h2"),
                                      .resumed = true};
    built_of(&b, &m);
    assert_event(built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_START, 1), P2T_OBSERVED, 1820, 1810, 1820, 1820, 0);
    const struct p2t_event *done = built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_DONE, 1);
    assert_event(done, P2T_OBSERVED, 1850, 1850, 2000, 1850, 0);
    assert_arg_int(done, "Version", 0x0303);
    assert_arg_int(done, "CipherSuite", 0xc02f);
    assert_arg_text(done, "NegotiatedProtocol", "h2");
    assert_arg_text(done, "ServerName", "b.test");
    assert_arg_bool(done, "DidResume", true);
    assert_arg_null(done, "err");
    built_free(&b, &m);

    m.tls.inner.server_name = m.tls.inner.alpn = (struct slice){NULL, 0};
    built_of(&b, &m);
    assert_arg_text(built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_DONE, 1), "ServerName", "");
    assert_arg_text(built_nth(&b, P2T_HOOK_TLS_HANDSHAKE_DONE, 1), "NegotiatedProtocol", "");
    built_free(&b, &m);
}

static void an_inner_handshake_may_have_no_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_inner(&m);
    m.tls.inner_done = (struct packet_mark){0};
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_TLS_HANDSHAKE_START), 2);
    assert_int_equal(built_count(&b, P2T_HOOK_TLS_HANDSHAKE_DONE), 1);
    built_free(&b, &m);
}

/* ---- estimates ---- */

static void an_estimated_request_of_one_packet_is_before_it(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_HEADERS), P2T_INFERRED, 2000, 1800, 2000, 2000, 0);
    const struct p2t_event *wrote = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(wrote, P2T_INFERRED, 2000, 1800, 2000, 2000, 0);
    assert_arg_names(wrote, "Err");
    assert_arg_null(wrote, "Err");
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_HEADER_FIELD), 0);
    built_free(&b, &m);
}

/* The socket's buffer may send the last write later: nothing but the answer bounds it. */
static void an_estimated_request_of_more_packets_is_between_them(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.e.request.last = at(2200);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_HEADERS), P2T_INFERRED, 2000, 1800, 2200, 2000, 0);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2200, 2000, 4000, 2000, 2200, 0);
    built_free(&b, &m);

    made_unanswered(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2200, 2000, 2200, 2000, 2200, 0);
    built_free(&b, &m);
}

static void http2_writes_first_and_calls_the_hooks_afterwards(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.tls.h2 = true;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_HEADERS), P2T_INFERRED, 2000, 2000, 4000, 2000, 0);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2000, 2000, 4000, 2000, 0);
    built_free(&b, &m);
}

static void an_estimated_answer_begins_with_its_first_record_at_the_earliest(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    m.e.conn.client_fin = at(5000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_INFERRED, 3000, 2900, 5000, 2900, 3000, 0);
    built_free(&b, &m);

    m.e.conn.next_head = at(4500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_INFERRED, 3000, 2900, 4500, 2900, 3000, 0);
    built_free(&b, &m);

    /* HTTP/2's streams overlap: the next request says nothing. */
    m.tls.h2 = true;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_INFERRED, 3000, 2900, 5000, 2900, 3000, 0);
    built_free(&b, &m);

    made_tls(&m);
    made_unanswered(&m);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), 0);
    built_free(&b, &m);
}

/* A server that closes within 5 ms after its answer keeps nothing alive. */
static void an_estimated_connection_goes_back_unless_the_server_closes(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_PUT_IDLE_CONN), P2T_INFERRED, 4025, 4000, OPEN, 4000, 0);
    built_free(&b, &m);

    m.e.conn.server_fin = at(9000);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 1);
    built_free(&b, &m);

    m.e.conn.server_fin = at(8999);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 0);
    built_free(&b, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_lies_between_its_hello_and_its_end),
        cmocka_unit_test(a_name_that_was_not_sent_is_empty),
        cmocka_unit_test(a_guessed_end_is_bounded_by_the_hello),
        cmocka_unit_test(the_clients_close_ends_a_handshake_without_a_request),
        cmocka_unit_test(a_handshake_through_a_tunnel_begins_after_the_proxys_consent),
        cmocka_unit_test(a_failed_handshake_ends_with_the_clients_close),
        cmocka_unit_test(a_handshake_cut_by_the_capture_has_no_end),
        cmocka_unit_test(a_reused_connections_handshake_is_another_exchanges),
        cmocka_unit_test(a_dial_not_waited_for_shows_its_own_handshake),
        cmocka_unit_test(a_hidden_inner_handshake_is_inferred),
        cmocka_unit_test(a_decrypted_inner_handshake_is_observed),
        cmocka_unit_test(an_inner_handshake_may_have_no_end),
        cmocka_unit_test(an_estimated_request_of_one_packet_is_before_it),
        cmocka_unit_test(an_estimated_request_of_more_packets_is_between_them),
        cmocka_unit_test(http2_writes_first_and_calls_the_hooks_afterwards),
        cmocka_unit_test(an_estimated_answer_begins_with_its_first_record_at_the_earliest),
        cmocka_unit_test(an_estimated_connection_goes_back_unless_the_server_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
