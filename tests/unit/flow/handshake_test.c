#include "sim.h"

#include <stdio.h>

static void three_way_handshake(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    assert_int_equal(s.last.roles, FLOW_ROLES_HANDSHAKE);
    assert_int_equal(s.last.client.port, 40000);
    assert_int_equal(s.last.server.port, 80);
    assert_int_equal(s.client_isn, 1000);
    assert_int_equal(s.last.first.ref.number, 1);
    flow_table_finish(s.table);
    expect(&s, "close:input");
    assert_int_equal(counters(&s)->connections, 1);
    sim_fini(&s);
}

static void syn_is_repeated_as_long_as_it_is_unanswered(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    static const int seconds[] = {0, 1, 3, 7, 15, 31, 63, 127};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        s.now_ns = (int64_t)seconds[i] * 1000 * MS;
        syn(&s);
    }
    expect(&s, "open SYN>1 SYN>2r SYN>3r SYN>4r SYN>5r SYN>6r SYN>7r SYN>8r");
    syn_ack(&s);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "SYNACK<9 SYNACK<10r EST>11");
    syn(&s); /* one of them, late */
    expect(&s, "");
    assert_int_equal(counters(&s)->connections, 1);
    assert_int_equal(counters(&s)->retransmits, 0);
    sim_fini(&s);
}

static void syn_ack_alone_tells_the_roles(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.ep[CLIENT].port = 79; /* lower than the server's */
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    data(&s, CLIENT, 0, "hi");
    expect(&s, "open SYNACK<1 EST>2 >0'hi'3");
    assert_int_equal(s.last.client.port, 79);
    assert_int_equal(s.last.roles, FLOW_ROLES_HANDSHAKE);
    assert_int_equal(s.client_isn, 1000);
    sim_fini(&s);
}

static void syn_captured_behind_its_answer_is_not_a_repetition(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn_ack(&s);
    syn(&s);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "open SYNACK<1 SYN>2 EST>3");
    sim_fini(&s);
}

static void missing_syn_ack_does_not_matter(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    data(&s, CLIENT, 0, "GET");
    s.acked[SERVER] = 3;
    data(&s, SERVER, 2, "ll");
    data(&s, SERVER, 0, "fu");
    expect(&s, "open SYN>1 EST>2 >0'GET'2 ACK1<3 <0'fu'4 <2'll'3/4");
    sim_fini(&s);
}

static void payload_establishes_too(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    syn_ack(&s);
    data(&s, CLIENT, 0, "GET");
    expect(&s, "open SYN>1 SYNACK<2 EST>3 >0'GET'3");
    sim_fini(&s);
}

static void data_in_the_syn_is_data(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, "GET");
    push(&s, &p);
    s.acked[SERVER] = 3;
    syn_ack(&s);
    data(&s, CLIENT, 0, "GET"); /* as a client does whose server ignored it */
    data(&s, CLIENT, 3, " /");
    expect(&s, "open SYN>1 SYNACK<2 ACK1<2 EST>3 >0'GET'1/3 >3' /'4");
    assert_int_equal(s.last.retransmits[FLOW_C2S], 1);
    sim_fini(&s);
}

/* Nobody sends such: more data in the SYN's repetition. It waits for the server's answer, too. */
static void more_data_in_the_syn_s_repetition(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, "GET");
    push(&s, &p);
    p = segment(&s, CLIENT, TCP_SYN, 0, "GET /");
    push(&s, &p);
    expect(&s, "open SYN>1 SYN>2r");
    s.acked[SERVER] = 5;
    syn_ack(&s);
    ack(&s, CLIENT, 5, 0);
    expect(&s, "SYNACK<3 ACK1<3 EST>4 >0'GET'1/4 >3' /'2/4");
    sim_fini(&s);
}

static void data_in_a_syn_that_a_fin_cuts_off(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, "GET");
    push(&s, &p);
    p = segment(&s, CLIENT, TCP_SYN | TCP_FIN, 0, "");
    push(&s, &p);
    flow_table_finish(s.table);
    expect(&s, "open SYN>1 SYN>2r FIN>2 FINORD>2 close:input");
    sim_fini(&s);
}

