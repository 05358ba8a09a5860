/* What stands still, and what is measured of packets in order. Each packet comes 1 ms after the one before. */
#include "sim.h"

static void expect_stalls_at(struct sim *s, const char *want, const char *file, int line)
{
    buf_putc(&s->stalls, '\0');
    _assert_string_equal((const char *)s->stalls.p, want, file, line);
    s->stalls.n = 0;
}
#define expect_stalls(s, want) expect_stalls_at((s), (want), __FILE__, __LINE__)

static const struct flow_sent *sent(const struct sim *s, enum flow_dir dir)
{
    assert_non_null(s->last.transport);
    return &s->last.transport->sent[dir];
}

static void begin(struct sim *s)
{
    sim_init(s, NULL);
    handshake(s);
}

static void wait(struct sim *s, int64_t ms)
{
    s->now_ns += ms * MS;
}

/* ---- repeats ---- */

static void a_repeat_of_what_was_not_acknowledged_is_a_loss_behind_the_capture(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, CLIENT, 0, "GET");
    wait(&s, 200);
    data(&s, CLIENT, 0, "GET");
    wait(&s, 400);
    data(&s, CLIENT, 0, "GET");
    expect_stalls(&s, "");
    ack(&s, SERVER, 0, 3);
    expect_stalls(&s, "lost_here_after>4-6");
    sim_fini(&s);
}

static void a_repeat_of_what_was_acknowledged_is_needless(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, CLIENT, 0, "GET");
    ack(&s, SERVER, 0, 3);
    wait(&s, 200);
    data(&s, CLIENT, 0, "GET");
    expect_stalls(&s, "spurious>6-6");
    sim_fini(&s);
}

/* RFC 3522: it echoes the first sending's moment. */
static void an_acknowledgement_of_the_first_sending_makes_its_repeat_needless(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    for (uint32_t sending = 0; sending < 2; sending++) {
        struct packet p = segment(&s, CLIENT, TCP_ACK, 0, "GET");
        p.tcp.has_timestamp = true;
        p.tcp.ts_value = 100 + sending;
        push(&s, &p);
    }
    s.acked[SERVER] = 3;
    struct packet p = segment(&s, SERVER, TCP_ACK, 0, NULL);
    p.tcp.has_timestamp = true;
    p.tcp.ts_echo = 100;
    push(&s, &p);
    expect_stalls(&s, "spurious>5-5");
    sim_fini(&s);
}

static void what_is_sent_three_times_in_vain_is_stuck(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    for (int i = 0; i < 4; i++)
        data(&s, CLIENT, 0, "GET / HTTP/1.1");
    data(&s, CLIENT, 0, "GET /"); /* shorter: it arrives */
    ack(&s, SERVER, 0, 5);
    expect_stalls(&s, "lost_here_after>4-8");
    assert_int_equal(sent(&s, FLOW_C2S)->longest_stuck, 14);
    sim_fini(&s);
}

/* ---- holes ---- */

static void a_hole_that_fills_late_was_a_loss_before_the_capture(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 3, "de");
    wait(&s, 200);
    data(&s, SERVER, 0, "abc");
    expect_stalls(&s, "lost_before<4-5");
    sim_fini(&s);
}

static void a_hole_that_fills_at_once_was_another_order(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 3, "de");
    data(&s, SERVER, 0, "abc");
    expect_stalls(&s, "reordered<4-5");
    sim_fini(&s);
}

/* The sender's clock says so, however soon it came. */
static void a_hole_filled_by_a_later_sending_was_a_loss(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    for (uint32_t i = 0; i < 2; i++) {
        struct packet p = segment(&s, SERVER, TCP_ACK, i == 0 ? 3 : 0, i == 0 ? "de" : "abc");
        p.tcp.has_timestamp = true;
        p.tcp.ts_value = 100 + i;
        push(&s, &p);
    }
    expect_stalls(&s, "lost_before<4-5");
    sim_fini(&s);
}

static void a_packet_without_bytes_shows_that_some_were_sent(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, SERVER, 2000, 0);
    assert_int_equal(sent(&s, FLOW_S2C)->claimed, 2000);
    assert_int_equal(sent(&s, FLOW_S2C)->high, 2);
    sim_fini(&s);
}

static void bytes_acknowledged_that_nobody_saw_are_the_captures_loss(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, CLIENT, 0, 9);
    wait(&s, 1000);
    data(&s, SERVER, 9, "j");
    assert_int_equal(sent(&s, FLOW_S2C)->unseen, 1);
    assert_int_equal(sent(&s, FLOW_S2C)->hole, 0);
    expect_stalls(&s, "");
    sim_fini(&s);
}

