#include "trace/trace.h"

#include <stdlib.h>

#include "trace/build.h"

struct trace *trace_new(const struct trace_options *options)
{
    struct trace *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->options = *options;
    t->redact = redact_new(&options->redact);
    if (t->redact != NULL)
        return t;
    free(t);
    return NULL;
}

void trace_free(struct trace *t)
{
    if (t == NULL)
        return;
    arena_fini(&t->arena);
    buf_fini(&t->scratch);
    redact_free(t->redact);
    free(t->events);
    free(t);
}

static void fill_handshake(struct trace *t)
{
    const struct exchange_conn *c = &t->e->conn;
    struct p2t_connection *out = &t->connection;

    out->rtt_ns = -1;
    out->vantage = exchange_conn_vantage(c);
    if (exchange_conn_handshaked(c))
        out->rtt_ns = c->ack.ts_ns - c->syn.ts_ns;
}

static void fill_tls(struct trace *t)
{
    const struct exchange_tls *s = t->e->tls;

    if (s == NULL)
        return;
    t->tls = (struct p2t_tls){.version = text_of(tls_version_name(t, s->version)),
                              .cipher = text_of(tls_cipher_name(t, s->cipher)),
                              .alpn = text_of(shown(t, REDACT_TEXT, s->alpn)),
                              .server_name = text_of(shown(t, REDACT_HOST, s->server_name)),
                              .ja4 = text_of(s->ja4),
                              .resumed = s->resumed,
                              .decrypted = s->decrypted,
                              .server_hello_ns = mark_set(&s->server_hello) ? s->server_hello.ts_ns : 0,
                              .certificate_ns = mark_set(&s->certificate) ? s->certificate.ts_ns : 0,
                              .alert_ns = mark_set(&s->alert[FLOW_S2C].mark) ? s->alert[FLOW_S2C].mark.ts_ns : 0};
    t->connection.tls = &t->tls;
}

static void fill_connection(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_conn *c = &e->conn;
    struct p2t_connection *out = &t->connection;

    if (!c->present)
        return;
    *out = (struct p2t_connection){.id = c->id, .stream = e->stream.id != 0 ? (int64_t)e->stream.id : -1};
    out->network = (struct p2t_text){"tcp", 3};
    out->client = text_of(copy_endpoint(t, &c->client));
    out->server = text_of(copy_endpoint(t, &c->server));
    out->nat_server = text_of(copy_endpoint(t, &c->nat_server));
    out->nat_client = text_of(copy_endpoint(t, &c->nat_client));
    if (c->proxy != PROXY_NONE || (e->tls != NULL && mark_set(&e->tls->inner_hello)))
        out->proxy = out->server;
    out->exchange = e->kind != P2T_KIND_CONNECT && c->handshake_seen ? (int64_t)c->position : -1;
    out->reused = c->handshake_seen || c->position > 0 ? c->position > 0 || c->orphan_dial || c->handed_over : -1;
    fill_handshake(t);
    fill_tls(t);
    t->out.connection = out;
}

static struct p2t_text proto_text(struct trace *t, bool seen, uint8_t major, uint8_t minor)
{
    if (!seen || major == 0)
        return (struct p2t_text){NULL, 0};
    if (major == 1 && minor == 1)
        return (struct p2t_text){"HTTP/1.1", 8};
    char text[] = {'H', 'T', 'T', 'P', '/', (char)('0' + major % 10), '.', (char)('0' + minor % 10)};
    return text_of(arena_copy(&t->arena, slice_of(text, sizeof text)));
}

static struct slice dialled_name(const struct exchange *e)
{
    if (e->tls != NULL && e->tls->server_name.n > 0)
        return e->tls->server_name;
    return e->lookup != NULL ? e->lookup->host : (struct slice){NULL, 0};
}

