#include "correlate/transport.h"

/* Thousands of streams may be open at once: a stall is told to so many of them. */
enum { TOLD_MAX = 256 };

static const struct flow_sent *sent_of(const struct cconn *cc, enum flow_dir dir)
{
    return cc->flow->transport != NULL ? &cc->flow->transport->sent[dir] : NULL;
}

/* ---- messages ---- */

void transport_told(struct cconn *cc, struct exchange *e, enum flow_dir dir)
{
    struct exchange_carried *m = &e->transport.message[dir];
    const struct flow_sent *s = sent_of(cc, dir);
    uint32_t segments = s != NULL ? s->segments : 0;

    if (!m->begun) {
        m->begun = true;
        m->begin = cc->told[dir];
    }
    m->end = cc->told[dir] = cc->flow->delivered[dir];
    m->segments += segments - cc->told_segments[dir];
    cc->told_segments[dir] = segments;
}

/* Acknowledged as a whole, by a packet that acknowledged nothing else. */
static void note_acked(const struct cconn *cc, struct exchange *e)
{
    const struct exchange_carried *m = &e->transport.message[FLOW_C2S];
    const struct flow_sent *s = sent_of(cc, FLOW_C2S);

    if (s != NULL && m->ended && s->acked_end == m->end && !mark_set(&e->transport.acked))
        e->transport.acked = s->acked_mark;
}

void transport_ended(struct cconn *cc, struct exchange *e, enum flow_dir dir)
{
    transport_told(cc, e, dir);
    e->transport.message[dir].ended = true;
    note_acked(cc, e);
}

void transport_skip(struct cconn *cc)
{
    for (int dir = 0; dir < 2; dir++) {
        const struct flow_sent *s = sent_of(cc, (enum flow_dir)dir);
        cc->told[dir] = s != NULL && s->acked < cc->flow->delivered[dir] ? s->acked : cc->flow->delivered[dir];
        cc->told_segments[dir] = s != NULL ? s->segments : 0;
    }
}

/* ---- stalls ---- */

/* The message has, or will have, bytes that it held up. */
static bool concerns(const struct cconn *cc, const struct exchange *e, enum flow_dir dir, const struct flow_stall *x)
{
    const struct exchange_carried *m = &e->transport.message[dir];
    uint64_t begin = m->begun ? m->begin : cc->told[dir], end = x->end > x->off ? x->end : x->off + 1;

    if (!m->begun && dir == FLOW_C2S)
        return false;
    return end > begin && (!m->ended || x->off < m->end);
}

static int64_t length_ns(const struct flow_stall *x)
{
    return x->to.ts_ns - x->from.ts_ns;
}

/* The longest are kept. */
static void keep(struct exchange *e, const struct flow_stall *x)
{
    struct exchange_transport *t = &e->transport;
    uint32_t at = 0;

    if (t->stalls == NULL)
        t->stalls = arena_alloc(&e->arena, EXCHANGE_STALLS_MAX * sizeof *t->stalls);
    if (t->stalls == NULL)
        return;
    if (t->stall_count < EXCHANGE_STALLS_MAX) {
        t->stalls[t->stall_count++] = *x;
        return;
    }
    t->stalls_dropped++;
    for (uint32_t i = 1; i < t->stall_count; i++)
        at = length_ns(&t->stalls[i]) < length_ns(&t->stalls[at]) ? i : at;
    if (length_ns(x) <= length_ns(&t->stalls[at]))
        return;
    memmove(&t->stalls[at], &t->stalls[at + 1], (t->stall_count - 1 - at) * sizeof *t->stalls);
    t->stalls[t->stall_count - 1] = *x;
}

/* Its part inside the exchange that is not counted so far. */
static int64_t count_ns(struct exchange *e, int64_t from_ns, int64_t to_ns)
{
    struct exchange_transport *t = &e->transport;
    const struct packet_mark *first = e->request.seen ? &e->request.first : &e->start;

    from_ns = later_ns(later_ns(from_ns, first->ts_ns), t->counted_to_ns);
    if (e->end_ns != 0 && to_ns > e->end_ns)
        to_ns = e->end_ns;
    if (to_ns <= from_ns)
        return 0;
    t->counted_to_ns = to_ns;
    return to_ns - from_ns;
}

static void count_repeats(struct exchange_carried *m, const struct flow_stall *x)
{
    if (x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_SPURIOUS)
        m->segments += x->segments;
    if (x->kind == P2T_STALL_REORDERED)
        m->reordered++;
    else if (x->kind == P2T_STALL_ZERO_WINDOW)
        m->probes += x->repeats;
    else if (x->kind != P2T_STALL_LOST_BEFORE || !x->open)
        m->retransmitted += x->segments;
}