/* ---- windows, pauses, probes ---- */

static void advertise(struct sim *s, enum side from, uint16_t window)
{
    struct packet p = segment(s, from, TCP_ACK, 0, NULL);
    p.tcp.window = window;
    push(s, &p);
}

static void a_shut_window_holds_its_peer(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 0, "ab");
    s.acked[CLIENT] = 2;
    advertise(&s, CLIENT, 0);
    wait(&s, 200);
    data(&s, SERVER, 2, "c"); /* asks whether it is still shut, twice */
    data(&s, SERVER, 2, "c");
    advertise(&s, CLIENT, 1000);
    expect_stalls(&s, "zero_window<5-8");
    assert_int_equal(counters(&s)->retransmits, 0);
    sim_fini(&s);
}

static void silence_after_everything_was_acknowledged_is_a_pause(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, SERVER, 0, "ab");
    ack(&s, CLIENT, 0, 2);
    wait(&s, 10);
    data(&s, SERVER, 2, "cd");
    expect_stalls(&s, "sender_idle<4-6");
    ack(&s, CLIENT, 0, 4);
    wait(&s, 8); /* not long enough */
    data(&s, SERVER, 4, "ef");
    wait(&s, 100); /* it may wait for the acknowledgement */
    data(&s, SERVER, 6, "gh");
    ack(&s, CLIENT, 0, 8);
    data(&s, CLIENT, 0, "GET");
    wait(&s, 100); /* its turn had come to an end */
    data(&s, SERVER, 8, "ij");
    expect_stalls(&s, "");
    sim_fini(&s);
}

static void a_small_segment_after_a_delayed_acknowledgement_waited_for_it(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, CLIENT, 0, "POST");
    wait(&s, 39);
    ack(&s, SERVER, 0, 4);
    data(&s, CLIENT, 4, "body");
    expect_stalls(&s, "delayed_ack_nagle>4-6");
    wait(&s, 39);
    ack(&s, SERVER, 0, 8);
    wait(&s, 3); /* not at once: it had nothing to send */
    data(&s, CLIENT, 8, "more");
    expect_stalls(&s, "");
    sim_fini(&s);
}

static void probes_are_counted_until_the_peer_speaks(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, CLIENT, 0, "GET");
    ack(&s, SERVER, 0, 3);
    for (int i = 0; i < 3; i++)
        ack(&s, CLIENT, 2, 0);
    assert_int_equal(sent(&s, FLOW_C2S)->keep_alives_open, 3);
    assert_int_equal(sent(&s, FLOW_C2S)->probe_first.ref.number, 6);
    ack(&s, SERVER, 0, 3);
    assert_int_equal(sent(&s, FLOW_C2S)->keep_alives_open, 0);
    assert_int_equal(sent(&s, FLOW_C2S)->keep_alives, 3);
    sim_fini(&s);
}

/* ---- round trips ---- */

static void only_a_pure_and_prompt_acknowledgement_is_a_round_trip(void **state)
{
    (void)state;
    struct sim s;
    begin(&s);
    data(&s, CLIENT, 0, "a");
    ack(&s, SERVER, 0, 1);
    assert_int_equal(sent(&s, FLOW_C2S)->rtt.samples, 1);
    assert_int_equal(sent(&s, FLOW_C2S)->rtt.min_us, 1000);
    data(&s, CLIENT, 1, "b");
    s.acked[SERVER] = 2;
    data(&s, SERVER, 0, "answer"); /* with bytes: the server took its time */
    data(&s, CLIENT, 2, "c");
    wait(&s, 40);
    ack(&s, SERVER, 6, 3); /* delayed */
    data(&s, CLIENT, 3, "d");
    data(&s, CLIENT, 3, "d"); /* of which of the two? */
    ack(&s, SERVER, 6, 4);
    assert_int_equal(sent(&s, FLOW_C2S)->rtt.samples, 1);
    sim_fini(&s);
}

static void a_median_is_of_samples_from_all_of_the_time(void **state)
{
    (void)state;
    struct flow_rtt r = {0};

    for (uint32_t i = 1; i <= 1000; i++)
        flow_rtt_add(&r, i);
    assert_int_equal(r.samples, 1000);
    assert_int_equal(r.min_us, 1);
    assert_int_equal(r.max_us, 1000);
    assert_in_range(r.median_us, 300, 600);
}

/* ---- what is over ---- */

static struct flow_conn *watched;

static void watch(struct flow_conn *conn)
{
    watched = watched == NULL ? conn : watched;
}

