/* GetConn, DNSStart, DNSDone, ConnectStart, ConnectDone and GotConn: when, between which bounds, by which packets. */
#include "unit/trace/built.h"

/* ---- GetConn ---- */

static void get_conn_is_before_the_first_query(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GET_CONN);
    assert_event(ev, P2T_ASSUMED, 25, OPEN, 100, 100, 0);
    assert_arg_names(ev, "hostPort");
    assert_arg_text(ev, "hostPort", "a.test:80");
    built_free(&b, &m);
}

static void get_conn_is_before_the_syn_where_no_lookup_was_seen(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GET_CONN), P2T_ASSUMED, 965, OPEN, 1000, 1000, 0);
    built_free(&b, &m);
}

static void get_conn_is_before_the_request_on_a_reused_connection(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GET_CONN), P2T_ASSUMED, 1960, OPEN, 2000, 2000, 0);
    built_free(&b, &m);
}

static void get_conn_is_before_the_client_hello_where_the_syn_was_not_seen(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GET_CONN), P2T_ASSUMED, 1160, OPEN, 1200, 1200, 0);
    built_free(&b, &m);
}

/* Who shares a lookup may have asked for it at any time until its answer. */
static void a_shared_lookup_bounds_who_asked_by_its_answer(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    m.lookup.shared = true;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GET_CONN), P2T_ASSUMED, 25, OPEN, 210, 100, 0);
    assert_event(built_only(&b, P2T_HOOK_DNS_START), P2T_INFERRED, 100, OPEN, 210, 100, 0);
    assert_arg_bool(built_only(&b, P2T_HOOK_DNS_DONE), "Coalesced", true);
    built_free(&b, &m);
}

static void a_connection_dialled_for_somebody_else_has_no_get_conn(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    m.e.conn.orphan_dial = true;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_GET_CONN), 0);
    built_free(&b, &m);
}

/* Makes an exchange for GetConn's argument to be read of. */
static void assert_host_port(void (*change)(struct made *m), const char *host_port)
{
    struct made m;
    struct built b;

    made_http(&m);
    made_add_dial(&m);
    change(&m);
    built_of(&b, &m);
    assert_arg_text(built_only(&b, P2T_HOOK_GET_CONN), "hostPort", host_port);
    built_free(&b, &m);
}

static void with_port(struct made *m)
{
    m->e.request.host = SLICE_LIT("a.test:8080");
}

static void in_brackets(struct made *m)
{
    m->e.request.host = SLICE_LIT("[2001:db8::1]");
}

static void decrypted(struct made *m)
{
    m->e.tls = &m->tls;
    m->tls.decrypted = true;
}

static void encrypted(struct made *m)
{
    m->e.kind = P2T_KIND_TLS;
    m->e.tls = &m->tls;
    m->attempts[0].server.port = 8443;
}

static void without_host(struct made *m)
{
    m->e.request.host = SLICE_LIT("");
}

static void through_a_proxy(struct made *m)
{
    m->e.conn.proxy = PROXY_HTTP;
    m->e.conn.dialled_host = SLICE_LIT("proxy.test");
    m->attempts[0].server.port = 3128;
}

static void get_conn_names_the_target_or_its_proxy(void **state)
{
    (void)state;
    assert_host_port(with_port, "a.test:8080");
    assert_host_port(in_brackets, "[2001:db8::1]:80");
    assert_host_port(decrypted, "a.test:443");
    assert_host_port(encrypted, "a.test:8443");
    assert_host_port(without_host, "10.0.0.2:80");
    assert_host_port(through_a_proxy, "proxy.test:3128");
}

/* ---- DNS ---- */

