#include "example.h"

#include "support/cmocka_all.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define ARG_TEXT(key, s)                                                                                             \
    {                                                                                                                \
        TEXT(key),                                                                                                   \
        {                                                                                                            \
            P2T_VALUE_TEXT, .as.text = {(s), sizeof(s) - 1 }                                                         \
        }                                                                                                            \
    }
#define ARG_NULL(key)                                                                                                \
    {                                                                                                                \
        TEXT(key),                                                                                                   \
        {                                                                                                            \
            P2T_VALUE_NULL, .as.integer = 0                                                                          \
        }                                                                                                            \
    }
#define ARG_INT(key, v)                                                                                              \
    {                                                                                                                \
        TEXT(key),                                                                                                   \
        {                                                                                                            \
            P2T_VALUE_INT, .as.integer = (v)                                                                         \
        }                                                                                                            \
    }
#define ARG_BOOL(key, v)                                                                                             \
    {                                                                                                                \
        TEXT(key),                                                                                                   \
        {                                                                                                            \
            P2T_VALUE_BOOL, .as.boolean = (v)                                                                        \
        }                                                                                                            \
    }
#define ARG_LIST(key, a)                                                                                             \
    {                                                                                                                \
        TEXT(key),                                                                                                   \
        {                                                                                                            \
            P2T_VALUE_LIST, .as.list = {(a), LEN(a) }                                                                \
        }                                                                                                            \
    }
#define ARGS(a)   .args = (a), .arg_count = LEN(a)
#define PACKET(n) .evidence_count = 1, .evidence = {{0, (n)}}
#define AT(us)    .time_ns = START + (us)*1000

static const int64_t MS = 1000000;
#define START INT64_C(1767323045250000000)

static const char *const files[] = {"/captures/day.pcap"};

#define FILES .files = files, .file_count = 1
#define NO_PHASES                                                                                                    \
    {                                                                                                                \
        -1, -1, -1, -1, -1, -1, -1, -1                                                                               \
    }

/* ---- slow ---- */

static const struct p2t_value one_addr[] = {{P2T_VALUE_TEXT, .as.text = {"10.1.9.7", 8}}};
static const struct p2t_value host_value[] = {{P2T_VALUE_TEXT, .as.text = {"api.test:8080", 13}}};
static const struct p2t_value agent_value[] = {{P2T_VALUE_TEXT, .as.text = {"curl/8", 6}}};
static const struct p2t_arg get_conn[] = {ARG_TEXT("hostPort", "api.test:8080")};
static const struct p2t_arg dns_start[] = {ARG_TEXT("Host", "api.test")};
static const struct p2t_arg dns_done[] = {ARG_LIST("Addrs", one_addr), ARG_NULL("Err"), ARG_BOOL("Coalesced", false),
                                          ARG_INT("rcode", 0), ARG_INT("queries", 2)};
static const struct p2t_arg connect_start[] = {ARG_TEXT("network", "tcp"), ARG_TEXT("addr", "10.1.9.7:8080")};
static const struct p2t_arg connect_done[] = {ARG_TEXT("network", "tcp"), ARG_TEXT("addr", "10.1.9.7:8080"),
                                              ARG_NULL("err"), ARG_INT("syns", 1)};
static const struct p2t_arg got_conn[] = {ARG_BOOL("Reused", false), ARG_BOOL("WasIdle", false),
                                          ARG_INT("IdleTime", 0), ARG_TEXT("LocalAddr", "10.1.9.1:40000"),
                                          ARG_TEXT("RemoteAddr", "10.1.9.7:8080")};
static const struct p2t_arg host_field[] = {ARG_TEXT("key", "Host"), ARG_LIST("value", host_value)};
static const struct p2t_arg agent_field[] = {ARG_TEXT("key", "User-Agent"), ARG_LIST("value", agent_value)};
static const struct p2t_arg wrote_request[] = {ARG_NULL("Err")};

