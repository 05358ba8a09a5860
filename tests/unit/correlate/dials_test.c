/* Which lookup, which attempts and which connection make one exchange. The lab's captures of some of these end too
 * early; here the whole stories are told by hand. */
#include "support/cmocka_all.h"

#include "correlate/dial/schedule.h"
#include "sim.h"

static struct sim sim;

static int setup(void **state)
{
    (void)state;
    sim_init(&sim);
    return 0;
}

static void lookup_both(int64_t us, const char *name, const char *v4, const char *v6)
{
    sim_query(&sim, us, 4000, 1, name, DNS_AAAA);
    sim_query(&sim, us + 20, 4001, 2, name, DNS_A);
    sim_answer(&sim, us + 300, 4001, 2, name, DNS_A, 0, v4);
    sim_answer(&sim, us + 320, 4000, 1, name, DNS_AAAA, 0, v6);
}

static const struct sim_exchange *only_exchange(void)
{
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
    return &sim.out[0];
}

/* RFC 8305: IPv6 keeps silent, IPv4 is tried 300 ms later and wins. */
static void a_race_is_one_exchange_with_its_loser(void **state)
{
    (void)state;
    lookup_both(0, "b.test", "10.0.0.2", "fd00::2");
    struct flow_conn *v6 = sim_syn(&sim, 500, 5000, "fd00::2");
    struct flow_conn *v4 = sim_syn(&sim, 300600, 5001, "10.0.0.2");
    sim_established(&sim, 300700, v4);
    sim_request(&sim, 300800, v4, 0, "b.test", "/");
    sim_response(&sim, 301000, v4, 0, 200, NULL);
    sim_close(&sim, 9000000, v6, FLOW_END_IDLE);
    sim_close(&sim, 9000000, v4, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_HTTP1);
    assert_string_equal(x->host, "b.test");
    assert_int_equal(x->attempts, 2);
    assert_int_equal(x->result[0], ATTEMPT_CANCELED);
    assert_int_equal(x->result[1], ATTEMPT_OK);
}

/* One set of questions, two requests: both tell of the lookup, and that it was shared. */
static void two_dials_of_one_lookup_share_it(void **state)
{
    (void)state;
    lookup_both(0, "b.test", "10.0.0.2", NULL);
    struct flow_conn *a = sim_syn(&sim, 500, 5000, "10.0.0.2");
    struct flow_conn *b = sim_syn(&sim, 520, 5001, "10.0.0.2");
    sim_established(&sim, 600, a);
    sim_established(&sim, 620, b);
    sim_request(&sim, 700, a, 0, "b.test", "/1");
    sim_request(&sim, 720, b, 0, "b.test", "/2");
    sim_response(&sim, 900, a, 0, 200, NULL);
    sim_response(&sim, 920, b, 0, 200, NULL);
    sim_close(&sim, 9000000, a, FLOW_END_INPUT);
    sim_close(&sim, 9000000, b, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(sim.out[i].has_lookup);
        assert_true(sim.out[i].shared);
        assert_int_equal(sim.out[i].attempts, 1);
    }
}