static void a_lookup_lies_between_its_query_and_its_answer(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    const struct p2t_event *start = built_only(&b, P2T_HOOK_DNS_START), *done = built_only(&b, P2T_HOOK_DNS_DONE);
    assert_event(start, P2T_OBSERVED, 100, OPEN, 100, 100, 0);
    assert_arg_names(start, "Host");
    assert_arg_text(start, "Host", "a.test");
    assert_event(done, P2T_OBSERVED, 210, 210, 1000, 210, 0);
    assert_arg_names(done, "Addrs Err Coalesced rcode queries client server");
    assert_arg_list(done, "Addrs", "10.0.0.2");
    assert_arg_null(done, "Err");
    assert_arg_bool(done, "Coalesced", false);
    assert_arg_int(done, "rcode", 0);
    assert_arg_int(done, "queries", 2);
    assert_arg_text(done, "client", "10.0.0.1");
    assert_arg_text(done, "server", "10.0.0.53:53");
    built_free(&b, &m);
}

static void a_failed_lookup_tells_its_error(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_lookup(&m);
    m.lookup.result = LOOKUP_NOT_FOUND;
    m.lookup.rcode = 3;
    built_of(&b, &m);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_DNS_DONE);
    assert_event(done, P2T_OBSERVED, 210, 210, OPEN, 210, 0);
    assert_arg_list(done, "Addrs", "");
    assert_arg_text(done, "Err", "lookup a.test on 10.0.0.53:53: no such host");
    assert_arg_int(done, "rcode", 3);
    built_free(&b, &m);
}

static void an_unknown_rcode_is_null(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_lookup(&m);
    m.lookup.has_rcode = false;
    built_of(&b, &m);
    assert_arg_null(built_only(&b, P2T_HOOK_DNS_DONE), "rcode");
    built_free(&b, &m);
}

static void a_lookup_that_timed_out_ends_with_the_resolvers_timer(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_lookup(&m);
    m.lookup.result = LOOKUP_TIMEOUT;
    m.lookup.last_answer = (struct packet_mark){0};
    m.lookup.gave_up = true;
    m.lookup.gave_up_ns = at(5000110).ts_ns;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_DNS_DONE), P2T_ASSUMED, 5000110, 110, OPEN, 110, 100, 0);
    built_free(&b, &m);

    /* The client asked anew: it had given up by then. */
    m.detours.superseded = at(5000500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_DNS_DONE), P2T_INFERRED, 5000110, 110, 5000500, 110, 100, 0);
    built_free(&b, &m);
}

/* One of the two answers never came, and the client went on when its timer ran out: by its SYN at the latest. */
static void a_timer_ends_before_the_syn(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    m.lookup.gave_up = true;
    m.lookup.gave_up_ns = at(1500).ts_ns;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_DNS_DONE), P2T_INFERRED, 1000, 110, 1000, 110, 100, 0);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_START), P2T_OBSERVED, 1000, 110, 1000, 1000, 0);
    built_free(&b, &m);
}

static void a_pending_lookup_has_no_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_lookup(&m);
    m.lookup.result = LOOKUP_PENDING;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_DNS_START), 1);
    assert_int_equal(built_count(&b, P2T_HOOK_DNS_DONE), 0);
    built_free(&b, &m);
}

/* The name came from a hosts file, a cache, or a resolver elsewhere. */
static void a_name_without_a_query_is_assumed_at_the_syn(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.request.host = SLICE_LIT("a.test:8080");
    built_of(&b, &m);
    const struct p2t_event *start = built_only(&b, P2T_HOOK_DNS_START), *done = built_only(&b, P2T_HOOK_DNS_DONE);
    assert_event(start, P2T_ASSUMED, 1000, OPEN, 1000, 0);
    assert_arg_text(start, "Host", "a.test");
    assert_event(done, P2T_ASSUMED, 1000, OPEN, 1000, 0);
    assert_arg_names(done, "Addrs Err Coalesced rcode queries");
    assert_arg_list(done, "Addrs", "10.0.0.2");
    assert_arg_null(done, "Err");
    assert_arg_bool(done, "Coalesced", false);
    assert_arg_null(done, "rcode");
    assert_arg_int(done, "queries", 0);
    built_free(&b, &m);
}

