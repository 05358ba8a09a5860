/* Which live trace is joined with which exchange. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/compare/join.h"
#include "pcap2trace/status.h"

static const int64_t MS = 1000000, SECOND = 1000000000, HOUR = 3600 * (int64_t)1000000000;
static const int64_t T0 = 1795329130000000000;

struct world {
    struct record_pool pool;
    struct record_list live, wire;
    struct record_draft draft;
    struct join join;
};

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    return w;
}

static void world_free(struct world *w)
{
    join_fini(&w->join);
    free(w->live.records);
    free(w->wire.records);
    record_pool_fini(&w->pool);
    free(w);
}

struct call {
    const char *id, *url, *client; /* NULL: not known */
    int64_t at_ns;                 /* WroteRequest; GotFirstResponseByte comes 10 ms later */
};

static struct slice text(struct world *w, const char *s)
{
    return record_text(&w->pool, s != NULL ? slice_str(s) : (struct slice){NULL, 0});
}

static void add(struct world *w, struct record_list *list, const struct call *c)
{
    struct record *r = &w->draft.record;

    record_begin(&w->draft);
    record_add_id(&w->draft, &w->pool, text(w, c->id));
    r->url = text(w, c->url);
    r->host = record_lower(&w->pool, record_host_of_url(r->url));
    if (c->client != NULL)
        r->client = record_endpoint(slice_str(c->client));
    (void)record_add_event(&w->draft, P2T_HOOK_WROTE_REQUEST, c->at_ns);
    (void)record_add_event(&w->draft, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, c->at_ns + 10 * MS);
    record_keep(list, &w->pool, &w->draft, 0, 2);
}

static void add_live(struct world *w, struct call c)
{
    c.at_ns += T0;
    add(w, &w->live, &c);
}

static void add_wire(struct world *w, struct call c)
{
    c.at_ns += T0;
    add(w, &w->wire, &c);
    w->wire.records[w->wire.n - 1].wire.kind = P2T_KIND_HTTP1;
}

/* "2,0,-": the exchange of each live trace. */
static void expect(struct world *w, const char *pairs)
{
    char found[256];
    size_t n = 0;

    assert_int_equal(join_run(&w->join, &w->live, &w->wire, MS), P2T_OK);
    for (size_t i = 0; i < w->live.n; i++) {
        uint32_t wire = w->join.wire_of[i];
        n += (size_t)(wire == JOIN_NONE ? snprintf(found + n, sizeof found - n, "-,")
                                        : snprintf(found + n, sizeof found - n, "%u,", wire));
        if (wire != JOIN_NONE)
            assert_int_equal(w->join.live_of[wire], i);
    }
    found[n > 0 ? n - 1 : 0] = '\0';
    assert_string_equal(found, pairs);
}

static void ids_decide_against_time(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"a", "http://h/x", NULL, 0});
    add_live(w, (struct call){"b", "http://h/x", NULL, 20 * MS});
    add_live(w, (struct call){"c", "http://h/x", NULL, 40 * MS});
    add_wire(w, (struct call){"c", "http://h/x", NULL, 0});
    add_wire(w, (struct call){"A", "http://h/x", NULL, 20 * MS});
    add_wire(w, (struct call){"b", "http://h/x", NULL, 40 * MS});
    expect(w, "1,2,0");
    assert_int_equal(w->join.by[0], JOIN_BY_ID);
    world_free(w);
}

/* Attempts of one call, or an id that was given out twice: time tells them apart, and one is left over. */
static void the_same_id_more_than_once(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"a", "http://h/x", NULL, 0});
    add_live(w, (struct call){"a", "http://h/x", NULL, 100 * MS});
    add_live(w, (struct call){"a", "http://h/x", NULL, 300 * MS});
    add_wire(w, (struct call){"a", "http://h/x", NULL, 301 * MS});
    add_wire(w, (struct call){"a", "http://h/x", NULL, 1 * MS});
    expect(w, "1,-,0");
    world_free(w);
}

