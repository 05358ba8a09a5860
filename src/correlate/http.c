/* HTTP messages joined into exchanges, and when an exchange is over. */
#include "correlate/lookup.h"

/* A connection whose first request comes this long after its handshake was dialled for another one. Scheduling on a
 * busy machine explains tens of milliseconds, not this. */
static const int64_t ORPHAN_NS = 100000000;

/* ---- exchanges of a connection ---- */

static struct exchange *find_open(const struct cconn *cc, uint32_t number)
{
    for (struct exchange *e = cc->open_first; e != NULL; e = e->next)
        if (e->number == number)
            return e;
    return NULL;
}

static void append_open(struct cconn *cc, struct exchange *e)
{
    if (cc->open_last != NULL)
        cc->open_last->next = e;
    else
        cc->open_first = e;
    cc->open_last = e;
}

static void remove_open(struct cconn *cc, struct exchange *e)
{
    struct exchange *before = NULL;

    for (struct exchange *x = cc->open_first; x != NULL && x != e; x = x->next)
        before = x;
    if (before == NULL && cc->open_first != e)
        return;
    if (before != NULL)
        before->next = e->next;
    else
        cc->open_first = e->next;
    if (cc->open_last == e)
        cc->open_last = before;
    e->next = NULL;
}

static struct exchange *begin(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = exchange_take(c);

    if (e == NULL)
        return NULL;
    e->kind = P2T_KIND_HTTP1;
    e->owner = cc;
    e->number = f->exchange;
    e->start = f->as.head.first;
    e->conn.present = true;
    e->conn.pipelined = cc->open_first != NULL;
    e->conn.position = cc->positions++;
    e->conn.previous_end = cc->view.previous_end;
    e->id = hash_stable_finish(hash_stable(cc->view.id, &e->conn.position, sizeof e->conn.position));
    append_open(cc, e);
    return e;
}

static void take_dial(struct correlate *c, struct cconn *cc, struct exchange *e);

/* ---- the end ---- */

static void settle(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    if (e == cc->settling)
        cc->settling = NULL;
    else
        remove_open(cc, e);
    timer_stop(c, &e->timer);
    conn_snapshot(cc, e);
    outcome_judge(e);
    finding_all(e);
    links_settled(c, e);
    outbox_final(c, e);
}

void conn_settled(struct correlate *c, struct exchange *e)
{
    settle(c, e);
}

static void settle_previous(struct correlate *c, struct cconn *cc)
{
    if (cc->settling != NULL)
        settle(c, cc->settling);
}

/* Provisional: a half-closing client may still get an answer. */
static void may_have_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    if (heap_holds(&e->order.node))
        return;
    e->end_ns = end_ns;
    outbox_put(c, e, false);
    timer_set(c, &e->timer, TIMER_EXCHANGE, end_ns + SETTLE_NS);
}

static void has_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    struct cconn *cc = e->owner;

    outbox_release(c, &e->order);
    remove_open(cc, e);
    settle_previous(c, cc);
    if (e->kind == P2T_KIND_CONNECT)
        take_dial(c, cc, e);
    cc->settling = e;
    may_have_ended(c, e, end_ns);
    if (e->response.location.n > 0 || !mark_set(&e->response.first)) {
        conn_snapshot(cc, e);
        links_ended(c, e);
    }
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void end_if_done(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;
    bool broken_off = !e->response.complete && !e->response.lost;

    /* What broke it off comes next, and tells when. */
    if (!e->response.ended || broken_off || (e->request.seen && !e->request.ended))
        return;
    cc->view.previous_end = e->response.last;
    has_ended(c, e, e->request.seen ? later(e->request.last.ts_ns, e->response.last.ts_ns) : e->response.last.ts_ns);
}

static void discard(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    remove_open(cc, e);
    cc->positions--;
    timer_stop(c, &e->timer);
    outbox_discard(c, e);
}

/* ---- heads ---- */

