/* A live trace beside an exchange: what differs, and where the time went, in words. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analyze/compare/compare.h"

static const int64_t MS = 1000000;
static const int64_t T0 = 1795329130000000000; /* 2026-11-22T06:32:10Z */

enum { HOOKS_MAX = 16, ARGS_MAX = 8 };

/* One hook on both sides, in milliseconds from T0; live or wire below 0: not there. slack: the bounds reach so far. */
struct hook {
    enum p2t_hook hook;
    double live, wire;
    enum p2t_basis basis;
    const char *live_error, *wire_error;
};

struct call {
    struct hook hooks[HOOKS_MAX];
    const char *live_error, *wire_error;
    double shift; /* of the live clock, ms */
    enum p2t_vantage vantage;
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    double end; /* live, ms from T0; 0: not told */
};

static int64_t ns(double ms)
{
    return T0 + (int64_t)(ms * 1000) * 1000;
}

static size_t hook_count(const struct call *c)
{
    size_t n = 0;

    while (n < HOOKS_MAX && (c->hooks[n].live != 0 || c->hooks[n].wire != 0))
        n++;
    return n;
}

static void put_live(struct buf *b, const struct call *c)
{
    bool first = true;

    buf_lit(b, "{\"schema\":\"pcap2trace.live/1\",\"trace_id\":\"t1\",\"method\":\"GET\",\"url\":\"http://a.test/"
               "\",\"error\":");
    if (c->live_error != NULL)
        buf_printf(b, "\"%s\"", c->live_error);
    else
        buf_lit(b, "null");
    if (c->end > 0)
        buf_printf(b, ",\"end\":\"%lld\"", (long long)ns(c->end + c->shift));
    buf_lit(b, ",\"events\":[");
    for (size_t i = 0; i < hook_count(c); i++) {
        const struct hook *h = &c->hooks[i];
        if (h->live < 0)
            continue;
        buf_printf(b, "%s{\"hook\":\"%s\",\"time\":\"%lld\",\"args\":{\"err\":%s%s%s}}", first ? "" : ",",
                   p2t_hook_name(h->hook), (long long)ns(h->live + c->shift), h->live_error != NULL ? "\"" : "",
                   h->live_error != NULL ? h->live_error : "null", h->live_error != NULL ? "\"" : "");
        first = false;
    }
    buf_lit(b, "]}\n");
}

static struct p2t_text text(const char *s)
{
    return (struct p2t_text){s, s != NULL ? strlen(s) : 0};
}

/* Observed before its packet for hooks that cause one, after it for those that wait for one. */
static void set_bounds(struct p2t_event *e)
{
    bool waits = e->hook == P2T_HOOK_DNS_DONE || e->hook == P2T_HOOK_CONNECT_DONE ||
                 e->hook == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE || e->hook == P2T_HOOK_PUT_IDLE_CONN;

    e->has_earliest = waits;
    e->has_latest = !waits;
    e->earliest_ns = e->latest_ns = e->time_ns;
}

/* All of the hook's arguments, unknown but for its error. */
static void set_error(struct p2t_event *e, struct p2t_arg *args, const char *error)
{
    for (size_t i = 0; i < P2T_ARG_COUNT; i++) {
        const struct p2t_hook_arg_info *info = &p2t_hook_args[i];
        bool is_error = strcasecmp(info->name, "err") == 0;
        if (info->hook != e->hook)
            continue;
        args[info->index] = (struct p2t_arg){
            text(info->name),
            {.kind = is_error && error != NULL ? P2T_VALUE_TEXT : P2T_VALUE_NULL, .as.text = text(error)}};
        e->arg_count = info->index + 1;
    }
}

