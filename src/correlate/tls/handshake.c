/* The TLS story of a connection: its handshake, and what became of its secrets. */
#include "correlate/tls/handshake.h"

#include "correlate/conn_tls.h"
#include "correlate/join.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"
#include "correlate/settle.h"
#include "correlate/tls/certificate.h"
#include "correlate/tls/turns.h"
#include "correlate/transport.h"

/* ---- the handshake ---- */

/* Once a proxy has agreed to CONNECT inside a secured connection, another handshake is the target's. */
static bool is_inside(const struct cconn *cc)
{
    const struct packet_mark *done = &cc->tls->info.done, *consent = &cc->view.tunnel_ready;

    return mark_set(done) && mark_set(consent) && consent->ts_ns >= done->ts_ns;
}

static void inner_hello(struct cconn *cc, const struct fact *f)
{
    struct exchange_tls *t = &cc->tls->info;

    if (mark_set(&t->inner_hello))
        return;
    t->inner_hello = f->mark;
    t->inner.server_name = arena_copy(&cc->arena, f->as.tls_client_hello.hello->server_name);
}

static void inner_done(struct cconn *cc, const struct fact *f)
{
    const struct fact_tls_done *d = f->as.tls_done;
    struct tls_agreed *inner = &cc->tls->info.inner;

    cc->tls->info.inner_done = f->mark;
    inner->known = true;
    inner->version = d->version;
    inner->cipher = d->cipher;
    inner->resumed = d->resumed;
    if (d->alpn.p != NULL)
        inner->alpn = arena_copy(&cc->arena, d->alpn);
}

/* X25519MLKEM768 and its draft: of Go's versions only those from 1.23 on have them. */
static bool offers_post_quantum(const struct tls_client_hello *h)
{
    for (size_t i = 0; i < h->key_share_count; i++)
        if (h->key_shares[i] == 0x11ec || h->key_shares[i] == 0x6399)
            return true;
    return false;
}

static void on_client_hello(struct cconn *cc, const struct fact *f)
{
    struct exchange_tls *t = &cc->tls->info;
    const struct tls_client_hello *h = f->as.tls_client_hello.hello;

    if (is_inside(cc)) {
        inner_hello(cc, f);
        return;
    }
    if (h->again || mark_set(&t->hello))
        return;
    t->hello = f->mark;
    t->ja4 = arena_copy(&cc->arena, slice_str(h->ja4));
    t->outer_name = h->offers_ech;
    t->prefixed = offers_post_quantum(h);
    if (h->server_name.p != NULL)
        t->server_name = arena_copy(&cc->arena, h->server_name);
}

static void on_server_hello(struct cconn *cc, const struct fact *f)
{
    if (is_inside(cc)) {
        cc->tls->info.inner_answer = f->mark;
        return;
    }
    if (mark_set(&cc->tls->info.hello) && cc->tls->least_wait_ns == 0)
        cc->tls->least_wait_ns = f->mark.ts_ns - cc->tls->info.hello.ts_ns;
    cc->tls->info.server_hello = f->mark;
    cc->tls->info.version = f->as.tls_server_hello->version;
    cc->tls->info.cipher = f->as.tls_server_hello->cipher;
}

static void on_certificate(struct cconn *cc, const struct fact *f)
{
    struct exchange_tls *t = &cc->tls->info;

    t->certificate = f->mark;
    t->certificate_problem = certificate_problem(&cc->arena, f->as.tls_certificate, t->server_name, f->mark.ts_ns);
}

static void failed(struct correlate *c, struct cconn *cc, enum tls_failure why, const struct packet_mark *mark)
{
    struct exchange_tls *t = &cc->tls->info;

    /* Early data may be answered, and the connection closed, before the client has finished (RFC 8446 2.3). */
    if (t->failure != TLS_FAILED_NOT || mark_set(&t->done) || !mark_set(&t->hello) || t->decrypted || cc->tls->asked)
        return;
    t->failure = why;
    t->failed = *mark;
    struct exchange *e = tls_begin(c, cc, &t->hello);
    if (e != NULL)
        settle_ended(c, e, mark_set(mark) ? mark->ts_ns : c->now_ns);
}

