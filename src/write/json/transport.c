/* `transport`: what is zero, or says nothing, is left out. */
#include "write/json/json.h"

/* Room for all of it: no member is longer than 48 bytes, and there are no more than 40. */
enum { TRANSPORT_MAX = 40 * 48 };

/* Where the text ends, and whether the object that is being written has a member already. */
struct members {
    char *w;
    bool any;
};

static inline void put_text(struct members *m, const char *text, size_t n)
{
    memcpy(m->w, text, n);
    m->w += n;
}

#define PUT(m, text) put_text((m), (text), sizeof(text) - 1)

static inline void put_key(struct members *m, const char *key, size_t n)
{
    if (m->any)
        *m->w++ = ',';
    m->any = true;
    put_text(m, key, n);
}

static inline void put_number(struct members *m, const char *key, size_t n, int64_t v)
{
    put_key(m, key, n);
    m->w = u64_text(m->w, (uint64_t)v);
}

static inline void put_if(struct members *m, const char *key, size_t n, int64_t v)
{
    if (v > 0)
        put_number(m, key, n, v);
}

#define KEY(key)             "\"" key "\":", sizeof("\"" key "\":") - 1
#define NUMBER(m, key, v)    put_number((m), KEY(key), (int64_t)(v))
#define NUMBER_IF(m, key, v) put_if((m), KEY(key), (int64_t)(v))

/* A member that is an object: it begins without members of its own. */
static void begin(struct members *m, const char *key, size_t n)
{
    put_key(m, key, n);
    *m->w++ = '{';
    m->any = false;
}

static void end(struct members *m)
{
    *m->w++ = '}';
    m->any = true;
}

/* ---- round trips ---- */

/* Not on one host, nor where the capture was taken: there it says nothing of the network. */
static bool is_told(const struct p2t_rtt *r)
{
    enum { HOST_US = 200 };

    return r->samples > 0 && r->median_us >= HOST_US;
}

static void put_rtt(struct members *m, const struct p2t_rtt *r)
{
    NUMBER(m, "min", r->min_us);
    NUMBER(m, "median", r->median_us);
    NUMBER(m, "max", r->max_us);
    NUMBER(m, "samples", r->samples);
    end(m);
}

static void put_rtts(struct members *m, const struct p2t_transport *t)
{
    bool client = is_told(&t->client_rtt), server = is_told(&t->server_rtt);

    if (!client && !server)
        return;
    begin(m, KEY("rtt_us"));
    if (client) {
        begin(m, KEY("client"));
        put_rtt(m, &t->client_rtt);
    }
    if (server) {
        begin(m, KEY("server"));
        put_rtt(m, &t->server_rtt);
    }
    end(m);
}

/* ---- messages ---- */

static void put_message(struct members *m, const char *key, size_t n, const struct p2t_transport_message *x)
{
    if ((x->retransmitted | x->reordered | x->probes) == 0 && x->stalled_us == 0 && x->zero_window_us == 0)
        return;
    begin(m, key, n);
    NUMBER(m, "segments", x->segments);
    NUMBER_IF(m, "retransmitted", x->retransmitted);
    NUMBER_IF(m, "reordered", x->reordered);
    NUMBER_IF(m, "stalled_us", x->stalled_us);
    NUMBER_IF(m, "zero_window_us", x->zero_window_us);
    NUMBER_IF(m, "probes", x->probes);
    end(m);
}

static bool is_wide(int64_t value, int64_t bound)
{
    int64_t off = value > bound ? value - bound : bound - value;

    return off > 1000 && off > value / 20;
}

static void put_server(struct members *m, const struct p2t_transport *t)
{
    if (t->server_us < 0)
        return;
    begin(m, KEY("server_us"));
    NUMBER(m, "value", t->server_us);
    if (is_wide(t->server_us, t->server_low_us) || is_wide(t->server_us, t->server_high_us)) {
        NUMBER(m, "low", t->server_low_us);
        NUMBER(m, "high", t->server_high_us);
    }
    end(m);
}

static void put_limit(struct members *m, const struct p2t_transport *t)
{
    const char *name = p2t_limit_name(t->limit);

    if (name == NULL || t->limit == P2T_LIMIT_NONE)
        return;
    put_key(m, KEY("limit"));
    *m->w++ = '"';
    put_text(m, name, strlen(name));
    *m->w++ = '"';
}

static void put_flag(struct members *m, bool set, const char *key, size_t n)
{
    if (!set)
        return;
    put_key(m, key, n);
    PUT(m, "true");
}

/* An acknowledgement that came with the answer says nothing more than that. */
static void put_acked(struct members *m, const struct p2t_exchange *x)
{
    const struct p2t_transport *t = x->transport;

    if (x->phases.wait_ns < 0 || t->acked_us < x->phases.wait_ns / 1000)
        NUMBER_IF(m, "acked_us", t->acked_us);
}

void json_transport(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_transport *t = x->transport;

    if (t == NULL || !buf_reserve(b, TRANSPORT_MAX)) {
        buf_lit(b, ",\"transport\":null");
        return;
    }
    struct members m = {(char *)b->p + b->n, false};
    PUT(&m, ",\"transport\":{");
    put_rtts(&m, t);
    put_message(&m, KEY("request"), &t->request);
    put_message(&m, KEY("response"), &t->response);
    put_acked(&m, x);
    put_server(&m, t);
    NUMBER_IF(&m, "idle_client_us", t->idle_client_us);
    NUMBER_IF(&m, "idle_server_us", t->idle_server_us);
    put_limit(&m, t);
    NUMBER_IF(&m, "limit_window", t->limit_window);
    put_flag(&m, t->offload, KEY("offload"));
    NUMBER_IF(&m, "unacked_bytes", t->unacked_bytes);
    NUMBER_IF(&m, "unheard_bytes", t->unheard_bytes);
    NUMBER_IF(&m, "dead_probes", t->dead_probes);
    put_flag(&m, t->one_direction, KEY("one_direction"));
    end(&m);
    b->n = (size_t)((uint8_t *)m.w - b->p);
}
