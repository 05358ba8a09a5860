/* How exchanges end: when one is over, what it still waits for, and when all of it is known. */
#include "correlate/settle.h"

#include "correlate/conn_tls.h"
#include "correlate/join.h"
#include "correlate/links.h"
#include "correlate/messages.h"
#include "correlate/open.h"
#include "correlate/timers.h"
#include "correlate/transport.h"

/* Its first byte came for a socket that was gone: the client's kernel, not the client, answered it. */
static bool came_for_nobody(const struct exchange *e)
{
    uint64_t heard = e->conn.payload_bytes[FLOW_S2C] - e->heard_before;

    return heard > 0 && e->conn.rst_untaken[FLOW_C2S] >= heard;
}

/* A client that closes both ways answers what still comes with RST (RFC 9293 3.10.7.1); one that closed its half only
 * takes it. */
static bool came_too_late(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    int64_t first = e->response.first.ts_ns;

    if (!mark_set(&e->response.first) || !mark_set(&c->client_rst))
        return false;
    return c->client_rst.ts_ns < first || came_for_nobody(e) ||
           (mark_set(&c->client_fin) && c->client_fin.ts_ns < first);
}

void settle_exchange(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    if (e == cc->settling)
        cc->settling = NULL;
    else
        open_detach(c, cc, e);
    timer_stop(c, &e->timer);
    conn_snapshot(cc, e);
    transport_settle(cc, e);
    messages_settle(e);
    e->response.unread = e->stream.id == 0 && came_too_late(e);
    e->owner = NULL;
    cc->flow->all_known = c->record == NULL && list_empty(&cc->open) && cc->settling == NULL;
    join_exchange_settled(c, e);
}

void settle_previous(struct correlate *c, struct cconn *cc)
{
    if (cc->settling != NULL)
        settle_exchange(c, cc->settling);
}

/* Provisional: a half-closing client may still get an answer. */
void settle_may_have_ended(struct correlate *c, struct exchange *e, int64_t end_ns, int64_t wait_ns)
{
    if (e->may_have_ended)
        return;
    e->end_ns = end_ns;
    e->may_have_ended = true;
    timer_set(c, &e->timer, TIMER_EXCHANGE, end_ns + wait_ns);
}

/* A provisional end was too early: the answer comes after all. Whether a client that closed first takes it shows in
 * what it does next; until then the exchange may have ended with its FIN. */
void settle_goes_on(struct correlate *c, struct exchange *e)
{
    const struct cconn *cc = e->owner;

    timer_stop(c, &e->timer);
    if (e->kind != P2T_KIND_TLS && e->may_have_ended && mark_set(&cc->view.client_fin))
        e->late = true;
    else
        e->may_have_ended = false;
}

/* A stream's end is final, and its connection tells nothing more about it. */
static void stream_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    e->end_ns = end_ns;
    settle_exchange(c, e);
}

void settle_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    struct cconn *cc = e->owner;

    if (e->stream.id != 0) {
        stream_ended(c, e, end_ns);
        return;
    }
    open_detach(c, cc, e);
    settle_previous(c, cc);
    if (e->kind == P2T_KIND_CONNECT)
        join_request(c, cc, e);
    cc->settling = e;
    if (e->late) {
        timer_set(c, &e->timer, TIMER_EXCHANGE, end_ns + SETTLE_NS);
    } else {
        e->may_have_ended = false;
        settle_may_have_ended(c, e, end_ns, SETTLE_NS);
    }
    if (e->response.location.n > 0 || !mark_set(&e->response.first)) {
        conn_snapshot(cc, e);
        links_ended(c, e);
    }
}

static int64_t earliest_close(const struct exchange_conn *v, int64_t otherwise)
{
    const struct packet_mark *closed = exchange_conn_closing_mark(v);
    return mark_set(closed) ? closed->ts_ns : otherwise;
}

/* HTTP/2 without keys: its answer hid in another one's, unless the connection was closed upon it. */
static void suppose_answered(const struct cconn *cc, struct exchange *e)
{
    const struct packet_mark *closed = exchange_conn_closing_mark(&cc->view), *first = &e->response.first_possible;

    if (e->kind == P2T_KIND_TLS && !e->response.seen && mark_set(first) && cc->tls->answer_ns >= first->ts_ns &&
        closed != &cc->view.server_fin && closed != &cc->view.server_rst)
        exchange_suppose_answer(e);
}

/* Nothing can come any more for what is open: it ended when a side gave the connection up, or is open to this day. An
 * estimated response is over with its last record, a WebSocket that nobody closed with its last message. */
static void end_all(struct correlate *c, struct cconn *cc)
{
    for (struct exchange *e; (e = conn_oldest_open(cc)) != NULL;) {
        suppose_answered(cc, e);
        int64_t last = later_ns(e->request.last.ts_ns, e->response.last.ts_ns);
        bool estimated = e->kind == P2T_KIND_TLS && e->response.seen;
        if (e->websocket.present)
            last = later_ns(last, e->websocket.last.ts_ns);
        int64_t otherwise = e->websocket.present ? last : c->now_ns;
        settle_ended(c, e, estimated ? last : later_ns(earliest_close(&cc->view, otherwise), last));
    }
}

/* Both sides closed a connection that carried its answer before: a RST that follows would tell nothing new. */
static void settle_closed(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    const struct exchange *e = cc->settling;

    if (e != NULL && v->fin_in_order[FLOW_C2S] && v->fin_in_order[FLOW_S2C] && e->response.seen && !e->late &&
        e->pool == NULL && e->response.first.ts_ns <= v->client_fin.ts_ns)
        settle_previous(c, cc);
}

/* A RST that the server cannot have sent for the request: it had not got it yet. What the server itself sends may follow. */
static bool came_too_soon(const struct cconn *cc, const struct fact *reset)
{
    const struct exchange_conn *v = &cc->view;
    const struct exchange *e = cc->settling;

    if (reset->dir != FLOW_S2C || e == NULL || !mark_set(&e->request.last) || !mark_set(&v->syn) ||
        !mark_set(&v->syn_ack) || v->syns > 1 || v->late_syn_ack)
        return false;
    return reset->mark.ts_ns - e->request.last.ts_ns < (v->syn_ack.ts_ns - v->syn.ts_ns) / 2;
}

static void all_may_have_ended(struct correlate *c, struct cconn *cc, int64_t at_ns)
{
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        settle_may_have_ended(c, list_entry(at, struct exchange, open), at_ns, HALF_CLOSED_NS);
}

/* Nothing more is to come on its connection, unless the client sends the request again on another one. */
static void settle_unless_repeated(struct correlate *c, struct cconn *cc)
{
    if (cc->settling != NULL && !links_may_repeat(cc->settling))
        settle_previous(c, cc);
}

void settle_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    switch (f->as.event->kind) {
    case FLOW_RST:
        end_all(c, cc);
        if (!came_too_soon(cc, f))
            settle_unless_repeated(c, cc);
        break;
    case FLOW_FIN:
        all_may_have_ended(c, cc, f->mark.ts_ns);
        if (f->dir == FLOW_C2S)
            settle_unless_repeated(c, cc);
        break;
    case FLOW_FIN_IN_ORDER:
        if (f->dir == FLOW_S2C)
            end_all(c, cc);
        settle_closed(c, cc);
        break;
    default:
        break;
    }
}

void settle_conn_gone(struct correlate *c, struct cconn *cc)
{
    end_all(c, cc);
    settle_previous(c, cc);
}
