/* Exchanges under way on a connection, whatever protocol they speak: how they begin, and when one is over. */
#include "correlate/messages.h"
#include "correlate/pool/pool.h"

/* A connection whose first request comes this long after its handshake was dialled for another one. Scheduling on a
 * busy machine explains tens of milliseconds, not this. */
static const int64_t ORPHAN_NS = 100000000;
/* A client that closed its half may still be answered; few do, and not for long. */
static const int64_t HALF_CLOSED_NS = 5000000000;

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- the list ---- */

struct exchange *open_find(struct cconn *cc, uint32_t number)
{
    if (cc->found != NULL && cc->found->number == number)
        return cc->found;
    for (struct exchange *e = cc->open_first; e != NULL; e = e->next)
        if (e->number == number)
            return cc->found = e;
    return NULL;
}

static void append(struct cconn *cc, struct exchange *e)
{
    if (cc->open_last != NULL)
        cc->open_last->next = e;
    else
        cc->open_first = e;
    cc->open_last = e;
}

static void detach(struct cconn *cc, struct exchange *e)
{
    struct exchange *before = NULL;

    if (cc->found == e)
        cc->found = NULL;
    for (struct exchange *x = cc->open_first; x != NULL && x != e; x = x->next)
        before = x;
    if (before == NULL && cc->open_first != e)
        return;
    if (before != NULL)
        before->next = e->next;
    else
        cc->open_first = e->next;
    if (cc->open_last == e)
        cc->open_last = before;
    e->next = NULL;
}

struct exchange *open_begin(struct correlate *c, struct cconn *cc, enum p2t_kind kind,
                            const struct packet_mark *first)
{
    struct exchange *e = exchange_take(c);

    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->owner = cc;
    e->start = *first;
    e->conn.present = true;
    e->conn.pipelined = cc->open_first != NULL;
    e->conn.position = cc->positions++;
    e->conn.previous_end = cc->view.previous_end;
    e->id = hash_stable_finish(hash_stable(cc->view.id, &e->conn.position, sizeof e->conn.position));
    for (int i = 0; i < 2; i++)
        e->lost_before[i] = cc->flow->lost_bytes[i];
    append(cc, e);
    return e;
}

void open_discard(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    detach(cc, e);
    pool_forget(c, e);
    timer_stop(c, &e->timer);
    cc->positions--;
    outbox_discard(c, e);
}

/* ---- the dial ---- */

struct slice open_dialled_host(const struct exchange *e)
{
    struct slice host = e->request.host;
    size_t colon = slice_find(host, ':');

    if (e->conn.proxy != PROXY_NONE || (host.n > 0 && host.p[0] == '['))
        return (struct slice){NULL, 0};
    return slice_of(host.p, colon);
}

static bool waited_too_long(const struct cconn *cc, const struct exchange *e)
{
    const struct packet_mark *ready = conn_ready_mark(cc);

    return cc->view.proxy == PROXY_NONE && mark_set(ready) && e->start.ts_ns - ready->ts_ns > ORPHAN_NS;
}

void open_take_own_dial(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    if (waited_too_long(cc, e)) {
        e->conn.orphan_dial = true;
        dial_report(c, cc->dial, true, true);
        return;
    }
    dial_into_exchange(c, cc, e, open_dialled_host(e));
    if (e->lookup != NULL)
        cc->view.dialled_host = arena_copy(&cc->arena, e->lookup->host);
    open_begins_with_dial(e);
}

void open_begins_with_dial(struct exchange *e)
{
    if (e->lookup != NULL && e->lookup->first_query.ts_ns < e->start.ts_ns)
        e->start = e->lookup->first_query;
    else if (e->attempt_count > 0 && e->attempts[0].syn.ts_ns < e->start.ts_ns)
        e->start = e->attempts[0].syn;
}

/* ---- the end ---- */

/* A client that closes both ways answers what still comes with RST (RFC 9293 3.10.7.1); one that closed its half only
 * takes it. */
static bool came_too_late(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    int64_t first = e->response.first.ts_ns;

    if (!mark_set(&e->response.first) || !mark_set(&c->client_rst))
        return false;
    return c->client_rst.ts_ns < first || (mark_set(&c->client_fin) && c->client_fin.ts_ns < first);
}

void open_settle(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    if (e == cc->settling)
        cc->settling = NULL;
    else
        detach(cc, e);
    timer_stop(c, &e->timer);
    conn_snapshot(cc, e);
    messages_settle(e);
    e->response.unread = e->stream.id == 0 && came_too_late(e);
    e->owner = NULL;
    if (!pool_keeps(c, e))
        open_finish(c, e);
}

