/* One segment of a known connection: what its header says, then its bytes. */
#include "flow/measure.h"

static bool awaits_syn_ack(const struct flow_tcp *c, unsigned side)
{
    return c->class == FLOW_HALF_OPEN && side != c->client_side && c->half[c->client_side].syn_seen;
}

/* Acknowledges what the client never sent: the server, or a NAT before it, still knows an older connection. */
static bool is_stranger(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *peer = &c->half[!side];
    int64_t off = flow_offset(peer, p->tcp.ack);

    return awaits_syn_ack(c, side) && p->tcp.flags == TCP_ACK && p->payload_len == 0 &&
           (off < 0 || off > (int64_t)peer->high);
}

/* A segment may lie up to the largest window ahead of what is known to be sent: less would lose what follows a
 * gap in the capture, more would let a stray segment pass for one. A side not heard of so far must know its
 * peer's numbers. */
static bool belongs(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];

    if (h->base_from != FLOW_BASE_NONE)
        return p->payload_len <= FLOW_REACH_BYTES &&
               flow_within(h, p->tcp.seq, FLOW_REACH_BYTES, FLOW_REACH_BYTES - (int64_t)p->payload_len);
    if ((p->tcp.flags & TCP_ACK) == 0 || peer->base_from != FLOW_BASE_FIXED)
        return true;
    return flow_near(peer, p->tcp.ack) && !is_stranger(c, side, p);
}

static void take_stranger(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if (!is_stranger(c, side, p)) {
        t->counters.out_of_window++;
        return;
    }
    c->challenged = true;
    c->half[side].base = p->tcp.ack;
    flow_emit(t, c, side, FLOW_CHALLENGED, p->mark);
}

static void take_established(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if (c->class == FLOW_HALF_OPEN)
        flow_tcp_set_class(t, c, FLOW_OPEN);
    if (c->established || !c->handshake || side != c->client_side || (p->tcp.flags & TCP_ACK) == 0)
        return;
    if (flow_offset(&c->half[!side], p->tcp.ack) < 0)
        return;
    c->established = true;
    flow_emit(t, c, side, FLOW_ESTABLISHED, p->mark);
}

/* Only a segment with news about the stream of the peer has news about the window (RFC 9293 3.10.7.4). */
static void take_window(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side], *peer = &c->half[!side];
    bool zero = p->tcp.window == 0;

    if ((p->tcp.flags & TCP_ACK) != 0 && flow_offset(peer, p->tcp.ack) < (int64_t)peer->acked)
        return;
    h->window = p->tcp.window;
    if (zero == h->zero_window || (p->tcp.flags & TCP_SYN) != 0)
        return;
    h->zero_window = zero;
    flow_emit(t, c, side, zero ? FLOW_ZERO_WINDOW : FLOW_WINDOW_OPEN, p->mark);
}

static void take_ack(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side], *peer = &c->half[!side];
    int64_t off = flow_offset(peer, p->tcp.ack);

    if (off > flow_seen_end(peer) + FLOW_REACH_BYTES) {
        t->counters.out_of_window++;
        return;
    }
    /* One more than was seen acknowledges a FIN, even one that was not captured. */
    if (peer->fin_seen && off > (int64_t)peer->fin)
        off = (int64_t)peer->fin;
    else if (!peer->fin_seen && off == (int64_t)peer->high + 1)
        off--;
    if (off <= (int64_t)peer->acked) {
        if (p->tcp.sacks > 0 || (p->payload_len == 0 && peer->high > peer->acked))
            flow_measure_old_ack(t, c, side, p);
        return;
    }
    flow_measure_ack(t, c, side, p, (uint64_t)off);
    flow_stream_acked(peer, (uint64_t)off, p->mark);
    if (h->ack_seen)
        return;
    h->ack_seen = true;
    struct flow_event e = {.kind = FLOW_FIRST_ACK, .dir = flow_dir_of(c, side), .mark = p->mark};
    if (side != c->client_side)
        e.after_ns = (int64_t)(flow_us(p->mark.ts_ns) - c->first_payload) << 10;
    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
}

/* RFC 1122 4.2.3.6: at SND.NXT-1, with no byte or one of garbage. A single byte that nobody has acknowledged yet
 * may as well be a retransmission. */
static bool is_keep_alive(const struct flow_half *h, const struct packet *p, int64_t off)
{
    if ((p->tcp.flags & (TCP_SYN | TCP_FIN)) != 0 || off != (int64_t)h->high - 1)
        return false;
    return p->payload_len == 0 || (p->payload_len == 1 && h->acked >= h->high);
}

/* A byte beyond a shut window asks whether it is still shut, and is sent again and again. */
static bool is_window_probe(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    return p->payload_len == 1 && flow_stall_shut(flow_sent(c, side));
}

static void take_old(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    t->counters.retransmits++;
    c->head.retransmits[flow_dir_of(c, side)]++;
    c->head.last_retransmit[flow_dir_of(c, side)] = p->mark;
}

