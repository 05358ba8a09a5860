#include "proto/conn/state.h"

#include <stdlib.h>

#include "flow/table.h"

const struct proto_limits proto_limits_default = {
    .http1 = {.head_bytes = 1u << 20, .head_bytes_total = 64u << 20, .headers = 1024, .pipelined = 1024},
    .http2 = {.block_bytes = 256u << 10, .decoded_bytes = 1u << 20, .headers = 1024, .streams = 4096},
    .tls = {.message_bytes = 256 << 10, .held_bytes = 64 << 20, .secrets = 8 << 20},
};

static void on_plain(void *ctx, void *owner, const struct flow_chunk *chunk);

struct proto *proto_new(const struct proto_limits *limits, const struct fact_sink *sink)
{
    struct proto *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->sink = *sink;
    struct tls_plain_sink plain = {p, on_plain};
    p->budget = limits->budget;
    slab_init(&p->conns, sizeof(struct conn), limits->budget);
    if (http1_env_init(&p->http1, &limits->http1, sink) != P2T_OK ||
        http2_env_init(&p->http2, &limits->http2, sink) != P2T_OK ||
        tls_env_init(&p->tls, &limits->tls, sink, &plain) != P2T_OK) {
        proto_free(p);
        return NULL;
    }
    return p;
}

void proto_free(struct proto *p)
{
    if (p == NULL)
        return;
    http1_env_fini(&p->http1);
    http2_env_fini(&p->http2);
    tls_env_fini(&p->tls);
    slab_fini(&p->conns);
    free(p);
}

const struct proto_counters *proto_counters(const struct proto *p)
{
    return &p->counters;
}

const struct http1_counters *proto_http1_counters(const struct proto *p)
{
    return &p->http1.counters;
}

const struct http2_counters *proto_http2_counters(const struct proto *p)
{
    return &p->http2.counters;
}

const struct tls_counters *proto_tls_counters(const struct proto *p)
{
    return &p->tls.counters;
}

int proto_secrets(struct proto *p, struct slice bytes)
{
    return tls_keylog_feed(p->tls.keylog, bytes);
}

int proto_secrets_end(struct proto *p)
{
    return tls_keylog_end(p->tls.keylog);
}

int proto_look_ahead_begin(struct proto *p)
{
    p->tls.ahead = tls_ahead_new(p->tls.keylog);
    return p->tls.ahead != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

bool proto_worth_looking(struct slice payload)
{
    return tls_ahead_worth(payload);
}

void proto_look_ahead(struct proto *p, uint64_t connection, struct slice payload)
{
    tls_ahead_look(p->tls.ahead, connection, payload);
}

void proto_save_secrets(const struct flow_tcp *flow, struct buf *out)
{
    for (const struct conn *c = flow->user; c != NULL; c = c->inner)
        if (c->tls != NULL)
            tls_save_secrets(c->tls, out);
}

void proto_save_sessions(const struct proto *p, size_t max, struct buf *out)
{
    tls_keylog_save_sessions(p->tls.keylog, max, out);
}

int proto_load_secrets(struct proto *p, struct slice saved)
{
    return tls_keylog_load(p->tls.keylog, saved);
}

const struct tls_keylog_counters *proto_keylog_counters(const struct proto *p)
{
    return tls_keylog_counters(p->tls.keylog);
}

static void tell(struct proto *p, struct conn *c, enum fact_proto proto, const struct packet_mark *mark)
{
    struct fact f = {.kind = FACT_CONN_PROTO, .conn = c->flow, .mark = *mark};

    c->proto = proto;
    p->counters.tls_connections += proto == FACT_PROTO_TLS;
    p->counters.http2_connections += proto == FACT_PROTO_HTTP2;
    p->counters.other_connections += proto == FACT_PROTO_OTHER;
    f.as.proto = proto;
    proto_emit(p, &f);
}

static bool start_decoder(struct proto *p, struct conn *c)
{
    switch (c->proto) {
    case FACT_PROTO_HTTP1:
        if (c->http1 != NULL)
            http1_resume(c->http1);
        else
            c->http1 = http1_new(&p->http1, c->flow, c->mid_stream, c->skipped);
        return c->http1 != NULL;
    case FACT_PROTO_HTTP2:
        c->http2 = http2_new(&p->http2, c->flow, c->mid_stream, 0);
        return c->http2 != NULL;
    case FACT_PROTO_TLS:
        c->tls = tls_new(&p->tls, c->flow, c->mid_stream, c->depth, c);
        return c->tls != NULL;
    case FACT_PROTO_SOCKS:
        c->socks = calloc(1, sizeof *c->socks);
        return c->socks != NULL;
    case FACT_PROTO_DNS:
        c->dns = dns_stream_new();
        return c->dns != NULL;
    default:
        return true;
    }
}

/* ---- chunks ---- */

/* What is left of a chunk behind `used` bytes. */
static struct flow_chunk rest_of(const struct flow_chunk *chunk, uint64_t used)
{
    struct flow_chunk rest = flow_chunk_copy(chunk);
    size_t captured = used < chunk->bytes.n ? (size_t)used : chunk->bytes.n;

    rest.offset += used;
    rest.len -= used;
    rest.bytes = slice_of(captured < chunk->bytes.n ? chunk->bytes.p + captured : NULL, chunk->bytes.n - captured);
    return rest;
}

/* Each of these takes a chunk and cuts it to what is left for another decoder: true when something is. */
static bool socks_chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    size_t used = 0;
    struct packet_mark mark = chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable;
    enum socks_progress progress = SOCKS_OVER;

    if (chunk->bytes.n == chunk->len)
        progress = socks_feed(c->socks, &p->sink, c->flow, chunk->dir, chunk->bytes, &mark, &used);
    if (progress == SOCKS_MORE)
        return false;
    free(c->socks);
    c->socks = NULL;
    c->proto = progress == SOCKS_TUNNEL ? FACT_PROTO_UNKNOWN : FACT_PROTO_OTHER;
    *chunk = rest_of(chunk, used);
    return chunk->len > 0;
}

