/* Go's connection pool, rebuilt from what its clients do on the wire (hooks.md 4). Per host and port, a request that
 * finds no idle connection dials and queues; the first connection to come free, or to be dialled for somebody else who
 * needs it no more, serves the one that waited longest. So a request may be sent on one connection and have made
 * another. */
#include "correlate/pool/pool.h"

#include "correlate/conn_tls.h"
#include "correlate/lookup/lookup.h"
#include "correlate/timers.h"

/* Requests kept that may turn out to have dialled. The first to be served waited longest; any after that many are taken
 * for requests that dialled nothing. */
enum { UNPLACED_MAX = 1024 };
/* Dials that are looked at for the one that waits longest: those of a flood are never answered. */
enum { WAITING_MAX = 512 };
/* Dials that are looked at for the one that goes on with an address. */
enum { GOING_ON_MAX = 64 };

/* ---- who is who ---- */

/* By name where both are known: Go's pool knows no addresses. */
static bool same_host(const struct dial *d, struct slice host, const struct endpoint *server)
{
    if (d->lookup != NULL && host.n > 0)
        return lookup_answers_host(d->lookup, host);
    return ip_eq(&d->attempts[0].server.ip, &server->ip);
}

static bool fits(const struct dial *d, const struct cconn *cc)
{
    return same_host(d, cc->view.dialled_host, &cc->view.server);
}

/* ---- requests that wait ---- */

static struct dial *waiting_dial(const struct list_link *at)
{
    return list_entry(at, struct dial, waiting);
}

/* Of those who wait for one lookup, Go wakes the last first, and then the others in their order: each that is made ready
 * takes the scheduler's next turn, and sends the one before to the end of its queue. */
static struct dial *woken_first(const struct dial *d)
{
    if (d->lookup == NULL || d->cached)
        return NULL;
    struct dial *first = list_entry(d->lookup->dials.next, struct dial, of_lookup);
    return first != d ? first : NULL;
}

static void waiting_add(struct pool *p, struct dial *d)
{
    struct list_link *at = &p->dials;
    struct dial *last = woken_first(d);

    if (last != NULL && list_holds(&last->waiting)) {
        list_insert(&last->waiting, &d->waiting);
        return;
    }
    while (at->prev != &p->dials && waiting_dial(at->prev)->miss_ns > d->miss_ns)
        at = at->prev;
    list_insert(at, &d->waiting);
}

/* Does nothing for one that was found. */
static void waiting_remove(struct dial *d)
{
    if (list_holds(&d->waiting))
        list_remove(&d->waiting);
}

/* Its request has no connection yet, as far as is known. After a second of silence it may as well have given up: since 1.23
 * Go's dial outlives its request, and nothing on the wire tells whose the next one is. A request that was promised its own new connection still takes a
 * stream on another one, if that comes first. */
static bool waits(const struct dial *d, bool for_stream)
{
    if (d->attempts[d->n - 1].syns > 1)
        return false;
    return d->served_on == NULL || (for_stream && d->served_on->dial == d && d->served_on->positions == 0);
}

/* Its request has failed with it before that time: a connection that comes free later serves somebody else. */
static bool has_failed(const struct dial *d, int64_t before_ns)
{
    return d->winner < 0 && dial_failed_last(d) && dial_last_event_ns(d) < before_ns;
}

static struct dial *longest_waiting(const struct pool *p, const struct cconn *cc, int64_t before_ns, bool for_stream)
{
    const struct list_link *at = p->dials.next;

    for (int looked_at = 0; at != &p->dials && looked_at < WAITING_MAX; at = at->next, looked_at++) {
        struct dial *d = waiting_dial(at);
        if (d->miss_ns > before_ns)
            return NULL;
        if (waits(d, for_stream) && !has_failed(d, before_ns - POOL_UNUSED_NS) && fits(d, cc))
            return d;
    }
    return NULL;
}

static void promise(struct cconn *cc, struct dial *d)
{
    cc->promised = d;
    d->served_on = cc;
}

static void break_promise(struct cconn *cc)
{
    if (cc->promised == NULL)
        return;
    cc->promised->served_on = NULL;
    cc->promised = NULL;
}

/* ---- idle connections ---- */

static void idle_remove(struct cconn *cc)
{
    if (cc->is_idle)
        list_remove(&cc->idle);
    cc->is_idle = false;
}

