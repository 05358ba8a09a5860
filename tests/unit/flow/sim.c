#include "sim.h"

#include "flow/internal.h"
#include "support/flow_push.h"

static const char *const event_names[] = {
    [FLOW_SYN] = "SYN",
    [FLOW_SYN_ACK] = "SYNACK",
    [FLOW_ESTABLISHED] = "EST",
    [FLOW_FIN] = "FIN",
    [FLOW_FIN_IN_ORDER] = "FINORD",
    [FLOW_RST] = "RST",
    [FLOW_ICMP] = "ICMP",
    [FLOW_ZERO_WINDOW] = "ZERO",
    [FLOW_WINDOW_OPEN] = "WIDE",
    [FLOW_DATA_AFTER_CLOSE] = "LATE",
    [FLOW_FIRST_ACK] = "ACK1",
    [FLOW_CHALLENGED] = "CHALLENGE",
    [FLOW_SENT_AFTER_RST] = "ALIVE",
};
static const char *const end_names[] = {
    [FLOW_END_CLOSED] = "closed",   [FLOW_END_IDLE] = "idle",   [FLOW_END_REUSED] = "reused",
    [FLOW_END_EVICTED] = "evicted", [FLOW_END_INPUT] = "input",
};

static struct buf *line(struct sim *s, const struct flow_conn *conn)
{
    s->last = *conn;
    s->client_isn = hmap_entry(conn, struct flow_tcp, head)->client_isn;
    if (s->log.n > 0)
        buf_putc(&s->log, ' ');
    if (conn->number > 1)
        buf_printf(&s->log, "%u#", (unsigned)conn->number);
    return &s->log;
}

static char arrow(enum flow_dir dir)
{
    return dir == FLOW_C2S ? '>' : '<';
}

static void on_open(void *ctx, struct flow_conn *conn)
{
    struct sim *s = ctx;

    if (s->quiet)
        return;
    if (s->on_open != NULL)
        s->on_open(conn);
    buf_str(line(s, conn), "open");
}

static const char *const stall_names[] = {
#define X(id, name) name,
    P2T_STALL_LIST(X)
#undef X
};

static void on_stall(struct sim *s, const struct flow_event *e)
{
    const struct flow_stall *x = e->stall;

    buf_printf(&s->stalls, "%s%s%c%u-%u", s->stalls.n > 0 ? " " : "", stall_names[x->kind], arrow(e->dir),
               (unsigned)x->from.ref.number, (unsigned)x->to.ref.number);
}

static void on_event(void *ctx, struct flow_conn *conn, const struct flow_event *e)
{
    struct sim *s = ctx;

    if (e->kind == FLOW_STALL)
        on_stall(s, e);
    else if (!s->quiet)
        buf_printf(line(s, conn), "%s%c%u%s", event_names[e->kind], arrow(e->dir), (unsigned)e->mark.ref.number,
                   e->repeated ? "r" : "");
    if (e->kind == FLOW_RST && e->untaken > 0 && !s->quiet)
        buf_printf(&s->log, "-%u", (unsigned)e->untaken);
}

static void on_chunk(void *ctx, struct flow_conn *conn, const struct flow_chunk *c)
{
    struct sim *s = ctx;

    if (s->quiet)
        return;
    struct buf *b = line(s, conn);
    buf_printf(b, "%c%llu", arrow(c->dir), (unsigned long long)c->offset);
    if (c->lost)
        buf_printf(b, "[%llu]", (unsigned long long)c->len);
    else
        buf_printf(b, "'%.*s'", (int)c->bytes.n, (const char *)c->bytes.p);
    if (!c->lost && c->len != c->bytes.n)
        buf_printf(b, "+%llu:", (unsigned long long)(c->len - c->bytes.n));
    buf_u64(b, c->seen.ref.number);
    if (c->deliverable.ref.number != c->seen.ref.number)
        buf_printf(b, "/%u", (unsigned)c->deliverable.ref.number);
}

static void on_close(void *ctx, struct flow_conn *conn, enum flow_end why)
{
    struct sim *s = ctx;

    if (!s->quiet)
        buf_printf(line(s, conn), "close:%s", end_names[why]);
}

