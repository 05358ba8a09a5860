/* HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): one page; what HAR has no place for begins with '_'. Times are
 * milliseconds with all that nanoseconds say. */
#include <string.h>

#include "pcap2trace/session.h"
#include "write/args.h"
#include "write/format.h"
#include "write/json/json.h"

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* HAR knows no null: a text that is not known is empty. */
static void put_text(struct buf *b, const char *key, struct p2t_text s)
{
    buf_str(b, key);
    json_string(b, s.p != NULL ? s : str(""));
}

static void put_ms(struct buf *b, const char *key, int64_t ns)
{
    uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    char digits[8];

    eight_digits_text(digits, (uint32_t)(v % 1000000));
    buf_str(b, key);
    if (ns < 0)
        buf_putc(b, '-');
    buf_u64(b, v / 1000000);
    buf_putc(b, '.');
    buf_put(b, digits + 2, 6);
}

/* -1: does not apply. */
static void put_phase(struct buf *b, const char *key, int64_t ns)
{
    if (ns >= 0) {
        put_ms(b, key, ns);
        return;
    }
    buf_str(b, key);
    buf_lit(b, "-1");
}

static void put_size(struct buf *b, const char *key, int64_t bytes)
{
    buf_str(b, key);
    buf_i64(b, bytes >= 0 ? bytes : -1);
}

/* ---- URLs ---- */

/* Not: controls, spaces, quotes, brackets of other kinds than [ ], and what is no ASCII. */
static const bool belongs_in_url[256] = {['!'] = true,         ['#' ... ';'] = true, ['='] = true,
                                         ['?' ... '['] = true, [']'] = true,         ['_'] = true,
                                         ['a' ... 'z'] = true, ['~'] = true};

static void put_url_bytes(struct buf *b, struct p2t_text s)
{
    for (size_t i = 0, run = 0; i < s.n; i += run) {
        for (run = 0; i + run < s.n && belongs_in_url[(uint8_t)s.p[i + run]];)
            run++;
        buf_put(b, s.p + i, run);
        if (i + run < s.n)
            buf_printf(b, "%%%02X", (unsigned)(uint8_t)s.p[i + run++]);
    }
}

static bool has_scheme(struct p2t_text url)
{
    const char *mark = url.n > 0 ? memmem(url.p, url.n, "://", 3) : NULL;

    return mark != NULL && mark > url.p;
}

static bool is_encrypted(const struct p2t_exchange *x)
{
    return x->kind == P2T_KIND_TLS || (x->connection != NULL && x->connection->tls != NULL);
}

/* Where the call was to go, as GetConn has it. */
static struct p2t_text target(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++) {
        struct p2t_text s = args_text(&x->events[i], P2T_ARG_GET_CONN_HOST_PORT);
        if (s.n > 0)
            return s;
    }
    return x->host.n > 0 || x->connection == NULL ? x->host : x->connection->server;
}

/* A call that never left has a URL, too, as far as it is known: HAR wants a scheme, but no path. */
static void put_url(struct buf *b, const struct p2t_exchange *x)
{
    struct p2t_text known = x->url.n > 0 ? x->url : target(x);

    buf_putc(b, '"');
    if (!has_scheme(known))
        buf_str(b, is_encrypted(x) ? "https://" : "http://");
    put_url_bytes(b, known.n > 0 ? known : str("unknown"));
    buf_putc(b, '"');
}

/* HAR has no null: names what stands there because something has to. */
static void put_unknown(struct buf *b, const struct p2t_exchange *x)
{
    const struct {
        const char *name;
        bool known;
    } parts[] = {{"method", x->method.n > 0},
                 {"scheme", has_scheme(x->url) || is_encrypted(x)},
                 {"host", x->url.n > 0 || target(x).n > 0},
                 {"path", x->url.n > 0}};
    size_t n = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i].known)
            buf_printf(b, "%s\"%s\"", n++ == 0 ? ",\"_unknown\":[" : ",", parts[i].name);
    buf_str(b, n > 0 ? "]" : "");
}

static void put_query(struct buf *b, struct p2t_text url)
{
    const char *mark = url.n > 0 ? memchr(url.p, '?', url.n) : NULL;
    const char *at = mark != NULL ? mark + 1 : NULL, *end = url.p + url.n;
    const char *between = "";

    buf_lit(b, ",\"queryString\":[");
    while (at != NULL && at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at)), *stop = next != NULL ? next : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at)), *name_end = equals != NULL ? equals : stop;
        buf_str(b, between);
        put_text(b, "{\"name\":", (struct p2t_text){at, (size_t)(name_end - at)});
        put_text(
            b, ",\"value\":", equals != NULL ? (struct p2t_text){equals + 1, (size_t)(stop - equals - 1)} : str(""));
        buf_putc(b, '}');
        between = ",";
        at = next != NULL ? next + 1 : NULL;
    }
    buf_putc(b, ']');
}