static void open_watched(struct sim *s)
{
    watched = NULL;
    sim_init(s, NULL);
    s->on_open = watch;
    handshake(s);
    data(s, CLIENT, 0, "GET");
    s->acked[SERVER] = 3;
}

static void close_both(struct sim *s)
{
    fin(s, SERVER, 0);
    fin(s, CLIENT, 3);
    ack(s, SERVER, 1, 4);
}

/* A packet of another connection moves the clock. */
static void later(struct sim *s, int64_t ms)
{
    wait(s, ms);
    s->ep[CLIENT].port++;
    syn(s);
    s->ep[CLIENT].port--;
    s->log.n = 0;
}

static void what_is_over_and_known_is_measured_no_more(void **state)
{
    (void)state;
    struct sim s;
    open_watched(&s);
    close_both(&s);
    watched->all_known = true;
    later(&s, 1900);
    assert_non_null(watched->transport);
    later(&s, 200);
    assert_null(watched->transport);
    sim_fini(&s);
}

static void what_is_not_known_or_not_over_stays_measured(void **state)
{
    (void)state;
    struct sim s;
    open_watched(&s);
    close_both(&s);
    later(&s, 5000);
    assert_non_null(watched->transport); /* the next stage may ask for it */
    sim_fini(&s);

    open_watched(&s);
    fin(&s, CLIENT, 3);
    watched->all_known = true;
    later(&s, 5000);
    assert_non_null(watched->transport); /* the server may still answer */
    sim_fini(&s);

    open_watched(&s);
    rst(&s, SERVER, 0);
    watched->all_known = true;
    later(&s, 5000);
    assert_non_null(watched->transport); /* who knows whose RST that was */
    sim_fini(&s);
}

static void a_client_that_closed_and_then_refuses_bytes_is_over(void **state)
{
    (void)state;
    struct sim s;
    open_watched(&s);
    fin(&s, CLIENT, 3);
    data(&s, SERVER, 0, "unread");
    rst(&s, CLIENT, 4);
    watched->all_known = true;
    later(&s, 2100);
    assert_null(watched->transport);
    sim_fini(&s);
}

static void a_late_packet_keeps_it_for_as_long_again(void **state)
{
    (void)state;
    struct sim s;
    int64_t linger_ms = flow_limits_default.closed_linger_ns / MS;
    open_watched(&s);
    close_both(&s);
    watched->all_known = true;
    later(&s, linger_ms - 1000);
    s.log.n = 0;
    data(&s, CLIENT, 4, "late");
    expect(&s, "LATE>9");
    later(&s, linger_ms - 1000);
    s.log.n = 0;
    fin(&s, CLIENT, 3); /* it is still known: no other one begins */
    expect(&s, "");
    wait(&s, linger_ms + 1);
    s.ep[CLIENT].port += 2;
    syn(&s);
    assert_true(s.log.n >= 12);
    assert_memory_equal(s.log.p, "close:closed", 12);
    s.log.n = 0;
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeat_of_what_was_not_acknowledged_is_a_loss_behind_the_capture),
        cmocka_unit_test(a_repeat_of_what_was_acknowledged_is_needless),
        cmocka_unit_test(an_acknowledgement_of_the_first_sending_makes_its_repeat_needless),
        cmocka_unit_test(what_is_sent_three_times_in_vain_is_stuck),
        cmocka_unit_test(a_hole_that_fills_late_was_a_loss_before_the_capture),
        cmocka_unit_test(a_hole_that_fills_at_once_was_another_order),
        cmocka_unit_test(a_hole_filled_by_a_later_sending_was_a_loss),
        cmocka_unit_test(a_packet_without_bytes_shows_that_some_were_sent),
        cmocka_unit_test(bytes_acknowledged_that_nobody_saw_are_the_captures_loss),
        cmocka_unit_test(a_shut_window_holds_its_peer),
        cmocka_unit_test(silence_after_everything_was_acknowledged_is_a_pause),
        cmocka_unit_test(a_small_segment_after_a_delayed_acknowledgement_waited_for_it),
        cmocka_unit_test(probes_are_counted_until_the_peer_speaks),
        cmocka_unit_test(only_a_pure_and_prompt_acknowledgement_is_a_round_trip),
        cmocka_unit_test(a_median_is_of_samples_from_all_of_the_time),
        cmocka_unit_test(what_is_over_and_known_is_measured_no_more),
        cmocka_unit_test(what_is_not_known_or_not_over_stays_measured),
        cmocka_unit_test(a_client_that_closed_and_then_refuses_bytes_is_over),
        cmocka_unit_test(a_late_packet_keeps_it_for_as_long_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