/* A sidecar keeps its client's Host, and dials an address of its own. */
static void a_proxy_that_passes_a_request_on_looked_no_name_up(void **state)
{
    static const struct fact_header passed_on[] = {{SLICE_INIT("Host"), SLICE_INIT("a.test")},
                                                   {SLICE_INIT("X-Forwarded-Proto"), SLICE_INIT("http")}};
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.request.headers = passed_on;
    m.e.request.header_count = 2;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_DNS_START), 0);
    assert_int_equal(built_count(&b, P2T_HOOK_DNS_DONE), 0);
    assert_int_equal(built_count(&b, P2T_HOOK_CONNECT_START), 1);
    built_free(&b, &m);
}

static void a_lookup_joined_by_name_is_inferred(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    m.lookup.inferred = true;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_DNS_START), P2T_INFERRED, 100, OPEN, 100, 100, 0);
    assert_event(built_only(&b, P2T_HOOK_DNS_DONE), P2T_INFERRED, 210, 210, 1000, 210, 0);
    built_free(&b, &m);
}

static void an_address_needs_no_lookup(void **state)
{
    static const char *const hosts[] = {"10.0.0.2", "10.0.0.2:80", "[::1]:80", ""};

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct made m;
        struct built b;
        made_http(&m);
        made_add_dial(&m);
        m.e.request.host = slice_str(hosts[i]);
        built_of(&b, &m);
        assert_int_equal(built_count(&b, P2T_HOOK_DNS_START), 0);
        built_free(&b, &m);
    }
}

static void a_proxys_client_does_not_look_up_the_targets_name(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.conn.proxy = PROXY_HTTP;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_DNS_START), 0);
    built_free(&b, &m);
}

/* ---- connect ---- */

static void connecting_lies_between_syn_and_ack(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    m.attempts[0].syns = 2;
    built_of(&b, &m);
    const struct p2t_event *start = built_only(&b, P2T_HOOK_CONNECT_START);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_CONNECT_DONE);
    assert_event(start, P2T_OBSERVED, 1000, 210, 1000, 1000, 0);
    assert_arg_names(start, "network addr");
    assert_arg_text(start, "network", "tcp");
    assert_arg_text(start, "addr", "10.0.0.2:80");
    assert_event(done, P2T_OBSERVED, 1110, 1100, 2000, 1100, 1110, 0);
    assert_arg_names(done, "network addr err syns");
    assert_arg_text(done, "network", "tcp");
    assert_arg_text(done, "addr", "10.0.0.2:80");
    assert_arg_null(done, "err");
    assert_arg_int(done, "syns", 2);
    built_free(&b, &m);
}

static void half_a_handshake_is_enough(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.attempts[0].ack = (struct packet_mark){0};
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_START), P2T_OBSERVED, 1000, OPEN, 1000, 1000, 0);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1100, 1100, 2000, 1100, 0);
    built_free(&b, &m);

    made_http(&m);
    made_add_dial(&m);
    m.attempts[0].syn_ack = (struct packet_mark){0};
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1110, 2000, 1110, 0);
    built_free(&b, &m);
}

static void connect_done_ends_before_the_clients_next_move(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_tls(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1100, 1200, 1100, 1110, 0);
    built_free(&b, &m);

    /* The proxy's consent comes first, then the handshake. */
    m.e.conn.tunnel_ready = at(1150);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1100, 1150, 1100, 1110, 0);
    built_free(&b, &m);

    /* An https proxy: the handshake with the proxy comes first. */
    m.e.conn.tunnel_ready = at(1201);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1100, 1200, 1100, 1110, 0);
    built_free(&b, &m);

    made_dial(&m);
    made_add_dial(&m);
    m.e.conn.client_rst = at(1300);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1100, 1300, 1100, 1110, 0);
    built_free(&b, &m);
    m.e.conn.client_fin = at(1290);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_OBSERVED, 1110, 1100, 1290, 1100, 1110, 0);
    built_free(&b, &m);
}

/* What the client does on another connection says nothing about its own dial. */
static void a_dial_not_waited_for_has_no_latest_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.conn.handed_over = true; /* whose the dial is, no packet says */
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_INFERRED, 1110, 1100, OPEN, 1100, 1110, 0);
    assert_int_equal(b.x->phases.connect_ns, -1);
    built_free(&b, &m);

    m.e.dial_tls = &m.dial_tls;
    m.dial_tls.hello = at(1250);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_INFERRED, 1110, 1100, 1250, 1100, 1110, 0);
    built_free(&b, &m);
}

