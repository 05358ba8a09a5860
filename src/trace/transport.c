/* Where an exchange's waits were spent: what correlate counted, in the public shape, and whose the time was. */
#include "trace/build.h"

struct p2t_moment transport_moment(struct trace *t, const struct packet_mark *m)
{
    struct p2t_moment out = {0};

    if (!mark_set(m))
        return out;
    out.time_ns = m->ts_ns;
    out.packet = evidence_of(t, m->ref);
    if (out.packet.file >= TRACE_FILES_MAX)
        out.packet.file = UINT32_MAX;
    return out;
}

struct p2t_rtt transport_rtt_of(const struct exchange_rtt *r)
{
    if (r->samples == 0)
        return (struct p2t_rtt){0, -1, -1, -1};
    return (struct p2t_rtt){r->samples, r->min_us, r->median_us, r->max_us};
}

struct p2t_stall transport_stall_of(struct trace *t, const struct flow_stall *x)
{
    return (struct p2t_stall){.kind = x->kind,
                              .sender = x->client ? P2T_SIDE_CLIENT : P2T_SIDE_SERVER,
                              .from = transport_moment(t, &x->from),
                              .to = transport_moment(t, &x->to),
                              .bytes = x->end - x->off,
                              .repeats = x->repeats,
                              .by_timer = x->by_timer,
                              .open = x->open};
}

static struct p2t_transport_message message_of(const struct exchange_transport *x, enum flow_dir dir)
{
    const struct exchange_carried *m = &x->message[dir];

    if (x->stall_count == 0)
        return (struct p2t_transport_message){.segments = m->segments, .reordered = m->reordered};
    return (struct p2t_transport_message){.segments = m->segments,
                                          .retransmitted = m->retransmitted,
                                          .reordered = m->reordered,
                                          .stalled_us = m->stalled_ns / 1000,
                                          .zero_window_us = m->zero_window_ns / 1000,
                                          .probes = m->probes};
}

/* ---- whose time ---- */

/* When the last of the request's bytes left for the last time, as far as that got through. */
static int64_t last_sent_ns(const struct exchange *e, int64_t answered_ns)
{
    const struct exchange_transport *x = &e->transport;
    int64_t last_ns = e->request.last.ts_ns;

    for (uint32_t i = 0; i < x->stall_count; i++) {
        const struct flow_stall *s = &x->stalls[i];
        bool lost = s->kind == P2T_STALL_LOST_AFTER || s->kind == P2T_STALL_LOST_BEFORE;
        if (lost && s->client && !s->open && s->to.ts_ns <= answered_ns)
            last_ns = later_ns(last_ns, s->to.ts_ns);
    }
    return last_ns;
}

static int64_t answered_ns(const struct exchange *e)
{
    const struct packet_mark *first = &e->response.first, *hidden = &e->transport.answered;

    return mark_set(hidden) && hidden->ts_ns < first->ts_ns ? hidden->ts_ns : first->ts_ns;
}

static int64_t not_negative(int64_t us)
{
    return us > 0 ? us : 0;
}

/* The server had the request no later than its acknowledgement of it passed here. */
static int64_t least_us(const struct exchange *e, int64_t answered, int64_t whole_us)
{
    const struct exchange_transport *x = &e->transport;
    int64_t least = not_negative(whole_us - x->rtt[FLOW_C2S].max_us);

    if (mark_set(&x->acked) && x->acked.ts_ns < answered)
        least = later_ns(least, (answered - x->acked.ts_ns) / 1000);
    return least;
}

static void fill_server(struct p2t_transport *out, const struct exchange *e, bool at_server)
{
    enum { SURE_SAMPLES = 3 };
    const struct exchange_rtt *rtt = &e->transport.rtt[FLOW_C2S];
    int64_t answered = answered_ns(e), whole_us = (answered - last_sent_ns(e, answered)) / 1000;

    if (!e->request.seen || !e->request.ended || !mark_set(&e->response.first) || e->response.unread ||
        whole_us < 0 || (rtt->samples == 0 && !at_server))
        return;
    int64_t path_us = at_server ? 0 : rtt->min_us;
    out->server_us = not_negative(whole_us - path_us);
    out->server_high_us = rtt->samples < SURE_SAMPLES ? whole_us : out->server_us;
    out->server_low_us = at_server ? out->server_us : least_us(e, answered, whole_us);
    if (out->offload)
        out->server_low_us = not_negative(out->server_low_us - path_us);
    if (out->server_low_us > out->server_us)
        out->server_low_us = out->server_us;
}

