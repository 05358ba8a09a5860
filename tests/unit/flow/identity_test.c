/* Which packets are the same packet, and which connections are the same connection. */
#include "sim.h"

enum { US = 1000 };

static void copies_of_every_packet_change_nothing(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push(&s, &p);
    push_copy(&s, p, 10 * US);
    p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    push(&s, &p);
    push_copy(&s, p, 10 * US);
    struct packet a = segment(&s, CLIENT, TCP_ACK, 0, "abc"), b = segment(&s, CLIENT, TCP_ACK, 3, "def");
    push(&s, &a);
    push(&s, &b);
    p = a;
    p.ttl--;
    push_copy(&s, p, 10 * US);
    push_copy(&s, b, 10 * US);
    push_copy(&s, a, 90 * MS);
    p = segment(&s, CLIENT, TCP_FIN | TCP_ACK, 6, NULL);
    push(&s, &p);
    push_copy(&s, p, 10 * US);
    p = segment(&s, SERVER, TCP_RST | TCP_ACK, 0, NULL);
    push(&s, &p);
    push_copy(&s, p, 10 * US);
    expect(&s, "open SYN>1 SYNACK<3 EST>5 >0'abc'5 >3'def'6 FIN>10 FINORD>10 RST<12");
    assert_int_equal(s.last.duplicates, 6);
    assert_int_equal(counters(&s)->duplicates, 7);
    assert_int_equal(counters(&s)->retransmits, 0);
    assert_int_equal(s.last.packets[FLOW_C2S], 4);
    sim_fini(&s);
}

/* What tells a retransmission from a copy, one difference at a time. */
static void what_makes_a_retransmission(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t ip_id, again_ip_id;
        bool timestamps;
        uint32_t again_ts_value;
        int64_t after_ns;
        bool copy;
    } rows[] = {
        {"same identification", 7, 7, false, 0, 100 * MS - 2 * US, true},
        {"same identification, but late", 7, 7, false, 0, 100 * MS + 2 * US, false},
        {"other identification", 7, 8, false, 0, US, false},
        {"other timestamp", 7, 7, true, 101, US, false},
        {"no identification, same timestamp", 0, 0, true, 100, 90 * MS, true},
        {"no identification, other timestamp", 0, 0, true, 101, US, false},
        {"nothing to tell, soon", 0, 0, false, 0, MS - 2 * US, true},
        {"nothing to tell, later", 0, 0, false, 0, MS + 2 * US, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sim s;
        sim_init(&s, NULL);
        handshake(&s);
        struct packet p = segment(&s, CLIENT, TCP_ACK, 0, "abc");
        p.ip_id = rows[i].ip_id;
        p.tcp.has_timestamp = rows[i].timestamps;
        p.tcp.ts_value = 100;
        push(&s, &p);
        p.ip_id = rows[i].again_ip_id;
        p.tcp.ts_value = rows[i].again_ts_value;
        push_copy(&s, p, rows[i].after_ns);
        if ((counters(&s)->duplicates == 1) != rows[i].copy || (counters(&s)->retransmits == 0) != rows[i].copy)
            fail_msg("%s", rows[i].what);
        sim_fini(&s);
    }
}

static void copies_are_known_for_eight_packets(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    struct packet p[9];
    for (unsigned i = 0; i < 9; i++) {
        p[i] = segment(&s, SERVER, TCP_ACK, i, "x");
        push(&s, &p[i]);
    }
    for (unsigned i = 1; i < 9; i++)
        push_copy(&s, p[i], US);
    assert_int_equal(counters(&s)->duplicates, 8);
    push_copy(&s, p[0], US);
    assert_int_equal(counters(&s)->duplicates, 8);
    assert_int_equal(counters(&s)->retransmits, 1);
    sim_fini(&s);
}

static void push_on(struct sim *s, struct packet p, uint32_t path)
{
    p.path = path;
    push_copy(s, p, 10 * US);
}

static void one_connection_seen_on_two_paths(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push_on(&s, p, 5);
    push_on(&s, p, 0);
    p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    push_on(&s, p, 0);
    push_on(&s, p, 5);
    p = segment(&s, CLIENT, TCP_ACK, 0, "abc");
    push_on(&s, p, 5);
    push_on(&s, p, 0);
    expect(&s, "open SYN>2 SYNACK<5 EST>8 >0'abc'8");
    assert_int_equal(s.last.path, 5);
    assert_int_equal(counters(&s)->duplicates, 3);
    flow_table_finish(s.table);
    assert_int_equal(counters(&s)->connections, 1);
    sim_fini(&s);
}

static void each_direction_on_a_path_of_its_own(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push_on(&s, p, 10);
    s.now_ns += 300 * MS; /* longer than copies are apart: the number tells */
    p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    push_on(&s, p, 20);
    p = segment(&s, CLIENT, TCP_ACK, 0, NULL);
    push_on(&s, p, 10);
    p = segment(&s, SERVER, TCP_ACK, 0, "hello");
    push_on(&s, p, 20);
    expect(&s, "open SYN>2 SYNACK<4 EST>6 <0'hello'8");
    sim_fini(&s);
}

static void joined_mid_stream_on_two_paths(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, SERVER, TCP_ACK, 0, "hello");
    push_on(&s, p, 1);
    push_on(&s, p, 2);
    p = segment(&s, CLIENT, TCP_ACK, 0, NULL);
    push_on(&s, p, 2);
    push_on(&s, p, 1);
    expect(&s, "open <0'hello'2");
    assert_int_equal(counters(&s)->duplicates, 2);
    sim_fini(&s);
}