/* ---- messages ---- */

static const char *put_header(struct buf *b, const char *between, struct p2t_text name, struct p2t_text value)
{
    buf_str(b, between);
    put_text(b, "{\"name\":", name);
    put_text(b, ",\"value\":", value);
    buf_putc(b, '}');
    return ",";
}

static void put_request_headers(struct buf *b, const struct p2t_exchange *x)
{
    const char *between = "";

    buf_lit(b, ",\"headers\":[");
    for (size_t i = 0; i < x->event_count; i++) {
        struct p2t_text key = args_text(&x->events[i], P2T_ARG_WROTE_HEADER_FIELD_KEY);
        const struct p2t_value *v = args_find(&x->events[i], P2T_ARG_WROTE_HEADER_FIELD_VALUE);
        for (size_t k = 0; v != NULL && v->kind == P2T_VALUE_LIST && k < v->as.list.n; k++)
            if (v->as.list.items[k].kind == P2T_VALUE_TEXT)
                between = put_header(b, between, key, v->as.list.items[k].as.text);
    }
    buf_putc(b, ']');
}

static void put_request(struct buf *b, const struct p2t_exchange *x)
{
    put_text(b, ",\"request\":{\"method\":", x->method);
    buf_lit(b, ",\"url\":");
    put_url(b, x);
    put_text(b, ",\"httpVersion\":", x->request_proto);
    buf_lit(b, ",\"cookies\":[]");
    put_request_headers(b, x);
    put_query(b, x->url);
    put_size(b, ",\"headersSize\":", x->request.header_bytes);
    put_size(b, ",\"bodySize\":", x->request.body_bytes);
    put_unknown(b, x);
    buf_putc(b, '}');
}

/* Of an answer's fields, those that an exchange has. */
static void put_response_headers(struct buf *b, const struct p2t_exchange *x)
{
    const char *between = "";

    buf_lit(b, ",\"headers\":[");
    if (x->response.content_type.p != NULL)
        between = put_header(b, between, str("Content-Type"), x->response.content_type);
    if (x->server.p != NULL)
        between = put_header(b, between, str("Server"), x->server);
    if (x->via.p != NULL)
        (void)put_header(b, between, str("Via"), x->via);
    buf_putc(b, ']');
}

static void put_response(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"response\":{\"status\":");
    buf_i64(b, x->status);
    buf_lit(b, ",\"statusText\":\"\"");
    put_text(b, ",\"httpVersion\":", x->response_proto);
    buf_lit(b, ",\"cookies\":[]");
    put_response_headers(b, x);
    buf_lit(b, ",\"content\":{\"size\":");
    buf_i64(b, x->response.body_bytes > 0 ? x->response.body_bytes : 0);
    put_text(b, ",\"mimeType\":", x->response.content_type.p != NULL ? x->response.content_type : str("x-unknown"));
    buf_lit(b, "},\"redirectURL\":\"\"");
    put_size(b, ",\"headersSize\":", x->response.header_bytes);
    put_size(b, ",\"bodySize\":", x->response.body_bytes);
    if (x->error.p != NULL)
        put_text(b, ",\"_error\":", x->error);
    else if (x->outcome != P2T_OUTCOME_OK)
        put_text(b, ",\"_error\":", str(p2t_outcome_name(x->outcome)));
    buf_putc(b, '}');
}

/* ---- timings ---- */

/* ssl is a part of connect there; send, wait and receive are numbers in any case. */
static void put_timings(struct buf *b, const struct p2t_phases *p)
{
    int64_t connect = p->connect_ns < 0 && p->tls_ns >= 0 ? 0 : p->connect_ns;

    if (connect >= 0 && p->tls_ns > 0)
        connect += p->tls_ns;
    put_phase(b, ",\"timings\":{\"blocked\":", p->blocked_ns);
    put_phase(b, ",\"dns\":", p->dns_ns);
    put_phase(b, ",\"connect\":", connect);
    put_phase(b, ",\"ssl\":", p->tls_ns);
    put_ms(b, ",\"send\":", p->send_ns > 0 ? p->send_ns : 0);
    put_ms(b, ",\"wait\":", p->wait_ns > 0 ? p->wait_ns : 0);
    put_ms(b, ",\"receive\":", p->receive_ns > 0 ? p->receive_ns : 0);
    buf_putc(b, '}');
}

