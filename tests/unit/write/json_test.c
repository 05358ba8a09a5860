/* What the JSON formats write, read back by another program's parser. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "write/json/json.h"

static cJSON *parse(const char *text)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(text, &end, true);

    if (root == NULL)
        fail_msg("no JSON: %.200s", text);
    return root;
}

static const char *string_at(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    if (!cJSON_IsString(item))
        fail_msg("%s is no string", key);
    return item->valuestring;
}

static void every_byte_between_letters(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char from[] = {'a', (char)c, 'b'};
        const char same[] = {'a', (char)c, 'b', '\0'};
        struct buf b = {0};
        json_string(&b, (struct p2t_text){from, sizeof from});
        buf_putc(&b, '\0');
        for (size_t i = 0; i + 1 < b.n; i++)
            assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
        if (c == 0) { /* cJSON's strings cannot hold it */
            assert_string_equal((char *)b.p, "\"a\\u0000b\"");
        } else {
            cJSON *item = parse((char *)b.p);
            assert_string_equal(item->valuestring, c < 0x80 ? same
                                                            : "a\xef\xbf\xbd"
                                                              "b");
            cJSON_Delete(item);
        }
        buf_fini(&b);
    }
}

/* Strings are written many bytes at a time: wherever the one that is escaped stands, the others stay. */
static void an_escape_at_every_place_of_every_length(void **state)
{
    enum { LONGEST = 50 };
    char from[LONGEST + 1];

    (void)state;
    for (size_t n = 1; n <= LONGEST; n++)
        for (size_t at = 0; at <= n; at++) {
            for (size_t i = 0; i < n; i++)
                from[i] = (char)('a' + i % 26);
            from[n] = '\0';
            if (at < n) /* else: none is escaped */
                from[at] = at % 2 == 0 ? '"' : '\n';
            struct buf b = {0};
            json_string(&b, (struct p2t_text){from, n});
            assert_int_equal(b.n, n + 2 + (at < n));
            buf_putc(&b, '\0');
            cJSON *item = parse((char *)b.p);
            assert_string_equal(item->valuestring, from);
            cJSON_Delete(item);
            buf_fini(&b);
        }
}

/* Longer than the room that was looked at before: the buffer grows in the middle of an exchange. */
static void an_exchange_of_long_texts_is_whole(void **state)
{
    enum { LONG = 100000 };
    static char text[LONG];
    struct p2t_exchange x = *example_slow();
    struct buf b = {0};

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t n = 1; n < LONG; n = n * 2 + 1) {
        x.error = x.method = x.url = x.host = x.request.content_type = (struct p2t_text){text, n};
        buf_reset(&b);
        json_exchange(&b, &x);
        buf_putc(&b, '\0');
        cJSON *root = parse((char *)b.p);
        assert_int_equal(strlen(string_at(root, "url")), n);
        assert_int_equal(strlen(string_at(root, "host")), n);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "events")), x.event_count);
        cJSON_Delete(root);
    }
    buf_fini(&b);
}