static void data_in_a_syn_that_the_server_did_not_take(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, "GET");
    push(&s, &p);
    syn_ack(&s);
    data(&s, CLIENT, 0, "GET");
    expect(&s, "open SYN>1 SYNACK<2 EST>3 >0'GET'3");
    assert_int_equal(s.last.retransmits[FLOW_C2S], 0);
    assert_int_equal(s.last.payload_bytes[FLOW_C2S], 3);
    sim_fini(&s);
}

static void data_in_a_syn_that_nobody_answers(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    struct packet p = segment(&s, CLIENT, TCP_SYN, 0, "GET");
    push(&s, &p);
    s.now_ns += 1000 * MS;
    syn(&s); /* without, as Linux repeats it */
    expect(&s, "open SYN>1 SYN>2r");
    flow_table_finish(s.table);
    expect(&s, ">0'GET'1 close:input");
    sim_fini(&s);
}

static void simultaneous_open_is_one_connection(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    struct packet p = segment(&s, SERVER, TCP_SYN, 0, NULL);
    push(&s, &p);
    p = segment(&s, CLIENT, TCP_SYN | TCP_ACK, 0, NULL);
    push(&s, &p);
    syn_ack(&s);
    data(&s, CLIENT, 0, "a");
    data(&s, SERVER, 0, "b");
    expect(&s, "open SYN>1 SYN<2 SYNACK>3 SYNACK<4 EST>5 >0'a'5 <0'b'6");
    assert_int_equal(s.last.client.port, 40000);
    assert_int_equal(counters(&s)->connections, 1);
    sim_fini(&s);
}

static void refused(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    struct packet p = segment(&s, SERVER, TCP_RST | TCP_ACK, 0, NULL);
    p.tcp.seq = 0;
    p.tcp.ack = s.isn[CLIENT] + 2; /* of something never sent */
    push(&s, &p);
    expect(&s, "open SYN>1");
    p = segment(&s, SERVER, TCP_RST, 0, NULL); /* RFC 9293 3.10.7.3: must acknowledge the SYN */
    push(&s, &p);
    expect(&s, "");
    assert_int_equal(counters(&s)->out_of_window, 2);
    p = segment(&s, SERVER, TCP_RST | TCP_ACK, 0, NULL);
    p.tcp.seq = 0;
    push(&s, &p);
    expect(&s, "RST<4");
    sim_fini(&s);
}

/* The answer for an old connection, and the RST for that. */
static void challenge(struct sim *s, uint32_t number)
{
    struct packet p = segment(s, SERVER, TCP_ACK, 0, NULL);

    p.tcp.seq = 0x77777777;
    p.tcp.ack = number;
    push(s, &p);
    p = segment(s, CLIENT, TCP_RST, 0, NULL);
    p.tcp.seq = number;
    push(s, &p);
}

static void stale_peer_answers_a_syn_with_an_old_ack(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    challenge(&s, 0x66666666);
    s.ip_id = 0; /* the whole packet as before */
    syn(&s);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "open SYN>1 CHALLENGE<2 CHALLENGE>3 SYN>4r SYNACK<5 EST>6");
    assert_int_equal(counters(&s)->out_of_window, 0);
    sim_fini(&s);
}

/* Ports are reused soon, and a stack's initial numbers move on by less than a megabyte then. */
static void stale_peer_with_a_number_close_by(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    challenge(&s, s.isn[CLIENT] - 5000);
    syn(&s);
    challenge(&s, s.isn[CLIENT]);
    rst(&s, CLIENT, 0); /* this one is the connection's own */
    expect(&s, "open SYN>1 CHALLENGE<2 CHALLENGE>3 SYN>4r CHALLENGE<5 CHALLENGE>6 RST>7");
    sim_fini(&s);
}

static void new_syn_on_the_same_endpoints(void **state)
{
    (void)state;
    enum { HALF_OPEN, ESTABLISHED, FINISHING, RESET };
    static const char *const before[] = {"", "", "FIN>4 FINORD>4 ", "RST<4 "};
    for (int phase = HALF_OPEN; phase <= RESET; phase++) {
        struct sim s;
        sim_init(&s, NULL);
        if (phase == HALF_OPEN) {
            syn(&s);
            expect(&s, "open SYN>1");
            s.number = 3;
        } else {
            handshake(&s);
        }
        if (phase == FINISHING)
            fin(&s, CLIENT, 0);
        if (phase == RESET)
            rst(&s, SERVER, 0);
        s.number = 4;
        s.isn[CLIENT] += 10000000;
        s.isn[SERVER] += 20000000;
        syn(&s);
        syn_ack(&s);
        char want[200];
        (void)snprintf(want, sizeof want, "%sclose:reused 2#open 2#SYN>5 2#SYNACK<6", before[phase]);
        expect(&s, want);
        sim_fini(&s);
    }
}

