#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "judge/judge.h"
#include "pcap2trace/status.h"

static struct packet_mark mark_at(struct sim *s, int64_t us)
{
    return (struct packet_mark){us * 1000, packet_ref_of(++s->packet, 0)};
}

static void copy(char *out, size_t size, struct slice text)
{
    snprintf(out, size, "%.*s", (int)text.n, text.p != NULL ? (const char *)text.p : "");
}

static void on_exchange(void *ctx, struct exchange *e)
{
    struct sim *s = ctx;

    exchange_judge(e);
    if (s->muted)
        return;
    if (s->n == SIM_EXCHANGES_MAX)
        abort();
    struct sim_exchange *x = &s->out[s->n++];
    *x = (struct sim_exchange){.kind = e->kind,
                               .outcome = e->outcome,
                               .quiet = e->quiet,
                               .has_lookup = e->lookup != NULL,
                               .orphan = e->conn.orphan_dial,
                               .handed_over = e->conn.handed_over,
                               .pool_full = e->conn.pool_full,
                               .unread = e->response.unread,
                               .client_port = e->conn.client.port,
                               .dialled_port = e->attempt_count > 0 ? e->attempts[0].client.port : 0,
                               .attempts = e->attempt_count,
                               .end_us = e->end_ns / 1000,
                               .asked_us = e->lookup != NULL ? e->lookup->first_query.ts_ns / 1000 : 0,
                               .position = e->conn.position};
    for (size_t i = 0; i < e->attempt_count && i < 8; i++)
        x->result[i] = e->attempts[i].result;
    if (e->lookup != NULL) {
        copy(x->host, sizeof x->host, e->lookup->host);
        x->shared = e->lookup->shared;
        x->names = e->lookup->names;
        x->queries = e->lookup->queries;
    }
    copy(x->error, sizeof x->error, e->error);
    copy(x->target, sizeof x->target, e->request.target);
    if (e->link_count > 0)
        snprintf(x->link, sizeof x->link, "%s", e->links[0].relation);
}

static struct correlate *fresh(struct sim *s)
{
    struct correlate *c = correlate_new(&correlate_limits_default, on_exchange, s);

    if (c == NULL)
        abort();
    return c;
}

void sim_init(struct sim *s)
{
    *s = (struct sim){.name_server = "10.0.0.53"};
    s->correlate = fresh(s);
}

#ifdef SIM_CARRIES
static void on_evidence(void *ctx, uint32_t file)
{
    (void)ctx;
    if (file != 0)
        abort();
}

static void assert_refused(struct sim *s, struct slice saved)
{
    struct correlate *c = fresh(s);

    if (correlate_load(c, saved) != P2T_ERR_USAGE)
        abort();
    correlate_free(c);
}

static void close_all(struct sim *s)
{
    for (size_t i = 0; i < s->flow_count; i++) {
        struct fact f = {.kind = FACT_CONN_CLOSE, .conn = &s->flows[i]};
        f.as.end = FLOW_END_INPUT;
        correlate_fact(s->correlate, &f);
    }
    correlate_free(s->correlate);
}

/* After each fact, another one goes on in its place; half of what was saved is refused, without a word. */
static void carry(struct sim *s)
{
    enum { STEP = 17 };
    struct buf saved = {0};
    struct correlate *next = fresh(s);

    correlate_flush(s->correlate);
    correlate_save(s->correlate, &saved, on_evidence, s);
    s->muted = true;
    for (size_t n = s->packet % STEP; n < saved.n; n += STEP)
        assert_refused(s, slice_of(saved.p, n));
    close_all(s);
    s->muted = false;
    if (saved.failed || correlate_load(next, buf_view(&saved)) != P2T_OK)
        abort();
    s->correlate = next;
    for (size_t i = 0; i < s->flow_count; i++)
        (void)correlate_adopt(next, &s->flows[i]);
    correlate_loaded(next);
    buf_fini(&saved);
}
#else
static void carry(struct sim *s)
{
    (void)s;
}
#endif

void sim_finish(struct sim *s)
{
    correlate_finish(s->correlate);
    correlate_free(s->correlate);
}

void sim_clock(struct sim *s, int64_t us)
{
    correlate_clock(s->correlate, us * 1000);
    correlate_flush(s->correlate);
    carry(s);
}

