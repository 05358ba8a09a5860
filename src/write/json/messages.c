/* What HTTP/2, gRPC and WebSocket add to an exchange. */
#include "write/json/json.h"

static void put_named(struct buf *b, const char *key, uint64_t v)
{
    buf_str(b, key);
    buf_u64(b, v);
}

static void put_http2(struct buf *b, const struct p2t_http2 *h)
{
    put_named(b, ",\"http2\":{\"request_stalls\":", h->request_stalls);
    put_named(b, ",\"response_stalls\":", h->response_stalls);
    if (h->reset_code < 0) {
        buf_lit(b, ",\"reset\":null}");
        return;
    }
    put_named(b, ",\"reset\":{\"code\":", (uint64_t)h->reset_code);
    buf_str(b, h->reset_by_server ? ",\"by\":\"server\"}}" : ",\"by\":\"client\"}}");
}

/* Times of single messages count from the exchange's start. */
static void put_messages(struct buf *b, const char *key, const struct p2t_messages *m, int64_t start_ns)
{
    put_named(b, key, m->count);
    buf_str(b, m->exact ? ",\"exact\":true,\"first\":" : ",\"exact\":false,\"first\":");
    if (m->count > 0) {
        json_time(b, m->first_ns);
        buf_lit(b, ",\"last\":");
        json_time(b, m->last_ns);
    } else {
        buf_lit(b, "null,\"last\":null");
    }
    buf_lit(b, ",\"evidence\":");
    json_evidence(b, m->evidence, m->evidence_count);
    buf_lit(b, ",\"times_us\":[");
    for (size_t i = 0; i < m->time_count; i++) {
        if (i > 0)
            buf_putc(b, ',');
        json_us(b, m->times_ns[i] - start_ns);
    }
    buf_lit(b, "]}");
}

static void put_grpc(struct buf *b, const struct p2t_grpc *g, int64_t start_ns)
{
    buf_lit(b, ",\"grpc\":{\"service\":");
    json_text(b, g->service);
    buf_lit(b, ",\"method\":");
    json_text(b, g->method);
    buf_lit(b, ",\"status\":");
    if (g->status >= 0)
        buf_i64(b, g->status);
    else
        buf_lit(b, "null");
    buf_lit(b, ",\"message\":");
    json_text(b, g->message);
    put_messages(b, ",\"request_messages\":{\"count\":", &g->request, start_ns);
    put_messages(b, ",\"response_messages\":{\"count\":", &g->response, start_ns);
    buf_putc(b, '}');
}

static void put_close(struct buf *b, const struct p2t_websocket_side *s)
{
    if (!s->closed) {
        buf_lit(b, ",\"close\":null}");
        return;
    }
    buf_lit(b, ",\"close\":{\"time\":");
    json_time(b, s->closed_ns);
    if (s->close_code > 0)
        put_named(b, ",\"code\":", (uint64_t)s->close_code);
    else
        buf_lit(b, ",\"code\":null");
    buf_lit(b, "}}");
}

static void put_side(struct buf *b, const char *key, const struct p2t_websocket_side *s, int64_t start_ns)
{
    put_messages(b, key, &s->messages, start_ns);
    put_named(b, ",\"text\":", s->text);
    put_named(b, ",\"binary\":", s->binary);
    put_named(b, ",\"ping\":", s->pings);
    put_named(b, ",\"pong\":", s->pongs);
    put_close(b, s);
}

void json_messages(struct buf *b, const struct p2t_exchange *x)
{
    if (x->http2 != NULL)
        put_http2(b, x->http2);
    if (x->grpc != NULL)
        put_grpc(b, x->grpc, x->start_ns);
    if (x->websocket == NULL)
        return;
    put_side(b, ",\"websocket\":{\"client\":{\"messages\":{\"count\":", &x->websocket->client, x->start_ns);
    put_side(b, ",\"server\":{\"messages\":{\"count\":", &x->websocket->server, x->start_ns);
    buf_putc(b, '}');
}
