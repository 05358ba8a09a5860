/* Who gets a dial: the connection's first request, the request that made it, or nobody. */
#include "correlate/join.h"

#include "correlate/conn_tls.h"
#include "correlate/lookup/lookup.h"
#include "correlate/open.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"

/* ---- reports ---- */

/* The pool lets go of it first. */
static void end_dial(struct correlate *c, struct dial *d)
{
    pool_dial_gone(c, d);
    dial_free(c, d);
}

/* The last attempt's connection stands for the dial. */
static void describe_conn(const struct dial *d, struct exchange *e)
{
    size_t i = d->winner >= 0 ? (size_t)d->winner : d->n - 1;
    const struct exchange_attempt *a = &d->attempts[i];

    if (d->conns[i] != NULL) {
        conn_snapshot(d->conns[i], e);
        e->handshakes = conn_tls_claim_handshake(d->conns[i]);
    }
    e->conn.present = e->conn.handshake_seen = true;
    e->conn.id = a->conn_id;
    e->conn.client = a->client;
    e->conn.server = a->server;
    e->conn.nat_server = a->nat_server;
    e->conn.syn = a->syn;
    e->conn.syn_ack = a->syn_ack;
    e->conn.ack = a->ack;
}

/* The dial has come to its end, or the request that made it has been found: d->claimed_by reports it. */
static void report_claimed(struct correlate *c, struct dial *d)
{
    struct exchange *e = d->claimed_by;
    struct cconn *cc = d->winner >= 0 ? d->conns[d->winner] : NULL;
    struct slice host = exchange_dialled_host(e);

    dial_check_host(c, d, host);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL)
        lookup_into_exchange(d->lookup, e, host);
    if (cc != NULL && conn_tls_claim_handshake(cc))
        e->dial_tls = conn_tls_copy(cc, &e->arena);
    exchange_begins_with_dial(e);
    end_dial(c, d);
    if (e->owner == NULL)
        open_finish(c, e);
}

/* A dial that no request used, as an exchange of its own. orphan: the request it was for was served elsewhere. */
static void report_dial(struct correlate *c, struct dial *d, bool quiet, bool orphan)
{
    if (d->claimed_by != NULL) {
        report_claimed(c, d);
        return;
    }
    struct exchange *e = exchange_take(c);

    if (e != NULL) {
        e->kind = P2T_KIND_CONNECT;
        e->start = d->attempts[0].syn;
        e->end_ns = d->winner >= 0 ? c->now_ns : dial_end_ns(d);
        describe_conn(d, e);
        dial_copy_attempts(d, e);
        if (d->lookup != NULL) {
            lookup_into_exchange(d->lookup, e, (struct slice){NULL, 0});
            e->start = d->lookup->info.first_query;
        }
        e->id = hash_stable_finish(hash_stable(d->attempts[0].conn_id, "connect", 7));
        e->conn.orphan_dial = orphan;
        e->quiet = quiet;
        outbox_put(c, e, true);
    }
    c->counters.dials++;
    end_dial(c, d);
}

/* Hands lookup and attempts over to the exchange; the dial is gone afterwards. host: the name that the connection's
 * first request gives, or empty where that says nothing about the lookup (proxies). */
static void into_exchange(struct correlate *c, struct cconn *cc, struct exchange *e, struct slice host)
{
    struct dial *d = cc->dial;

    if (d == NULL)
        return;
    dial_check_host(c, d, host);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL)
        lookup_into_exchange(d->lookup, e, host);
    end_dial(c, d);
}

static bool waited_too_long(const struct cconn *cc, const struct exchange *e)
{
    const struct packet_mark *ready = conn_ready_mark(cc);

    return cc->view.proxy == PROXY_NONE && mark_set(ready) && e->start.ts_ns - ready->ts_ns > ORPHAN_NS;
}

/* The connection's first request takes over the dial that made it. */
static void take_own_dial(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    if (waited_too_long(cc, e)) {
        e->conn.orphan_dial = true;
        report_dial(c, cc->dial, true, true);
        return;
    }
    into_exchange(c, cc, e, exchange_dialled_host(e));
    if (e->lookup != NULL)
        cc->view.dialled_host = arena_copy(&cc->arena, e->lookup->host);
    exchange_begins_with_dial(e);
}

/* ---- dials and connections ---- */

static void claim(struct correlate *c, struct exchange *e, struct dial *d)
{
    pool_claim(d, e);
    if (pool_dial_resolved(d))
        report_claimed(c, d);
}

static void on_dial_begun(struct correlate *c, struct cconn *cc)
{
    struct exchange *served = pool_dial_begun(c, cc, cc->dial);

    if (served != NULL)
        claim(c, served, cc->dial);
}

/* A dial whose request was found elsewhere has no more to wait for. */
static void on_connection_ready(struct correlate *c, struct cconn *cc)
{
    struct dial *own = dial_won_by(cc);

    if (!pool_conn_unused(c, cc))
        return;
    if (own != NULL && own->claimed_by != NULL)
        report_claimed(c, own);
    pool_conn_ready(c, cc);
}

void join_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    bool syn = f->as.event->kind == FLOW_SYN && f->dir == FLOW_C2S;

    switch (syn ? dial_syn(c, cc, f) : dial_event(c, cc, f)) {
    case DIAL_BEGUN:
        on_dial_begun(c, cc);
        break;
    case DIAL_ESTABLISHED:
        if (pool_of(c, cc) != NULL && !cc->pool->tls)
            on_connection_ready(c, cc);
        break;
    case DIAL_WAITS:
        break;
    }
}

void join_conn_secured(struct correlate *c, struct cconn *cc)
{
    on_connection_ready(c, cc);
}

void join_conn_closed(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    bool reset = mark_set(&v->client_rst) || mark_set(&v->server_rst);
    bool finished = mark_set(&v->client_fin) && mark_set(&v->server_fin);

    if (cc->dial != NULL && cc->dial->winner == cc->attempt && (reset || finished))
        report_dial(c, cc->dial, true, false);
}

void join_conn_gone(struct correlate *c, struct cconn *cc, enum flow_end why)
{
    struct dial *d = cc->dial;
    bool cut = why == FLOW_END_INPUT || why == FLOW_END_EVICTED;

    if (d == NULL)
        return;
    if (d->winner == cc->attempt || (d->winner < 0 && cut)) {
        report_dial(c, d, d->winner >= 0, false);
        return;
    }
    dial_time_out(&d->attempts[cc->attempt]);
    d->conns[cc->attempt] = NULL;
    cc->dial = NULL;
}

void join_dial_timer(struct correlate *c, struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        dial_time_out(&d->attempts[i]);
    report_dial(c, d, false, false);
    outbox_drain(c);
}

/* ---- requests ---- */

void join_request(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    struct dial *d = pool_request(c, cc, e);

    if (d != NULL && d == dial_won_by(cc))
        take_own_dial(c, cc, e);
    else if (d != NULL)
        claim(c, e, d);
}