static void data_after_close(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    if (!h->data_after_close)
        flow_emit(t, c, side, FLOW_DATA_AFTER_CLOSE, p->mark);
    h->data_after_close = true;
}

/* What a host sent before its RST ends before it, whatever the order of capture: somebody else sent that RST. */
static void sent_after_reset(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                             int64_t end)
{
    struct flow_half *h = &c->half[side];

    if (c->sent_after_rst || h->fin_seen || end <= (int64_t)h->fin)
        return;
    c->sent_after_rst = true;
    flow_emit(t, c, side, FLOW_SENT_AFTER_RST, p->mark);
}

/* The segment's bytes that can belong to the stream; false when there are none. */
static bool stream_part(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, int64_t off,
                        struct flow_part *part)
{
    struct flow_half *h = &c->half[side];
    int64_t from = off > 0 ? off : 0, end = off + (int64_t)p->payload_len;

    if (end <= 0) {
        t->counters.out_of_window++;
        return false;
    }
    if (h->fin_seen && end > (int64_t)h->fin) {
        data_after_close(t, c, side, p);
        end = (int64_t)h->fin;
    }
    if (from >= end)
        return false;
    size_t skip = (size_t)(from - off), captured = p->payload.n, len = (size_t)(end - from);
    captured = captured > skip ? captured - skip : 0;
    *part = (struct flow_part){(uint64_t)from, (uint64_t)end, {NULL, captured < len ? captured : len}, p->mark};
    if (captured > 0)
        part->bytes.p = p->payload.p + skip;
    return true;
}

static void take_repeat(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p,
                        const struct flow_part *part)
{
    if (is_window_probe(c, side, p)) {
        flow_measure_probe(t, c, side, p);
        return;
    }
    take_old(t, c, side, p);
    flow_stall_repeat(t, c, side, p, part);
}

static int take_payload(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, int64_t off)
{
    struct flow_half *h = &c->half[side];
    struct flow_part part;

    if (is_keep_alive(h, p, off)) {
        t->counters.keep_alives++;
        flow_measure_probe(t, c, side, p);
        return 0;
    }
    if (p->payload_len == 0 && off > (int64_t)h->high)
        flow_measure_claim(t, c, side, p, off);
    if (p->payload_len == 0 || !stream_part(t, c, side, p, off, &part))
        return 0;
    if (h->held != NULL)
        flow_stream_compare(t, h, &part);
    if (!flow_stream_is_new(h, &part)) {
        take_repeat(t, c, side, p, &part);
        return 0;
    }
    flow_measure_new(t, c, side, p, &part);
    if (c->half[!side].rst_seen)
        data_after_close(t, c, side, p);
    if (h->rst_seen)
        sent_after_reset(t, c, side, p, (int64_t)part.end);
    if (h->high == 0 && side == c->client_side)
        c->first_payload = flow_us(p->mark.ts_ns);
    if (part.off > h->next) {
        t->counters.out_of_order++;
        c->head.out_of_order[flow_dir_of(c, side)]++;
        flow_stall_hole(t, c, side, p);
    }
    if (flow_is_syn(p) && side == c->client_side)
        return flow_stream_keep(t, c, side, &part);
    int rc = flow_stream_push(t, c, side, &part);
    if (c->head.transport != NULL && c->head.transport->troubled)
        flow_stall_filled(t, c, side, p);
    return rc;
}

static void take_fin(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p, int64_t off)
{
    struct flow_half *h = &c->half[side];
    int64_t fin = off + (int64_t)p->payload_len;

    if (h->fin_seen && p->payload_len == 0)
        take_old(t, c, side, p);
    /* A FIN that was lost from the capture may have passed for the last byte of a hole. */
    if (h->fin_seen || fin + 1 < (int64_t)h->next)
        return;
    flow_stream_fin(t, c, side, (uint64_t)fin, p->mark);
}

/* RFC 9293 3.5.2: the numbers decide, those of the peer where this side sent nothing. Wider than a host would
 * take, because the capture may lack what came before. */
static bool reset_fits(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side], *peer = &c->half[!side];
    int64_t window = (int64_t)peer->window << (peer->scale >= 0 ? peer->scale : FLOW_GUESSED_SCALE);

    if (h->base_from != FLOW_BASE_NONE)
        return flow_within(h, p->tcp.seq, FLOW_SLACK_BYTES, window > FLOW_SLACK_BYTES ? window : FLOW_SLACK_BYTES);
    int64_t ack = flow_offset(peer, p->tcp.ack);
    return (p->tcp.flags & TCP_ACK) != 0 && ack >= 0 && ack <= flow_seen_end(peer) + (c->class != FLOW_HALF_OPEN);
}

