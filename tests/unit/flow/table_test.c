/* Limits, time and memory. */
#include "sim.h"

#include <malloc.h>

#define SECONDS(n) ((int64_t)(n)*1000 * MS)

static void client(struct sim *s, unsigned i)
{
    s->ep[CLIENT].port = (uint16_t)(40000 + i);
}

/* Any packet moves the clock; this one opens no connection. */
static void wait(struct sim *s, int64_t ns)
{
    struct packet p = segment(s, CLIENT, TCP_RST, 0, NULL);

    s->now_ns += ns - MS;
    p.mark.ts_ns = s->now_ns;
    p.src.port = p.dst.port = 1;
    push(s, &p);
}

static void each_state_has_its_own_patience(void **state)
{
    (void)state;
    const struct flow_limits *d = &flow_limits_default;
    static const struct {
        int last_step; /* 1 SYN, 2 established, 3 closed */
        const char *opened, *closed;
    } rows[] = {
        {1, "open SYN>1", "close:idle"},
        {2, "open SYN>1 SYNACK<2 EST>3", "close:idle"},
        {3, "open SYN>1 SYNACK<2 EST>3 RST<4", "close:closed"},
    };
    const int64_t limits[] = {d->half_open_idle_ns, d->idle_ns, d->closed_linger_ns};
    for (int i = 0; i < 3; i++) {
        struct sim s;
        sim_init(&s, NULL);
        syn(&s);
        if (rows[i].last_step >= 2) {
            syn_ack(&s);
            ack(&s, CLIENT, 0, 0);
        }
        if (rows[i].last_step >= 3)
            rst(&s, SERVER, 0);
        expect(&s, rows[i].opened);
        wait(&s, limits[i]);
        expect(&s, "");
        wait(&s, 1);
        expect(&s, rows[i].closed);
        sim_fini(&s);
    }
}

static void use_puts_expiry_off(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    client(&s, 1);
    syn(&s);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    expect(&s, "2#open 2#SYN>4 2#SYNACK<5 2#EST>6");
    wait(&s, flow_limits_default.idle_ns / 2);
    client(&s, 0);
    data(&s, SERVER, 0, "a");
    wait(&s, flow_limits_default.idle_ns / 2 + MS);
    expect(&s, "<0'a'8 2#close:idle");
    wait(&s, flow_limits_default.idle_ns / 2 + MS);
    expect(&s, "close:idle");
    sim_fini(&s);
}

static void table_full(void **state)
{
    (void)state;
    struct flow_limits limits = flow_limits_default;
    limits.connections = 4;
    struct sim s;
    sim_init(&s, &limits);
    client(&s, 1); /* live, and the least recently used */
    syn(&s);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    client(&s, 2); /* half open */
    syn(&s);
    client(&s, 3); /* live */
    syn(&s);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    client(&s, 4); /* over */
    syn(&s);
    rst(&s, SERVER, 0);
    client(&s, 1);
    buf_reset(&s.log);
    s.number = 0;
    client(&s, 5);
    syn(&s);
    expect(&s, "4#close:evicted 5#open 5#SYN>1"); /* what is over goes first */
    client(&s, 6);
    syn(&s);
    expect(&s, "2#close:evicted 6#open 6#SYN>2"); /* then what was never answered */
    client(&s, 5);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    client(&s, 6);
    syn_ack(&s);
    ack(&s, CLIENT, 0, 0);
    client(&s, 1);
    data(&s, CLIENT, 0, "used");
    buf_reset(&s.log);
    client(&s, 7);
    syn(&s);
    expect(&s, "3#close:evicted 7#open 7#SYN>8"); /* then the least recently used */
    assert_int_equal(counters(&s)->connections_evicted, 3);
    flow_table_finish(s.table);
    expect(&s, "close:input 5#close:input 6#close:input 7#close:input");
    sim_fini(&s);
}

static void endpoints_on_too_many_paths(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    for (uint32_t i = 1; i <= 65; i++) {
        s.isn[CLIENT] += 100000000;
        struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
        p.path = i;
        s.quiet = i < 65;
        push(&s, &p);
    }
    expect(&s, "close:evicted 65#open 65#SYN>65");
    assert_int_equal(counters(&s)->connections_evicted, 1);
    sim_fini(&s);
}

