#include "correlate/http.h"

#include "correlate/conn_tls.h"
#include "correlate/join.h"
#include "correlate/links.h"
#include "correlate/messages.h"
#include "correlate/open.h"
#include "correlate/pool/pool.h"
#include "correlate/settle.h"
#include "correlate/transport.h"

static void end_if_done(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;
    bool broken_off = !e->response.complete && !e->response.lost;

    /* What a 101 began goes on until the connection ends. */
    if (e->websocket.present && e->stream.id == 0)
        return;
    /* The event that broke it off comes next, and gives the time of the end. */
    if (!e->response.ended || broken_off || (e->request.seen && !e->request.ended))
        return;
    cc->view.previous_end = e->response.last;
    if (e->stream.id == 0 && !e->response.wants_close && !e->response.until_close)
        pool_conn_free(c, cc);
    settle_ended(c, e,
                 e->request.seen ? later_ns(e->request.last.ts_ns, e->response.last.ts_ns) : e->response.last.ts_ns);
}

/* ---- heads ---- */

static struct slice moved(struct slice s, struct slice from, struct slice to)
{
    return slice_of(to.p + (s.p - from.p), s.n);
}

/* As copy_headers(), where all of them stand together: one copy of all lines. False when memory ran out. */
static bool copy_lines(struct exchange *e, struct fact_header *copy, const struct fact_http_head *h)
{
    struct slice lines = arena_copy(&e->arena, h->lines);

    if (lines.n < h->lines.n)
        return false;
    for (size_t i = 0; i < h->header_count; i++) {
        copy[i].name = moved(h->headers[i].name, h->lines, lines);
        copy[i].value = moved(h->headers[i].value, h->lines, lines);
    }
    return true;
}

static const struct fact_header *copy_headers(struct correlate *c, struct exchange *e, const struct fact_http_head *h,
                                              size_t *count)
{
    struct fact_header *copy = arena_alloc(&e->arena, (h->header_count + 1) * sizeof *copy);
    size_t bytes = 0;

    if (copy != NULL && h->lines.p != NULL && h->lines.n <= c->limits.header_bytes) {
        *count = copy_lines(e, copy, h) ? h->header_count : 0;
        return copy;
    }
    for (*count = 0; copy != NULL && *count < h->header_count; (*count)++) {
        const struct fact_header *from = &h->headers[*count];
        bytes += from->name.n + from->value.n;
        if (bytes > c->limits.header_bytes)
            break;
        copy[*count] = (struct fact_header){arena_copy(&e->arena, from->name), arena_copy(&e->arena, from->value)};
    }
    return copy;
}

static void fill_request(struct correlate *c, struct exchange *e, const struct fact_http_head *h)
{
    struct exchange_request *r = &e->request;

    r->seen = true;
    r->extent = h->extent;
    r->first = h->first;
    r->head_end = r->last = h->last;
    r->method = arena_copy(&e->arena, h->method);
    r->target = arena_copy(&e->arena, h->target);
    r->version_major = h->version_major;
    r->version_minor = h->version_minor;
    r->headers = copy_headers(c, e, h, &r->header_count);
    r->host = fact_header_value(r->headers, r->header_count,
                                e->stream.id != 0 ? SLICE_LIT(":authority") : SLICE_LIT("host"));
    r->head_bytes = h->bytes;
    r->chunked = h->chunked;
    r->has_length = h->has_length;
    r->length = h->length;
    r->body_in_segment = h->body_in_segment;
    e->stream.max_streams = h->max_streams;
    struct slice expect = fact_header_value(r->headers, r->header_count, SLICE_LIT("expect"));
    r->expects_continue = slice_ieq(expect, SLICE_LIT("100-continue"));
    struct slice connection = fact_header_value(r->headers, r->header_count, SLICE_LIT("connection"));
    r->wants_close = slice_list_has(connection, SLICE_LIT("close"));
}

