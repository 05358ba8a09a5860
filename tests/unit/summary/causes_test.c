/* Causes from exchanges made by hand: one service, one route. The incidents of tests/incidents have the rest. */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "pcap2trace/summary.h"

#define TEXT(s)                                                                                                      \
    {                                                                                                                \
        s, sizeof(s) - 1                                                                                             \
    }
#define MS INT64_C(1000000)

static const char *const files[] = {"a.pcap"};

/* The n-th call: begins at n * 20 ms, waits so long, and is answered so. */
static int add_call(struct p2t_summary *s, unsigned n, int64_t wait_ns, int status)
{
    int64_t start = INT64_C(1000000000000) + n * 20 * MS;
    struct p2t_connection c = {.id = 7, .client = TEXT("10.0.0.1:4000"), .server = TEXT("10.0.0.2:80"), .stream = -1};
    struct p2t_event events[] = {
        {.hook = P2T_HOOK_WROTE_HEADERS, .time_ns = start},
        {.hook = P2T_HOOK_WROTE_REQUEST, .time_ns = start},
        {.hook = P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, .time_ns = start + wait_ns},
    };
    struct p2t_transport transport = {.acked_us = 100};
    struct p2t_exchange x = {.id = 100 + n,
                             .kind = P2T_KIND_HTTP1,
                             .method = TEXT("GET"),
                             .url = TEXT("http://b.test/v1/items/17"),
                             .host = TEXT("b.test"),
                             .status = status,
                             .connection = &c,
                             .transport = &transport,
                             .start_ns = start,
                             .end_ns = start + wait_ns,
                             .phases = {-1, -1, -1, -1, 0, wait_ns, 0, wait_ns},
                             .events = events,
                             .event_count = 3,
                             .files = files,
                             .file_count = 1};

    return p2t_summary_exchange(s, &x);
}

static char *finish(struct p2t_summary *s)
{
    struct p2t_counters c = {
        .earliest_ns = INT64_C(1000000000000), .latest_ns = INT64_C(1010000000000), .frames = 1000};
    size_t n;

    assert_int_equal(p2t_summary_finish(s, &c), P2T_OK);
    return p2t_summary_write(s, P2T_SUMMARY_JSON, &n);
}

static struct p2t_summary *fresh(void)
{
    struct p2t_summary *s;

    assert_int_equal(p2t_summary_new(&s, &(struct p2t_summary_config){0}), P2T_OK);
    return s;
}

static void a_service_as_quick_as_ever_is_no_cause(void **state)
{
    struct p2t_summary *s = fresh();

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(add_call(s, i, (3 + i % 5) * MS, 200), P2T_OK);
    char *json = finish(s);
    assert_non_null(strstr(json, "\"causes\":[]"));
    assert_non_null(strstr(json, "\"calls\":100,\"failed\":0"));
    free(json);
    p2t_summary_free(s);
}

static void a_service_that_became_slow_is_named_against_its_usual(void **state)
{
    struct p2t_summary *s = fresh();

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(add_call(s, i, i < 60 ? 4 * MS : 500 * MS, 200), P2T_OK);
    char *json = finish(s);
    assert_non_null(strstr(json, "\"code\":\"http.think_time\",\"side\":\"server\""));
    assert_non_null(strstr(
        json, "b.test (10.0.0.2:80) takes 500 ms to answer (usual: 4.0 ms), 40 of 40 calls, all GET /v1/items/*"));
    assert_non_null(strstr(json, "although it acknowledged the requests at once"));
    free(json);
    p2t_summary_free(s);
}

static void errors_need_their_share(void **state)
{
    (void)state;
    for (unsigned every = 4; every <= 64; every *= 16) {
        struct p2t_summary *s = fresh();
        for (unsigned i = 0; i < 640; i++)
            assert_int_equal(add_call(s, i, 4 * MS, i % every == 0 ? 503 : 200), P2T_OK);
        char *json = finish(s);
        assert_int_equal(strstr(json, "http.error_cluster") != NULL, every == 4);
        free(json);
        p2t_summary_free(s);
    }
}