void open_finish(struct correlate *c, struct exchange *e)
{
    pool_forget(c, e);
    timer_stop(c, &e->timer);
    links_settled(c, e);
    if (e->late && !e->response.unread) {
        outbox_release(c, &e->order);
        e->end_ns = later(e->request.last.ts_ns, e->response.last.ts_ns);
        outbox_put(c, e, true);
        outbox_drain(c);
    } else {
        outbox_final(c, e);
    }
}

void open_timer(struct correlate *c, struct exchange *e)
{
    if (e->kind == P2T_KIND_TLS && tls_still_flows(c, e))
        return;
    open_settle(c, e);
}

void open_settle_previous(struct correlate *c, struct cconn *cc)
{
    if (cc->settling != NULL)
        open_settle(c, cc->settling);
}

/* Provisional: a half-closing client may still get an answer. */
void open_may_have_ended(struct correlate *c, struct exchange *e, int64_t end_ns, int64_t wait_ns)
{
    if (heap_holds(&e->order.node))
        return;
    e->end_ns = end_ns;
    outbox_put(c, e, false);
    timer_set(c, &e->timer, TIMER_EXCHANGE, end_ns + wait_ns);
}

/* A provisional end was too early: the answer comes after all. Whether a client that closed first takes it is told by
 * what it does next: until then the exchange may have ended with its FIN. */
void open_goes_on(struct correlate *c, struct exchange *e)
{
    const struct cconn *cc = e->owner;

    timer_stop(c, &e->timer);
    if (e->kind != P2T_KIND_TLS && heap_holds(&e->order.node) && mark_set(&cc->view.client_fin))
        e->late = true;
    else
        outbox_release(c, &e->order);
}

/* A stream's end is final, and its connection tells nothing more about it. */
static void stream_has_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    outbox_release(c, &e->order);
    e->end_ns = end_ns;
    outbox_put(c, e, false);
    open_settle(c, e);
}

void open_has_ended(struct correlate *c, struct exchange *e, int64_t end_ns)
{
    struct cconn *cc = e->owner;

    if (e->stream.id != 0) {
        stream_has_ended(c, e, end_ns);
        return;
    }
    detach(cc, e);
    open_settle_previous(c, cc);
    if (e->kind == P2T_KIND_CONNECT)
        pool_request(c, cc, e);
    cc->settling = e;
    if (e->late) {
        timer_set(c, &e->timer, TIMER_EXCHANGE, end_ns + SETTLE_NS);
    } else {
        outbox_release(c, &e->order);
        open_may_have_ended(c, e, end_ns, SETTLE_NS);
    }
    if (e->response.location.n > 0 || !mark_set(&e->response.first)) {
        conn_snapshot(cc, e);
        links_ended(c, e);
    }
}

/* ---- what the connection does ---- */

static int64_t earliest_close(const struct exchange_conn *v, int64_t otherwise)
{
    const struct packet_mark *marks[] = {&v->client_fin, &v->client_rst, &v->server_fin, &v->server_rst};
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (mark_set(marks[i]) && marks[i]->ts_ns < first)
            first = marks[i]->ts_ns;
    return first == INT64_MAX ? otherwise : first;
}

/* Nothing can come any more for what is open: it ended when a side gave the connection up, or is open to this day. An
 * estimated response is over with its last record, a WebSocket that nobody closed with its last message. */
static void end_all(struct correlate *c, struct cconn *cc)
{
    while (cc->open_first != NULL) {
        struct exchange *e = cc->open_first;
        int64_t last = later(e->request.last.ts_ns, e->response.last.ts_ns);
        bool estimated = e->kind == P2T_KIND_TLS && e->response.seen;
        if (e->websocket.present)
            last = later(last, e->websocket.last.ts_ns);
        int64_t otherwise = e->websocket.present ? last : c->now_ns;
        open_has_ended(c, e, estimated ? last : later(earliest_close(&cc->view, otherwise), last));
    }
}

/* Both sides closed a connection that carried its answer before: a RST that follows would tell nothing new. */
static void settle_closed(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    const struct exchange *e = cc->settling;

    if (e != NULL && v->fin_in_order[FLOW_C2S] && v->fin_in_order[FLOW_S2C] && e->response.seen && !e->late &&
        e->pool == NULL && e->response.first.ts_ns <= v->client_fin.ts_ns)
        open_settle_previous(c, cc);
}

void open_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    switch (f->as.event->kind) {
    case FLOW_RST:
        end_all(c, cc);
        open_settle_previous(c, cc);
        break;
    case FLOW_FIN:
        for (struct exchange *e = cc->open_first; e != NULL; e = e->next)
            open_may_have_ended(c, e, f->mark.ts_ns, HALF_CLOSED_NS);
        if (f->dir == FLOW_C2S)
            open_settle_previous(c, cc);
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

void open_conn_gone(struct correlate *c, struct cconn *cc)
{
    end_all(c, cc);
    open_settle_previous(c, cc);
}
