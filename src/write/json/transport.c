/* `transport`: what is zero, or says nothing, is left out. */
#include "write/json/json.h"

/* Members of one object: the first has no comma before it. */
struct members {
    struct buf *b;
    bool any;
};

static void put_key(struct members *m, const char *key)
{
    buf_str(m->b, m->any ? ",\"" : "\"");
    buf_str(m->b, key);
    buf_lit(m->b, "\":");
    m->any = true;
}

static void put_number(struct members *m, const char *key, int64_t v)
{
    put_key(m, key);
    buf_i64(m->b, v);
}

static void put_if(struct members *m, const char *key, int64_t v)
{
    if (v > 0)
        put_number(m, key, v);
}

static void put_flag(struct members *m, const char *key, bool set)
{
    if (!set)
        return;
    put_key(m, key);
    buf_lit(m->b, "true");
}

static struct members begin(struct members *outer, const char *key)
{
    put_key(outer, key);
    buf_putc(outer->b, '{');
    return (struct members){outer->b, false};
}

static void put_rtt(struct members *outer, const char *key, const struct p2t_rtt *r)
{
    struct members m = begin(outer, key);

    put_number(&m, "min", r->min_us);
    put_number(&m, "median", r->median_us);
    put_number(&m, "max", r->max_us);
    put_number(&m, "samples", r->samples);
    buf_putc(m.b, '}');
}

/* Where the capture was taken at an end, the way to that end is its own host. */
static void put_rtts(struct members *outer, const struct p2t_transport *t, enum p2t_vantage vantage)
{
    bool client = t->client_rtt.samples > 0 && vantage != P2T_VANTAGE_CLIENT;
    bool server = t->server_rtt.samples > 0 && vantage != P2T_VANTAGE_SERVER;

    if (!client && !server)
        return;
    struct members m = begin(outer, "rtt_us");
    if (client)
        put_rtt(&m, "client", &t->client_rtt);
    if (server)
        put_rtt(&m, "server", &t->server_rtt);
    buf_putc(m.b, '}');
}

static bool is_troubled(const struct p2t_transport_message *x)
{
    return x->retransmitted > 0 || x->reordered > 0 || x->stalled_us > 0 || x->zero_window_us > 0 || x->probes > 0;
}

static void put_message(struct members *outer, const char *key, const struct p2t_transport_message *x)
{
    if (!is_troubled(x))
        return;
    struct members m = begin(outer, key);
    put_number(&m, "segments", x->segments);
    put_if(&m, "retransmitted", x->retransmitted);
    put_if(&m, "reordered", x->reordered);
    put_if(&m, "stalled_us", x->stalled_us);
    put_if(&m, "zero_window_us", x->zero_window_us);
    put_if(&m, "probes", x->probes);
    buf_putc(m.b, '}');
}

static bool is_wide(int64_t value, int64_t bound)
{
    int64_t off = value > bound ? value - bound : bound - value;

    return off > 1000 && off > value / 20;
}

static void put_server(struct members *outer, const struct p2t_transport *t)
{
    if (t->server_us < 0)
        return;
    struct members m = begin(outer, "server_us");
    put_number(&m, "value", t->server_us);
    if (is_wide(t->server_us, t->server_low_us) || is_wide(t->server_us, t->server_high_us)) {
        put_number(&m, "low", t->server_low_us);
        put_number(&m, "high", t->server_high_us);
    }
    buf_putc(m.b, '}');
}

static void put_limit(struct members *m, const struct p2t_transport *t)
{
    const char *name = p2t_limit_name(t->limit);

    if (name == NULL || t->limit == P2T_LIMIT_NONE)
        return;
    put_key(m, "limit");
    json_string(m->b, (struct p2t_text){name, strlen(name)});
    put_flag(m, "http2", t->limit_http2);
}

/* An acknowledgement that came with the answer says nothing more than that. */
static void put_acked(struct members *m, const struct p2t_exchange *x)
{
    const struct p2t_transport *t = x->transport;

    if (t->acked_us > 0 && (x->phases.wait_ns < 0 || t->acked_us < x->phases.wait_ns / 1000))
        put_number(m, "acked_us", t->acked_us);
}

void json_transport(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_transport *t = x->transport;

    if (t == NULL) {
        buf_lit(b, ",\"transport\":null");
        return;
    }
    buf_lit(b, ",\"transport\":{");
    struct members m = {b, false};
    put_rtts(&m, t, x->connection != NULL ? x->connection->vantage : P2T_VANTAGE_UNKNOWN);
    put_message(&m, "request", &t->request);
    put_message(&m, "response", &t->response);
    put_acked(&m, x);
    put_server(&m, t);
    put_if(&m, "idle_client_us", t->idle_client_us);
    put_if(&m, "idle_server_us", t->idle_server_us);
    put_limit(&m, t);
    put_flag(&m, "offload", t->offload);
    put_if(&m, "unacked_bytes", t->unacked_bytes);
    put_if(&m, "unheard_bytes", t->unheard_bytes);
    put_if(&m, "dead_probes", t->dead_probes);
    put_flag(&m, "one_direction", t->one_direction);
    buf_putc(b, '}');
}
