/* The TLS story of a connection, and exchanges estimated from the flow of its encrypted records (hooks.md 2.3, and
 * section 8 point 10): client and server take turns, and each turn of the client is a request. */
#include "correlate/tls.h"

#include "correlate/pool.h"

/* A response that may be a ticket only: the true one may take its time. */
static const int64_t TICKET_WAIT_NS = 3000000000;
/* "HTTP/1.1 100 Continue" and its blank line: the request goes on behind it. */
enum { CONTINUE_BYTES = 25 };
/* Two or more records of one length and nothing else: tickets. A response would hardly come so. */
enum { CERTAINLY_TICKETS = 2 };
/* Records of an upload under way: Go begins with segments' worth, others with more. */
enum { UPLOAD_RECORD_BYTES = 1024 };
/* HTTP/2 frames this far apart are taken for those of different streams. */
static const int64_t CADENCE_NS = 1000000;
/* With its frame's header; a WINDOW_UPDATE is as long. */
enum { RST_STREAM_BYTES = 13, SETTINGS_ACK_BYTES = 9 };
/* A ClientHello of TLS 1.2 or 1.3 with a name is longer than this. */
enum { HELLO_BYTES = 150 };

static struct conn_tls *story_of(struct correlate *c, struct cconn *cc)
{
    if (cc->tls == NULL)
        cc->tls = slab_take(&c->tls_slab);
    return cc->tls;
}

void tls_tell_in(struct cconn *cc, struct exchange *e)
{
    struct conn_tls *t = cc->tls;

    if (t == NULL)
        return;
    if (cc->dial != NULL) /* another request's */
        return;
    e->handshakes = !t->told && mark_set(&t->info.hello);
    t->told = true;
    if (e->handshakes && t->info.hello.ts_ns < e->start.ts_ns)
        e->start = t->info.hello;
}

static struct exchange *begin(struct correlate *c, struct cconn *cc, const struct packet_mark *first)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = open_begin(c, cc, P2T_KIND_TLS, first);

    if (e == NULL)
        return NULL;
    e->conn.proxy = cc->view.proxy;
    if (t->info.server_name.p != NULL)
        e->request.host = arena_copy(&e->arena, t->info.server_name);
    pool_request(c, cc, e);
    tls_tell_in(cc, e);
    return e;
}

/* ---- the handshake ---- */

/* Behind a proxy's consent, inside a connection that is secured already, another handshake is the target's. */
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
    if (h->server_name.p != NULL)
        t->server_name = arena_copy(&cc->arena, h->server_name);
}

static void on_server_hello(struct cconn *cc, const struct fact *f)
{
    if (is_inside(cc)) {
        cc->tls->info.inner_answer = f->mark;
        return;
    }
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
    struct exchange *e = begin(c, cc, &t->hello);
    if (e != NULL)
        open_has_ended(c, e, mark_set(mark) ? mark->ts_ns : t->hello.ts_ns);
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
    t->done = f->mark;
    t->done_guessed = d->guessed;
    t->version = d->version;
    t->cipher = d->cipher;
    t->resumed = d->resumed;
    t->client_certificate_empty = d->client_certificate && d->certificate_empty;
    if (d->alpn.p != NULL)
        t->alpn = arena_copy(&cc->arena, d->alpn);
}

/* ---- requests ---- */

/* One client's heads differ by little: most of their fields are in the peers' tables. */
static bool like_last_head(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    enum { ALIKE_BYTES = 2 };
    uint64_t n = r->bytes / r->records;

    return e->request.body_bytes == t->head_bytes && n <= t->head_bytes + ALIKE_BYTES &&
           n + ALIKE_BYTES >= t->head_bytes;
}

/* Streams are opened one write after the other; what follows at once, or is long, is a body, unless it is as long as
 * the head before it. Behind a body, the server must have said something. */
static bool opens_stream(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    bool pause = r->first.ts_ns - e->request.last.ts_ns >= CADENCE_NS;

    if (!t->info.h2 || r->bytes / r->records > UPLOAD_RECORD_BYTES)
        return false;
    return t->record_bytes > UPLOAD_RECORD_BYTES ? pause && t->control_seen
                                                 : pause || t->reset_like || like_last_head(t, e, r);
}

/* What came from the server so far is no answer yet: the client's data belong to the request that is open. */
static bool same_request(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    if (!e->response.seen)
        return !opens_stream(t, e, r);
    if (t->answered)
        return !t->info.h2 && t->answer_records == 1 && e->response.body_bytes == CONTINUE_BYTES;
    return t->record_bytes > UPLOAD_RECORD_BYTES;
}

static void fill_request(struct exchange *e, const struct fact_tls_records *r)
{
    e->request.seen = true;
    e->request.first = r->first;
    e->request.head_end = r->first_whole;
}