/* HTTP/2's, plain or extended, opens a stream; the connection stays what it is (RFC 9113 8.5, RFC 8441 4). */
static bool is_connect(const struct exchange *e)
{
    return e->stream.id == 0 && slice_eq(e->request.method, SLICE_LIT("CONNECT"));
}

static bool is_absolute(struct slice target)
{
    return slice_istarts(target, SLICE_LIT("http://")) || slice_istarts(target, SLICE_LIT("https://"));
}

static struct exchange *begin(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    enum p2t_kind kind = f->stream != 0 ? P2T_KIND_HTTP2 : P2T_KIND_HTTP1;
    struct exchange *e = open_begin(c, cc, kind, f->exchange, &f->as.head->first);

    if (e == NULL)
        return NULL;
    e->stream.id = f->stream;
    return e;
}

static void on_request_head(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = open_find(c, cc, f->exchange);

    if (cc->settling != NULL && f->stream == 0) {
        cc->settling->conn.next_head = f->as.head->first;
        settle_exchange(c, cc->settling);
    }
    if (e == NULL && (e = begin(c, cc, f)) == NULL)
        return;
    fill_request(c, e, f->as.head);
    transport_told(cc, e, FLOW_C2S);
    if (f->stream != 0)
        grpc_asked(e, f->as.head);
    if (is_connect(e)) {
        cc->view.proxy = PROXY_CONNECT;
        cc->view.proxy_target = arena_copy(&cc->arena, e->request.target);
        e->kind = P2T_KIND_CONNECT;
    }
    e->conn.proxy = cc->view.proxy;
    if (is_absolute(e->request.target) && e->conn.proxy == PROXY_NONE)
        e->conn.proxy = PROXY_HTTP;
    if (is_connect(e))
        return;
    join_request(c, cc, e);
    conn_tls_report_in(cc, e);
    links_begun(c, e);
}

static void add_interim(struct correlate *c, struct exchange *e, const struct fact_http_head *h)
{
    struct exchange_response *r = &e->response;

    if (r->interim_count == INTERIMS_MAX) {
        r->interims_dropped++;
        return;
    }
    if (r->interims == NULL)
        r->interims = arena_alloc(&e->arena, INTERIMS_MAX * sizeof *r->interims);
    if (r->interims == NULL)
        return;
    struct exchange_interim *i = &r->interims[r->interim_count++];
    *i = (struct exchange_interim){.mark = h->last, .status = h->status};
    i->headers = copy_headers(c, e, h, &i->header_count);
}

/* Where a response's field is kept; NULL: nowhere. Told by the length first: most are not. */
static struct slice *kept_field(struct exchange_response *r, struct slice *connection, struct slice name)
{
    switch (name.n) {
    case 3:
        return slice_ieq(name, SLICE_LIT("via")) ? &r->via : NULL;
    case 6:
        return slice_ieq(name, SLICE_LIT("server")) ? &r->server : NULL;
    case 8:
        return r->status / 100 == 3 && slice_ieq(name, SLICE_LIT("location")) ? &r->location : NULL;
    case 10:
        return slice_ieq(name, SLICE_LIT("connection")) ? connection : NULL;
    case 12:
        return slice_ieq(name, SLICE_LIT("content-type")) ? &r->content_type : NULL;
    default:
        return NULL;
    }
}

/* The first of each of the fields that are kept, in one pass over all; returns Connection's. */
static struct slice copy_fields(struct exchange *e, const struct fact_http_head *h)
{
    struct slice connection = {NULL, 0};

    for (size_t i = 0; i < h->header_count; i++) {
        struct slice *to = kept_field(&e->response, &connection, h->headers[i].name);
        if (to == &connection && to->p == NULL)
            *to = h->headers[i].value;
        else if (to != NULL && to->p == NULL)
            *to = arena_copy(&e->arena, h->headers[i].value);
    }
    return connection;
}

