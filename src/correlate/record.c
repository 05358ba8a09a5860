#include "correlate/record.h"

#include <stdlib.h>

#include "correlate/notes.h"
#include "correlate/transport.h"

/* ---- while it lives ---- */

static void note_syn_ack(struct cconn *cc, const struct fact *f)
{
    if (!mark_set(&cc->view.ack))
        return;
    cc->notes.late_syn_acks++;
    cc->notes.last_late_syn_ack = f->mark;
}

static void note_icmp(struct conn_notes *n, const struct fact *f)
{
    const struct flow_event *e = f->as.event;

    if (mark_set(&n->icmp))
        return;
    n->icmp = f->mark;
    n->icmp_sender = e->reporter;
    n->icmp_family = e->icmp_family;
    n->icmp_type = e->icmp_type;
    n->icmp_code = e->icmp_code;
}

void notes_event(struct cconn *cc, const struct fact *f)
{
    switch (f->as.event->kind) {
    case FLOW_SYN:
        if (f->dir == FLOW_C2S)
            cc->notes.last_syn = f->mark;
        break;
    case FLOW_SYN_ACK:
        note_syn_ack(cc, f);
        break;
    case FLOW_CHALLENGED:
        if (f->dir == FLOW_S2C && !mark_set(&cc->notes.challenged))
            cc->notes.challenged = f->mark;
        break;
    case FLOW_ICMP:
        note_icmp(&cc->notes, f);
        break;
    default:
        break;
    }
}

static bool make_room(struct cconn *cc)
{
    struct conn_notes *n = &cc->notes;
    uint32_t cap = n->stall_cap == 0 ? 2 : n->stall_cap * 2;

    if (n->stall_count >= P2T_STALLS_MAX)
        return false;
    if (n->stall_count < n->stall_cap)
        return true;
    struct flow_stall *more = arena_alloc(&cc->arena, cap * sizeof *more);
    if (more == NULL)
        return false;
    if (n->stall_count > 0)
        memcpy(more, n->stalls, n->stall_count * sizeof *more);
    n->stalls = more;
    n->stall_cap = cap;
    return true;
}

void notes_stall(const struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct flow_stall *x = f->as.event->stall;
    struct conn_notes *n = &cc->notes;

    n->filled[f->dir] += x->kind == P2T_STALL_LOST_BEFORE && !x->open;
    n->reordered[f->dir] += x->kind == P2T_STALL_REORDERED;
    if (c->record == NULL)
        return;
    if (!make_room(cc)) {
        n->stalls_dropped++;
        return;
    }
    n->stalls[n->stall_count] = *x;
    n->stalls[n->stall_count++].client = f->dir == FLOW_C2S;
}

/* ---- when it is over ---- */

static const struct flow_sent *sent_of(const struct cconn *cc, enum flow_dir dir)
{
    static const struct flow_sent none;

    return cc->flow->transport != NULL ? &cc->flow->transport->sent[dir] : &none;
}

static int64_t handshake_us(const struct exchange_conn *v, enum flow_dir dir)
{
    const struct packet_mark *from = dir == FLOW_C2S ? &v->syn_ack : &v->syn;
    const struct packet_mark *to = dir == FLOW_C2S ? &v->ack : &v->syn_ack;

    return exchange_conn_handshaked(v) ? (to->ts_ns - from->ts_ns) / 1000 : -1;
}

/* Repeats that went on to the end are no longer than what was tried three times. */
static uint32_t stuck_length(const struct flow_sent *s)
{
    const struct flow_trouble *x = s->trouble;
    bool now = x != NULL && x->repeat.repeats >= 2 && x->repeat_len > s->longest_stuck;

    return now ? x->repeat_len : s->longest_stuck;
}

static uint64_t unacked_at_end(const struct flow_sent *s)
{
    uint64_t end = s->claimed > s->high ? s->claimed : s->high;

    return end > s->acked ? end - s->acked : 0;
}

