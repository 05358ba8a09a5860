/* Whose a question is: one more try, or another caller's. Each case is that of an incident whose clients logged what they
 * saw. Times in microseconds; a name server that is asked twice by default, after a second. */
#include "support/cmocka_all.h"

#include "sim.h"

static struct sim sim;

static int setup(void **state)
{
    (void)state;
    sim_init(&sim);
    return 0;
}

static void connect_and_get(int64_t us, uint16_t port)
{
    struct flow_conn *c = sim_syn(&sim, us, port, "10.0.0.2");

    sim_established(&sim, us + 50, c);
    sim_request(&sim, us + 100, c, 0, "b.test", "/");
    sim_response(&sim, us + 900, c, 0, 200, NULL);
    sim_close(&sim, 20000000, c, FLOW_END_INPUT);
}

static const struct sim_exchange *found_kind(enum p2t_kind kind)
{
    for (size_t i = 0; i < sim.n; i++)
        if (sim.out[i].kind == kind)
            return &sim.out[i];
    fail_msg("no exchange of kind %d", (int)kind);
    return NULL;
}

static void ask_both(int64_t us, uint16_t id)
{
    sim_query(&sim, us, (uint16_t)(4000 + id), id, "b.test", DNS_AAAA);
    sim_query(&sim, us + 40, (uint16_t)(4001 + id), (uint16_t)(id + 1), "b.test", DNS_A);
}

/* Two resolvers of one process: each asks again a second after its own first question. */
static void two_callers_have_a_lookup_each(void **state)
{
    (void)state;
    ask_both(0, 10);
    ask_both(205000, 20);
    ask_both(1000400, 30);
    sim_answer(&sim, 1001800, 4030, 30, "b.test", DNS_AAAA, DNS_NXDOMAIN, NULL);
    sim_answer(&sim, 1001900, 4031, 31, "b.test", DNS_A, DNS_NXDOMAIN, NULL);
    ask_both(1205900, 40);
    sim_answer(&sim, 1207000, 4040, 40, "b.test", DNS_AAAA, DNS_NXDOMAIN, NULL);
    sim_answer(&sim, 1207100, 4041, 41, "b.test", DNS_A, DNS_NXDOMAIN, NULL);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].queries, 4);
        assert_string_equal(sim.out[i].error, "lookup b.test on 10.0.0.53:53: no such host");
    }
    assert_int_equal(sim.out[0].end_us, 1001900);
    assert_int_equal(sim.out[1].end_us, 1207100);
}

/* Between two tries comes another caller's question, at no whole second. */
static void a_question_between_two_tries_is_another_callers(void **state)
{
    (void)state;
    ask_both(0, 10);
    ask_both(1361000, 20);
    sim_answer(&sim, 1362000, 4020, 20, "b.test", DNS_AAAA, DNS_NXDOMAIN, NULL);
    sim_answer(&sim, 1362100, 4021, 21, "b.test", DNS_A, DNS_NXDOMAIN, NULL);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_int_equal(sim.out[0].queries, 2);
    assert_int_equal(sim.out[1].queries, 2);
}

/* resolv.conf: attempts:3. One type is answered, so that the other's third try is nobody else's. */
static void a_third_try_for_one_type_is_the_same_lookup(void **state)
{
    (void)state;
    ask_both(0, 10);
    sim_answer(&sim, 1500, 4011, 11, "b.test", DNS_A, 0, "10.0.0.2");
    sim_query(&sim, 1000300, 4030, 30, "b.test", DNS_AAAA);
    sim_query(&sim, 2001100, 4040, 40, "b.test", DNS_AAAA);
    sim_answer(&sim, 2002500, 4040, 40, "b.test", DNS_AAAA, 0, NULL);
    connect_and_get(2002700, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].kind, P2T_KIND_HTTP1);
    assert_int_equal(sim.out[0].queries, 4);
}

