/* OTLP in its JSON mapping, one ExportTraceServiceRequest a line: a span for each call, and under it the spans that
 * otelhttptrace v0.72 makes of the hooks (opentelemetry-proto 1.x; 64-bit integers are strings there). */
#include <string.h>

#include "base/hash.h"
#include "pcap2trace/session.h"
#include "write/args.h"
#include "write/format.h"
#include "write/json/json.h"

#define SCOPE_HTTPTRACE "go.opentelemetry.io/otel/instrumentation/httptrace"
#define SCOPE_VERSION   "0.72.0"

enum { TRACE_ID_TEXT = 32 };

/* What is being written. */
struct otlp {
    struct buf *b;
    const struct p2t_exchange *x;
    char trace_id[TRACE_ID_TEXT + 1];
    uint64_t call; /* span id */
    uint64_t get_conn;
    int64_t end_ns; /* of the call and of all that is under it */
    unsigned spans;
};

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* ---- attributes ---- */

/* key: without characters that JSON escapes. */
static const char *put_key(struct buf *b, const char *between, const char *key)
{
    buf_str(b, between);
    buf_lit(b, "{\"key\":\"");
    buf_str(b, key);
    buf_lit(b, "\",\"value\":{");
    return ",";
}

static const char *put_text(struct buf *b, const char *between, const char *key, struct p2t_text s)
{
    if (s.p == NULL)
        return between;
    between = put_key(b, between, key);
    buf_lit(b, "\"stringValue\":");
    json_string(b, s);
    buf_lit(b, "}}");
    return between;
}

static const char *put_int(struct buf *b, const char *between, const char *key, int64_t v)
{
    between = put_key(b, between, key);
    buf_lit(b, "\"intValue\":\"");
    buf_i64(b, v);
    buf_lit(b, "\"}}");
    return between;
}

static const char *put_bool(struct buf *b, const char *between, const char *key, int v)
{
    if (v < 0)
        return between;
    between = put_key(b, between, key);
    buf_str(b, v ? "\"boolValue\":true}}" : "\"boolValue\":false}}");
    return between;
}

/* Microseconds with what nanoseconds add. */
static const char *put_phase(struct buf *b, const char *between, const char *key, int64_t ns)
{
    if (ns < 0)
        return between;
    between = put_key(b, between, key);
    buf_lit(b, "\"doubleValue\":");
    json_us(b, ns);
    buf_lit(b, "}}");
    return between;
}

/* Go's strings.Join(values, ","), "undefined" for none. */
static const char *put_joined(struct buf *b, const char *between, const char *key, const struct p2t_value *v)
{
    struct buf joined = {0};

    if (v != NULL && v->kind == P2T_VALUE_LIST && v->as.list.n == 1 && v->as.list.items[0].kind == P2T_VALUE_TEXT &&
        v->as.list.items[0].as.text.n > 0)
        return put_text(b, between, key, v->as.list.items[0].as.text);
    for (size_t i = 0; v != NULL && v->kind == P2T_VALUE_LIST && i < v->as.list.n; i++) {
        const struct p2t_value *item = &v->as.list.items[i];
        if (item->kind != P2T_VALUE_TEXT)
            continue;
        if (joined.n > 0)
            buf_putc(&joined, ',');
        buf_put(&joined, item->as.text.p, item->as.text.n);
    }
    if (joined.n == 0)
        buf_lit(&joined, "undefined");
    b->failed |= joined.failed;
    between = put_text(b, between, key, (struct p2t_text){(const char *)joined.p, joined.n});
    buf_fini(&joined);
    return between;
}

/* ---- spans ---- */