/* A window's width decides on a live connection only. */
static void new_syn_close_to_the_old_numbers(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct sim s;
        sim_init(&s, NULL);
        handshake(&s);
        if (over)
            fin(&s, SERVER, 0);
        buf_reset(&s.log);
        s.number = 4;
        s.isn[CLIENT] += 100;
        syn(&s);
        expect(&s, over ? "close:reused 2#open 2#SYN>5" : "");
        sim_fini(&s);
    }
}

/* A capture that is played in a loop has the same numbers in each round; a late copy of the SYN begins none. */
static void the_same_connection_played_again(void **state)
{
    (void)state;
    for (int later = 0; later <= 1; later++) {
        struct sim s;
        sim_init(&s, NULL);
        handshake(&s);
        fin(&s, CLIENT, 0);
        fin(&s, SERVER, 0);
        buf_reset(&s.log);
        s.now_ns += later ? 2000000000 : 200000000;
        syn(&s);
        expect(&s, later ? "close:reused 2#open 2#SYN>6" : "");
        sim_fini(&s);
    }
}

static void new_syn_ack_whose_syn_was_lost(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    s.isn[CLIENT] += 10000000;
    s.isn[SERVER] += 20000000;
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "close:reused 2#open 2#SYNACK<4 2#EST>5");
    sim_fini(&s);
}

static void forged_syn_in_the_window_is_ignored(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    s.isn[CLIENT] += 100;
    syn(&s);
    s.isn[CLIENT] -= 100;
    data(&s, CLIENT, 0, "x");
    expect(&s, ">0'x'5");
    assert_int_equal(counters(&s)->out_of_window, 1);
    sim_fini(&s);
}

static void close_both_ways(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    struct packet p = segment(&s, CLIENT, TCP_FIN | TCP_ACK | TCP_PSH, 0, "bye");
    push(&s, &p);
    s.acked[SERVER] = 4; /* the FIN, too */
    data(&s, SERVER, 0, "half closed");
    fin(&s, SERVER, 11);
    ack(&s, CLIENT, 4, 12);
    expect(&s, ">0'bye'4 FIN>4 FINORD>4 ACK1<5 <0'half closed'5 FIN<6 FINORD<6 ACK1>7");
    fin(&s, SERVER, 11);
    data(&s, CLIENT, 3, "late");
    data(&s, CLIENT, 3, "later");
    expect(&s, "LATE>9");
    assert_int_equal(s.last.retransmits[FLOW_S2C], 1);
    assert_int_equal(s.last.lost_bytes[0] + s.last.lost_bytes[1], 0);
    s.now_ns += flow_limits_default.closed_linger_ns + MS;
    s.ep[CLIENT].port++;
    syn(&s);
    expect(&s, "close:closed 2#open 2#SYN>11");
    sim_fini(&s);
}

static void step(struct sim *s, int i)
{
    switch (i) {
    case 1:
        syn(s);
        break;
    case 2:
        syn_ack(s);
        break;
    case 3:
        ack(s, CLIENT, 0, 0);
        break;
    case 4:
        data(s, CLIENT, 0, "abc");
        break;
    case 5:
        s->acked[SERVER] = 3;
        data(s, SERVER, 0, "de");
        break;
    default:
        s->acked[CLIENT] = 2;
        fin(s, CLIENT, 3);
    }
}

/* Wherever the RST comes, it ends what was there; only numbers that make no sense are passed over. */
static void reset_at_any_point(void **state)
{
    (void)state;
    for (int at = 1; at <= 6; at++) {
        struct sim s;
        sim_init(&s, NULL);
        for (int i = 1; i <= at; i++)
            step(&s, i);
        buf_reset(&s.log);
        struct packet stray = segment(&s, SERVER, TCP_RST | TCP_ACK, 0x40000000, NULL);
        stray.tcp.ack += 0x40000000;
        push(&s, &stray);
        expect(&s, "");
        assert_int_equal(counters(&s)->out_of_window, 1);
        s.number = 9;
        rst(&s, SERVER, at >= 5 ? 2 : 0);
        rst(&s, SERVER, at >= 5 ? 2 : 0);
        flow_table_finish(s.table);
        expect(&s, "RST<10 close:input");
        sim_fini(&s);
    }
}

