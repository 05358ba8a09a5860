/* WroteHeaderField to PutIdleConn: the request, the response and what became of the connection. */
#include "trace/build.h"

/* ---- request ---- */

/* Over HTTP/1, Go reports a key once with all its values; on the wire they stand on lines after each other. Over HTTP/2,
 * it reports each line. */
static size_t run_of_key(const struct exchange *e, size_t i)
{
    const struct exchange_request *r = &e->request;
    size_t n = 1;

    if (e->stream.id != 0)
        return 1;
    while (i + n < r->header_count && slice_ieq(r->headers[i + n].name, r->headers[i].name))
        n++;
    return n;
}

static struct p2t_event *first_header_field(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    struct p2t_event *ev = event_add(t, P2T_HOOK_WROTE_HEADER_FIELD, P2T_OBSERVED, r->first.ts_ns);

    event_earliest(ev, &t->got_conn_earliest);
    event_latest(ev, &r->head_end);
    event_evidence(t, ev, &r->first);
    return ev;
}

/* Room for one field's event, of a head's. */
struct field_room {
    struct p2t_arg args[2];
    struct p2t_value value;
};

static void wrote_header_field(struct trace *t, struct field_room *room, size_t i, size_t n)
{
    const struct fact_header *h = &t->e->request.headers[i];
    struct p2t_event *ev = i == 0 ? first_header_field(t) : event_again(t);
    struct redact_field field = redact_field_of(t->redact, h->name);
    struct p2t_value *values = n == 1 ? &room->value : arena_alloc(&t->arena, n * sizeof *values);

    if (values == NULL)
        return;
    for (size_t k = 0; k < n; k++)
        value_text(&values[k], shown_value(t, field, h[k].value));
    arg_text(room->args, P2T_ARG_WROTE_HEADER_FIELD_KEY, shown_name(t, field, h->name));
    arg_list(room->args, P2T_ARG_WROTE_HEADER_FIELD_VALUE, values, n);
    ev->args = room->args;
    ev->arg_count = 2;
}

static void wrote_header_fields(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    struct field_room *room = arena_alloc(&t->arena, r->header_count * sizeof *room + 1);

    t->failed |= room == NULL;
    for (size_t i = 0, n; room != NULL && i < r->header_count; i += n) {
        n = run_of_key(t->e, i);
        wrote_header_field(t, &room[i], i, n);
    }
}

static void wrote_headers(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    struct p2t_event *ev = event_add(t, P2T_HOOK_WROTE_HEADERS, P2T_OBSERVED, r->head_end.ts_ns);

    /* HTTP/2: after the frame was flushed; HTTP/1: before. */
    if (t->e->stream.id != 0) {
        event_earliest(ev, &r->head_end);
        event_latest(ev, &t->e->response.first);
    } else {
        event_earliest(ev, &t->got_conn_earliest);
        event_latest(ev, &r->head_end);
    }
    event_evidence(t, ev, &r->head_end);
}

static void wait_100_continue(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_request *r = &e->request;
    bool body_first = r->body_bytes > 0 && (!mark_set(&e->response.first) || r->last.ts_ns < e->response.first.ts_ns);

    if (!r->expects_continue || r->body_in_segment)
        return;
    struct p2t_event *ev = event_add(t, P2T_HOOK_WAIT_100_CONTINUE, P2T_OBSERVED, r->head_end.ts_ns);
    event_earliest(ev, &r->head_end);
    event_latest(ev, body_first ? &r->last : &e->response.first);
    event_evidence(t, ev, &r->head_end);
}

static const struct packet_mark *next_move(const struct exchange *e)
{
    if (mark_set(&e->conn.next_head))
        return &e->conn.next_head;
    return mark_set(&e->conn.client_fin) ? &e->conn.client_fin : &e->conn.client_rst;
}

static void wrote_request_args(struct trace *t, struct p2t_event *ev, struct slice err)
{
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_WROTE_REQUEST_ERR);

    if (args != NULL)
        arg_text(args, P2T_ARG_WROTE_REQUEST_ERR, err);
}

/* What the first flight of a connection carries (RFC 6928): more may wait in the socket's buffer after it was written. */
enum { FIRST_FLIGHT_BYTES = 14600 };

/* A body in the head's segment, or none: the hook fires before the only packet. A chunked body: before the packet of
 * the last chunk. A long one: after the last write, which the socket's buffer may send later. */
