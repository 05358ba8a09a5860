#include "sim.h"

#include <stdio.h>

static void in_order(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, CLIENT, 0, "GET ");
    data(&s, CLIENT, 4, "/");
    s.acked[SERVER] = 5;
    data(&s, SERVER, 0, "200");
    ack(&s, CLIENT, 5, 3);
    expect(&s, ">0'GET '4 >4'/'5 ACK1<6 <0'200'6 ACK1>7");
    assert_int_equal(s.last.payload_bytes[FLOW_C2S], 5);
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 3);
    assert_int_equal(s.last.packets[FLOW_C2S], 5);
    assert_int_equal(s.last.packets[FLOW_S2C], 2);
    sim_fini(&s);
}

static void what_comes_early_is_delivered_with_the_packet_that_completes_it(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 6, "gh");
    data(&s, SERVER, 3, "def");
    data(&s, SERVER, 0, "abc");
    data(&s, SERVER, 8, "i");
    expect(&s, "<0'abc'6 <3'def'5/6 <6'gh'4/6 <8'i'7");
    assert_int_equal(s.last.out_of_order[FLOW_S2C], 2);
    assert_int_equal(s.last.retransmits[FLOW_S2C], 0);
    sim_fini(&s);
}

static void retransmissions_never_move_a_time(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "abc");
    data(&s, SERVER, 0, "abc");
    data(&s, SERVER, 1, "b");
    data(&s, SERVER, 1, "bcd"); /* and one new byte */
    expect(&s, "<0'abc'4 <3'd'7");
    data(&s, SERVER, 6, "g");
    data(&s, SERVER, 6, "g");
    data(&s, SERVER, 4, "ef");
    expect(&s, "<4'ef'10 <6'g'8/10");
    assert_int_equal(s.last.retransmits[FLOW_S2C], 3);
    assert_int_equal(counters(&s)->retransmits, 3);
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 7);
    sim_fini(&s);
}

static void first_copy_of_a_byte_wins(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 4, "ef");
    data(&s, SERVER, 8, "ij");
    data(&s, SERVER, 2, "CDXFGHIJKL"); /* E differs from e, G to J agree or are new */
    data(&s, SERVER, 0, "AB");
    expect(&s, "<0'AB'7 <2'CD'6/7 <4'ef'4/7 <6'GH'6/7 <8'ij'5/7 <10'KL'6/7");
    assert_int_equal(counters(&s)->overlaps_conflicting, 1);
    data(&s, SERVER, 14, "op");
    data(&s, SERVER, 12, "mnopq");
    expect(&s, "<12'mn'9 <14'op'8/9 <16'q'9");
    assert_int_equal(counters(&s)->overlaps_conflicting, 1);
    data(&s, SERVER, 18, "s");
    data(&s, SERVER, 18, "S"); /* nothing new, and different */
    assert_int_equal(counters(&s)->overlaps_conflicting, 2);
    sim_fini(&s);
}

/* Every order of overlapping segments, at sequence numbers that do and do not wrap inside them. */
static const struct {
    uint32_t off, end;
} pieces[] = {{0, 4}, {2, 6}, {5, 8}, {7, 11}};
enum { PIECES = 4, STREAM = 11 };
static const char alphabet[] = "abcdefghijk";

struct per_byte {
    unsigned next, seen[STREAM], deliverable[STREAM];
};

static void note_chunk(void *ctx, struct flow_conn *conn, const struct flow_chunk *c)
{
    struct per_byte *got = ctx;

    (void)conn;
    assert_false(c->lost);
    assert_int_equal(c->offset, got->next);
    assert_int_equal(c->len, c->bytes.n);
    assert_memory_equal(c->bytes.p, alphabet + c->offset, c->bytes.n);
    for (size_t i = 0; i < c->len; i++, got->next++) {
        got->seen[got->next] = (unsigned)c->seen.ref.number;
        got->deliverable[got->next] = (unsigned)c->deliverable.ref.number;
    }
}

static void ignore_open(void *ctx, struct flow_conn *conn)
{
    (void)ctx;
    (void)conn;
}

static void ignore_event(void *ctx, struct flow_conn *conn, const struct flow_event *e)
{
    (void)ctx;
    (void)conn;
    (void)e;
}

