/* What HTTP/2, gRPC and WebSocket add to an exchange. */
#include "trace/build.h"

_Static_assert((int)MESSAGE_TIMES_MAX == (int)P2T_MESSAGE_TIMES_MAX,
               "what correlate keeps is what users are promised");

static void fill_http2(struct trace *t)
{
    const struct exchange_stream *s = &t->e->stream;

    t->http2 = (struct p2t_http2){
        .request_stalls = s->stalls[FLOW_C2S],
        .response_stalls = s->stalls[FLOW_S2C],
        .max_streams = s->max_streams,
        .reset_code = s->reset ? (int64_t)s->error_code : -1,
        .reset_by_server = s->reset && s->reset_by_server,
    };
    t->out.http2 = &t->http2;
}

static void add_evidence(struct trace *t, struct p2t_messages *m, const struct packet_mark *mark)
{
    struct p2t_evidence x = evidence_of(t, mark->ref);

    if (x.file < TRACE_FILES_MAX)
        m->evidence[m->evidence_count++] = x;
}

static const int64_t *message_times(struct trace *t, const struct exchange_messages *m)
{
    if (t->e->clock_ahead_ns == 0)
        return m->times_ns;
    int64_t *own = arena_alloc(&t->arena, (m->time_count + 1) * sizeof *own);
    for (size_t i = 0; own != NULL && i < m->time_count; i++)
        own[i] = m->times_ns[i] - t->e->clock_ahead_ns;
    t->failed |= own == NULL;
    return own;
}

static struct p2t_messages messages(struct trace *t, const struct exchange_messages *m)
{
    struct p2t_messages out = {.count = m->count,
                               .exact = m->complete && !m->lost,
                               .times_ns = message_times(t, m),
                               .time_count = m->time_count};

    if (m->count == 0)
        return out;
    out.first_ns = m->first.ts_ns - t->e->clock_ahead_ns;
    out.last_ns = m->last.ts_ns - t->e->clock_ahead_ns;
    add_evidence(t, &out, &m->first);
    if (m->count > 1)
        add_evidence(t, &out, &m->last);
    return out;
}

/* gRPC over HTTP2, "Path": /SERVICE/METHOD, and the service's name may have slashes of its own. */
static void fill_call(struct p2t_grpc *g, struct slice target)
{
    struct slice path = slice_of(target.p, slice_find(target, '?'));
    size_t at = path.n;

    while (at > 0 && path.p[at - 1] != '/')
        at--;
    if (at < 2 || path.p[0] != '/')
        return;
    g->service = text_of(slice_of(path.p + 1, at - 2));
    g->method = text_of(slice_of(path.p + at, path.n - at));
}

static void fill_grpc(struct trace *t)
{
    const struct exchange_grpc *g = &t->e->grpc;

    t->grpc = (struct p2t_grpc){
        .status = g->has_status ? (int64_t)g->status : -1,
        .message = text_of(shown(t, REDACT_TEXT, g->message)),
        .request = messages(t, &g->messages[FLOW_C2S]),
        .response = messages(t, &g->messages[FLOW_S2C]),
    };
    fill_call(&t->grpc, shown(t, REDACT_URL, t->e->request.target));
    t->out.grpc = &t->grpc;
}

static struct p2t_websocket_side side(struct trace *t, enum flow_dir dir)
{
    const struct exchange_websocket *w = &t->e->websocket;

    return (struct p2t_websocket_side){
        .messages = messages(t, &w->messages[dir]),
        .text = w->text[dir],
        .binary = w->binary[dir],
        .pings = w->pings[dir],
        .pongs = w->pongs[dir],
        .closed = mark_set(&w->closed[dir]),
        .closed_ns = w->closed[dir].ts_ns,
        .close_code = w->close_code[dir],
    };
}

void messages_fill(struct trace *t)
{
    if (t->e->kind == P2T_KIND_HTTP2)
        fill_http2(t);
    if (t->e->grpc.present)
        fill_grpc(t);
    if (!t->e->websocket.present)
        return;
    t->websocket = (struct p2t_websocket){side(t, FLOW_C2S), side(t, FLOW_S2C)};
    t->out.websocket = &t->websocket;
}