static void reset_is_once_per_direction_and_data_may_follow(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    rst(&s, SERVER, 0);
    data(&s, CLIENT, 0, "in flight");
    rst(&s, SERVER, 0);
    rst(&s, CLIENT, 9);
    expect(&s, "RST<4 LATE>5 >0'in flight'5 RST>7");
    sim_fini(&s);
}

/* What came before it and was captured behind it is no sign; what its number lies before is. */
static void bytes_behind_an_injected_reset(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, CLIENT, 0, "GET");
    rst(&s, SERVER, 3);
    data(&s, SERVER, 0, "200");
    expect(&s, ">0'GET'4 RST<5 <0'200'6");
    data(&s, SERVER, 3, " OK");
    data(&s, SERVER, 6, " more");
    expect(&s, "ALIVE<7 <3' OK'7 <6' more'8");
    sim_fini(&s);
}

static void joined_mid_stream(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    data(&s, SERVER, 500, "answer");
    s.acked[CLIENT] = 506;
    data(&s, CLIENT, 70, "next");
    expect(&s, "open <0'answer'1 ACK1>2 >0'next'2");
    assert_int_equal(s.last.roles, FLOW_ROLES_GUESSED);
    assert_int_equal(s.last.client.port, 40000);
    assert_int_equal(s.client_isn, 1000);
    data(&s, SERVER, 400, "before");
    expect(&s, "");
    assert_int_equal(counters(&s)->out_of_window, 1);
    data(&s, SERVER, 496, "the answer and");
    expect(&s, "<6' and'4");
    sim_fini(&s);
}

static void mid_stream_guess_goes_by_port(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.ep[CLIENT].port = 8080;
    s.ep[SERVER].port = 443;
    data(&s, SERVER, 0, "x");
    assert_int_equal(s.last.client.port, 8080);
    sim_fini(&s);
}

static void mid_stream_bytes_in_flight_are_no_hole(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    ack(&s, CLIENT, 0, 1000);
    ack(&s, CLIENT, 0, 2000);
    data(&s, SERVER, 9000, "bulk");
    ack(&s, CLIENT, 0, 9004);
    s.now_ns += 100 * MS;
    data(&s, SERVER, 9004, "more");
    expect(&s, "open ACK1>2 <0'bulk'3 <4'more'5");
    assert_int_equal(counters(&s)->holes, 0);
    sim_fini(&s);
}

/* A request's own ACK says where its answer begins: an answer that was lost on its way is sent again. */
static void mid_stream_answer_is_repeated(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.acked[CLIENT] = 300;
    ack(&s, CLIENT, 70, 300);
    data(&s, CLIENT, 70, "GET 1");
    ack(&s, SERVER, 306, 75); /* it has sent six bytes by now */
    data(&s, SERVER, 300, "200 ");
    data(&s, SERVER, 304, "OK");
    s.acked[CLIENT] = 306;
    data(&s, CLIENT, 75, "GET 2");
    expect(&s, "open >0'GET 1'2 ACK1<3 <0'200 '4 <4'OK'5 ACK1>6 >5'GET 2'6");
    sim_fini(&s);
}

static void mid_stream_start_of_an_answer_is_repeated(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.acked[CLIENT] = 300;
    data(&s, CLIENT, 70, "GET");
    data(&s, SERVER, 304, "OK");
    ack(&s, CLIENT, 73, 300);
    s.now_ns += 300 * MS;
    data(&s, SERVER, 300, "200 ");
    expect(&s, "open >0'GET'1 <0'200 '4 <4'OK'2/4");
    sim_fini(&s);
}

static void mid_stream_answer_was_not_captured(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.acked[CLIENT] = 300;
    data(&s, CLIENT, 70, "GET 1");
    s.acked[SERVER] = 75;
    ack(&s, SERVER, 306, 75);
    ack(&s, CLIENT, 75, 306);
    s.acked[CLIENT] = 306;
    s.now_ns += 100 * MS;
    data(&s, CLIENT, 75, "GET 2");
    data(&s, SERVER, 306, "200");
    expect(&s, "open >0'GET 1'1 ACK1<2 ACK1>3 <0[6]3 >5'GET 2'4 <6'200'5");
    sim_fini(&s);
}