/* From the connection's readiness to its first request, whoever dialled for it. */
static int64_t first_idle_us(const struct exchange *e)
{
    static const int64_t PAUSE_US = 10000;
    const struct exchange_conn *c = &e->conn;
    const struct packet_mark *ready = e->tls != NULL && mark_set(&e->tls->done) ? &e->tls->done : &c->ack;

    if (c->position > 0 || !mark_set(ready) || !e->request.seen || c->orphan_dial || c->handed_over)
        return 0;
    int64_t us = (e->request.first.ts_ns - ready->ts_ns) / 1000;
    return us >= PAUSE_US ? us : 0;
}

/* ---- what held it ---- */

static enum p2t_limit limit_of(const struct exchange_carried *m, int64_t length_ns)
{
    const struct {
        enum p2t_limit limit;
        int64_t ns;
    } held[] = {{P2T_LIMIT_NETWORK_LOSS, m->stalled_ns},
                {P2T_LIMIT_RECEIVER_WINDOW, m->zero_window_ns},
                {P2T_LIMIT_SENDER, m->idle_ns},
                {P2T_LIMIT_NAGLE_DELAYED_ACK, m->nagle_ns}};

    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (held[i].ns > length_ns / 2)
            return held[i].limit;
    return P2T_LIMIT_UNKNOWN;
}

static int64_t held_ns(const struct exchange_carried *m)
{
    return m->stalled_ns + m->zero_window_ns + m->idle_ns + m->nagle_ns;
}

/* From end to end and back; negative: not known. */
static int64_t whole_rtt_us(const struct exchange *e, int64_t handshake_ns)
{
    const struct exchange_rtt *a = &e->transport.rtt[FLOW_C2S], *b = &e->transport.rtt[FLOW_S2C];

    if (a->samples > 0 && b->samples > 0)
        return (int64_t)a->min_us + b->min_us;
    return handshake_ns > 0 ? handshake_ns / 1000 : -1;
}

/* The window that bounds the message: it is never shut, but no more than it holds comes in a round trip, all the time. Slow
 * start, which comes first, takes its share of time; nothing can be faster. */
static uint32_t bounding_window(const struct exchange *e, enum flow_dir dir, int64_t length_ns, int64_t rtt_us)
{
    enum { ROUNDS_MIN = 6, LEAST_RTT_US = 5000 };
    static const int64_t MOST_NS = INT64_C(3600000000000); /* a product of it and a window fits */
    const struct exchange_carried *m = &e->transport.message[dir];
    uint64_t bytes = m->end - m->begin, window = e->transport.window[dir];

    if (window == 0 || rtt_us < LEAST_RTT_US || rtt_us > UINT32_MAX || bytes / ROUNDS_MIN < window ||
        bytes > UINT32_MAX || length_ns <= 0 || length_ns > MOST_NS || held_ns(m) > length_ns / 10)
        return 0;
    uint64_t came = bytes * (uint64_t)rtt_us, allowed = window * (uint64_t)(length_ns / 1000);
    return came >= allowed / 4 * 3 && came <= allowed / 20 * 23 ? (uint32_t)window : 0;
}

/* Slow start: its waits take most of the time, and each flight is larger than the one before, and far from the window. */
static bool is_slow_start(const struct exchange *e, enum flow_dir dir, int64_t length_ns)
{
    enum { ROUNDS_MIN = 2 };
    const struct exchange_carried *m = &e->transport.message[dir];

    return m->rounds >= ROUNDS_MIN && !m->uneven && m->rounds_ns > length_ns / 2 && held_ns(m) == 0 &&
           m->flight < e->transport.window[dir] / 2;
}

