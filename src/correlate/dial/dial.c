/* Dials: the connection attempts that one GetConn sets off, one address after the other or in a race. */
#include <stdlib.h>

#include "correlate/pool/pool.h"

/* RFC 8305 recommends 250 ms before the next address is tried beside the last; Go waits 300, curl 200. */
static const int64_t RACE_MIN_NS = 150000000;

enum { ATTEMPTS_MAX = 16 };

/* ---- life ---- */

static struct dial *dial_new(struct correlate *c)
{
    struct dial *d = slab_take(&c->dial_slab);

    if (d == NULL)
        return NULL;
    d->winner = -1;
    return d;
}

static void unlink_from_lookup(struct dial *d)
{
    struct dial **link = &d->lookup->dials;

    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
}

static void attach_lookup(struct correlate *c, struct dial *d, struct lookup *l)
{
    d->lookup = l;
    d->next = l->dials;
    l->dials = d;
    lookup_use(c, l);
}

static void detach_lookup(struct correlate *c, struct dial *d, bool used)
{
    struct lookup *l = d->lookup;

    if (l == NULL)
        return;
    unlink_from_lookup(d);
    d->lookup = NULL;
    if (used)
        lookup_unuse(c, l);
    else
        lookup_return(c, l);
}

static void dial_free(struct correlate *c, struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->conns[i] != NULL)
            d->conns[i]->dial = NULL;
    detach_lookup(c, d, true);
    pool_dial_gone(c, d);
    timer_stop(c, &d->timer);
    outbox_release(c, &d->hold);
    dial_free_attempts(c, d);
    slab_give(&c->dial_slab, d);
}

/* ---- joining ---- */

static bool pending(const struct exchange_attempt *a)
{
    return a->result == ATTEMPT_PENDING;
}

static bool tried(const struct dial *d, const struct ip_addr *server)
{
    for (size_t i = 0; i < d->n; i++)
        if (ip_eq(&d->attempts[i].server.ip, server))
            return true;
    return false;
}

/* The next address is tried right after the last one failed, or beside it once it has kept silent for a while. */
static bool goes_on_with(const struct dial *d, const struct cconn *cc, int64_t now)
{
    const struct exchange_attempt *last = &d->attempts[d->n - 1];

    if (d->winner >= 0 || d->n >= ATTEMPTS_MAX || last->server.port != cc->view.server.port ||
        tried(d, &cc->view.server.ip))
        return false;
    if (pending(last))
        return now - last->syn.ts_ns >= RACE_MIN_NS;
    return now - last->failed.ts_ns <= FOLLOW_NS;
}

static struct dial *dial_to_join(struct correlate *c, const struct cconn *cc, int64_t now)
{
    struct lookup *found[LOOKUP_CANDIDATES_MAX];
    size_t n = lookup_candidates(c, &cc->view.client.ip, &cc->view.server.ip, now, found);

    for (size_t i = 0; i < n; i++)
        for (struct dial *d = found[i]->dials; d != NULL; d = d->next)
            if (goes_on_with(d, cc, now))
                return d;
    return NULL;
}

static struct dial *dial_begin(struct correlate *c, const struct cconn *cc, int64_t now)
{
    struct slice any = {NULL, 0};
    struct lookup *l = lookup_for_syn(c, &cc->view.client.ip, &cc->view.server.ip, any, now);
    struct dial *d = dial_new(c);

    if (d != NULL && l != NULL)
        attach_lookup(c, d, l);
    return d;
}

/* A SYN is repeated after 1, 2, 4 ... seconds, by newer kernels after 1 s for the first few: twice the last interval
 * is past due in either case. */
static int64_t next_slot(const struct exchange_attempt *a)
{
    return a->last_syn.ts_ns + (a->syns > 1 ? 2 * a->last_interval_ns : SECOND);
}

static void watch(struct correlate *c, struct dial *d, int64_t now)
{
    int64_t due = now + FOLLOW_NS;

    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (pending(a) && next_slot(a) + FOLLOW_NS > due)
            due = next_slot(a) + FOLLOW_NS;
    }
    timer_set(c, &d->timer, TIMER_DIAL, due);
    outbox_hold(c, &d->hold, now);
}