static void a_refused_attempt_ends_with_the_rst(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.attempt_count = 2;
    m.attempts[1] = m.attempts[0];
    m.attempts[0].result = ATTEMPT_REFUSED;
    m.attempts[0].syn = at(500);
    m.attempts[0].failed = at(600);
    built_of(&b, &m);
    assert_event(built_nth(&b, P2T_HOOK_CONNECT_START, 0), P2T_OBSERVED, 500, OPEN, 500, 500, 0);
    const struct p2t_event *done = built_nth(&b, P2T_HOOK_CONNECT_DONE, 0);
    assert_event(done, P2T_OBSERVED, 600, 600, 1000, 600, 0);
    assert_arg_text(done, "err", "dial tcp 10.0.0.2:80: connect: connection refused");
    assert_event(built_nth(&b, P2T_HOOK_CONNECT_START, 1), P2T_OBSERVED, 1000, 600, 1000, 1000, 0);
    /* From the first address to the one that answered. */
    assert_int_equal(b.x->phases.connect_ns, 610000);
    built_free(&b, &m);
}

static void the_last_failure_has_no_latest_time(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    m.attempts[0].result = ATTEMPT_ICMP;
    m.attempts[0].failed = at(1200);
    m.attempts[0].icmp_family = 4;
    m.attempts[0].icmp_code = 1;
    built_of(&b, &m);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_CONNECT_DONE);
    assert_event(done, P2T_OBSERVED, 1200, 1200, OPEN, 1200, 0);
    assert_arg_text(done, "err", "dial tcp 10.0.0.2:80: connect: no route to host");
    built_free(&b, &m);
}

static void an_attempt_given_up_ends_between_its_last_syn_and_the_next_one_due(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    m.attempts[0].result = ATTEMPT_TIMEOUT;
    m.attempts[0].syns = 2;
    m.attempts[0].last_syn = at(1001000);
    m.attempts[0].gave_up_ns = at(2500000).ts_ns;
    m.attempts[0].next_slot_ns = at(3001000).ts_ns;
    built_of(&b, &m);
    const struct p2t_event *done = built_only(&b, P2T_HOOK_CONNECT_DONE);
    assert_event(done, P2T_INFERRED, 2500000, 1001000, 3001000, 1000, 1001000, 0);
    assert_arg_text(done, "err", "dial tcp 10.0.0.2:80: i/o timeout");
    built_free(&b, &m);
}

static void a_race_lost_ends_after_the_winners_syn_ack(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.attempt_count = 2;
    m.attempts[1] = m.attempts[0];
    m.attempts[0].result = ATTEMPT_CANCELED;
    m.attempts[0].syn = at(700);
    m.attempts[0].lost = true;
    m.attempts[0].failed = at(1100);
    m.attempts[0].syn_ack = m.attempts[0].ack = (struct packet_mark){0};
    built_of(&b, &m);
    /* It comes first by its number, but after the winner's by its time. */
    assert_event(built_nth(&b, P2T_HOOK_CONNECT_DONE, 0), P2T_OBSERVED, 1110, 1100, 2000, 1100, 1110, 0);
    const struct p2t_event *lost = built_nth(&b, P2T_HOOK_CONNECT_DONE, 1);
    assert_event(lost, P2T_INFERRED, 1200, 1100, OPEN, 1100, 0);
    assert_arg_text(lost, "err", "dial tcp 10.0.0.2:80: operation was canceled");
    /* The second attempt began while the first was on its way. */
    assert_event(built_nth(&b, P2T_HOOK_CONNECT_START, 1), P2T_OBSERVED, 1000, 700, 1000, 1000, 0);
    built_free(&b, &m);
}

static void an_attempt_that_the_client_ended_ends_after_its_rst(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    m.attempts[0].result = ATTEMPT_CANCELED;
    m.attempts[0].failed = at(51000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_CONNECT_DONE), P2T_INFERRED, 51100, 51000, OPEN, 51000, 0);
    assert_int_equal(b.x->phases.connect_ns, -1);
    built_free(&b, &m);
}