static void follow_upgrade(struct proto *p, struct conn *c, const struct packet_mark *mark)
{
    uint32_t exchange, next;

    if (c->http2 != NULL || !http1_became_http2(c->http1, &exchange, &next))
        return;
    c->http2 = http2_new(&p->http2, c->flow, false, next);
    if (c->http2 == NULL)
        return;
    tell(p, c, FACT_PROTO_HTTP2, mark);
    http2_upgraded(c->http2, exchange);
}

static bool http1_or_tunnel(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    uint64_t used = http1_chunk(c->http1, chunk);

    if (!http1_in_tunnel(c->http1))
        return false;
    c->proto = FACT_PROTO_UNKNOWN;
    c->mid_stream = false;
    follow_upgrade(p, c, &chunk->deliverable);
    *chunk = rest_of(chunk, used);
    return chunk->len > 0;
}

static bool decode(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    switch (c->proto) {
    case FACT_PROTO_HTTP1:
        return http1_or_tunnel(p, c, chunk);
    case FACT_PROTO_HTTP2:
        http2_chunk(c->http2, chunk);
        return false;
    case FACT_PROTO_TLS:
        tls_chunk(c->tls, chunk);
        return false;
    case FACT_PROTO_SOCKS:
        return socks_chunk(p, c, chunk);
    case FACT_PROTO_DNS:
        conn_dns_chunk(p, c, chunk);
        return false;
    default:
        return false;
    }
}

/* ---- the first bytes ---- */

static void decode_prefix(struct proto *p, struct conn *c, enum flow_dir dir)
{
    struct prefix *x = &c->prefix[dir];
    struct flow_chunk chunk = {
        .dir = dir, .bytes = slice_of(x->bytes, x->n), .len = x->n, .seen = x->mark, .deliverable = x->mark};

    if (x->n > 0)
        (void)decode(p, c, &chunk);
    x->n = 0;
}

/* True when the protocol is known now and the chunk is to be decoded. */
static bool find_out(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    uint8_t joined[PREFIX_MAX];
    bool wait;

    if (c->client_unknown && chunk->dir == FLOW_C2S)
        return false;
    if (chunk->bytes.n == 0) {
        c->mid_stream = true;
        c->prefix[chunk->dir].n = 0;
        return false;
    }
    struct slice first = conn_first_bytes(c, chunk, joined);
    enum fact_proto proto = conn_told_by(c, chunk->dir, first, &wait);
    if ((wait && conn_keep(c, chunk)) || conn_await_answer(c, chunk->dir, proto))
        return false;
    c->mid_stream = c->mid_stream || c->client_unknown;
    if (proto == FACT_PROTO_UNKNOWN) {
        c->prefix[chunk->dir].n = 0;
        return false;
    }
    conn_mend_roles(c, chunk, first);
    tell(p, c, proto, chunk->dir == FLOW_C2S ? &chunk->seen : &chunk->deliverable);
    if (!start_decoder(p, c))
        return false;
    decode_prefix(p, c, FLOW_C2S);
    decode_prefix(p, c, FLOW_S2C);
    return true;
}

/* A proxy's tunnel may hold any protocol, another proxy among them; each layer takes at least a byte. */
static void take_chunk(struct proto *p, struct conn *c, const struct flow_chunk *chunk)
{
    struct flow_chunk left = flow_chunk_copy(chunk);

    for (bool more = true; more && left.len > 0;)
        more = (c->proto != FACT_PROTO_UNKNOWN || find_out(p, c, &left)) && decode(p, c, &left);
}

/* Recursion ends with TLS_DEPTH_MAX, beyond which nothing is decrypted. */
static void on_plain(void *ctx, void *owner, const struct flow_chunk *chunk)
{
    struct proto *p = ctx;
    struct conn *c = owner;

    if (c->inner == NULL) {
        c->inner = slab_take(&p->conns);
        if (c->inner == NULL)
            return;
        c->inner->flow = c->flow;
        c->inner->depth = (uint8_t)(c->depth + 1);
    }
    take_chunk(p, c->inner, chunk);
}