static void first_syn(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct dial *d = dial_to_join(c, cc, f->mark.ts_ns);

    if (d == NULL)
        d = dial_begin(c, cc, f->mark.ts_ns);
    if (d == NULL)
        return;
    if (!dial_make_room(c, d)) {
        if (d->n == 0)
            dial_free(c, d);
        return;
    }
    cc->dial = d;
    cc->attempt = (int)d->n;
    d->conns[d->n] = cc;
    d->attempts[d->n++] = (struct exchange_attempt){
        .client = cc->view.client,
        .server = cc->view.server,
        .conn_id = cc->view.id,
        .syn = f->mark,
        .last_syn = f->mark,
        .syns = 1,
    };
    watch(c, d, f->mark.ts_ns);
    if (d->n == 1)
        pool_dial_begun(c, cc, d);
}

void dial_syn(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (cc->dial == NULL) {
        if (!f->as.event->repeated)
            first_syn(c, cc, f);
        return;
    }
    struct exchange_attempt *a = &cc->dial->attempts[cc->attempt];
    a->last_interval_ns = f->mark.ts_ns - a->last_syn.ts_ns;
    a->last_syn = f->mark;
    a->syns++;
    if (pending(a))
        watch(c, cc->dial, f->mark.ts_ns);
}

/* ---- results ---- */

static void lose_race(struct dial *d, const struct exchange_attempt *winner)
{
    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (a == winner || !pending(a))
            continue;
        a->result = ATTEMPT_CANCELED;
        a->winner = winner->syn_ack;
    }
}

static void established(struct correlate *c, struct dial *d, int index, const struct packet_mark *mark)
{
    struct exchange_attempt *a = &d->attempts[index];

    a->ack = *mark;
    if (!pending(a))
        return;
    a->result = ATTEMPT_OK;
    d->winner = index;
    lose_race(d, a);
    timer_stop(c, &d->timer);
    outbox_release(c, &d->hold);
    pool_conn_established(c, d->conns[index]);
}

static void failed(struct correlate *c, struct dial *d, int index, enum attempt_result why,
                   const struct packet_mark *mark)
{
    struct exchange_attempt *a = &d->attempts[index];

    if (!pending(a))
        return;
    a->result = why;
    a->failed = *mark;
    watch(c, d, mark->ts_ns);
}

/* Linux gives up a SYN at once for an ICMP error, except for those that only slow it down (tcp_v4_err). */
static bool icmp_aborts_syn(const struct flow_event *e)
{
    return e->icmp_family == 6 ? e->icmp_type == 1 : e->icmp_type == 3 && e->icmp_code != 4;
}

void dial_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct flow_event *e = f->as.event;
    struct dial *d = cc->dial;

    if (d == NULL)
        return;
    struct exchange_attempt *a = &d->attempts[cc->attempt];
    a->nat_server = cc->flow->nat_server;
    switch (e->kind) {
    case FLOW_SYN_ACK:
        if (!mark_set(&a->syn_ack))
            a->syn_ack = f->mark;
        break;
    case FLOW_ESTABLISHED:
        established(c, d, cc->attempt, &f->mark);
        break;
    case FLOW_RST:
        failed(c, d, cc->attempt, e->dir == FLOW_S2C ? ATTEMPT_REFUSED : ATTEMPT_CANCELED, &f->mark);
        break;
    case FLOW_ICMP:
        if (pending(a) && icmp_aborts_syn(e)) {
            a->icmp_family = e->icmp_family;
            a->icmp_type = e->icmp_type;
            a->icmp_code = e->icmp_code;
            failed(c, d, cc->attempt, ATTEMPT_ICMP, &f->mark);
        }
        break;
    default:
        break;
    }
}

/* ---- the end ---- */

/* Dialers give up after round times. 30 s is Go's default; the others are what people configure. */
static int64_t give_up_estimate(const struct exchange_attempt *a)
{
    static const int64_t usual_ms[] = {30000, 10000, 5000, 60000, 20000, 15000, 3000, 2000, 1000, 500};

    for (size_t i = 0; i < sizeof usual_ms / sizeof *usual_ms; i++) {
        int64_t at = a->syn.ts_ns + usual_ms[i] * MS;
        if (at > a->last_syn.ts_ns && at <= a->next_slot_ns)
            return at;
    }
    return a->last_syn.ts_ns + (a->next_slot_ns - a->last_syn.ts_ns) / 2;
}