static void wrote_whole_request(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    bool one_packet = r->last.ts_ns == r->head_end.ts_ns;
    bool buffered = !one_packet && r->body_bytes > FIRST_FLIGHT_BYTES;
    struct p2t_event *ev =
        event_add(t, P2T_HOOK_WROTE_REQUEST, buffered ? P2T_INFERRED : P2T_OBSERVED, r->last.ts_ns);

    if (t->e->stream.id != 0)
        event_earliest(ev, &r->last);
    else if (one_packet)
        event_earliest(ev, &t->got_conn_earliest);
    else
        event_earliest(ev, !buffered && mark_set(&r->last_body_chunk) ? &r->last_body_chunk : &r->head_end);
    bool before_packet = t->e->stream.id == 0 && (one_packet || r->chunked);
    event_latest(ev, before_packet ? &r->last : later_mark(&r->last, &t->e->response.last));
    event_evidence(t, ev, &r->last);
    wrote_request_args(t, ev, (struct slice){NULL, 0});
}

/* The body was announced with Expect, and a final status or the end of the connection came instead. */
static void wrote_request_without_body(struct trace *t, const struct packet_mark *why)
{
    struct p2t_event *ev =
        event_add(t, P2T_HOOK_WROTE_REQUEST, P2T_INFERRED, why->ts_ns + offset_ns(WROTE_REQUEST_AFTER_REFUSAL_US));

    event_earliest(ev, why);
    event_latest(ev, next_move(t->e));
    event_evidence(t, ev, why);
    wrote_request_args(t, ev, (struct slice){NULL, 0});
}

static struct slice upload_error(struct trace *t, bool by_server)
{
    struct slice l = copy_endpoint(t, &t->e->conn.client), r = copy_endpoint(t, &t->e->conn.server);
    const char *why = by_server ? "write: connection reset by peer" : "use of closed network connection";
    struct buf *b = scratch_begin(t);

    buf_printf(b, "readfrom tcp %s->%s: write tcp %s->%s: %s", (const char *)l.p, (const char *)r.p,
               (const char *)l.p, (const char *)r.p, why);
    return scratch_end(t);
}

/* An answer came while the body was still on its way: Go waits up to 50 ms for the writer, then closes. With a full
 * socket buffer no packet shows it. */
static void wrote_request_overtaken(struct trace *t)
{
    const struct exchange_response *r = &t->e->response;
    const struct packet_mark *closed = exchange_conn_closing_mark(&t->e->conn);
    struct packet_mark grace = r->last;

    grace.ts_ns += offset_ns(WROTE_REQUEST_GRACE_US);
    bool before = mark_set(closed) && closed->ts_ns < grace.ts_ns && closed->ts_ns >= r->first.ts_ns;
    struct p2t_event *ev = event_add(t, P2T_HOOK_WROTE_REQUEST, P2T_INFERRED, before ? closed->ts_ns : grace.ts_ns);
    event_earliest(ev, &r->first);
    event_latest(ev, mark_set(closed) && closed->ts_ns > grace.ts_ns ? closed : &grace);
    event_evidence(t, ev, &r->first);
    event_evidence(t, ev, closed);
    wrote_request_args(t, ev, upload_error(t, false));
}

/* The upload broke off. A server's RST comes before the hook; the client's own FIN may be its cause or its effect. */
static void wrote_request_failed(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *closed = exchange_conn_closing_mark(&e->conn);

    if (!mark_set(closed))
        return;
    struct p2t_event *ev =
        event_add(t, P2T_HOOK_WROTE_REQUEST, P2T_INFERRED, closed->ts_ns + offset_ns(WROTE_REQUEST_AFTER_CLOSE_US));
    event_earliest(ev, exchange_closed_by_server(e) ? closed : &e->request.last);
    event_evidence(t, ev, closed);
    wrote_request_args(t, ev, upload_error(t, exchange_closed_by_server(e)));
}

static void wrote_request(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_request *r = &e->request;
    bool waiting = r->expects_continue && r->body_bytes == 0;

    if (r->ended && r->complete)
        wrote_whole_request(t);
    else if ((r->abandoned || waiting) && e->response.seen)
        wrote_request_without_body(t, &e->response.first);
    else if (waiting && mark_set(&e->conn.server_fin))
        wrote_request_without_body(t, &e->conn.server_fin);
    else if (!r->lost && e->response.seen)
        wrote_request_overtaken(t);
    else if (!r->lost)
        wrote_request_failed(t);
}

