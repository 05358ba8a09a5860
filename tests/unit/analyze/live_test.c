/* The forms in which programs log their calls. */
#include "support/cmocka_all.h"

#include <string.h>

#include "reading.h"

/* Whole, and cut at every odd place. */
static void expect(const char *input, const char *records)
{
    static const size_t pieces[] = {1 << 20, 1, 7};

    for (size_t i = 0; i < 3; i++) {
        struct reading r;
        reading_run(&r, slice_str(input), pieces[i]);
        assert_string_equal(READ_TEXT(&r), records);
        assert_string_equal(READ_COMPLAINTS(&r), "");
        reading_free(&r);
    }
}

static void hooks_with_all_their_arguments(void **state)
{
    (void)state;
    expect("{\"schema\":\"pcap2trace.live/1\",\"trace_id\":\"t1\",\"method\":\"GET\",\"url\":\"http://u:p@a.test/"
           "x?token=1&b=2\","
           "\"error\":null,\"connection\":{\"client\":\"10.0.0.1:4000\",\"server\":\"[2001:db8::1]:80\"},\"events\":["
           "{\"hook\":\"GetConn\",\"time\":\"2026-11-22T06:32:10.001Z\",\"args\":{\"hostPort\":\"a.test:80\"}},"
           "{\"hook\":\"DNSStart\",\"time\":\"2026-11-22T06:32:10.002Z\",\"args\":{\"Host\":\"a.test\"}},"
           "{\"hook\":\"DNSDone\",\"time\":\"2026-11-22T06:32:10.003Z\",\"args\":{\"Addrs\":[\"10.0.0.9\",{\"IP\":"
           "\"10.0.0.2\"}],\"Err\":null}},"
           "{\"hook\":\"ConnectDone\",\"time\":\"2026-11-22T06:32:10.004Z\",\"args\":{\"network\":\"tcp\",\"addr\":"
           "\"10.0.0.2:80\",\"err\":\"refused\"}},"
           "{\"hook\":\"GotConn\",\"time\":\"2026-11-22T06:32:10.005Z\",\"args\":{\"Reused\":true,\"LocalAddr\":\"10."
           "0.0.1:4001\"}},"
           "{\"hook\":\"WroteHeaderField\",\"time\":\"2026-11-22T06:32:10.006Z\",\"args\":{\"key\":\"X-Request-Id\","
           "\"value\":[\"r9\"]}},"
           "{\"hook\":\"Got1xxResponse\",\"time\":\"2026-11-22T06:32:10.007Z\",\"args\":{\"code\":103}},"
           "{\"hook\":\"WroteRequest\",\"time\":\"2026-11-22T06:32:10.008Z\",\"args\":{\"Err\":{\"message\":"
           "\"broken\"}}}]}\n",
           "hook traces 1/0 id=t1 id=r9 method=GET url=http://[redacted]@a.test/x?token=[redacted]&b=2 host=a.test"
           " client=10.0.0.1:4001 server=[2001:db8::1]:80 error=\n"
           "  GetConn 1000 key=a.test:80\n"
           "  DNSStart 2000 key=a.test\n"
           "  DNSDone 3000 addrs=10.0.0.2,10.0.0.9\n"
           "  ConnectDone 4000 key=10.0.0.2:80 err=refused\n"
           "  GotConn 5000 reused=1\n"
           "  WroteHeaderField 6000 key=X-Request-Id\n"
           "  Got1xxResponse 7000 key=103\n"
           "  WroteRequest 8000 err=broken\n");
}