/* As a Host field would have it: with the port, unless it is HTTP's own. */
static struct slice dialled_host(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct endpoint *server = e->attempt_count > 0 ? &e->attempts[0].server : &e->conn.server;
    char addr[IP_TEXT_MAX];
    struct slice name = shown(t, REDACT_HOST, dialled_name(e));
    struct slice host = name.n > 0 ? name : slice_of(addr, ip_format(&server->ip, addr));
    const char *brackets = name.n == 0 && server->ip.family == 6 ? "[]" : "";

    if (server->port == 80)
        return arena_copy(&t->arena, host);
    return arena_printf(&t->arena, "%.1s%.*s%s:%u", brackets, (int)host.n, (const char *)host.p,
                        brackets[0] != '\0' ? "]" : "", server->port);
}

static struct slice host_of(struct trace *t)
{
    const struct exchange *e = t->e;

    if (t->host.n > 0)
        return t->host;
    if (e->kind == P2T_KIND_CONNECT && e->conn.proxy == PROXY_NONE)
        return dialled_host(t);
    return e->lookup != NULL ? shown(t, REDACT_HOST, e->lookup->host) : (struct slice){NULL, 0};
}

static void fill_messages(struct trace *t)
{
    const struct exchange_request *q = &t->e->request;
    const struct exchange_response *r = &t->e->response;
    struct p2t_exchange *out = &t->out;
    bool request_whole = q->seen && q->extent == FACT_HEAD_WHOLE;
    bool response_whole = r->seen && r->extent == FACT_HEAD_WHOLE;

    if (q->method.n > 0)
        out->method = text_of(shown(t, REDACT_WORD, q->method));
    out->url = text_of(url_build(t));
    out->host = text_of(host_of(t));
    out->status = r->status;
    out->request_proto = proto_text(t, q->seen, q->version_major, q->version_minor);
    out->response_proto = proto_text(t, r->seen, r->version_major, r->version_minor);
    bool heads = t->e->kind != P2T_KIND_TLS;
    out->request = (struct p2t_message){
        request_whole && heads ? (int64_t)q->head_bytes : -1, request_whole ? (int64_t)q->body_bytes : -1, {NULL, 0}};
    for (size_t i = 0; i < q->header_count; i++)
        if (slice_ieq(q->headers[i].name, SLICE_LIT("content-type")))
            out->request.content_type = text_of(shown(t, REDACT_TEXT, q->headers[i].value));
    out->response = (struct p2t_message){response_whole && heads ? (int64_t)r->head_bytes : -1,
                                         response_whole ? (int64_t)r->body_bytes : -1,
                                         {NULL, 0}};
    if (r->content_type.n > 0)
        out->response.content_type = text_of(shown(t, REDACT_TEXT, r->content_type));
    if (r->server.n > 0)
        out->server = text_of(shown(t, REDACT_TEXT, r->server));
    if (r->via.n > 0)
        out->via = text_of(shown(t, REDACT_TEXT, r->via));
    out->request_closes = q->wants_close;
    out->response_closes = r->wants_close;
}

static void fill_findings(struct trace *t)
{
    const struct exchange *e = t->e;

    for (size_t i = 0; i < e->finding_count; i++) {
        const struct exchange_finding *from = &e->findings[i];
        struct p2t_finding *to = &t->findings[i];
        *to = (struct p2t_finding){.id = from->code,
                                   .code = p2t_finding_info(from->code)->code,
                                   .severity = from->severity,
                                   .evidence_dropped = from->evidence_dropped,
                                   .text = text_of(shown(t, REDACT_TEXT, from->text))};
        for (size_t k = 0; k < from->evidence_count; k++) {
            struct p2t_evidence x = evidence_of(t, from->evidence[k]);
            if (x.file < TRACE_FILES_MAX)
                to->evidence[to->evidence_count++] = x;
        }
    }
    t->out.findings = t->findings;
    t->out.finding_count = e->finding_count;
    for (size_t i = 0; i < e->link_count; i++)
        t->links[i] = (struct p2t_link){e->links[i].relation, e->links[i].id};
    t->out.links = t->links;
    t->out.link_count = e->link_count;
}

static void build_estimate(struct trace *t)
{
    if (!t->e->request.seen)
        return;
    events_tls_request(t);
    events_tls_response(t);
    events_put_idle_conn(t);
}

static bool is_http(const struct exchange *e)
{
    return e->kind == P2T_KIND_HTTP1 || e->kind == P2T_KIND_HTTP2;
}

