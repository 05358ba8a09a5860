/* Go's pool: which request made a dial that another connection made needless. All times in microseconds; a GET is named by
 * its path, and connections by the client's port. */
#include "support/cmocka_all.h"

#include "sim.h"

static struct sim sim;

static int setup(void **state)
{
    (void)state;
    sim_init(&sim);
    return 0;
}

static struct flow_conn *open_conn(int64_t us, uint16_t port)
{
    struct flow_conn *c = sim_syn(&sim, us, port, "10.0.0.2");

    sim_established(&sim, us + 100, c);
    return c;
}

static void finish(struct flow_conn **conns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sim_close(&sim, 9000000, conns[i], FLOW_END_INPUT);
    sim_finish(&sim);
}

static const struct sim_exchange *found(const char *target)
{
    for (size_t i = 0; i < sim.n; i++)
        if (strcmp(sim.out[i].target, target) == 0)
            return &sim.out[i];
    fail_msg("no exchange %s", target);
    return NULL;
}

static void assert_story(const char *target, uint16_t on, uint16_t dialled, bool handed_over)
{
    const struct sim_exchange *x = found(target);

    assert_int_equal(x->client_port, on);
    assert_int_equal(x->dialled_port, dialled);
    assert_int_equal(x->handed_over, handed_over);
}

/* /b dials while /a's connection is busy; that one comes free before the dial is done. */
static void a_connection_that_comes_free_first_serves_the_dialler(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 1250, a, 1, "10.0.0.2", "/b");
    sim_established(&sim, 21000, b);
    sim_response(&sim, 22000, a, 1, 200, NULL);
    sim_request(&sim, 30000, b, 0, "10.0.0.2", "/c");
    sim_response(&sim, 31000, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/a", 5000, 5000, false);
    assert_story("/b", 5000, 5001, true);
    assert_story("/c", 5001, 0, false);
    assert_int_equal(sim.n, 3);
}

/* Its response is over before the dial that it made: it is told when that is known. */
static void an_exchange_waits_for_the_end_of_its_dial(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 1250, a, 1, "10.0.0.2", "/b");
    sim_response(&sim, 1500, a, 1, 200, NULL);
    sim_clock(&sim, 500000);
    size_t before = sim.n;
    sim_event(&sim, 600000, b, FLOW_RST, FLOW_S2C);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_int_equal(before, 1);
    assert_string_equal(sim.out[0].target, "/a");
    assert_story("/b", 5000, 5001, true);
    assert_int_equal(found("/b")->result[0], ATTEMPT_REFUSED);
    assert_int_equal(found("/b")->outcome, P2T_OUTCOME_OK);
}

/* Its request failed with it; the connection that comes free afterwards serves another one. */
static void a_dial_that_was_refused_before_is_a_failure_of_its_own(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_event(&sim, 1100, b, FLOW_RST, FLOW_S2C);
    sim_response(&sim, 9200, a, 0, 200, NULL);
    sim_request(&sim, 9250, a, 1, "10.0.0.2", "/b");
    sim_response(&sim, 9500, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 0, false);
    assert_int_equal(sim.n, 3);
    assert_story("", 5001, 5001, false);
    assert_int_equal(found("")->result[0], ATTEMPT_REFUSED);
    assert_int_equal(found("")->outcome, P2T_OUTCOME_CONNECT_ERROR);
}

/* The same where streams share the connection that comes up next. */
static void a_dial_that_was_refused_before_takes_no_stream(void **state)
{
    (void)state;
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_event(&sim, 1100, b, FLOW_RST, FLOW_S2C);
    struct flow_conn *a = open_conn(150000, 5000);
    sim_stream(&sim, 150150, a, 1, "10.0.0.2", "/a");
    sim_stream(&sim, 150200, a, 3, "10.0.0.2", "/b");
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/a", 5000, 5000, false);
    assert_story("/b", 5000, 0, false);
    assert_story("", 5001, 5001, false);
}

/* Go closes the second connection the moment it is set up, and sends the request on the first, once that has the server's
 * SETTINGS; a request that comes long after was made by nobody who dialled. */