static void mid_stream_on_a_keep_alive_probe(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.acked[CLIENT] = 300;
    ack(&s, CLIENT, 99, 300);
    ack(&s, SERVER, 300, 100);
    data(&s, CLIENT, 100, "GET");
    s.acked[SERVER] = 103;
    s.now_ns += 100 * MS;
    data(&s, SERVER, 300, "200");
    expect(&s, "open >0'GET'3 ACK1<4 <0'200'4");
    assert_int_equal(counters(&s)->holes, 0);
    sim_fini(&s);
}

static void swap_roles(struct flow_conn *conn)
{
    flow_tcp_swap_roles(conn);
}

static void roles_can_be_corrected(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.on_open = swap_roles;
    data(&s, SERVER, 0, "GET");
    s.acked[CLIENT] = 3;
    data(&s, CLIENT, 0, "200");
    expect(&s, "open >0'GET'1 ACK1<2 <0'200'2");
    assert_int_equal(s.last.client.port, 80);
    assert_int_equal(s.last.server.port, 40000);
    assert_int_equal(s.client_isn, 5000);
    assert_int_equal(s.last.packets[FLOW_C2S], 1);
    assert_int_equal(s.last.payload_bytes[FLOW_C2S], 3);
    s.ep[CLIENT].port++;
    syn(&s); /* a handshake is never doubted */
    assert_int_equal(s.last.client.port, 40001);
    sim_fini(&s);
}

static void reset_of_nothing_opens_nothing(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    rst(&s, SERVER, 0);
    expect(&s, "");
    assert_int_equal(counters(&s)->connections, 0);
    assert_int_equal(counters(&s)->out_of_window, 1);
    sim_fini(&s);
}

static void connection_to_itself(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.ep[SERVER] = s.ep[CLIENT];
    s.isn[SERVER] = s.isn[CLIENT];
    syn(&s);
    syn_ack(&s);
    data(&s, CLIENT, 0, "echo");
    flow_table_finish(s.table);
    expect(&s, "open SYN>1 SYNACK>2 EST>3 >0'echo'3 close:input");
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_way_handshake),
        cmocka_unit_test(syn_is_repeated_as_long_as_it_is_unanswered),
        cmocka_unit_test(syn_ack_alone_tells_the_roles),
        cmocka_unit_test(syn_captured_behind_its_answer_is_not_a_repetition),
        cmocka_unit_test(missing_syn_ack_does_not_matter),
        cmocka_unit_test(payload_establishes_too),
        cmocka_unit_test(data_in_the_syn_is_data),
        cmocka_unit_test(more_data_in_the_syn_s_repetition),
        cmocka_unit_test(data_in_a_syn_that_a_fin_cuts_off),
        cmocka_unit_test(data_in_a_syn_that_the_server_did_not_take),
        cmocka_unit_test(data_in_a_syn_that_nobody_answers),
        cmocka_unit_test(simultaneous_open_is_one_connection),
        cmocka_unit_test(refused),
        cmocka_unit_test(stale_peer_answers_a_syn_with_an_old_ack),
        cmocka_unit_test(stale_peer_with_a_number_close_by),
        cmocka_unit_test(new_syn_on_the_same_endpoints),
        cmocka_unit_test(new_syn_close_to_the_old_numbers),
        cmocka_unit_test(the_same_connection_played_again),
        cmocka_unit_test(new_syn_ack_whose_syn_was_lost),
        cmocka_unit_test(forged_syn_in_the_window_is_ignored),
        cmocka_unit_test(close_both_ways),
        cmocka_unit_test(reset_at_any_point),
        cmocka_unit_test(reset_is_once_per_direction_and_data_may_follow),
        cmocka_unit_test(bytes_behind_an_injected_reset),
        cmocka_unit_test(joined_mid_stream),
        cmocka_unit_test(mid_stream_guess_goes_by_port),
        cmocka_unit_test(mid_stream_bytes_in_flight_are_no_hole),
        cmocka_unit_test(mid_stream_answer_is_repeated),
        cmocka_unit_test(mid_stream_start_of_an_answer_is_repeated),
        cmocka_unit_test(mid_stream_answer_was_not_captured),
        cmocka_unit_test(mid_stream_on_a_keep_alive_probe),
        cmocka_unit_test(roles_can_be_corrected),
        cmocka_unit_test(reset_of_nothing_opens_nothing),
        cmocka_unit_test(connection_to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