/* Two names with one address: each connection belongs to the lookup of the name it asks for, whatever came first. */
static void the_host_field_decides_between_lookups_of_one_address(void **state)
{
    (void)state;
    lookup_both(0, "b.test", "10.0.0.2", NULL);
    lookup_both(400, "c.test", "10.0.0.2", NULL);
    struct flow_conn *first = sim_syn(&sim, 900, 5000, "10.0.0.2");
    struct flow_conn *second = sim_syn(&sim, 920, 5001, "10.0.0.2");
    sim_established(&sim, 1000, first);
    sim_established(&sim, 1020, second);
    sim_request(&sim, 1100, first, 0, "b.test", "/");
    sim_request(&sim, 1120, second, 0, "c.test", "/");
    sim_response(&sim, 1300, first, 0, 200, NULL);
    sim_response(&sim, 1320, second, 0, 200, NULL);
    sim_close(&sim, 9000000, first, FLOW_END_INPUT);
    sim_close(&sim, 9000000, second, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_string_equal(sim.out[0].host, "b.test");
    assert_string_equal(sim.out[1].host, "c.test");
}

/* A dial followed it, until the Host field named another: no question goes on with it any more. */
static void a_lookup_that_a_dial_gave_back_takes_no_question(void **state)
{
    size_t lookups = 0;

    (void)state;
    sim_query(&sim, 0, 4100, 7, "c.test", DNS_A);
    sim_answer(&sim, 100, 4100, 7, "c.test", DNS_A, 0, "10.0.0.2");
    struct flow_conn *conn = sim_syn(&sim, 900, 5000, "10.0.0.2");
    sim_established(&sim, 1000, conn);
    sim_request(&sim, 1100, conn, 0, "b.test", "/");
    sim_response(&sim, 1300, conn, 0, 200, NULL);
    sim_query(&sim, 30000, 4100, 8, "c.test", DNS_AAAA);
    sim_answer(&sim, 30100, 4100, 8, "c.test", DNS_AAAA, 0, NULL);
    sim_close(&sim, 90000000, conn, FLOW_END_INPUT);
    sim_finish(&sim);
    for (size_t i = 0; i < sim.n; i++)
        lookups += sim.out[i].kind == P2T_KIND_LOOKUP;
    assert_int_equal(lookups, 2);
}

static void every_address_refused_is_one_failure_with_the_first_error(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_A);
    sim_answer(&sim, 100, 4000, 1, "b.test", DNS_A, 0, "10.0.0.2");
    sim_query(&sim, 20, 4001, 2, "b.test", DNS_AAAA);
    sim_answer(&sim, 120, 4001, 2, "b.test", DNS_AAAA, 0, "fd00::2");
    struct flow_conn *a = sim_syn(&sim, 200, 5000, "fd00::2");
    sim_event(&sim, 220, a, FLOW_RST, FLOW_S2C);
    struct flow_conn *b = sim_syn(&sim, 300, 5001, "10.0.0.2");
    sim_event(&sim, 320, b, FLOW_RST, FLOW_S2C);
    sim_clock(&sim, 5000000);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].kind, P2T_KIND_CONNECT);
    assert_int_equal(sim.out[0].outcome, P2T_OUTCOME_CONNECT_ERROR);
    assert_int_equal(sim.out[0].attempts, 2);
    assert_string_equal(sim.out[0].error, "dial tcp [fd00::2]:80: connect: connection refused");
    sim_close(&sim, 9000000, a, FLOW_END_CLOSED);
    sim_close(&sim, 9000000, b, FLOW_END_CLOSED);
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
}

/* curl goes on when its timer for the next address is due, also where the first was refused long before. */
static void a_refused_dial_goes_on_when_its_timer_is_due(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_A);
    sim_answer(&sim, 100, 4000, 1, "b.test", DNS_A, 0, "10.0.0.2");
    sim_query(&sim, 20, 4001, 2, "b.test", DNS_AAAA);
    sim_answer(&sim, 120, 4001, 2, "b.test", DNS_AAAA, 0, "fd00::2");
    struct flow_conn *a = sim_syn(&sim, 200, 5000, "fd00::2");
    sim_event(&sim, 220, a, FLOW_RST, FLOW_S2C);
    sim_clock(&sim, 208200);
    struct flow_conn *b = sim_syn(&sim, 208300, 5001, "10.0.0.2");
    sim_established(&sim, 208400, b);
    sim_request(&sim, 208500, b, 0, "b.test", "/");
    sim_response(&sim, 208900, b, 0, 200, NULL);
    sim_close(&sim, 9000000, a, FLOW_END_CLOSED);
    sim_close(&sim, 9000000, b, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_int_equal(x->attempts, 2);
    assert_int_equal(x->result[0], ATTEMPT_REFUSED);
    assert_int_equal(x->result[1], ATTEMPT_OK);
}

static void unanswered_syns_end_when_the_next_one_does_not_come(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_syn_again(&sim, 1000000, c);
    sim_syn_again(&sim, 3000000, c);
    sim_clock(&sim, 7900000); /* the fourth is due at 7 s, and may be late */
    assert_int_equal(sim.n, 0);
    sim_clock(&sim, 8100000);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].result[0], ATTEMPT_TIMEOUT);
    assert_string_equal(sim.out[0].error, "dial tcp 10.0.0.2:80: i/o timeout");
    assert_true(sim.out[0].end_us > 3000000 && sim.out[0].end_us <= 7000000);
    sim_close(&sim, 9000000, c, FLOW_END_IDLE);
    sim_finish(&sim);
}

/* A client that had no answer would ask again: where it does not, the capture lacks its ACK. Where it does, the answer did
 * not reach it. */