static void give_exchange(struct compare *c, const struct call *call)
{
    struct p2t_event events[HOOKS_MAX];
    struct p2t_arg args[HOOKS_MAX][ARGS_MAX];
    struct p2t_connection connection = {.reused = 0, .rtt_ns = 2 * MS, .vantage = call->vantage};
    size_t n = 0;

    for (size_t i = 0; i < hook_count(call); i++) {
        const struct hook *h = &call->hooks[i];
        if (h->wire < 0)
            continue;
        events[n] = (struct p2t_event){.hook = h->hook, .basis = h->basis, .time_ns = ns(h->wire), .args = args[n]};
        set_error(&events[n], args[n], h->wire_error);
        set_bounds(&events[n]);
        n++;
    }
    struct p2t_exchange x = {.id = 0xabc,
                             .kind = call->kind,
                             .outcome = call->outcome,
                             .error = text(call->wire_error),
                             .trace_id = text("t1"),
                             .method = text("GET"),
                             .url = text("http://a.test/"),
                             .host = text("a.test"),
                             .connection = &connection,
                             .start_ns = n > 0 ? events[0].time_ns : T0,
                             .end_ns = n > 0 ? events[n - 1].time_ns : T0,
                             .events = events,
                             .event_count = n};
    assert_int_equal(compare_exchange(c, &x, true), 0);
}

static int append(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return 0;
}

static struct compare *compare_call(const struct call *call)
{
    struct compare *c = compare_new(&(struct compare_config){.tolerance_ns = MS});
    struct buf live = {0};

    assert_non_null(c);
    put_live(&live, call);
    live_begin_file(compare_live(c), SLICE_LIT("live.log"));
    live_feed(compare_live(c), buf_view(&live));
    live_end_file(compare_live(c));
    buf_fini(&live);
    give_exchange(c, call);
    assert_int_equal(compare_finish(c, T0 - 1000 * MS, T0 + 1000 * MS), 0);
    return c;
}

static void write_as(struct compare *c, enum compare_format format, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(compare_write(c, format, &(struct out_sink){out, append}), 0);
    buf_putc(out, '\0');
}

/* The JSON that was written; its one pair. */
static cJSON *judged(const struct call *call, const cJSON **pair)
{
    struct compare *c = compare_call(call);
    struct buf out = {0};

    write_as(c, COMPARE_JSON, &out);
    cJSON *json = cJSON_Parse((const char *)out.p);
    assert_non_null(json);
    *pair = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "pairs"), 0);
    assert_non_null(*pair);
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(json, "agree")), compare_agrees(c));
    buf_fini(&out);
    compare_free(c);
    return json;
}

static const cJSON *hook_of(const cJSON *pair, const char *name)
{
    const cJSON *h;

    cJSON_ArrayForEach(h, cJSON_GetObjectItem(pair, "hooks"))
    {
        if (strcmp(cJSON_GetObjectItem(h, "hook")->valuestring, name) == 0)
            return h;
    }
    fail_msg("no %s", name);
    return NULL;
}

/* "where ns-in-ms" of each reason. */
static void expect_reasons(const cJSON *pair, const char *expected)
{
    char found[256] = "";
    const cJSON *r;
    size_t n = 0;

    cJSON_ArrayForEach(r, cJSON_GetObjectItem(pair, "reasons"))
    {
        n += (size_t)snprintf(found + n, sizeof found - n, "%s%s %.0f", n > 0 ? ", " : "",
                              cJSON_GetObjectItem(r, "where")->valuestring,
                              cJSON_GetObjectItem(r, "us")->valuedouble / 1000);
    }
    assert_string_equal(found, expected);
}

static double spent_ms(const cJSON *pair, const char *where)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(pair, "spent_us"), where)->valuedouble / 1000;
}

static const char *first_reason(const cJSON *pair)
{
    return cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(pair, "reasons"), 0), "text")->valuestring;
}

