/* What is wrong with a line is said, and what the wire may hold comes back as it was. */
#include <stdio.h>
#include <string.h>

#include "pcap2trace/status.h"
#include "reread/exchange.h"
#include "reread/line.h"
#include "support/cmocka_all.h"
#include "write/json/json.h"

#define TEXT(s) ((struct p2t_text){(s), sizeof(s) - 1})

static struct reread *reread;

static int set_up(void **state)
{
    (void)state;
    reread = reread_new();
    return reread == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    reread_free(reread);
    return 0;
}

static struct p2t_exchange plain(void)
{
    return (struct p2t_exchange){.id = 0x0123456789abcdef,
                                 .phases = {-1, -1, -1, -1, -1, -1, -1, -1},
                                 .request = {-1, -1, {NULL, 0}},
                                 .response = {-1, -1, {NULL, 0}}};
}

static void reads_as(const struct buf *line, const struct buf *full)
{
    struct buf again = {0};
    struct p2t_exchange back;
    const char *why = "";

    if (reread_exchange(reread, buf_view(line), &back, &why) != P2T_OK)
        fail_msg("%s: %.*s", why, (int)line->n, (const char *)line->p);
    json_exchange(&again, &back);
    if (!slice_eq(buf_view(&again), buf_view(full)))
        fail_msg("not the same:\n%.*s\n%.*s", (int)again.n, (const char *)again.p, (int)full->n,
                 (const char *)full->p);
    buf_fini(&again);
}

/* In both forms. */
static void comes_back(const struct p2t_exchange *x)
{
    struct buf full = {0}, compact = {0};

    json_exchange(&full, x);
    json_compact(&compact, x);
    reads_as(&full, &full);
    reads_as(&compact, &full);
    buf_fini(&full);
    buf_fini(&compact);
}

/* ---- texts ---- */

static void any_bytes_come_back(void **state)
{
    static const char every[] =
        "quote\" back\\ \\u0000 \0 nul \x01\x1b[31m \x7f \xff\xfe\xc3( caf\xc3\xa9 \xe2\x80\xae "
        "\xef\xbf\xbd \xf0\x9f\x98\x80";
    struct p2t_value values[] = {{.kind = P2T_VALUE_TEXT, .as.text = TEXT(every)}};
    struct p2t_arg args[] = {{TEXT("key"), {.kind = P2T_VALUE_TEXT, .as.text = TEXT("X-\0A")}},
                             {TEXT("value"), {.kind = P2T_VALUE_LIST, .as.list = {values, 1}}}};
    struct p2t_event ev = {.hook = P2T_HOOK_WROTE_HEADER_FIELD, .args = args, .arg_count = 2};
    struct p2t_exchange x = plain();

    (void)state;
    x.url = TEXT(every);
    x.method = TEXT("");
    x.events = &ev;
    x.event_count = 1;
    comes_back(&x);
}

static void a_nul_is_part_of_its_text(void **state)
{
    struct p2t_exchange x = plain(), back;
    struct buf b = {0};
    const char *why;

    (void)state;
    x.url = TEXT("/a\0b");
    json_exchange(&b, &x);
    assert_int_equal(reread_exchange(reread, buf_view(&b), &back, &why), P2T_OK);
    assert_int_equal(back.url.n, 4);
    assert_memory_equal(back.url.p, "/a\0b", 4);
    buf_fini(&b);
}

static void header_names_of_interim_responses_come_back(void **state)
{
    struct p2t_value values[] = {{.kind = P2T_VALUE_TEXT, .as.text = TEXT("</style.css>")}};
    struct p2t_arg fields[] = {{TEXT("Li\0nk\"\x80"), {.kind = P2T_VALUE_LIST, .as.list = {values, 1}}},
                               {TEXT(""), {.kind = P2T_VALUE_NULL}}};
    struct p2t_arg args[] = {{TEXT("code"), {.kind = P2T_VALUE_INT, .as.integer = 103}},
                             {TEXT("header"), {.kind = P2T_VALUE_OBJECT, .as.object = {fields, 2}}}};
    struct p2t_event ev = {.hook = P2T_HOOK_GOT_1XX_RESPONSE, .args = args, .arg_count = 2};
    struct p2t_exchange x = plain();

    (void)state;
    x.events = &ev;
    x.event_count = 1;
    comes_back(&x);
}

/* ---- numbers ---- */