static const struct p2t_event slow_events[] = {
    {.hook = P2T_HOOK_GET_CONN, .basis = P2T_ASSUMED, AT(0), PACKET(1), ARGS(get_conn)},
    {.hook = P2T_HOOK_DNS_START, .basis = P2T_OBSERVED, AT(75), PACKET(1), ARGS(dns_start)},
    {.hook = P2T_HOOK_DNS_DONE, .basis = P2T_OBSERVED, AT(400), PACKET(4), ARGS(dns_done)},
    {.hook = P2T_HOOK_CONNECT_START, .basis = P2T_OBSERVED, AT(500), PACKET(5), ARGS(connect_start)},
    {.hook = P2T_HOOK_CONNECT_DONE, .basis = P2T_OBSERVED, AT(700), PACKET(6), ARGS(connect_done)},
    {.hook = P2T_HOOK_GOT_CONN,
     .basis = P2T_INFERRED,
     AT(970),
     .evidence_count = 2,
     .evidence = {{0, 6}, {0, 8}},
     ARGS(got_conn)},
    {.hook = P2T_HOOK_WROTE_HEADER_FIELD, .basis = P2T_OBSERVED, AT(1000), PACKET(8), ARGS(host_field)},
    {.hook = P2T_HOOK_WROTE_HEADER_FIELD, .basis = P2T_OBSERVED, AT(1000), PACKET(8), ARGS(agent_field)},
    {.hook = P2T_HOOK_WROTE_HEADERS, .basis = P2T_OBSERVED, AT(1000), PACKET(8)},
    {.hook = P2T_HOOK_WROTE_REQUEST, .basis = P2T_OBSERVED, AT(1000), PACKET(8), ARGS(wrote_request)},
    {.hook = P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, .basis = P2T_OBSERVED, AT(202000), PACKET(10)},
};

static const struct p2t_connection slow_connection = {.id = 7,
                                                      .network = TEXT("tcp"),
                                                      .client = TEXT("10.1.9.1:40000"),
                                                      .server = TEXT("10.1.9.7:8080"),
                                                      .exchange = 0,
                                                      .stream = -1,
                                                      .reused = 0,
                                                      .rtt_ns = 200000};

const struct p2t_exchange *example_slow(void)
{
    static struct p2t_exchange x = {.id = 0x0123456789abcdef,
                                    .kind = P2T_KIND_HTTP1,
                                    .outcome = P2T_OUTCOME_OK,
                                    .trace_id = TEXT("4bf92f3577b34da6a3ce929d0e0e4736"),
                                    .trace_id_source = TEXT("traceparent"),
                                    .method = TEXT("GET"),
                                    .url = TEXT("http://api.test:8080/v1/items?q=1"),
                                    .host = TEXT("api.test:8080"),
                                    .request_proto = TEXT("HTTP/1.1"),
                                    .response_proto = TEXT("HTTP/1.1"),
                                    .status = 200,
                                    .request = {60, 0, {NULL, 0}},
                                    .response = {90, 1234, TEXT("application/json")},
                                    .connection = &slow_connection,
                                    .start_ns = START,
                                    .events = slow_events,
                                    .event_count = LEN(slow_events),
                                    FILES};

    x.end_ns = START + 203 * MS;
    x.phases = (struct p2t_phases){475000, 325000, 200000, -1, 0, 201 * MS, MS, 203 * MS};
    return &x;
}

/* ---- no address ---- */

static const struct p2t_arg get_conn_b[] = {ARG_TEXT("hostPort", "b.internal")};
static const struct p2t_arg dns_start_b[] = {ARG_TEXT("Host", "b.internal")};
static const struct p2t_arg dns_done_b[] = {{TEXT("Addrs"), {P2T_VALUE_LIST, .as.list = {NULL, 0}}},
                                            ARG_TEXT("Err", "lookup b.internal on 10.0.0.10:53: no such host"),
                                            ARG_BOOL("Coalesced", false),
                                            ARG_INT("rcode", 0),
                                            ARG_INT("queries", 2)};