#define O P2T_OBSERVED
#define PLAIN                                                                                                        \
    {P2T_HOOK_GET_CONN, 0.9, 1, P2T_ASSUMED, NULL, NULL}, {P2T_HOOK_DNS_START, 1, 1.1, O, NULL, NULL},               \
        {P2T_HOOK_DNS_DONE, 3.1, 3, O, NULL, NULL}, {P2T_HOOK_CONNECT_START, 3.2, 3.3, O, NULL, NULL},               \
    {                                                                                                                \
        P2T_HOOK_CONNECT_DONE, 5.4, 5.3, O, NULL, NULL                                                               \
    }

static void equal_ones_agree(void **state)
{
    const struct call call = {.hooks = {PLAIN,
                                        {P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 25.7, 25.6, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "agree")));
    assert_string_equal(cJSON_GetObjectItem(pair, "joined_by")->valuestring, "id");
    expect_reasons(pair, "");
    const cJSON *first = hook_of(pair, "GotFirstResponseByte");
    assert_true(cJSON_GetObjectItem(first, "difference_us")->valuedouble == 100);
    assert_string_equal(cJSON_GetObjectItem(first, "live")->valuestring, "2026-11-22T06:32:10.025700000Z");
    assert_string_equal(cJSON_GetObjectItem(first, "wire")->valuestring, "2026-11-22T06:32:10.025600000Z");
    assert_string_equal(cJSON_GetObjectItem(first, "basis")->valuestring, "observed");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "in_bounds")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "missing")));
    assert_true(spent_ms(pair, "resolver") > 2 && spent_ms(pair, "resolver") < 2.2);
    assert_true(spent_ms(pair, "server") > 18 && spent_ms(pair, "server") < 18.5);
    cJSON_Delete(json);
}

/* The parts always add up. */
static void parts_make_the_whole(const cJSON *pair)
{
    double sum = spent_ms(pair, "connection_wait") + spent_ms(pair, "resolver") + spent_ms(pair, "client") +
                 spent_ms(pair, "network") + spent_ms(pair, "server");
    double off = sum - spent_ms(pair, "total");

    assert_true(off < 0.001 && off > -0.001);
}

