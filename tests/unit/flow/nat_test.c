/* One packet before and after its source was translated: a masquerade, a NodePort. */
#include "sim.h"

enum { US = 1000 };

static void assert_endpoint(struct endpoint got, struct endpoint want)
{
    assert_true(endpoint_eq(&got, &want));
}

/* From the pod's side to the other, and back. */
struct nat {
    struct endpoint pod, outside, server, server_outside;
};

static struct packet outward(const struct nat *n, struct packet p)
{
    p.src = n->outside;
    p.dst = n->server_outside;
    p.ttl--;
    return p;
}

static void push_outward(struct sim *s, const struct nat *n, struct packet p)
{
    push(s, &p);
    push_copy(s, outward(n, p), 30 * US);
}

static void push_inward(struct sim *s, const struct nat *n, struct packet p)
{
    struct packet first = p;

    first.src = n->server_outside;
    first.dst = n->outside;
    push(s, &first);
    p.ttl--;
    push_copy(s, p, 30 * US);
}

static struct nat nat_of(const struct sim *s, const char *outside, uint16_t port)
{
    return (struct nat){s->ep[CLIENT], endpoint_at(outside, port), s->ep[SERVER], s->ep[SERVER]};
}

static void play_whole_connection(struct sim *s, const struct nat *n)
{
    push_outward(s, n, segment(s, CLIENT, TCP_SYN, 0, NULL));
    push_inward(s, n, segment(s, SERVER, TCP_SYN | TCP_ACK, 0, NULL));
    push_outward(s, n, segment(s, CLIENT, TCP_ACK, 0, "GET"));
    s->acked[SERVER] = 3;
    push_inward(s, n, segment(s, SERVER, TCP_ACK, 0, "200"));
    push_outward(s, n, segment(s, CLIENT, TCP_FIN | TCP_ACK, 3, NULL));
    expect(s, "open SYN>1 SYNACK<3 EST>5 >0'GET'5 ACK1<7 <0'200'7 FIN>9 FINORD>9");
    assert_int_equal(counters(s)->connections, 1);
    assert_int_equal(counters(s)->duplicates, 5);
    assert_int_equal(counters(s)->retransmits, 0);
    assert_endpoint(s->last.client, n->pod);
    assert_endpoint(s->last.nat_client, n->outside);
    assert_endpoint(s->last.server, n->server);
}

static void masquerade_is_one_connection(void **state)
{
    (void)state;
    for (int same_port = 0; same_port <= 1; same_port++) {
        struct sim s;
        sim_init(&s, NULL);
        struct nat n = nat_of(&s, "192.0.2.5", same_port ? 40000 : 61000);
        play_whole_connection(&s, &n);
        assert_int_equal(s.last.nat_server.ip.family, 0);
        sim_fini(&s);
    }
}

static void node_port_is_one_connection(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct nat n = nat_of(&s, "10.244.0.1", 31555);
    n.server_outside = endpoint_at("10.244.0.7", 8080);
    play_whole_connection(&s, &n);
    assert_endpoint(s.last.nat_server, n.server_outside);
    sim_fini(&s);
}

static void failures_are_told_once(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct nat n = nat_of(&s, "192.0.2.5", 61000);
    push_outward(&s, &n, segment(&s, CLIENT, TCP_SYN, 0, NULL));
    s.now_ns += 1000 * MS;
    push_outward(&s, &n, segment(&s, CLIENT, TCP_SYN, 0, NULL));
    push_inward(&s, &n, segment(&s, SERVER, TCP_RST | TCP_ACK, 0, NULL));
    expect(&s, "open SYN>1 SYN>3r RST<5");
    sim_fini(&s);
}

/* Its outside address is given to the next connection, of another client. */
static void an_outside_port_used_again(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct nat n = nat_of(&s, "192.0.2.5", 61000);
    push_outward(&s, &n, segment(&s, CLIENT, TCP_SYN, 0, NULL));
    push_inward(&s, &n, segment(&s, SERVER, TCP_RST | TCP_ACK, 0, NULL));
    n.pod = s.ep[CLIENT] = endpoint_at("10.244.0.8", 40001);
    s.isn[CLIENT] += 1 << 24;
    push_outward(&s, &n, segment(&s, CLIENT, TCP_SYN, 0, NULL));
    expect(&s, "open SYN>1 RST<3 2#open 2#SYN>5 close:reused");
    assert_endpoint(s.last.nat_client, n.outside);
    assert_int_equal(counters(&s)->connections, 2);
    sim_fini(&s);
}

/* Equal numbers alone make no copy: what tells two clients apart, one difference at a time. */
static void two_clients_with_equal_numbers(void **state)
{
    (void)state;
    enum { LATE, OTHER_ID, OTHER_SERVER_ANSWERS, SAME_HOST, MANY_HOPS, NO_ID_AND_NO_HOP, CASES };
    for (int i = 0; i < CASES; i++) {
        struct sim s;
        sim_init(&s, NULL);
        struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
        if (i == NO_ID_AND_NO_HOP)
            p.ip_id = 0;
        push(&s, &p);
        if (i == OTHER_SERVER_ANSWERS) {
            syn_ack(&s);
            s.now_ns -= MS - US;
        }
        p.src = endpoint_at(i == SAME_HOST ? "10.0.0.1" : "192.0.2.5", 61000);
        p.ip_id = (uint16_t)(p.ip_id + (i == OTHER_ID));
        p.ttl = i == MANY_HOPS ? 50 : 64;
        push_copy(&s, p, i == LATE ? 2 * MS : 30 * US);
        assert_int_equal(counters(&s)->connections, 2);
        sim_fini(&s);
    }
}