static const struct p2t_event no_address_events[] = {
    {.hook = P2T_HOOK_GET_CONN, .basis = P2T_ASSUMED, AT(0), PACKET(1), ARGS(get_conn_b)},
    {.hook = P2T_HOOK_DNS_START, .basis = P2T_OBSERVED, AT(75), PACKET(1), ARGS(dns_start_b)},
    {.hook = P2T_HOOK_DNS_DONE, .basis = P2T_OBSERVED, AT(900), PACKET(4), ARGS(dns_done_b)},
};

static const struct p2t_finding no_address_findings[] = {{.code = "dns.empty_answer",
                                                          .severity = P2T_SEVERITY_ERROR,
                                                          .text = TEXT("b.internal exists but has no address"),
                                                          .evidence_count = 1,
                                                          .evidence = {{0, 4}}}};

const struct p2t_exchange *example_no_address(void)
{
    static struct p2t_exchange x = {.id = 1,
                                    .kind = P2T_KIND_LOOKUP,
                                    .outcome = P2T_OUTCOME_DNS_ERROR,
                                    .error = TEXT("lookup b.internal on 10.0.0.10:53: no such host"),
                                    .by_go = true,
                                    .host = TEXT("b.internal"),
                                    .request = {-1, -1, {NULL, 0}},
                                    .response = {-1, -1, {NULL, 0}},
                                    .start_ns = START,
                                    .end_ns = START + 900000,
                                    .phases = NO_PHASES,
                                    .events = no_address_events,
                                    .event_count = LEN(no_address_events),
                                    .findings = no_address_findings,
                                    .finding_count = 1,
                                    FILES};

    return &x;
}

/* ---- two attempts ---- */

static const struct p2t_arg start_6[] = {ARG_TEXT("network", "tcp"), ARG_TEXT("addr", "[fd00::7]:80")};
static const struct p2t_arg start_4[] = {ARG_TEXT("network", "tcp"), ARG_TEXT("addr", "10.1.9.7:80")};
static const struct p2t_arg done_4[] = {ARG_TEXT("network", "tcp"), ARG_TEXT("addr", "10.1.9.7:80"), ARG_NULL("err"),
                                        ARG_INT("syns", 3)};

static const struct p2t_event two_events[] = {
    {.hook = P2T_HOOK_CONNECT_START, .basis = P2T_OBSERVED, AT(0), PACKET(5), ARGS(start_6)},
    {.hook = P2T_HOOK_CONNECT_START,
     .basis = P2T_OBSERVED,
     AT(300000),
     .evidence_count = 1,
     .evidence = {{1, 2}},
     ARGS(start_4)},
    {.hook = P2T_HOOK_CONNECT_DONE,
     .basis = P2T_OBSERVED,
     AT(300100),
     .evidence_count = 2,
     .evidence = {{1, 3}, {1, 4}},
     ARGS(done_4)},
};

const struct p2t_exchange *example_two_attempts(void)
{
    static const char *const both[] = {"/captures/a.pcap", "/captures/b\x1b.pcap"};
    static struct p2t_exchange x = {.id = 2,
                                    .kind = P2T_KIND_CONNECT,
                                    .outcome = P2T_OUTCOME_INCOMPLETE,
                                    .request = {-1, -1, {NULL, 0}},
                                    .response = {-1, -1, {NULL, 0}},
                                    .connection = &slow_connection,
                                    .start_ns = START,
                                    .end_ns = START + 300100000,
                                    .phases = NO_PHASES,
                                    .events = two_events,
                                    .event_count = LEN(two_events),
                                    .files = both,
                                    .file_count = 2};

    return &x;
}

/* ---- writing ---- */

static int append(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

struct buf example_written(enum out_format format, bool color, const struct p2t_exchange *const *x, size_t n)
{
    struct buf b = {0};
    struct out_options options = {.color = color};
    struct out_sink sink = {&b, append};
    struct out_writer *w = out_writer_new(format, &options, &sink);

    assert_non_null(w);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out_writer_exchange(w, x[i]), P2T_OK);
    assert_int_equal(out_writer_finish(w), P2T_OK);
    out_writer_free(w);
    buf_putc(&b, '\0');
    assert_false(b.failed);
    return b;
}