static const struct fact_header *copy_headers(struct correlate *c, struct exchange *e, const struct fact_http_head *h,
                                              size_t *count)
{
    struct fact_header *copy = arena_alloc(&e->arena, (h->header_count + 1) * sizeof *copy);
    size_t bytes = 0;

    for (*count = 0; copy != NULL && *count < h->header_count; (*count)++) {
        const struct fact_header *from = &h->headers[*count];
        bytes += from->name.n + from->value.n;
        if (bytes > c->limits.header_bytes)
            break;
        copy[*count] = (struct fact_header){arena_copy(&e->arena, from->name), arena_copy(&e->arena, from->value)};
    }
    return copy;
}

static struct slice header_value(const struct fact_header *headers, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_ieq(headers[i].name, name))
            return headers[i].value;
    return (struct slice){NULL, 0};
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
    r->host = header_value(r->headers, r->header_count, SLICE_LIT("host"));
    r->head_bytes = h->bytes;
    r->chunked = h->chunked;
    r->has_length = h->has_length;
    r->length = h->length;
    r->body_in_segment = h->body_in_segment;
    struct slice expect = header_value(r->headers, r->header_count, SLICE_LIT("expect"));
    r->expects_continue = slice_ieq(expect, SLICE_LIT("100-continue"));
    struct slice connection = header_value(r->headers, r->header_count, SLICE_LIT("connection"));
    r->wants_close = slice_list_has(connection, SLICE_LIT("close"));
}

static bool is_connect(const struct exchange *e)
{
    return slice_eq(e->request.method, SLICE_LIT("CONNECT"));
}

static bool is_absolute(struct slice target)
{
    return slice_istarts(target, SLICE_LIT("http://")) || slice_istarts(target, SLICE_LIT("https://"));
}

/* The name to check a lookup against: the Host field without its port; none where a proxy stands between. */
static struct slice dialled_host(const struct exchange *e)
{
    struct slice host = e->request.host;
    size_t colon = slice_find(host, ':');

    if (e->conn.proxy != PROXY_NONE || (host.n > 0 && host.p[0] == '['))
        return (struct slice){NULL, 0};
    return slice_of(host.p, colon);
}

static bool waited_too_long(const struct cconn *cc, const struct exchange *e)
{
    return cc->view.proxy == PROXY_NONE && mark_set(&cc->view.ack) &&
           e->request.first.ts_ns - cc->view.ack.ts_ns > ORPHAN_NS;
}

/* The connection's first request takes over the dial that made it. */
static void take_dial(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    if (cc->dial == NULL)
        return;
    if (waited_too_long(cc, e)) {
        e->conn.orphan_dial = true;
        dial_report(c, cc->dial, true, true);
        return;
    }
    dial_into_exchange(c, cc, e, dialled_host(e));
    if (e->lookup != NULL)
        cc->view.dialled_host = arena_copy(&cc->arena, e->lookup->host);
    if (e->lookup != NULL && e->lookup->first_query.ts_ns < e->start.ts_ns)
        e->start = e->lookup->first_query;
    else if (e->attempt_count > 0 && e->attempts[0].syn.ts_ns < e->start.ts_ns)
        e->start = e->attempts[0].syn;
}