void events_request(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;

    wrote_header_fields(t);
    if (r->extent != FACT_HEAD_WHOLE)
        return;
    wrote_headers(t);
    wait_100_continue(t);
    wrote_request(t);
}

/* ---- response ---- */

static struct p2t_value headers_value(struct trace *t, const struct exchange_interim *x)
{
    struct p2t_arg *fields = arena_alloc(&t->arena, (x->header_count + 1) * sizeof *fields);
    struct p2t_value *values = arena_alloc(&t->arena, (x->header_count + 1) * sizeof *values);
    struct p2t_value object = {.kind = P2T_VALUE_OBJECT};

    if (fields == NULL || values == NULL)
        return object;
    for (size_t i = 0; i < x->header_count; i++) {
        struct slice name = x->headers[i].name;
        struct redact_field field = redact_field_of(t->redact, name);
        value_text(&values[i], shown_value(t, field, x->headers[i].value));
        fields[i] = (struct p2t_arg){.name = text_of(shown_name(t, field, name)), .value = {.kind = P2T_VALUE_LIST}};
        fields[i].value.as.list.items = &values[i];
        fields[i].value.as.list.n = 1;
    }
    object.as.object.args = fields;
    object.as.object.n = x->header_count;
    return object;
}

static struct p2t_event *interim_event(struct trace *t, enum p2t_hook hook, const struct exchange_interim *x)
{
    struct p2t_event *ev = event_add(t, hook, P2T_OBSERVED, x->mark.ts_ns);

    event_earliest(ev, &x->mark);
    event_latest(ev, next_move(t->e));
    event_evidence(t, ev, &x->mark);
    return ev;
}

static void interim(struct trace *t, const struct exchange_interim *x, bool awaited)
{
    bool h2 = t->e->stream.id != 0;

    /* HTTP/1's client tells of the 100 it waited for, then of the head; HTTP/2's the other way round, waiting or not. */
    if (awaited && !h2)
        (void)interim_event(t, P2T_HOOK_GOT_100_CONTINUE, x);
    struct p2t_event *ev = interim_event(t, P2T_HOOK_GOT_1XX_RESPONSE, x);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_GOT_1XX_RESPONSE_HEADER);
    if (h2 && x->status == 100)
        (void)interim_event(t, P2T_HOOK_GOT_100_CONTINUE, x);
    if (args == NULL)
        return;
    arg_int(args, P2T_ARG_GOT_1XX_RESPONSE_CODE, x->status);
    *arg_named(args, P2T_ARG_GOT_1XX_RESPONSE_HEADER, P2T_VALUE_OBJECT) = headers_value(t, x);
}

void events_response(struct trace *t)
{
    const struct exchange *e = t->e;
    bool awaited = e->request.expects_continue;

    if (!mark_set(&e->response.first) || e->response.unread)
        return;
    struct p2t_event *ev = event_add(t, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, P2T_OBSERVED, e->response.first.ts_ns);
    event_earliest(ev, &e->response.first);
    event_latest(ev, next_move(e));
    event_evidence(t, ev, &e->response.first);
    for (size_t i = 0; i < e->response.interim_count; i++) {
        const struct exchange_interim *x = &e->response.interims[i];
        interim(t, x, awaited && x->status == 100);
        awaited &= x->status != 100;
    }
}

/* ---- the connection afterwards ---- */

void events_put_idle_conn(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *end = &e->response.last, *next = next_move(e);
    bool written = e->request.ended && (e->request.complete || e->request.abandoned);

    bool refused = exchange_closed_at_once(e);
    /* Closed behind a body: an application that left it unread closes so, too. */
    bool assumed = refused && !e->conn.pool_full && e->response.body_bytes > 0;
    if (!exchange_keeps_alive(e) || !written || e->response.unread)
        return;
    int64_t at = end->ts_ns + offset_ns(PUT_IDLE_CONN_AFTER_RESPONSE_US);
    if (mark_set(next) && at > next->ts_ns)
        at = next->ts_ns;
    struct p2t_event *ev = event_add(t, P2T_HOOK_PUT_IDLE_CONN, assumed ? P2T_ASSUMED : P2T_INFERRED, at);
    event_earliest(ev, end);
    event_latest(ev, next);
    event_evidence(t, ev, end);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_PUT_IDLE_CONN_ERR);
    if (args != NULL)
        arg_text(args, P2T_ARG_PUT_IDLE_CONN_ERR,
                 refused && e->conn.pool_full ? SLICE_LIT("http: putIdleConn: too many idle connections for host")
                                              : slice_of(NULL, 0));
}