static void ignore_close(void *ctx, struct flow_conn *conn, enum flow_end why)
{
    (void)ctx;
    (void)conn;
    (void)why;
}

static void try_order(const unsigned order[PIECES], uint32_t isn)
{
    struct per_byte got = {0}, want = {0};
    struct flow_sink sink = {&got, ignore_open, ignore_event, note_chunk, ignore_close, NULL, NULL};
    struct sim s;

    sim_init(&s, NULL);
    flow_table_free(s.table);
    s.table = flow_table_new(&flow_limits_default, &sink);
    s.isn[SERVER] = isn;
    syn(&s);
    syn_ack(&s);
    for (unsigned i = 0; i < PIECES; i++) {
        char text[STREAM + 1] = {0};
        unsigned piece = order[i], n = pieces[piece].end - pieces[piece].off;
        memcpy(text, alphabet + pieces[piece].off, n);
        data(&s, SERVER, pieces[piece].off, text);
        for (unsigned b = pieces[piece].off; b < pieces[piece].end; b++)
            if (want.seen[b] == 0)
                want.seen[b] = (unsigned)s.number;
    }
    for (unsigned b = 0, latest = 0; b < STREAM; b++) {
        latest = want.seen[b] > latest ? want.seen[b] : latest;
        want.deliverable[b] = latest;
        assert_int_equal(got.seen[b], want.seen[b]);
        assert_int_equal(got.deliverable[b], want.deliverable[b]);
    }
    assert_int_equal(got.next, STREAM);
    sim_fini(&s);
}

static void every_order_of_overlapping_segments(void **state)
{
    (void)state;
    for (uint32_t before_wrap = 0; before_wrap <= STREAM + 1; before_wrap++)
        for (unsigned code = 0; code < 4 * 4 * 4 * 4; code++) {
            unsigned order[PIECES] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
            unsigned used = 1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3];
            if (used == 15)
                try_order(order, UINT32_MAX - before_wrap);
        }
}

static void more_than_four_gigabytes(void **state)
{
    (void)state;
    enum { BIG = 1 << 20 };
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    s.quiet = true;
    for (uint64_t off = 0; off <= UINT32_MAX; off += BIG) {
        struct packet p = segment(&s, SERVER, TCP_ACK, (uint32_t)off, "cut");
        p.payload_len = BIG;
        push(&s, &p);
    }
    s.quiet = false;
    s.number = 9;
    data(&s, SERVER, 2, "c"); /* offsets are modulo 2^32 here */
    data(&s, SERVER, 0, "ab");
    expect(&s, "<4294967296'ab'11 <4294967298'c'10/11");
    assert_true(s.last.payload_bytes[FLOW_S2C] == (1ull << 32) + 3);
    sim_fini(&s);
}

static void bytes_that_the_capture_cut(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    struct packet p = segment(&s, SERVER, TCP_ACK, 0, "ab");
    p.payload_len = 10;
    push(&s, &p);
    expect(&s, "<0'ab'+8:4");
    data(&s, SERVER, 5, "fghijkl"); /* a retransmission that was kept improves nothing that is delivered */
    expect(&s, "<10'kl'5");
    p = segment(&s, SERVER, TCP_ACK, 14, "o");
    p.payload_len = 6;
    push(&s, &p);
    p = segment(&s, SERVER, TCP_ACK, 13, "");
    p.payload_len = 10;
    push(&s, &p);
    data(&s, SERVER, 12, "m");
    expect(&s, "<12'm'8 <13''+1:7/8 <14'o'+5:6/8 <20''+3:7/8");
    assert_int_equal(counters(&s)->cut_bytes, 8 + 1 + 5 + 3);
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 23);
    sim_fini(&s);
}

static void keep_alive_and_window_probes_are_no_retransmissions(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    ack(&s, CLIENT, UINT32_MAX, 0); /* before any byte */
    data(&s, CLIENT, 0, "GET");
    s.acked[SERVER] = 3;
    data(&s, SERVER, 0, "ok");
    ack(&s, CLIENT, 2, 2);
    data(&s, CLIENT, 2, "?"); /* with a byte of garbage */
    data(&s, CLIENT, 3, "x");
    data(&s, CLIENT, 3, "x"); /* not acknowledged: may well be a retransmission */
    expect(&s, ">0'GET'5 ACK1<6 <0'ok'6 ACK1>7 >3'x'9");
    assert_int_equal(counters(&s)->keep_alives, 3);
    assert_int_equal(s.last.retransmits[FLOW_C2S], 0);
    assert_int_equal(counters(&s)->retransmits, 1);
    sim_fini(&s);
}

