#include "correlate/conn.h"

#include "correlate/conn_tls.h"

/* The same for the same packets, wherever the files were cut and whoever counts the connections. */
static uint64_t conn_id(const struct flow_conn *flow)
{
    uint64_t h = hash_stable(HASH_STABLE_SEED, flow->client.ip.bytes, 16);

    h = hash_stable_number(h, flow->client.port, sizeof flow->client.port);
    h = hash_stable(h, flow->server.ip.bytes, 16);
    h = hash_stable_number(h, flow->server.port, sizeof flow->server.port);
    h = hash_stable_number(h, flow->path, sizeof flow->path);
    return hash_stable_finish(hash_stable_number(h, (uint64_t)flow->first.ts_ns, sizeof flow->first.ts_ns));
}

/* Whatever the flow forgets. */
static void note_translation(struct exchange_conn *v, const struct flow_conn *flow)
{
    if (flow->nat_server.ip.family != 0)
        v->nat_server = flow->nat_server;
    if (flow->nat_client.ip.family != 0)
        v->nat_client = flow->nat_client;
}

static void swap_marks(struct packet_mark *a, struct packet_mark *b)
{
    struct packet_mark m = *a;

    *a = *b;
    *b = m;
}

static void swap_counts(uint32_t n[2])
{
    uint32_t first = n[0];

    n[0] = n[1];
    n[1] = first;
}

/* What was noted of either side was the other's. */
static void swap_sides(struct cconn *cc)
{
    struct exchange_conn *v = &cc->view;
    bool fin = v->fin_in_order[0];
    uint64_t told = cc->told[0];

    v->fin_in_order[0] = v->fin_in_order[1];
    v->fin_in_order[1] = fin;
    cc->told[0] = cc->told[1];
    cc->told[1] = told;
    swap_marks(&v->client_fin, &v->server_fin);
    swap_marks(&v->client_rst, &v->server_rst);
    swap_marks(&v->last_gap[0], &v->last_gap[1]);
    swap_marks(&v->lost_on_way[0], &v->lost_on_way[1]);
    swap_counts(v->rst_untaken);
    swap_counts(cc->told_segments);
    swap_counts(cc->notes.filled);
    swap_counts(cc->notes.reordered);
    for (uint32_t i = 0; i < cc->notes.stall_count; i++)
        cc->notes.stalls[i].client = !cc->notes.stalls[i].client;
}

void conn_take_endpoints(struct cconn *cc)
{
    if (endpoint_eq(&cc->view.client, &cc->flow->server) && endpoint_eq(&cc->view.server, &cc->flow->client) &&
        !endpoint_eq(&cc->view.client, &cc->view.server))
        swap_sides(cc);
    cc->view.client = cc->flow->client;
    cc->view.server = cc->flow->server;
    note_translation(&cc->view, cc->flow);
    cc->is_dns = cc->view.server.port == 53 || cc->view.client.port == 53;
    cc->view.id = conn_id(cc->flow);
}

void conn_follow(struct correlate *c, struct cconn *cc, struct flow_conn *flow)
{
    cc->flow = flow;
    flow->follower = cc;
    list_insert(c->conns.next, &cc->all);
}

static void set_once(struct packet_mark *m, const struct packet_mark *to)
{
    if (!mark_set(m))
        *m = *to;
}

/* Payload was acknowledged after answer_ns: the path is no longer than that. */
static bool took_longer(const struct exchange_conn *v, int64_t answer_ns)
{
    if (!mark_set(&v->syn) || !mark_set(&v->syn_ack) || answer_ns < 0)
        return false;
    return v->syn_ack.ts_ns - v->syn.ts_ns > 2 * answer_ns + SYN_ACK_LATE_NS;
}

static void note_silence(struct cconn *cc, bool client_closes)
{
    struct exchange_conn *v = &cc->view;

    if (client_closes && !mark_set(exchange_conn_closing_mark(v)))
        v->silent_since_ping = mark_set(&v->ping) && cc->flow->packets[FLOW_S2C] == v->heard_at_ping;
}

void conn_note_event(struct cconn *cc, const struct fact *f)
{
    struct exchange_conn *v = &cc->view;
    bool client = f->dir == FLOW_C2S;

    switch (f->as.event->kind) {
    case FLOW_SYN:
        set_once(&v->syn, &f->mark);
        v->syns += client;
        v->handshake_seen = true;
        break;
    case FLOW_SYN_ACK:
        set_once(&v->syn_ack, &f->mark);
        v->last_syn_ack = f->mark;
        v->syn_acks++;
        v->handshake_seen = true;
        break;
    case FLOW_ESTABLISHED:
        set_once(&v->ack, &f->mark);
        break;
    case FLOW_FIN:
        note_silence(cc, client);
        set_once(client ? &v->client_fin : &v->server_fin, &f->mark);
        break;
    case FLOW_FIN_IN_ORDER:
        v->fin_in_order[f->dir] = true;
        break;
    case FLOW_RST:
        note_silence(cc, client);
        set_once(client ? &v->client_rst : &v->server_rst, &f->mark);
        v->rst_untaken[f->dir] = f->as.event->untaken;
        break;
    case FLOW_FIRST_ACK:
        if (!client)
            v->late_syn_ack = took_longer(v, f->as.event->after_ns);
        break;
    case FLOW_SENT_AFTER_RST:
        if (client)
            v->client_rst = (struct packet_mark){0}; /* it has not closed the connection: the RST was not its own */
        else
            v->sent_after_rst = f->mark;
        break;
    default:
        break;
    }
    note_translation(v, cc->flow);
}