/* The same where the answered type has no address. */
static void a_third_try_after_an_empty_answer_is_the_same_lookup(void **state)
{
    (void)state;
    ask_both(0, 10);
    sim_answer(&sim, 9000, 4010, 10, "b.test", DNS_AAAA, 0, NULL);
    sim_query(&sim, 1004300, 4030, 30, "b.test", DNS_A);
    sim_query(&sim, 2004500, 4040, 40, "b.test", DNS_A);
    sim_answer(&sim, 2006000, 4040, 40, "b.test", DNS_A, 0, "10.0.0.2");
    connect_and_get(2006200, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].kind, P2T_KIND_HTTP1);
    assert_int_equal(sim.out[0].queries, 4);
}

/* Who asks for both again has failed before. */
static void a_question_for_both_types_is_a_new_lookup(void **state)
{
    (void)state;
    ask_both(0, 10);
    sim_answer(&sim, 9000, 4010, 10, "b.test", DNS_AAAA, 0, NULL);
    sim_query(&sim, 1004300, 4030, 30, "b.test", DNS_A);
    ask_both(2004500, 40);
    sim_answer(&sim, 2006000, 4040, 40, "b.test", DNS_AAAA, 0, NULL);
    sim_answer(&sim, 2006100, 4041, 41, "b.test", DNS_A, 0, "10.0.0.2");
    connect_and_get(2006200, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_int_equal(found_kind(P2T_KIND_HTTP1)->queries, 2);
    assert_int_equal(found_kind(P2T_KIND_LOOKUP)->queries, 3);
}

static struct flow_conn *connect_and_ask(int64_t us, uint16_t port)
{
    struct flow_conn *c = sim_syn(&sim, us, port, "10.0.0.2");

    sim_established(&sim, us + 50, c);
    sim_request(&sim, us + 100, c, 0, "b.test", "/");
    sim_response(&sim, us + 900, c, 0, 200, NULL);
    return c;
}

/* Go's sockets get ports that others had a moment ago. */
static void a_port_that_comes_again_hides_no_question(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    ask_both(0, 10);
    sim_answer(&sim, 200, 4010, 10, "b.test", DNS_AAAA, 0, NULL);
    sim_answer(&sim, 250, 4011, 11, "b.test", DNS_A, 0, "10.0.0.2");
    c[0] = connect_and_ask(300, 5000);
    sim_query(&sim, 1600, 4020, 20, "b.test", DNS_AAAA);
    sim_query(&sim, 1640, 4010, 21, "b.test", DNS_A);
    sim_answer(&sim, 1800, 4010, 21, "b.test", DNS_A, 0, "10.0.0.2");
    sim_answer(&sim, 1820, 4020, 20, "b.test", DNS_AAAA, 0, NULL);
    c[1] = connect_and_ask(1900, 5001);
    for (int i = 0; i < 2; i++)
        sim_close(&sim, 20000000, c[i], FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].kind, P2T_KIND_HTTP1);
        assert_int_equal(sim.out[i].queries, 2);
    }
}

/* Windows XP: all names for one type, then for the other. */
static void a_walk_for_each_type_is_one_lookup(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_AAAA);
    sim_answer(&sim, 162000, 4000, 1, "b.test", DNS_AAAA, 0, NULL);
    sim_query(&sim, 162200, 4001, 2, "b.test.home.test", DNS_AAAA);
    sim_answer(&sim, 187000, 4001, 2, "b.test.home.test", DNS_AAAA, DNS_NXDOMAIN, NULL);
    sim_query(&sim, 187300, 4002, 3, "b.test", DNS_A);
    sim_answer(&sim, 297000, 4002, 3, "b.test", DNS_A, 0, "10.0.0.2");
    connect_and_get(298000, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].kind, P2T_KIND_HTTP1);
    assert_int_equal(sim.out[0].queries, 3);
    assert_string_equal(sim.out[0].host, "b.test");
}