static void a_throttled_client(void **state)
{
    const struct call call = {.hooks = {PLAIN,
                                        {P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 225.6, 25.6, O, NULL, NULL},
                                        {P2T_HOOK_PUT_IDLE_CONN, 225.8, 25.7, P2T_INFERRED, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    expect_reasons(pair, "client 200");
    assert_non_null(strstr(first_reason(pair), "2 hooks late together (GotFirstResponseByte to PutIdleConn)"));
    assert_true(spent_ms(pair, "client") > 199);
    assert_true(spent_ms(pair, "network") + spent_ms(pair, "server") < 25);
    parts_make_the_whole(pair);
    cJSON_Delete(json);
}

/* Stopped between the handshake and the request: late, then on time again. */
static void a_client_stopped_for_a_while(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_CONNECT_START, 3.2, 3.3, O, NULL, NULL},
                                        {P2T_HOOK_CONNECT_DONE, 205.4, 5.3, O, NULL, NULL},
                                        {P2T_HOOK_WROTE_REQUEST, 205.5, 205.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 215.7, 215.6, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    expect_reasons(pair, "client 200");
    assert_non_null(strstr(first_reason(pair), "then on time again"));
    assert_true(spent_ms(pair, "client") > 199 && spent_ms(pair, "network") < 5);
    parts_make_the_whole(pair);
    cJSON_Delete(json);
}

/* The same 200 ms, but the packets came late, too. */
static void a_slow_network_is_no_slow_client(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_CONNECT_START, 3.2, 3.3, O, NULL, NULL},
                                        {P2T_HOOK_CONNECT_DONE, 203.4, 203.3, O, NULL, NULL},
                                        {P2T_HOOK_WROTE_REQUEST, 203.5, 203.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 223.7, 223.6, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
    expect_reasons(pair, "");
    assert_true(spent_ms(pair, "network") > 200 && spent_ms(pair, "client") < 2);
    parts_make_the_whole(pair);
    cJSON_Delete(json);
}

static void waiting_for_a_connection(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_GET_CONN, 1, 193, P2T_ASSUMED, NULL, NULL},
                                        {P2T_HOOK_GOT_CONN, 193, 193.1, P2T_INFERRED, NULL, NULL},
                                        {P2T_HOOK_WROTE_REQUEST, 193.2, 193.3, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 203.7, 203.6, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree"))); /* nothing bounds GetConn before */
    expect_reasons(pair, "connection_wait 192");
    assert_non_null(strstr(first_reason(pair), "its pool, or a limit on connections"));
    parts_make_the_whole(pair);
    cJSON_Delete(json);
}

static void the_resolver_and_its_cache(void **state)
{
    const struct call without = {.hooks = {{P2T_HOOK_DNS_START, 1, 2.9, P2T_ASSUMED, NULL, NULL},
                                           {P2T_HOOK_DNS_DONE, 2.8, 2.9, P2T_ASSUMED, NULL, NULL},
                                           {P2T_HOOK_CONNECT_START, 2.9, 3, O, NULL, NULL}}};
    const struct call slow = {.hooks = {{P2T_HOOK_DNS_START, 1, 41, O, NULL, NULL},
                                        {P2T_HOOK_DNS_DONE, 42.2, 42, O, NULL, NULL},
                                        {P2T_HOOK_CONNECT_START, 42.9, 43, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&without, &pair);
    expect_reasons(pair, "resolver 2");
    assert_non_null(strstr(first_reason(pair), "without packets"));
    cJSON_Delete(json);
    json = judged(&slow, &pair);
    expect_reasons(pair, "resolver 40");
    assert_non_null(strstr(first_reason(pair), "longer than its packets"));
    cJSON_Delete(json);
}

/* Captured at the server: what comes late is on its way. */
static void a_capture_elsewhere(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.5, 15.5, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 45.5, 35.5, O, NULL, NULL}},
                              .vantage = P2T_VANTAGE_SERVER};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    expect_reasons(pair, "network 10");
    assert_true(spent_ms(pair, "server") > 19.9 && spent_ms(pair, "server") < 20.1);
    assert_true(spent_ms(pair, "network") > 19.9 && spent_ms(pair, "network") < 20.1);
    cJSON_Delete(json);
}

static void hooks_missing_on_either_side(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 25.7, -1, O, NULL, NULL},
                                        {P2T_HOOK_PUT_IDLE_CONN, -1, 26, P2T_INFERRED, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(json, "agree")));
    const cJSON *first = hook_of(pair, "GotFirstResponseByte"), *put = hook_of(pair, "PutIdleConn");
    assert_string_equal(cJSON_GetObjectItem(first, "missing")->valuestring, "wire");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "wire")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "in_bounds")));
    assert_string_equal(cJSON_GetObjectItem(put, "missing")->valuestring, "live");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(put, "live")));
    cJSON_Delete(json);
}

static void outside_of_the_bounds_by_more_than_the_tolerance(void **state)
{
    static const struct {
        double live;
        bool in;
        double outside_us;
    } rows[] = {{24.6, true, -1000}, {24.599, false, -1001}, {25.6, true, 0}, {900, true, 0}};
    const cJSON *pair;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct call call = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                            {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, rows[i].live, 25.6, O, NULL, NULL}}};
        cJSON *json = judged(&call, &pair);
        const cJSON *first = hook_of(pair, "GotFirstResponseByte");
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(first, "in_bounds")), rows[i].in);
        assert_true(cJSON_GetObjectItem(first, "outside_us")->valuedouble == rows[i].outside_us);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")), rows[i].in);
        cJSON_Delete(json);
    }
}

static void clocks_are_taken_off(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 25.7, 25.6, O, NULL, NULL}},
                              .shift = 7200000};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
    assert_true(cJSON_GetObjectItem(pair, "clock_offset_us")->valuedouble == 7200000000.0 - 100);
    assert_string_equal(cJSON_GetObjectItem(hook_of(pair, "WroteRequest"), "live")->valuestring,
                        "2026-11-22T08:32:10.005500000Z");
    cJSON_Delete(json);
}

