/* The flow table under two kinds of input, told by the first byte.
 *
 * Even: the bytes drive a sender whose stream is known. It cuts, repeats, reorders, overlaps, contradicts and loses
 * its segments; a naive model keeps, for each byte of the stream, who brought it first. Odd: arbitrary packets under
 * tiny limits, where only invariants hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "flow/table.h"
#include "support/flow_push.h"

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { STREAM = 512, PATIENCE_NS = 1000, FAR_AHEAD_NS = 3000 };

/* ---- a known stream ---- */

struct model {
    struct flow_table *table;
    uint32_t isn;
    uint32_t acked, off_fin;
    int64_t acked_ns; /* of the last packet from the client */
    struct packet last;
    struct packet_mark now;
    /* Per byte of the stream; number 0: nothing yet. */
    struct packet_mark seen[STREAM], acked_at[STREAM];
    uint8_t value[STREAM];
    bool captured[STREAM];
    uint64_t next; /* delivered up to here */
    struct packet_mark deliverable;
    bool fin_sent, fin_seen, fin_in_order, closing, closed;
};

static void model_open(void *ctx, struct flow_conn *conn)
{
    (void)ctx;
    CHECK(conn->number == 1 && conn->roles == FLOW_ROLES_HANDSHAKE);
}

static void model_event(void *ctx, struct flow_conn *conn, const struct flow_event *e)
{
    struct model *m = ctx;

    (void)conn;
    CHECK(e->kind != FLOW_RST && e->kind != FLOW_DATA_AFTER_CLOSE && e->kind != FLOW_ICMP);
    if (e->kind == FLOW_FIN) {
        CHECK(m->fin_sent && !m->fin_seen && e->dir == FLOW_S2C);
        m->fin_seen = true;
    }
    if (e->kind == FLOW_FIN_IN_ORDER) {
        CHECK(m->fin_seen && !m->fin_in_order && m->next == m->off_fin);
        m->fin_in_order = true;
    }
}

static void check_hole(const struct model *m, const struct flow_chunk *c)
{
    CHECK(c->bytes.n == 0 && c->seen.ref.number != 0);
    CHECK(c->deliverable.ts_ns >= m->deliverable.ts_ns);
    for (uint64_t i = c->offset; i < c->offset + c->len; i++) {
        CHECK(m->seen[i].ref.number == 0);
        if (!m->closing)
            CHECK(m->acked_at[i].ref.number != 0 && m->now.ts_ns - m->acked_at[i].ts_ns > PATIENCE_NS);
    }
}

static void check_bytes(const struct model *m, const struct flow_chunk *c)
{
    struct packet_mark due = m->deliverable;

    for (uint64_t i = c->offset; i < c->offset + c->len; i++) {
        bool captured = i - c->offset < c->bytes.n;
        CHECK(m->seen[i].ref.number == c->seen.ref.number && m->seen[i].ts_ns == c->seen.ts_ns);
        CHECK(m->captured[i] == captured);
        CHECK(!captured || c->bytes.p[i - c->offset] == m->value[i]);
        if (m->seen[i].ref.number > due.ref.number)
            due = m->seen[i];
    }
    CHECK(c->deliverable.ref.number == due.ref.number && c->deliverable.ts_ns == due.ts_ns);
}

static void model_chunk(void *ctx, struct flow_conn *conn, const struct flow_chunk *c)
{
    struct model *m = ctx;

    (void)conn;
    CHECK(c->dir == FLOW_S2C && c->offset == m->next && c->len > 0 && c->offset + c->len <= STREAM);
    CHECK(!m->fin_in_order);
    if (c->lost)
        check_hole(m, c);
    else
        check_bytes(m, c);
    m->next += c->len;
    m->deliverable = c->deliverable;
}

static void model_close(void *ctx, struct flow_conn *conn, enum flow_end why)
{
    struct model *m = ctx;

    (void)conn;
    CHECK(why == FLOW_END_INPUT && !m->closed);
    m->closed = true;
}

static void no_udp(void *ctx, const struct flow_datagram *d)
{
    (void)ctx;
    (void)d;
    abort();
}

static void no_udp_error(void *ctx, const struct flow_udp_error *e)
{
    (void)ctx;
    (void)e;
    abort();
}