static void fill_response(struct exchange *e, const struct fact_http_head *h)
{
    struct exchange_response *r = &e->response;

    r->seen = true;
    r->extent = h->extent;
    r->head_end = r->last = h->last;
    r->status = h->status;
    r->reason = arena_copy(&e->arena, h->reason);
    r->version_major = h->version_major;
    r->version_minor = h->version_minor;
    r->head_bytes = h->bytes;
    r->chunked = h->chunked;
    r->has_length = h->has_length;
    r->until_close = h->until_close;
    r->length = h->length;
    struct slice connection = copy_fields(e, h);
    r->wants_close = slice_list_has(connection, SLICE_LIT("close"));
    r->keep_alive = slice_list_has(connection, SLICE_LIT("keep-alive"));
}

static void on_trailers(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = open_find(c, cc, f->exchange);

    if (e != NULL && f->dir == FLOW_S2C)
        grpc_answered(e, f->as.head);
}

static void on_goaway(struct cconn *cc, const struct fact *f)
{
    if (f->dir != FLOW_S2C)
        return;
    cc->view.goaway = true;
    cc->view.goaway_last = f->as.goaway.last_stream;
    cc->view.goaway_code = f->as.goaway.code;
    if (cc->view.goaway_debug.n == 0)
        cc->view.goaway_debug = arena_copy(&cc->arena, f->as.goaway.debug);
}

/* RFC 9110 15.2: but what a 101 switches to may have no answer of its own. */
static bool is_interim(const struct fact_http_head *h)
{
    return h->extent == FACT_HEAD_WHOLE && h->status / 100 == 1 &&
           (h->status != 101 || h->upgrade == FACT_UPGRADE_H2C);
}

/* RFC 7540 3.2: asked over HTTP/1, answered on stream 1. */
static void become_stream(struct exchange *e)
{
    e->kind = P2T_KIND_HTTP2;
    e->stream.id = 1;
}

/* RFC 9110 15.5.9: so a server says that it closes a connection on which nothing was asked; proxies say 400 to a client that
 * closes one unused. Go drops the connection without a word; it answers no request that the capture lacks. */
static bool closes_idle(const struct cconn *cc, const struct fact *f)
{
    uint16_t status = f->as.head->status;
    bool unused = status == 400 && cc->flow->payload_bytes[FLOW_C2S] == 0 && mark_set(&cc->view.client_fin);

    return f->stream == 0 && (status == 408 || unused) && mark_set(&cc->view.syn) &&
           cc->flow->lost_bytes[FLOW_C2S] == 0;
}

static void on_response_head(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct fact_http_head *h = f->as.head;
    struct exchange *e = open_find(c, cc, f->exchange);

    if (e == NULL && (!h->without_request || closes_idle(cc, f)))
        return;
    if (e == NULL) {
        settle_previous(c, cc);
        if ((e = begin(c, cc, f)) == NULL)
            return;
    }
    settle_goes_on(c, e);
    transport_told(cc, e, FLOW_S2C);
    /* HTTP/2's reader hears of a head when it is whole. */
    if (!mark_set(&e->response.first))
        e->response.first = f->stream != 0 ? h->last : h->first;
    if (f->stream != 0)
        grpc_answered(e, h);
    if (is_interim(h))
        add_interim(c, e, h);
    else
        fill_response(e, h);
    if (h->upgrade == FACT_UPGRADE_H2C)
        become_stream(e);
    websocket_answered(e, h);
}

/* ---- ends of messages ---- */

static void on_request_end(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = open_find(c, cc, f->exchange);

    if (e == NULL)
        return;
    e->request.ended = true;
    transport_ended(cc, e, FLOW_C2S);
    if (f->as.http_end.complete && f->stream != 0)
        messages_end(e, FLOW_C2S);
    /* The request of a WebSocket is its head: what follows are messages, either way. */
    if (e->websocket.present) {
        end_if_done(c, e);
        return;
    }
    e->request.last = f->as.http_end.last;
    e->request.last_body_chunk = f->as.http_end.last_body_chunk;
    e->request.body_bytes = f->as.http_end.body_bytes;
    e->request.complete = f->as.http_end.complete;
    e->request.abandoned = f->as.http_end.abandoned;
    e->request.lost = f->as.http_end.lost;
    e->stream.stalls[FLOW_C2S] = f->as.http_end.stalls;
    end_if_done(c, e);
}