static void a_pending_attempt_has_no_end(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_CONNECT_START), 1);
    assert_int_equal(built_count(&b, P2T_HOOK_CONNECT_DONE), 0);
    built_free(&b, &m);
}

/* ---- GotConn ---- */

static void got_conn_is_before_the_head_on_a_fresh_connection(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_event(ev, P2T_INFERRED, 1970, 1100, 2000, 1100, 2000, 0);
    assert_arg_names(ev, "Reused WasIdle IdleTime LocalAddr RemoteAddr");
    assert_arg_bool(ev, "Reused", false);
    assert_arg_bool(ev, "WasIdle", false);
    assert_arg_int(ev, "IdleTime", 0);
    assert_arg_text(ev, "LocalAddr", "10.0.0.1:40000");
    assert_arg_text(ev, "RemoteAddr", "10.0.0.2:80");
    built_free(&b, &m);
}

static void got_conn_is_after_what_the_caller_did_before(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.request.first = at(1120);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1110, 1100, 1120, 1100, 1120, 0);
    built_free(&b, &m);
}

static void got_conn_on_a_reused_connection_begins_at_its_last_use(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.conn.position = 1;
    m.e.conn.previous_end = at(1500);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_event(ev, P2T_INFERRED, 1970, 1500, 2000, 1500, 2000, 0);
    assert_arg_bool(ev, "Reused", true);
    assert_arg_bool(ev, "WasIdle", true);
    assert_arg_int(ev, "IdleTime", 500000);
    built_free(&b, &m);

    /* Sent before the response before it was whole: it never was idle. */
    m.e.conn.pipelined = true;
    built_of(&b, &m);
    ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_arg_bool(ev, "Reused", true);
    assert_arg_bool(ev, "WasIdle", false);
    assert_arg_int(ev, "IdleTime", 0);
    built_free(&b, &m);
}

static void whether_it_was_reused_is_unknown_without_a_handshake(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.conn.handshake_seen = false;
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_arg_null(ev, "Reused");
    assert_arg_null(ev, "WasIdle");
    assert_arg_null(ev, "IdleTime");
    assert_arg_text(ev, "LocalAddr", "10.0.0.1:40000");
    assert_int_equal(b.x->connection->reused, -1);
    built_free(&b, &m);

    m.e.conn.position = 1;
    built_of(&b, &m);
    assert_arg_bool(built_only(&b, P2T_HOOK_GOT_CONN), "Reused", true);
    assert_int_equal(b.x->connection->reused, 1);
    built_free(&b, &m);
}

static void a_connection_dialled_for_another_request_was_idle(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.conn.orphan_dial = true;
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_arg_bool(ev, "Reused", true);
    assert_arg_bool(ev, "WasIdle", true);
    assert_arg_int(ev, "IdleTime", 900000);
    built_free(&b, &m);
}

/* Its own dial ended later: that does not hold back what came over the other connection. */
static void a_connection_handed_over_was_not_idle(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.conn.handed_over = true;
    m.e.conn.previous_end = at(1900);
    m.attempts[0].ack = at(2500);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_CONN);
    assert_event(ev, P2T_INFERRED, 1970, 1900, 2000, 1900, 2000, 0);
    assert_arg_bool(ev, "Reused", true);
    assert_arg_bool(ev, "WasIdle", false);
    assert_arg_int(ev, "IdleTime", 0);
    built_free(&b, &m);
}

static void got_conn_begins_where_the_connection_was_ready(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1970, 1500, 2000, 1500, 2000, 0);
    built_free(&b, &m);

    made_tls(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1970, 1800, 2000, 1800, 2000, 0);
    built_free(&b, &m);

    /* Behind an https proxy. */
    m.tls.inner_hello = at(1820);
    m.tls.inner_done = at(1850);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1970, 1850, 2000, 1850, 2000, 0);
    built_free(&b, &m);

    made_http(&m);
    m.e.conn.tunnel_ready = at(1300);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1970, 1300, 2000, 1300, 2000, 0);
    built_free(&b, &m);

    made_http(&m);
    m.e.conn.syn_ack = (struct packet_mark){0};
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 1970, 1110, 2000, 1110, 2000, 0);
    built_free(&b, &m);
}