static void too_many_segments_held(void **state)
{
    (void)state;
    struct flow_limits limits = flow_limits_default;
    limits.reorder_segments = 2;
    struct sim s;
    sim_init(&s, &limits);
    handshake(&s);
    data(&s, SERVER, 2, "c");
    data(&s, SERVER, 4, "e");
    expect(&s, "");
    data(&s, SERVER, 6, "g");
    expect(&s, "<0[2]4 <2'c'4");
    assert_int_equal(counters(&s)->reorder_limit_hits, 1);
    data(&s, SERVER, 3, "d"); /* what is still waited for can come */
    data(&s, SERVER, 5, "f");
    expect(&s, "<3'd'7 <4'e'5/7 <5'f'8 <6'g'6/8");
    data(&s, SERVER, 10, "k");
    data(&s, SERVER, 12, "m");
    data(&s, SERVER, 8, "i"); /* before what is held */
    expect(&s, "<7[1]9 <8'i'11");
    assert_int_equal(counters(&s)->reorder_limit_hits, 2);
    sim_fini(&s);
}

static void too_many_bytes_held(void **state)
{
    (void)state;
    struct flow_limits limits = flow_limits_default;
    limits.reorder_bytes = 200;
    struct sim s;
    sim_init(&s, &limits);
    handshake(&s);
    char big[300] = {0};
    memset(big, 'x', sizeof big - 1);
    data(&s, SERVER, 1, "b");
    s.quiet = true;
    data(&s, SERVER, 3, big);
    s.quiet = false;
    flow_table_finish(s.table);
    expect(&s, "close:input"); /* nothing was left to give up */
    assert_int_equal(counters(&s)->reorder_limit_hits, 2);
    assert_int_equal(s.last.lost_bytes[FLOW_S2C], 2);
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 300);
    sim_fini(&s);
}

static void too_many_bytes_held_in_all(void **state)
{
    (void)state;
    struct flow_limits limits = flow_limits_default;
    limits.reorder_bytes_total = 130;
    struct sim s;
    sim_init(&s, &limits);
    for (unsigned i = 1; i <= 3; i++) {
        client(&s, i);
        syn(&s);
        syn_ack(&s);
        ack(&s, CLIENT, 0, 0);
    }
    buf_reset(&s.log);
    client(&s, 1);
    data(&s, SERVER, 1, "b");
    client(&s, 2);
    data(&s, SERVER, 1, "b");
    expect(&s, "");
    client(&s, 3);
    data(&s, SERVER, 1, "b"); /* the one that holds longest gives way */
    expect(&s, "<0[1]10 <1'b'10");
    char big[300] = {0};
    memset(big, 'x', sizeof big - 1);
    s.quiet = true;
    data(&s, SERVER, 3, big); /* more than all may hold: all give way */
    s.quiet = false;
    flow_table_finish(s.table);
    expect(&s, "close:input 2#close:input 3#close:input");
    assert_int_equal(s.last.payload_bytes[FLOW_S2C], 300);
    sim_fini(&s);
}

static void clock_never_goes_back(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    s.now_ns = SECONDS(1000);
    handshake(&s);
    s.now_ns = 0;
    data(&s, CLIENT, 0, "early");
    s.now_ns = INT64_MIN;
    data(&s, CLIENT, 5, "first");
    s.now_ns = INT64_MAX - 5 * MS;
    data(&s, CLIENT, 10, "last");
    flow_table_finish(s.table);
    expect(&s, ">0'early'4 >5'first'5 close:idle 2#open 2#>0'last'6 2#close:input");
    sim_fini(&s);
}

static void a_flood_of_syns_is_bounded(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, NULL);
    handshake(&s);
    s.quiet = true;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
    for (unsigned i = 0; i < 1000000; i++) {
        struct packet p = segment(&s, CLIENT, TCP_SYN, 0, NULL);
        s.now_ns -= MS - 1000; /* a million a second */
        p.mark.ts_ns = s.now_ns;
        memcpy(p.src.ip.bytes, &i, sizeof i);
        p.tcp.seq = i * 2654435761u;
        push(&s, &p);
    }
    assert_int_equal(counters(&s)->connections, 1000001);
    assert_int_equal(counters(&s)->connections_evicted, 1000001 - flow_limits_default.connections);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    assert_in_range(mallinfo2().uordblks + mallinfo2().hblkhd - before, 0, 256u << 20);
#endif
    s.quiet = false;
    s.number = 9;
    data(&s, CLIENT, 0, "still here");
    expect(&s, ">0'still here'10");
    sim_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_own_patience),
        cmocka_unit_test(use_puts_expiry_off),
        cmocka_unit_test(table_full),
        cmocka_unit_test(endpoints_on_too_many_paths),
        cmocka_unit_test(too_many_segments_held),
        cmocka_unit_test(too_many_bytes_held),
        cmocka_unit_test(too_many_bytes_held_in_all),
        cmocka_unit_test(clock_never_goes_back),
        cmocka_unit_test(a_flood_of_syns_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