static void next_request(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    while (cc->open_first != NULL && cc->open_first->response.seen)
        open_has_ended(c, cc->open_first, cc->open_first->response.last.ts_ns);
    if (cc->settling != NULL) {
        cc->settling->conn.next_head = r->first;
        open_settle(c, cc->settling);
    }
    cc->tls->answered = cc->tls->reset_like = cc->tls->control_seen = false;
    cc->tls->answer_records = 0;
    cc->tls->head_like = (struct packet_mark){0};
    struct exchange *e = begin(c, cc, &r->first);
    if (e == NULL)
        return;
    cc->tls->asked = true;
    cc->tls->head_bytes = r->bytes / r->records;
    fill_request(e, r);
}

/* ---- TLS inside TLS ---- */

/* "HTTP/1.1 200 OK" or "... 200 Connection established", nothing more, is how a proxy agrees to CONNECT ... */
static bool may_be_consent(const struct cconn *cc, const struct exchange *e)
{
    return cc->tls->tunnel == TUNNEL_NONE && !cc->tls->info.h2 && e->conn.position == 0 &&
           cc->tls->answer_records == 1 && (e->response.body_bytes == 19 || e->response.body_bytes == 39);
}

/* ... when a ClientHello follows: what was taken for a request and its response was neither. */
static void begin_tunnel(struct correlate *c, struct cconn *cc, struct exchange *e, const struct fact_tls_records *r)
{
    struct slice host = e->request.host;

    open_goes_on(c, e);
    e->request = (struct exchange_request){.host = host};
    e->response = (struct exchange_response){.seen = false};
    cc->view.previous_end = (struct packet_mark){0};
    cc->tls->answered = false;
    cc->tls->answer_records = 0;
    cc->tls->tunnel = TUNNEL_HELLO;
    cc->tls->info.inner_hello = r->first;
}

/* True when the client's records belong to the inner handshake. */
static bool in_tunnel_handshake(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = cc->open_last;

    if (e != NULL && e->response.seen && may_be_consent(cc, e) && r->bytes / r->records >= HELLO_BYTES) {
        begin_tunnel(c, cc, e, r);
        return true;
    }
    if (t->tunnel == TUNNEL_ANSWERED) {
        t->tunnel = TUNNEL_READY;
        t->info.inner_done = r->last;
        return true;
    }
    return t->tunnel == TUNNEL_HELLO;
}

static void on_request_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    if (in_tunnel_handshake(c, cc, r))
        return;
    struct exchange *e = cc->open_last;
    if (e != NULL && !e->request.seen)
        fill_request(e, r);
    if (e == NULL || !same_request(cc->tls, e, r))
        next_request(c, cc, r);
    if ((e = cc->open_last) == NULL)
        return;
    if (e->response.seen) {
        e->response.seen = false;
        open_goes_on(c, e);
    }
    e->request.last = r->last;
    e->request.body_bytes += r->bytes;
    e->request.lost |= r->lost;
    cc->tls->record_bytes = r->bytes / r->records;
}

/* ---- responses ---- */

static void answer(struct correlate *c, struct exchange *e, const struct fact_tls_records *r)
{
    struct exchange_response *x = &e->response;
    struct cconn *cc = e->owner;

    x->seen = x->ended = x->complete = true;
    e->request.ended = e->request.complete = true;
    x->last = cc->view.previous_end = r->last;
    x->body_bytes += r->bytes;
    x->lost |= r->lost;
    cc->tls->answer_records += r->records;
    open_may_have_ended(c, e, x->last.ts_ns, SETTLE_NS);
}

static void take_back(struct correlate *c, struct exchange *e)
{
    e->response.seen = false;
    e->response.first = (struct packet_mark){0};
    e->response.body_bytes = 0;
    ((struct cconn *)e->owner)->tls->answer_records = 0;
    open_goes_on(c, e);
}

/* One server's response heads differ by little, and what follows them mostly does not look like them. */
static bool like_last_answer(const struct conn_tls *t, const struct fact_tls_records *r)
{
    enum { ALIKE_BYTES = 2, HEAD_MAX = 100 };
    uint64_t n = r->bytes / r->records;

    return n <= HEAD_MAX && n + ALIKE_BYTES >= t->answer_head_bytes && n <= t->answer_head_bytes + ALIKE_BYTES;
}

/* HTTP/2: with several streams open, an answer that comes after a pause, or begins as the last one did, is taken for
 * the next one's. */
static struct exchange *answered_stream(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct exchange *e = cc->open_first;

    if (e == NULL || e->next == NULL || !e->response.seen ||
        (r->first.ts_ns - e->response.last.ts_ns < CADENCE_NS && !like_last_answer(cc->tls, r)))
        return e;
    open_has_ended(c, e, e->response.last.ts_ns);
    cc->tls->answered = false;
    cc->tls->answer_records = 0;
    cc->tls->head_like = (struct packet_mark){0};
    return cc->open_first;
}

/* Whatever the server sends may be the answer to any request that is open. */
static void may_answer_all(struct cconn *cc, const struct fact_tls_records *r)
{
    for (struct exchange *e = cc->open_first; e != NULL; e = e->next)
        if (e->request.seen && !mark_set(&e->response.first_possible))
            e->response.first_possible = r->first_whole;
}