/* What is left out of many calls does not change what is said of them. */
static void many_calls_are_thinned_out_by_their_connections(void **state)
{
    struct p2t_summary *s = fresh();

    (void)state;
    for (unsigned i = 0; i < 200000; i++)
        assert_int_equal(add_call(s, i, 4 * MS, i % 2 == 0 ? 503 : 200), P2T_OK);
    char *json = finish(s);
    assert_non_null(strstr(json, "\"calls\":200000,\"failed\":100000"));
    assert_non_null(strstr(json, "http.error_cluster"));
    free(json);
    p2t_summary_free(s);
}

static size_t bytes_kept(size_t memory, unsigned calls)
{
    struct p2t_summary *s;
    size_t n;

    assert_int_equal(p2t_summary_new(&s, &(struct p2t_summary_config){.memory = memory}), P2T_OK);
    for (unsigned i = 0; i < calls; i++)
        assert_int_equal(add_call(s, i, 4 * MS, i % 2 == 0 ? 503 : 200), P2T_OK);
    uint8_t *bytes = p2t_summary_save(s, &(struct p2t_counters){0}, &n);
    assert_non_null(bytes);
    free(bytes);
    char *json = finish(s);
    assert_non_null(strstr(json, "http.error_cluster"));
    free(json);
    p2t_summary_free(s);
    return n;
}

static void less_memory_keeps_fewer_calls_and_says_the_same(void **state)
{
    (void)state;
    size_t all = bytes_kept(0, 50000), least = bytes_kept(1, 50000);
    assert_true(least * 8 < all);
    assert_true(bytes_kept(P2T_SUMMARY_MEMORY_LEAST, 50000) == least);
    assert_true(bytes_kept(1, 1000) == bytes_kept(0, 1000));
}

/* ---- against a baseline ---- */

struct load {
    unsigned calls, failed_every; /* 0: none fails */
    int64_t wait_ns;
};

static void add_load(struct p2t_summary *s, struct load l)
{
    for (unsigned i = 0; i < l.calls; i++)
        assert_int_equal(
            add_call(s, i, l.wait_ns + i % 5 * MS, l.failed_every > 0 && i % l.failed_every == 0 ? 503 : 200),
            P2T_OK);
}

/* The JSON of `now` with `before` as its baseline; free() it. */
static char *compared(struct load before, struct load now)
{
    struct p2t_summary *base = fresh(), *s;

    add_load(base, before);
    free(finish(base));
    assert_int_equal(p2t_summary_new(&s, &(struct p2t_summary_config){.baseline = base}), P2T_OK);
    add_load(s, now);
    char *json = finish(s);
    p2t_summary_free(s);
    p2t_summary_free(base);
    return json;
}

static void as_before_is_no_change(void **state)
{
    char *json = compared((struct load){100, 0, 4 * MS}, (struct load){60, 0, 5 * MS});

    (void)state;
    assert_non_null(strstr(json, "\"causes\":[]"));
    assert_non_null(
        strstr(json, "\"baseline\":{\"calls\":100,\"times_compared\":true,\"changes\":[],\"new\":[],\"gone\":[]}"));
    free(json);
}

/* Without the baseline it is slow from the first call to the last: no usual to be held against. */
static void slow_all_the_time_is_told_by_the_baseline(void **state)
{
    char *json = compared((struct load){100, 0, 4 * MS}, (struct load){60, 0, 500 * MS});

    (void)state;
    assert_non_null(strstr(json, "takes 502 ms to answer (in the baseline: 5.0 ms), 60 of 60 calls"));
    assert_non_null(strstr(json, "\"in_baseline\":false"));
    assert_non_null(strstr(
        json, "{\"kind\":\"slower\",\"host\":\"b.test\",\"method\":\"GET\",\"route\":\"/v1/items/*\","
              "\"calls_before\":100,\"failed_before\":0,\"calls\":60,\"failed\":0,\"confidence\":"
              "\"certain\",\"quantile\":\"p50\",\"before_us\":6000.000,\"now_us\":502000.000,\"phase\":\"wait\"}"));
    free(json);
}