static void an_answer_without_an_ack_reached_a_client_that_asks_no_more(void **state)
{
    (void)state;
    struct flow_conn *quiet = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_event(&sim, 200, quiet, FLOW_SYN_ACK, FLOW_S2C);
    struct flow_conn *asks = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_event(&sim, 1200, asks, FLOW_SYN_ACK, FLOW_S2C);
    sim_syn_again(&sim, 1001000, asks);
    sim_clock(&sim, 9000000);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        bool silent = sim.out[i].client_port == 5000;
        assert_int_equal(sim.out[i].result[0], silent ? ATTEMPT_OK : ATTEMPT_TIMEOUT);
        assert_int_equal(sim.out[i].outcome, silent ? P2T_OUTCOME_OK : P2T_OUTCOME_CONNECT_ERROR);
        assert_true(sim.out[i].quiet == silent);
    }
    sim_close(&sim, 9000000, quiet, FLOW_END_IDLE);
    sim_close(&sim, 9000000, asks, FLOW_END_IDLE);
    sim_finish(&sim);
}

/* resolv.conf's search list: one lookup, whose name is what all the questions begin with. */
static void a_search_list_is_one_lookup_of_the_short_name(void **state)
{
    static const char *const names[] = {"b.ns.svc.cluster.local", "b.svc.cluster.local", "b.cluster.local", "b"};

    (void)state;
    for (uint16_t i = 0; i < 4; i++) {
        sim_query(&sim, i * 400, (uint16_t)(4000 + i), i, names[i], DNS_A);
        sim_answer(&sim, i * 400 + 200, (uint16_t)(4000 + i), i, names[i], DNS_A, i == 0 ? 0 : DNS_NXDOMAIN, NULL);
    }
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_LOOKUP);
    assert_int_equal(x->outcome, P2T_OUTCOME_DNS_ERROR);
    assert_string_equal(x->host, "b");
    assert_int_equal(x->names, 4);
    assert_string_equal(x->error, "lookup b on 10.0.0.53:53: no such host");
}

/* A third suffix may have nothing in common with the first two: search prod.metro.test metro.test office.test. */
static void a_walk_goes_on_with_a_suffix_of_another_domain(void **state)
{
    static const char *const names[] = {"meteo.example.prod.metro.test", "meteo.example.metro.test",
                                        "meteo.example.office.test", "meteo.example"};

    (void)state;
    for (uint16_t i = 0; i < 4; i++) {
        uint16_t rcode = i < 3 ? DNS_NXDOMAIN : DNS_NOERROR;
        sim_query(&sim, i * 400, (uint16_t)(4000 + i), i, names[i], DNS_A);
        sim_answer(&sim, i * 400 + 200, (uint16_t)(4000 + i), i, names[i], DNS_A, rcode, i < 3 ? NULL : "10.0.0.2");
    }
    struct flow_conn *c = sim_syn(&sim, 1500, 5000, "10.0.0.2");
    sim_established(&sim, 1600, c);
    sim_request(&sim, 1700, c, 0, "meteo.example", "/");
    sim_response(&sim, 1900, c, 0, 200, NULL);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_HTTP1);
    assert_int_equal(x->names, 4);
    assert_string_equal(x->host, "meteo.example");
}

/* Two callers at once, search metro.test office.test: the name itself, tried last, shows what the others were for. */
static void walks_of_two_domains_are_told_once_each(void **state)
{
    static const char *const names[] = {"printer.metro.test", "printer.office.test", "printer"};

    (void)state;
    for (uint16_t i = 0; i < 3; i++)
        for (uint16_t caller = 0; caller < 2; caller++) {
            int64_t at = i * 400 + caller * 150;
            uint16_t id = (uint16_t)(i * 2 + caller), port = (uint16_t)(4000 + id);
            sim_query(&sim, at, port, id, names[i], DNS_A);
            sim_answer(&sim, at + 200, port, id, names[i], DNS_A, DNS_NXDOMAIN, NULL);
        }
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].names, 3);
        assert_string_equal(sim.out[i].host, "printer");
    }
}

static const struct sim_exchange *reset_after_syn_ack(int64_t us)
{
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");

    sim_event(&sim, 60, c, FLOW_SYN_ACK, FLOW_S2C);
    sim_event(&sim, us, c, FLOW_RST, FLOW_C2S);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    return only_exchange();
}