/* It is sent for the old connection's sake and has that one's number (RFC 9293 3.5.2). */
static bool answers_challenge(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    return c->class == FLOW_HALF_OPEN && side == c->client_side && c->challenged &&
           c->half[!side].base_from == FLOW_BASE_NONE && p->tcp.seq == c->half[!side].base;
}

static uint64_t reset_place(const struct flow_half *h, const struct packet *p)
{
    int64_t off = h->base_from != FLOW_BASE_NONE ? flow_offset(h, p->tcp.seq) : 0;
    return off > 0 ? (uint64_t)off : 0;
}

/* RFC 9293 3.10.7.1: what comes for a socket that is gone is answered by a RST without ACK; an application that gives up
 * sends one with it. */
static void emit_reset(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *peer = &c->half[!side];
    uint64_t untaken = (p->tcp.flags & TCP_ACK) == 0 && peer->high > peer->acked ? peer->high - peer->acked : 0;
    struct flow_event e = {.kind = FLOW_RST, .dir = flow_dir_of(c, side), .mark = p->mark};

    e.untaken = untaken < UINT32_MAX ? (uint32_t)untaken : UINT32_MAX;
    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
}

static void take_reset(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    if (answers_challenge(c, side, p)) {
        h->ring = (struct flow_ring){.at = 0}; /* the same SYN again is no copy of the first */
        flow_emit(t, c, side, FLOW_CHALLENGED, p->mark);
        return;
    }
    if (!reset_fits(c, side, p)) {
        t->counters.out_of_window++;
        return;
    }
    flow_stream_flush(t, c, c->client_side);
    flow_stream_flush(t, c, !c->client_side);
    if (!h->rst_seen) {
        if (!h->fin_seen)
            h->fin = reset_place(h, p);
        c->head.rst_ttl[flow_dir_of(c, side)] = p->ttl;
        emit_reset(t, c, side, p);
    }
    h->rst_seen = true;
    if (c->class != FLOW_CLOSED)
        flow_tcp_set_class(t, c, FLOW_CLOSED);
}

/* The window may be too small for a segment, or was; few are, where windows are scaled. */
static bool is_narrow(const struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *h = &c->half[side];
    uint32_t window = (uint32_t)h->window << (h->scale > 0 ? h->scale : 0);

    return (window <= UINT16_MAX && (p->tcp.flags & TCP_SYN) == 0) ||
           (c->head.transport != NULL && c->head.transport->troubled && flow_stall_shut(flow_sent(c, !side)));
}

static bool take_header(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    if ((p->tcp.flags & TCP_SYN) != 0) {
        if (!flow_handshake(t, c, side, p))
            return false;
    } else {
        if (!belongs(c, side, p)) {
            take_stranger(t, c, side, p);
            return false;
        }
        if (c->half[0].base_from != FLOW_BASE_FIXED || c->half[1].base_from != FLOW_BASE_FIXED)
            flow_learn_base(c, side, p);
        take_established(t, c, side, p);
    }
    take_window(t, c, side, p);
    if ((p->tcp.flags & TCP_ACK) != 0)
        take_ack(t, c, side, p);
    if (is_narrow(c, side, p))
        flow_stall_window(t, c, side, p);
    return true;
}

/* The SYN-ACK says whether the server took it; it is reported once the handshake is over. */
static void settle_syn_data(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    const struct flow_half *client = &c->half[c->client_side];

    if ((p->tcp.flags & TCP_SYN) == 0)
        flow_stream_release(t, c, c->client_side, &p->mark);
    else if (side != c->client_side && flow_offset(client, p->tcp.ack) <= 0)
        flow_stream_forget(t, c, c->client_side);
}

static void note_packet(struct flow_tcp *c, unsigned side, const struct packet *p)
{
    enum flow_dir dir = flow_dir_of(c, side);

    c->head.packets[dir]++;
    c->before_ns = c->head.last.ts_ns;
    c->head.last = p->mark;
    if (c->head.ttl[dir] == 0 && (p->tcp.flags & TCP_RST) == 0)
        c->head.ttl[dir] = p->ttl;
    flow_measure_alive(c, side);
}

int flow_segment(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p)
{
    struct flow_half *h = &c->half[side];

    note_packet(c, side, p);
    if ((h->watch_to | c->half[!side].watch_to) != 0) {
        flow_stream_expire(t, c, c->client_side);
        flow_stream_expire(t, c, !c->client_side);
    }
    if ((p->tcp.flags & TCP_RST) != 0) {
        take_reset(t, c, side, p);
        return 0;
    }
    if (!take_header(t, c, side, p))
        return 0;
    if (c->keeps_syn_data)
        settle_syn_data(t, c, side, p);
    int64_t off = flow_offset(h, p->tcp.seq + ((p->tcp.flags & TCP_SYN) != 0));
    int rc = take_payload(t, c, side, p, off);
    if ((p->tcp.flags & TCP_FIN) != 0)
        take_fin(t, c, side, p, off);
    return rc;
}
