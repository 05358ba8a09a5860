/* Exchanges that no live trace is joined with: which of them need one. */
#include "support/cmocka_all.h"

#include <string.h>

#include "analyze/compare/belong.h"

enum { LIVE = 2, WIRE = 5 };

static const int64_t T0 = 1795329130000000000, MS = 1000000;
static const struct record_detail none = {.reused = -1};

/* Live 0 is joined with exchange 1. */
struct scene {
    struct record live[LIVE], wire[WIRE];
    struct record_event live_dial, wire_dial;
    uint32_t wire_of[LIVE], live_of[WIRE];
    struct ip_addr clients[1];
    size_t client_count;
    uint8_t of[WIRE];
};

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->wire_of[0] = 1;
    s->wire_of[1] = JOIN_NONE;
    for (uint32_t i = 0; i < WIRE; i++) {
        s->live_of[i] = i == 1 ? 0 : JOIN_NONE;
        s->wire[i].wire.id = 100 + i;
        s->wire[i].client = record_endpoint(SLICE_LIT("10.0.0.1:40000"));
    }
}

static void find(struct scene *s)
{
    const struct join j = {.clock = {.samples = 1}, .wire_of = s->wire_of, .live_of = s->live_of};
    const struct record_list live = {s->live, LIVE, LIVE, 0}, wire = {s->wire, WIRE, WIRE, 0};
    const struct belong_config config = {s->clients, s->client_count, MS};

    assert_int_equal(belong_find(s->of, &j, &live, &wire, &config), 0);
}

/* 0 was sent again as 1, which again as 2; 3 is somebody else's first try, and 4 its second. */
static void a_chain_of_retries_is_one_call(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.wire[1].wire.retry_of = 100;
    s.wire[2].wire.retry_of = 101;
    s.wire[4].wire.retry_of = 103;
    find(&s);
    assert_int_equal(s.of[0], BELONG_RETRY);
    assert_int_equal(s.of[1], BELONG_ALONE);
    assert_int_equal(s.of[2], BELONG_RETRY);
    assert_int_equal(s.of[3], BELONG_ALONE);
    assert_int_equal(s.of[4], BELONG_ALONE);
}

static void dial_at(struct record *r, struct record_event *e, double ms, const char *to)
{
    *e = (struct record_event){.hook = P2T_HOOK_CONNECT_START,
                               .time_ns = T0 + (int64_t)(ms * 1000) * 1000,
                               .key = slice_str(to),
                               .detail = &none};
    r->events = e;
    r->event_count = 1;
}

static uint8_t dial(double live_ms, const char *live_to, enum p2t_kind kind)
{
    struct scene s;

    begin(&s);
    dial_at(&s.live[0], &s.live_dial, live_ms, live_to);
    dial_at(&s.wire[3], &s.wire_dial, 0, "10.0.0.9:80");
    s.wire[3].wire.kind = kind;
    find(&s);
    return s.of[3];
}

static void a_dial_belongs_to_the_call_that_began_it(void **state)
{
    (void)state;
    assert_int_equal(dial(-0.1, "10.0.0.9:80", P2T_KIND_CONNECT), BELONG_DIAL);
    assert_int_equal(dial(-300, "10.0.0.9:80", P2T_KIND_CONNECT), BELONG_ALONE);
    assert_int_equal(dial(-0.1, "10.0.0.8:80", P2T_KIND_CONNECT), BELONG_ALONE);
    assert_int_equal(dial(-0.1, "10.0.0.9:80", P2T_KIND_HTTP1), BELONG_ALONE);
}

static void other_clients_need_no_trace(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.wire[3].client = record_endpoint(SLICE_LIT("10.0.0.2:40000"));
    s.wire[4].client = (struct endpoint){.port = 0};                  /* a lookup: not known */
    s.wire[0].client = record_endpoint(SLICE_LIT("[fd00::1]:40000")); /* may be the same host */
    find(&s);
    assert_int_equal(s.of[2], BELONG_ALONE); /* of the client whose exchange is joined */
    assert_int_equal(s.of[3], BELONG_OTHER_CLIENT);
    assert_int_equal(s.of[4], BELONG_ALONE);
    assert_int_equal(s.of[0], BELONG_ALONE);
}

static void the_user_says_whose_the_traces_are(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.wire[3].client = record_endpoint(SLICE_LIT("10.0.0.2:40000"));
    s.clients[0] = ip_parse(SLICE_LIT("10.0.0.2"));
    s.client_count = 1;
    find(&s);
    assert_int_equal(s.of[2], BELONG_OTHER_CLIENT);
    assert_int_equal(s.of[3], BELONG_ALONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_retries_is_one_call),
        cmocka_unit_test(a_dial_belongs_to_the_call_that_began_it),
        cmocka_unit_test(other_clients_need_no_trace),
        cmocka_unit_test(the_user_says_whose_the_traces_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