static void a_connection_closed_for_another_ones_streams(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000), *b = open_conn(500, 5001), *c = open_conn(600, 5002);
    sim_stream(&sim, 800, a, 1, "10.0.0.2", "/a");
    sim_event(&sim, 900, b, FLOW_RST, FLOW_C2S);
    sim_event(&sim, 950, c, FLOW_RST, FLOW_C2S);
    sim_stream(&sim, 1900, a, 3, "10.0.0.2", "/b");
    sim_clock(&sim, 90000);
    sim_stream(&sim, 90000, a, 5, "10.0.0.2", "/c");
    finish((struct flow_conn *[]){a, b, c}, 3);
    assert_story("/a", 5000, 5000, false);
    assert_story("/b", 5000, 5001, true);
    assert_story("", 5002, 5002, false);
    assert_story("/c", 5000, 0, false);
}

/* Nobody waits: a free connection that is used later was idle, and so was nobody's dial. */
static void an_idle_connection_is_not_handed_over(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 5000, a, 1, "10.0.0.2", "/b");
    struct flow_conn *b = open_conn(5500, 5001);
    sim_response(&sim, 6200, a, 1, 200, NULL);
    sim_request(&sim, 5650, b, 0, "10.0.0.2", "/c");
    sim_response(&sim, 6300, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 0, false);
    assert_story("/c", 5001, 5001, false);
}

/* Two wait: the first connection to come free is for the one that waited longer. */
static void the_longest_waiting_is_served_first(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    struct flow_conn *c = sim_syn(&sim, 1100, 5002, "10.0.0.2");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 1250, a, 1, "10.0.0.2", "/b");
    sim_established(&sim, 21000, b);
    sim_request(&sim, 21050, b, 0, "10.0.0.2", "/c");
    sim_established(&sim, 21200, c);
    sim_response(&sim, 22000, a, 1, 200, NULL);
    sim_response(&sim, 22100, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b, c}, 3);
    assert_story("/b", 5000, 5001, true);
    assert_story("/c", 5001, 5002, true);
}

/* The packets of a response are seen before its reader has put the connection back: who dials in between did not find
 * it, and gets it. */
static void a_dial_begun_just_after_a_response_takes_that_connection(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    struct flow_conn *b = sim_syn(&sim, 1300, 5001, "10.0.0.2");
    sim_request(&sim, 1400, a, 1, "10.0.0.2", "/b");
    sim_established(&sim, 21000, b);
    sim_response(&sim, 22000, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 5001, true);
}

/* Another client on the same host dials anew although one lies idle: its request comes over its own connection. */
static void a_dial_whose_connection_is_used_at_once_was_for_that_request(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    struct flow_conn *b = open_conn(1300, 5001);
    sim_request(&sim, 1450, b, 0, "10.0.0.2", "/b");
    sim_response(&sim, 2000, b, 0, 200, NULL);
    sim_request(&sim, 3000, a, 1, "10.0.0.2", "/c");
    sim_response(&sim, 3500, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5001, 5001, false);
    assert_story("/c", 5000, 0, false);
}

/* Only Go is known to do so: anybody else's dial belongs to what comes over it. */
static void other_clients_use_what_they_dial(void **state)
{
    (void)state;
    sim.not_go = true;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = sim_syn(&sim, 1000, 5001, "10.0.0.2");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 1250, a, 1, "10.0.0.2", "/b");
    sim_response(&sim, 2000, a, 1, 200, NULL);
    sim_established(&sim, 21000, b);
    sim_request(&sim, 21100, b, 0, "10.0.0.2", "/c");
    sim_response(&sim, 22000, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 0, false);
    assert_story("/c", 5001, 5001, false);
}

/* The question goes out, a connection comes free and serves, and only then is there a SYN. */
static void a_dial_that_is_seen_after_its_request(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "b.test", "/a");
    sim_query(&sim, 1000, 4000, 1, "b.test", DNS_A);
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_request(&sim, 1250, a, 1, "b.test", "/b");
    sim_response(&sim, 1500, a, 1, 200, NULL);
    sim_request(&sim, 1800, a, 2, "b.test", "/c");
    sim_answer(&sim, 30000, 4000, 1, "b.test", DNS_A, 0, "10.0.0.2");
    struct flow_conn *b = open_conn(30100, 5001);
    sim_response(&sim, 40000, a, 2, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 5001, true);
    assert_true(found("/b")->has_lookup);
    assert_story("/c", 5000, 0, false);
}