static void put_utf8(char out[5], uint32_t code)
{
    size_t n = 0;

    if (code > 0xffff) {
        out[n++] = (char)(0xf0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
    } else {
        out[n++] = (char)(0xe0 | code >> 12);
    }
    out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
    out[n++] = (char)(0x80 | (code & 0x3f));
    out[n] = '\0';
}

/* Those that reorder text, or that nobody sees; what is read back is the same. */
static void what_deceives_people_is_escaped(void **state)
{
    static const struct {
        uint32_t first, last;
    } rows[] = {{0x200b, 0x200f}, {0x2028, 0x2029}, {0x202a, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    char text[5], expected[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (uint32_t code = rows[i].first; code <= rows[i].last; code++) {
            struct buf b = {0};
            put_utf8(text, code);
            snprintf(expected, sizeof expected, "\"\\u%04x\"", (unsigned)code);
            json_string(&b, (struct p2t_text){text, strlen(text)});
            buf_putc(&b, '\0');
            assert_string_equal((char *)b.p, expected);
            cJSON *item = parse((char *)b.p);
            assert_string_equal(item->valuestring, text);
            cJSON_Delete(item);
            buf_fini(&b);
        }
}

static void beyond_16_bits_are_two_surrogates(void **state)
{
    struct buf b = {0};
    char text[5];

    (void)state;
    put_utf8(text, 0xe0041); /* a tag that looks like nothing */
    json_string(&b, (struct p2t_text){text, strlen(text)});
    buf_putc(&b, '\0');
    assert_string_equal((char *)b.p, "\"\\udb40\\udc41\"");
    buf_reset(&b);
    put_utf8(text, 0x1f600);
    json_string(&b, (struct p2t_text){text, strlen(text)});
    buf_putc(&b, '\0');
    assert_string_equal((char *)b.p, "\"\xf0\x9f\x98\x80\""); /* everybody sees it */
    buf_fini(&b);
}

static void is_written_as(int64_t ns)
{
    struct buf b = {0};
    uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    char expected[32];

    snprintf(expected, sizeof expected, "%s%" PRIu64 ".%03u", ns < 0 ? "-" : "", v / 1000, (unsigned)(v % 1000));
    json_us(&b, ns);
    buf_putc(&b, '\0');
    assert_string_equal((char *)b.p, expected);
    buf_fini(&b);
}

static void microseconds_read_as_printf_writes_them(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (int64_t ns = -1200; ns < 120000; ns++)
        is_written_as(ns);
    for (int64_t power = 10; power < INT64_MAX / 10; power *= 10)
        for (int64_t ns = power - 1; ns <= power + 1; ns++) {
            is_written_as(ns);
            is_written_as(-ns);
        }
    for (int i = 0; i < 50000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        is_written_as((int64_t)(random >> i % 64));
    }
    is_written_as(INT64_MIN);
}

static void one_object_holds_what_the_exchange_does(void **state)
{
    const struct p2t_exchange *x = example_slow();
    struct buf b = example_written(OUT_FORMAT_NDJSON, true, &x, 1);
    cJSON *root = parse((char *)b.p);

    (void)state;
    assert_string_equal(string_at(root, "id"), "0123456789abcdef");
    assert_string_equal(string_at(root, "url"), "http://api.test:8080/v1/items?q=1");
    assert_string_equal(string_at(root, "start"), "2026-01-02T03:04:05.250000000Z");
    assert_true(cJSON_GetObjectItem(root, "start_us")->valuedouble == 1767323045250000.0);
    assert_string_equal(string_at(root, "schema"), "pcap2trace.exchange/2");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(root, "transport")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(root, "error")));
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(root, "events");
    assert_int_equal(cJSON_GetArraySize(events), (int)x->event_count);
    for (int i = 0; i < (int)x->event_count; i++)
        assert_string_equal(string_at(cJSON_GetArrayItem(events, i), "hook"), p2t_hook_name(x->events[i].hook));
    cJSON_Delete(root);
    buf_fini(&b);
}

static void an_array_is_whole_with_any_number_of_exchanges(void **state)
{
    const struct p2t_exchange *const x[] = {example_slow(), example_no_address(), example_two_attempts()};

    (void)state;
    for (size_t n = 0; n <= 3; n++) {
        struct buf b = example_written(OUT_FORMAT_JSON, false, x, n);
        cJSON *root = parse((char *)b.p);
        assert_true(cJSON_IsArray(root));
        assert_int_equal(cJSON_GetArraySize(root), (int)n);
        cJSON_Delete(root);
        buf_fini(&b);
    }
}

static void a_trace_result_reads_like_a_logged_one(void **state)
{
    const struct p2t_exchange *x = example_slow();
    struct buf b = example_written(OUT_FORMAT_TRACE_RESULT, false, &x, 1);

    (void)state;
    assert_string_equal(
        (char *)b.p,
        "{\"TraceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
        "\"DNS\":{\"Start\":\"2026-01-02T03:04:05.250075Z\",\"End\":\"2026-01-02T03:04:05.2504Z\","
        "\"Host\":\"api.test\",\"Addrs\":[\"10.1.9.7\"],\"Err\":null},"
        "\"GetConn\":{\"Start\":\"2026-01-02T03:04:05.25Z\",\"End\":\"2026-01-02T03:04:05.25097Z\","
        "\"HostPort\":\"api.test:8080\"},"
        "\"Connect\":{\"Start\":\"2026-01-02T03:04:05.2505Z\",\"End\":\"2026-01-02T03:04:05.2507Z\","
        "\"Network\":\"tcp\",\"Addr\":\"10.1.9.7:8080\",\"Err\":null},"
        "\"TLS\":null,"
        "\"Conn\":{\"Reused\":false,\"WasIdle\":false,\"IdleTime\":0,\"LocalAddr\":\"10.1.9.1:40000\","
        "\"RemoteAddr\":\"10.1.9.7:8080\"},"
        "\"Request\":{\"Method\":\"GET\",\"URL\":\"http://api.test:8080/v1/items?q=1\","
        "\"WroteHeaders\":\"2026-01-02T03:04:05.251Z\",\"WroteRequest\":\"2026-01-02T03:04:05.251Z\",\"Err\":null},"
        "\"Response\":{\"FirstByte\":\"2026-01-02T03:04:05.452Z\",\"End\":\"2026-01-02T03:04:05.453Z\",\"Status\":"
        "200},"
        "\"Err\":null}\n");
    buf_fini(&b);
}

static void several_attempts_are_an_array_each_with_its_own_end(void **state)
{
    const struct p2t_exchange *x = example_two_attempts();
    struct buf b = example_written(OUT_FORMAT_TRACE_RESULT, false, &x, 1);
    cJSON *root = parse((char *)b.p);
    const cJSON *connect = cJSON_GetObjectItemCaseSensitive(root, "Connect");

    (void)state;
    assert_int_equal(cJSON_GetArraySize(connect), 2);
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(connect, 0), "End")));
    assert_string_equal(string_at(cJSON_GetArrayItem(connect, 1), "End"), "2026-01-02T03:04:05.5501Z");
    cJSON_Delete(root);
    buf_fini(&b);
}