static void equal_endpoints_in_two_networks_stay_apart(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    for (uint32_t vlan = 1; vlan <= 2; vlan++) {
        s.isn[CLIENT] = vlan * 100000000;
        s.isn[SERVER] = vlan * 200000000;
        push_on(&s, segment(&s, CLIENT, TCP_SYN, 0, NULL), vlan);
    }
    for (uint32_t vlan = 1; vlan <= 2; vlan++) {
        s.isn[CLIENT] = vlan * 100000000;
        s.isn[SERVER] = vlan * 200000000;
        push_on(&s, segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL), vlan);
        push_on(&s, segment(&s, CLIENT, TCP_ACK, 0, vlan == 1 ? "one" : "two"), vlan);
    }
    expect(&s, "open SYN>2 2#open 2#SYN>4 SYNACK<6 EST>8 >0'one'8 2#SYNACK<10 2#EST>12 2#>0'two'12");
    /* Mid-stream, too. */
    s.isn[CLIENT] = 5;
    push_on(&s, segment(&s, CLIENT, TCP_ACK, 0, "three"), 3);
    expect(&s, "3#open 3#>0'three'14");
    sim_fini(&s);
}

static void syn_on_another_path_later_is_another_connection(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push_on(&s, p, 1);
    s.now_ns += 101 * MS;
    push_on(&s, p, 2);
    assert_int_equal(counters(&s)->connections, 2);
    sim_fini(&s);
}

/* The service's address and the pod's. */
static void both_sides_of_a_nat(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct endpoint service = s.ep[SERVER], pod = endpoint_at("10.244.0.7", 8080);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push(&s, &p);
    p.dst = pod;
    push_copy(&s, p, 20 * US);
    expect(&s, "open SYN>1");
    p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    p.ip_id = 0; /* as Linux sends it */
    p.tcp.has_timestamp = true;
    p.src = pod;
    push(&s, &p);
    expect(&s, "SYNACK<3");
    assert_true(endpoint_eq(&s.last.server, &service));
    assert_true(endpoint_eq(&s.last.nat_server, &pod));
    p.src = service;
    push_copy(&s, p, 20 * US);
    p = segment(&s, CLIENT, TCP_ACK, 0, "GET");
    push(&s, &p);
    p.dst = pod;
    push_copy(&s, p, 20 * US);
    s.ep[SERVER] = pod; /* from here on only the pod's side is captured */
    s.acked[SERVER] = 3;
    data(&s, SERVER, 0, "200");
    fin(&s, CLIENT, 3);
    expect(&s, "EST>5 >0'GET'5 ACK1<7 <0'200'7 FIN>8 FINORD>8");
    assert_int_equal(counters(&s)->connections, 1);
    assert_int_equal(counters(&s)->duplicates, 3);
    sim_fini(&s);
}

static void nat_known_from_the_answer_only(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct endpoint service = s.ep[SERVER], pod = endpoint_at("10.244.0.7", 8080);
    syn(&s);
    s.now_ns += 300 * MS;
    struct packet p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    p.src = pod;
    push(&s, &p);
    p.src = service;
    push_copy(&s, p, 20 * US);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "open SYN>1 SYNACK<2 EST>4");
    assert_true(endpoint_eq(&s.last.nat_server, &pod));
    assert_int_equal(counters(&s)->duplicates, 1);
    sim_fini(&s);
}

/* One source port and one sequence number for many targets. */
static void a_scan_is_no_nat(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    s.ep[SERVER] = endpoint_at("10.0.0.3", 80);
    syn(&s);
    s.ep[SERVER] = endpoint_at("10.0.0.4", 80);
    syn(&s);
    s.isn[SERVER]++;
    syn_ack(&s);
    expect(&s, "open SYN>1 2#open 2#SYN>2 3#open 3#SYN>3 3#SYNACK<4");
    assert_int_equal(s.last.nat_server.ip.family, 0);
    sim_fini(&s);
}

static void a_third_server_is_another_connection(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push(&s, &p);
    p.dst = endpoint_at("10.244.0.7", 8080);
    push_copy(&s, p, 20 * US);
    p.dst = endpoint_at("10.244.0.8", 8080);
    push_copy(&s, p, 20 * US);
    assert_int_equal(counters(&s)->connections, 2);
    sim_fini(&s);
}

static void new_connection_after_a_nat_takes_both_keys_along(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct endpoint pods[] = {endpoint_at("10.244.0.7", 8080), endpoint_at("10.244.0.8", 8080)};
    for (int i = 0; i < 2; i++) {
        struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
        push(&s, &p);
        p.dst = pods[i];
        push_copy(&s, p, 20 * US);
        s.isn[CLIENT] += 50000000;
    }
    s.isn[CLIENT] -= 50000000;
    struct packet p = segment(&s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
    p.src = pods[1];
    push(&s, &p);
    expect(&s, "open SYN>1 close:reused 2#open 2#SYN>3 2#SYNACK<5");
    assert_true(endpoint_eq(&s.last.nat_server, &pods[1]));
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_every_packet_change_nothing),
        cmocka_unit_test(what_makes_a_retransmission),
        cmocka_unit_test(copies_are_known_for_eight_packets),
        cmocka_unit_test(one_connection_seen_on_two_paths),
        cmocka_unit_test(each_direction_on_a_path_of_its_own),
        cmocka_unit_test(joined_mid_stream_on_two_paths),
        cmocka_unit_test(equal_endpoints_in_two_networks_stay_apart),
        cmocka_unit_test(syn_on_another_path_later_is_another_connection),
        cmocka_unit_test(both_sides_of_a_nat),
        cmocka_unit_test(nat_known_from_the_answer_only),
        cmocka_unit_test(a_scan_is_no_nat),
        cmocka_unit_test(a_third_server_is_another_connection),
        cmocka_unit_test(new_connection_after_a_nat_takes_both_keys_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