/* More digits than a double holds. */
static void long_numbers_are_exact(void **state)
{
    struct p2t_arg args[] = {{TEXT("Reused"), {.kind = P2T_VALUE_BOOL, .as.boolean = true}},
                             {TEXT("WasIdle"), {.kind = P2T_VALUE_NULL}},
                             {TEXT("IdleTime"), {.kind = P2T_VALUE_INT, .as.integer = INT64_MAX - 1}}};
    struct p2t_event ev = {.hook = P2T_HOOK_GOT_CONN,
                           .time_ns = 1795329131123456789,
                           .has_earliest = true,
                           .earliest_ns = 1795329131123456789 - 98765432109876543,
                           .has_latest = true,
                           .latest_ns = 1795329131123456789 + 9007199254740993,
                           .args = args,
                           .arg_count = 3};
    struct p2t_exchange x = plain();

    (void)state;
    x.events = &ev;
    x.event_count = 1;
    x.phases.total_ns = 12345678901234567;
    x.request.body_bytes = 9007199254740993;
    comes_back(&x);
}

/* ---- lines that are none ---- */

static void refused(const char *line, const char *because)
{
    struct p2t_exchange x;
    const char *why = "";

    assert_int_equal(reread_exchange(reread, slice_str(line), &x, &why), P2T_ERR_USAGE);
    if (strstr(why, because) == NULL)
        fail_msg("'%s' for %s", why, line);
}

/* A whole exchange with one piece of its JSON, as it is put there, replaced. */
static void refused_in(void (*put)(struct buf *, const struct p2t_exchange *), const char *piece, const char *by,
                       const char *because)
{
    struct p2t_finding finding = {.code = "conn.refused", .text = TEXT("no")};
    struct p2t_event ev = {.hook = P2T_HOOK_GET_CONN, .time_ns = 1795329131000000000};
    struct p2t_exchange x = plain();
    struct buf b = {0}, changed = {0};

    x.findings = &finding;
    x.finding_count = 1;
    x.events = &ev;
    x.event_count = 1;
    put(&b, &x);
    buf_putc(&b, '\0');
    const char *text = (const char *)b.p, *at = strstr(text, piece);
    assert_non_null(at);
    buf_put(&changed, text, (size_t)(at - text));
    buf_str(&changed, by);
    buf_str(&changed, at + strlen(piece));
    buf_putc(&changed, '\0');
    refused((const char *)changed.p, because);
    buf_fini(&b);
    buf_fini(&changed);
}

static void refused_with(const char *piece, const char *by, const char *because)
{
    refused_in(json_exchange, piece, by, because);
}

static void compact_refused_with(const char *piece, const char *by, const char *because)
{
    refused_in(json_compact, piece, by, because);
}

static void what_is_no_exchange_is_refused(void **state)
{
    (void)state;
    refused("", "not an exchange");
    refused("\n", "not an exchange");
    refused("[]", "not an exchange");
    refused("{}", "not an exchange");
    refused("{\"schema\":1}", "not an exchange");
    refused("{\"schema\":\"pcap2trace.exchange/2\"", "not JSON");
    refused("{\"schema\":\"pcap2trace.exchange/2\"} x", "not JSON");
    refused("{\"schema\":\"pcap2trace.exchange/1\"}", "before 0.2.0");
    refused("{\"schema\":\"pcap2trace.exchange/3\"}", "another schema");
    refused("{\"schema\":\"pcap2trace.exchange/2-other\"}", "another schema");
    refused("{\"schema\":\"pcap2trace.exchange/2-compact\"}", "\"id\"");
    refused("{\"schema\":\"pcap2trace.exchange/2\"}", "\"id\"");
    refused("\"abc", "inside a string");
    refused("{\"a\":\"\xff\"}", "UTF-8");
    refused("{\"a\":\xfe}", "UTF-8");
    refused("[[[[[[[[[[[[[[[[[[[[[", "deeper");
}

