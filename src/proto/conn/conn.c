#include "proto/conn/conn.h"

#include <stdlib.h>

#include "flow/table.h"
#include "proto/conn/decoder.h"

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
    p->plain = (struct tls_plain_sink){p, on_plain};
    p->budget = limits->budget;
    slab_init(&p->conns, sizeof(struct conn), limits->budget);
    for (const struct decoder *const *d = decoders; *d != NULL; d++)
        if ((*d)->env_init != NULL && (*d)->env_init(p, limits) != P2T_OK) {
            proto_free(p);
            return NULL;
        }
    return p;
}

void proto_free(struct proto *p)
{
    if (p == NULL)
        return;
    for (const struct decoder *const *d = decoders; *d != NULL; d++)
        if ((*d)->env_fini != NULL)
            (*d)->env_fini(p);
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

void proto_save_secrets(const struct flow_conn *flow, struct buf *out)
{
    for (const struct conn *c = flow->user; c != NULL; c = c->inner)
        for (const struct decoder *const *d = decoders; *d != NULL; d++)
            if ((*d)->save_secrets != NULL && c->state[(*d)->proto] != NULL)
                (*d)->save_secrets(c->state[(*d)->proto], out);
}

/* ---- chunks ---- */

static bool decode(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    return c->decoder != NULL && c->decoder->chunk(p, c, chunk);
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

/* From its first bytes on it is the decoder's, or of no protocol known here: NULL. */
static bool start_decoder(struct proto *p, struct conn *c, const struct decoder *d, const struct packet_mark *mark)
{
    conn_set_decoder(p, c, d, mark);
    if (d != NULL && !d->start(p, c)) {
        c->decoder = NULL;
        c->other = true;
        return false;
    }
    decode_prefix(p, c, FLOW_C2S);
    if (!c->server_first)
        decode_prefix(p, c, FLOW_S2C);
    return true;
}

/* Of a server that spoke first, and not TLS, the client of TLS reads when it has said hello. */
static void hear_server(struct proto *p, struct conn *c, const struct packet_mark *hello)
{
    if (!c->server_first || c->decoder == NULL)
        return;
    c->server_first = false;
    c->prefix[FLOW_S2C].mark.ts_ns = hello->ts_ns;
    decode_prefix(p, c, FLOW_S2C);
}

/* True when the protocol is known now and the chunk is to be decoded. */
static bool find_out(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    uint8_t joined[PREFIX_MAX];
    const struct decoder *found;

    if (chunk->dir == FLOW_C2S ? c->client_unknown : c->server_first)
        return false;
    if (chunk->bytes.n == 0) {
        c->mid_stream = true;
        c->prefix[chunk->dir].n = 0;
        return false;
    }
    struct slice first = conn_first_bytes(c, chunk, joined);
    enum sniff sniffed = conn_sniff(c, chunk->dir, first, &found);
    bool other = sniffed == SNIFF_NO && !c->mid_stream;
    if (sniffed == SNIFF_MAYBE && conn_keep(c, chunk))
        return false;
    if (c->server_first && found != &decoder_tls)
        return start_decoder(p, c, NULL, &chunk->seen);
    if (other && (conn_await_client(c, chunk) || conn_await_answer(c, chunk->dir)))
        return false;
    c->mid_stream = c->mid_stream || c->client_unknown;
    if (found == NULL && !other) {
        c->prefix[chunk->dir].n = 0;
        return false;
    }
    conn_mend_roles(c, chunk, found, first);
    return start_decoder(p, c, found, chunk->dir == FLOW_C2S ? &chunk->seen : &chunk->deliverable);
}

/* A proxy's tunnel may hold any protocol, another proxy among them; each layer takes at least a byte. */
static void take_chunk(struct proto *p, struct conn *c, const struct flow_chunk *chunk)
{
    struct flow_chunk left = flow_chunk_copy(chunk);

    for (bool more = true; more && left.len > 0;)
        more = (c->decoder != NULL || c->other || find_out(p, c, &left)) && decode(p, c, &left);
    hear_server(p, c, &chunk->seen);
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

static void on_chunk(void *ctx, struct flow_conn *flow, const struct flow_chunk *chunk)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;

    if (c == NULL)
        return;
    if (chunk->lost) {
        struct fact f = {.kind = FACT_CONN_GAP, .conn = flow, .dir = chunk->dir, .mark = chunk->seen};
        f.as.gap_unacked = chunk->unacked;
        proto_emit(p, &f);
    }
    take_chunk(p, c, chunk);
}

/* ---- the life of a connection ---- */

static void on_open(void *ctx, struct flow_conn *flow)
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

static void tell_decoders(const struct conn *c, const struct flow_event *event)
{
    for (const struct decoder *const *d = decoders; *d != NULL; d++)
        if ((*d)->event != NULL && c->state[(*d)->proto] != NULL)
            (*d)->event(c, c->state[(*d)->proto], event);
}

static void free_decoders(struct proto *p, struct conn *c)
{
    for (const struct decoder *const *d = decoders; *d != NULL; d++)
        if (c->state[(*d)->proto] != NULL)
            (*d)->free(p, c->state[(*d)->proto]);
}

static void conn_free(struct proto *p, struct conn *c)
{
    while (c != NULL) {
        struct conn *inner = c->inner;
        free_decoders(p, c);
        slab_give(&p->conns, c);
        c = inner;
    }
}

static void close_decoders(const struct conn *c)
{
    for (; c != NULL; c = c->inner)
        for (const struct decoder *const *d = decoders; *d != NULL; d++)
            if ((*d)->close != NULL && c->state[(*d)->proto] != NULL)
                (*d)->close(c->state[(*d)->proto]);
}

/* True with the event after which no byte can come. */
static bool ends_with(struct conn *c, const struct flow_event *event)
{
    if (event->kind != FLOW_FIN_IN_ORDER)
        return false;
    c->over[event->dir] = true;
    return conn_is_over(c);
}

static void tell_event(struct proto *p, struct flow_conn *flow, const struct flow_event *event)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = flow, .dir = event->dir, .mark = event->mark};

    f.as.event = event;
    proto_emit(p, &f);
}