static void time_out(struct exchange_attempt *a)
{
    if (!pending(a))
        return;
    a->result = ATTEMPT_TIMEOUT;
    a->next_slot_ns = next_slot(a);
    a->gave_up_ns = attempt_hit_kernel_limit(a) ? a->next_slot_ns : give_up_estimate(a);
}

static int64_t dial_end_ns(const struct dial *d)
{
    int64_t end = 0;

    for (size_t i = 0; i < d->n; i++) {
        const struct exchange_attempt *a = &d->attempts[i];
        const struct packet_mark *marks[] = {&a->last_syn, &a->syn_ack, &a->ack, &a->failed};
        for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
            if (mark_set(marks[k]) && marks[k]->ts_ns > end)
                end = marks[k]->ts_ns;
        if (a->gave_up_ns > end)
            end = a->gave_up_ns;
    }
    return end;
}

/* The last attempt's connection stands for the dial. */
static void describe_conn(const struct dial *d, struct exchange *e)
{
    size_t i = d->winner >= 0 ? (size_t)d->winner : d->n - 1;
    const struct exchange_attempt *a = &d->attempts[i];

    if (d->conns[i] != NULL) {
        conn_snapshot(d->conns[i], e);
        e->handshakes = tls_tell(d->conns[i]);
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

void dial_report(struct correlate *c, struct dial *d, bool quiet, bool orphan)
{
    if (d->claimed_by != NULL) {
        dial_claimed(c, d);
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
    dial_free(c, d);
}

void dial_timer(struct correlate *c, struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        time_out(&d->attempts[i]);
    dial_report(c, d, false, false);
    outbox_drain(c);
}

/* The host named by the request decides between lookups that gave the same address. */
static void check_host(struct correlate *c, struct dial *d, struct slice host)
{
    const struct exchange_attempt *a = &d->attempts[d->winner >= 0 ? d->winner : 0];

    if (host.n == 0 || (d->lookup != NULL && lookup_answers_host(d->lookup, host)))
        return;
    struct lookup *right = lookup_for_syn(c, &a->client.ip, &a->server.ip, host, a->syn.ts_ns);
    if (d->lookup != NULL)
        detach_lookup(c, d, false);
    if (right != NULL)
        attach_lookup(c, d, right);
}

void dial_into_exchange(struct correlate *c, struct cconn *cc, struct exchange *e, struct slice host)
{
    struct dial *d = cc->dial;

    if (d == NULL)
        return;
    check_host(c, d, host);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL)
        lookup_into_exchange(d->lookup, e, host);
    dial_free(c, d);
}

void dial_claimed(struct correlate *c, struct dial *d)
{
    struct exchange *e = d->claimed_by;
    struct cconn *cc = d->winner >= 0 ? d->conns[d->winner] : NULL;
    struct slice host = open_dialled_host(e);

    check_host(c, d, host);
    dial_copy_attempts(d, e);
    if (d->lookup != NULL)
        lookup_into_exchange(d->lookup, e, host);
    if (cc != NULL && tls_tell(cc))
        e->dial_tls = tls_copy(cc, &e->arena);
    open_begins_with_dial(e);
    dial_free(c, d);
    if (e->owner == NULL)
        open_finish(c, e);
}

void dial_conn_closed(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    bool reset = mark_set(&v->client_rst) || mark_set(&v->server_rst);
    bool finished = mark_set(&v->client_fin) && mark_set(&v->server_fin);

    if (cc->dial != NULL && cc->dial->winner == cc->attempt && (reset || finished))
        dial_report(c, cc->dial, true, false);
}

void dial_conn_gone(struct correlate *c, struct cconn *cc, enum flow_end why)
{
    struct dial *d = cc->dial;
    bool cut = why == FLOW_END_INPUT || why == FLOW_END_EVICTED;

    if (d == NULL)
        return;
    if (d->winner == cc->attempt || (d->winner < 0 && cut)) {
        dial_report(c, d, d->winner >= 0, false);
        return;
    }
    time_out(&d->attempts[cc->attempt]);
    d->conns[cc->attempt] = NULL;
    cc->dial = NULL;
}