static void tick(struct model *m, int64_t ns)
{
    m->now.ts_ns += ns;
    m->now.ref.number++;
}

static struct packet between(const struct model *m, bool from_server, uint8_t flags)
{
    static const struct endpoint client = {{{10, 0, 0, 1}, 4}, 40000}, server = {{{10, 0, 0, 2}, 4}, 80};
    struct packet p = {.mark = m->now, .kind = PACKET_TCP};

    p.src = from_server ? server : client;
    p.dst = from_server ? client : server;
    p.ip_id = (uint16_t)m->now.ref.number;
    p.tcp = (struct packet_tcp){.flags = flags, .window = 100, .window_scale = -1};
    return p;
}

static void model_push(struct model *m, const struct packet *p)
{
    CHECK(flow_push(m->table, p) == 0);
    m->last = *p;
}

static void shake_hands(struct model *m)
{
    tick(m, 1);
    struct packet p = between(m, false, TCP_SYN);
    p.tcp.seq = 7;
    model_push(m, &p);
    tick(m, 1);
    p = between(m, true, TCP_SYN | TCP_ACK);
    p.tcp.seq = m->isn;
    p.tcp.ack = 8;
    model_push(m, &p);
}

static void note_first_copies(struct model *m, uint32_t off, const struct packet *p)
{
    for (uint32_t i = 0; i < p->payload_len; i++) {
        if (off + i < m->next || m->seen[off + i].ref.number != 0)
            continue;
        m->seen[off + i] = p->mark;
        m->captured[off + i] = i < p->payload.n;
        if (i < p->payload.n)
            m->value[off + i] = p->payload.p[i];
    }
}

static void send_bytes(struct model *m, struct reader *r, uint8_t op)
{
    uint8_t bytes[64];
    uint32_t off = reader_be16(r) % STREAM, len = reader_u8(r) % 64 + 1, cut = 0;

    if (len > STREAM - off)
        len = STREAM - off;
    if (m->fin_sent && off + len > m->off_fin)
        return;
    if ((op & 0x40) != 0)
        cut = reader_u8(r) % (len + 1);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)((off + i) * 7 + ((op & 0x80) != 0 ? op : 0));
    struct packet p = between(m, true, TCP_ACK);
    p.tcp.seq = m->isn + 1 + off;
    p.tcp.ack = 8;
    p.payload_len = len;
    p.payload = slice_of(bytes, len - cut);
    note_first_copies(m, off, &p);
    model_push(m, &p);
    m->last.payload.n = 0; /* a copy's bytes are not looked at */
}

static void send_ack(struct model *m, struct reader *r)
{
    struct packet p = between(m, false, TCP_ACK);
    uint32_t acked = reader_be16(r) % (STREAM + 1);

    p.tcp.seq = 8;
    p.tcp.ack = m->isn + 1 + acked;
    for (uint32_t i = 0; i < acked; i++)
        if (m->acked_at[i].ref.number == 0)
            m->acked_at[i] = p.mark;
    if (!m->fin_sent || acked <= m->off_fin)
        m->acked = acked > m->acked ? acked : m->acked;
    m->acked_ns = m->now.ts_ns;
    model_push(m, &p);
}

/* A FIN behind every byte that was sent or acknowledged so far. */
static void send_fin(struct model *m)
{
    struct packet p = between(m, true, TCP_ACK | TCP_FIN);

    if (!m->fin_sent) {
        m->off_fin = m->acked;
        for (uint32_t i = 0; i < STREAM; i++)
            if (m->seen[i].ref.number != 0 && i >= m->off_fin)
                m->off_fin = i + 1;
    }
    m->fin_sent = true;
    p.tcp.seq = m->isn + 1 + m->off_fin;
    p.tcp.ack = 8;
    model_push(m, &p);
}

/* What waited too long is given up before a packet is looked at: a bare one goes ahead, so that the model knows
 * what is left when it notes the next bytes. */
static void nudge(struct model *m)
{
    struct packet p = between(m, true, TCP_ACK);

    p.tcp.seq = m->isn + 1;
    p.tcp.ack = 8;
    p.tcp.window = 99;
    model_push(m, &p);
    /* One more than was seen may be a FIN. */
    CHECK(m->now.ts_ns - m->acked_ns <= PATIENCE_NS || m->next + 1 >= m->acked);
    tick(m, 0); /* what follows comes at the same moment */
}

