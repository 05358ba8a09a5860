/* Requests and answers of HTTP/2 by the sizes and times of encrypted records alone, over a path of 30 ms. */
#include "sim.h"
#include "support/cmocka_all.h"

enum { PATH_US = 30000, SETTLED_US = 20000000 };

static struct sim sim;
static struct flow_conn *conn;

static void client(int64_t us, uint32_t bytes)
{
    bool control = bytes == 9 || bytes == 17;
    sim_record(&sim, us, conn, FLOW_C2S, control ? FACT_TLS_CONTROL : FACT_TLS_DATA, bytes);
}

static void server(int64_t us, uint32_t bytes)
{
    bool control = bytes == 9 || bytes == 13 || bytes == 17;
    sim_record(&sim, us, conn, FLOW_S2C, control ? FACT_TLS_CONTROL : FACT_TLS_DATA, bytes);
}

/* A call alone, with so long a head. */
static void call(int64_t us, uint32_t head)
{
    client(us, head);
    server(us + PATH_US, 14);
    server(us + PATH_US + 10, 500);
}

static void begin(void)
{
    sim_init(&sim);
    conn = sim_syn(&sim, 0, 40000, "10.0.0.1");
    sim_established(&sim, PATH_US, conn);
    client(31000, 70);
    server(61000, 22);
}

static void end(size_t requests)
{
    size_t n = 0;

    sim_clock(&sim, SETTLED_US);
    sim_close(&sim, SETTLED_US, conn, FLOW_END_CLOSED);
    sim_finish(&sim);
    for (size_t i = 0; i < sim.n; i++) {
        n += sim.out[i].kind == P2T_KIND_TLS;
        assert_int_equal(sim.out[i].outcome, P2T_OUTCOME_OK);
    }
    assert_int_equal(n, requests);
}

static void a_head_as_long_as_a_ping_has_a_body(void **state)
{
    (void)state;
    begin();
    call(200000, 40);
    client(400000, 17);
    client(400050, 300);
    server(440000, 14);
    server(440010, 500);
    end(3);
}

static void heads_as_short_as_pings(void **state)
{
    (void)state;
    begin();
    call(200000, 15);
    call(300000, 17);
    end(3);
}

static void a_ping_is_no_request(void **state)
{
    (void)state;
    begin();
    call(200000, 15);
    client(300000, 17);
    server(330000, 17);
    call(400000, 15);
    end(3);
}

static void the_acknowledgement_of_a_ping_is_no_request(void **state)
{
    (void)state;
    begin();
    call(200000, 15);
    server(300000, 17);
    client(300100, 17);
    call(400000, 15);
    end(3);
}

/* Records may hold nothing (RFC 8446 5.4). */
static void an_empty_record_begins_an_answer(void **state)
{
    (void)state;
    begin();
    client(200000, 40);
    server(240000, 0);
    server(240010, 500);
    call(400000, 40);
    end(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_as_long_as_a_ping_has_a_body),
        cmocka_unit_test(heads_as_short_as_pings),
        cmocka_unit_test(a_ping_is_no_request),
        cmocka_unit_test(the_acknowledgement_of_a_ping_is_no_request),
        cmocka_unit_test(an_empty_record_begins_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
