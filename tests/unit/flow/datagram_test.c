#include "sim.h"

static struct packet udp(struct sim *s, const char *text)
{
    struct packet p = segment(s, CLIENT, 0, 0, text);

    p.kind = PACKET_UDP;
    return p;
}

static void datagrams_pass_through_once(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = udp(&s, "query");
    push(&s, &p);
    expect(&s, "udp:1'query'");
    p.path = 7;
    p.ttl--;
    push_copy(&s, p, MS);
    expect(&s, "");
    assert_int_equal(counters(&s)->duplicates, 1);
    p.ip_id++; /* asked again */
    push_copy(&s, p, MS);
    expect(&s, "udp:3'query'");
    push_copy(&s, p, 101 * MS);
    expect(&s, "udp:4'query'");
    push_copy(&s, p, MS);
    expect(&s, "");
    s.number--;
    p.payload = slice_str("other");
    push_copy(&s, p, MS);
    expect(&s, "udp:5'other'");
    p.dst.port = 5353;
    push_copy(&s, p, MS);
    expect(&s, "udp:6'other'");
    assert_int_equal(counters(&s)->udp_packets, 7);
    sim_fini(&s);
}

static void without_identification_only_a_quick_copy_is_one(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = udp(&s, "query");
    p.ip_id = 0;
    push(&s, &p);
    push_copy(&s, p, MS);
    expect(&s, "udp:1'query'");
    push_copy(&s, p, 1);
    expect(&s, "udp:3'query'");
    sim_fini(&s);
}

/* The whole has all but the same bytes as its first fragment. */
static void a_first_fragment_is_no_copy_of_the_whole(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = udp(&s, "answer");
    p.partial = true;
    push(&s, &p);
    push_copy(&s, p, MS);
    p.partial = false;
    push_copy(&s, p, MS);
    expect(&s, "udp:1'answer'udp:3'answer'");
    sim_fini(&s);
}

static void memory_of_datagrams_is_bounded(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet first = udp(&s, "first");
    push(&s, &first);
    s.now_ns -= MS;
    for (int i = 0; i < 4096; i++) {
        struct packet p = udp(&s, "more");
        s.now_ns -= MS;
        p.mark.ts_ns = s.now_ns;
        push(&s, &p);
    }
    buf_reset(&s.log);
    s.number = 0;
    push_copy(&s, first, 0); /* forgotten */
    expect(&s, "udp:1'first'");
    sim_fini(&s);
}

static struct packet icmp(struct sim *s, enum side quoted, uint8_t kind, uint32_t seq)
{
    struct packet p = segment(s, quoted, 0, 0, NULL);

    p.kind = PACKET_ICMP_ERROR;
    p.icmp = (struct packet_icmp){3, 1, kind, s->ep[quoted], s->ep[!quoted], seq, 0};
    p.src = endpoint_at("10.9.9.9", 0);
    p.dst = endpoint_at("10.0.0.1", 0);
    return p;
}

static void icmp_errors_find_their_connection(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    struct packet p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT]);
    p.path = 3; /* the router is elsewhere */
    push(&s, &p);
    push_copy(&s, p, MS);
    expect(&s, "open SYN>1 ICMP>2");
    p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT] + 0x10000000); /* not what was sent */
    push(&s, &p);
    p = icmp(&s, SERVER, PACKET_TCP, s.isn[SERVER]); /* nothing known to be sent */
    push(&s, &p);
    s.ep[CLIENT].port++;
    p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT]);
    push(&s, &p);
    expect(&s, "");
    assert_int_equal(counters(&s)->icmp_errors, 5);
    assert_int_equal(counters(&s)->out_of_window, 3);
    s.ep[CLIENT].port--;
    syn_ack(&s);
    data(&s, SERVER, 0, "x");
    p = icmp(&s, SERVER, PACKET_TCP, s.isn[SERVER] + 1);
    push(&s, &p);
    expect(&s, "SYNACK<7 <0'x'8 ICMP<9");
    sim_fini(&s);
}

/* As where ARP is not answered: the SYN stays in its host, and that is told by itself. */
static void a_quoted_syn_stands_for_itself(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT]);
    p.icmp.quoted_flags = TCP_SYN;
    push(&s, &p);
    expect(&s, "open SYN>1 ICMP>1");
    assert_true(endpoint_eq(&s.last.client, &s.ep[CLIENT]));
    push_copy(&s, p, 1000 * MS); /* for the SYN once more */
    expect(&s, "ICMP>2");
    p.icmp.quoted_seq += 1 << 24; /* the port used again */
    push_copy(&s, p, 1000 * MS);
    expect(&s, "close:reused 2#open 2#SYN>3 2#ICMP>3");
    assert_int_equal(counters(&s)->syns, 0);
    assert_int_equal(counters(&s)->tcp_packets, 0);
    sim_fini(&s);
}