/* How much of it is told by no other one. */
static int64_t count_time(struct exchange *e, struct exchange_carried *m, const struct flow_stall *x)
{
    int64_t ns = count_ns(e, x->from.ts_ns, x->open && e->end_ns != 0 ? e->end_ns : x->to.ts_ns);

    switch (x->kind) {
    case P2T_STALL_LOST_AFTER:
    case P2T_STALL_LOST_BEFORE:
        m->stalled_ns += ns;
        break;
    case P2T_STALL_ZERO_WINDOW:
        m->zero_window_ns += ns;
        break;
    case P2T_STALL_IDLE:
        m->idle_ns += ns;
        break;
    case P2T_STALL_NAGLE:
        m->nagle_ns += ns;
        break;
    default:
        break;
    }
    return ns;
}

/* The server had begun to answer when its answer's first bytes were missing. */
static bool hides_answer(const struct exchange *e, enum flow_dir dir, const struct flow_stall *x)
{
    const struct exchange_carried *m = &e->transport.message[FLOW_S2C];

    return dir == FLOW_S2C && (x->kind == P2T_STALL_LOST_BEFORE || x->kind == P2T_STALL_REORDERED) &&
           (!m->begun || x->off <= m->begin) && !mark_set(&e->transport.answered) &&
           x->from.ts_ns >= e->request.first.ts_ns;
}

/* Before the response proper the server still works: after an interim one, too. */
static bool is_pause(const struct cconn *cc, const struct exchange *e, enum flow_dir dir, const struct flow_stall *x)
{
    static const int64_t PAUSE_NS = 10000000;

    if (dir == FLOW_S2C && (!e->response.seen || x->from.ts_ns < e->response.head_end.ts_ns))
        return false;
    /* The acknowledgement took its way to the sender. */
    int64_t way_us = transport_rtt(cc, dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S).min_us;
    return length_ns(x) - (x->after_us + way_us) * 1000 >= PAUSE_NS;
}

/* All that was sent is acknowledged, and more comes as soon as the sender can know: it waited for that, and not for its
 * application. The window it then uses grows by half at the least, as in slow start. */
static void count_round(const struct cconn *cc, struct exchange *e, enum flow_dir dir, const struct flow_stall *x)
{
    enum { ROUNDS_MAX = 1000 }; /* more are no slow start */
    struct exchange_carried *m = &e->transport.message[dir];
    int64_t way_ns = (int64_t)transport_rtt(cc, dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S).min_us * 1000;
    int64_t waited_ns = length_ns(x) - (int64_t)x->after_us * 1000;
    uint64_t begin = m->flight_begin > m->begin ? m->flight_begin : m->begin;

    if (!m->begun || x->off <= begin || waited_ns < way_ns / 10 * 9 || m->rounds == ROUNDS_MAX)
        return;
    m->uneven |= m->flight > 0 && (x->off - begin) / 3 < m->flight / 2;
    m->flight = x->off - begin;
    m->flight_begin = x->off;
    m->rounds++;
    m->rounds_ns += length_ns(x);
}

static void tell(const struct cconn *cc, struct exchange *e, enum flow_dir dir, const struct flow_stall *told)
{
    struct exchange_carried *m = &e->transport.message[dir];
    struct flow_stall own = *told;
    const struct flow_stall *x = &own;

    own.client = dir == FLOW_C2S;

    if (!concerns(cc, e, dir, x))
        return;
    if (x->kind == P2T_STALL_IDLE && !is_pause(cc, e, dir, x)) {
        count_round(cc, e, dir, x);
        return;
    }
    if (hides_answer(e, dir, x))
        e->transport.answered = x->from;
    count_repeats(m, x);
    int64_t ns = count_time(e, m, x);
    /* A pause that was a loss's, or a shut window's, is none of its sender's. */
    if (x->kind != P2T_STALL_REORDERED && (x->kind != P2T_STALL_IDLE || ns * 2 >= length_ns(x)))
        keep(e, x);
}

void transport_stall(struct cconn *cc, const struct fact *f)
{
    const struct flow_stall *x = f->as.event->stall;
    unsigned n = 0;

    if (cc->settling != NULL)
        tell(cc, cc->settling, f->dir, x);
    for (struct list_link *at = cc->open.next; at != &cc->open && n < TOLD_MAX; at = at->next, n++)
        tell(cc, list_entry(at, struct exchange, open), f->dir, x);
}

void transport_gap(struct cconn *cc, const struct fact *f)
{
    unsigned n = 0;

    if (f->dir != FLOW_S2C || f->as.gap_unacked)
        return;
    for (struct list_link *at = cc->open.next; at != &cc->open && n < TOLD_MAX; at = at->next, n++) {
        struct exchange *e = list_entry(at, struct exchange, open);
        if (e->request.seen && !mark_set(&e->transport.heard) && f->mark.ts_ns >= e->request.last.ts_ns)
            e->transport.heard = f->mark;
    }
}

/* ---- round trips ---- */

/* Of a handshake whose packets were not repeated; negative: none. */
static int64_t handshake_ns(const struct exchange_conn *v, enum flow_dir dir)
{
    const struct packet_mark *from = dir == FLOW_C2S ? &v->syn : &v->syn_ack;
    const struct packet_mark *to = dir == FLOW_C2S ? &v->syn_ack : &v->ack;

    if (!mark_set(from) || !mark_set(to) || v->syns > 1 || v->syn_acks > 1 || v->late_syn_ack)
        return -1;
    return to->ts_ns - from->ts_ns;
}

