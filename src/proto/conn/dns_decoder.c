/* DNS in a connection and in datagrams (RFC 1035 4.2, RFC 7766). */
#include "proto/conn/decoder.h"
#include "proto/dns/stream.h"

enum { DNS = 53, LLMNR = 5355 };

static void decode_dns(struct proto *p, const struct flow_datagram *d, bool over_tcp, struct flow_conn *conn)
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
    f.as.dns.path = d->path;
    proto_emit(p, &f);
}

static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    struct dns_stream *stream = c->state[FACT_PROTO_DNS];
    bool up = chunk->dir == FLOW_C2S;
    struct flow_datagram d = {
        .mark = up ? chunk->seen : chunk->deliverable,
        .src = up ? c->flow->client : c->flow->server,
        .dst = up ? c->flow->server : c->flow->client,
        .path = c->flow->path,
    };
    struct slice bytes = chunk->bytes;
    size_t before = dns_stream_bytes(stream);

    if (chunk->len != chunk->bytes.n) {
        dns_stream_lose(stream, chunk->dir);
        return false;
    }
    while (dns_stream_next(stream, chunk->dir, &bytes, &d.bytes)) {
        d.len = (uint32_t)d.bytes.n;
        decode_dns(p, &d, true, c->flow);
    }
    budget_change(p->budget, before, dns_stream_bytes(stream));
    return false;
}

static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    uint16_t server = c->flow->server.port, client = c->flow->client.port;

    (void)dir;
    return server == DNS || client == DNS || (server != LLMNR && dns_stream_looks_like(bytes)) ? SNIFF_YES : SNIFF_NO;
}

static bool start(struct proto *p, struct conn *c)
{
    (void)p;
    c->state[FACT_PROTO_DNS] = dns_stream_new();
    return c->state[FACT_PROTO_DNS] != NULL;
}

static void free_state(struct proto *p, void *state)
{
    budget_sub(p->budget, dns_stream_bytes(state));
    dns_stream_free(state);
}

const struct decoder decoder_dns = {
    .name = "dns",
    .proto = FACT_PROTO_DNS,
    .sniff = sniff,
    .start = start,
    .chunk = chunk,
    .free = free_state,
};

/* ---- datagrams ---- */

static bool is_multicast(const struct ip_addr *ip)
{
    return ip->family == 4 ? ip->bytes[0] >> 4 == 14 : ip->bytes[0] == 0xff;
}

/* mDNS, LLMNR and the NetBIOS name service speak DNS's format to everybody on the link, and mostly nobody answers: no
 * resolver of net/http asks them. Unicast DNS on 5353 is common where a service address is translated to it. */
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

void conn_on_udp(void *ctx, const struct flow_datagram *d)
{
    if (proto_speaks_dns(d))
        decode_dns(ctx, d, false, NULL);
}

void conn_on_udp_error(void *ctx, const struct flow_udp_error *error)
{
    struct fact f = {.kind = FACT_DNS_ERROR, .mark = error->mark};

    f.as.dns_error = *error;
    proto_emit(ctx, &f);
}