static void window(struct sim *s, enum side from, uint32_t off, uint32_t acked, uint16_t size)
{
    s->acked[from] = acked;
    struct packet p = segment(s, from, TCP_ACK, off, NULL);
    p.tcp.window = size;
    push(s, &p);
}

static void zero_windows(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "abc");
    window(&s, CLIENT, 0, 3, 0);
    window(&s, CLIENT, 0, 3, 0);
    window(&s, CLIENT, 0, 2, 500); /* an older one, overtaken */
    window(&s, CLIENT, 0, 3, 500);
    expect(&s, "<0'abc'4 ZERO>5 ACK1>5 WIDE>8");
    struct packet p = segment(&s, CLIENT, TCP_RST | TCP_ACK, 0, NULL);
    p.tcp.window = 0;
    push(&s, &p);
    expect(&s, "RST>9");
    sim_fini(&s);
}

static void fin_waits_for_the_bytes_before_it(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    struct packet p = segment(&s, SERVER, TCP_ACK | TCP_FIN, 3, "def");
    push(&s, &p);
    data(&s, SERVER, 0, "abc");
    expect(&s, "FIN<4 <0'abc'5 <3'def'4/5 FINORD<5");
    sim_fini(&s);
}

static void nothing_lies_behind_a_fin(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 2, "cdefgh");
    data(&s, SERVER, 100, "stray");
    fin(&s, SERVER, 4);
    data(&s, SERVER, 0, "abcdefgh");
    expect(&s, "FIN<6 LATE<7 <0'ab'7 <2'cd'4/7 FINORD<7");
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 4);
    sim_fini(&s);
}

static void absurd_numbers_derail_nothing(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    data(&s, SERVER, 0, "a");
    data(&s, SERVER, 1 + (1 << 30), "far ahead");
    data(&s, SERVER, 0u - (1 << 30), "far behind");
    struct packet p = segment(&s, SERVER, TCP_ACK, 1, NULL);
    p.payload_len = UINT32_MAX;
    push(&s, &p);
    ack(&s, CLIENT, 0, 1 + (1 << 30) + 1);
    fin(&s, SERVER, 0u - 100); /* before everything delivered */
    s.acked[CLIENT] = 1;
    data(&s, SERVER, 1, "b");
    expect(&s, "<0'a'4 <1'b'10");
    assert_int_equal(counters(&s)->out_of_window, 4);
    sim_fini(&s);
}

/* RFC 9293 3.10.7.1: only a RST without ACK is the kernel's answer for a socket that is gone. */
static void a_rst_of_a_socket_that_is_gone_says_what_it_did_not_take(void **state)
{
    static const uint8_t flags[] = {TCP_RST, TCP_RST | TCP_ACK};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sim s;
        sim_init(&s, NULL);
        handshake(&s);
        data(&s, CLIENT, 0, "GET");
        s.acked[SERVER] = 3;
        data(&s, SERVER, 0, "200");
        struct packet p = segment(&s, CLIENT, flags[i], 3, NULL);
        push(&s, &p);
        expect(&s, i == 0 ? ">0'GET'4 ACK1<5 <0'200'5 RST>6-3" : ">0'GET'4 ACK1<5 <0'200'5 RST>6");
        sim_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(a_rst_of_a_socket_that_is_gone_says_what_it_did_not_take),
        cmocka_unit_test(what_comes_early_is_delivered_with_the_packet_that_completes_it),
        cmocka_unit_test(retransmissions_never_move_a_time),
        cmocka_unit_test(first_copy_of_a_byte_wins),
        cmocka_unit_test(every_order_of_overlapping_segments),
        cmocka_unit_test(more_than_four_gigabytes),
        cmocka_unit_test(bytes_that_the_capture_cut),
        cmocka_unit_test(keep_alive_and_window_probes_are_no_retransmissions),
        cmocka_unit_test(zero_windows),
        cmocka_unit_test(fin_waits_for_the_bytes_before_it),
        cmocka_unit_test(nothing_lies_behind_a_fin),
        cmocka_unit_test(absurd_numbers_derail_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