static void secrets_are_nowhere(void **state)
{
    (void)state;
    expect(
        "{\"schema\":\"pcap2trace.live/1\",\"trace_id\":\"eyJhbGciOiJIUzI1NiJ9.e30.c2ln\",\"method\":\"GET\","
        "\"url\":\"http://a.test/x#s\",\"error\":\"Get \\\"http://a.test/\\\": malformed MIME header: missing colon: "
        "\\\"X-Api-Key s\\\"\",\"events\":["
        "{\"hook\":\"GetConn\",\"time\":\"2026-11-22T06:32:10.001Z\",\"args\":{\"hostPort\":\"bob:s@a.test:80\"}},"
        "{\"hook\":\"ConnectDone\",\"time\":\"2026-11-22T06:32:10.004Z\",\"args\":{\"network\":\"tcp\",\"addr\":"
        "\"10.0.0.2:80\",\"err\":\"see http://a.test/?token=s\"}}]}\n",
        "hook traces 1/0 method=GET url=http://a.test/x#[redacted] host=a.test"
        " error=malformed MIME header: missing colon: \"X-Api-Key [redacted]\"\n"
        "  GetConn 1000 key=[redacted]@a.test:80\n"
        "  ConnectDone 4000 key=10.0.0.2:80 err=see http://a.test/?token=[redacted]\n");
}

static void hooks_are_put_in_order(void **state)
{
    (void)state;
    expect("{\"events\":[{\"hook\":\"GotConn\",\"time\":1795329130.002},{\"hook\":\"WroteHeaders\",\"time\":"
           "1795329130002},"
           "{\"hook\":\"GetConn\",\"time\":\"1795329130001000000\"}]}",
           "hook traces 1/0\n  GetConn 1000\n  GotConn 2000\n  WroteHeaders 2000\n");
}

static void another_GetConn_is_another_attempt(void **state)
{
    (void)state;
    expect("{\"schema\":\"pcap2trace.live/1\",\"trace_id\":\"t\",\"method\":\"GET\",\"url\":\"http://a.test/"
           "\",\"error\":\"EOF\",\"events\":["
           "{\"hook\":\"GetConn\",\"time\":1795329131,\"args\":{\"hostPort\":\"a.test:80\"}},"
           "{\"hook\":\"GetConn\",\"time\":1795329131,\"args\":{\"hostPort\":\"a.test:80\"}},"
           "{\"hook\":\"GotConn\",\"time\":1795329132,\"args\":{\"LocalAddr\":\"10.0.0.1:1\",\"RemoteAddr\":\"10.0.0."
           "2:80\"}},"
           "{\"hook\":\"GetConn\",\"time\":1795329133,\"args\":{\"hostPort\":\"B.test:80\"}},"
           "{\"hook\":\"GotConn\",\"time\":1795329134,\"args\":{\"LocalAddr\":\"10.0.0.1:2\"}}]}",
           "hook traces 1/0 id=t method=GET url=http://a.test/ host=a.test client=10.0.0.1:1 server=10.0.0.2:80\n"
           "  GetConn 1000000 key=a.test:80\n  GetConn 1000000 key=a.test:80\n  GotConn 2000000\n"
           "hook traces 1/1 id=t host=b.test client=10.0.0.1:2 error=EOF\n"
           "  GetConn 3000000 key=B.test:80\n  GotConn 4000000\n");
}

static void a_result_in_a_log_line(void **state)
{
    (void)state;
    expect("2026/11/22 06:32:10 [abc{1}] trace info: "
           "{\"TraceId\":\"c-1\",\"DNS\":{\"Start\":\"2026-11-22T06:32:10.001Z\","
           "\"End\":\"2026-11-22T06:32:10.002Z\",\"Host\":\"a.test\",\"Addrs\":[],\"Err\":\"no such host\"},"
           "\"Connect\":{\"Start\":\"0001-01-01T00:00:00Z\",\"End\":\"0001-01-01T00:00:00Z\",\"Addr\":\"\",\"Err\":"
           "\"\"},"
           "\"Request\":{\"Method\":\"GET\",\"URL\":\"http://a.test/x\",\"Err\":\"\"},"
           "\"Err\":\"Get \\\"http://a.test/x\\\": dial tcp: no such host\"}\n",
           "trace results 1/0 id=c-1 method=GET url=http://a.test/x host=a.test error=dial tcp: no such host\n"
           "  DNSStart 1000 key=a.test\n"
           "  DNSDone 2000 err=no such host addrs=\n");
}