/* RFC 5246 7.2: level 1 is a warning, after which the connection goes on; close_notify (0) ends it in any case. */
static void on_alert(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct tls_alert *alert = &cc->tls->info.alert[f->dir];

    if (!f->as.tls_alert.encrypted && f->as.tls_alert.level == 1 && f->as.tls_alert.code != 0)
        return;
    if (!mark_set(&alert->mark))
        *alert = (struct tls_alert){f->mark, f->as.tls_alert.code, f->as.tls_alert.encrypted};
    failed(c, cc, f->dir == FLOW_S2C ? TLS_FAILED_SERVER_ALERT : TLS_FAILED_CLIENT_ALERT, &f->mark);
}

static void on_not_tls(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (f->dir != FLOW_S2C)
        return;
    cc->tls->info.not_tls_is_http = slice_starts(f->as.not_tls, SLICE_LIT("HTTP/"));
    failed(c, cc, TLS_FAILED_NOT_TLS, &f->mark);
}

/* Written when the client was done, and held back by its kernel until the ChangeCipherSpec was acknowledged. */
static bool was_held_back(const struct fact *f)
{
    const struct packet_mark *changed = &f->as.tls_done->changed;

    return mark_set(changed) && f->mark.ts_ns - changed->ts_ns >= FINISHED_LATE_NS;
}

static void on_done(struct cconn *cc, const struct fact *f)
{
    struct exchange_tls *t = &cc->tls->info;
    const struct fact_tls_done *d = f->as.tls_done;

    if (t->failure != TLS_FAILED_NOT)
        return;
    if (is_inside(cc)) {
        inner_done(cc, f);
        return;
    }
    cc->tls->padded = d->padded;
    t->done = was_held_back(f) ? d->changed : f->mark;
    t->done_guessed = d->guessed || was_held_back(f);
    t->version = d->version;
    t->cipher = d->cipher;
    t->resumed = d->resumed;
    t->client_certificate_empty = d->client_certificate && d->certificate_empty;
    if (d->alpn.p != NULL)
        t->alpn = arena_copy(&cc->arena, d->alpn);
}

void tls_fact(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (conn_tls_of(c, cc) == NULL)
        return;
    switch (f->kind) {
    case FACT_TLS_CLIENT_HELLO:
        on_client_hello(cc, f);
        pool_conn_says_hello(cc);
        break;
    case FACT_TLS_SERVER_HELLO:
        on_server_hello(cc, f);
        break;
    case FACT_TLS_CERTIFICATE:
        on_certificate(cc, f);
        break;
    case FACT_TLS_ALERT:
        on_alert(c, cc, f);
        break;
    case FACT_TLS_NOT_TLS:
        on_not_tls(c, cc, f);
        break;
    case FACT_TLS_DONE:
        on_done(cc, f);
        transport_skip(cc);
        join_conn_secured(c, cc);
        break;
    case FACT_TLS_DECRYPTED:
        cc->tls->info.decrypted = true;
        cc->tls->info.decrypted_at = f->mark;
        break;
    case FACT_TLS_LOST:
        cc->tls->info.loss[f->dir] = (struct tls_loss){f->mark, f->as.tls_loss};
        break;
    default:
        tls_records(c, cc, f);
        break;
    }
}

/* ---- what the connection does ---- */

void tls_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (cc->tls == NULL || !list_empty(&cc->open))
        return;
    if (f->as.event->kind == FLOW_RST || f->as.event->kind == FLOW_FIN_IN_ORDER)
        failed(c, cc, TLS_FAILED_CLOSED, &f->mark);
}

void tls_conn_gone(struct correlate *c, struct cconn *cc)
{
    static const struct packet_mark none;

    if (cc->tls != NULL && list_empty(&cc->open))
        failed(c, cc, TLS_FAILED_CLOSED, &none);
}

/* Joined after its SYN, so that there is no dial to tell of it. */
void tls_conn_left(struct correlate *c, struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;

    if (v->handshake_seen || cc->positions > 0 || !conn_tls_claim_handshake(cc))
        return;
    struct exchange *e = exchange_take(c);
    if (e == NULL)
        return;
    const struct packet_mark *closed = exchange_conn_closing_mark(v);
    e->kind = P2T_KIND_CONNECT;
    e->start = cc->tls->info.hello;
    e->end_ns = mark_set(closed) ? closed->ts_ns : c->now_ns;
    e->handshakes = e->quiet = true;
    e->id = hash_stable_finish(hash_stable(v->id, "connect", 7));
    conn_snapshot(cc, e);
    transport_settle(cc, e);
    outbox_put(c, e);
}
