#include "proto/conn.h"

#include <stdlib.h>

#include "base/reader.h"
#include "flow/table.h"
#include "proto/dns_stream.h"
#include "proto/socks.h"

const struct proto_limits proto_limits_default = {
    .http1 = {.head_bytes = 1u << 20, .head_bytes_total = 64u << 20, .headers = 1024, .pipelined = 1024},
    .http2 = {.block_bytes = 256u << 10, .decoded_bytes = 1u << 20, .headers = 1024, .streams = 4096},
    .tls = {.message_bytes = 256 << 10, .held_bytes = 64 << 20, .secrets = 8 << 20},
};

enum { DNS = 53, LLMNR = 5355 };
enum { PREFIX_MAX = 32 }; /* more than any first line needs to be told */

/* The first bytes of a direction, kept until they tell what they are. */
struct prefix {
    uint8_t n;
    uint8_t bytes[PREFIX_MAX];
    struct packet_mark mark;
};

struct conn {
    struct flow_tcp *flow;
    enum fact_proto proto;
    bool mid_stream;     /* the first bytes may lie inside a message */
    bool client_unknown; /* the client began with bytes of no protocol known here */
    struct http1 *http1;
    struct http2 *http2;
    struct tls *tls;
    struct prefix prefix[2];
    struct socks *socks;
    struct dns_stream *dns;
    struct conn *inner; /* what its decrypted bytes are */
    uint8_t depth;      /* connections around this one */
};

struct proto {
    struct fact_sink sink;
    struct http1_env http1;
    struct http2_env http2;
    struct tls_env tls;
    struct slab conns;
    struct proto_counters counters;
    struct dns_message message;
};

static void on_plain(void *ctx, void *owner, const struct flow_chunk *chunk);

struct proto *proto_new(const struct proto_limits *limits, const struct fact_sink *sink)
{
    struct proto *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->sink = *sink;
    struct tls_plain_sink plain = {p, on_plain};
    slab_init(&p->conns, sizeof(struct conn));
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

const struct tls_keylog_counters *proto_keylog_counters(const struct proto *p)
{
    return tls_keylog_counters(p->tls.keylog);
}

static void emit(struct proto *p, const struct fact *f)
{
    fact_emit(&p->sink, f);
}

/* ---- telling what it is ---- */

/* Whoever joins mid-stream finds whole records at the start of segments at best. */
static bool is_tls(const struct conn *c, struct slice b)
{
    return tls_looks_like_hello(b) || (c->mid_stream && tls_looks_like_record(b));
}

static bool is_http2(struct slice b)
{
    return slice_starts(b, SLICE_LIT("PRI * HTTP/2.0\r\n"));
}

/* RFC 9113 3.4: a server may send its SETTINGS before it has seen the client's preface. */
static bool is_http2_server(struct slice b)
{
    struct reader r = reader_of_slice(b);
    uint32_t len = reader_be24(&r);
    uint16_t settings_without_ack = reader_be16(&r);

    return settings_without_ack == 0x0400 && reader_be32(&r) == 0 && reader_ok(&r) && len % 6 == 0 && len < 600;
}

static bool may_become(struct slice b, struct slice signature)
{
    return b.n < signature.n && slice_starts(signature, b);
}

static bool is_dns_port(const struct conn *c)
{
    return c->flow->server.port == DNS || c->flow->client.port == DNS;
}

static bool looks_like_dns(const struct conn *c, struct slice bytes)
{
    return is_dns_port(c) || (c->flow->server.port != LLMNR && dns_stream_looks_like(bytes));
}

static enum fact_proto told_by(const struct conn *c, enum flow_dir dir, struct slice b, bool *wait)
{
    enum http1_guess request = http1_looks_like_request(b), response = http1_looks_like_response(b);