static struct packet refusal(struct sim *s, uint8_t flags, uint32_t seq, uint16_t window)
{
    struct packet p = segment(s, SERVER, 0, 0, NULL);

    p.tcp.flags = flags;
    p.tcp.seq = seq;
    p.tcp.ack = s->isn[CLIENT] + 1;
    p.tcp.window = window;
    return p;
}

/* As where only what comes to the client is captured. */
static void a_refused_syn_stands_for_itself(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = refusal(&s, TCP_RST | TCP_ACK, 0, 0);
    push(&s, &p);
    expect(&s, "open SYN>1 RST<1");
    assert_true(endpoint_eq(&s.last.client, &s.ep[CLIENT]));
    push_copy(&s, p, MS);
    expect(&s, "");
    assert_int_equal(counters(&s)->syns, 0);
    sim_fini(&s);
}

static void other_resets_begin_nothing(void **state)
{
    (void)state;
    static const struct {
        uint8_t flags;
        uint32_t seq;
        uint16_t window;
    } cases[] = {{TCP_RST | TCP_ACK, 1, 0}, {TCP_RST, 0, 0}, {TCP_RST | TCP_ACK, 0, 500}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sim s;
        sim_init(&s, NULL);
        struct packet p = refusal(&s, cases[i].flags, cases[i].seq, cases[i].window);
        push(&s, &p);
        expect(&s, "");
        assert_int_equal(counters(&s)->out_of_window, 1);
        sim_fini(&s);
    }
}

static void other_quotes_begin_nothing(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, code, flags;
        const char *told;
    } cases[] = {
        {11, 0, TCP_SYN, "10.0.0.1"}, /* a probe that counts hops */
        {3, 4, TCP_SYN, "10.0.0.1"},  {3, 1, TCP_SYN | TCP_ACK, "10.0.0.1"}, {3, 1, TCP_ACK, "10.0.0.1"},
        {3, 1, 0, "10.0.0.1"},        {3, 1, TCP_SYN, "10.0.0.7"}, /* not who sent it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sim s;
        sim_init(&s, NULL);
        struct packet p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT]);
        p.dst = endpoint_at(cases[i].told, 0);
        p.icmp.type = cases[i].type;
        p.icmp.code = cases[i].code;
        p.icmp.quoted_flags = cases[i].flags;
        push(&s, &p);
        expect(&s, "");
        assert_int_equal(counters(&s)->out_of_window, 1);
        sim_fini(&s);
    }
}

static void icmp_errors_prefer_their_own_path(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    for (uint32_t path = 1; path <= 2; path++) {
        struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
        p.path = path;
        p.tcp.seq += path * 2000; /* near each other, not the same */
        push(&s, &p);
    }
    struct packet p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT] + 4000);
    p.path = 2;
    push(&s, &p);
    p = icmp(&s, CLIENT, PACKET_TCP, s.isn[CLIENT] + 4000);
    p.path = 9;
    push(&s, &p);
    expect(&s, "open SYN>1 2#open 2#SYN>2 2#ICMP>3 ICMP>4");
    sim_fini(&s);
}

static void icmp_errors_about_datagrams_pass_through(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = icmp(&s, CLIENT, PACKET_UDP, 0);
    push(&s, &p);
    expect(&s, "udp-error:1:3/1->80");
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_pass_through_once),
        cmocka_unit_test(without_identification_only_a_quick_copy_is_one),
        cmocka_unit_test(a_first_fragment_is_no_copy_of_the_whole),
        cmocka_unit_test(memory_of_datagrams_is_bounded),
        cmocka_unit_test(icmp_errors_find_their_connection),
        cmocka_unit_test(a_quoted_syn_stands_for_itself),
        cmocka_unit_test(a_refused_syn_stands_for_itself),
        cmocka_unit_test(other_resets_begin_nothing),
        cmocka_unit_test(other_quotes_begin_nothing),
        cmocka_unit_test(icmp_errors_prefer_their_own_path),
        cmocka_unit_test(icmp_errors_about_datagrams_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
