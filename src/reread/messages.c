/* HTTP/2, gRPC and WebSocket. */
#include "reread/fields.h"

static void take_http2(struct fields *f, const cJSON *object, struct p2t_exchange *x)
{
    struct p2t_http2 *h = fields_list(f, 1, sizeof *h);
    const cJSON *reset = fields_object(f, object, "reset");
    static const char *const by[] = {"client", "server"};

    if (h == NULL)
        return;
    x->http2 = h;
    h->request_stalls = fields_count(f, object, "request_stalls");
    h->response_stalls = fields_count(f, object, "response_stalls");
    h->reset_code = -1;
    if (reset == NULL)
        return;
    struct p2t_text who = fields_text(f, reset, "by");
    h->reset_code = fields_int(f, reset, "code", 0, UINT32_MAX, 0);
    h->reset_by_server = slice_eq(slice_of(who.p, who.n), slice_str(by[1]));
    if (!h->reset_by_server && !slice_eq(slice_of(who.p, who.n), slice_str(by[0])))
        fields_wrong(f, "reset");
}

static void take_times(struct fields *f, const cJSON *object, int64_t start_ns, struct p2t_messages *m)
{
    const cJSON *list = fields_array(f, object, "times_us"), *item;
    int64_t *times = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *times);

    m->times_ns = times;
    cJSON_ArrayForEach(item, list)
    {
        if (times == NULL || m->time_count == P2T_MESSAGE_TIMES_MAX ||
            __builtin_add_overflow(start_ns, fields_us(f, item, "times_us"), &times[m->time_count])) {
            fields_wrong(f, "times_us");
            return;
        }
        m->time_count++;
    }
}

static void take_messages(struct fields *f, const cJSON *root, const char *name, int64_t start_ns,
                          struct p2t_messages *m)
{
    const cJSON *object = fields_object(f, root, name);

    m->count = (uint64_t)fields_int(f, object, "count", 0, INT64_MAX, 0);
    m->exact = fields_bool(f, object, "exact");
    if (m->count > 0) {
        m->first_ns = fields_time(f, object, "first");
        m->last_ns = fields_time(f, object, "last");
    }
    m->evidence_count = fields_evidence(f, object, m->evidence, sizeof m->evidence / sizeof *m->evidence);
    take_times(f, object, start_ns, m);
}

static void take_grpc(struct fields *f, const cJSON *object, struct p2t_exchange *x)
{
    struct p2t_grpc *g = fields_list(f, 1, sizeof *g);

    if (g == NULL)
        return;
    x->grpc = g;
    g->service = fields_text(f, object, "service");
    g->method = fields_text(f, object, "method");
    g->status = fields_int(f, object, "status", 0, INT64_MAX, -1);
    g->message = fields_text(f, object, "message");
    take_messages(f, object, "request_messages", x->start_ns, &g->request);
    take_messages(f, object, "response_messages", x->start_ns, &g->response);
}

static void take_side(struct fields *f, const cJSON *root, const char *name, int64_t start_ns,
                      struct p2t_websocket_side *s)
{
    const cJSON *object = fields_object(f, root, name), *close = fields_object(f, object, "close");

    take_messages(f, object, "messages", start_ns, &s->messages);
    s->text = (uint64_t)fields_int(f, object, "text", 0, INT64_MAX, 0);
    s->binary = (uint64_t)fields_int(f, object, "binary", 0, INT64_MAX, 0);
    s->pings = (uint64_t)fields_int(f, object, "ping", 0, INT64_MAX, 0);
    s->pongs = (uint64_t)fields_int(f, object, "pong", 0, INT64_MAX, 0);
    s->closed = close != NULL;
    if (close == NULL)
        return;
    s->closed_ns = fields_time(f, close, "time");
    s->close_code = (int)fields_int(f, close, "code", 1, UINT16_MAX, 0);
}

static void take_websocket(struct fields *f, const cJSON *object, struct p2t_exchange *x)
{
    struct p2t_websocket *w = fields_list(f, 1, sizeof *w);

    if (w == NULL)
        return;
    x->websocket = w;
    take_side(f, object, "client", x->start_ns, &w->client);
    take_side(f, object, "server", x->start_ns, &w->server);
}

void reread_messages(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *http2 = fields_object(f, root, "http2"), *grpc = fields_object(f, root, "grpc");
    const cJSON *websocket = fields_object(f, root, "websocket");

    if (http2 != NULL)
        take_http2(f, http2, x);
    if (grpc != NULL)
        take_grpc(f, grpc, x);
    if (websocket != NULL)
        take_websocket(f, websocket, x);
}