/* Of one host: glibc asks for IPv4 only; 30 ms later Go asks for both. */
static void two_kinds_of_resolvers_have_a_lookup_each(void **state)
{
    (void)state;
    sim.not_gos_resolver = true;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_A);
    sim_answer(&sim, 1500, 4000, 1, "b.test", DNS_A, 0, "10.0.0.2");
    sim.not_gos_resolver = false;
    ask_both(30000, 20);
    sim_answer(&sim, 31500, 4020, 20, "b.test", DNS_AAAA, 0, NULL);
    sim_answer(&sim, 31600, 4021, 21, "b.test", DNS_A, 0, "10.0.0.2");
    connect_and_get(31800, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_int_equal(found_kind(P2T_KIND_HTTP1)->queries, 2);
    assert_int_equal(found_kind(P2T_KIND_LOOKUP)->queries, 1);
}

/* Nor does glibc's question say that Go's was given up. */
static void a_question_of_another_kind_supersedes_none(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_AAAA);
    sim.not_gos_resolver = true;
    sim_query(&sim, 1000, 4001, 2, "b.test", DNS_A);
    sim.not_gos_resolver = false;
    sim_query(&sim, 12400, 4002, 3, "b.test", DNS_A);
    sim_answer(&sim, 14600, 4000, 1, "b.test", DNS_AAAA, 0, NULL);
    sim_answer(&sim, 14700, 4001, 2, "b.test", DNS_A, 0, "10.0.0.2");
    sim_answer(&sim, 17200, 4002, 3, "b.test", DNS_A, 0, "10.0.0.2");
    connect_and_get(17500, 5000);
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    assert_int_equal(found_kind(P2T_KIND_HTTP1)->queries, 2);
    assert_int_equal(found_kind(P2T_KIND_LOOKUP)->outcome, P2T_OUTCOME_OK);
}

/* search a.b.test office.example b.test: what was tried between two names of one domain belongs to them. */
static void a_name_tried_between_two_others_is_part_of_the_walk(void **state)
{
    static const char *const names[] = {"x.a.b.test", "x.office.example", "x.b.test"};

    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        sim_query(&sim, i * 2000, (uint16_t)(4000 + i), i, names[i], DNS_A);
        sim_answer(&sim, i * 2000 + 1900, (uint16_t)(4000 + i), i, names[i], DNS_A,
                   i < 2 ? DNS_NXDOMAIN : DNS_NOERROR, i < 2 ? NULL : "10.0.0.2");
    }
    struct flow_conn *c = sim_syn(&sim, 6100, 5000, "10.0.0.2");
    sim_established(&sim, 6150, c);
    sim_request(&sim, 6200, c, 0, "x", "/");
    sim_response(&sim, 7000, c, 0, 200, NULL);
    sim_close(&sim, 20000000, c, FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, 1);
    assert_int_equal(sim.out[0].names, 3);
    assert_int_equal(sim.out[0].queries, 3);
}

/* Go's dial is the older one, but tries IPv4 after 300 ms, curl's after 200. */
static void a_race_goes_on_with_the_dial_whose_time_it_is(void **state)
{
    struct flow_conn *v4[2], *v6[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        uint16_t id = (uint16_t)(10 + 10 * i), port = (uint16_t)(4010 + 10 * i);
        ask_both(i * 60000, id);
        sim_answer(&sim, i * 60000 + 2000, port, id, "b.test", DNS_AAAA, 0, "fd00::2");
        sim_answer(&sim, i * 60000 + 2200, (uint16_t)(port + 1), (uint16_t)(id + 1), "b.test", DNS_A, 0, "10.0.0.2");
        v6[i] = sim_syn(&sim, i * 60000 + 2500, (uint16_t)(5000 + i), "fd00::2");
    }
    for (int i = 0; i < 2; i++) {
        int64_t us = i == 0 ? 262900 : 302900;
        v4[i] = sim_syn(&sim, us, (uint16_t)(5011 - i), "10.0.0.2");
        sim_established(&sim, us + 100, v4[i]);
        sim_request(&sim, us + 200, v4[i], 0, "b.test", "/");
        sim_response(&sim, us + 400, v4[i], 0, 200, NULL);
    }
    for (int i = 0; i < 2; i++) {
        sim_close(&sim, 20000000, v6[i], FLOW_END_INPUT);
        sim_close(&sim, 20000000, v4[i], FLOW_END_INPUT);
    }
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].attempts, 2);
        assert_int_equal(sim.out[i].client_port - 5010, sim.out[i].dialled_port - 5000);
    }
}