/* One of few: among many, another one changes little. */
static void add_handshake(struct exchange_rtt *out, const struct flow_rtt *r, uint32_t us)
{
    if (r->n == 0 || (r->n == 1 && us < r->median_us))
        out->median_us = us;
    out->min_us = r->samples == 0 || us < r->min_us ? us : r->min_us;
    out->max_us = us > r->max_us ? us : r->max_us;
    out->samples++;
}

struct exchange_rtt transport_rtt(const struct cconn *cc, enum flow_dir dir)
{
    static const struct flow_rtt none;
    const struct flow_sent *s = sent_of(cc, dir);
    const struct flow_rtt *r = s != NULL ? &s->rtt : &none;
    struct exchange_rtt out = {r->samples, r->min_us, r->median_us, r->max_us};
    int64_t ns = handshake_ns(&cc->view, dir);

    if (ns < 0 || ns / 1000 > UINT32_MAX)
        return out;
    add_handshake(&out, r, (uint32_t)(ns / 1000));
    return out;
}

/* ---- settling ---- */

static void tell_open(const struct cconn *cc, struct exchange *e, enum flow_dir dir)
{
    const struct flow_sent *s = sent_of(cc, dir);

    if (s == NULL || s->trouble == NULL)
        return;
    if (s->trouble->repeat.repeats > 0)
        tell(cc, e, dir, &s->trouble->repeat);
    if (mark_set(&s->trouble->hole.from))
        tell(cc, e, dir, &s->trouble->hole);
    if (mark_set(&s->trouble->window.from))
        tell(cc, e, dir, &s->trouble->window);
}

/* Bytes of the message that its receiver never acknowledged; of those that the capture lacks a later packet shows that they
 * were sent. */
static uint64_t unacked_of(const struct flow_sent *s, const struct exchange_carried *m, uint64_t begin)
{
    uint64_t end = m->ended ? m->end : s->high > s->claimed ? s->high : s->claimed;

    if (s->acked > begin)
        begin = s->acked;
    return end > begin ? end - begin : 0;
}

static void settle_unacked(const struct cconn *cc, struct exchange_transport *t, enum flow_dir dir)
{
    const struct flow_sent *s = sent_of(cc, dir);
    const struct exchange_carried *m = &t->message[dir];

    if (m->begun || dir == FLOW_S2C)
        t->unacked[dir] = unacked_of(s, m, m->begun ? m->begin : cc->told[dir]);
    if (dir == FLOW_S2C || t->unacked[dir] == 0)
        return;
    t->tries = 1;
    t->idle_before_ns = s->idle_before_ns;
    if (s->trouble == NULL || s->trouble->repeat.repeats == 0)
        return;
    t->tries += s->trouble->repeat.repeats;
    t->try_length = s->trouble->repeat_len;
    t->first_try = s->trouble->repeat.from;
    t->last_try = s->trouble->repeat.to;
}

/* A hole that only packets without bytes show is as good. */
uint64_t transport_hole(const struct flow_sent *s)
{
    enum { HOLE_LEAST = 1000 };
    uint64_t have = s->high > s->acked ? s->high : s->acked;
    uint64_t open = s->claimed > have ? s->claimed - have : 0;

    return open >= HOLE_LEAST && open > s->hole ? open : s->hole;
}

bool transport_is_one_direction(const struct cconn *cc)
{
    const struct flow_conn *flow = cc->flow;
    const struct flow_transport *x = flow->transport;
    struct packet_mark shown;

    if (x != NULL && flow->packets[FLOW_S2C] == 0 && flow_tcp_hole(flow, FLOW_S2C, &shown))
        return true;
    return x != NULL && ((flow->packets[FLOW_S2C] == 0 && x->sent[FLOW_S2C].unseen > 0) ||
                         (flow->packets[FLOW_C2S] == 0 && x->sent[FLOW_C2S].unseen > 0));
}

void transport_settle(const struct cconn *cc, struct exchange *e)
{
    struct exchange_transport *t = &e->transport;
    const struct flow_transport *x = cc->flow->transport;

    if (x == NULL || t->known)
        return;
    t->known = true;
    note_acked(cc, e);
    for (int dir = 0; dir < 2; dir++) {
        tell_open(cc, e, (enum flow_dir)dir);
        t->rtt[dir] = transport_rtt(cc, (enum flow_dir)dir);
        settle_unacked(cc, t, (enum flow_dir)dir);
        t->offload |= x->sent[dir].offload;
        t->acked_length[dir] = x->sent[dir].longest_acked;
        t->window[dir] = x->sent[dir].window;
    }
    t->hole = transport_hole(&x->sent[FLOW_S2C]);
    t->one_direction = transport_is_one_direction(cc);
    t->dead_probes = x->sent[FLOW_C2S].keep_alives_open;
    t->probe_first = x->sent[FLOW_C2S].probe_first;
    t->probe_last = x->sent[FLOW_C2S].probe_last;
}