/* A health check that asks for no connection. */
static void a_syn_ack_that_is_reset_at_once_is_no_failure(void **state)
{
    (void)state;
    const struct sim_exchange *x = reset_after_syn_ack(90);
    assert_int_equal(x->kind, P2T_KIND_CONNECT);
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_true(x->quiet);
}

/* Who waits that long may have given up. */
static void a_dial_that_is_reset_later_was_given_up(void **state)
{
    (void)state;
    const struct sim_exchange *x = reset_after_syn_ack(200000);
    assert_int_equal(x->outcome, P2T_OUTCOME_CONNECT_ERROR);
    assert_false(x->quiet);
}

/* Captured at the server: the request was on its way when the server reset the connection. */
static void a_request_on_its_way_to_a_reset_has_its_dial(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 3000, c);
    sim_event(&sim, 3020, c, FLOW_RST, FLOW_S2C);
    sim_request(&sim, 3040, c, 0, "a.test", "/");
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_HTTP1);
    assert_int_equal(x->dialled_port, 5000);
    assert_int_equal(x->outcome, P2T_OUTCOME_NO_RESPONSE);
}

/* Two names that begin alike, one after the other, are no search list. */
static void a_name_in_another_domain_after_a_failure_is_a_lookup_of_its_own(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "www.a.test", DNS_A);
    sim_answer(&sim, 200, 4000, 1, "www.a.test", DNS_A, DNS_NXDOMAIN, NULL);
    sim_query(&sim, 400, 4001, 2, "www.b.example", DNS_A);
    sim_answer(&sim, 600, 4001, 2, "www.b.example", DNS_A, DNS_NXDOMAIN, NULL);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
}

/* musl: one socket, one id, all servers at once; the first answer counts. */
static void questions_to_all_servers_at_once_are_one_lookup(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 7, "b.test", DNS_A);
    sim_query(&sim, 5, 4000, 8, "b.test", DNS_AAAA);
    sim.name_server = "10.0.0.54";
    sim_query(&sim, 10, 4000, 7, "b.test", DNS_A);
    sim_query(&sim, 15, 4000, 8, "b.test", DNS_AAAA);
    sim_answer(&sim, 300, 4000, 7, "b.test", DNS_A, 0, NULL);
    sim_answer(&sim, 310, 4000, 8, "b.test", DNS_AAAA, 0, NULL);
    sim.name_server = "10.0.0.53";
    sim_answer(&sim, 400, 4000, 7, "b.test", DNS_A, 0, NULL);
    sim_clock(&sim, 5000000);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_LOOKUP);
    assert_int_equal(x->outcome, P2T_OUTCOME_DNS_ERROR);
    assert_int_equal(x->queries, 4);
}

/* glibc: the type that was answered is asked for again with the one that was not, with the same ids, and at last from
 * another socket. */
static void one_type_unanswered_over_three_rounds_is_one_lookup(void **state)
{
    (void)state;
    for (int64_t round = 0; round < 3; round++) {
        int64_t us = round * 1000100;
        uint16_t port = round < 2 ? 4000 : 4100;
        sim_query(&sim, us, port, 1, "b.test", DNS_A);
        sim_query(&sim, us + 20, round < 2 ? 4000 : 4101, 2, "b.test", DNS_AAAA);
        sim_answer(&sim, us + 90, port, 1, "b.test", DNS_A, 0, "10.0.0.2");
    }
    struct flow_conn *c = sim_syn(&sim, 3000400, 5000, "10.0.0.2");
    sim_established(&sim, 3000500, c);
    sim_request(&sim, 3000600, c, 0, "b.test", "/");
    sim_response(&sim, 3000900, c, 0, 200, NULL);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->queries, 6);
    assert_string_equal(x->host, "b.test");
}

/* RFC 9293 3.10.7.1: closed for good, the client answers with RST what still comes. */
static void an_answer_to_a_client_that_left_was_not_read(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_request(&sim, 200, c, 0, "10.0.0.2", "/");
    sim_event(&sim, 200300, c, FLOW_FIN, FLOW_C2S);
    sim_response(&sim, 400000, c, 0, 200, NULL);
    sim_event(&sim, 400010, c, FLOW_RST, FLOW_C2S);
    sim_close(&sim, 400010, c, FLOW_END_CLOSED);
    const struct sim_exchange *x = only_exchange();
    assert_true(x->unread);
    assert_int_equal(x->outcome, P2T_OUTCOME_NO_RESPONSE);
    assert_int_equal(x->end_us, 200300);
}