static void on_response_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = answered_stream(c, cc, r);
    bool ticket = r->shape == FACT_TLS_TICKET_LIKE;

    t->tickets += ticket ? r->records : 0;
    if (t->tunnel == TUNNEL_HELLO) {
        t->tunnel = TUNNEL_ANSWERED;
        t->info.inner_answer = r->first_whole;
    }
    if (e == NULL || !e->request.seen)
        return;
    may_answer_all(cc, r);
    if (t->info.h2 && !mark_set(&e->response.first))
        e->response.first = t->head_like;
    if (ticket && t->tickets >= CERTAINLY_TICKETS) {
        take_back(c, e);
        return;
    }
    if (!mark_set(&e->response.first) || (!ticket && !t->answered && !t->info.h2))
        e->response.first = r->first_whole;
    t->answered |= !ticket;
    if (e->response.body_bytes == 0)
        t->answer_head_bytes = r->bytes / r->records;
    answer(c, e, r);
}

/* A short frame behind a request without a body is no WINDOW_UPDATE: a RST_STREAM, or a response's head whose fields
 * are all in the peers' tables. If data follow, it was the latter. */
static void on_server_control(struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = cc->open_first;

    if (r->bytes == r->records * SETTINGS_ACK_BYTES)
        return;
    t->control_seen = true;
    t->reset_like |= r->bytes == r->records * RST_STREAM_BYTES;
    may_answer_all(cc, r);
    if (e != NULL && e->request.seen && !e->response.seen && t->record_bytes <= UPLOAD_RECORD_BYTES &&
        !mark_set(&t->head_like))
        t->head_like = r->first_whole;
}

static void on_records(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct fact_tls_records *r = f->as.tls_records;
    struct exchange_tls *t = &cc->tls->info;

    if (r->h2 && !t->h2) {
        t->h2 = true;
        t->alpn = SLICE_LIT("h2");
    }
    if (r->shape == FACT_TLS_CONTROL && f->dir == FLOW_S2C)
        on_server_control(cc, r);
    if (t->failure != TLS_FAILED_NOT || r->shape == FACT_TLS_CONTROL)
        return;
    if (f->dir == FLOW_C2S)
        on_request_records(c, cc, r);
    else
        on_response_records(c, cc, r);
}

void tls_fact(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (story_of(c, cc) == NULL)
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
        pool_conn_secured(c, cc);
        break;
    case FACT_TLS_DECRYPTED:
        cc->tls->info.decrypted = true;
        cc->tls->info.decrypted_at = f->mark;
        break;
    case FACT_TLS_LOST:
        cc->tls->info.loss[f->dir] = (struct tls_loss){f->mark, f->as.tls_loss};
        break;
    default:
        on_records(c, cc, f);
        break;
    }
}

/* ---- what the connection does ---- */

void tls_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (cc->tls == NULL || cc->open_first != NULL)
        return;
    if (f->as.event.kind == FLOW_RST || f->as.event.kind == FLOW_FIN_IN_ORDER)
        failed(c, cc, TLS_FAILED_CLOSED, &f->mark);
}

void tls_conn_gone(struct correlate *c, struct cconn *cc)
{
    static const struct packet_mark none;

    if (cc->tls != NULL && cc->open_first == NULL)
        failed(c, cc, TLS_FAILED_CLOSED, &none);
}

bool tls_still_flows(struct correlate *c, struct exchange *e)
{
    const struct cconn *cc = e->owner;
    int64_t due = e->timer.node.key, last = e->response.last.ts_ns;

    if (e == cc->settling || !e->response.seen)
        return false;
    int64_t until = last + (cc->tls->answered ? SETTLE_NS : TICKET_WAIT_NS);
    if (e->end_ns == last && until <= due)
        return false;
    open_goes_on(c, e);
    e->end_ns = last;
    outbox_put(c, e, false);
    if (until <= due)
        return false;
    timer_set(c, &e->timer, TIMER_EXCHANGE, until);
    return true;
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

struct exchange_tls *tls_copy(const struct cconn *cc, struct arena *a)
{
    struct exchange_tls *copy = cc->tls != NULL ? arena_alloc(a, sizeof *copy) : NULL;

    if (copy != NULL)
        copy_story(cc, copy, a);
    return copy;
}

void tls_snapshot(const struct cconn *cc, struct exchange *e)
{
    if (e->tls == NULL)
        e->tls = tls_copy(cc, &e->arena);
    else
        copy_story(cc, e->tls, &e->arena);
}

const struct packet_mark *tls_done_mark(const struct cconn *cc)
{
    static const struct packet_mark none;
    return cc->tls != NULL ? &cc->tls->info.done : &none;
}

bool tls_tell(struct cconn *cc)
{
    bool tells = mark_set(tls_done_mark(cc)) && mark_set(&cc->tls->info.hello) && !cc->tls->told;

    if (tells)
        cc->tls->told = true;
    return tells;
}
