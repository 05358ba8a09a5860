/* Connections and datagrams as flow hands them over, made up by the bytes: what they carry is told by content, then
 * decoded. Facts of a connection come between its open and its close, in this order, and only such as its protocol
 * has. */
#include <stdlib.h>

#include "base/reader.h"
#include "flow/table.h"
#include "proto/conn/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { CONNS = 4 };

struct world {
    struct proto *proto;
    struct flow_sink sink;
    struct flow_conn conns[CONNS];
    bool open[CONNS], told[CONNS]; /* told: as the facts say */
    uint64_t offset[CONNS][2];
    struct packet_mark mark;
    uint64_t opened, dns;
};

/* In place of the flow table's, whose connections hold more than these. */
void flow_tcp_swap_roles(struct flow_conn *conn)
{
    struct endpoint client = conn->client;

    conn->client = conn->server;
    conn->server = client;
}

static void check_dns(const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;

    CHECK(m != NULL && m->answers <= m->answer_count);
    CHECK(!m->has_question || strlen(m->qname) == m->qname_len);
    CHECK((f->conn != NULL) == f->as.dns.over_tcp);
}

static void see(void *ctx, const struct fact *f)
{
    struct world *w = ctx;

    if (f->kind == FACT_DNS_MESSAGE) {
        check_dns(f);
        w->dns++;
    }
    if (f->conn == NULL) {
        CHECK(f->kind == FACT_DNS_MESSAGE || f->kind == FACT_DNS_ERROR);
        return;
    }
    size_t i = (size_t)(f->conn - w->conns);
    CHECK(i < CONNS);
    if (f->kind == FACT_CONN_OPEN) {
        CHECK(!w->told[i]);
        w->told[i] = true;
        return;
    }
    CHECK(w->told[i]);
    CHECK(f->kind != FACT_SOCKS_REQUEST || f->as.socks_request.host.n <= 255);
    if (f->kind == FACT_CONN_CLOSE)
        w->told[i] = false;
}

/* ---- flow's callbacks ---- */

static void open_conn(struct world *w, size_t i, struct reader *r)
{
    uint8_t how = reader_u8(r);
    struct flow_conn *c = &w->conns[i];

    *c = (struct flow_conn){.number = ++w->opened, .first = w->mark};
    c->client = (struct endpoint){{{10, 0, 0, 1}, 4}, how & 2 ? 53 : 40000};
    c->server = (struct endpoint){{{10, 0, 0, 2}, 4}, how & 4 ? 53 : how & 8 ? 5355 : 1080};
    c->roles = how & 1 ? FLOW_ROLES_GUESSED : FLOW_ROLES_HANDSHAKE;
    w->offset[i][0] = w->offset[i][1] = 0;
    w->open[i] = true;
    w->sink.tcp_open(w->sink.ctx, c);
}

static void close_conn(struct world *w, size_t i)
{
    w->open[i] = false;
    w->sink.tcp_close(w->sink.ctx, &w->conns[i], FLOW_END_IDLE);
}

static void chunk(struct world *w, size_t i, struct reader *r, enum flow_dir dir)
{
    uint8_t kind = reader_u8(r), n = reader_u8(r);
    struct slice bytes = reader_slice(r, kind % 8 == 7 ? 0 : n < r->left ? n : r->left);
    struct flow_chunk c = {.dir = dir,
                           .offset = w->offset[i][dir],
                           .bytes = bytes.n > 0 ? bytes : slice_of(NULL, 0),
                           .len = bytes.n + (kind % 8 >= 6 ? kind / 8 : 0),
                           .lost = kind % 8 == 7,
                           .seen = w->mark,
                           .deliverable = w->mark};

    if (c.len == 0)
        return;
    w->offset[i][dir] += c.len;
    w->sink.tcp_chunk(w->sink.ctx, &w->conns[i], &c);
}

static void event(struct world *w, size_t i, struct reader *r)
{
    uint8_t kind = reader_u8(r);
    struct flow_event e = {.kind = (enum flow_event_kind)(1 + kind % FLOW_SENT_AFTER_RST),
                           .dir = (enum flow_dir)(kind >> 7),
                           .mark = w->mark};

    w->sink.tcp_event(w->sink.ctx, &w->conns[i], &e);
}

static void datagram(struct world *w, struct reader *r)
{
    uint8_t ports = reader_u8(r), n = reader_u8(r);
    struct flow_datagram d = {.mark = w->mark, .bytes = reader_slice(r, n < r->left ? n : r->left)};

    d.src = (struct endpoint){{{10, 0, 0, 1}, 4}, ports & 1 ? 53 : ports & 2 ? 5353 : 40000};
    d.dst = (struct endpoint){{{ports & 4 ? 224 : 10, 0, 0, 2}, 4}, ports & 8 ? 53 : ports & 16 ? 5353 : 137};
    d.len = (uint32_t)d.bytes.n + ports / 32;
    w->sink.udp(w->sink.ctx, &d);
}

static void step(struct world *w, struct reader *r)
{
    uint8_t op = reader_u8(r);
    size_t i = op / 8 % CONNS;

    w->mark.ts_ns += 1000;
    w->mark.ref.number++;
    if (op % 8 == 0) {
        datagram(w, r);
    } else if (!w->open[i]) {
        open_conn(w, i, r);
    } else if (op % 8 == 1) {
        close_conn(w, i);
    } else if (op % 8 == 2) {
        event(w, i, r);
    } else {
        chunk(w, i, r, op % 2 == 0 ? FLOW_C2S : FLOW_S2C);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proto_limits limits = {
        .http1 = {.head_bytes = 512, .head_bytes_total = 1000, .headers = 8, .pipelined = 4},
        .http2 = {.block_bytes = 512, .decoded_bytes = 1024, .headers = 8, .streams = 4}};
    struct world w = {.mark = {1000, {0, 0}}};
    struct fact_sink sink = {&w, see};
    struct reader r = reader_of(data, size);

    w.proto = proto_new(&limits, &sink);
    CHECK(w.proto != NULL);
    w.sink = proto_flow_sink(w.proto);
    while (r.left > 0)
        step(&w, &r);
    for (size_t i = 0; i < CONNS; i++) {
        if (w.open[i])
            close_conn(&w, i);
        CHECK(!w.told[i]);
    }
    CHECK(proto_counters(w.proto)->dns_messages == w.dns);
    proto_free(w.proto);
    return 0;
}