/* Another family's dial began before a second lookup of the name: it is the one that goes on. */
static void a_race_goes_on_with_the_dial_that_waited_longest(void **state)
{
    struct flow_conn *v6[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        ask_both(i * 216000, (uint16_t)(10 + 10 * i));
        sim_answer(&sim, i * 216000 + 2000, (uint16_t)(4010 + 10 * i), (uint16_t)(10 + 10 * i), "b.test", DNS_AAAA, 0,
                   "fd00::2");
        sim_answer(&sim, i * 216000 + 2200, (uint16_t)(4011 + 10 * i), (uint16_t)(11 + 10 * i), "b.test", DNS_A, 0,
                   "10.0.0.2");
        v6[i] = sim_syn(&sim, i * 216000 + 2500, (uint16_t)(5000 + i), "fd00::2");
    }
    struct flow_conn *v4[2];
    for (int i = 0; i < 2; i++) {
        v4[i] = sim_syn(&sim, i * 216000 + 302600, (uint16_t)(5010 + i), "10.0.0.2");
        sim_established(&sim, i * 216000 + 302700, v4[i]);
        sim_request(&sim, i * 216000 + 302800, v4[i], 0, "b.test", "/");
        sim_response(&sim, i * 216000 + 303000, v4[i], 0, 200, NULL);
    }
    for (int i = 0; i < 2; i++) {
        sim_close(&sim, 20000000, v6[i], FLOW_END_INPUT);
        sim_close(&sim, 20000000, v4[i], FLOW_END_INPUT);
    }
    sim_finish(&sim);
    assert_int_equal(sim.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].kind, P2T_KIND_HTTP1);
        assert_int_equal(sim.out[i].attempts, 2);
        assert_int_equal(sim.out[i].dialled_port, 5000 + i);
        assert_int_equal(sim.out[i].client_port, 5010 + i);
    }
}

static void glibc_asks(int64_t us, uint16_t port, uint16_t id)
{
    sim.not_gos_resolver = true;
    sim_query(&sim, us, port, id, "b.test", DNS_A);
    sim_query(&sim, us + 40, port, (uint16_t)(id + 1), "b.test", DNS_AAAA);
}

static void answer_both(int64_t us, uint16_t port, uint16_t id)
{
    sim_answer(&sim, us, port, id, "b.test", DNS_A, 0, "10.0.0.2");
    sim_answer(&sim, us + 40, port, (uint16_t)(id + 1), "b.test", DNS_AAAA, 0, NULL);
}

static void finish(struct flow_conn *const *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sim_close(&sim, 20000000, c[i], FLOW_END_INPUT);
    sim_finish(&sim);
    assert_int_equal(sim.n, n);
}

/* glibc asks again with the same ids. Another caller of the same host begins just when the next try is due. */
static void a_question_with_another_id_is_another_callers(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    glibc_asks(0, 4000, 10);
    glibc_asks(1000500, 4001, 20);
    answer_both(1001500, 4001, 20);
    c[0] = connect_and_ask(1001700, 5000);
    glibc_asks(1001800, 4002, 10);
    answer_both(1002900, 4002, 10);
    c[1] = connect_and_ask(1003100, 5001);
    finish(c, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sim.out[i].kind, P2T_KIND_HTTP1);
        assert_int_equal(sim.out[i].queries, sim.out[i].client_port == 5000 ? 2 : 4);
    }
}