static void idle_add(struct pool *p, struct cconn *cc)
{
    struct list_link *at = p->idle.next;

    while (at != &p->idle && list_entry(at, struct cconn, idle)->free_ns > cc->free_ns)
        at = at->next;
    list_insert(at, &cc->idle);
    cc->is_idle = true;
}

/* Whose it is shows when it carries a request. */
static void offer(struct pool *p, struct cconn *cc, int64_t at_ns)
{
    cc->free_ns = at_ns;
    idle_remove(cc);
    idle_add(p, cc);
}

/* ---- requests without a dial, so far ---- */

static void unplaced_remove(struct correlate *c, struct exchange *e)
{
    struct pool *p = e->pool;

    if (p == NULL)
        return;
    list_remove(&e->unplaced);
    p->unplaced_count--;
    e->pool = NULL;
    pool_drop(c, p);
}

static struct exchange *unplaced_at(const struct list_link *at)
{
    return list_entry(at, struct exchange, unplaced);
}

static void unplaced_insert(struct pool *p, struct exchange *e)
{
    struct list_link *at = &p->unplaced;

    while (at->prev != &p->unplaced && unplaced_at(at->prev)->start.ts_ns > e->start.ts_ns)
        at = at->prev;
    list_insert(at, &e->unplaced);
    e->pool = p;
    p->unplaced_count++;
    p->users++;
}

/* ---- claims ---- */

/* Which of the dials that may go on with the connection's address does: the one that failed last, else the one that has
 * been silent for the longest. */
struct dial *pool_dial_going_on(struct correlate *c, struct cconn *cc, int64_t now)
{
    struct pool *p = pool_of(c, cc);
    struct dial *best = NULL;

    if (p == NULL)
        return NULL;
    const struct list_link *at = p->dials.next;
    for (int looked_at = 0; at != &p->dials && looked_at < GOING_ON_MAX; at = at->next, looked_at++) {
        struct dial *d = waiting_dial(at);
        if (!dial_goes_on_with(d, cc, now))
            continue;
        if (dial_failed_last(d) &&
            (best == NULL || !dial_failed_last(best) || dial_last_event_ns(d) > dial_last_event_ns(best)))
            best = d;
        else if (best == NULL || (!dial_failed_last(best) && dial_last_event_ns(d) < dial_last_event_ns(best)))
            best = d;
    }
    return best;
}

bool pool_dial_resolved(const struct dial *d)
{
    const struct cconn *cc = d->winner >= 0 ? d->conns[d->winner] : NULL;

    return cc != NULL && (!d->pool->tls || mark_set(conn_tls_done_mark(cc)));
}

static int64_t ready_ns(const struct dial *d)
{
    return conn_ready_mark(d->conns[d->winner])->ts_ns;
}

bool pool_dial_unused_for_long(const struct correlate *c, const struct dial *d)
{
    return pool_dial_resolved(d) && c->now_ns - ready_ns(d) > POOL_UNUSED_NS;
}

void pool_claim(struct correlate *c, struct dial *d, struct exchange *e)
{
    unplaced_remove(c, e);
    waiting_remove(d);
    if (d->served_on != NULL)
        break_promise(d->served_on);
    e->claims = d;
    d->claimed_by = e;
}

/* ---- what happens ---- */

/* Dials that share a lookup joined it at some time before its answer; the wire does not show when. */
static int64_t miss_ns(const struct dial *d)
{
    return d->lookup != NULL && !d->cached ? d->lookup->info.first_query.ts_ns : d->attempts[0].syn.ts_ns;
}

static bool may_have_dialled(const struct exchange *e, const struct dial *d)
{
    return e->start.ts_ns >= d->miss_ns && e->free_ns >= d->miss_ns - POOL_IDLE_NS &&
           same_host(d, exchange_dialled_host(e), &e->conn.server);
}

/* A waiting request is served the moment a connection comes free; a new one may find it idle for any length of time. */
static struct exchange *served_instead(const struct pool *p, const struct dial *d, int64_t within_ns)
{
    for (const struct list_link *at = p->unplaced.next; at != &p->unplaced; at = at->next) {
        struct exchange *e = unplaced_at(at);
        if (e->start.ts_ns - e->free_ns <= within_ns && may_have_dialled(e, d))
            return e;
    }
    return NULL;
}

