/* What was read, against the rules that correlate keeps among its things: who follows a link finds what it expects, and
 * each thing has somebody who will free it. */
#include "correlate/image/image.h"

#define EACH(m, kind, type, x)                                                                                       \
    (size_t i_ = 0; i_ < (m)->sets[kind].n; i_++) for (type *x = (m)->sets[kind].items[i_]; x != NULL; x = NULL)

/* ---- counts ---- */

static void count_dial(struct dial *d)
{
    if (d->pool != NULL)
        d->pool->users++;
    if (d->lookup != NULL)
        (*(d->cached ? &d->lookup->holders : &d->lookup->users))++;
}

static void count_users(struct image *m)
{
    for
        EACH(m, IMAGE_CONN, struct cconn, cc)
    if (cc->pool != NULL)
        cc->pool->users++;
    for
        EACH(m, IMAGE_DIAL, struct dial, d)
    count_dial(d);
    for
        EACH(m, IMAGE_EXCHANGE, struct exchange, e)
    if (e->pool != NULL)
        ((struct pool *)e->pool)->users++;
}

/* ---- things ---- */

/* Whoever is in its lists knows it, and somebody will let go of it. */
static bool pool_ok(const struct pool *p)
{
    const struct list_link *at;

    for (at = p->dials.next; at != &p->dials; at = at->next) {
        const struct dial *d = list_entry(at, struct dial, waiting);
        if (d->pool != p || d->claimed_by != NULL)
            return false;
    }
    for (at = p->idle.next; at != &p->idle; at = at->next)
        if (list_entry(at, struct cconn, idle)->pool != p)
            return false;
    for (at = p->unplaced.next; at != &p->unplaced; at = at->next)
        if (list_entry(at, struct exchange, unplaced)->pool != p)
            return false;
    return p->users > 0;
}

static bool needs_tls(const struct exchange *e)
{
    return e->kind == P2T_KIND_TLS || e->handshakes;
}

static bool owns(const struct cconn *cc, const struct exchange *e)
{
    return e->owner == cc && (!needs_tls(e) || cc->tls != NULL);
}

static bool conn_ok(const struct cconn *cc, uint8_t places)
{
    const struct dial *d = cc->dial;

    if (d != NULL && (cc->attempt < 0 || (size_t)cc->attempt >= d->n || d->conns[cc->attempt] != cc))
        return false;
    for (const struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        if (!owns(cc, list_entry(at, struct exchange, open)))
            return false;
    if (cc->settling != NULL && !owns(cc, cc->settling))
        return false;
    if (cc->promised != NULL && cc->promised->served_on != cc)
        return false;
    return cc->is_idle == ((places & IMAGE_IDLE) != 0);
}

static bool lookup_ok(const struct lookup *l, uint8_t places)
{
    if ((l->users == 0) != ((places & IMAGE_UNUSED) != 0) || (l->is_open && (l->closed || lookup_used(l))))
        return false;
    for (const struct list_link *at = l->dials.next; at != &l->dials; at = at->next)
        if (list_entry(at, struct dial, of_lookup)->lookup != l)
            return false;
    return heap_holds(&l->timer.node) || (l->closed && l->users + l->holders > 0);
}

static bool attempts_ok(const struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->conns[i] != NULL && (d->conns[i]->dial != d || d->conns[i]->attempt != (int)i))
            return false;
    return d->winner >= 0 ? d->conns[d->winner] != NULL : heap_holds(&d->timer.node);
}

static bool dial_ok(const struct dial *d, uint8_t places)
{
    if (d->pool == NULL || !attempts_ok(d) || (d->lookup != NULL) != ((places & IMAGE_OF_LOOKUP) != 0))
        return false;
    if (d->served_on != NULL && d->served_on->promised != d)
        return false;
    return d->claimed_by == NULL || (d->claimed_by->claims == d && d->served_on == NULL);
}

/* On a connection, or waiting for its dial. */
static bool place_ok(const struct exchange *e, uint8_t places)
{
    bool timed = heap_holds(&e->timer.node), waits = timed && e->timer.kind == TIMER_POOL;

    if (e->owner != NULL)
        return !waits && ((places & IMAGE_OPEN) != 0) != ((places & IMAGE_SETTLING) != 0);
    if ((places & (IMAGE_OPEN | IMAGE_SETTLING)) != 0 || timed != waits)
        return false;
    return e->claims != NULL || (e->pool != NULL && waits);
}

static bool exchange_ok(const struct exchange *e, uint8_t places)
{
    if (!place_ok(e, places) || (e->pool != NULL) != ((places & IMAGE_UNPLACED) != 0))
        return false;
    if (e->owner == NULL && needs_tls(e) && e->tls == NULL)
        return false;
    return e->kind != P2T_KIND_LOOKUP && (e->claims == NULL || e->claims->claimed_by == e);
}

/* An exchange that is remembered has ended: what is open may be thrown away without asking who remembers it. */
static bool recents_ok(const struct image *m)
{
    const struct correlate *c = m->correlate;

    for (size_t i = 0; i < c->recent_n; i++) {
        const struct exchange *e = c->recent[i].exchange;
        const struct cconn *cc = e != NULL ? e->owner : NULL;
        if (cc != NULL && cc->settling != e)
            return false;
    }
    return true;
}

void image_check(struct image *m)
{
    bool good = true;

    if (!image_ok(m))
        return;
    count_users(m);
    for
        EACH(m, IMAGE_POOL, struct pool, p)
    good &= pool_ok(p);
    for
        EACH(m, IMAGE_CONN, struct cconn, cc)
    good &= conn_ok(cc, m->sets[IMAGE_CONN].places[i_]);
    for
        EACH(m, IMAGE_LOOKUP, struct lookup, l)
    good &= lookup_ok(l, m->sets[IMAGE_LOOKUP].places[i_]);
    for
        EACH(m, IMAGE_DIAL, struct dial, d)
    good &= dial_ok(d, m->sets[IMAGE_DIAL].places[i_]);
    for
        EACH(m, IMAGE_EXCHANGE, struct exchange, e)
    good &= exchange_ok(e, m->sets[IMAGE_EXCHANGE].places[i_]);
    if (!good || !recents_ok(m))
        reader_fail(&m->in, READ_BAD);
}