static void model_step(struct model *m, struct reader *r)
{
    uint8_t op = reader_u8(r);

    tick(m, 1 + (op >> 4 & 3) * (int64_t)PATIENCE_NS / 2);
    switch (op % 8) {
    case 0:
        tick(m, FAR_AHEAD_NS);
        nudge(m);
        break;
    case 1:
        send_ack(m, r);
        break;
    case 2:
        m->last.mark = m->now;
        CHECK(flow_push(m->table, &m->last) == 0);
        break;
    case 3:
        if (op == 0x33)
            send_fin(m);
        break;
    default:
        nudge(m);
        send_bytes(m, r, op);
    }
}

static void run_model(struct reader *r)
{
    struct flow_limits limits = flow_limits_default;
    struct model *m = calloc(1, sizeof *m);
    struct flow_sink sink = {m, model_open, model_event, model_chunk, model_close, no_udp, no_udp_error};

    CHECK(m != NULL);
    limits.hole_patience_ns = PATIENCE_NS;
    m->table = flow_table_new(&limits, &sink);
    CHECK(m->table != NULL);
    m->isn = reader_u8(r) % 2 == 0 ? reader_be32(r) : UINT32_MAX - reader_be16(r) % STREAM;
    shake_hands(m);
    while (r->left > 0)
        model_step(m, r);
    m->closing = true;
    flow_table_finish(m->table);
    CHECK(m->closed && m->fin_in_order == m->fin_seen);
    for (uint64_t i = m->next; i < STREAM; i++)
        CHECK(m->seen[i].ref.number == 0);
    CHECK(flow_table_counters(m->table)->connections == 1);
    flow_table_free(m->table);
    free(m);
}

/* ---- arbitrary packets ---- */

enum { MAX_CONNECTIONS = 5 };

struct crowd {
    uint64_t opened, closed;
    uint64_t holes, lost;
    bool swap;
};

struct tally {
    uint64_t next[2], bytes[2], lost[2];
    uint32_t fins[2], fins_in_order[2], resets[2], sum;
};

static void crowd_open(void *ctx, struct flow_conn *conn)
{
    struct crowd *w = ctx;

    CHECK(conn->number == ++w->opened && conn->user == NULL);
    CHECK(w->opened - w->closed <= MAX_CONNECTIONS);
    conn->user = calloc(1, sizeof(struct tally));
    CHECK(conn->user != NULL);
    if (w->swap)
        flow_tcp_swap_roles(conn);
}

static void crowd_event(void *ctx, struct flow_conn *conn, const struct flow_event *e)
{
    struct tally *y = conn->user;

    (void)ctx;
    CHECK(e->kind >= FLOW_SYN && e->kind <= FLOW_STALL);
    if (e->kind == FLOW_STALL)
        CHECK(e->stall->kind < P2T_STALL_COUNT && e->stall->off <= e->stall->end && e->stall->from.ref.number != 0 &&
              e->stall->to.ref.number >= e->stall->from.ref.number);
    if (e->kind == FLOW_FIN)
        CHECK(++y->fins[e->dir] == 1);
    if (e->kind == FLOW_FIN_IN_ORDER)
        CHECK(++y->fins_in_order[e->dir] == y->fins[e->dir]);
    if (e->kind == FLOW_RST)
        CHECK(++y->resets[e->dir] == 1);
}

static void crowd_chunk(void *ctx, struct flow_conn *conn, const struct flow_chunk *c)
{
    struct crowd *w = ctx;
    struct tally *y = conn->user;

    CHECK(c->offset == y->next[c->dir] && c->len > 0 && c->bytes.n <= c->len);
    CHECK(y->fins_in_order[c->dir] == 0);
    y->next[c->dir] += c->len;
    if (c->lost) {
        CHECK(c->bytes.n == 0);
        y->lost[c->dir] += c->len;
        w->holes++;
        w->lost += c->len;
        return;
    }
    y->bytes[c->dir] += c->len;
    for (size_t i = 0; i < c->bytes.n; i++)
        y->sum += c->bytes.p[i]; /* all of it can be read */
}

