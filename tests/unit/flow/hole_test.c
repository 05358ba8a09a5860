#include "sim.h"

enum { PATIENCE = 8 * MS };

static void hole_is_lost_when_acknowledged_and_patience_is_over(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "ab");
    data(&s, SERVER, 5, "fg");
    ack(&s, CLIENT, 0, 7);
    expect(&s, "<0'ab'4 ACK1>6");
    s.now_ns += PATIENCE - MS;
    ack(&s, CLIENT, 0, 7); /* just within */
    expect(&s, "");
    data(&s, SERVER, 7, "h");
    expect(&s, "<2[3]6/5 <5'fg'5 <7'h'8");
    assert_int_equal(s.last.lost_bytes[FLOW_S2C], 3);
    assert_int_equal(counters(&s)->holes, 1);
    assert_int_equal(counters(&s)->hole_bytes, 3);
    data(&s, SERVER, 2, "cde"); /* too late */
    expect(&s, "");
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 5);
    sim_fini(&s);
}

/* What was asked after the first of them was missed may be answered in the second. */
static void a_hole_has_a_piece_for_each_packet_that_shows_it(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, CLIENT, 0, 4);
    s.acked[CLIENT] = 4;
    data(&s, CLIENT, 0, "GET");
    data(&s, SERVER, 9, "jk");
    ack(&s, CLIENT, 3, 11);
    expect(&s, "<0'ab'4 ACK1>5 >0'GET'6");
    rst(&s, CLIENT, 3);
    expect(&s, "<2[2]5 <4[5]7 <9'jk'7 RST>9");
    assert_int_equal(s.last.lost_bytes[FLOW_S2C], 7);
    sim_fini(&s);
}

static void hole_filled_in_time_is_none(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 3, "de");
    ack(&s, CLIENT, 0, 5); /* the acknowledgement overtook it */
    s.now_ns += PATIENCE - MS;
    data(&s, SERVER, 0, "abc");
    s.now_ns += 2 * PATIENCE;
    data(&s, SERVER, 5, "f");
    expect(&s, "ACK1>5 <0'abc'6 <3'de'4/6 <5'f'7");
    assert_int_equal(counters(&s)->holes, 0);
    sim_fini(&s);
}

static void hole_that_is_not_acknowledged_waits(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 3, "de");
    s.now_ns += 10LL * PATIENCE;
    ack(&s, CLIENT, 0, 0); /* the network lost it: the sender will repeat it */
    data(&s, SERVER, 0, "abc");
    expect(&s, "<0'abc'6 <3'de'4/6");
    sim_fini(&s);
}

static void last_segment_can_be_the_lost_one(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, CLIENT, 0, 10);
    s.now_ns += PATIENCE / 2;
    ack(&s, CLIENT, 0, 20);
    s.now_ns += PATIENCE / 2;
    ack(&s, CLIENT, 0, 20);
    expect(&s, "<0'ab'4 ACK1>5 <2[8]5"); /* the second acknowledgement is younger */
    s.now_ns += PATIENCE / 2;
    data(&s, SERVER, 20, "u");
    expect(&s, "<10[10]6 <20'u'8");
    sim_fini(&s);
}

static void several_holes_under_one_acknowledgement(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 1, "b");
    data(&s, SERVER, 3, "d");
    data(&s, SERVER, 5, "f");
    ack(&s, CLIENT, 0, 5);
    s.now_ns += PATIENCE;
    ack(&s, CLIENT, 0, 5);
    expect(&s, "ACK1>7 <0[1]7/4 <1'b'4 <2[1]7/5 <3'd'5 <4[1]7/6 <5'f'6");
    sim_fini(&s);
}