static void feed(struct sim *s, struct fact *f)
{
    correlate_clock(s->correlate, f->mark.ts_ns);
    correlate_fact(s->correlate, f);
    carry(s);
}

/* ---- DNS ---- */

static struct endpoint client_at(uint16_t port)
{
    return (struct endpoint){ip_parse(SLICE_LIT("10.0.0.1")), port};
}

static void message(struct sim *s, int64_t us, uint16_t port, const struct dns_message *m)
{
    struct fact f = {.kind = FACT_DNS_MESSAGE, .mark = mark_at(s, us)};
    struct endpoint client = client_at(port), server = {ip_parse(slice_str(s->name_server)), 53};

    f.as.dns.message = m;
    f.as.dns.src = m->is_response ? server : client;
    f.as.dns.dst = m->is_response ? client : server;
    feed(s, &f);
}

static struct dns_message *message_new(const struct sim *s, uint16_t id, const char *name, uint16_t type)
{
    struct dns_message *m = calloc(1, sizeof *m);

    if (m == NULL)
        abort();
    m->has_header = m->has_question = true;
    m->has_opt = !s->not_gos_resolver;
    m->opt_udp_size = 1232;
    m->id = id;
    m->qtype = type;
    m->qclass = 1;
    m->qname_len = (uint16_t)snprintf(m->qname, sizeof m->qname, "%s", name);
    return m;
}

void sim_query(struct sim *s, int64_t us, uint16_t port, uint16_t id, const char *name, uint16_t type)
{
    struct dns_message *m = message_new(s, id, name, type);

    message(s, us, port, m);
    free(m);
}

void sim_answer(struct sim *s, int64_t us, uint16_t port, uint16_t id, const char *name, uint16_t type,
                uint16_t rcode, const char *addr)
{
    struct dns_message *m = message_new(s, id, name, type);

    m->is_response = m->ra = true;
    m->rcode = rcode;
    if (addr != NULL) {
        m->answers = m->answer_count = 1;
        m->answer[0].type = type;
        m->answer[0].addr = ip_parse(slice_str(addr));
    }
    message(s, us, port, m);
    free(m);
}

/* ---- connections ---- */

void sim_event(struct sim *s, int64_t us, struct flow_conn *c, enum flow_event_kind kind, enum flow_dir dir)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = c, .dir = dir, .mark = mark_at(s, us)};

    f.as.event = &(struct flow_event){.kind = kind, .dir = dir, .mark = f.mark};
    feed(s, &f);
}

void sim_icmp(struct sim *s, int64_t us, struct flow_conn *c)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = c, .dir = FLOW_C2S, .mark = mark_at(s, us)};

    f.as.event = &(struct flow_event){
        .kind = FLOW_ICMP, .dir = FLOW_C2S, .mark = f.mark, .icmp_family = 4, .icmp_type = 3, .icmp_code = 13};
    feed(s, &f);
}

void sim_reset(struct sim *s, int64_t us, struct flow_conn *c, uint32_t untaken)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = c, .dir = FLOW_C2S, .mark = mark_at(s, us)};

    f.as.event = &(struct flow_event){.kind = FLOW_RST, .dir = FLOW_C2S, .mark = f.mark, .untaken = untaken};
    feed(s, &f);
}

struct flow_conn *sim_syn(struct sim *s, int64_t us, uint16_t port, const char *server)
{
    struct flow_conn *c = &s->flows[s->flow_count++];
    bool v6 = ip_parse(slice_str(server)).family == 6;

    c->number = s->flow_count;
    c->client = client_at(port);
    if (v6)
        c->client.ip = ip_parse(SLICE_LIT("fd00::1"));
    c->server = (struct endpoint){ip_parse(slice_str(server)), 80};
    c->first = mark_at(s, us);
    struct fact f = {.kind = FACT_CONN_OPEN, .conn = c, .mark = c->first};
    feed(s, &f);
    sim_event(s, us, c, FLOW_SYN, FLOW_C2S);
    return c;
}

void sim_syn_again(struct sim *s, int64_t us, struct flow_conn *c)
{
    struct fact f = {.kind = FACT_CONN_EVENT, .conn = c, .dir = FLOW_C2S, .mark = mark_at(s, us)};

    f.as.event = &(struct flow_event){.kind = FLOW_SYN, .mark = f.mark, .repeated = true};
    feed(s, &f);
}