static void results_under_other_names(void **state)
{
    static const char *const same[] = {
        "{\"dns_start\":1795329130.001,\"dns_done\":1795329130.002,\"got_conn\":1795329130.003,\"first_byte\":"
        "1795329130.004}",
        "{\"DNSStart\":\"2026-11-22 06:32:10.001 +0000 UTC m=+0.1\",\"DNSDone\":\"2026-11-22 06:32:10.002 +0000 "
        "UTC\","
        "\"GotConn\":\"2026-11-22 06:32:10.003 +0000 UTC\",\"GotFirstResponseByte\":\"2026-11-22 06:32:10.004 +0000 "
        "UTC\"}",
        "{\"dnsStartTime\":1795329130001,\"dns-end-time\":1795329130002,\"connection\":{\"got\":1795329130003},"
        "\"response\":{\"firstByteAt\":1795329130004}}",
        "{\"level\":\"info\",\"http\":{\"trace\":{\"dnsLookup\":{\"start\":1795329130001000,\"done\":"
        "1795329130002000},"
        "\"gotConn\":{\"time\":1795329130003000},\"ttfb\":1795329130004000}}}",
        "{\"level\":\"info\",\"msg\":\"trace: {\\\"DNS\\\":{\\\"Start\\\":1795329130.001,\\\"End\\\":1795329130.002},"
        "\\\"Conn\\\":{\\\"Got\\\":1795329130.003},\\\"Response\\\":{\\\"FirstByte\\\":1795329130.004}}\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect(same[i], "trace results 1/0\n  DNSStart 1000\n  DNSDone 2000\n  GotConn 3000\n"
                        "  GotFirstResponseByte 4000\n");
}

static void several_connects_keep_their_addresses(void **state)
{
    (void)state;
    expect(
        "{\"Connect\":[{\"Start\":1795329130.001,\"End\":1795329130.002,\"Addr\":\"[::1]:80\",\"Err\":\"refused\"},"
        "{\"Start\":1795329130.003,\"End\":1795329130.004,\"Addr\":\"10.0.0.2:80\",\"Err\":\"\"}]}",
        "trace results 1/0\n"
        "  ConnectStart 1000 key=[::1]:80\n  ConnectDone 2000 key=[::1]:80 err=refused\n"
        "  ConnectStart 3000 key=10.0.0.2:80\n  ConnectDone 4000 key=10.0.0.2:80\n");
}

#define SPAN(name, id, parent, start, end, more)                                                                     \
    "{\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"" id "\",\"parentSpanId\":\"" parent             \
    "\",\"name\":\"" name "\",\"startTimeUnixNano\":\"1795329130" start                                              \
    "00000\",\"endTimeUnixNano\":\"1795329130" end "00000\"" more "}"
#define OTLP(spans) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" spans "]}]}]}\n"