static void on_chunk(void *ctx, struct flow_tcp *flow, const struct flow_chunk *chunk)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;

    if (c == NULL)
        return;
    if (chunk->lost) {
        struct fact f = {.kind = FACT_CONN_GAP, .conn = flow, .dir = chunk->dir, .mark = chunk->seen};
        f.as.gap_bytes = chunk->len;
        proto_emit(p, &f);
    }
    take_chunk(p, c, chunk);
}

/* ---- the life of a connection ---- */

static void on_open(void *ctx, struct flow_tcp *flow)
{
    struct proto *p = ctx;
    struct conn *c = slab_take(&p->conns);
    struct fact f = {.kind = FACT_CONN_OPEN, .conn = flow, .mark = flow->first};

    flow->user = c;
    if (c == NULL)
        return;
    c->flow = flow;
    c->mid_stream = flow->roles == FLOW_ROLES_GUESSED;
    proto_emit(p, &f);
}

static void tell_decoders(struct conn *c, const struct flow_event *event)
{
    if (c->http2 != NULL && (event->kind == FLOW_RST || (event->kind == FLOW_FIN_IN_ORDER && event->dir == FLOW_S2C)))
        http2_close(c->http2);
    if (c->http1 != NULL && event->kind == FLOW_FIN_IN_ORDER)
        http1_fin(c->http1, event->dir, &event->mark);
    else if (c->http1 != NULL && event->kind == FLOW_RST)
        http1_close(c->http1, true);
}

static void conn_free(struct proto *p, struct conn *c)
{
    while (c != NULL) {
        struct conn *inner = c->inner;
        http1_free(c->http1);
        http2_free(c->http2);
        tls_free(c->tls);
        budget_sub(p->budget, c->dns != NULL ? dns_stream_bytes(c->dns) : 0);
        dns_stream_free(c->dns);
        free(c->socks);
        slab_give(&p->conns, c);
        c = inner;
    }
}

static void close_decoders(struct conn *c)
{
    for (; c != NULL; c = c->inner) {
        if (c->tls != NULL)
            tls_close(c->tls);
        if (c->http1 != NULL)
            http1_close(c->http1, false);
        if (c->http2 != NULL)
            http2_close(c->http2);
    }
}

/* True with the event behind which no byte can come. */
static bool is_over(struct conn *c, const struct flow_event *event)
{
    if (event->kind != FLOW_FIN_IN_ORDER)
        return false;
    c->over[event->dir] = true;
    return c->over[!event->dir];
}

static void tell_event(struct proto *p, struct flow_tcp *flow, const struct flow_event *event)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = flow, .dir = event->dir, .mark = event->mark};

    f.as.event = event;
    proto_emit(p, &f);
}

/* A connection lingers after its end; its decoders need not. */
static void on_event(void *ctx, struct flow_tcp *flow, const struct flow_event *event)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;
    bool over = c != NULL && is_over(c, event);

    if (over && c->tls != NULL)
        tls_close(c->tls);
    for (struct conn *x = c; x != NULL; x = x->inner)
        tell_decoders(x, event);
    tell_event(p, flow, event);
    if (!over)
        return;
    close_decoders(c);
    conn_free(p, c);
    flow->user = NULL;
}

static void on_close(void *ctx, struct flow_tcp *flow, enum flow_end why)
{
    struct proto *p = ctx;
    struct fact f = {.kind = FACT_CONN_CLOSE, .conn = flow};

    close_decoders(flow->user);
    f.as.end = why;
    proto_emit(p, &f);
    conn_free(p, flow->user);
    flow->user = NULL;
}

bool proto_is_over(const struct flow_tcp *flow)
{
    return flow->user == NULL;
}

bool proto_forgets(const struct flow_tcp *flow)
{
    const struct conn *c = flow->user;

    if (c == NULL || c->proto == FACT_PROTO_OTHER)
        return true;
    return c->proto == FACT_PROTO_UNKNOWN && c->mid_stream && !c->client_unknown && c->prefix[0].n == 0 &&
           c->prefix[1].n == 0 && c->http1 == NULL;
}

void proto_skip(struct flow_tcp *flow, uint32_t number)
{
    struct conn *c = flow->user;

    if (c == NULL || c->proto != FACT_PROTO_UNKNOWN)
        return;
    c->mid_stream = c->client_unknown = false;
    c->skipped = number;
    c->prefix[0].n = c->prefix[1].n = 0;
}

struct flow_sink proto_flow_sink(struct proto *p)
{
    return (struct flow_sink){
        .ctx = p,
        .tcp_open = on_open,
        .tcp_event = on_event,
        .tcp_chunk = on_chunk,
        .tcp_close = on_close,
        .udp = conn_on_udp,
        .udp_error = conn_on_udp_error,
    };
}
