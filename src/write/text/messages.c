/* What went on inside a body: gRPC's call, a WebSocket's messages. */
#include "write/escape.h"
#include "write/text/text.h"

static void put_count(struct buf *b, const struct p2t_messages *m, const char *what)
{
    buf_printf(b, ", %s%llu message%s %s", m->exact ? "" : "at least ", (unsigned long long)m->count,
               m->count == 1 ? "" : "s", what);
}

static void put_grpc(struct buf *b, const struct p2t_grpc *g)
{
    buf_lit(b, "  gRPC ");
    if (g->service.p != NULL) {
        escape_text(b, g->service);
        buf_putc(b, '/');
        escape_text(b, g->method);
        buf_lit(b, ", ");
    }
    if (g->status >= 0)
        buf_printf(b, "status %lld", (long long)g->status);
    else
        buf_lit(b, "no status");
    if (g->message.n > 0) {
        buf_lit(b, " (");
        escape_text(b, g->message);
        buf_putc(b, ')');
    }
    put_count(b, &g->request, "sent");
    put_count(b, &g->response, "received");
}

static void put_close(struct buf *b, const struct p2t_websocket_side *s, const char *who)
{
    if (!s->closed)
        return;
    buf_printf(b, ", closed by the %s", who);
    if (s->close_code > 0)
        buf_printf(b, " (%d)", s->close_code);
}

static void put_websocket(struct buf *b, const struct p2t_websocket *w)
{
    unsigned long long pings = w->client.pings + w->server.pings;

    buf_lit(b, "  WebSocket");
    put_count(b, &w->client.messages, "sent");
    put_count(b, &w->server.messages, "received");
    if (pings > 0)
        buf_printf(b, ", %llu ping%s", pings, pings == 1 ? "" : "s");
    if (w->client.closed && (!w->server.closed || w->client.closed_ns <= w->server.closed_ns))
        put_close(b, &w->client, "client");
    else
        put_close(b, &w->server, "server");
}

void text_messages(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    size_t from = b->n;

    if (x->grpc != NULL) {
        put_grpc(b, x->grpc);
        text_end_line(b, o, from);
    }
    from = b->n;
    if (x->websocket != NULL) {
        put_websocket(b, x->websocket);
        text_end_line(b, o, from);
    }
}