static void more_failures_need_more_than_chance(void **state)
{
    char *few = compared((struct load){100, 50, 4 * MS}, (struct load){100, 34, 4 * MS});
    char *many = compared((struct load){100, 50, 4 * MS}, (struct load){100, 4, 4 * MS});
    char *same = compared((struct load){100, 4, 4 * MS}, (struct load){100, 4, 4 * MS});

    (void)state;
    assert_null(strstr(few, "fails_more"));
    assert_non_null(strstr(many, "{\"kind\":\"fails_more\""));
    assert_non_null(strstr(many, "\"failed_before\":2,\"calls\":100,\"failed\":25,\"confidence\":\"certain\""));
    assert_null(strstr(same, "fails_more"));
    assert_non_null(strstr(same, "\"code\":\"http.error_cluster\""));
    assert_non_null(strstr(same, "\"in_baseline\":true"));
    free(few);
    free(many);
    free(same);
}

static void three_slow_calls_are_too_few_to_compare(void **state)
{
    char *json = compared((struct load){100, 0, 4 * MS}, (struct load){3, 0, 40 * MS});

    (void)state;
    assert_non_null(strstr(json, "\"changes\":[]"));
    free(json);
}

/* A forged clock: waits of centuries are added, multiplied and told like any other (UBSan looks on). */
/* The clock was set back inside a connection, long after the calls before: it ends before it begins. */
static void what_ends_before_it_begins_is_read_within_bounds(void **state)
{
    const int64_t late = INT64_C(1009000000000);
    struct p2t_summary *s = fresh();
    struct p2t_connection_record k = {.id = 7,
                                      .client = "10.0.0.1:4000",
                                      .server = "10.0.0.2:80",
                                      .first = {.time_ns = late, .packet = {0, 41}},
                                      .last = {.time_ns = late - 2000 * MS, .packet = {0, 42}},
                                      .files = files,
                                      .file_count = 1};

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(add_call(s, i, 4 * MS, 200), P2T_OK);
    assert_int_equal(p2t_summary_connection(s, &k), P2T_OK);
    char *json = finish(s);
    assert_non_null(strstr(json, "\"calls\":20,\"failed\":0"));
    free(json);
    p2t_summary_free(s);
}

static void waits_of_centuries_are_counted(void **state)
{
    struct p2t_summary *s = fresh();

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(add_call(s, i, i < 60 ? 4 * MS : INT64_C(8000000000000000000), 200), P2T_OK);
    char *json = finish(s);
    assert_non_null(strstr(json, "\"code\":\"http.think_time\""));
    assert_non_null(strstr(json, "(usual: 4.0 ms), 40 of 40 calls"));
    assert_null(strstr(json, "\"lost_ms\":-"));
    free(json);
    p2t_summary_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_as_quick_as_ever_is_no_cause),
        cmocka_unit_test(a_service_that_became_slow_is_named_against_its_usual),
        cmocka_unit_test(errors_need_their_share),
        cmocka_unit_test(many_calls_are_thinned_out_by_their_connections),
        cmocka_unit_test(less_memory_keeps_fewer_calls_and_says_the_same),
        cmocka_unit_test(what_ends_before_it_begins_is_read_within_bounds),
        cmocka_unit_test(waits_of_centuries_are_counted),
        cmocka_unit_test(as_before_is_no_change),
        cmocka_unit_test(slow_all_the_time_is_told_by_the_baseline),
        cmocka_unit_test(more_failures_need_more_than_chance),
        cmocka_unit_test(three_slow_calls_are_too_few_to_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
