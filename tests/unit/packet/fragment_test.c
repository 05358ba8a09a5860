/* Reassembly: order, overlap, cuts, limits and time. */
#include <stdlib.h>

#include "decoding.h"

enum { SECOND = 1000000000 };

static struct packet p;
static struct packet_decoder *decoder;
static uint64_t number;
static int64_t now_ns;

static int setup(void **state)
{
    (void)state;
    number = 0;
    now_ns = SECOND;
    decoder = packet_decoder_new(&packet_limits_default);
    return decoder == NULL;
}

static int teardown(void **state)
{
    (void)state;
    packet_decoder_free(decoder);
    return 0;
}

static void limit_to(size_t bytes, size_t sets, int64_t age_ns)
{
    const struct packet_limits limits = {bytes, sets, age_ns};
    packet_decoder_free(decoder);
    decoder = packet_decoder_new(&limits);
    assert_non_null(decoder);
}

/* The transport part of a segment, `n` bytes in all, to be cut into fragments. */
static const uint8_t *datagram(size_t n)
{
    static struct frame f;
    f.at = FRAME_MAX;
    for (size_t i = n - 20; i > 0; i--)
        put_be(&f, i - 1, 1);
    put_tcp(&f, 0x18, "", 0);
    return frame_start(&f);
}

struct piece {
    size_t offset, len;
    bool last;
};

static enum packet_drop send_cut(bool v4, uint16_t id, const uint8_t *whole, struct piece piece, size_t captured)
{
    static struct frame f;
    f.at = FRAME_MAX;
    put(&f, whole + piece.offset, piece.len);
    if (v4) {
        put_ipv4_full(&f, 1, 6, id, (uint16_t)(piece.offset / 8 | (piece.last ? 0 : 0x2000)));
    } else {
        put_be(&f, id, 4);
        put_be(&f, piece.offset | !piece.last, 2);
        PUT(&f, 6, 0);
        put_ipv6(&f, 1, 44);
    }
    return decode_at(decoder, LINK_RAW, &f, frame_len(&f) - (piece.len - captured), frame_len(&f), now_ns, ++number,
                     &p);
}

static enum packet_drop send(bool v4, uint16_t id, const uint8_t *whole, struct piece piece)
{
    return send_cut(v4, id, whole, piece, piece.len);
}

static void assert_whole(size_t n)
{
    assert_int_equal(p.kind, PACKET_TCP);
    assert_int_equal(p.src.port, SRC_PORT);
    assert_int_equal(p.payload_len, n - 20);
    assert_int_equal(p.payload.n, n - 20);
    for (size_t i = 0; i < n - 20; i++)
        assert_int_equal(p.payload.p[i], (uint8_t)i);
    assert_int_equal(p.mark.ref.number, number);
    assert_int_equal(p.mark.ts_ns, now_ns);
}

static void swap_pieces(struct piece *a, struct piece *b)
{
    struct piece t = *a;
    *a = *b;
    *b = t;
}

/* Heap's algorithm, written without recursion. */
static void in_every_order(bool v4)
{
    struct piece pieces[] = {{0, 48, false}, {48, 8, false}, {56, 64, false}, {120, 16, false}, {136, 5, true}};
    enum { N = sizeof pieces / sizeof pieces[0] };
    const uint8_t *whole = datagram(141);
    unsigned counters[N] = {0};
    unsigned orders = 0;

    for (unsigned i = 0; i < N;) {
        if (orders == 0 || counters[i] < i) {
            if (orders > 0) {
                swap_pieces(&pieces[i % 2 == 0 ? 0 : counters[i]], &pieces[i]);
                counters[i]++;
                i = 0;
            }
            for (unsigned k = 0; k + 1 < N; k++)
                assert_int_equal(send(v4, 5, whole, pieces[k]), PACKET_DROP_FRAGMENT);
            assert_int_equal(send(v4, 5, whole, pieces[N - 1]), PACKET_DECODED);
            assert_whole(141);
            orders++;
        } else {
            counters[i++] = 0;
        }
    }
    assert_int_equal(orders, 120);
}

static void fragments_meet_in_every_order(void **state)
{
    (void)state;
    in_every_order(true);
    in_every_order(false);
}

static void identical_duplicates_do_no_harm(void **state)
{
    (void)state;
    for (int v4 = 0; v4 <= 1; v4++) {
        const uint8_t *whole = datagram(100);
        assert_int_equal(send(v4, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
        assert_int_equal(send(v4, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
        assert_int_equal(send(v4, 1, whole, (struct piece){32, 24, false}), PACKET_DROP_FRAGMENT);
        assert_int_equal(send(v4, 1, whole, (struct piece){40, 60, true}), PACKET_DECODED);
        assert_whole(100);
    }
}

static void conflicting_bytes_spoil_the_datagram(void **state)
{
    (void)state;
    uint8_t other[100];
    const uint8_t *whole = datagram(100);
    memcpy(other, whole, 100);
    other[39] ^= 1;
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, other, (struct piece){32, 16, false}), PACKET_DROP_FRAGMENT_LOST);
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT_LOST);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT_LOST);
    /* Another datagram of the same hosts is none the worse. */
    assert_int_equal(send(true, 2, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 2, whole, (struct piece){40, 60, true}), PACKET_DECODED);
    assert_whole(100);
}