/* Linux keeps an ICMP error in mind that comes while the program is in connect(), and asks again after a second. */
static void a_dial_goes_on_after_an_icmp_error(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        if (again > 0)
            sim_init(&sim);
        struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
        sim_icmp(&sim, 70, c);
        sim_syn_again(&sim, 1010000, c);
        if (again > 0) {
            sim_icmp(&sim, 1010080, c);
        } else {
            sim_established(&sim, 1010100, c);
            sim_request(&sim, 1010300, c, 0, "10.0.0.2", "/");
            sim_response(&sim, 1011000, c, 0, 200, NULL);
        }
        sim_close(&sim, 9000000, c, FLOW_END_INPUT);
        const struct sim_exchange *x = only_exchange();
        assert_int_equal(x->outcome, again > 0 ? P2T_OUTCOME_CONNECT_ERROR : P2T_OUTCOME_OK);
        assert_int_equal(x->end_us, again > 0 ? 1010080 : 1011000);
    }
}

/* Its FIN waits behind a lost request: only what its kernel answers to the response tells that it had left. */
static void an_answer_for_a_socket_that_is_gone_was_not_read(void **state)
{
    static const uint32_t untaken[] = {300, 0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        if (i > 0)
            sim_init(&sim);
        struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
        sim_established(&sim, 100, c);
        sim_request(&sim, 200, c, 0, "10.0.0.2", "/");
        c->payload_bytes[FLOW_S2C] = 300;
        sim_response(&sim, 6400000, c, 0, 200, NULL);
        sim_reset(&sim, 6400010, c, untaken[i]);
        sim_close(&sim, 6400010, c, FLOW_END_CLOSED);
        const struct sim_exchange *x = only_exchange();
        assert_int_equal(x->unread, i == 0);
        assert_int_equal(x->outcome, i == 0 ? P2T_OUTCOME_NO_RESPONSE : P2T_OUTCOME_OK);
    }
}

/* It would send nothing after a RST of its own. */
static void a_client_that_goes_on_after_a_rst_had_not_left(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_event(&sim, 200, c, FLOW_RST, FLOW_C2S);
    sim_event(&sim, 300, c, FLOW_SENT_AFTER_RST, FLOW_C2S);
    sim_request(&sim, 300, c, 0, "b.test", "/");
    sim_response(&sim, 400, c, 0, 200, NULL);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    sim_finish(&sim);
    const struct sim_exchange *x = &sim.out[sim.n - 1];
    assert_int_equal(x->kind, P2T_KIND_HTTP1);
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_false(x->unread);
}

/* The server repeats its answer until 7 s after the SYN, and the client acknowledges it at last. */
static void acknowledged_at(int64_t us)
{
    static const int64_t repeated_us[] = {1000, 1000000, 3000000, 7000000};
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");

    for (size_t i = 0; i < sizeof repeated_us / sizeof *repeated_us; i++)
        sim_event(&sim, repeated_us[i], c, FLOW_SYN_ACK, FLOW_S2C);
    sim_event(&sim, us, c, FLOW_ESTABLISHED, FLOW_C2S);
    sim_close(&sim, us + 1000, c, FLOW_END_INPUT);
}

/* The next one would come at 15 s. */
static void a_dial_waits_while_its_answer_is_repeated(void **state)
{
    (void)state;
    acknowledged_at(15900000);
    assert_int_equal(only_exchange()->result[0], ATTEMPT_OK);
}

static void a_dial_is_over_when_its_answer_is_repeated_no_more(void **state)
{
    (void)state;
    acknowledged_at(16300000);
    assert_int_equal(only_exchange()->result[0], ATTEMPT_TIMEOUT);
}

/* A client that closed only its half takes the answer. */
static void an_answer_to_a_half_closed_client_was_read(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_request(&sim, 200, c, 0, "10.0.0.2", "/");
    sim_event(&sim, 300, c, FLOW_FIN, FLOW_C2S);
    sim_response(&sim, 400000, c, 0, 200, NULL);
    sim_event(&sim, 400010, c, FLOW_FIN, FLOW_S2C);
    sim_close(&sim, 400020, c, FLOW_END_INPUT);
    const struct sim_exchange *x = only_exchange();
    assert_false(x->unread);
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_int_equal(x->end_us, 400000);
}