static void fill_side(struct conn_record_side *out, const struct cconn *cc, enum flow_dir dir)
{
    enum flow_dir other = dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S;
    const struct flow_conn *flow = cc->flow;
    const struct flow_sent *s = sent_of(cc, dir), *peer = sent_of(cc, other);

    *out = (struct conn_record_side){
        .packets = flow->packets[dir],
        .bytes = flow->payload_bytes[dir],
        .segments = s->segments + flow->retransmits[dir],
        .retransmitted = flow->retransmits[dir] + cc->notes.filled[dir],
        .reordered = cc->notes.reordered[dir],
        .mss = flow->mss[dir],
        .scale = flow->scale[dir],
        .ttl = flow->ttl[dir],
        .rst_ttl = flow->rst_ttl[dir],
        .rtt = transport_rtt(cc, other),
        .handshake_us = handshake_us(&cc->view, dir),
        .fin = dir == FLOW_C2S ? cc->view.client_fin : cc->view.server_fin,
        .rst = dir == FLOW_C2S ? cc->view.client_rst : cc->view.server_rst,
        .last_bytes = s->last,
        .duplicate_sacks = peer->dsacks,
        .keep_alives = s->keep_alives,
        .keep_alives_unanswered = s->keep_alives_open,
        .longest_acked = s->longest_acked,
        .longest_stuck = stuck_length(s),
        .hole = transport_hole(s),
        .unacked = flow->packets[other] > 0 ? unacked_at_end(s) : 0,
        .unseen = s->unseen,
    };
}

static void fill_handshake(struct conn_record *r, const struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    const struct conn_notes *n = &cc->notes;

    r->syn = v->syn;
    r->last_syn = n->last_syn;
    r->syns = v->syns;
    r->syn_ack = v->syn_ack;
    r->syn_acks = v->syn_acks;
    r->ack = v->ack;
    r->late_syn_acks = n->late_syn_acks;
    r->last_late_syn_ack = n->last_late_syn_ack;
    r->challenged = n->challenged;
    r->icmp = n->icmp;
    r->icmp_sender = n->icmp_sender;
    r->icmp_family = n->icmp_family;
    r->icmp_type = n->icmp_type;
    r->icmp_code = n->icmp_code;
    if (mark_set(&v->syn) && !mark_set(&v->syn_ack))
        r->refused = v->server_rst;
}

static int64_t idle_before_unacked_us(const struct cconn *cc)
{
    int64_t us = -1;

    for (int dir = 0; dir < 2; dir++) {
        const struct flow_sent *s = sent_of(cc, (enum flow_dir)dir);
        if (s->high > s->acked)
            us = later_ns(us, s->idle_before_ns / 1000);
    }
    return us;
}

/* The open ones stand last. */
static void copy_stalls(struct conn_record *r, const struct cconn *cc)
{
    r->stall_count = cc->notes.stall_count;
    r->stalls_dropped = cc->notes.stalls_dropped;
    if (r->stall_count > 0)
        memcpy(r->stalls, cc->notes.stalls, r->stall_count * sizeof *r->stalls);
    for (int dir = 0; dir < 2; dir++) {
        const struct flow_trouble *x = sent_of(cc, (enum flow_dir)dir)->trouble;
        if (x == NULL)
            continue;
        const struct flow_stall *open[] = {&x->repeat, &x->hole, &x->window};
        for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
            if (!mark_set(&open[i]->from))
                continue;
            r->stalls[r->stall_count] = *open[i];
            r->stalls[r->stall_count++].client = dir == FLOW_C2S;
        }
    }
}

void record_emit(struct correlate *c, const struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;

    if (c->record == NULL)
        return;
    struct conn_record *r = calloc(1, sizeof *r + (cc->notes.stall_count + P2T_STALLS_OPEN_MAX) * sizeof *r->stalls);
    if (r == NULL)
        return;
    r->id = v->id;
    r->client = v->client;
    r->server = v->server;
    r->vantage = exchange_conn_vantage(v);
    r->first = v->first;
    r->last = mark_set(&cc->flow->last) ? cc->flow->last : v->first;
    fill_handshake(r, cc);
    r->closer = exchange_conn_closer(v);
    r->input_ended = v->input_ended;
    r->clock_back = cc->flow->clock_back;
    r->clock_back_ns = cc->flow->clock_ahead_ns;
    r->clock_jumped = cc->flow->clock_jumped;
    r->clock_jump_ns = cc->flow->clock_jump_ns;
    r->exchanges = cc->positions;
    r->idle_before_unacked_us = idle_before_unacked_us(cc);
    r->one_direction = transport_is_one_direction(cc);
    fill_side(&r->side[FLOW_C2S], cc, FLOW_C2S);
    fill_side(&r->side[FLOW_S2C], cc, FLOW_S2C);
    copy_stalls(r, cc);
    c->record(c->record_ctx, r);
}