/* Go asks for both types at once: the dial that comes between the two questions follows the lookup before. */
static void a_lookup_that_is_half_asked_has_no_dial_yet(void **state)
{
    (void)state;
    sim_query(&sim, 0, 4000, 1, "b.test", DNS_AAAA);
    sim_query(&sim, 20, 4001, 2, "b.test", DNS_A);
    sim_answer(&sim, 100, 4000, 1, "b.test", DNS_AAAA, 0, NULL);
    sim_answer(&sim, 120, 4001, 2, "b.test", DNS_A, 0, "10.0.0.2");
    struct flow_conn *a = open_conn(200, 5000);
    sim_query(&sim, 7000, 4002, 3, "b.test", DNS_A);
    sim_answer(&sim, 7040, 4002, 3, "b.test", DNS_A, 0, "10.0.0.2");
    struct flow_conn *b = open_conn(7090, 5001);
    sim_query(&sim, 7800, 4003, 4, "b.test", DNS_AAAA);
    sim_answer(&sim, 7830, 4003, 4, "b.test", DNS_AAAA, 0, NULL);
    struct flow_conn *c = open_conn(7900, 5002);
    sim_request(&sim, 8300, a, 0, "b.test", "/a");
    sim_request(&sim, 8310, b, 0, "b.test", "/b");
    sim_request(&sim, 8320, c, 0, "b.test", "/c");
    finish((struct flow_conn *[]){a, b, c}, 3);
    assert_true(found("/b")->shared);
    assert_false(found("/c")->shared);
    assert_int_equal(found("/c")->queries, 2);
}

static void a_full_pool_is_told_by_what_it_keeps(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000), *b = open_conn(200, 5001);
    sim_request(&sim, 350, a, 0, "10.0.0.2", "/a");
    sim_request(&sim, 360, b, 0, "10.0.0.2", "/b");
    sim_response(&sim, 1000, a, 0, 200, NULL);
    sim_response(&sim, 9000, b, 0, 200, NULL);
    sim_event(&sim, 9050, b, FLOW_FIN, FLOW_C2S);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_false(found("/a")->pool_full);
    assert_true(found("/b")->pool_full);
}

/* Keep-alive may be off altogether: nothing tells. */
static void a_single_connection_closed_at_once_tells_nothing_of_the_pool(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    sim_response(&sim, 1000, a, 0, 200, NULL);
    sim_event(&sim, 1050, a, FLOW_FIN, FLOW_C2S);
    finish((struct flow_conn *[]){a}, 1);
    assert_false(found("/a")->pool_full);
}

/* Both connections were free before either was put back: who waited longer sends first, on whichever came first. */
static void the_longest_waiting_sends_first(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000), *b = open_conn(200, 5001);
    sim_request(&sim, 350, a, 0, "10.0.0.2", "/a");
    sim_request(&sim, 360, b, 0, "10.0.0.2", "/b");
    struct flow_conn *c = sim_syn(&sim, 1000, 5002, "10.0.0.2");
    struct flow_conn *d = sim_syn(&sim, 1100, 5003, "10.0.0.2");
    sim_response(&sim, 1200, a, 0, 200, NULL);
    sim_response(&sim, 1250, b, 0, 200, NULL);
    sim_request(&sim, 2400, b, 1, "10.0.0.2", "/c");
    sim_request(&sim, 2450, a, 1, "10.0.0.2", "/d");
    sim_established(&sim, 21000, c);
    sim_established(&sim, 21200, d);
    sim_response(&sim, 22000, b, 1, 200, NULL);
    sim_response(&sim, 22100, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b, c, d}, 4);
    assert_story("/c", 5001, 5002, true);
    assert_story("/d", 5000, 5003, true);
}

/* Of two that wait for one lookup, Go wakes the later first: the second SYN is the first one's. */
static void the_last_to_join_a_lookup_dials_first(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "b.test", "/a");
    sim_query(&sim, 1000, 4000, 1, "b.test", DNS_A);
    sim_response(&sim, 1100, a, 0, 200, NULL);
    sim_request(&sim, 1150, a, 1, "b.test", "/first");
    sim_answer(&sim, 2000, 4000, 1, "b.test", DNS_A, 0, "10.0.0.2");
    struct flow_conn *b = sim_syn(&sim, 2100, 5001, "10.0.0.2");
    sim_established(&sim, 2110, b);
    struct flow_conn *c = sim_syn(&sim, 2150, 5002, "10.0.0.2");
    sim_established(&sim, 2160, c);
    sim_request(&sim, 2300, b, 0, "b.test", "/last");
    sim_response(&sim, 40000, a, 1, 200, NULL);
    sim_response(&sim, 40100, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b, c}, 3);
    assert_story("/first", 5000, 5002, true);
    assert_story("/last", 5001, 5001, false);
}