static void ends_that_disagree_spoil_the_datagram(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(200);
    static const struct piece cases[][2] = {
        {{80, 16, true}, {120, 8, true}}, /* two ends */
        {{80, 16, true}, {80, 8, true}},  /* an end before the end */
        {{80, 16, true}, {96, 8, false}}, /* bytes behind the end */
        {{96, 8, false}, {80, 16, true}}, /* an end before bytes */
    };
    for (uint16_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(send(true, i, whole, cases[i][0]), PACKET_DROP_FRAGMENT);
        assert_int_equal(send(true, i, whole, cases[i][1]), PACKET_DROP_FRAGMENT_LOST);
    }
}

static void fragments_that_make_no_sense(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(66000);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 41, false}), PACKET_DROP_MALFORMED);
    assert_int_equal(send(false, 1, whole, (struct piece){0, 41, false}), PACKET_DROP_MALFORMED);
    assert_int_equal(send(true, 1, whole, (struct piece){8, 0, false}), PACKET_DROP_MALFORMED);
    assert_int_equal(send(true, 1, whole, (struct piece){8, 0, true}), PACKET_DROP_MALFORMED);
    assert_int_equal(send(true, 1, whole, (struct piece){65528, 8, true}), PACKET_DROP_MALFORMED);
    assert_int_equal(send(true, 1, whole, (struct piece){65528, 7, true}), PACKET_DROP_FRAGMENT);
}

static void the_largest_datagram_fits(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(65535);
    assert_int_equal(send(true, 1, whole, (struct piece){65528, 7, true}), PACKET_DROP_FRAGMENT);
    for (size_t at = 0; at + 1480 <= 65528; at += 1480)
        assert_int_equal(send(true, 1, whole, (struct piece){at, 1480, false}), PACKET_DROP_FRAGMENT);
    size_t at = 65528 / 1480 * 1480;
    assert_int_equal(send(true, 1, whole, (struct piece){at, 65528 - at, false}), PACKET_DECODED);
    assert_whole(65535);
}

static void datagrams_are_told_apart(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(100);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 2, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(false, 1, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DECODED);
    assert_whole(100);
}

/* Snaplen cuts every fragment alike: what lies before the first cut is given, with the whole length. */
static void cut_fragments_give_what_there_is(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(150);
    assert_int_equal(send_cut(true, 1, whole, (struct piece){80, 70, true}, 30), PACKET_DROP_FRAGMENT);
    assert_int_equal(send_cut(true, 1, whole, (struct piece){0, 80, false}, 30), PACKET_DECODED);
    assert_int_equal(p.payload_len, 130);
    assert_int_equal(p.payload.n, 10);
    assert_int_equal(p.payload.p[9], 9);
    /* Cut before the transport header's end. */
    assert_int_equal(send_cut(true, 2, whole, (struct piece){0, 80, false}, 10), PACKET_DROP_FRAGMENT);
    assert_int_equal(send_cut(true, 2, whole, (struct piece){80, 70, true}, 10), PACKET_DROP_SHORT);
    /* Only the end was cut. */
    assert_int_equal(send_cut(true, 3, whole, (struct piece){0, 80, false}, 80), PACKET_DROP_FRAGMENT);
    assert_int_equal(send_cut(true, 3, whole, (struct piece){80, 70, true}, 0), PACKET_DECODED);
    assert_int_equal(p.payload.n, 60);
}

static void a_partial_datagram_is_given_up_in_time(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(100);
    limit_to(1 << 20, 10, 5 * (int64_t)SECOND);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    now_ns += 5 * (int64_t)SECOND;
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DECODED);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    now_ns += 5 * (int64_t)SECOND + 1;
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DECODED);
}

/* A clock that jumps as far as it can neither overflows nor keeps anything. */
static void clocks_may_jump(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(100);
    now_ns = INT64_MIN;
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    now_ns = INT64_MAX;
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT);
    now_ns = INT64_MIN;
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DECODED);
}

