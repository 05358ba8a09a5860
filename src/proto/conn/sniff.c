/* What a connection carries, told by its first bytes. */
#include "base/reader.h"
#include "flow/table.h"
#include "proto/conn/state.h"

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

enum fact_proto conn_told_by(const struct conn *c, enum flow_dir dir, struct slice b, bool *wait)
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

bool conn_keep(struct conn *c, const struct flow_chunk *chunk)
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
void conn_mend_roles(struct conn *c, struct flow_chunk *chunk, struct slice first)
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

struct slice conn_first_bytes(const struct conn *c, const struct flow_chunk *chunk, uint8_t joined[PREFIX_MAX])
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
bool conn_await_answer(struct conn *c, enum flow_dir dir, enum fact_proto proto)
{
    if (proto != FACT_PROTO_OTHER || dir != FLOW_C2S)
        return false;
    c->client_unknown = true;
    c->prefix[FLOW_C2S].n = 0;
    return true;
}