void sim_established(struct sim *s, int64_t us, struct flow_conn *c)
{
    sim_event(s, us, c, FLOW_SYN_ACK, FLOW_S2C);
    sim_event(s, us + 10, c, FLOW_ESTABLISHED, FLOW_C2S);
}

static void end_of(struct sim *s, struct flow_conn *c, enum fact_kind kind, uint32_t number, uint32_t stream,
                   struct packet_mark mark)
{
    struct fact f = {.kind = kind, .conn = c, .exchange = number, .stream = stream, .mark = mark};

    f.as.http_end = (struct fact_http_end){.last = mark, .complete = true};
    feed(s, &f);
}

static void ask(struct sim *s, int64_t us, struct flow_conn *c, uint32_t number, uint32_t stream, const char *target,
                const struct fact_header *headers, size_t header_count)
{
    struct fact f = {
        .kind = FACT_HTTP_REQUEST_HEAD, .conn = c, .exchange = number, .stream = stream, .mark = mark_at(s, us)};

    f.as.head = &(struct fact_http_head){.first = f.mark,
                                         .last = f.mark,
                                         .method = SLICE_LIT("GET"),
                                         .target = slice_str(target),
                                         .version_major = stream != 0 ? 2 : 1,
                                         .version_minor = stream != 0 ? 0 : 1,
                                         .headers = headers,
                                         .header_count = header_count};
    feed(s, &f);
    end_of(s, c, FACT_HTTP_REQUEST_END, number, stream, f.mark);
}

void sim_request(struct sim *s, int64_t us, struct flow_conn *c, uint32_t number, const char *host,
                 const char *target)
{
    struct fact_header headers[] = {{SLICE_LIT("Host"), slice_str(host)},
                                    {SLICE_LIT("User-Agent"), SLICE_LIT("test")},
                                    {SLICE_LIT("Accept-Encoding"), SLICE_LIT("gzip")}};

    ask(s, us, c, number, 0, target, headers, s->not_go ? 1 : 3);
}

void sim_stream(struct sim *s, int64_t us, struct flow_conn *c, uint32_t stream, const char *host, const char *target)
{
    struct fact_header headers[] = {{SLICE_LIT(":authority"), slice_str(host)},
                                    {SLICE_LIT(":method"), SLICE_LIT("GET")},
                                    {SLICE_LIT(":path"), slice_str(target)},
                                    {SLICE_LIT(":scheme"), SLICE_LIT("http")}};

    ask(s, us, c, stream, stream, target, headers, s->not_go ? 1 : 4);
}

void sim_response(struct sim *s, int64_t us, struct flow_conn *c, uint32_t number, uint16_t status,
                  const char *location)
{
    struct fact_header header = {SLICE_LIT("Location"), slice_str(location)};
    struct fact f = {
        .kind = FACT_HTTP_RESPONSE_HEAD, .conn = c, .exchange = number, .dir = FLOW_S2C, .mark = mark_at(s, us)};

    f.as.head = &(struct fact_http_head){.first = f.mark,
                                         .last = f.mark,
                                         .status = status,
                                         .version_major = 1,
                                         .version_minor = 1,
                                         .has_length = true,
                                         .headers = &header,
                                         .header_count = location != NULL};
    feed(s, &f);
    end_of(s, c, FACT_HTTP_RESPONSE_END, number, 0, f.mark);
}

void sim_record(struct sim *s, int64_t us, struct flow_conn *c, enum flow_dir dir, enum fact_tls_shape shape,
                uint32_t bytes)
{
    struct packet_mark mark = mark_at(s, us);
    struct fact_tls_records r = {.shape = shape, .first = mark, .first_whole = mark, .last = mark, .records = 1};
    struct fact f = {.kind = FACT_TLS_RECORDS, .conn = c, .dir = dir, .mark = mark};

    r.bytes = r.first_bytes = r.last_bytes = bytes;
    r.h2 = true;
    f.as.tls_records = &r;
    feed(s, &f);
}

void sim_close(struct sim *s, int64_t us, struct flow_conn *c, enum flow_end why)
{
    struct fact f = {.kind = FACT_CONN_CLOSE, .conn = c};

    correlate_clock(s->correlate, us * 1000);
    f.as.end = why;
    correlate_fact(s->correlate, &f);
    carry(s);
}