/* A connection lingers after its end; its decoders need not. */
static void on_event(void *ctx, struct flow_conn *flow, const struct flow_event *event)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;
    bool over = c != NULL && ends_with(c, event);

    for (struct conn *x = c; x != NULL; x = x->inner)
        tell_decoders(x, event);
    tell_event(p, flow, event);
    if (!over)
        return;
    close_decoders(c);
    conn_free(p, c);
    flow->user = NULL;
}

static void on_close(void *ctx, struct flow_conn *flow, enum flow_end why)
{
    struct proto *p = ctx;
    struct fact f = {.kind = FACT_CONN_CLOSE, .conn = flow};

    close_decoders(flow->user);
    f.as.end = why;
    proto_emit(p, &f);
    conn_free(p, flow->user);
    flow->user = NULL;
}

bool proto_is_over(const struct flow_conn *flow)
{
    return flow->user == NULL;
}

static bool has_state(const struct conn *c)
{
    for (const struct decoder *const *d = decoders; *d != NULL; d++)
        if (c->state[(*d)->proto] != NULL)
            return true;
    return false;
}

bool proto_forgets(const struct flow_conn *flow)
{
    const struct conn *c = flow->user;

    if (c == NULL || c->other)
        return true;
    return c->decoder == NULL && c->mid_stream && !c->client_unknown && c->prefix[0].n == 0 && c->prefix[1].n == 0 &&
           !has_state(c);
}

void proto_skip(struct flow_conn *flow, uint32_t number)
{
    struct conn *c = flow->user;

    if (c == NULL || c->decoder != NULL || c->other)
        return;
    c->mid_stream = c->client_unknown = c->server_first = false;
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