void conn_socks_request(struct cconn *cc, const struct fact *f)
{
    struct slice host = f->as.socks_request.host;

    cc->view.proxy = PROXY_SOCKS;
    cc->view.proxy_target =
        arena_printf(&cc->arena, "%.*s:%u", (int)host.n, (const char *)host.p, f->as.socks_request.port);
}

/* RFC 1928 6, in the words of Go's internal/socks. */
static const char *socks_reply_text(uint8_t version, uint8_t code)
{
    static const char *const texts[] = {"succeeded",
                                        "general SOCKS server failure",
                                        "connection not allowed by ruleset",
                                        "network unreachable",
                                        "host unreachable",
                                        "connection refused",
                                        "TTL expired",
                                        "command not supported",
                                        "address type not supported"};

    if (version == 5 && code < sizeof texts / sizeof *texts)
        return texts[code];
    return "unknown code";
}

void conn_socks_reply(struct cconn *cc, const struct fact *f)
{
    if (f->as.socks_reply.code == 0)
        cc->view.tunnel_ready = f->mark;
    else
        cc->socks_error = slice_str(socks_reply_text(f->as.socks_reply.version, f->as.socks_reply.code));
}

/* What the client acknowledged before it fell silent was there: the capture lacks it. */
static void note_open_hole(const struct cconn *cc, struct exchange *e)
{
    struct packet_mark shown;

    if (cc->flow->transport != NULL && flow_tcp_hole(cc->flow, FLOW_S2C, &shown))
        e->conn.last_gap[FLOW_S2C] = shown;
}

void conn_snapshot(const struct cconn *cc, struct exchange *e)
{
    bool pipelined = e->conn.pipelined, orphan_dial = e->conn.orphan_dial, handed_over = e->conn.handed_over;
    struct packet_mark previous_end = e->conn.previous_end, next_head = e->conn.next_head;
    enum exchange_proxy proxy = e->conn.proxy;
    uint32_t position = e->conn.position;

    e->conn = cc->view;
    note_translation(&e->conn, cc->flow);
    note_open_hole(cc, e);
    e->conn.server_ttl = cc->flow->ttl[FLOW_S2C];
    e->conn.rst_ttl = cc->flow->rst_ttl[FLOW_S2C];
    e->conn.position = position;
    e->conn.pipelined = pipelined;
    e->conn.orphan_dial = orphan_dial;
    e->conn.handed_over = handed_over;
    e->conn.previous_end = previous_end;
    e->conn.next_head = next_head;
    if (proxy == PROXY_HTTP)
        e->conn.proxy = PROXY_HTTP;
    e->conn.dialled_host = arena_copy(&e->arena, cc->view.dialled_host);
    e->conn.proxy_target = arena_copy(&e->arena, cc->view.proxy_target);
    e->conn.goaway_debug = arena_copy(&e->arena, cc->view.goaway_debug);
    for (int i = 0; i < 2; i++) {
        e->conn.lost_bytes[i] = cc->flow->lost_bytes[i];
        e->conn.retransmits[i] = cc->flow->retransmits[i] - e->retransmits_before[i];
        if (e->conn.retransmits[i] > 0)
            e->conn.last_retransmit[i] = cc->flow->last_retransmit[i];
        e->conn.payload_bytes[i] = cc->flow->payload_bytes[i];
    }
    e->conn.clock_ahead_ns = cc->flow->clock_ahead_ns;
    e->conn.clock_back = cc->flow->clock_back;
    e->socks_error = cc->socks_error;
    conn_tls_snapshot(cc, e);
}

const struct packet_mark *conn_ready_mark(const struct cconn *cc)
{
    const struct packet_mark *done = conn_tls_done_mark(cc);
    return mark_set(done) ? done : &cc->view.ack;
}

struct cconn *conn_take(struct correlate *c)
{
    struct cconn *cc = slab_take(&c->conn_slab);

    if (cc == NULL)
        return NULL;
    arena_count_in(&cc->arena, c->limits.budget);
    list_init(&cc->open);
    return cc;
}

struct cconn *conn_open(struct correlate *c, const struct fact *f)
{
    struct cconn *cc = conn_take(c);

    if (cc == NULL)
        return NULL;
    cc->flow = f->conn;
    cc->view.present = true;
    cc->view.first = f->mark;
    conn_take_endpoints(cc);
    conn_follow(c, cc, f->conn);
    return cc;
}

void conn_free(struct correlate *c, struct cconn *cc)
{
    cc->flow->follower = NULL;
    list_remove(&cc->all);
    arena_fini(&cc->arena);
    if (cc->tls != NULL)
        slab_give(&c->tls_slab, cc->tls);
    slab_give(&c->conn_slab, cc);
}