static void crowd_close(void *ctx, struct flow_conn *conn, enum flow_end why)
{
    struct crowd *w = ctx;
    struct tally *y = conn->user;

    w->closed++;
    CHECK(why >= FLOW_END_CLOSED && why <= FLOW_END_INPUT);
    for (int dir = 0; dir < 2; dir++) {
        CHECK(y->bytes[dir] == conn->payload_bytes[dir] && y->lost[dir] == conn->lost_bytes[dir]);
        CHECK(y->fins[dir] == y->fins_in_order[dir]);
    }
    free(y);
}

static void crowd_udp(void *ctx, const struct flow_datagram *d)
{
    (void)ctx;
    CHECK(d->bytes.n <= d->len);
}

static void crowd_udp_error(void *ctx, const struct flow_udp_error *e)
{
    (void)ctx;
    CHECK(e->family == e->reporter.family);
}

static struct endpoint some_endpoint(uint8_t b)
{
    struct endpoint ep = {{{10, 0, 0, b & 1}, 4}, (uint16_t)(80 + (b >> 1 & 1))};

    if ((b & 4) != 0) {
        ep.ip.family = 6;
        ep.ip.bytes[15] = b & 1;
    }
    return ep;
}

static uint32_t some_number(struct reader *r)
{
    static const uint32_t bases[] = {0, UINT32_MAX - 20, 1u << 30, 1u << 31};
    uint8_t b = reader_u8(r);
    return bases[b & 3] + (b >> 2);
}

static struct packet some_packet(struct reader *r, int64_t *now)
{
    static const uint8_t text[64] = "GET / HTTP/1.1";
    static const int64_t steps[] = {0, 1, 1000, 100000, 60000000, 5000000000, 200000000000, -50000000};
    uint8_t what = reader_u8(r), who = reader_u8(r), how = reader_u8(r), much = reader_u8(r);
    struct packet p = {.kind = PACKET_TCP, .ip_id = how & 3, .path = what >> 6};

    *now += steps[what & 7];
    p.mark = (struct packet_mark){*now, {1, 0}};
    if ((what & 0x38) == 0x38)
        p.kind = (what & 0x40) != 0 ? PACKET_UDP : PACKET_ICMP_ERROR;
    p.src = some_endpoint(who);
    p.dst = some_endpoint(who >> 4);
    p.dst.ip.family = p.src.ip.family;
    p.tcp.flags = how >> 2;
    p.tcp.seq = some_number(r);
    p.tcp.ack = some_number(r);
    p.tcp.window = (what & 8) != 0 ? 0 : 100;
    p.tcp.window_scale = (int8_t)much;
    p.payload_len = much & 63;
    p.payload = slice_of(text, (much & 64) != 0 ? p.payload_len / 2 : p.payload_len);
    if ((much & 128) != 0)
        p.payload_len += 1u << (much & 31);
    p.icmp = (struct packet_icmp){3, 1, (uint8_t)(1 + (how & 1)), p.dst, p.src, p.tcp.seq, p.tcp.flags};
    return p;
}

static void run_crowd(struct reader *r)
{
    struct flow_limits limits = flow_limits_default;
    struct crowd w = {0};
    struct flow_sink sink = {&w, crowd_open, crowd_event, crowd_chunk, crowd_close, crowd_udp, crowd_udp_error};
    int64_t now = 0;
    uint8_t set = reader_u8(r);

    limits.connections = MAX_CONNECTIONS;
    limits.reorder_segments = 1 + (set & 7);
    limits.reorder_bytes = 64u << (set >> 3 & 3);
    limits.reorder_bytes_total = 128u << (set >> 5 & 3);
    w.swap = set >> 7;
    struct flow_table *t = flow_table_new(&limits, &sink);
    CHECK(t != NULL);
    while (r->left > 0) {
        struct packet p = some_packet(r, &now);
        CHECK(flow_push(t, &p) == 0);
    }
    flow_table_finish(t);
    const struct flow_counters *n = flow_table_counters(t);
    CHECK(w.opened == w.closed && n->connections == w.opened && n->holes == w.holes && n->hole_bytes == w.lost);
    CHECK(n->packets == n->tcp_packets + n->udp_packets + n->icmp_errors);
    flow_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);

    if (reader_u8(&r) % 2 == 0)
        run_model(&r);
    else
        run_crowd(&r);
    return 0;
}