static void the_oldest_datagram_makes_room(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(100);
    limit_to(1 << 20, 3, SECOND);
    for (uint16_t id = 1; id <= 4; id++)
        assert_int_equal(send(true, id, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT);
    for (uint16_t id = 2; id <= 4; id++)
        assert_int_equal(send(true, id, whole, (struct piece){40, 60, true}), PACKET_DECODED);
    assert_int_equal(send(true, 1, whole, (struct piece){40, 60, true}), PACKET_DROP_FRAGMENT);
}

static void bytes_held_are_limited(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(9000);
    limit_to(8192, 100, SECOND);
    for (uint16_t id = 1; id <= 5; id++)
        assert_int_equal(send(true, id, whole, (struct piece){0, 2048, false}), PACKET_DROP_FRAGMENT);
    /* The first one is gone; the last one is there. */
    assert_int_equal(send(true, 5, whole, (struct piece){2048, 8, true}), PACKET_DECODED);
    assert_int_equal(send(true, 1, whole, (struct piece){2048, 8, true}), PACKET_DROP_FRAGMENT);
    /* One datagram that is too large on its own. */
    assert_int_equal(send(true, 9, whole, (struct piece){0, 4096, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 9, whole, (struct piece){4096, 4104, false}), PACKET_DROP_FRAGMENT_LOST);
    limit_to(0, 0, 0);
    assert_int_equal(send(true, 1, whole, (struct piece){0, 40, false}), PACKET_DROP_FRAGMENT_LOST);
}

static void runs_of_bytes_are_limited(void **state)
{
    (void)state;
    const uint8_t *whole = datagram(4000);
    enum { RUNS_MAX = 64 };
    for (size_t i = 0; i < RUNS_MAX; i++)
        assert_int_equal(send(true, 1, whole, (struct piece){i * 16, 8, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, whole, (struct piece){8, 8, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, whole, (struct piece){2000, 8, false}), PACKET_DROP_FRAGMENT);
    assert_int_equal(send(true, 1, whole, (struct piece){3000, 8, false}), PACKET_DROP_FRAGMENT_LOST);
}

/* A tunnel whose outer packets are fragments, and whose inner ones are as well. */
static void fragments_in_fragments(void **state)
{
    (void)state;
    static struct frame inner[2], f;
    const uint8_t *whole = datagram(100);
    static const struct piece halves[2] = {{0, 56, false}, {56, 44, true}};
    for (int i = 0; i < 2; i++) {
        inner[i].at = FRAME_MAX;
        put(&inner[i], whole + halves[i].offset, halves[i].len);
        put_ipv4_full(&inner[i], 1, 6, 1, (uint16_t)(halves[i].offset / 8 | (halves[i].last ? 0 : 0x2000)));
        put_ethernet_ip(&inner[i]);
        PUT(&inner[i], 8, 0, 0, 0, 0, 0, 5, 0);
        put_udp(&inner[i], 55555, 4789);
    }
    for (int i = 0; i < 2; i++)
        for (int half = 0; half < 2; half++) {
            size_t start = half == 0 ? 0 : 48, end = half == 0 ? 48 : frame_len(&inner[i]);
            f.at = FRAME_MAX;
            put(&f, frame_start(&inner[i]) + start, end - start);
            put_ipv4_full(&f, 9, 17, (uint16_t)(100 + i), (uint16_t)(start / 8 | (half == 0 ? 0x2000 : 0)));
            enum packet_drop why =
                decode_at(decoder, LINK_RAW, &f, frame_len(&f), frame_len(&f), now_ns, ++number, &p);
            assert_int_equal(why, i == 1 && half == 1 ? PACKET_DECODED : PACKET_DROP_FRAGMENT);
        }
    assert_whole(100);
    assert_int_equal(p.tunnel_depth, 1);
    assert_int_not_equal(p.path, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Of a datagram of 8 + 24 bytes from port `from`, the bytes [at, end). */
static enum packet_drop send_udp(uint16_t from, size_t at, size_t end)
{
    static struct frame f, cut;
    frame_payload(&f, "0123456789abcdefghijklmn");
    put_udp(&f, from, 40000);
    cut.at = FRAME_MAX;
    put(&cut, frame_start(&f) + at, end - at);
    put_ipv4_full(&cut, 1, 17, from, (uint16_t)(at / 8 | (end < 32 ? 0x2000 : 0)));
    return decode_at(decoder, LINK_RAW, &cut, frame_len(&cut), frame_len(&cut), now_ns, ++number, &p);
}

static void a_name_servers_first_fragment_is_told_at_once(void **state)
{
    (void)state;
    assert_int_equal(send_udp(53, 0, 16), PACKET_DECODED);
    assert_true(p.partial);
    assert_int_equal(p.payload_len, 24);
    assert_int_equal(p.payload.n, 8);
    assert_int_equal(send_udp(53, 16, 32), PACKET_DECODED);
    assert_false(p.partial);
    assert_int_equal(p.payload.n, 24);
    assert_int_equal(send_udp(53, 16, 32), PACKET_DROP_FRAGMENT); /* the other way around */
    assert_int_equal(send_udp(53, 0, 16), PACKET_DECODED);
    assert_false(p.partial);
    assert_int_equal(send_udp(5353, 0, 16), PACKET_DROP_FRAGMENT); /* of another port */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_servers_first_fragment_is_told_at_once),
        TEST(fragments_meet_in_every_order),
        TEST(identical_duplicates_do_no_harm),
        TEST(conflicting_bytes_spoil_the_datagram),
        TEST(ends_that_disagree_spoil_the_datagram),
        TEST(fragments_that_make_no_sense),
        TEST(the_largest_datagram_fits),
        TEST(datagrams_are_told_apart),
        TEST(cut_fragments_give_what_there_is),
        TEST(a_partial_datagram_is_given_up_in_time),
        TEST(clocks_may_jump),
        TEST(the_oldest_datagram_makes_room),
        TEST(bytes_held_are_limited),
        TEST(runs_of_bytes_are_limited),
        TEST(fragments_in_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