static void on_udp(void *ctx, const struct flow_datagram *d)
{
    struct sim *s = ctx;

    s->udp_src = d->src;
    s->udp_dst = d->dst;
    buf_printf(&s->log, "udp:%u'%.*s'", (unsigned)d->mark.ref.number, (int)d->bytes.n, (const char *)d->bytes.p);
}

static void on_udp_error(void *ctx, const struct flow_udp_error *e)
{
    struct sim *s = ctx;

    s->udp_src = e->quoted_src;
    s->udp_dst = e->quoted_dst;
    buf_printf(&s->log, "udp-error:%u:%u/%u->%u", (unsigned)e->mark.ref.number, e->type, e->code, e->quoted_dst.port);
}

void sim_init(struct sim *s, const struct flow_limits *limits)
{
    struct flow_sink sink = {s, on_open, on_event, on_chunk, on_close, on_udp, on_udp_error};

    *s = (struct sim){.isn = {1000, 5000}};
    s->ep[CLIENT] = endpoint_at("10.0.0.1", 40000);
    s->ep[SERVER] = endpoint_at("10.0.0.2", 80);
    s->table = flow_table_new(limits != NULL ? limits : &flow_limits_default, &sink);
    assert_non_null(s->table);
}

void sim_fini(struct sim *s)
{
    flow_table_free(s->table);
    buf_fini(&s->log);
    buf_fini(&s->stalls);
}

struct endpoint endpoint_at(const char *ip, uint16_t port)
{
    return (struct endpoint){ip_parse(slice_str(ip)), port};
}

struct packet segment(struct sim *s, enum side from, uint8_t flags, uint32_t off, const char *text)
{
    struct packet p = {.kind = PACKET_TCP, .src = s->ep[from], .dst = s->ep[!from], .ttl = 64};

    s->now_ns += MS;
    p.mark = (struct packet_mark){s->now_ns, packet_ref_of(++s->number, 0)};
    p.ip_id = ++s->ip_id;
    p.tcp.flags = flags;
    p.tcp.window = 1000;
    p.tcp.window_scale = -1;
    p.tcp.seq = s->isn[from] + ((flags & TCP_SYN) == 0) + off;
    p.tcp.ack = (flags & TCP_ACK) != 0 ? s->isn[!from] + 1 + s->acked[from] : 0;
    p.payload = slice_str(text);
    p.payload_len = (uint32_t)p.payload.n;
    return p;
}

void push(struct sim *s, const struct packet *p)
{
    assert_int_equal(flow_push(s->table, p), 0);
}

void push_copy(struct sim *s, struct packet p, int64_t after_ns)
{
    s->now_ns += after_ns;
    p.mark = (struct packet_mark){s->now_ns, packet_ref_of(++s->number, 0)};
    push(s, &p);
}

static void send_segment(struct sim *s, enum side from, uint8_t flags, uint32_t off, const char *text)
{
    struct packet p = segment(s, from, flags, off, text);
    push(s, &p);
}

void syn(struct sim *s)
{
    send_segment(s, CLIENT, TCP_SYN, 0, NULL);
}

void syn_ack(struct sim *s)
{
    send_segment(s, SERVER, TCP_SYN | TCP_ACK, 0, NULL);
}

void ack(struct sim *s, enum side from, uint32_t off, uint32_t acked)
{
    s->acked[from] = acked;
    send_segment(s, from, TCP_ACK, off, NULL);
}

void data(struct sim *s, enum side from, uint32_t off, const char *text)
{
    send_segment(s, from, TCP_ACK | TCP_PSH, off, text);
}

void fin(struct sim *s, enum side from, uint32_t off)
{
    send_segment(s, from, TCP_ACK | TCP_FIN, off, NULL);
}

void rst(struct sim *s, enum side from, uint32_t off)
{
    send_segment(s, from, TCP_RST | TCP_ACK, off, NULL);
}

void handshake(struct sim *s)
{
    syn(s);
    syn_ack(s);
    ack(s, CLIENT, 0, 0);
    expect(s, "open SYN>1 SYNACK<2 EST>3");
}

const struct flow_counters *counters(const struct sim *s)
{
    return flow_table_counters(s->table);
}

void expect_at(struct sim *s, const char *want, const char *file, int line_number)
{
    buf_putc(&s->log, '\0');
    _assert_string_equal((const char *)s->log.p, want, file, line_number);
    buf_reset(&s->log);
}