static void without_ids_by_url_and_time(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){NULL, "http://h/x", NULL, 0});
    add_live(w, (struct call){NULL, "http://h/y", NULL, 1 * MS});
    add_live(w, (struct call){NULL, "http://h/x", NULL, 500 * MS});
    add_live(w, (struct call){NULL, "http://other/x", NULL, 2 * MS});
    add_wire(w, (struct call){NULL, "http://h:80/x#part", NULL, 500 * MS});
    add_wire(w, (struct call){NULL, "http://h/y", NULL, 2 * MS});
    add_wire(w, (struct call){NULL, "http://H/x", NULL, 1 * MS});
    add_wire(w, (struct call){NULL, "http://h/z", NULL, 2 * MS});
    expect(w, "2,1,0,-");
    assert_int_equal(w->join.by[0], JOIN_BY_URL);
    world_free(w);
}

/* A call that knows its id is not given the exchange that has another's. */
static void an_exchange_with_an_id_waits_for_its_trace(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"b", "http://h/x", NULL, 0});
    add_live(w, (struct call){"a", "http://h/x", NULL, 900 * MS});
    add_live(w, (struct call){"c", "http://h/x", NULL, 2 * MS});
    add_wire(w, (struct call){"a", "http://h/x", NULL, 1 * MS});
    expect(w, "-,0,-");
    world_free(w);
}

static void ports_tell_equal_calls_apart(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){NULL, "http://h/x", "10.0.0.1:1001", 0});
    add_live(w, (struct call){NULL, "http://h/x", "10.0.0.1:1002", 0});
    add_live(w, (struct call){NULL, "http://h/x", "10.0.0.1:1003", 0});
    add_wire(w, (struct call){NULL, "http://h/x", "10.0.0.1:1002", 3 * MS});
    add_wire(w, (struct call){NULL, "http://h/x", "10.0.0.1:1001", 2 * MS});
    add_wire(w, (struct call){NULL, "http://h/x", "10.0.0.1:1004", 0});
    expect(w, "1,0,-");
    assert_int_equal(w->join.by[0], JOIN_BY_ADDRESS);
    world_free(w);
}

/* A snapshot length cut the Host field away. */
static void an_exchange_whose_host_is_missing_is_known_by_its_connection(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"a", "http://h:8080/x", "10.0.0.1:1001", 0});
    add_live(w, (struct call){"b", "http://h:8080/y", "10.0.0.1:1002", 0});
    add_wire(w, (struct call){NULL, "http://10.0.0.9:8080/z", "10.0.0.1:1002", 0});
    add_wire(w, (struct call){NULL, "http://10.0.0.9:8080/x", "10.0.0.1:1001", 0});
    expect(w, "1,-");
    world_free(w);
}

static void what_is_far_away_in_time_is_another_call(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){NULL, "http://h/a", NULL, 0});
    add_live(w, (struct call){NULL, "http://h/b", NULL, 0});
    add_live(w, (struct call){NULL, "http://h/x", NULL, 0});
    add_wire(w, (struct call){NULL, "http://h/a", NULL, 0});
    add_wire(w, (struct call){NULL, "http://h/b", NULL, 0});
    add_wire(w, (struct call){NULL, "http://h/x", NULL, 6 * SECOND});
    expect(w, "0,1,-");
    world_free(w);
}

static void clocks_three_hours_apart(void **state)
{
    for (int ids = 0; ids < 2; ids++) {
        struct world *w = world_new();
        char name[32], id[32];

        (void)state;
        for (int i = 0; i < 40; i++) {
            /* Each URL four times, so that without ids most neighbours are wrong ones. */
            snprintf(name, sizeof name, "http://h/%d", i % 10);
            snprintf(id, sizeof id, "id-%d", i);
            add_live(w, (struct call){ids ? id : NULL, name, NULL, 3 * HOUR + i * i * 7 * MS - 1});
            add_wire(w, (struct call){ids ? id : NULL, name, NULL, i * i * 7 * MS});
        }
        assert_int_equal(join_run(&w->join, &w->live, &w->wire, MS), P2T_OK);
        for (uint32_t i = 0; i < 40; i++)
            assert_int_equal(w->join.wire_of[i], i);
        assert_true(w->join.clock.applied);
        assert_false(w->join.clock.drifts);
        assert_int_equal(w->join.clock.offset_ns, 3 * HOUR - 1);
        assert_int_equal(clock_to_wire(&w->join.clock, T0 + 3 * HOUR), T0 + 1);
        world_free(w);
    }
}