/* A-only callers: one asks again, late, at the moment when the other's next try is due. */
static void a_question_with_its_id_is_its_own(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    sim.not_gos_resolver = true;
    sim_query(&sim, 0, 4000, 10, "b.test", DNS_A);
    sim_query(&sim, 500000, 4001, 20, "b.test", DNS_A);
    sim_query(&sim, 1500100, 4002, 10, "b.test", DNS_A);
    sim_answer(&sim, 1501500, 4002, 10, "b.test", DNS_A, 0, "10.0.0.2");
    c[0] = connect_and_ask(1501600, 5000);
    sim_query(&sim, 1504000, 4003, 20, "b.test", DNS_A);
    sim_answer(&sim, 1505500, 4003, 20, "b.test", DNS_A, 0, "10.0.0.2");
    c[1] = connect_and_ask(1505600, 5001);
    finish(c, 2);
    assert_int_equal(sim.out[0].client_port, 5000);
    assert_int_equal(sim.out[1].asked_us - sim.out[0].asked_us, 500000);
}

/* single-request: the second type is asked for when the first is answered, while another caller's try is due. */
static void a_second_type_follows_the_answer_for_the_first(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    sim.not_gos_resolver = true;
    sim_query(&sim, 0, 4000, 10, "b.test", DNS_A);
    sim_answer(&sim, 1500, 4000, 10, "b.test", DNS_A, 0, "10.0.0.2");
    sim_query(&sim, 1600, 4001, 11, "b.test", DNS_AAAA);
    sim_query(&sim, 1000500, 4002, 20, "b.test", DNS_A);
    sim_answer(&sim, 1002000, 4002, 20, "b.test", DNS_A, 0, "10.0.0.2");
    sim_query(&sim, 1002100, 4003, 21, "b.test", DNS_AAAA);
    sim_answer(&sim, 1003500, 4003, 21, "b.test", DNS_AAAA, 0, NULL);
    c[0] = connect_and_ask(1003600, 5001);
    sim_query(&sim, 1008000, 4004, 11, "b.test", DNS_AAAA);
    sim_answer(&sim, 1009500, 4004, 11, "b.test", DNS_AAAA, 0, NULL);
    c[1] = connect_and_ask(1009700, 5000);
    finish(c, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sim.out[i].queries, sim.out[i].client_port == 5001 ? 2 : 3);
}

/* Two wait for an answer of the other type; who dials is the one whose second is over. */
static void a_dial_follows_the_lookup_that_gives_up_now(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    for (uint16_t i = 0; i < 2; i++) {
        glibc_asks(i * 250000, (uint16_t)(4000 + i), (uint16_t)(10 + 10 * i));
        sim_answer(&sim, i * 250000 + 1500, (uint16_t)(4000 + i), (uint16_t)(10 + 10 * i), "b.test", DNS_A, 0,
                   "10.0.0.2");
    }
    c[0] = connect_and_ask(1001500, 5000);
    c[1] = connect_and_ask(1251500, 5001);
    finish(c, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sim.out[i].asked_us - sim.out[0].asked_us,
                         sim.out[i].client_port == sim.out[0].client_port ? 0 : i * 250000);
    assert_int_equal(sim.out[0].client_port, 5000);
}

/* Go's callers share a lookup, and a busy host is late; a process of another kind that dials 45 ms later has a cache. */
static void a_later_dial_shares_no_lookup_of_glibcs(void **state)
{
    struct flow_conn *c[2];

    (void)state;
    glibc_asks(0, 4000, 10);
    answer_both(1500, 4000, 10);
    c[0] = connect_and_ask(1700, 5000);
    c[1] = connect_and_ask(47000, 5001);
    finish(c, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sim.out[i].has_lookup, sim.out[i].client_port == 5000);
}

static void walks_in_vain(int64_t us, uint16_t port)
{
    static const char *const names[] = {"x.test", "x.test.a.test", "x.test.test"};

    for (uint16_t i = 0; i < 3; i++, us += 2000) {
        uint16_t at = (uint16_t)(port + 2 * i), other = sim.not_gos_resolver ? at : (uint16_t)(at + 1);
        sim_query(&sim, us, at, at, names[i], DNS_A);
        sim_query(&sim, us + 20, other, (uint16_t)(at + 1), names[i], DNS_AAAA);
        sim_answer(&sim, us + 1500, at, at, names[i], DNS_A, DNS_NXDOMAIN, NULL);
        sim_answer(&sim, us + 1600, other, (uint16_t)(at + 1), names[i], DNS_AAAA, DNS_NXDOMAIN, NULL);
    }
}

