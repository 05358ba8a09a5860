#include "unit/judge/made.h"

static struct endpoint endpoint(const char *ip, uint16_t port)
{
    return (struct endpoint){ip_parse(slice_str(ip)), port};
}

static void fill_conn(struct exchange_conn *c)
{
    *c = (struct exchange_conn){
        .present = true,
        .id = 7,
        .client = endpoint("10.0.0.1", 40000),
        .server = endpoint("10.0.0.2", 80),
        .first = at(1000),
        .syn = at(1000),
        .syn_ack = at(1100),
        .ack = at(1110),
        .handshake_seen = true,
        .proto = FACT_PROTO_HTTP1,
        .payload_bytes = {100, 100},
    };
}

void made_http(struct made *m)
{
    static const struct fact_header host[] = {{SLICE_INIT("Host"), SLICE_INIT("a.test")}};

    *m = (struct made){0};
    m->e.kind = P2T_KIND_HTTP1;
    m->e.start = at(1000);
    m->e.end_ns = at(4000).ts_ns;
    fill_conn(&m->e.conn);
    m->e.request = (struct exchange_request){.seen = true,
                                             .first = at(2000),
                                             .head_end = at(2000),
                                             .last = at(2000),
                                             .method = SLICE_LIT("GET"),
                                             .target = SLICE_LIT("/"),
                                             .host = SLICE_LIT("a.test"),
                                             .version_major = 1,
                                             .version_minor = 1,
                                             .headers = host,
                                             .header_count = 1,
                                             .head_bytes = 40,
                                             .ended = true,
                                             .complete = true};
    m->e.response = (struct exchange_response){.seen = true,
                                               .first = at(3000),
                                               .head_end = at(3000),
                                               .last = at(4000),
                                               .status = 200,
                                               .reason = SLICE_LIT("OK"),
                                               .version_major = 1,
                                               .version_minor = 1,
                                               .ended = true,
                                               .complete = true};
}

void made_http2(struct made *m)
{
    made_http(m);
    m->e.kind = P2T_KIND_HTTP2;
    m->e.stream.id = 1;
    m->e.conn.preface = at(1500);
    m->e.conn.proto = FACT_PROTO_HTTP2;
}

void made_tls(struct made *m)
{
    made_http(m);
    m->e.kind = P2T_KIND_TLS;
    m->e.tls = &m->tls;
    m->e.handshakes = true;
    m->e.response.first_possible = at(2900);
    m->tls = (struct exchange_tls){.hello = at(1200),
                                   .done = at(1800),
                                   .version = 0x0304,
                                   .cipher = 0x1301,
                                   .server_name = SLICE_LIT("a.test"),
                                   .alpn = SLICE_LIT("http/1.1")};
}

static void fill_lookup(struct made *m)
{
    m->lookup = (struct exchange_lookup){.host = SLICE_LIT("a.test"),
                                         .last_name = SLICE_LIT("a.test"),
                                         .client = endpoint("10.0.0.1", 5000),
                                         .server = endpoint("10.0.0.53", 53),
                                         .first_query = at(100),
                                         .last_query = at(110),
                                         .last_answer = at(210),
                                         .queries = 2,
                                         .answers = 2,
                                         .names = 1,
                                         .result = LOOKUP_OK,
                                         .resolver = RESOLVER_GO,
                                         .has_rcode = true,
                                         .detours = &m->detours};
}

void made_lookup(struct made *m)
{
    *m = (struct made){0};
    m->e.kind = P2T_KIND_LOOKUP;
    m->e.start = at(100);
    m->e.end_ns = at(210).ts_ns;
    m->e.lookup = &m->lookup;
    fill_lookup(m);
}

void made_dial(struct made *m)
{
    *m = (struct made){0};
    m->e.kind = P2T_KIND_CONNECT;
    m->e.start = at(1000);
    fill_conn(&m->e.conn);
    m->e.conn.payload_bytes[0] = m->e.conn.payload_bytes[1] = 0;
    m->e.attempts = m->attempts;
    m->e.attempt_count = 1;
    m->attempts[0] = (struct exchange_attempt){.client = m->e.conn.client,
                                               .server = m->e.conn.server,
                                               .conn_id = 7,
                                               .syn = at(1000),
                                               .last_syn = at(1000),
                                               .syns = 1,
                                               .result = ATTEMPT_PENDING};
}

void made_add_lookup(struct made *m)
{
    m->e.lookup = &m->lookup;
    m->e.start = at(100);
    fill_lookup(m);
    m->lookup.addrs = &m->e.conn.server.ip;
    m->lookup.addr_count = 1;
}

void made_add_dial(struct made *m)
{
    m->e.attempts = m->attempts;
    m->e.attempt_count = 1;
    m->attempts[0] = (struct exchange_attempt){.client = m->e.conn.client,
                                               .server = m->e.conn.server,
                                               .conn_id = 7,
                                               .syn = at(1000),
                                               .last_syn = at(1000),
                                               .syn_ack = at(1100),
                                               .ack = at(1110),
                                               .syns = 1,
                                               .result = ATTEMPT_OK};
}

void made_unanswered(struct made *m)
{
    m->e.response = (struct exchange_response){0};
}

void made_server_fin(struct made *m, uint64_t us)
{
    m->e.conn.server_fin = at(us);
    m->e.conn.fin_in_order[FLOW_S2C] = true;
}

void made_free(struct made *m)
{
    arena_fini(&m->e.arena);
    m->e.finding_count = 0; /* their texts were in it */
}