static void fin_and_syn_numbers_are_no_bytes(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, CLIENT, 0, 3); /* acknowledges a FIN that was not captured */
    s.now_ns += 2 * PATIENCE;
    ack(&s, CLIENT, 0, 3);
    fin(&s, SERVER, 2);
    ack(&s, CLIENT, 0, 3);
    s.now_ns += 2 * PATIENCE;
    ack(&s, CLIENT, 0, 3);
    flow_table_finish(s.table);
    expect(&s, "<0'ab'4 ACK1>5 FIN<7 FINORD<7 close:input");
    assert_int_equal(counters(&s)->holes, 0);
    sim_fini(&s);
}

static void fin_counted_as_byte_of_a_hole_still_ends_the_stream(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    ack(&s, CLIENT, 0, 6); /* five bytes and a FIN, all lost */
    s.now_ns += PATIENCE;
    ack(&s, CLIENT, 0, 6);
    fin(&s, SERVER, 5);
    expect(&s, "ACK1>4 <0[6]4 FIN<6 FINORD<6");
    sim_fini(&s);
}

static void end_of_connection_gives_up_holes(void **state)
{
    (void)state;
    enum { BY_RESET, BY_FINISH, BY_IDLE };
    static const char *const want[] = {
        "<0[1]4 <1'b'4 RST<5 close:input",
        "<0[1]4 <1'b'4 close:input",
        "<0[1]4 <1'b'4 close:idle",
    };
    for (int how = BY_RESET; how <= BY_IDLE; how++) {
        struct sim s;
        sim_init(&s, NULL);
        handshake(&s);
        data(&s, SERVER, 1, "b");
        if (how == BY_RESET)
            rst(&s, SERVER, 2);
        if (how == BY_IDLE) {
            s.now_ns += flow_limits_default.idle_ns;
            struct packet p = segment(&s, CLIENT, 0, 0, NULL);
            p.kind = PACKET_ICMP_ERROR; /* any packet moves the clock */
            p.icmp.quoted_kind = PACKET_TCP;
            push(&s, &p);
        }
        flow_table_finish(s.table);
        expect(&s, want[how]);
        sim_fini(&s);
    }
}

static void bytes_missing_before_a_fin_are_a_hole_at_the_end(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    fin(&s, SERVER, 7);
    flow_table_finish(s.table);
    expect(&s, "FIN<4 <0[7]4 FINORD<4 close:input");
    sim_fini(&s);
}

static void one_direction_was_not_captured(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    syn(&s);
    data(&s, CLIENT, 0, "GET");
    ack(&s, CLIENT, 3, 100);
    s.now_ns += PATIENCE;
    s.acked[CLIENT] = 100;
    data(&s, CLIENT, 3, "GET");
    fin(&s, CLIENT, 6);
    expect(&s, "open SYN>1 EST>2 >0'GET'2 ACK1>3 <0[100]3 >3'GET'4 FIN>5 FINORD>5");
    sim_fini(&s);
}

static void late_deliverable_never_goes_back(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 4, "e");
    data(&s, SERVER, 1, "b");
    data(&s, SERVER, 0, "a");
    expect(&s, "<0'a'6 <1'b'5/6");
    ack(&s, CLIENT, 0, 5);
    s.now_ns += PATIENCE;
    ack(&s, CLIENT, 0, 5);
    expect(&s, "ACK1>7 <2[2]7/6 <4'e'4/6");
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hole_is_lost_when_acknowledged_and_patience_is_over),
        cmocka_unit_test(a_hole_has_a_piece_for_each_packet_that_shows_it),
        cmocka_unit_test(hole_filled_in_time_is_none),
        cmocka_unit_test(hole_that_is_not_acknowledged_waits),
        cmocka_unit_test(last_segment_can_be_the_lost_one),
        cmocka_unit_test(several_holes_under_one_acknowledgement),
        cmocka_unit_test(fin_and_syn_numbers_are_no_bytes),
        cmocka_unit_test(fin_counted_as_byte_of_a_hole_still_ends_the_stream),
        cmocka_unit_test(end_of_connection_gives_up_holes),
        cmocka_unit_test(bytes_missing_before_a_fin_are_a_hole_at_the_end),
        cmocka_unit_test(one_direction_was_not_captured),
        cmocka_unit_test(late_deliverable_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