/* Ready, and closed by the server before a request came over it. */
static bool went_down_unused(const struct exchange *e)
{
    return e->outcome == P2T_OUTCOME_NO_RESPONSE ||
           (e->kind == P2T_KIND_CONNECT && e->outcome == P2T_OUTCOME_TLS_ERROR && e->tls != NULL &&
            mark_set(&e->tls->done));
}

/* Packets mark the dial's events; that this request made it follows from how Go's pool works. */
static void infer_all(struct trace *t)
{
    for (size_t i = 0; i < t->event_count; i++)
        if (t->events[i].basis == P2T_OBSERVED)
            t->events[i].basis = P2T_INFERRED;
}

static void build_events(struct trace *t)
{
    const struct exchange *e = t->e;
    bool fresh = e->lookup != NULL || e->attempt_count > 0;
    bool somebody_elses = e->kind == P2T_KIND_CONNECT && e->conn.orphan_dial;

    if ((fresh || e->request.seen || e->handshakes) && !somebody_elses)
        events_get_conn(t);
    if (fresh)
        events_lookup(t);
    events_connect(t);
    events_tls_handshake(t);
    if (e->conn.handed_over)
        infer_all(t);
    if (is_http(e) || e->kind == P2T_KIND_TLS ? e->request.seen : went_down_unused(e))
        events_got_conn(t);
    if (e->kind == P2T_KIND_TLS)
        build_estimate(t);
    if (!is_http(e))
        return;
    if (e->request.seen)
        events_request(t);
    events_response(t);
    events_put_idle_conn(t);
}

/* What the usual exchange takes. */
enum { EVENTS_BYTES = 8000 };

void trace_begin(struct trace *t)
{
    arena_start(&t->arena, EVENTS_BYTES);
    arena_reset(&t->arena);
    t->event_count = t->file_count = 0;
    t->serial++;
    t->failed = false;
}

static void reset(struct trace *t, const struct exchange *e)
{
    trace_begin(t);
    t->e = e;
    t->lane_ns = INT64_MIN;
    t->got_conn_earliest = (struct packet_mark){0};
    t->dns = t->connect = t->tls_phase = (struct trace_span){0};
    t->failed_ns = 0;
    t->out = (struct p2t_exchange){
        .id = e->id, .kind = e->kind, .outcome = e->outcome, .by_go = e->by_go, .quiet = e->quiet};
    t->out.error = text_of(shown(t, REDACT_TEXT, e->error));
    t->host = shown(t, REDACT_HOST, e->request.host);
}

/* After the capture's clock was set back inside the connection: the exchange begins at its first packet's own time. */
static void use_first_packets_clock(struct trace *t)
{
    int64_t ahead_ns = t->e->clock_ahead_ns;

    t->out.start_ns -= ahead_ns;
    t->out.end_ns -= ahead_ns;
    for (size_t i = 0; i < t->event_count; i++) {
        struct p2t_event *event = &t->events[i];
        event->time_ns -= ahead_ns;
        event->earliest_ns -= event->has_earliest ? ahead_ns : 0;
        event->latest_ns -= event->has_latest ? ahead_ns : 0;
    }
}

const struct p2t_exchange *trace_build(struct trace *t, const struct exchange *e)
{
    struct p2t_exchange *out = &t->out;

    reset(t, e);
    build_events(t);
    events_sort(t);
    fill_connection(t);
    fill_messages(t);
    messages_fill(t);
    fill_findings(t);
    if (e->conn.handed_over) /* its own dial is not what it waited for */
        t->dns = t->connect = t->tls_phase = (struct trace_span){0};
    trace_id_fill(t);
    out->start_ns =
        t->event_count > 0 && t->events[0].time_ns < e->start.ts_ns ? t->events[0].time_ns : e->start.ts_ns;
    out->end_ns = later_ns(later_ns(e->end_ns, t->failed_ns), out->start_ns);
    phases_fill(t);
    transport_fill(t);
    if (e->clock_ahead_ns != 0)
        use_first_packets_clock(t);
    out->events = t->events;
    out->event_count = t->event_count;
    out->files = t->files;
    out->file_count = t->file_count;
    return t->failed ? NULL : out;
}