static void members_are_held_to_their_kinds(void **state)
{
    (void)state;
    refused_with("0123456789abcdef", "0123456789abcde", "\"id\"");
    refused_with("0123456789abcdef", "0123456789ABCDEF", "\"id\"");
    refused_with("\"kind\":\"http1\"", "\"kind\":\"http9\"", "\"kind\"");
    refused_with("\"outcome\":\"ok\"", "\"outcome\":null", "\"outcome\"");
    refused_with("\"status\":null", "\"status\":-5", "\"status\"");
    refused_with("\"status\":null", "\"status\":200.5", "\"status\"");
    refused_with("\"status\":null", "\"status\":1e999", "\"status\"");
    refused_with("\"status\":null", "\"status\":99999999999999999999", "\"status\"");
    refused_with("\"url\":null", "\"url\":[]", "\"url\"");
    refused_with("\"connection\":null", "\"connection\":[]", "\"connection\"");
    refused_with("\"total\":null", "\"total\":1e300", "\"phases_us\"");
    refused_with("\"bounds_us\":[null,null]", "\"bounds_us\":[null]", "\"bounds_us\"");
    refused_with("\"bounds_us\":[null,null]", "\"bounds_us\":[null,9223372036854775.807]", "\"bounds_us\"");
    refused_with("\"evidence\":[]", "\"evidence\":[[0,1],[0,2],[0,3],[0,4],[0,5]]", "\"evidence\"");
    refused_with("\"evidence\":[]", "\"evidence\":[[0]]", "\"evidence\"");
    refused_with("\"evidence\":[]", "\"evidence\":[[-1,1]]", "\"evidence\"");
    refused_with("\"args\":{}", "\"args\":{\"addr\":\"x\"}", "\"args\"");
    refused_with("\"args\":{}", "\"args\":{\"hostPort\":5}", "\"args\"");
    refused_with("\"hook\":\"GetConn\"", "\"hook\":\"GetCon\"", "\"hook\"");
    refused_with("conn.refused", "conn.unheard_of", "\"code\"");
    refused_with("\"events\":[", "\"evants\":[", "\"events\"");
}

static void lists_of_the_compact_form_are_held_to_their_kinds(void **state)
{
    static const char moment[] = "[\"GetConn\",1795329131000000,\"o\",null,null,[]]";

    (void)state;
    compact_refused_with("\"took_us\":0,", "", "\"took_us\"");
    compact_refused_with("\"took_us\":0", "\"took_us\":\"0\"", "\"took_us\"");
    compact_refused_with("\"start\":", "\"request\":5,\"start\":", "\"request\"");
    compact_refused_with("\"start\":", "\"request\":[-2],\"start\":", "\"request\"");
    compact_refused_with("\"start\":", "\"response\":[1,2,3],\"start\":", "\"response\"");
    compact_refused_with(moment, "5", "\"events\"");
    compact_refused_with(moment, "[]", "\"events\"");
    compact_refused_with(moment, "[5]", "\"events\"");
    compact_refused_with(moment, "[\"GetCon\",0,\"o\",null,null,[]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\"]", "\"events\""); /* at the moment of none */
    compact_refused_with(moment, "[\"GetConn\",[\"a\"]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"x\",null,null,[]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"oi\",null,null,[]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",[],null,[]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,9223372036854775.807,[]]", "\"events\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null]", "\"evidence\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[1,2,3,4,5]]", "\"evidence\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[[0]]]", "\"evidence\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[-1]]", "\"evidence\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[],5]", "\"args\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[],[5]]", "\"args\"");
    compact_refused_with(moment, "[\"GetConn\",0,\"o\",null,null,[],[\"a\",\"b\"]]", "\"args\"");
    compact_refused_with("\"conn.refused\"", "\"conn.unheard_of\"", "\"findings\"");
    compact_refused_with("\"conn.refused\"", "5", "\"findings\"");
    compact_refused_with("\"findings\":[[", "\"findings\":[5,[", "\"findings\"");
    compact_refused_with("\"findings\":", "\"links\":[[\"a b\",\"0123456789abcdef\"]],\"findings\":", "\"links\"");
    compact_refused_with("\"findings\":", "\"links\":[[\"retry_of\",5]],\"findings\":", "\"links\"");
}

/* Against memory: a value of two bytes becomes one of 64. */
static void too_many_values_are_refused(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_lit(&b, "[0");
    for (size_t i = 0; i <= LINE_VALUES_MAX; i++)
        buf_lit(&b, ",0");
    buf_lit(&b, "]");
    buf_putc(&b, '\0');
    refused((const char *)b.p, "more values");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(a_nul_is_part_of_its_text),
        cmocka_unit_test(header_names_of_interim_responses_come_back),
        cmocka_unit_test(long_numbers_are_exact),
        cmocka_unit_test(what_is_no_exchange_is_refused),
        cmocka_unit_test(members_are_held_to_their_kinds),
        cmocka_unit_test(lists_of_the_compact_form_are_held_to_their_kinds),
        cmocka_unit_test(too_many_values_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
