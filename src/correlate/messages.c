#include "correlate/messages.h"

#include "correlate/open.h"

static bool room_for_time(struct exchange *e, struct exchange_messages *m)
{
    if (m->time_count < m->time_cap || m->time_count == MESSAGE_TIMES_MAX)
        return m->time_count < MESSAGE_TIMES_MAX;
    size_t cap = m->time_cap == 0 ? 4 : m->time_cap * 2;
    int64_t *times = arena_alloc(&e->arena, cap * sizeof *times);
    if (times == NULL)
        return false;
    if (m->time_count > 0)
        memcpy(times, m->times_ns, m->time_count * sizeof *times);
    m->times_ns = times;
    m->time_cap = cap;
    return true;
}

static void add_message(struct exchange *e, struct exchange_messages *m, const struct packet_mark *mark)
{
    if (m->count++ == 0)
        m->first = *mark;
    m->last = *mark;
    if (room_for_time(e, m))
        m->times_ns[m->time_count++] = mark->ts_ns;
}

/* ---- gRPC ---- */

static struct slice field(const struct fact_http_head *h, struct slice name)
{
    return fact_header_value(h->headers, h->header_count, name);
}

static bool is_grpc(const struct fact_http_head *h)
{
    return slice_istarts(field(h, SLICE_LIT("content-type")), SLICE_LIT("application/grpc"));
}

void grpc_asked(struct exchange *e, const struct fact_http_head *h)
{
    e->grpc.present = is_grpc(h);
}

/* A call that shows itself only in its answer: the messages before were not counted. */
static void grpc_found_late(struct exchange *e, bool whole_answer)
{
    if (e->grpc.present)
        return;
    e->grpc.present = true;
    e->grpc.messages[FLOW_C2S].lost = true;
    e->grpc.messages[FLOW_S2C].lost = !whole_answer;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* gRPC over HTTP2, "Status-Message": percent-encoded; what is not, is taken as it stands. */
static struct slice percent_decoded(struct arena *a, struct slice s)
{
    uint8_t *text = arena_alloc(a, s.n + 1);
    size_t n = 0;

    if (text == NULL || s.p == NULL)
        return (struct slice){NULL, 0};
    for (size_t i = 0; i < s.n; i++) {
        bool coded = s.p[i] == '%' && s.n - i > 2 && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;
        int byte = coded ? hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]) : s.p[i];
        text[n++] = (uint8_t)byte;
        i += coded ? 2 : 0;
    }
    return slice_of(text, n);
}

void grpc_answered(struct exchange *e, const struct fact_http_head *h)
{
    uint64_t code;

    if (is_grpc(h))
        grpc_found_late(e, true);
    if (!slice_u64(field(h, SLICE_LIT("grpc-status")), &code) || code > UINT32_MAX)
        return;
    grpc_found_late(e, false);
    e->grpc.has_status = true;
    e->grpc.status = (uint32_t)code;
    e->grpc.message = percent_decoded(&e->arena, field(h, SLICE_LIT("grpc-message")));
}

/* ---- WebSocket ---- */

/* RFC 6455 4.1: the server's 101; RFC 8441 5: its 2xx to a request that asked for it. */
void websocket_answered(struct exchange *e, const struct fact_http_head *h)
{
    struct slice protocol = fact_header_value(e->request.headers, e->request.header_count, SLICE_LIT(":protocol"));
    bool extended = e->stream.id != 0 && h->status / 100 == 2 && slice_eq(protocol, SLICE_LIT("websocket"));

    if (h->upgrade == FACT_UPGRADE_WEBSOCKET || extended)
        e->websocket.present = true;
}

static void websocket_message(struct exchange *e, enum flow_dir dir, const struct fact_message *m,
                              const struct packet_mark *mark)
{
    struct exchange_websocket *w = &e->websocket;

    w->last = *mark;
    switch (m->kind) {
    case FACT_MESSAGE_PING:
        w->pings[dir]++;
        return;
    case FACT_MESSAGE_PONG:
        w->pongs[dir]++;
        return;
    case FACT_MESSAGE_CLOSE:
        if (mark_set(&w->closed[dir]))
            return;
        w->closed[dir] = *mark;
        w->close_code[dir] = m->close_code;
        return;
    default:
        w->text[dir] += m->kind == FACT_MESSAGE_TEXT;
        w->binary[dir] += m->kind == FACT_MESSAGE_BINARY;
        add_message(e, &w->messages[dir], mark);
    }
}

/* ---- facts ---- */

/* One side of a WebSocket may be heard of after the other has closed the connection. */
static struct exchange *find(struct correlate *c, struct cconn *cc, uint32_t number)
{
    struct exchange *e = open_find(c, cc, number), *settling = cc->settling;

    if (e == NULL && settling != NULL && settling->websocket.present && settling->number == number)
        return settling;
    return e;
}

void messages_end(struct exchange *e, enum flow_dir dir)
{
    e->grpc.messages[dir].complete = e->websocket.messages[dir].complete = true;
}

/* Where records of TLS are missing, what they held may be missing between two messages, and nothing shows it. */
static bool lost_in_tls(const struct exchange *e, int dir)
{
    return e->tls != NULL && e->conn.lost_bytes[dir] > e->lost_before[dir];
}

/* RFC 6455 5.5.1: nothing follows a Close frame. */
void messages_settle(struct exchange *e)
{
    for (int dir = 0; dir < 2; dir++)
        if (lost_in_tls(e, dir))
            e->grpc.messages[dir].lost = e->websocket.messages[dir].lost = true;
    for (int dir = 0; dir < 2; dir++)
        if (mark_set(&e->websocket.closed[dir]) || (e->stream.id == 0 && e->conn.fin_in_order[dir]))
            e->websocket.messages[dir].complete = true;
    if (e->websocket.present)
        e->request.ended = e->request.complete = true;
}

void messages_fact(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange *e = find(c, cc, f->exchange);

    if (e == NULL)
        return;
    if (f->kind == FACT_HTTP_MESSAGES_LOST)
        e->grpc.messages[f->dir].lost = e->websocket.messages[f->dir].lost = true;
    else if (f->as.message.kind == FACT_MESSAGE_GRPC)
        add_message(e, &e->grpc.messages[f->dir], &f->mark);
    else
        websocket_message(e, f->dir, &f->as.message, &f->mark);
}