/* Only where net/http fixes the order: a response may come before the request is whole, and a dial that is not needed any
 * more goes on. */
static void order_counts_where_it_is_fixed(void **state)
{
    const struct call fixed = {.hooks = {{P2T_HOOK_GOT_CONN, 5.6, 5, P2T_INFERRED, NULL, NULL},
                                         {P2T_HOOK_WROTE_REQUEST, 5.5, 5.5, O, NULL, NULL}}};
    const struct call beside = {.hooks = {{P2T_HOOK_CONNECT_DONE, 5.6, 5, O, NULL, NULL},
                                          {P2T_HOOK_GOT_CONN, 5.5, 5.5, P2T_INFERRED, NULL, NULL}}};
    const struct call open = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.6, 5, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 5.5, 5.5, O, NULL, NULL}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&fixed, &pair);
    const cJSON *order = cJSON_GetObjectItem(pair, "order");
    assert_int_equal(cJSON_GetArraySize(order), 1);
    assert_string_equal(cJSON_GetObjectItem(order->child, "first")->valuestring, "GotConn");
    assert_string_equal(cJSON_GetObjectItem(order->child, "second")->valuestring, "WroteRequest");
    assert_string_equal(cJSON_GetObjectItem(order->child, "reversed")->valuestring, "live");
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
    cJSON_Delete(json);
    const struct call *free_ones[] = {&open, &beside};
    for (size_t i = 0; i < 2; i++) {
        json = judged(free_ones[i], &pair);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(pair, "order")), 0);
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
        cJSON_Delete(json);
    }
}

static void error_texts(void **state)
{
    static const struct {
        const char *live, *wire;
        enum p2t_outcome outcome;
        bool agree;
    } rows[] = {
        {NULL, NULL, P2T_OUTCOME_OK, true},
        {"EOF", "EOF", P2T_OUTCOME_NO_RESPONSE, true},
        {"Get \\\"http://a.test/\\\": EOF", "EOF", P2T_OUTCOME_NO_RESPONSE, true},
        {"fetching stock: dial tcp: lookup b: no such host", "lookup b: no such host", P2T_OUTCOME_DNS_ERROR, true},
        {"unexpected EOF", "EOF", P2T_OUTCOME_NO_RESPONSE, false},
        {"EOF", NULL, P2T_OUTCOME_OK, false},
        {NULL, "EOF", P2T_OUTCOME_NO_RESPONSE, false},
        {NULL, "EOF", P2T_OUTCOME_INCOMPLETE, true}, /* the capture ended first */
        {"context deadline exceeded", "dial tcp 1.2.3.4:80: i/o timeout", P2T_OUTCOME_CONNECT_ERROR, true},
        {"java.net.ConnectException: Connection refused", "dial tcp 1.2.3.4:80: connect: connection refused",
         P2T_OUTCOME_CONNECT_ERROR, true},
        {"connect ECONNREFUSED 1.2.3.4:80", "dial tcp 1.2.3.4:80: connect: connection refused",
         P2T_OUTCOME_CONNECT_ERROR, true},
        {"java.net.SocketTimeoutException: Read timed out", NULL, P2T_OUTCOME_OK, false}, /* one side only */
    };
    const cJSON *pair;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct call call = {.hooks = {{P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL}},
                                  .live_error = rows[i].live,
                                  .wire_error = rows[i].wire,
                                  .outcome = rows[i].outcome};
        cJSON *json = judged(&call, &pair);
        if (cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")) != rows[i].agree)
            fail_msg("%s beside %s", rows[i].live, rows[i].wire);
        cJSON_Delete(json);
    }
}

