/* Which packets decisions that are still to be made rest on. */
#include "correlate/lookup.h"

struct walk {
    correlate_visit *visit;
    void *ctx;
};

static void need_lookup(const struct walk *w, const struct exchange_lookup *l, const struct ip_addr *client)
{
    struct correlate_need n = {.client.ip = *client, .first = l->first_query, .last_ns = lookup_end_ns(l)};

    w->visit(w->ctx, &n);
}

static void need_attempts(const struct walk *w, const struct exchange_attempt *a, size_t count, uint64_t own)
{
    for (size_t i = 0; i < count; i++) {
        struct correlate_need n = {
            .client = a[i].client, .server = a[i].server, .first = a[i].syn, .other = a[i].conn_id != own};
        w->visit(w->ctx, &n);
    }
}

static void need_exchange(const struct walk *w, const struct exchange *e)
{
    const struct cconn *owner = e->owner;
    const struct exchange_conn *v = owner != NULL ? &owner->view : &e->conn;
    struct correlate_need n = {.id = e->id, .client = v->client, .server = v->server, .first = v->first};

    if (mark_set(&v->first) || e->id != 0)
        w->visit(w->ctx, &n);
    need_attempts(w, e->attempts, e->attempt_count, v->id);
    if (e->lookup != NULL)
        need_lookup(w, e->lookup, &e->lookup->client.ip);
}

static void need_dial(const struct walk *w, const struct dial *d)
{
    need_attempts(w, d->attempts, d->n, 0);
    if (d->claimed_by != NULL)
        need_exchange(w, d->claimed_by);
}

static void need_conn(const struct walk *w, const struct cconn *cc)
{
    if (cc->dial != NULL)
        need_dial(w, cc->dial);
    for (const struct exchange *e = cc->open_first; e != NULL; e = e->next)
        need_exchange(w, e);
}

void correlate_each_need(const struct correlate *c, correlate_visit *visit, void *ctx)
{
    const struct walk w = {visit, ctx};

    for (size_t i = 0; i < c->outbox.n; i++) {
        const struct exchange *e = heap_entry(c->outbox.nodes[i], struct hold, node)->exchange;
        if (e != NULL)
            need_exchange(&w, e);
    }
    for (size_t i = 0; i < c->timers.n; i++) {
        const struct timer *t = heap_entry(c->timers.nodes[i], struct timer, node);
        if (t->kind == TIMER_DIAL)
            need_dial(&w, heap_entry(t, struct dial, timer));
    }
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *n = c->conns.buckets[i]; n != NULL; n = n->next)
            need_conn(&w, hmap_entry(n, struct cconn, node));
    for (const struct lookup *l = c->lookup_oldest; l != NULL; l = l->newer)
        need_lookup(&w, &l->info, &l->client_ip);
}

bool correlate_place(const struct correlate *c, uint64_t conn, struct correlate_place *place)
{
    const struct cconn *cc = conn_find(c, conn);

    if (cc == NULL || cc->open_first == NULL || cc->open_first != cc->open_last || cc->dial != NULL ||
        cc->tls != NULL || cc->promised != NULL || cc->view.proxy != PROXY_NONE || cc->is_dns)
        return false;
    const struct exchange *e = cc->open_first;
    place->position = e->conn.position;
    place->dialled_host = cc->view.dialled_host;
    return e->kind == P2T_KIND_HTTP1 && e->conn.position > 0 && !e->conn.pipelined;
}

int64_t correlate_dial_over_ns(const struct correlate *c, uint64_t conn)
{
    const struct cconn *cc = conn_find(c, conn);

    return cc != NULL ? cc->dial_over_ns : 0;
}

void correlate_repeating(struct correlate *c, correlate_told *fn, void *ctx)
{
    c->told = fn;
    c->told_ctx = ctx;
}