static void spans_of_one_call_in_two_exports(void **state)
{
    (void)state;
    expect(
        OTLP(SPAN("http.dns", "d1", "c1", "0010", "0020",
                  ",\"attributes\":[{\"key\":\"http.dns.addrs\",\"value\":{\"stringValue\":\"10.0.0.9,10.0.0.2\"}}"
                  "]") "," SPAN("http.connect", "e1", "c1", "0030", "0040",
                                ",\"attributes\":[{\"key\":\"http.conn.done.addr\",\"value\":{\"stringValue\":"
                                "\"10.0.0.2:80\"}}],"
                                "\"status\":{\"code\":2,\"message\":\"refused\"}"))
            OTLP(SPAN(
                "http.getconn", "c1", "r1", "0005", "0050",
                ",\"attributes\":[{\"key\":\"http.local\",\"value\":{\"stringValue\":\"10.0.0.1:4000\"}},"
                "{\"key\":\"http.conn.reused\",\"value\":{\"boolValue\":false}}]") "," SPAN("http.send", "s1", "r1",
                                                                                            "0060", "0070",
                                                                                            "") "," SPAN("http."
                                                                                                         "receive",
                                                                                                         "v1", "r1",
                                                                                                         "0080",
                                                                                                         "0090",
                                                                                                         ",\"event"
                                                                                                         "s\":[{"
                                                                                                         "\"name\""
                                                                                                         ":\"GOT "
                                                                                                         "1xx\","
                                                                                                         "\"timeUn"
                                                                                                         "ixNano\""
                                                                                                         ":\"17953"
                                                                                                         "29130008"
                                                                                                         "500000\""
                                                                                                         "}]") "," SPAN("HTTP GET",
                                                                                                                        "r1",
                                                                                                                        "p1",
                                                                                                                        "0001",
                                                                                                                        "0099",
                                                                                                                        ",\"attributes\":[{\"key\":\"url.full\",\"value\":{\"stringValue\":\"http://a.test/x\"}},"
                                                                                                                        "{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}}]")),
        "OTLP traces 1/0 id=r1 id=0af7651916cd43dd8448eb211c80319c method=GET url=http://a.test/x host=a.test"
        " client=10.0.0.1:4000\n"
        "  GetConn 500\n"
        "  DNSStart 1000\n"
        "  DNSDone 2000 addrs=10.0.0.2,10.0.0.9\n"
        "  ConnectStart 3000 key=10.0.0.2:80\n"
        "  ConnectDone 4000 key=10.0.0.2:80 err=refused\n"
        "  GotConn 5000 reused=0\n"
        "  WroteRequest 7000\n"
        "  GotFirstResponseByte 8000\n"
        "  Got1xxResponse 8500\n"
        "  PutIdleConn 9000\n");
}

static void events_on_one_span(void **state)
{
    (void)state;
    expect(OTLP(SPAN("HTTP GET", "r1", "", "0001", "0099",
                     ",\"events\":[{\"name\":\"http.getconn.start\",\"timeUnixNano\":\"1795329130001000000\"},"
                     "{\"name\":\"http.getconn.done\",\"timeUnixNano\":\"1795329130002000000\"},"
                     "{\"name\":\"http.receive.start\",\"timeUnixNano\":1795329130003000000}]")),
           "OTLP traces 1/0 id=r1 id=0af7651916cd43dd8448eb211c80319c\n"
           "  GetConn 1000\n  GotConn 2000\n  GotFirstResponseByte 3000\n");
}

static void har_phases_follow_each_other(void **state)
{
    (void)state;
    expect("{\n \"log\": {\n  \"entries\": [\n   {\"startedDateTime\": \"2026-11-22T07:32:10.000+01:00\",\n"
           "    \"request\": {\"method\": \"GET\", \"url\": \"https://a.test/\",\n"
           "     \"headers\": [{\"name\": \"X-Request-ID\", \"value\": \"r7\"}]},\n"
           "    \"serverIPAddress\": \"10.0.0.2\",\n"
           "    \"timings\": {\"blocked\": 1, \"dns\": 2, \"connect\": 10, \"ssl\": 6, \"send\": 0.5, \"wait\": 20,"
           " \"receive\": 3}},\n"
           "   {\"startedDateTime\": \"2026-11-22T06:32:11Z\", \"request\": {\"method\": \"GET\", \"url\": "
           "\"https://a.test/2\"},\n"
           "    \"timings\": {\"blocked\": -1, \"dns\": -1, \"connect\": -1, \"ssl\": -1, \"send\": 1, \"wait\": 2,"
           " \"receive\": -1}}\n  ]\n }\n}\n",
           "HAR entries 1/0 id=r7 method=GET url=https://a.test/ host=a.test end=36500\n"
           "  DNSStart 1000\n  DNSDone 3000\n  ConnectStart 3000\n  ConnectDone 7000\n  TLSHandshakeStart 7000\n"
           "  TLSHandshakeDone 13000\n  WroteRequest 13500\n  GotFirstResponseByte 33500\n"
           "HAR entries 1/0 method=GET url=https://a.test/2 host=a.test\n"
           "  WroteRequest 1001000\n  GotFirstResponseByte 1003000\n");
}

