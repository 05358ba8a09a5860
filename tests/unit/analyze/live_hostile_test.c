/* What is no trace, or a broken one: told where it stands, and nothing worse. */
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "reading.h"

#define GOOD            "{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329131}]}"
#define GOOD_TEXT(line) "hook traces " line "/0\n  GetConn 1000000\n"

static void broken_lines_are_named_and_the_rest_is_read(void **state)
{
    static const struct {
        const char *input, *records, *complaints;
    } rows[] = {
        {"", "", ""},
        {"\n\n\n", "", ""},
        {"not JSON at all\n{ neither is this }\n", "", ""},
        {"null\ntrue\n12\n\"text\"\n[]\n{}\n[{}]\n[[[[]]]]\n", "", ""},
        /* cut */
        {"x {\"TraceId\":\"a\",\"DNSStart\":17953\n" GOOD "\n", GOOD_TEXT("2"), "1: JSON that is cut or malformed\n"},
        {"x {\"TraceId\":\"a", "", "1: JSON that is cut or malformed\n"},
        {"[" GOOD "," GOOD ",{\"events\":[", GOOD_TEXT("1") GOOD_TEXT("1"), "1: JSON that is cut or malformed\n"},
        {"x\n[" GOOD "," GOOD ",{\"events\":[\n", GOOD_TEXT("2") GOOD_TEXT("2"),
         "2: JSON that is cut or malformed\n"},
        {"{\n\"log\": {\n" GOOD "\n" GOOD "\n", GOOD_TEXT("3") GOOD_TEXT("4"),
         "1: JSON that begins here has no end\n"},
        /* malformed */
        {"{\"events\":[}]}\n" GOOD, GOOD_TEXT("2"), "1: JSON that is cut or malformed\n"},
        {"{\"a\":\"\\q\"}", "", "1: JSON that is cut or malformed\n"},
        {"{\"a\":1e}", "", "1: JSON that is cut or malformed\n"},
        {"{\"a\" \"b\"}", "", "1: JSON that is cut or malformed\n"},
        /* whole, and wrong */
        {"{\"schema\":\"pcap2trace.live/1\",\"events\":[{\"hook\":\"Nothing\",\"time\":1795329131}]}",
         "hook traces 1/0\n", "1: an event's hook is not one of net/http/httptrace's\n"},
        {"{\"schema\":\"pcap2trace.live/1\",\"events\":[{\"hook\":\"GetConn\",\"time\":\"now\"}]}",
         "hook traces 1/0\n", "1: an event has no time\n"},
        {"{\"schema\":\"pcap2trace.live/1\",\"events\":[null,1,[],\"x\"]}", "hook traces 1/0\n",
         "1: an event's hook is not one of net/http/httptrace's\n1: an event's hook is not one of "
         "net/http/httptrace's\n"
         "1: an event's hook is not one of net/http/httptrace's\n1: an event's hook is not one of "
         "net/http/httptrace's\n"},
        {"{\"log\":{\"entries\":[{},{\"startedDateTime\":1}]}}", "",
         "1: a HAR entry has no startedDateTime\n1: a HAR entry has no startedDateTime\n"},
        /* types that are none of what is expected */
        {"{\"DNS\":[1,{\"Start\":{}},[{\"Start\":\"x\"}]],\"Connect\":{\"Addr\":5,\"Start\":false},\"TraceId\":[1]}",
         "", ""},
        {"{\"resourceSpans\":[1,{\"scopeSpans\":{\"spans\":7}},{\"scopeSpans\":[{\"spans\":[{\"name\":3}]}]}]}", "",
         ""},
        {"{\"time_total\":1e999,\"time_namelookup\":-1,\"local_port\":1e99,\"local_ip\":\"x\",\"remote_ip\":\"::1\","
         "\"remote_port\":70000}",
         "curl transfers 1/0\n", ""},
        {"{\"DNSStart\":1e999,\"GotConn\":-1e999,\"FirstByte\":99999999999999999999999999}", "", ""},
        {"{\"DNSStart\":\"99999999999999999999\",\"GotConn\":\"-5\"}", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading r;
        reading_run(&r, slice_str(rows[i].input), 1000);
        if (strcmp(READ_TEXT(&r), rows[i].records) != 0 || strcmp(READ_COMPLAINTS(&r), rows[i].complaints) != 0)
            fail_msg("row %zu: %s\n%s\n%s", i, rows[i].input, READ_TEXT(&r), READ_COMPLAINTS(&r));
        reading_free(&r);
    }
}

static void NUL_and_broken_UTF8_do_no_harm(void **state)
{
    static const char input[] =
        "{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329131,\"args\":{\"hostPort\":\"a\0b\xff\xfe\"}}]}\n"
        "\0\0\0{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329131}]}\0\n";
    struct reading r;

    (void)state;
    reading_run(&r, slice_of(input, sizeof input - 1), 3);
    assert_int_equal(r.records.n, 2);
    assert_int_equal(live_counters(r.live).problems, 0);
    reading_free(&r);
}

static void repeat(struct buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_str(b, text);
}

/* One line in the middle of two good ones. */
static void expect_between(const struct buf *middle, const char *complaint)
{
    struct buf all = {0};
    struct reading r;

    buf_lit(&all, GOOD "\n");
    buf_slice(&all, buf_view(middle));
    buf_lit(&all, "\n" GOOD "\n");
    assert_false(all.failed);
    reading_run(&r, buf_view(&all), 1 << 20);
    assert_string_equal(READ_TEXT(&r), GOOD_TEXT("1") GOOD_TEXT("3"));
    assert_string_equal(READ_COMPLAINTS(&r), complaint);
    reading_free(&r);
    buf_fini(&all);
}

static void deep_nesting_is_refused(void **state)
{
    struct buf b = {0};

    (void)state;
    repeat(&b, "{\"a\":", 100000);
    buf_lit(&b, "1");
    repeat(&b, "}", 100000);
    expect_between(&b, "2: JSON that is cut or malformed\n");
    buf_fini(&b);
}

static void a_line_of_100_MB_is_refused(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_lit(&b, "{\"a\":\"");
    repeat(&b, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
           1000000);
    buf_lit(&b, "\"}");
    expect_between(&b, "2: a line of more than 64 MB\n");
    buf_fini(&b);
}

static void a_line_of_endless_commas_is_refused(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_lit(&b, "{\"a\":[0");
    repeat(&b, ",0,0,0,0,0,0,0,0,0,0", 400000);
    buf_lit(&b, "]}");
    expect_between(&b, "2: JSON of more than 4000000 values\n");
    buf_fini(&b);
}

static void too_many_events_are_counted(void **state)
{
    struct buf b = {0};
    struct reading r;

    (void)state;
    buf_lit(&b, "{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329131}");
    repeat(&b, ",{\"hook\":\"Got1xxResponse\",\"time\":1795329131}", RECORD_EVENTS_MAX + 9);
    buf_lit(&b, "]}");
    reading_run(&r, buf_view(&b), 1 << 20);
    assert_int_equal(r.records.n, 1);
    assert_int_equal(r.records.records[0].event_count, RECORD_EVENTS_MAX);
    assert_int_equal(live_counters(r.live).events_refused, 10);
    reading_free(&r);
    buf_fini(&b);
}

/* A span that is its own parent, two that are each other's, and ids that come twice. */
static void circles_of_spans_end(void **state)
{
#define SPAN(id, parent)                                                                                             \
    "{\"name\":\"http.dns\",\"traceId\":\"t\",\"spanId\":\"" id "\",\"parentSpanId\":\"" parent                      \
    "\",\"startTimeUnixNano\":\"1795329131000000000\",\"endTimeUnixNano\":\"1795329132000000000\"}"
    struct reading r;

    (void)state;
    reading_run(&r,
                SLICE_LIT("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" SPAN("a", "a") "," SPAN(
                    "b", "c") "," SPAN("c", "b") "," SPAN("c", "b") "," SPAN("", "") "]}]}]}"),
                1000);
    size_t events = 0;
    for (size_t i = 0; i < r.records.n; i++)
        events += r.records.records[i].event_count;
    assert_int_equal(events, 10);
    assert_string_equal(READ_COMPLAINTS(&r), "");
    reading_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_lines_are_named_and_the_rest_is_read),
        cmocka_unit_test(NUL_and_broken_UTF8_do_no_harm),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_line_of_100_MB_is_refused),
        cmocka_unit_test(a_line_of_endless_commas_is_refused),
        cmocka_unit_test(too_many_events_are_counted),
        cmocka_unit_test(circles_of_spans_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
