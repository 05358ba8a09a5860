/* What OTLP and Perfetto write of exchanges made by hand, read back by another program's parser. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "write/format.h"

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif

static cJSON *written(enum out_format format, const struct p2t_exchange *x)
{
    struct buf b = example_written(format, false, &x, 1);
    cJSON *root = cJSON_Parse((char *)b.p);

    if (root == NULL)
        fail_msg("no JSON: %.200s", (char *)b.p);
    buf_fini(&b);
    return root;
}

/* scope 0: the call's own span; 1: those of its hooks. */
static const cJSON *span_at(const cJSON *root, int scope, int i)
{
    const cJSON *scopes =
        cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "resourceSpans"), 0), "scopeSpans");

    return cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(scopes, scope), "spans"), i);
}

/* NULL: the span has no such attribute. */
static const char *attribute(const cJSON *span, const char *key)
{
    const cJSON *a;

    cJSON_ArrayForEach(a, cJSON_GetObjectItem(span, "attributes"))
    {
        if (strcmp(cJSON_GetObjectItem(a, "key")->valuestring, key) == 0)
            return cJSON_GetObjectItem(a, "value")->child->valuestring;
    }
    return NULL;
}

static void expect_attribute(const cJSON *span, const char *key, const char *value)
{
    const char *told = attribute(span, key);

    if (value == NULL)
        assert_null(told);
    else if (told == NULL || strcmp(told, value) != 0)
        fail_msg("%s is %s, not %s", key, told != NULL ? told : "not there", value);
}

/* The texts are those of Go 1.26's time.Duration.String(). */
static void an_idle_time_reads_as_go_prints_it(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {1000, "1\302\265s"},
        {1500, "1.5\302\265s"},
        {34878, "34.878\302\265s"},
        {999999, "999.999\302\265s"},
        {1000000, "1ms"},
        {34878731, "34.878731ms"},
        {999999999, "999.999999ms"},
        {1000000000, "1s"},
        {5734000000, "5.734s"},
        {59999999999, "59.999999999s"},
        {60000000000, "1m0s"},
        {61500000000, "1m1.5s"},
        {3599000000000, "59m59s"},
        {3600000000000, "1h0m0s"},
        {3661000000001, "1h1m1.000000001s"},
        {90061000000000, "25h1m1s"},
    };
    struct p2t_arg args[] = {{TEXT("Reused"), {P2T_VALUE_BOOL, .as.boolean = true}},
                             {TEXT("WasIdle"), {P2T_VALUE_BOOL, .as.boolean = true}},
                             {TEXT("IdleTime"), {P2T_VALUE_INT, .as.integer = 0}}};
    struct p2t_event events[] = {{.hook = P2T_HOOK_GET_CONN, .time_ns = 1000},
                                 {.hook = P2T_HOOK_GOT_CONN, .time_ns = 2000, .args = args, .arg_count = 3}};
    struct p2t_exchange x = *example_slow();

    (void)state;
    x.events = events;
    x.event_count = 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        args[2].value.as.integer = rows[i].ns;
        cJSON *root = written(OUT_FORMAT_OTLP, &x);
        expect_attribute(span_at(root, 1, 0), "http.conn.idletime", rows[i].text);
        cJSON_Delete(root);
    }
    args[1].value.as.boolean = false; /* one that was not idle has no such time */
    cJSON *root = written(OUT_FORMAT_OTLP, &x);
    expect_attribute(span_at(root, 1, 0), "http.conn.idletime", NULL);
    cJSON_Delete(root);
}

static void an_address_stands_apart_from_its_port(void **state)
{
    static const struct {
        struct p2t_text host, url;
        const char *address, *port;
    } rows[] = {
        {TEXT("api.test:8080"), TEXT("http://api.test:8080/"), "api.test", "8080"},
        {TEXT("api.test"), TEXT("http://api.test/"), "api.test", "80"},
        {TEXT("api.test"), TEXT("https://api.test/"), "api.test", "443"},
        {TEXT("api.test"), TEXT("api.test/"), "api.test", NULL},
        {TEXT("[fd00::7]:8443"), TEXT("https://[fd00::7]:8443/"), "fd00::7", "8443"},
        {TEXT("[fd00::7]"), TEXT("http://[fd00::7]/"), "fd00::7", "80"},
        {TEXT("fd00::7"), TEXT(""), "fd00::7", NULL},
        {TEXT("api.test:65536"), TEXT(""), "api.test:65536", NULL},
        {TEXT("api.test:123456"), TEXT(""), "api.test:123456", NULL},
        {TEXT("api.test:"), TEXT(""), "api.test:", NULL},
        {TEXT(":80"), TEXT(""), ":80", NULL},
        {TEXT("a:b:80"), TEXT(""), "a:b:80", NULL},
        {TEXT("80"), TEXT(""), "80", NULL},
        {TEXT(""), TEXT(""), "", NULL},
        {{NULL, 0}, {NULL, 0}, NULL, NULL},
    };
    struct p2t_exchange x = *example_slow();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        x.host = rows[i].host;
        x.url = rows[i].url;
        cJSON *root = written(OUT_FORMAT_OTLP, &x);
        expect_attribute(span_at(root, 0, 0), "server.address", rows[i].address);
        expect_attribute(span_at(root, 0, 0), "server.port", rows[i].port);
        cJSON_Delete(root);
    }
}