static void errors_of_hooks(void **state)
{
    const struct call call = {.hooks = {{P2T_HOOK_CONNECT_START, 3.2, 3.3, O, NULL, NULL},
                                        {P2T_HOOK_CONNECT_DONE, 5.4, 5.3, O, NULL, "connection refused"}}};
    const cJSON *pair;

    (void)state;
    cJSON *json = judged(&call, &pair);
    const cJSON *done = hook_of(pair, "ConnectDone");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(done, "errors_differ")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(done, "live_error")));
    assert_string_equal(cJSON_GetObjectItem(done, "wire_error")->valuestring, "connection refused");
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
    cJSON_Delete(json);
}

/* The call is over, as its trace says, at 4,900 ms; and so is the capture at 1,000 ms. */
static cJSON *silent_call(const struct hook *hooks, size_t n, double end, const cJSON **pair)
{
    struct call call = {.live_error = "context deadline exceeded",
                        .wire_error = "context deadline exceeded",
                        .outcome = P2T_OUTCOME_NO_RESPONSE,
                        .end = end};

    memcpy(call.hooks, hooks, n * sizeof *hooks);
    return judged(&call, pair);
}

static void a_silence_is_whose_it_was(void **state)
{
    static const struct {
        struct hook hooks[4];
        const char *where;
    } rows[] = {
        {{{P2T_HOOK_DNS_START, 1, 1.1, O, NULL, NULL}}, "resolver"},
        {{{P2T_HOOK_CONNECT_START, 1, 1.1, O, NULL, NULL}}, "network"},
        {{{P2T_HOOK_CONNECT_START, 1, 1.1, O, NULL, NULL},
          {P2T_HOOK_CONNECT_DONE, 3, 2.9, O, NULL, NULL},
          {P2T_HOOK_TLS_HANDSHAKE_START, 3.1, 3.2, O, NULL, NULL}},
         "network"},
        {{{P2T_HOOK_WROTE_REQUEST, 5, 5.1, O, NULL, NULL}}, "server"},
        /* Its response's packets had come at once: it did not look. */
        {{{P2T_HOOK_WROTE_REQUEST, 5, 5.1, O, NULL, NULL}, {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, -1, 6, O, NULL, NULL}},
         "client"},
    };
    const cJSON *pair;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *json = silent_call(rows[i].hooks, 4, 505, &pair);
        if (spent_ms(pair, rows[i].where) < 495)
            fail_msg("%zu: %s %f", i, rows[i].where, spent_ms(pair, rows[i].where));
        parts_make_the_whole(pair);
        cJSON_Delete(json);
    }
}

static void what_the_capture_cuts_is_no_difference(void **state)
{
    static const struct hook hooks[] = {{P2T_HOOK_WROTE_REQUEST, 5, 5.1, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 900, -1, O, NULL, NULL}};
    const cJSON *pair;

    (void)state;
    cJSON *json = silent_call(hooks, 2, 900.1, &pair);
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(pair, "cut")));
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(pair, "agree")));
    cJSON_Delete(json);
    json = silent_call(hooks, 2, 4900, &pair);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(pair, "cut")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "agree")));
    cJSON_Delete(json);
}

static void assert_excuse(const struct call *call, const char *hook, const char *excuse)
{
    const cJSON *pair;
    cJSON *json = judged(call, &pair);
    const cJSON *told = cJSON_GetObjectItem(hook_of(pair, hook), "excuse");

    if (excuse == NULL)
        assert_true(cJSON_IsNull(told));
    else
        assert_string_equal(told->valuestring, excuse);
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(json, "agree")), excuse != NULL);
    cJSON_Delete(json);
}