/* Its own connection is ready and unused: it was served by one that came free while it waited, or was on its way to. */
static bool may_have_served(const struct exchange *e, const struct dial *d)
{
    return may_have_dialled(e, d) && e->free_ns <= ready_ns(d) + POOL_UNUSED_NS;
}

struct exchange *pool_served_elsewhere(const struct dial *d)
{
    const struct pool *p = d->pool;

    if (p == NULL || p->h2 || d->claimed_by != NULL || !pool_dial_resolved(d))
        return NULL;
    for (const struct list_link *at = p->unplaced.next; at != &p->unplaced; at = at->next)
        if (may_have_served(unplaced_at(at), d))
            return unplaced_at(at);
    return NULL;
}

struct exchange *pool_dial_served(const struct dial *d)
{
    struct exchange *e = served_instead(d->pool, d, POOL_HANDED_NS);

    return e != NULL ? e : served_instead(d->pool, d, INT64_MAX);
}

bool pool_dial_begun(struct correlate *c, struct cconn *cc, struct dial *d)
{
    struct pool *p = pool_of(c, cc);

    if (p == NULL || d->pool != NULL)
        return false;
    d->pool = p;
    p->users++;
    d->miss_ns = miss_ns(d);
    cc->go_resolver = d->lookup != NULL && d->lookup->info.resolver == RESOLVER_GO;
    waiting_add(p, d);
    return true;
}

struct dial *pool_dial_gives_way(struct dial *d)
{
    struct dial *last = woken_first(d);
    struct exchange *e = last != NULL && last->pool == d->pool ? last->claimed_by : NULL;

    if (e == NULL || e->owner == NULL)
        return NULL;
    last->claimed_by = NULL;
    e->claims = NULL;
    unplaced_insert(d->pool, e);
    waiting_add(d->pool, last);
    return last;
}

void pool_dial_gone(struct correlate *c, struct dial *d)
{
    if (d->served_on != NULL)
        break_promise(d->served_on);
    if (d->claimed_by != NULL)
        d->claimed_by->claims = NULL;
    if (d->pool == NULL)
        return;
    waiting_remove(d);
    pool_drop(c, d->pool);
}

bool pool_conn_unused(struct correlate *c, struct cconn *cc)
{
    return pool_of(c, cc) != NULL && cc->promised == NULL && cc->positions == 0;
}

void pool_conn_ready(struct correlate *c, struct cconn *cc)
{
    struct dial *own = dial_won_by(cc);

    if (own != NULL && own->served_on == NULL && own->claimed_by == NULL && !cc->pool->h2) {
        cc->free_ns = c->now_ns;
        promise(cc, own);
    } else {
        offer(cc->pool, cc, c->now_ns);
    }
}

/* A TLS handshake begins, so the connection was not ready yet: its dialler goes on waiting for the first one that is. */
void pool_conn_says_hello(struct cconn *cc)
{
    if (cc->pool == NULL || cc->pool->tls)
        return;
    cc->pool->tls = true;
    break_promise(cc);
}

void pool_conn_free(struct correlate *c, struct cconn *cc)
{
    struct pool *p = pool_of(c, cc);

    if (p != NULL && cc->promised == NULL)
        offer(p, cc, cc->view.previous_end.ts_ns);
}

static bool others_idle(const struct cconn *cc)
{
    const struct list_link *idle = &cc->pool->idle;

    for (const struct list_link *at = idle->next; at != idle; at = at->next) {
        const struct cconn *other = list_entry(at, struct cconn, idle);
        if (other->free_ns < cc->free_ns - POOL_KEPT_NS && ip_eq(&other->view.server.ip, &cc->view.server.ip))
            return true;
    }
    return false;
}

/* The client closes an idle connection but keeps others to the same host: its pool was full. */
void pool_conn_closing(struct cconn *cc, bool by_client)
{
    if (by_client && cc->is_idle && !cc->view.pool_full)
        cc->view.pool_full = others_idle(cc);
    idle_remove(cc);
    break_promise(cc);
}

void pool_conn_gone(struct correlate *c, struct cconn *cc)
{
    pool_conn_closing(cc, false);
    if (cc->pool != NULL)
        pool_drop(c, cc->pool);
    cc->pool = NULL;
}

/* ---- requests ---- */

/* The connection is new, and its dialler not served yet: the first request on it must be the dialler's. */
static struct dial *unserved_own_dial(const struct cconn *cc)
{
    struct dial *own = dial_won_by(cc);