    *wait = false;
    if (is_http2(b) || (dir == FLOW_S2C && is_http2_server(b)))
        return FACT_PROTO_HTTP2;
    *wait = may_become(b, SLICE_LIT("PRI * HTTP/2.0\r\n"));
    if (*wait)
        return FACT_PROTO_UNKNOWN;
    if (request == HTTP1_YES || response == HTTP1_YES)
        return FACT_PROTO_HTTP1;
    if (is_tls(c, b))
        return FACT_PROTO_TLS;
    if (c->mid_stream && http2_looks_like_frames(dir, b))
        return FACT_PROTO_HTTP2;
    if (looks_like_dns(c, b))
        return FACT_PROTO_DNS;
    if (dir == FLOW_C2S && socks_looks_like(b))
        return FACT_PROTO_SOCKS;
    *wait =
        request == HTTP1_MAYBE || response == HTTP1_MAYBE || (b.n < 6 && (b.p[0] == TLS_HANDSHAKE || b.p[0] == 0x80));
    return *wait || c->mid_stream ? FACT_PROTO_UNKNOWN : FACT_PROTO_OTHER;
}

static void tell(struct proto *p, struct conn *c, enum fact_proto proto, const struct packet_mark *mark)
{
    struct fact f = {.kind = FACT_CONN_PROTO, .conn = c->flow, .mark = *mark};

    c->proto = proto;
    p->counters.tls_connections += proto == FACT_PROTO_TLS;
    p->counters.http2_connections += proto == FACT_PROTO_HTTP2;
    p->counters.other_connections += proto == FACT_PROTO_OTHER;
    f.as.proto = proto;
    emit(p, &f);
}

static bool start_decoder(struct proto *p, struct conn *c)
{
    switch (c->proto) {
    case FACT_PROTO_HTTP1:
        if (c->http1 != NULL)
            http1_resume(c->http1);
        else
            c->http1 = http1_new(&p->http1, c->flow, c->mid_stream);
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

static void decode_dns(struct proto *p, const struct flow_datagram *d, bool over_tcp, struct flow_tcp *conn)
{
    struct fact f = {.kind = FACT_DNS_MESSAGE, .conn = conn, .mark = d->mark};

    (void)dns_decode(d->bytes, d->len, &p->message);
    p->counters.dns_messages++;
    p->counters.dns_malformed += p->message.status == READ_BAD;
    p->counters.dns_cut += p->message.status == READ_SHORT;
    f.as.dns.message = &p->message;
    f.as.dns.src = d->src;
    f.as.dns.dst = d->dst;
    f.as.dns.over_tcp = over_tcp;
    emit(p, &f);
}

static void dns_chunk(struct proto *p, struct conn *c, const struct flow_chunk *chunk)
{
    bool up = chunk->dir == FLOW_C2S;
    struct flow_datagram d = {
        .mark = up ? chunk->seen : chunk->deliverable,
        .src = up ? c->flow->client : c->flow->server,
        .dst = up ? c->flow->server : c->flow->client,
        .path = c->flow->path,
    };
    struct slice bytes = chunk->bytes;

    if (chunk->len != chunk->bytes.n) {
        dns_stream_lose(c->dns, chunk->dir);
        return;
    }
    while (dns_stream_next(c->dns, chunk->dir, &bytes, &d.bytes)) {
        d.len = (uint32_t)d.bytes.n;
        decode_dns(p, &d, true, c->flow);
    }
}

/* What is left of a chunk behind `used` bytes. */
static struct flow_chunk rest_of(const struct flow_chunk *chunk, uint64_t used)
{
    struct flow_chunk rest = *chunk;
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
        dns_chunk(p, c, chunk);
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

/* Bytes that do not tell yet are kept until more come. */
static bool keep(struct conn *c, const struct flow_chunk *chunk)
{
    struct prefix *x = &c->prefix[chunk->dir];

    if (chunk->bytes.n != chunk->len || x->n + chunk->bytes.n > PREFIX_MAX)
        return false;
    if (x->n == 0)
        x->mark = chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable;
    memcpy(x->bytes + x->n, chunk->bytes.p, chunk->bytes.n);
    x->n = (uint8_t)(x->n + chunk->bytes.n);
    return true;
}

/* Joined mid-stream, the roles were guessed from the ports; a request, a response or a hello knows better. */
static void mend_roles(struct conn *c, struct flow_chunk *chunk, struct slice first)
{
    bool tls = tls_looks_like_hello(first) && first.p[0] == TLS_HANDSHAKE;
    bool wrong = chunk->dir == FLOW_C2S
                     ? http1_looks_like_response(first) == HTTP1_YES || (tls && first.p[5] == TLS_SERVER_HELLO)
                     : http1_looks_like_request(first) == HTTP1_YES || (tls && first.p[5] == TLS_CLIENT_HELLO);

    if (!wrong || c->flow->roles != FLOW_ROLES_GUESSED || c->depth > 0)
        return;
    struct prefix x = c->prefix[0];
    c->prefix[0] = c->prefix[1];
    c->prefix[1] = x;
    flow_tcp_swap_roles(c->flow);
    chunk->dir = chunk->dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S;
}

static struct slice first_bytes(const struct conn *c, const struct flow_chunk *chunk, uint8_t joined[PREFIX_MAX])
{
    const struct prefix *x = &c->prefix[chunk->dir];
    size_t room = PREFIX_MAX - (size_t)x->n;
    size_t n = chunk->bytes.n < room ? chunk->bytes.n : room;

    if (x->n == 0)
        return chunk->bytes;
    memcpy(joined, x->bytes, x->n);
    memcpy(joined + x->n, chunk->bytes.p, n);
    return slice_of(joined, x->n + n);
}

/* A server that does not understand its client may say so in HTTP: it is to be heard first. */
static bool await_answer(struct conn *c, enum flow_dir dir, enum fact_proto proto)
{
    if (proto != FACT_PROTO_OTHER || dir != FLOW_C2S)
        return false;
    c->client_unknown = true;
    c->prefix[FLOW_C2S].n = 0;
    return true;
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
    struct slice first = first_bytes(c, chunk, joined);
    enum fact_proto proto = told_by(c, chunk->dir, first, &wait);
    if ((wait && keep(c, chunk)) || await_answer(c, chunk->dir, proto))
        return false;
    c->mid_stream = c->mid_stream || c->client_unknown;
    if (proto == FACT_PROTO_UNKNOWN) {
        c->prefix[chunk->dir].n = 0;
        return false;
    }
    mend_roles(c, chunk, first);
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
    struct flow_chunk left = *chunk;

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
        emit(p, &f);
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
    emit(p, &f);
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

static void on_event(void *ctx, struct flow_tcp *flow, const struct flow_event *event)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = flow, .dir = event->dir, .mark = event->mark};

    if (c == NULL)
        return;
    for (; c != NULL; c = c->inner)
        tell_decoders(c, event);
    f.as.event = *event;
    emit(p, &f);
}

static void conn_free(struct proto *p, struct conn *c)
{
    while (c != NULL) {
        struct conn *inner = c->inner;
        http1_free(c->http1);
        http2_free(c->http2);
        tls_free(c->tls);
        dns_stream_free(c->dns);
        free(c->socks);
        slab_give(&p->conns, c);
        c = inner;
    }
}

static void on_close(void *ctx, struct flow_tcp *flow, enum flow_end why)
{
    struct proto *p = ctx;
    struct conn *c = flow->user;
    struct fact f = {.kind = FACT_CONN_CLOSE, .conn = flow};

    if (c == NULL)
        return;
    for (struct conn *x = c; x != NULL; x = x->inner) {
        if (x->tls != NULL)
            tls_close(x->tls);
        if (x->http1 != NULL)
            http1_close(x->http1, false);
        if (x->http2 != NULL)
            http2_close(x->http2);
    }
    f.as.end = why;
    emit(p, &f);
    conn_free(p, c);
    flow->user = NULL;
}

static bool is_multicast(const struct ip_addr *ip)
{
    return ip->family == 4 ? ip->bytes[0] >> 4 == 14 : ip->bytes[0] == 0xff;
}

/* mDNS, LLMNR and the NetBIOS name service speak DNS's format to everybody on the link, and mostly nobody answers: no
 * resolver of net/http asks them. Unicast DNS on 5353 is common behind a service address. */
static bool is_local_name_service(const struct flow_datagram *d)
{
    enum { NETBIOS = 137, MDNS = 5353 };
    uint16_t from = d->src.port, to = d->dst.port;

    return is_multicast(&d->dst.ip) || from == LLMNR || to == LLMNR || from == NETBIOS || to == NETBIOS ||
           (from == MDNS && to == MDNS);
}

bool proto_speaks_dns(const struct flow_datagram *d)
{
    if (d->src.port == DNS || d->dst.port == DNS)
        return dns_plausible_on_port(d->bytes, d->len);
    return !is_local_name_service(d) && dns_plausible(d->bytes);
}

static void on_udp(void *ctx, const struct flow_datagram *d)
{
    if (proto_speaks_dns(d))
        decode_dns(ctx, d, false, NULL);
}

static void on_udp_error(void *ctx, const struct flow_udp_error *error)
{
    struct fact f = {.kind = FACT_DNS_ERROR, .mark = error->mark};

    f.as.dns_error = *error;
    emit(ctx, &f);
}

bool proto_forgets(const struct flow_tcp *flow)
{
    const struct conn *c = flow->user;

    if (c == NULL || c->proto == FACT_PROTO_OTHER)
        return true;
    return c->proto == FACT_PROTO_UNKNOWN && c->mid_stream && !c->client_unknown && c->prefix[0].n == 0 &&
           c->prefix[1].n == 0 && c->http1 == NULL;
}

void proto_skip(struct flow_tcp *flow)
{
    struct conn *c = flow->user;

    if (c == NULL || c->proto != FACT_PROTO_UNKNOWN)
        return;
    c->mid_stream = c->client_unknown = false;
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
        .udp = on_udp,
        .udp_error = on_udp_error,
    };
}