static void curl_counts_from_its_start(void **state)
{
    (void)state;
    expect(
        "{\"url_effective\":\"http://a.test/\",\"method\":\"GET\",\"local_ip\":\"10.0.0.1\",\"local_port\":4000,"
        "\"remote_ip\":\"10.0.0.2\",\"remote_port\":80,\"num_connects\":1,\"time_namelookup\":0.001,\"time_connect\":"
        "0.002,"
        "\"time_appconnect\":0,\"time_pretransfer\":0.0025,\"time_starttransfer\":0.01,\"time_total\":0.02,"
        "\"http_code\":200,\"errormsg\":null,\"exitcode\":0}\n"
        "{\"url_effective\":\"http://10.0.0.2/"
        "\",\"num_connects\":0,\"time_namelookup\":0.00001,\"time_connect\":0.00001,"
        "\"time_appconnect\":0,\"time_pretransfer\":0.00002,\"time_starttransfer\":0,\"time_total\":0.3,"
        "\"errormsg\":\"Empty reply from server\",\"exitcode\":52}\n",
        "curl transfers 1/0 method=GET url=http://a.test/ host=a.test client=10.0.0.1:4000 server=10.0.0.2:80 error="
        " end=20000\n  DNSDone 1000\n  ConnectDone 2000\n  GotConn 2500\n  GotFirstResponseByte 10000\n"
        "curl transfers 2/0 url=http://10.0.0.2/ host=10.0.0.2 error=Empty reply from server end=300000\n"
        "  GotConn 20\n");
}

static void forms_may_stand_in_one_file(void **state)
{
    (void)state;
    expect("plain line\n[\n"
           "{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329131}]},\r\n"
           "{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329132}]}\r\n]\n"
           "x {\"DNSStart\":1795329133} y {\"DNSStart\":1795329134}\n"
           "[{\"events\":[{\"hook\":\"GetConn\",\"time\":1795329135}]},{\"events\":[{\"hook\":\"GetConn\",\"time\":"
           "1795329136}]}]\n"
           "{\n\"events\":[\n{\"hook\":\"GetConn\",\"time\":1795329137}]\n}\n"
           "{\"time\":\"2026-11-22T06:32:10Z\",\"msg\":\"nothing of ours {\",\"n\":{\"a\":[1,2]}}\n",
           "hook traces 3/0\n  GetConn 1000000\n"
           "hook traces 4/0\n  GetConn 2000000\n"
           "trace results 6/0\n  DNSStart 3000000\n"
           "trace results 6/0\n  DNSStart 4000000\n"
           "hook traces 7/0\n  GetConn 5000000\n"
           "hook traces 7/0\n  GetConn 6000000\n"
           "hook traces 8/0\n  GetConn 7000000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_with_all_their_arguments),
        cmocka_unit_test(secrets_are_nowhere),
        cmocka_unit_test(hooks_are_put_in_order),
        cmocka_unit_test(another_GetConn_is_another_attempt),
        cmocka_unit_test(a_result_in_a_log_line),
        cmocka_unit_test(results_under_other_names),
        cmocka_unit_test(several_connects_keep_their_addresses),
        cmocka_unit_test(spans_of_one_call_in_two_exports),
        cmocka_unit_test(events_on_one_span),
        cmocka_unit_test(har_phases_follow_each_other),
        cmocka_unit_test(curl_counts_from_its_start),
        cmocka_unit_test(forms_may_stand_in_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