static void a_lookup_that_led_nowhere_is_quiet(void **state)
{
    (void)state;
    lookup_both(0, "b.test", "10.0.0.2", NULL);
    sim_clock(&sim, 5000000);
    const struct sim_exchange *x = only_exchange();
    assert_int_equal(x->kind, P2T_KIND_LOOKUP);
    assert_int_equal(x->outcome, P2T_OUTCOME_OK);
    assert_true(x->quiet);
}

/* hooks.md 1.2: a connection dialled for a request that another one served. */
static void a_first_request_long_after_the_handshake_did_not_dial(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_request(&sim, 352000, c, 0, "10.0.0.2", "/");
    sim_response(&sim, 352300, c, 0, 200, NULL);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_int_equal(sim.out[0].kind, P2T_KIND_CONNECT);
    assert_true(sim.out[0].quiet && sim.out[0].orphan);
    assert_int_equal(sim.out[1].kind, P2T_KIND_HTTP1);
    assert_true(sim.out[1].orphan);
    assert_int_equal(sim.out[1].attempts, 0);
}

/* The server resets a kept connection as the request comes; it comes again after_us later. */
static const struct sim_exchange *dropped(int64_t after_us)
{
    struct flow_conn *old = sim_syn(&sim, 0, 5000, "10.0.0.2");

    sim_established(&sim, 100, old);
    sim_request(&sim, 200, old, 0, "10.0.0.2", "/");
    sim_response(&sim, 400, old, 0, 200, NULL);
    sim_request(&sim, 60000400, old, 1, "10.0.0.2", "/");
    sim_event(&sim, 60000500, old, FLOW_RST, FLOW_S2C);
    struct flow_conn *fresh = sim_syn(&sim, 60000500 + after_us, 5001, "10.0.0.2");
    sim_established(&sim, 60000600 + after_us, fresh);
    sim_request(&sim, 60000700 + after_us, fresh, 0, "10.0.0.2", "/");
    sim_response(&sim, 60000900 + after_us, fresh, 0, 200, NULL);
    sim_close(&sim, 69000000, old, FLOW_END_CLOSED);
    sim_close(&sim, 69000000, fresh, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 3);
    for (size_t i = 0; i < 3; i++)
        if (sim.out[i].outcome == P2T_OUTCOME_NO_RESPONSE)
            return &sim.out[i];
    return NULL;
}

static const char *link_of_last(void)
{
    for (size_t i = 0; i < 3; i++)
        if (sim.out[i].client_port == 5001)
            return sim.out[i].link;
    return NULL;
}

static void a_retry_after_a_stale_connection_is_linked(void **state)
{
    (void)state;
    const struct sim_exchange *x = dropped(400);
    assert_non_null(x);
    assert_string_equal(x->link, "retried_as");
    assert_string_equal(x->error, "");
    assert_string_equal(link_of_last(), "retry_of");
}

/* Its application saw the error, and asked again. */
static void a_retry_of_the_application_hides_no_failure(void **state)
{
    (void)state;
    const struct sim_exchange *x = dropped(100000);
    assert_non_null(x);
    assert_string_equal(x->link, "");
    assert_string_not_equal(x->error, "");
    assert_string_equal(link_of_last(), "");
}

static void a_redirect_is_linked_to_what_it_came_from(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_request(&sim, 200, c, 0, "b.test", "/old");
    sim_response(&sim, 400, c, 0, 302, "http://b.test/new");
    sim_request(&sim, 600, c, 1, "b.test", "/new");
    sim_response(&sim, 800, c, 1, 200, NULL);
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_string_equal(sim.out[0].link, "");
    assert_string_equal(sim.out[1].link, "redirected_from");
}