    return own != NULL && own->claimed_by == NULL && cc->positions == 1 ? own : NULL;
}

/* Its own connection was ready well before the other came free. */
static bool had_its_own(const struct dial *d, const struct cconn *cc)
{
    return d->served_on != NULL && d->served_on->free_ns <= cc->free_ns - POOL_HANDED_NS;
}

/* Who waited longest when the connection came free, or was about to look for one. */
static struct dial *dialler_of_next(const struct pool *p, const struct cconn *cc, int64_t head_ns)
{
    const struct list_link *at = p->dials.next;

    if (head_ns - cc->free_ns > POOL_IDLE_NS)
        return NULL;
    for (int looked_at = 0; at != &p->dials && looked_at < WAITING_MAX; at = at->next, looked_at++) {
        struct dial *d = waiting_dial(at);
        if (d->miss_ns > head_ns)
            return NULL;
        if (d->attempts[d->n - 1].syns == 1 && !had_its_own(d, cc) && !has_failed(d, cc->free_ns - POOL_HANDED_NS) &&
            fits(d, cc))
            return d;
    }
    return NULL;
}

static bool is_stream(const struct cconn *cc, const struct exchange *e)
{
    return e->stream.id != 0 || (e->kind == P2T_KIND_TLS && cc->tls != NULL && cc->tls->info.h2);
}

static struct dial *dial_for(struct pool *p, struct cconn *cc, const struct exchange *e)
{
    int64_t head_ns = e->start.ts_ns;
    struct dial *d = unserved_own_dial(cc);

    break_promise(cc);
    if (d != NULL)
        return d;
    /* A stream needs no free connection, and where messages are encrypted nobody knows when one is free. */
    if (e->stream.id != 0 || e->kind == P2T_KIND_TLS)
        return longest_waiting(p, cc, head_ns, is_stream(cc, e));
    return dialler_of_next(p, cc, head_ns);
}

/* A client without Go's pool gives a connection to the request that dialled it. */
static struct dial *unclaimed_own_dial(struct cconn *cc)
{
    struct dial *own = dial_won_by(cc);

    break_promise(cc);
    return own != NULL && own->claimed_by == NULL ? own : NULL;
}

struct dial *pool_request(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    struct pool *p = pool_of(c, cc);

    if (p == NULL)
        return NULL;
    idle_remove(cc);
    p->h2 |= is_stream(cc, e);
    e->by_go = pool_client_is_go(cc, e);
    e->conn.server = cc->view.server;
    e->free_ns = cc->free_ns;
    if (!e->by_go)
        return unclaimed_own_dial(cc);
    struct dial *d = dial_for(p, cc, e);
    if (d == NULL) {
        e->conn.orphan_dial = cc->positions == 1 && dial_won_by(cc) != NULL;
        if (p->unplaced_count < UNPLACED_MAX)
            unplaced_insert(p, e);
    }
    return d;
}

/* ---- exchanges that wait for their dial ---- */

struct dial *pool_dial_unused(const struct exchange *e)
{
    const struct pool *p = e->pool;

    if (p == NULL || p->h2)
        return NULL;
    const struct list_link *at = p->dials.next;
    for (int looked_at = 0; at != &p->dials && looked_at < WAITING_MAX; at = at->next, looked_at++) {
        struct dial *d = waiting_dial(at);
        if (pool_dial_resolved(d) && d->conns[d->winner]->positions == 0 && may_have_served(e, d))
            return d;
    }
    return NULL;
}

bool pool_keeps(struct correlate *c, struct exchange *e)
{
    if (e->claims != NULL)
        return true;
    struct dial *d = c->finishing ? NULL : pool_dial_unused(e);
    if (d != NULL) {
        timer_set(c, &e->timer, TIMER_POOL, ready_ns(d) + POOL_UNUSED_NS + 1);
        return true;
    }
    if (e->pool != NULL && !c->finishing && c->lookups_unused > 0 &&
        lookup_pending(c, &e->conn.client.ip, e->request.host)) {
        timer_set(c, &e->timer, TIMER_POOL, c->now_ns + POOL_IDLE_NS);
        return true;
    }
    unplaced_remove(c, e);
    return false;
}

void pool_forget(struct correlate *c, struct exchange *e)
{
    unplaced_remove(c, e);
    if (e->claims != NULL) {
        e->claims->claimed_by = NULL;
        e->claims = NULL;
    }
}