/* 50 ppm over ten minutes are 30 ms; one in ten of the hooks is late by a second. */
static void a_clock_that_drifts(void **state)
{
    struct world *w = world_new();
    char id[32];

    (void)state;
    for (int i = 0; i < 600; i++) {
        int64_t at = i * SECOND, drifted = at + at / 20000 + (i % 10 == 3 ? SECOND : 0);
        snprintf(id, sizeof id, "id-%d", i);
        add_live(w, (struct call){id, "http://h/", NULL, drifted});
        add_wire(w, (struct call){id, "http://h/", NULL, at});
    }
    assert_int_equal(join_run(&w->join, &w->live, &w->wire, MS), P2T_OK);
    assert_true(w->join.clock.drifts);
    assert_true(w->join.clock.drift > 49e-6 && w->join.clock.drift < 51e-6);
    for (int i = 0; i < 600; i += 100) {
        int64_t live = T0 + i * SECOND + i * SECOND / 20000;
        assert_in_range(clock_to_wire(&w->join.clock, live) - T0 - i * SECOND + MS, 0, 2 * MS);
    }
    world_free(w);
}

static void small_differences_are_no_clock(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"a", "http://h/x", NULL, -MS});
    add_wire(w, (struct call){"a", "http://h/x", NULL, 0});
    expect(w, "0");
    assert_false(w->join.clock.applied);
    assert_int_equal(w->join.clock.offset_ns, -MS);
    assert_int_equal(clock_to_wire(&w->join.clock, T0), T0);
    world_free(w);
}

/* A client that looks late at what it receives is no clock that is late. */
static void a_slow_client_is_no_clock(void **state)
{
    struct world *w = world_new();

    (void)state;
    add_live(w, (struct call){"a", "http://h/x", NULL, 0});
    add_wire(w, (struct call){"a", "http://h/x", NULL, 0});
    w->live.records[0].events[1].time_ns += 200 * MS;
    expect(w, "0");
    assert_int_equal(w->join.clock.offset_ns, 0);
    world_free(w);
}

/* One URL, no id, no port: each finds its own by time, in time. */
static void a_hundred_thousand_equal_calls(void **state)
{
    struct world *w = world_new();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        add_live(w, (struct call){NULL, "http://h/x", NULL, (int64_t)i * 3 * MS + (i * 7919 % 1000) * 1000});
        add_wire(w, (struct call){NULL, "http://h/x", NULL, (int64_t)i * 3 * MS});
    }
    assert_int_equal(join_run(&w->join, &w->live, &w->wire, MS), P2T_OK);
    for (uint32_t i = 0; i < 100000; i++)
        assert_int_equal(w->join.wire_of[i], i);
    world_free(w);
}

static void nothing_on_one_side(void **state)
{
    struct world *w = world_new();

    (void)state;
    expect(w, "");
    join_fini(&w->join);
    add_live(w, (struct call){"a", "http://h/x", NULL, 0});
    expect(w, "-");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_decide_against_time),
        cmocka_unit_test(the_same_id_more_than_once),
        cmocka_unit_test(without_ids_by_url_and_time),
        cmocka_unit_test(an_exchange_with_an_id_waits_for_its_trace),
        cmocka_unit_test(ports_tell_equal_calls_apart),
        cmocka_unit_test(an_exchange_whose_host_is_missing_is_known_by_its_connection),
        cmocka_unit_test(what_is_far_away_in_time_is_another_call),
        cmocka_unit_test(clocks_three_hours_apart),
        cmocka_unit_test(a_clock_that_drifts),
        cmocka_unit_test(small_differences_are_no_clock),
        cmocka_unit_test(a_slow_client_is_no_clock),
        cmocka_unit_test(a_hundred_thousand_equal_calls),
        cmocka_unit_test(nothing_on_one_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