/* Go writes the request before it knows that the server refused the handshake; a request that was sent is none of those. */
static void what_was_written_but_never_sent_is_no_difference(void **state)
{
    struct call call = {.hooks = {{P2T_HOOK_CONNECT_DONE, 5, 5, O, NULL, NULL},
                                  {P2T_HOOK_GOT_CONN, 6, 6, P2T_INFERRED, NULL, NULL},
                                  {P2T_HOOK_WROTE_HEADERS, 6.1, -1, O, NULL, NULL}},
                        .kind = P2T_KIND_CONNECT,
                        .outcome = P2T_OUTCOME_TLS_ERROR,
                        .live_error = "remote error: tls: certificate required",
                        .wire_error = "remote error: tls: certificate required"};

    (void)state;
    assert_excuse(&call, "WroteHeaders", "written, but never sent");
    call.kind = P2T_KIND_HTTP1;
    assert_excuse(&call, "WroteHeaders", NULL);
}

static void what_ends_after_the_capture_is_no_difference(void **state)
{
    struct call call = {.hooks = {{P2T_HOOK_CONNECT_START, 5, 5, O, NULL, NULL},
                                  {P2T_HOOK_CONNECT_DONE, 905, -1, O, "i/o timeout", NULL}},
                        .kind = P2T_KIND_CONNECT,
                        .outcome = P2T_OUTCOME_INCOMPLETE,
                        .live_error = "i/o timeout"};

    (void)state;
    assert_excuse(&call, "ConnectDone", "still open when the capture ended");
    call.outcome = P2T_OUTCOME_OK;
    assert_excuse(&call, "ConnectDone", NULL);
}

static void text_and_csv_say_the_same(void **state)
{
    const struct call call = {.hooks = {PLAIN,
                                        {P2T_HOOK_WROTE_REQUEST, 5.5, 5.6, O, NULL, NULL},
                                        {P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 20.7, 25.6, O, NULL, NULL}},
                              .live_error = "=cmd()\\u001b[31m\\u202e"};
    struct compare *c = compare_call(&call);
    struct buf out = {0};

    (void)state;
    write_as(c, COMPARE_TEXT, &out);
    const char *t = (const char *)out.p;
    assert_non_null(strstr(t, "DIFFERS, joined by id"));
    assert_non_null(strstr(t, "GotFirstResponseByte      -4.900  OUT OF BOUNDS by -4.900 ms"));
    assert_non_null(strstr(t, "ERRORS DIFFER: live: =cmd()\\x1b[31m\\u202e; wire: none"));
    assert_non_null(strstr(t, "0 of 1 pairs agree"));
    assert_null(strchr(t, 0x1b));
    write_as(c, COMPARE_CSV, &out);
    t = (const char *)out.p;
    assert_non_null(strstr(t, "\r\nlive.log,1,0,t1,0000000000000abc,GET,http://a.test/,GetConn,"));
    assert_non_null(strstr(t, "GotFirstResponseByte,,2026-11-22T06:32:10.020700000Z,2026-11-22T06:32:10.025600000Z,"
                              "-4900.000,observed,0.000,,false,-4900.000,,,,\r\n"));
    buf_fini(&out);
    compare_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ones_agree),
        cmocka_unit_test(a_throttled_client),
        cmocka_unit_test(a_client_stopped_for_a_while),
        cmocka_unit_test(a_slow_network_is_no_slow_client),
        cmocka_unit_test(waiting_for_a_connection),
        cmocka_unit_test(the_resolver_and_its_cache),
        cmocka_unit_test(a_capture_elsewhere),
        cmocka_unit_test(hooks_missing_on_either_side),
        cmocka_unit_test(outside_of_the_bounds_by_more_than_the_tolerance),
        cmocka_unit_test(clocks_are_taken_off),
        cmocka_unit_test(order_counts_where_it_is_fixed),
        cmocka_unit_test(error_texts),
        cmocka_unit_test(errors_of_hooks),
        cmocka_unit_test(a_silence_is_whose_it_was),
        cmocka_unit_test(what_the_capture_cuts_is_no_difference),
        cmocka_unit_test(what_was_written_but_never_sent_is_no_difference),
        cmocka_unit_test(what_ends_after_the_capture_is_no_difference),
        cmocka_unit_test(text_and_csv_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
