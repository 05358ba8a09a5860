/* The record of each TCP connection: what small captures from the field say of theirs, and that it is the same for any number
 * of threads. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

enum { PATH_BYTES = 512, RECORDS_MAX = 8 };

/* What is kept of a record. */
struct kept {
    struct p2t_connection_record r;
    struct p2t_stall stall; /* the first */
};

struct all {
    struct kept kept[RECORDS_MAX];
    size_t n;
    struct buf text;
};

static int no_exchange(void *ctx, const struct p2t_exchange *x)
{
    (void)ctx;
    (void)x;
    return 0;
}

static void put_side(struct buf *b, const struct p2t_flow_record *s)
{
    buf_printf(b, " %llu/%llu/%u/%u/%u mss %u ttl %u rst %u rtt %lld..%lld", (unsigned long long)s->packets,
               (unsigned long long)s->bytes, s->segments, s->retransmitted, s->reordered, s->mss, s->ttl, s->rst_ttl,
               (long long)s->rtt.min_us, (long long)s->rtt.median_us);
}

static int on_connection(void *ctx, const struct p2t_connection_record *r)
{
    struct all *all = ctx;

    if (all->n < RECORDS_MAX) {
        all->kept[all->n].r = *r;
        if (r->stall_count > 0)
            all->kept[all->n].stall = r->stalls[0];
    }
    all->n++;
    buf_printf(&all->text, "%016llx %s %s", (unsigned long long)r->id, r->client, r->server);
    put_side(&all->text, &r->side[P2T_SIDE_CLIENT]);
    put_side(&all->text, &r->side[P2T_SIDE_SERVER]);
    buf_printf(&all->text, " stalls %zu %zu\n", r->stall_count, r->stalls_dropped);
    return 0;
}

static struct all read_all(const char *name, unsigned jobs)
{
    char path[PATH_BYTES];
    const char *paths[] = {path};
    struct all all = {.n = 0};
    struct p2t_config config = {.paths = paths,
                                .path_count = 1,
                                .jobs = jobs,
                                .ctx = &all,
                                .exchange = no_exchange,
                                .connection = on_connection};
    struct p2t_session *session;

    (void)snprintf(path, sizeof path, "%s/%s", P2T_GOLDEN, name);
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
    return all;
}

static struct kept only(const char *name)
{
    struct all all = read_all(name, 1);

    assert_int_equal(all.n, 1);
    buf_fini(&all.text);
    return all.kept[0];
}

static void a_segment_that_never_arrived_is_stuck(void **state)
{
    struct kept k = only("field/10-upload-mtu-black-hole.pcap.zst");
    const struct p2t_flow_record *client = &k.r.side[P2T_SIDE_CLIENT];

    (void)state;
    assert_int_equal(k.r.vantage, P2T_VANTAGE_CLIENT);
    assert_int_equal(k.r.closer, P2T_CLOSER_CLIENT_RST);
    assert_int_equal(client->largest_stuck, 1460);
    assert_int_equal(client->largest_acked, 0);
    assert_int_equal(client->unacked_bytes, 6060);
    assert_int_equal(client->retransmitted, 6);
    assert_int_equal(k.r.idle_before_unacked_us, 100); /* after the handshake */
    assert_int_equal(k.r.stall_count, 1);
    assert_int_equal(k.stall.kind, P2T_STALL_LOST_AFTER);
    assert_true(k.stall.open && k.stall.by_timer);
    assert_int_equal(k.stall.from.packet.packet, 4);
    assert_int_equal(k.stall.to.packet.packet, 14);
}

static void a_hole_that_was_never_filled_has_its_size(void **state)
{
    struct kept k = only("field/13-download-mtu-black-hole.pcap.zst");

    (void)state;
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].largest_hole, 2920);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].unseen, 0);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].unacked_bytes, 3220);
    assert_int_equal(k.r.exchanges, 1);
}

static void copies_of_the_syn_ack_after_the_ack_are_counted(void **state)
{
    struct kept k = only("field/29-accept-queue-full.pcap.zst");

    (void)state;
    assert_int_equal(k.r.syn_acks, 3);
    assert_int_equal(k.r.late_syn_acks, 2);
    assert_int_equal(k.r.last_late_syn_ack.packet.packet, 10);
    assert_int_equal(k.r.closer, P2T_CLOSER_SERVER_RST);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].rst_ttl, 64);
}

static void a_challenge_and_a_second_syn_are_kept(void **state)
{
    struct kept k = only("field/04-challenge-ack-port-reuse.pcap.zst");

    (void)state;
    assert_int_equal(k.r.syns, 2);
    assert_true(k.r.last_syn.time_ns > k.r.syn.time_ns);
    assert_int_equal(k.r.challenged.packet.packet, 2);
}

static void probes_that_nothing_answered_are_counted(void **state)
{
    struct kept k = only("field/30-dead-peer-keepalive.pcap.zst");

    (void)state;
    assert_int_equal(k.r.side[P2T_SIDE_CLIENT].keep_alives, 9);
    assert_int_equal(k.r.side[P2T_SIDE_CLIENT].keep_alives_unanswered, 9);
    assert_int_equal(k.r.side[P2T_SIDE_CLIENT].unacked_bytes, 0);
    assert_int_equal(k.r.idle_before_unacked_us, -1);
}

static void one_direction_shows_as_bytes_that_nobody_saw(void **state)
{
    struct kept k = only("field/35-client-only-capture.pcap.zst");

    (void)state;
    assert_true(k.r.one_direction);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].packets, 0);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].unseen, 3);
    assert_int_equal(k.r.side[P2T_SIDE_CLIENT].unacked_bytes, 0);
    assert_int_equal(k.r.side[P2T_SIDE_SERVER].scale, -1);
}

static void attempts_that_were_refused_have_records_too(void **state)
{
    struct all all = read_all("lab/connerr.pcap", 1);
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < all.n && i < RECORDS_MAX; i++) {
        const struct p2t_connection_record *r = &all.kept[i].r;
        if (r->refused.packet.packet == 0)
            continue;
        refused++;
        assert_int_equal(r->syn_acks, 0);
        assert_int_equal(r->refused_ttl, r->side[P2T_SIDE_SERVER].rst_ttl);
        assert_int_equal(r->exchanges, 0);
    }
    assert_true(refused > 0);
    buf_fini(&all.text);
}

static void threads_change_nothing(void **state)
{
    static const char *const captures[] = {"field/07-dumpcap-two-interfaces-copies.pcapng.zst",
                                           "field/66-checkout.pcap.zst"};

    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        struct all one = read_all(captures[i], 1), four = read_all(captures[i], 4);
        assert_true(one.n > 3);
        assert_int_equal(one.text.n, four.text.n);
        assert_memory_equal(one.text.p, four.text.p, one.text.n);
        buf_fini(&one.text);
        buf_fini(&four.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_that_never_arrived_is_stuck),
        cmocka_unit_test(a_hole_that_was_never_filled_has_its_size),
        cmocka_unit_test(copies_of_the_syn_ack_after_the_ack_are_counted),
        cmocka_unit_test(a_challenge_and_a_second_syn_are_kept),
        cmocka_unit_test(probes_that_nothing_answered_are_counted),
        cmocka_unit_test(one_direction_shows_as_bytes_that_nobody_saw),
        cmocka_unit_test(attempts_that_were_refused_have_records_too),
        cmocka_unit_test(threads_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