/* One host, and one moment later: Go's walk, glibc's, and glibc's again. */
static void walks_of_the_same_names_are_one_each(void **state)
{
    (void)state;
    walks_in_vain(0, 4000);
    sim.not_gos_resolver = true;
    walks_in_vain(16000, 4100);
    walks_in_vain(32000, 4200);
    sim_finish(&sim);
    assert_int_equal(sim.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sim.out[i].queries, 6);
        assert_int_equal(sim.out[i].names, 3);
        assert_string_equal(sim.out[i].host, "x.test");
    }
}

static void ask_and_fail(int64_t us, uint16_t port, const char *name)
{
    sim_query(&sim, us, port, port, name, DNS_A);
    sim_answer(&sim, us + 1500, port, port, name, DNS_A, DNS_NXDOMAIN, NULL);
}

/* Two walks through one search list at a time: each goes on with the name that comes after its own. */
static void walks_keep_the_order_of_their_search_list(void **state)
{
    (void)state;
    sim.not_gos_resolver = true;
    for (uint16_t i = 0; i < 3; i++)
        ask_and_fail(i * 2000, (uint16_t)(4000 + i), (const char *[]){"x.a.b.test", "x.b.test", "x.test"}[i]);
    ask_and_fail(98000, 4100, "x.a.b.test");
    ask_and_fail(99900, 4101, "x.b.test");
    ask_and_fail(105000, 4200, "x.a.b.test");
    ask_and_fail(106900, 4102, "x.test"); /* of the first, although the second was answered last */
    ask_and_fail(108000, 4201, "x.b.test");
    ask_and_fail(170000, 4202, "x.test"); /* a busy host */
    sim_finish(&sim);
    assert_int_equal(sim.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sim.out[i].queries, 3);
        assert_int_equal(sim.out[i].names, 3);
        if (sim.out[i].asked_us > 0)
            assert_int_equal(sim.out[i].end_us, sim.out[i].asked_us == 98000 ? 108400 : 171500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_question_with_another_id_is_another_callers, setup),
        cmocka_unit_test_setup(a_question_with_its_id_is_its_own, setup),
        cmocka_unit_test_setup(a_second_type_follows_the_answer_for_the_first, setup),
        cmocka_unit_test_setup(a_dial_follows_the_lookup_that_gives_up_now, setup),
        cmocka_unit_test_setup(a_later_dial_shares_no_lookup_of_glibcs, setup),
        cmocka_unit_test_setup(walks_of_the_same_names_are_one_each, setup),
        cmocka_unit_test_setup(walks_keep_the_order_of_their_search_list, setup),
        cmocka_unit_test_setup(two_callers_have_a_lookup_each, setup),
        cmocka_unit_test_setup(a_question_between_two_tries_is_another_callers, setup),
        cmocka_unit_test_setup(a_third_try_for_one_type_is_the_same_lookup, setup),
        cmocka_unit_test_setup(a_third_try_after_an_empty_answer_is_the_same_lookup, setup),
        cmocka_unit_test_setup(a_question_for_both_types_is_a_new_lookup, setup),
        cmocka_unit_test_setup(a_walk_for_each_type_is_one_lookup, setup),
        cmocka_unit_test_setup(a_port_that_comes_again_hides_no_question, setup),
        cmocka_unit_test_setup(a_race_goes_on_with_the_dial_whose_time_it_is, setup),
        cmocka_unit_test_setup(a_name_tried_between_two_others_is_part_of_the_walk, setup),
        cmocka_unit_test_setup(a_question_of_another_kind_supersedes_none, setup),
        cmocka_unit_test_setup(two_kinds_of_resolvers_have_a_lookup_each, setup),
        cmocka_unit_test_setup(a_race_goes_on_with_the_dial_that_waited_longest, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