/* The dial was done when another connection came free, but its request was not told yet: it went out on the other one. */
static void left_unused(int64_t last_answer_us)
{
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = open_conn(1000, 5001);
    sim_response(&sim, 1500, a, 0, 200, NULL);
    sim_request(&sim, 1600, a, 1, "10.0.0.2", "/b");
    sim_response(&sim, 1700, a, 1, 200, NULL);
    sim_request(&sim, 1800, a, 2, "10.0.0.2", "/c");
    sim_response(&sim, last_answer_us, a, 2, 200, NULL);
    sim_request(&sim, 30000, b, 0, "10.0.0.2", "/d");
    sim_response(&sim, 31000, b, 0, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 5001, true);
    assert_story("/c", 5000, 0, false);
    assert_story("/d", 5001, 0, false);
}

static void who_left_its_own_connection_unused_was_served_elsewhere(void **state)
{
    (void)state;
    left_unused(40000);
}

/* It is over before that is known. */
static void an_exchange_waits_for_what_its_dial_may_yet_carry(void **state)
{
    (void)state;
    left_unused(1900);
}

static void a_connection_closed_unused_was_for_who_was_served_elsewhere(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = open_conn(1000, 5001);
    sim_response(&sim, 1500, a, 0, 200, NULL);
    sim_request(&sim, 1600, a, 1, "10.0.0.2", "/b");
    sim_event(&sim, 1650, b, FLOW_RST, FLOW_C2S);
    sim_response(&sim, 1900, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 5001, true);
    assert_int_equal(sim.n, 2);
}

/* A request that came long after the dial was done cannot have made it. */
static void a_connection_left_unused_was_not_for_who_came_later(void **state)
{
    (void)state;
    struct flow_conn *a = open_conn(0, 5000);
    sim_request(&sim, 150, a, 0, "10.0.0.2", "/a");
    struct flow_conn *b = open_conn(1000, 5001);
    sim_response(&sim, 8000, a, 0, 200, NULL);
    sim_request(&sim, 8100, a, 1, "10.0.0.2", "/b");
    sim_response(&sim, 9000, a, 1, 200, NULL);
    finish((struct flow_conn *[]){a, b}, 2);
    assert_story("/b", 5000, 0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_connection_that_comes_free_first_serves_the_dialler, setup),
        cmocka_unit_test_setup(an_exchange_waits_for_the_end_of_its_dial, setup),
        cmocka_unit_test_setup(a_dial_that_was_refused_before_is_a_failure_of_its_own, setup),
        cmocka_unit_test_setup(a_dial_that_was_refused_before_takes_no_stream, setup),
        cmocka_unit_test_setup(a_connection_closed_for_another_ones_streams, setup),
        cmocka_unit_test_setup(an_idle_connection_is_not_handed_over, setup),
        cmocka_unit_test_setup(the_longest_waiting_is_served_first, setup),
        cmocka_unit_test_setup(a_dial_begun_just_after_a_response_takes_that_connection, setup),
        cmocka_unit_test_setup(a_dial_whose_connection_is_used_at_once_was_for_that_request, setup),
        cmocka_unit_test_setup(other_clients_use_what_they_dial, setup),
        cmocka_unit_test_setup(a_dial_that_is_seen_after_its_request, setup),
        cmocka_unit_test_setup(the_longest_waiting_sends_first, setup),
        cmocka_unit_test_setup(the_last_to_join_a_lookup_dials_first, setup),
        cmocka_unit_test_setup(who_left_its_own_connection_unused_was_served_elsewhere, setup),
        cmocka_unit_test_setup(an_exchange_waits_for_what_its_dial_may_yet_carry, setup),
        cmocka_unit_test_setup(a_connection_closed_unused_was_for_who_was_served_elsewhere, setup),
        cmocka_unit_test_setup(a_connection_left_unused_was_not_for_who_came_later, setup),
        cmocka_unit_test_setup(a_lookup_that_is_half_asked_has_no_dial_yet, setup),
        cmocka_unit_test_setup(a_full_pool_is_told_by_what_it_keeps, setup),
        cmocka_unit_test_setup(a_single_connection_closed_at_once_tells_nothing_of_the_pool, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