static void a_whole_second_has_no_point(void **state)
{
    struct p2t_exchange x = *example_no_address();
    struct p2t_event event = x.events[0];
    const struct p2t_exchange *list[] = {&x};

    (void)state;
    event.time_ns = INT64_C(1767323045000000000);
    x.events = &event;
    x.event_count = 1;
    struct buf b = example_written(OUT_FORMAT_TRACE_RESULT, false, list, 1);
    assert_non_null(strstr((char *)b.p, "\"Start\":\"2026-01-02T03:04:05Z\""));
    buf_fini(&b);
}

/* No page began at a time that is none. */
static void a_har_of_nothing_has_no_page(void **state)
{
    struct buf b = example_written(OUT_FORMAT_HAR, false, NULL, 0);

    (void)state;
    assert_non_null(strstr((const char *)b.p, "\"entries\":[\n],\"pages\":[]}}"));
    assert_null(strstr((const char *)b.p, "1970"));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_har_of_nothing_has_no_page),
        cmocka_unit_test(every_byte_between_letters),
        cmocka_unit_test(an_escape_at_every_place_of_every_length),
        cmocka_unit_test(an_exchange_of_long_texts_is_whole),
        cmocka_unit_test(what_deceives_people_is_escaped),
        cmocka_unit_test(beyond_16_bits_are_two_surrogates),
        cmocka_unit_test(microseconds_read_as_printf_writes_them),
        cmocka_unit_test(one_object_holds_what_the_exchange_does),
        cmocka_unit_test(an_array_is_whole_with_any_number_of_exchanges),
        cmocka_unit_test(a_trace_result_reads_like_a_logged_one),
        cmocka_unit_test(several_attempts_are_an_array_each_with_its_own_end),
        cmocka_unit_test(a_whole_second_has_no_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