static void a_third_address_is_another_client(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
    push(&s, &p);
    p.src = endpoint_at("192.0.2.5", 61000);
    push_copy(&s, p, 30 * US);
    p.src = endpoint_at("192.0.2.6", 61000);
    push_copy(&s, p, 30 * US);
    assert_int_equal(counters(&s)->connections, 2);
    sim_fini(&s);
}

/* ---- DNS ---- */

#define QUESTION                                                                                                     \
    "\x12\x34\x01"                                                                                                   \
    "abc"
#define ANSWER                                                                                                       \
    "\x12\x34\x81"                                                                                                   \
    "abc"

static struct packet dns(struct sim *s, enum side from, const char *text)
{
    struct packet p;

    s->ep[SERVER].port = 53;
    p = segment(s, from, 0, 0, text);
    p.kind = PACKET_UDP;
    return p;
}

static void a_lookup_is_told_under_the_first_addresses(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    (void)dns(&s, CLIENT, QUESTION);
    struct nat n = nat_of(&s, "192.0.2.5", 52111);
    push_outward(&s, &n, dns(&s, CLIENT, QUESTION));
    expect(&s, "udp:2'" QUESTION "'");
    assert_endpoint(s.udp_src, n.pod);
    s.now_ns += 1000 * MS;
    push_outward(&s, &n, dns(&s, CLIENT, QUESTION)); /* once more */
    expect(&s, "udp:4'" QUESTION "'");
    push_inward(&s, &n, dns(&s, SERVER, ANSWER));
    expect(&s, "udp:6'" ANSWER "'");
    assert_endpoint(s.udp_src, n.server);
    assert_endpoint(s.udp_dst, n.pod);
    assert_int_equal(counters(&s)->duplicates, 3);
    sim_fini(&s);
}

static void a_service_address_is_told_once(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = dns(&s, CLIENT, QUESTION);
    struct endpoint service = p.dst, pod = endpoint_at("10.244.0.5", 53);
    push(&s, &p);
    p.dst = pod;
    push_copy(&s, p, 20 * US);
    push_copy(&s, p, 10 * US);
    expect(&s, "udp:1'" QUESTION "'");
    p = dns(&s, SERVER, ANSWER);
    p.src = pod;
    push(&s, &p);
    expect(&s, "udp:4'" ANSWER "'");
    assert_endpoint(s.udp_src, service);
    sim_fini(&s);
}

static void an_icmp_error_is_told_once(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    (void)dns(&s, CLIENT, QUESTION);
    struct nat n = nat_of(&s, "192.0.2.5", 52111);
    push_outward(&s, &n, dns(&s, CLIENT, QUESTION));
    struct packet p = dns(&s, SERVER, "");
    p.kind = PACKET_ICMP_ERROR;
    p.src.port = p.dst.port = 0;
    p.dst.ip = n.outside.ip;
    p.icmp = (struct packet_icmp){
        .type = 3, .code = 1, .quoted_kind = PACKET_UDP, .quoted_src = n.outside, .quoted_dst = n.server};
    push(&s, &p);
    p.dst.ip = n.pod.ip;
    p.icmp.quoted_src = n.pod;
    push_copy(&s, p, 20 * US);
    expect(&s, "udp:2'" QUESTION "'udp-error:4:3/1->53");
    assert_endpoint(s.udp_src, n.pod);
    sim_fini(&s);
}

/* musl asks all its servers at once, with one id, from one socket; Linux gives such datagrams the number 0. */
static void two_servers_asked_at_once(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = dns(&s, CLIENT, QUESTION);
    p.ip_id = 0;
    push(&s, &p);
    p.dst = endpoint_at("10.0.0.3", 53);
    push_copy(&s, p, 10 * US);
    expect(&s, "udp:1'" QUESTION "'udp:2'" QUESTION "'");
    sim_fini(&s);
}

static void an_outside_socket_used_again(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    (void)dns(&s, CLIENT, QUESTION);
    struct nat n = nat_of(&s, "192.0.2.5", 52111);
    push_outward(&s, &n, dns(&s, CLIENT, QUESTION));
    s.ep[CLIENT] = n.outside; /* by the host itself */
    s.now_ns += 10 * MS;
    struct packet p = dns(&s, CLIENT, QUESTION);
    push(&s, &p);
    p = dns(&s, SERVER, ANSWER);
    push(&s, &p);
    assert_endpoint(s.udp_dst, n.outside);
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masquerade_is_one_connection),
        cmocka_unit_test(node_port_is_one_connection),
        cmocka_unit_test(failures_are_told_once),
        cmocka_unit_test(an_outside_port_used_again),
        cmocka_unit_test(two_clients_with_equal_numbers),
        cmocka_unit_test(a_third_address_is_another_client),
        cmocka_unit_test(a_lookup_is_told_under_the_first_addresses),
        cmocka_unit_test(a_service_address_is_told_once),
        cmocka_unit_test(an_icmp_error_is_told_once),
        cmocka_unit_test(two_servers_asked_at_once),
        cmocka_unit_test(an_outside_socket_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