/* Ready, and closed by the server before a request: the client had it already. */
static void a_connection_closed_unused_was_handed_over(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_dial(&m);
    made_add_dial(&m);
    made_server_fin(&m, 5000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 4970, 1100, 5000, 1100, 5000, 0);
    built_free(&b, &m);

    m.e.conn.server_fin = (struct packet_mark){0};
    m.e.conn.server_rst = at(6000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 5970, 1100, 6000, 1100, 6000, 0);
    built_free(&b, &m);
}

/* HTTP/2's preface and its first request may share a packet. */
static void a_packet_is_evidence_once(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    m.e.conn.preface = m.e.request.first;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 2000, 2000, 2000, 2000, 0);
    built_free(&b, &m);

    /* Packets of another file are other packets. */
    m.e.conn.preface.ref.file = 1;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_CONN), P2T_INFERRED, 2000, 2000, 2000, 2000, 2000, 0);
    assert_int_equal(b.x->file_count, 2);
    built_free(&b, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_conn_is_before_the_first_query),
        cmocka_unit_test(get_conn_is_before_the_syn_where_no_lookup_was_seen),
        cmocka_unit_test(get_conn_is_before_the_request_on_a_reused_connection),
        cmocka_unit_test(get_conn_is_before_the_client_hello_where_the_syn_was_not_seen),
        cmocka_unit_test(a_shared_lookup_bounds_who_asked_by_its_answer),
        cmocka_unit_test(a_connection_dialled_for_somebody_else_has_no_get_conn),
        cmocka_unit_test(get_conn_names_the_target_or_its_proxy),
        cmocka_unit_test(a_lookup_lies_between_its_query_and_its_answer),
        cmocka_unit_test(a_failed_lookup_tells_its_error),
        cmocka_unit_test(an_unknown_rcode_is_null),
        cmocka_unit_test(a_lookup_that_timed_out_ends_with_the_resolvers_timer),
        cmocka_unit_test(a_timer_ends_before_the_syn),
        cmocka_unit_test(a_pending_lookup_has_no_end),
        cmocka_unit_test(a_name_without_a_query_is_assumed_at_the_syn),
        cmocka_unit_test(a_proxy_that_passes_a_request_on_looked_no_name_up),
        cmocka_unit_test(a_lookup_joined_by_name_is_inferred),
        cmocka_unit_test(an_address_needs_no_lookup),
        cmocka_unit_test(a_proxys_client_does_not_look_up_the_targets_name),
        cmocka_unit_test(connecting_lies_between_syn_and_ack),
        cmocka_unit_test(half_a_handshake_is_enough),
        cmocka_unit_test(connect_done_ends_before_the_clients_next_move),
        cmocka_unit_test(a_dial_not_waited_for_has_no_latest_end),
        cmocka_unit_test(a_refused_attempt_ends_with_the_rst),
        cmocka_unit_test(the_last_failure_has_no_latest_time),
        cmocka_unit_test(an_attempt_given_up_ends_between_its_last_syn_and_the_next_one_due),
        cmocka_unit_test(a_race_lost_ends_after_the_winners_syn_ack),
        cmocka_unit_test(an_attempt_that_the_client_ended_ends_after_its_rst),
        cmocka_unit_test(a_pending_attempt_has_no_end),
        cmocka_unit_test(got_conn_is_before_the_head_on_a_fresh_connection),
        cmocka_unit_test(got_conn_is_after_what_the_caller_did_before),
        cmocka_unit_test(got_conn_on_a_reused_connection_begins_at_its_last_use),
        cmocka_unit_test(whether_it_was_reused_is_unknown_without_a_handshake),
        cmocka_unit_test(a_connection_dialled_for_another_request_was_idle),
        cmocka_unit_test(a_connection_handed_over_was_not_idle),
        cmocka_unit_test(got_conn_begins_where_the_connection_was_ready),
        cmocka_unit_test(a_connection_closed_unused_was_handed_over),
        cmocka_unit_test(a_packet_is_evidence_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