static void on_request_head(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = find_open(cc, f->exchange);

    if (cc->settling != NULL) {
        cc->settling->conn.next_head = f->as.head.first;
        settle(c, cc->settling);
    }
    if (e == NULL && (e = begin(c, cc, f)) == NULL)
        return;
    fill_request(c, e, &f->as.head);
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
    take_dial(c, cc, e);
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

static void fill_response(struct exchange *e, const struct fact_http_head *h)
{
    struct exchange_response *r = &e->response;

    r->seen = true;
    r->extent = h->extent;
    r->head_end = r->last = h->last;
    r->status = h->status;
    r->reason = arena_copy(&e->arena, h->reason);
    r->rest = arena_copy(&e->arena, h->rest);
    r->version_major = h->version_major;
    r->version_minor = h->version_minor;
    r->head_bytes = h->bytes;
    r->chunked = h->chunked;
    r->has_length = h->has_length;
    r->until_close = h->until_close;
    r->length = h->length;
    r->content_type = arena_copy(&e->arena, header_value(h->headers, h->header_count, SLICE_LIT("content-type")));
    if (h->status / 100 == 3)
        r->location = arena_copy(&e->arena, header_value(h->headers, h->header_count, SLICE_LIT("location")));
    struct slice connection = header_value(h->headers, h->header_count, SLICE_LIT("connection"));
    r->wants_close = slice_list_has(connection, SLICE_LIT("close"));
    r->keep_alive = slice_list_has(connection, SLICE_LIT("keep-alive"));
}

/* A provisional end was too early: the answer comes after all. */
static void goes_on(struct correlate *c, struct exchange *e)
{
    outbox_release(c, &e->order);
    timer_stop(c, &e->timer);
}

static void on_response_head(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct fact_http_head *h = &f->as.head;
    struct exchange *e = find_open(cc, f->exchange);

    if (e == NULL && !h->without_request)
        return;
    if (e == NULL) {
        settle_previous(c, cc);
        if ((e = begin(c, cc, f)) == NULL)
            return;
    }
    goes_on(c, e);
    if (!mark_set(&e->response.first))
        e->response.first = h->first;
    if (h->extent == FACT_HEAD_WHOLE && h->status < 200 && h->status != 101)
        add_interim(c, e, h);
    else
        fill_response(e, h);
}

/* ---- ends of messages ---- */

static void on_request_end(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = find_open(cc, f->exchange);

    if (e == NULL)
        return;
    e->request.ended = true;
    e->request.last = f->as.http_end.last;
    e->request.last_body_chunk = f->as.http_end.last_body_chunk;
    e->request.body_bytes = f->as.http_end.body_bytes;
    e->request.complete = f->as.http_end.complete;
    e->request.abandoned = f->as.http_end.abandoned;
    e->request.lost = f->as.http_end.lost;
    end_if_done(c, e);
}

static void on_response_end(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = find_open(cc, f->exchange);

    if (e == NULL)
        return;
    if (is_connect(e) && e->response.status / 100 == 2) {
        cc->view.tunnel_ready = f->mark;
        discard(c, e);
        return;
    }
    e->response.ended = true;
    e->response.last = f->as.http_end.last;
    e->response.body_bytes = f->as.http_end.body_bytes;
    e->response.complete = f->as.http_end.complete;
    e->response.lost = f->as.http_end.lost;
    end_if_done(c, e);
}

static void on_bad(struct cconn *cc, const struct fact *f)
{
    struct exchange *e = find_open(cc, f->exchange);

    if (f->as.bad.why == FACT_BAD_EXTRA && cc->settling != NULL)
        cc->settling->response.extra_bytes = true;
    if (e == NULL || f->dir != FLOW_S2C)
        return;
    e->response.bad = f->as.bad.why;
    e->response.bad_line = arena_copy(&e->arena, f->as.bad.line);
    e->response.last = f->mark;
    if (!mark_set(&e->response.first))
        e->response.first = f->mark;
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
        on_bad(cc, f);
        break;
    default:
        break;
    }
}

/* ---- what the connection does ---- */

static int64_t earliest_close(const struct exchange_conn *v, int64_t otherwise)
{
    const struct packet_mark *marks[] = {&v->client_fin, &v->client_rst, &v->server_fin, &v->server_rst};
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (mark_set(marks[i]) && marks[i]->ts_ns < first)
            first = marks[i]->ts_ns;
    return first == INT64_MAX ? otherwise : first;
}

/* Nothing can come any more for what is open: it ended when a side gave the connection up, or else it was open until
 * now. */
static void end_all(struct correlate *c, struct cconn *cc)
{
    while (cc->open_first != NULL) {
        struct exchange *e = cc->open_first;
        int64_t last = later(e->request.last.ts_ns, e->response.last.ts_ns);
        has_ended(c, e, later(earliest_close(&cc->view, c->now_ns), last));
    }
}

void http_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    switch (f->as.event.kind) {
    case FLOW_RST:
        end_all(c, cc);
        settle_previous(c, cc);
        break;
    case FLOW_FIN_IN_ORDER:
        if (f->dir == FLOW_S2C)
            end_all(c, cc);
        else if (cc->open_first != NULL)
            may_have_ended(c, cc->open_first, f->mark.ts_ns);
        if (f->dir == FLOW_C2S)
            settle_previous(c, cc);
        break;
    default:
        break;
    }
}

void http_conn_gone(struct correlate *c, struct cconn *cc)
{
    end_all(c, cc);
    settle_previous(c, cc);
}