static uint64_t derived_id(uint64_t id, const char *what, unsigned n)
{
    uint64_t h = hash_stable_number(HASH_STABLE_SEED, id, sizeof id);

    h = hash_stable(h, what, strlen(what));
    h = hash_stable_finish(hash_stable_number(h, n, sizeof n));
    return h != 0 ? h : 1;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* The request's own trace id, where it has one in W3C's or B3's form; else one of the exchange's id. */
static void find_trace_id(struct otlp *o)
{
    struct p2t_text t = o->x->trace_id;
    bool own = t.n == 16 || t.n == 32, any = false;
    uint64_t derived = derived_id(o->x->id, "trace", 0);

    for (size_t i = 0; own && i < t.n; i++) {
        own = is_hex(t.p[i]);
        any |= t.p[i] != '0';
    }
    memset(o->trace_id, '0', TRACE_ID_TEXT);
    o->trace_id[TRACE_ID_TEXT] = '\0';
    if (own && any)
        for (size_t i = 0; i < t.n; i++)
            o->trace_id[TRACE_ID_TEXT - t.n + i] = (char)(t.p[i] | (t.p[i] > '9' ? 0x20 : 0));
    else
        for (size_t i = 0; i < TRACE_ID_TEXT / 2; i++) {
            o->trace_id[i] = "0123456789abcdef"[derived >> (60 - 4 * i) & 15];
            o->trace_id[TRACE_ID_TEXT / 2 + i] = "0123456789abcdef"[o->x->id >> (60 - 4 * i) & 15];
        }
}

struct span {
    const char *name;
    uint64_t id, parent; /* parent 0: none */
    int64_t start_ns, end_ns;
    struct p2t_text error; /* p == NULL: none */
};

/* Up to the opening of its attributes. */
static void begin_span(struct otlp *o, const struct span *s)
{
    struct buf *b = o->b;

    buf_str(b, o->spans++ > 0 ? ",{\"traceId\":\"" : "{\"traceId\":\"");
    buf_put(b, o->trace_id, TRACE_ID_TEXT);
    buf_lit(b, "\",\"spanId\":");
    json_id(b, s->id);
    if (s->parent != 0) {
        buf_lit(b, ",\"parentSpanId\":");
        json_id(b, s->parent);
    }
    buf_lit(b, ",\"name\":");
    json_string(b, str(s->name));
    buf_lit(b, ",\"kind\":3,\"startTimeUnixNano\":\"");
    buf_i64(b, s->start_ns);
    buf_lit(b, "\",\"endTimeUnixNano\":\"");
    buf_i64(b, s->end_ns > s->start_ns ? s->end_ns : s->start_ns);
    buf_lit(b, "\",\"attributes\":[");
}

static void end_span(struct otlp *o, const struct span *s)
{
    buf_lit(o->b, "],\"status\":{");
    if (s->error.p != NULL) {
        buf_lit(o->b, "\"code\":2,\"message\":");
        json_string(o->b, s->error);
    }
    buf_lit(o->b, "}}");
}

/* ---- the hooks' spans ---- */

static const struct p2t_event *find(const struct p2t_exchange *x, enum p2t_hook hook, size_t from)
{
    for (size_t i = from; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return &x->events[i];
    return NULL;
}

static struct span span_of(const struct otlp *o, const char *name, uint64_t parent, const struct p2t_event *from,
                           const struct p2t_event *to)
{
    return (struct span){.name = name,
                         .id = derived_id(o->x->id, name, (unsigned)(from - o->x->events)),
                         .parent = parent,
                         .start_ns = from->time_ns,
                         .end_ns = to != NULL ? to->time_ns : o->end_ns};
}

#define HEADER_PREFIX "http.request.header."

/* A name in small letters; what is no part of a name is not shown. */
static char key_byte(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c | 0x20);
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?';
}

/* A request's fields are attributes of the first span. */
static const char *put_fields(struct otlp *o, const char *between)
{
    for (size_t i = 0; i < o->x->event_count; i++) {
        const struct p2t_event *ev = &o->x->events[i];
        struct p2t_text key = args_text(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
        char name[128] = HEADER_PREFIX;
        size_t n = sizeof HEADER_PREFIX - 1;
        if (key.n == 0)
            continue;
        for (size_t k = 0; k < key.n && n < sizeof name - 1; k++)
            name[n++] = key_byte(key.p[k]);
        name[n] = '\0';
        between = put_joined(o->b, between, name, args_find(ev, P2T_ARG_WROTE_HEADER_FIELD_VALUE));
    }
    return between;
}

static void put_get_conn(struct otlp *o)
{
    const struct p2t_event *from = find(o->x, P2T_HOOK_GET_CONN, 0), *to = find(o->x, P2T_HOOK_GOT_CONN, 0);

    if (from == NULL)
        return;
    struct span s = span_of(o, "http.getconn", o->call, from, to);
    if (to == NULL && o->x->error.p != NULL)
        s.error = o->x->error;
    o->get_conn = s.id;
    begin_span(o, &s);
    const char *between = put_text(o->b, "", "server.address", args_text(from, P2T_ARG_GET_CONN_HOST_PORT));
    if (to != NULL) {
        between = put_text(o->b, between, "http.remote", args_text(to, P2T_ARG_GOT_CONN_REMOTE_ADDR));
        between = put_text(o->b, between, "http.local", args_text(to, P2T_ARG_GOT_CONN_LOCAL_ADDR));
        between = put_bool(o->b, between, "http.conn.reused", args_bool(to, P2T_ARG_GOT_CONN_REUSED));
        between = put_bool(o->b, between, "http.conn.wasidle", args_bool(to, P2T_ARG_GOT_CONN_WAS_IDLE));
    }
    (void)put_fields(o, between);
    end_span(o, &s);
}

static void put_dns(struct otlp *o)
{
    for (size_t i = 0; i < o->x->event_count; i++) {
        const struct p2t_event *from = &o->x->events[i];
        if (from->hook != P2T_HOOK_DNS_START)
            continue;
        const struct p2t_event *to = find(o->x, P2T_HOOK_DNS_DONE, i);
        struct span s = span_of(o, "http.dns", o->get_conn, from, to);
        s.error = to != NULL ? args_text(to, P2T_ARG_DNS_DONE_ERR) : o->x->error;
        begin_span(o, &s);
        const char *between = put_text(o->b, "", "server.address", args_text(from, P2T_ARG_DNS_START_HOST));
        if (to != NULL)
            (void)put_joined(o->b, between, "http.dns.addrs", args_find(to, P2T_ARG_DNS_DONE_ADDRS));
        end_span(o, &s);
    }
}

/* The n-th start of an address goes with the n-th end. */
static const struct p2t_event *connect_done(const struct p2t_exchange *x, const struct p2t_event *start)
{
    struct p2t_text addr = args_text(start, P2T_ARG_CONNECT_START_ADDR);
    size_t before = 0;

    for (const struct p2t_event *ev = x->events; ev < start; ev++) {
        struct p2t_text other = args_text(ev, P2T_ARG_CONNECT_START_ADDR);
        before += other.n == addr.n && addr.n > 0 && memcmp(other.p, addr.p, addr.n) == 0;
    }
    for (size_t i = 0; i < x->event_count; i++) {
        struct p2t_text other = args_text(&x->events[i], P2T_ARG_CONNECT_DONE_ADDR);
        if (addr.n > 0 && other.n == addr.n && memcmp(other.p, addr.p, addr.n) == 0 && before-- == 0)
            return &x->events[i];
    }
    return NULL;
}

static void put_connects(struct otlp *o)
{
    for (size_t i = 0; i < o->x->event_count; i++) {
        const struct p2t_event *from = &o->x->events[i];
        if (from->hook != P2T_HOOK_CONNECT_START)
            continue;
        const struct p2t_event *to = connect_done(o->x, from);
        struct span s = span_of(o, "http.connect", o->get_conn, from, to);
        s.error = to != NULL ? args_text(to, P2T_ARG_CONNECT_DONE_ERR) : (struct p2t_text){NULL, 0};
        begin_span(o, &s);
        const char *between = put_text(o->b, "", "http.remote", args_text(from, P2T_ARG_CONNECT_START_ADDR));
        between = put_text(o->b, between, "http.conn.start.network", args_text(from, P2T_ARG_CONNECT_START_NETWORK));
        if (to != NULL) {
            between = put_text(o->b, between, "http.conn.done.addr", args_text(to, P2T_ARG_CONNECT_DONE_ADDR));
            (void)put_text(o->b, between, "http.conn.done.network", args_text(to, P2T_ARG_CONNECT_DONE_NETWORK));
        }
        end_span(o, &s);
    }
}

static void put_pair(struct otlp *o, const char *name, uint64_t parent, const struct p2t_event *from,
                     const struct p2t_event *to, struct p2t_text error)
{
    if (from == NULL)
        return;
    struct span s = span_of(o, name, parent, from, to);
    s.error = error;
    begin_span(o, &s);
    end_span(o, &s);
}

static void put_hooks(struct otlp *o)
{
    const struct p2t_exchange *x = o->x;
    const struct p2t_text none = {NULL, 0};
    const struct p2t_event *tls = find(x, P2T_HOOK_TLS_HANDSHAKE_DONE, 0),
                           *wrote = find(x, P2T_HOOK_WROTE_HEADERS, 0);
    const struct p2t_event *sent = find(x, P2T_HOOK_WROTE_REQUEST, 0);
    const struct p2t_event *put_idle = find(x, P2T_HOOK_PUT_IDLE_CONN, 0);

    put_get_conn(o);
    put_dns(o);
    put_connects(o);
    put_pair(o, "http.tls", o->get_conn, find(x, P2T_HOOK_TLS_HANDSHAKE_START, 0), tls,
             tls != NULL ? args_text(tls, P2T_ARG_TLS_HANDSHAKE_DONE_ERR) : none);
    put_pair(o, "http.headers", o->call, find(x, P2T_HOOK_WROTE_HEADER_FIELD, 0), wrote, none);
    put_pair(o, "http.send", o->call, wrote, sent, sent != NULL ? args_text(sent, P2T_ARG_WROTE_REQUEST_ERR) : none);
    put_pair(o, "http.receive", o->call, find(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, 0), put_idle,
             put_idle != NULL ? args_text(put_idle, P2T_ARG_PUT_IDLE_CONN_ERR) : none);
}

/* ---- the call's span ---- */

static struct p2t_text failure(const struct p2t_exchange *x)
{
    if (!p2t_exchange_failed(x))
        return (struct p2t_text){NULL, 0};
    return x->error.p != NULL ? x->error : str(p2t_outcome_name(x->outcome));
}

static const char *put_phases(struct buf *b, const char *between, const struct p2t_phases *p)
{
    between = put_phase(b, between, "pcap2trace.phases_us.blocked", p->blocked_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.dns", p->dns_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.connect", p->connect_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.tls", p->tls_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.send", p->send_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.wait", p->wait_ns);
    between = put_phase(b, between, "pcap2trace.phases_us.receive", p->receive_ns);
    return put_phase(b, between, "pcap2trace.phases_us.total", p->total_ns);
}

static void put_call_attributes(struct buf *b, const struct p2t_exchange *x)
{
    const char *between = put_key(b, "", "pcap2trace.id");

    buf_lit(b, "\"stringValue\":");
    json_id(b, x->id);
    buf_lit(b, "}}");
    between = put_text(b, between, "pcap2trace.kind", str(p2t_kind_name(x->kind)));
    between = put_text(b, between, "pcap2trace.outcome", str(p2t_outcome_name(x->outcome)));
    between = put_text(b, between, "http.request.method", x->method);
    between = put_text(b, between, "url.full", x->url);
    between = put_text(b, between, "server.address", x->host);
    if (x->connection != NULL) {
        between = put_text(b, between, "network.local.address", x->connection->client);
        between = put_text(b, between, "network.peer.address", x->connection->server);
    }
    if (x->status > 0)
        between = put_int(b, between, "http.response.status_code", x->status);
    if (p2t_exchange_failed(x))
        between = put_text(b, between, "error.type", str(p2t_outcome_name(x->outcome)));
    for (size_t i = 0; i < x->finding_count && i < 1; i++)
        between = put_text(b, between, "pcap2trace.finding", str(x->findings[i].code));
    (void)put_phases(b, between, &x->phases);
}

static void put_events(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, "],\"events\":[");
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *ev = &x->events[i];
        buf_str(b, i > 0 ? ",{\"timeUnixNano\":\"" : "{\"timeUnixNano\":\"");
        buf_i64(b, ev->time_ns);
        buf_lit(b, "\",\"name\":\"");
        buf_str(b, p2t_hook_name(ev->hook));
        buf_lit(b, "\",\"attributes\":[");
        (void)put_text(b, "", "pcap2trace.basis", str(p2t_basis_name(ev->basis)));
        buf_lit(b, "]}");
    }
}

static void put_call(struct otlp *o)
{
    const struct p2t_exchange *x = o->x;
    struct buf name = {0};

    buf_put(&name, x->method.n > 0 ? x->method.p : p2t_kind_name(x->kind),
            x->method.n > 0 ? x->method.n : strlen(p2t_kind_name(x->kind)));
    buf_putc(&name, '\0');
    struct span s = {.name = name.failed ? "call" : (const char *)name.p,
                     .id = o->call,
                     .start_ns = x->event_count > 0 && x->events[0].time_ns < x->start_ns ? x->events[0].time_ns
                                                                                          : x->start_ns,
                     .end_ns = o->end_ns,
                     .error = failure(x)};
    begin_span(o, &s);
    put_call_attributes(o->b, x);
    put_events(o->b, x);
    end_span(o, &s);
    buf_fini(&name);
}

static void otlp_exchange(struct buf *b, const struct out_options *options, const struct p2t_exchange *x)
{
    struct otlp o = {.b = b, .x = x, .call = x->id != 0 ? x->id : 1, .end_ns = x->end_ns};

    (void)options;
    o.get_conn = o.call;
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].time_ns > o.end_ns)
            o.end_ns = x->events[i].time_ns;
    find_trace_id(&o);
    buf_lit(b, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    (void)put_text(b, "", "service.name", str("pcap2trace"));
    buf_lit(b, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"pcap2trace\",\"version\":");
    json_string(b, str(p2t_version()));
    buf_lit(b, "},\"spans\":[");
    put_call(&o);
    buf_lit(b, "]},{\"scope\":{\"name\":\"" SCOPE_HTTPTRACE "\",\"version\":\"" SCOPE_VERSION "\"},\"spans\":[");
    o.spans = 0;
    put_hooks(&o);
    buf_lit(b, "]}]}]}\n");
}

const struct out_format_ops out_otlp = {.exchange = otlp_exchange};