/* HAR's time is the sum of its timings, whatever is not known. */
static int64_t sum(const struct p2t_phases *p)
{
    const int64_t parts[] = {p->blocked_ns, p->dns_ns,  p->connect_ns, p->tls_ns,
                             p->send_ns,    p->wait_ns, p->receive_ns};
    int64_t ns = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] > 0 && ns <= INT64_MAX - parts[i])
            ns += parts[i];
    return ns;
}

/* ---- where, and what HAR does not know ---- */

/* The address without its brackets, and the port apart: as browsers write them, so that their importers show both. */
static void put_server(struct buf *b, const struct p2t_connection *c)
{
    size_t n = c->server.n;

    while (n > 0 && c->server.p[n - 1] != ':')
        n--;
    if (n < 2)
        return;
    struct p2t_text ip = {c->server.p, n - 1};
    struct p2t_text port = {c->server.p + n, c->server.n - n};
    if (ip.n > 2 && ip.p[0] == '[')
        ip = (struct p2t_text){ip.p + 1, ip.n - 2};
    put_text(b, ",\"serverIPAddress\":", ip);
    put_text(b, ",\"connection\":", port);
    buf_lit(b, ",\"_connectionId\":");
    json_id(b, c->id);
}

static void put_events(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"_events\":[");
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *ev = &x->events[i];
        buf_str(b, i > 0 ? ",{\"hook\":\"" : "{\"hook\":\"");
        buf_str(b, p2t_hook_name(ev->hook));
        buf_lit(b, "\",\"basis\":\"");
        buf_str(b, p2t_basis_name(ev->basis));
        buf_lit(b, "\",\"time\":");
        json_time(b, ev->time_ns);
        put_ms(b, ",\"offset\":", ev->time_ns - x->start_ns);
        buf_lit(b, ",\"evidence\":");
        json_evidence(b, ev->evidence, ev->evidence_count);
        buf_putc(b, '}');
    }
    buf_lit(b, "],\"_findings\":[");
    for (size_t i = 0; i < x->finding_count; i++) {
        buf_printf(b, "%s{\"code\":\"%s\",\"severity\":\"%s\"", i > 0 ? "," : "", x->findings[i].code,
                   p2t_severity_name(x->findings[i].severity));
        put_text(b, ",\"text\":", x->findings[i].text);
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

/* ---- the format ---- */

static void har_begin(struct buf *b, const struct out_options *o)
{
    (void)o;
    put_text(b,
             "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"pcap2trace\",\"version\":", str(p2t_version()));
    buf_lit(b, "},\"entries\":[");
}

static void har_lead(struct buf *b, uint64_t index)
{
    buf_str(b, index > 0 ? ",\n" : "\n");
}

static void har_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    (void)o;
    buf_lit(b, "{\"pageref\":\"page_1\",\"startedDateTime\":");
    json_time(b, x->start_ns);
    put_ms(b, ",\"time\":", sum(&x->phases));
    put_request(b, x);
    put_response(b, x);
    buf_lit(b, ",\"cache\":{}");
    put_timings(b, &x->phases);
    if (x->connection != NULL)
        put_server(b, x->connection);
    buf_lit(b, ",\"_id\":");
    json_id(b, x->id);
    buf_lit(b, ",\"_kind\":\"");
    buf_str(b, p2t_kind_name(x->kind));
    buf_lit(b, "\",\"_outcome\":\"");
    buf_str(b, p2t_outcome_name(x->outcome));
    buf_putc(b, '"');
    if (x->trace_id.p != NULL)
        put_text(b, ",\"_trace_id\":", x->trace_id);
    put_events(b, x);
    buf_putc(b, '}');
}

/* The page stands last: it begins with the earliest of all. */
static void har_end(struct buf *b, const struct out_options *o, const struct out_seen *seen)
{
    (void)o;
    buf_lit(b, "\n],\"pages\":[");
    if (seen->count > 0) {
        buf_lit(b, "{\"startedDateTime\":");
        json_time(b, seen->earliest_ns);
        buf_lit(b, ",\"id\":\"page_1\",\"title\":\"pcap2trace\","
                   "\"pageTimings\":{\"onContentLoad\":-1,\"onLoad\":-1}}");
    }
    buf_lit(b, "]}}\n");
}

const struct out_format_ops out_har = {
    .begin = har_begin, .exchange = har_exchange, .lead = har_lead, .end = har_end};
