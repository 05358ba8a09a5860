/* What a connection knows of its TLS, and how exchanges take it over. */
#include "correlate/conn_tls.h"

struct conn_tls *conn_tls_of(struct correlate *c, struct cconn *cc)
{
    if (cc->tls == NULL)
        cc->tls = slab_take(&c->tls_slab);
    return cc->tls;
}

void conn_tls_report_in(struct cconn *cc, struct exchange *e)
{
    struct conn_tls *t = cc->tls;

    if (t == NULL)
        return;
    if (cc->dial != NULL) /* another request's */
        return;
    e->handshakes = !t->reported && mark_set(&t->info.hello);
    t->reported = true;
    if (e->handshakes && t->info.hello.ts_ns < e->start.ts_ns)
        e->start = t->info.hello;
}

static struct slice copy_known(struct arena *a, struct slice s)
{
    return s.p == NULL ? s : arena_copy(a, s);
}

static void copy_story(const struct cconn *cc, struct exchange_tls *to, struct arena *a)
{
    *to = cc->tls->info;
    to->server_name = copy_known(a, cc->tls->info.server_name);
    to->alpn = copy_known(a, cc->tls->info.alpn);
    to->inner.server_name = copy_known(a, cc->tls->info.inner.server_name);
    to->inner.alpn = copy_known(a, cc->tls->info.inner.alpn);
    to->ja4 = copy_known(a, cc->tls->info.ja4);
    to->certificate_problem = copy_known(a, cc->tls->info.certificate_problem);
}

struct exchange_tls *conn_tls_copy(const struct cconn *cc, struct arena *a)
{
    struct exchange_tls *copy = cc->tls != NULL ? arena_alloc(a, sizeof *copy) : NULL;

    if (copy != NULL)
        copy_story(cc, copy, a);
    return copy;
}

void conn_tls_snapshot(const struct cconn *cc, struct exchange *e)
{
    if (e->tls == NULL)
        e->tls = conn_tls_copy(cc, &e->arena);
    else
        copy_story(cc, e->tls, &e->arena);
}

const struct packet_mark *conn_tls_done_mark(const struct cconn *cc)
{
    static const struct packet_mark none;
    return cc->tls != NULL ? &cc->tls->info.done : &none;
}

bool conn_tls_claim_handshake(struct cconn *cc)
{
    bool tells = mark_set(conn_tls_done_mark(cc)) && mark_set(&cc->tls->info.hello) && !cc->tls->reported;

    if (tells)
        cc->tls->reported = true;
    return tells;
}