/* Of the longer message. A hole in which the response began lies in the wait. */
static void fill_limit(struct p2t_transport *out, const struct exchange *e, int64_t handshake_ns)
{
    const struct exchange_carried *q = &e->transport.message[FLOW_C2S], *r = &e->transport.message[FLOW_S2C];
    int64_t sent = e->request.last.ts_ns - e->request.first.ts_ns + q->stalled_ns;
    int64_t received = mark_set(&e->response.first) ? e->end_ns - answered_ns(e) : 0;
    enum flow_dir longer = sent > received ? FLOW_C2S : FLOW_S2C;
    int64_t length_ns = sent > received ? sent : received;

    if (e->transport.stall_count == 0 && out->request.segments <= 1 && out->response.segments <= 1) {
        out->limit = P2T_LIMIT_NONE;
        return;
    }
    if (e->transport.stall_count > 0 && held_ns(q) + held_ns(r) > 0)
        out->limit = limit_of(&e->transport.message[longer], length_ns);
    if (out->limit != P2T_LIMIT_UNKNOWN)
        return;
    out->limit_window = bounding_window(e, longer, length_ns, whole_rtt_us(e, handshake_ns));
    if (out->limit_window > 0)
        out->limit = P2T_LIMIT_RECEIVER_WINDOW;
    else if (is_slow_start(e, longer, length_ns))
        out->limit = P2T_LIMIT_CONGESTION_WINDOW;
}

/* ---- all of it ---- */

static void fill_stalls(struct trace *t, struct p2t_transport *out)
{
    const struct exchange_transport *x = &t->e->transport;

    for (uint32_t i = 0; i < x->stall_count; i++)
        t->stalls[i] = transport_stall_of(t, &x->stalls[i]);
    out->stalls = t->stalls;
    out->stall_count = x->stall_count;
    out->stalls_dropped = x->stalls_dropped;
}

static void fill_ends(struct p2t_transport *out, const struct exchange *e)
{
    const struct exchange_transport *x = &e->transport;

    out->one_direction = x->one_direction;
    out->unacked_bytes = x->one_direction ? -1 : (int64_t)x->unacked[FLOW_C2S];
    out->unheard_bytes = x->one_direction ? -1 : (int64_t)x->unacked[FLOW_S2C];
    out->first_tries = x->tries;
    out->first_length = x->try_length;
    out->dead_probes = x->dead_probes;
}

/* At the latest its answer acknowledges it: where the snapshot length hides the request's end, no earlier packet is known
 * to. */
static int64_t acked_us(const struct exchange *e)
{
    const struct packet_mark *acked = &e->transport.acked, *answer = &e->response.first;
    int64_t last_ns = e->request.last.ts_ns;

    if (!mark_set(acked) || acked->ts_ns < last_ns)
        return -1;
    bool answered = mark_set(answer) && answer->ts_ns >= last_ns && answer->ts_ns < acked->ts_ns;
    return ((answered ? answer->ts_ns : acked->ts_ns) - last_ns) / 1000;
}

void transport_fill(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_transport *x = &e->transport;
    struct p2t_transport *out = &t->transport;

    if (!x->known || !e->request.seen || e->conn.clock_ahead_ns != e->clock_ahead_ns)
        return;
    *out = (struct p2t_transport){.offload = x->offload, .acked_us = -1};
    out->server_us = out->server_low_us = out->server_high_us = -1;
    out->client_rtt = transport_rtt_of(&x->rtt[FLOW_S2C]);
    out->server_rtt = transport_rtt_of(&x->rtt[FLOW_C2S]);
    out->request = message_of(x, FLOW_C2S);
    out->response = message_of(x, FLOW_S2C);
    out->acked_us = acked_us(e);
    fill_server(out, e, t->connection.vantage == P2T_VANTAGE_SERVER);
    out->idle_client_us = first_idle_us(e) + x->message[FLOW_C2S].idle_ns / 1000;
    out->idle_server_us = x->message[FLOW_S2C].idle_ns / 1000;
    fill_limit(out, e, t->connection.rtt_ns);
    fill_stalls(t, out);
    fill_ends(out, e);
    t->out.transport = out;
}
