/* Who gets a dial: the connection's first request, the request that made it, or nobody. */
#include "correlate/join.h"

#include "correlate/conn_tls.h"
#include "correlate/lookup/lookup.h"
#include "correlate/open.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"
#include "correlate/timers.h"
#include "correlate/transport.h"

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
        transport_settle(d->conns[i], e);
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

    e->conn.handed_over = true;
    e->conn.orphan_dial = false;
    dial_check_host(c, d, host, e->conn.proxy != PROXY_NONE);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL && !d->cached)
        lookup_into_exchange(d->lookup, e, host);
    if (cc != NULL && conn_tls_claim_handshake(cc))
        e->dial_tls = conn_tls_copy(cc, &e->arena);
    exchange_begins_with_dial(e);
    end_dial(c, d);
    if (e->owner == NULL)
        open_finish(c, e);
}

/* The dial's connection is unused, still or for good: its request may have been sent on another one. */
static bool found_elsewhere(struct correlate *c, struct dial *d)
{
    struct exchange *e = pool_served_elsewhere(d);

    if (e == NULL)
        return false;
    pool_claim(c, d, e);
    report_claimed(c, d);
    return true;
}

static int64_t unused_end_ns(const struct correlate *c, const struct dial *d)
{
    const struct cconn *cc = d->winner >= 0 ? d->conns[d->winner] : NULL;

    if (cc != NULL && mark_set(&cc->view.server_rst) && !mark_set(&cc->view.client_rst))
        return cc->view.server_rst.ts_ns;
    return d->winner >= 0 || dial_is_open(d) ? c->now_ns : dial_end_ns(d);
}

/* A dial that no request used, as an exchange of its own. orphan: the request it was for was served elsewhere. */
static void report_dial(struct correlate *c, struct dial *d, bool quiet, bool orphan)
{
    if (d->claimed_by != NULL) {
        report_claimed(c, d);
        return;
    }
    if (found_elsewhere(c, d))
        return;
    struct exchange *e = exchange_take(c);

    if (e != NULL) {
        e->kind = P2T_KIND_CONNECT;
        e->start = d->attempts[0].syn;
        e->end_ns = unused_end_ns(c, d);
        describe_conn(d, e);
        dial_copy_attempts(d, e);
        if (d->lookup != NULL && !d->cached) {
            lookup_into_exchange(d->lookup, e, (struct slice){NULL, 0});
            e->start = d->lookup->info.first_query;
        }
        e->id = hash_stable_finish(hash_stable(d->attempts[0].conn_id, "connect", 7));
        e->conn.orphan_dial = orphan;
        e->quiet = quiet;
        outbox_put(c, e);
    }
    c->counters.dials++;
    end_dial(c, d);
}

/* Hands lookup and attempts over to the exchange; the dial is gone afterwards. host: the name that the connection's
 * first request gives, or empty where that says nothing about the lookup (proxies). */
static void move_dial_to_exchange(struct correlate *c, struct cconn *cc, struct exchange *e, struct slice host)
{
    struct dial *d = cc->dial;

    if (d == NULL)
        return;
    dial_check_host(c, d, host, e->conn.proxy != PROXY_NONE);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL && !d->cached)
        lookup_into_exchange(d->lookup, e, host);
    end_dial(c, d);
}

static bool waited_too_long(const struct cconn *cc, const struct exchange *e)
{
    const struct packet_mark *ready = conn_ready_mark(cc);

    int64_t limit = cc->tls != NULL && cc->tls->padded ? ORPHAN_JAVA_NS : ORPHAN_NS;

    return cc->view.proxy == PROXY_NONE && mark_set(ready) && e->start.ts_ns - ready->ts_ns > limit;
}

/* The connection's first request takes over the dial that made it. */
static void take_own_dial(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    if (waited_too_long(cc, e)) {
        e->conn.orphan_dial = true;
        report_dial(c, cc->dial, true, true);
        return;
    }
    move_dial_to_exchange(c, cc, e, exchange_dialled_host(e));
    if (e->lookup != NULL)
        cc->view.dialled_host = arena_copy(&cc->arena, e->lookup->host);
    exchange_begins_with_dial(e);
}

/* ---- dials and connections ---- */

/* The exchange tells of it when it settles: until then it may turn out that another dial is its own. */
static void claim(struct correlate *c, struct exchange *e, struct dial *d)
{
    pool_claim(c, d, e);
    if (e->owner == NULL && pool_dial_resolved(d))
        report_claimed(c, d);
}

static void look_who_was_served(struct correlate *c, struct dial *d)
{
    struct exchange *served = pool_dial_served(d);

    if (served != NULL)
        claim(c, served, d);
}

static void on_dial_begun(struct correlate *c, struct cconn *cc)
{
    struct dial *d = cc->dial;

    if (!pool_dial_begun(c, cc, d))
        return;
    struct dial *other = pool_dial_gives_way(d);
    look_who_was_served(c, d);
    if (other != NULL)
        look_who_was_served(c, other);
}