static void on_response_end(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = open_find(c, cc, f->exchange);

    if (e == NULL)
        return;
    if (is_connect(e) && e->response.status / 100 == 2) {
        cc->view.tunnel_ready = f->mark;
        transport_skip(cc);
        open_discard(c, e);
        return;
    }
    e->response.ended = true;
    transport_ended(cc, e, FLOW_S2C);
    if (f->as.http_end.complete && f->stream != 0)
        messages_end(e, FLOW_S2C);
    e->response.last = f->as.http_end.last;
    e->response.body_bytes = f->as.http_end.body_bytes;
    e->response.complete = f->as.http_end.complete;
    e->response.lost = f->as.http_end.lost;
    e->stream.stalls[FLOW_S2C] = f->as.http_end.stalls;
    end_if_done(c, e);
}

static void on_bad(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (f->as.bad.why >= FACT_BAD_FRAME && f->as.bad.why <= FACT_BAD_FRAME_FIRST) {
        cc->view.refused = f->as.bad.why;
        cc->view.refused_at = f->mark;
        return;
    }
    struct exchange *e = open_find(c, cc, f->exchange);

    if (f->as.bad.why == FACT_BAD_EXTRA && cc->settling != NULL)
        cc->settling->response.extra_bytes = true;
    if (e == NULL || f->dir != FLOW_S2C || (f->as.bad.why == FACT_BAD_GZIP && !e->by_go))
        return;
    e->response.bad = f->as.bad.why;
    e->response.bad_line = arena_copy(&e->arena, f->as.bad.line);
    if (!e->response.seen)
        e->response.status = f->as.bad.status;
    e->response.last = f->mark;
    if (!mark_set(&e->response.first))
        e->response.first = f->mark;
}

/* RFC 9113 5.4.2: nothing more comes on this stream. */
static void on_reset(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = open_find(c, cc, f->exchange);

    if (e == NULL)
        return;
    messages_end(e, f->dir);
    e->stream.reset = true;
    e->stream.reset_by_server = f->dir == FLOW_S2C;
    e->stream.error_code = f->as.error_code;
    e->stream.reset_mark = f->mark;
    settle_ended(c, e, f->mark.ts_ns);
}

static void on_ping(struct cconn *cc, const struct fact *f)
{
    struct exchange_conn *v = &cc->view;

    if (f->dir == FLOW_S2C && f->as.ping_ack)
        v->ping = (struct packet_mark){0};
    if (f->dir == FLOW_S2C || f->as.ping_ack || mark_set(&v->ping))
        return;
    v->ping = f->mark;
    v->heard_at_ping = cc->flow->packets[FLOW_S2C];
}

void http_fact(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    switch (f->kind) {
    case FACT_HTTP_REQUEST_HEAD:
        on_request_head(c, cc, f);
        break;
    case FACT_HTTP_REQUEST_END:
        on_request_end(c, cc, f);
        break;
    case FACT_HTTP_RESPONSE_HEAD:
        on_response_head(c, cc, f);
        break;
    case FACT_HTTP_RESPONSE_END:
        on_response_end(c, cc, f);
        break;
    case FACT_HTTP_BAD:
        on_bad(c, cc, f);
        break;
    case FACT_HTTP_PREFACE:
        cc->view.preface = f->mark;
        break;
    case FACT_HTTP_TRAILERS:
        on_trailers(c, cc, f);
        break;
    case FACT_HTTP_MESSAGE:
    case FACT_HTTP_MESSAGES_LOST:
        messages_fact(c, cc, f);
        break;
    case FACT_HTTP_RESET:
        on_reset(c, cc, f);
        break;
    case FACT_HTTP_GOAWAY:
        on_goaway(cc, f);
        break;
    case FACT_HTTP_PING:
        on_ping(cc, f);
        break;
    default:
        break;
    }
}