/* The conventions have the status there; an answer that is an error is no "ok". */
static void an_error_is_named_by_what_made_it_one(void **state)
{
    struct p2t_grpc grpc = {.status = 14};
    struct p2t_exchange x = *example_slow();

    (void)state;
    x.outcome = P2T_OUTCOME_OK;
    x.error = (struct p2t_text){NULL, 0};
    x.status = 503;
    cJSON *root = written(OUT_FORMAT_OTLP, &x);
    expect_attribute(span_at(root, 0, 0), "error.type", "503");
    const cJSON *status = cJSON_GetObjectItem(span_at(root, 0, 0), "status");
    assert_int_equal(cJSON_GetObjectItem(status, "code")->valueint, 2);
    assert_null(cJSON_GetObjectItem(status, "message"));
    cJSON_Delete(root);
    x.status = 200;
    x.grpc = &grpc;
    root = written(OUT_FORMAT_OTLP, &x);
    expect_attribute(span_at(root, 0, 0), "error.type", "14");
    cJSON_Delete(root);
    x.grpc = NULL;
    root = written(OUT_FORMAT_OTLP, &x);
    expect_attribute(span_at(root, 0, 0), "error.type", NULL);
    assert_null(cJSON_GetObjectItem(span_at(root, 0, 0), "status")->child);
    cJSON_Delete(root);
    root = written(OUT_FORMAT_OTLP, example_no_address());
    expect_attribute(span_at(root, 0, 0), "error.type", "dns_error");
    cJSON_Delete(root);
}

/* Its integers have no sign. */
static void no_time_is_before_1970(void **state)
{
    struct p2t_event event = {.hook = P2T_HOOK_GET_CONN, .time_ns = -35000};
    struct p2t_exchange x = *example_slow();

    (void)state;
    x.start_ns = -35000;
    x.end_ns = 1;
    x.events = &event;
    x.event_count = 1;
    cJSON *root = written(OUT_FORMAT_OTLP, &x);
    const cJSON *span = span_at(root, 0, 0);
    assert_string_equal(cJSON_GetObjectItem(span, "startTimeUnixNano")->valuestring, "0");
    assert_string_equal(cJSON_GetObjectItem(span, "endTimeUnixNano")->valuestring, "1");
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(span, "events"), 0);
    assert_string_equal(cJSON_GetObjectItem(first, "timeUnixNano")->valuestring, "0");
    cJSON_Delete(root);
}

/* Longer than the room that is there when it is begun, with what is escaped at either end. */
static void a_lane_of_long_names_is_whole(void **state)
{
    enum { LONG = 5000 };
    static char text[LONG];
    struct p2t_exchange x = *example_slow();
    struct p2t_connection c = *x.connection;
    char *expected = malloc(2 * LONG + 5);

    (void)state;
    assert_non_null(expected);
    x.connection = &c;
    for (size_t n = 1; n < LONG; n = n * 2 + 1) {
        memset(text, 'x', n);
        text[0] = text[n - 1] = '"';
        c.client = c.server = (struct p2t_text){text, n};
        memcpy(expected, text, n);
        memcpy(expected + n, " -> ", 4);
        memcpy(expected + n + 4, text, n);
        expected[2 * n + 4] = '\0';
        cJSON *root = written(OUT_FORMAT_PERFETTO, &x);
        const cJSON *lane = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "traceEvents"), 0);
        assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(lane, "args"), "name")->valuestring, expected);
        cJSON_Delete(root);
    }
    free(expected);
}

/* A text for which there is no memory: nothing is written outside the buffer, which says that it failed. */
static void memory_that_runs_out_is_noticed(void **state)
{
    const struct out_format_ops *formats[] = {&out_otlp, &out_perfetto, &out_ndjson};
    const struct out_options options = {0};
    const struct p2t_text huge = {"x", SIZE_MAX / 4};

    (void)state;
#ifdef ASAN
    skip(); /* it ends the program where memory runs out */
#endif
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (int which = 0; which < 3; which++)
            for (size_t before = 0; before < 3; before++) {
                struct p2t_exchange x = *example_no_address();
                struct buf b = {0};
                if (which == 0)
                    x.url = huge;
                else if (which == 1)
                    x.error = huge;
                else
                    x.trace_id = (struct p2t_text){"x", f == 0 ? 1 : SIZE_MAX / 4}; /* OTLP takes short ones only */
                for (size_t i = 0; i < before; i++)
                    buf_putc(&b, '\n');
                formats[f]->exchange(&b, &options, &x);
                assert_true(b.failed || (f == 0 && which == 2));
                assert_true(b.n <= b.cap);
                buf_fini(&b);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_time_reads_as_go_prints_it),
        cmocka_unit_test(an_address_stands_apart_from_its_port),
        cmocka_unit_test(an_error_is_named_by_what_made_it_one),
        cmocka_unit_test(a_lane_of_long_names_is_whole),
        cmocka_unit_test(memory_that_runs_out_is_noticed),
        cmocka_unit_test(no_time_is_before_1970),
    };

    return cmocka_run_group_tests_name("write spans", tests, NULL, NULL);
}