/* Each is handed over when it is settled; at one packet the one that began first. */
static void an_exchange_waits_for_no_other(void **state)
{
    (void)state;
    struct flow_conn *c = sim_syn(&sim, 0, 5000, "10.0.0.2");
    sim_established(&sim, 100, c);
    sim_query(&sim, 150, 4000, 1, "b.test", DNS_A);
    sim_answer(&sim, 200, 4000, 1, "b.test", DNS_A, DNS_NXDOMAIN, NULL);
    sim_request(&sim, 300, c, 0, "10.0.0.2", "/1");
    sim_response(&sim, 400, c, 0, 200, NULL);
    assert_int_equal(sim.n, 0); /* what its connection does next belongs to it */
    sim_request(&sim, 500, c, 1, "10.0.0.2", "/2");
    sim_clock(&sim, 600);
    assert_int_equal(sim.n, 1);
    assert_string_equal(sim.out[0].target, "/1");
    sim_response(&sim, 700, c, 1, 200, NULL);
    sim_clock(&sim, 9000000);
    assert_int_equal(sim.n, 3);
    assert_int_equal(sim.out[1].kind, P2T_KIND_LOOKUP);
    assert_string_equal(sim.out[2].target, "/2");
    sim_close(&sim, 9000000, c, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 3);
}

/* The capture's clock was set forward by as much as a capture can say. */
static void a_syn_is_repeated_a_century_later(void **state)
{
    const int64_t first_ns = INT64_C(1795331160000000000), last_ns = INT64_C(4300000000000000000);
    const struct exchange_attempt a = {
        .syn = {first_ns, {1, 0}}, .last_syn = {last_ns, {2, 0}}, .last_interval_ns = last_ns - first_ns, .syns = 2};

    (void)state;
    assert_true(schedule_next_syn_ns(&a) == last_ns + INT64_C(7200000000000));
    sim_finish(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_syn_is_repeated_a_century_later, setup),
        cmocka_unit_test_setup(a_race_is_one_exchange_with_its_loser, setup),
        cmocka_unit_test_setup(two_dials_of_one_lookup_share_it, setup),
        cmocka_unit_test_setup(the_host_field_decides_between_lookups_of_one_address, setup),
        cmocka_unit_test_setup(a_lookup_that_a_dial_gave_back_takes_no_question, setup),
        cmocka_unit_test_setup(every_address_refused_is_one_failure_with_the_first_error, setup),
        cmocka_unit_test_setup(a_refused_dial_goes_on_when_its_timer_is_due, setup),
        cmocka_unit_test_setup(unanswered_syns_end_when_the_next_one_does_not_come, setup),
        cmocka_unit_test_setup(an_answer_without_an_ack_reached_a_client_that_asks_no_more, setup),
        cmocka_unit_test_setup(a_search_list_is_one_lookup_of_the_short_name, setup),
        cmocka_unit_test_setup(a_walk_goes_on_with_a_suffix_of_another_domain, setup),
        cmocka_unit_test_setup(walks_of_two_domains_are_told_once_each, setup),
        cmocka_unit_test_setup(a_request_on_its_way_to_a_reset_has_its_dial, setup),
        cmocka_unit_test_setup(a_syn_ack_that_is_reset_at_once_is_no_failure, setup),
        cmocka_unit_test_setup(a_dial_that_is_reset_later_was_given_up, setup),
        cmocka_unit_test_setup(a_name_in_another_domain_after_a_failure_is_a_lookup_of_its_own, setup),
        cmocka_unit_test_setup(questions_to_all_servers_at_once_are_one_lookup, setup),
        cmocka_unit_test_setup(one_type_unanswered_over_three_rounds_is_one_lookup, setup),
        cmocka_unit_test_setup(an_answer_to_a_client_that_left_was_not_read, setup),
        cmocka_unit_test_setup(a_dial_goes_on_after_an_icmp_error, setup),
        cmocka_unit_test_setup(an_answer_for_a_socket_that_is_gone_was_not_read, setup),
        cmocka_unit_test_setup(a_client_that_goes_on_after_a_rst_had_not_left, setup),
        cmocka_unit_test_setup(a_dial_waits_while_its_answer_is_repeated, setup),
        cmocka_unit_test_setup(a_dial_is_over_when_its_answer_is_repeated_no_more, setup),
        cmocka_unit_test_setup(an_answer_to_a_half_closed_client_was_read, setup),
        cmocka_unit_test_setup(a_lookup_that_led_nowhere_is_quiet, setup),
        cmocka_unit_test_setup(a_first_request_long_after_the_handshake_did_not_dial, setup),
        cmocka_unit_test_setup(a_retry_after_a_stale_connection_is_linked, setup),
        cmocka_unit_test_setup(a_retry_of_the_application_hides_no_failure, setup),
        cmocka_unit_test_setup(a_redirect_is_linked_to_what_it_came_from, setup),
        cmocka_unit_test_setup(an_exchange_waits_for_no_other, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