/* A dial whose request was found elsewhere has no more to wait for. */
static void on_connection_ready(struct correlate *c, struct cconn *cc)
{
    struct dial *own = dial_won_by(cc);

    if (!pool_conn_unused(c, cc))
        return;
    if (own != NULL && own->claimed_by != NULL && own->claimed_by->owner == NULL)
        report_claimed(c, own);
    pool_conn_ready(c, cc);
}

/* Where a new dial of the lookup begins: where its other dials did, or at its first answer. */
static bool begins_at(const struct lookup *l, const struct ip_addr *server)
{
    if (!list_empty(&l->dials))
        return ip_eq(&list_entry(l->dials.next, struct dial, of_lookup)->attempts[0].server.ip, server);
    return lookup_gave_first(l, server);
}

/* Its answer, or the dial that followed it last. */
static int64_t last_sign_of(const struct lookup *l)
{
    int64_t answered = l->info.last_answer.ts_ns;

    if (list_empty(&l->dials))
        return answered;
    return later_ns(answered, list_entry(l->dials.prev, struct dial, of_lookup)->attempts[0].syn.ts_ns);
}

/* Whatever happened right before a SYN is why it was sent: an answer to a lookup, or the failure of the last attempt. An
 * attempt that is not answered does not show when its client goes on. */
static bool follows_lookup(const struct lookup *l, const struct ip_addr *server, const struct dial *waiting,
                           int64_t now)
{
    if (l == NULL || !lookup_is_fresh(l, now) || !begins_at(l, server))
        return false;
    if (dial_failed_last(waiting))
        return l->info.last_answer.ts_ns >= dial_last_event_ns(waiting);
    return now - last_sign_of(l) <= DIAL_BURST_NS;
}

static void on_first_syn(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    static const struct slice any = {NULL, 0};
    int64_t now = f->mark.ts_ns;
    struct lookup *l = lookup_for_syn(c, &cc->view.client.ip, &cc->view.server.ip, any, now);
    struct dial *waiting = pool_dial_going_on(c, cc, now);

    if (waiting == NULL && l != NULL)
        waiting = dial_going_on_of_lookups(c, l, cc, now);
    if (waiting != NULL && follows_lookup(l, &cc->view.server.ip, waiting, now))
        waiting = NULL;
    if (dial_first_syn(c, cc, f, waiting, l) != NULL && waiting == NULL)
        on_dial_begun(c, cc);
}

void join_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (f->as.event->kind == FLOW_SYN && f->dir == FLOW_C2S) {
        if (cc->dial != NULL)
            dial_syn_again(c, cc, f);
        else if (!f->as.event->repeated)
            on_first_syn(c, cc, f);
    } else if (dial_event(c, cc, f) && pool_of(c, cc) != NULL && !cc->pool->tls) {
        on_connection_ready(c, cc);
    }
}

void join_conn_secured(struct correlate *c, struct cconn *cc)
{
    on_connection_ready(c, cc);
}

/* Go closes an HTTP/2 connection that it needs no more the moment it is set up: the request that dialled it takes a stream
 * of the first one, at the latest when the server's SETTINGS are there. */
static bool awaits_stream(const struct correlate *c, const struct cconn *cc)
{
    return !c->finishing && cc->pool != NULL && cc->pool->h2 && cc->dial->pool == cc->pool &&
           cc->dial->claimed_by == NULL && pool_dial_resolved(cc->dial) && !mark_set(&cc->view.server_rst);
}

static int64_t stream_due_ns(const struct cconn *cc)
{
    return conn_ready_mark(cc)->ts_ns + POOL_UNUSED_NS + 2 * (cc->view.syn_ack.ts_ns - cc->view.syn.ts_ns);
}

void join_conn_closed(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    bool finished = mark_set(&v->client_fin) && mark_set(&v->server_fin);

    if (cc->dial == NULL || cc->dial->winner != cc->attempt)
        return;
    if (mark_set(&v->client_rst) || finished) {
        if (awaits_stream(c, cc) && stream_due_ns(cc) > c->now_ns)
            timer_set(c, &cc->dial->timer, TIMER_DIAL, stream_due_ns(cc));
        else
            report_dial(c, cc->dial, true, false);
    } else if (mark_set(&v->server_rst)) /* a request may have been on its way */
        timer_set(c, &cc->dial->timer, TIMER_DIAL, v->server_rst.ts_ns + SETTLE_NS);
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
    report_dial(c, d, true, false);
}

/* ---- requests ---- */

void join_request(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    struct dial *own = dial_won_by(cc);

    if (own != NULL && cc->positions == 1 && pool_dial_unused_for_long(c, own))
        (void)found_elsewhere(c, own);
    struct dial *d = pool_request(c, cc, e);
    if (d != NULL && d == dial_won_by(cc))
        take_own_dial(c, cc, e);
    else if (d != NULL)
        claim(c, e, d);
}

void join_exchange_settled(struct correlate *c, struct exchange *e)
{
    struct dial *d = e->claims, *unused = d == NULL ? pool_dial_unused(e) : NULL;

    if (d != NULL && pool_dial_resolved(d))
        report_claimed(c, d);
    else if (unused != NULL && pool_dial_unused_for_long(c, unused))
        claim(c, e, unused);
    else if (!pool_keeps(c, e))
        open_finish(c, e);
}
