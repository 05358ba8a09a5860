/* Exchanges estimated from the flow of encrypted records (hooks.md 2.3, and section 8 point 10): client and server take
 * turns, and each turn of the client is a request. */
#include "correlate/tls/turns.h"

#include "correlate/conn_tls.h"
#include "correlate/join.h"
#include "correlate/open.h"
#include "correlate/settle.h"
#include "correlate/timers.h"
#include "correlate/tls/answers.h"
#include "correlate/transport.h"

/* "HTTP/1.1 100 Continue" and its blank line: the request goes on after it. */
enum { CONTINUE_BYTES = 25 };
/* Two or more records of one length and nothing else: tickets. A response would hardly come so. */
enum { CERTAINLY_TICKETS = 2 };
/* Records of an upload under way: Go begins with segments' worth, others with more. */
enum { UPLOAD_RECORD_BYTES = 1024 };
/* With its frame's header; a WINDOW_UPDATE is as long. */
enum { RST_STREAM_BYTES = 13, SETTINGS_ACK_BYTES = 9, PING_BYTES = 17 };
/* What is left of an upload follows such a record. */
enum { FULL_RECORD_BYTES = 16000 };
/* A head whose fields are mostly in the peers' tables. */
enum { SHORT_HEAD_MAX = 100 };
/* A body, or a head with its body, is longer than a head by at least this much. */
enum { BODY_LONGER_BYTES = 64 };
/* So many short bodies are no mistake. */
enum { MANY_BODIES = 2 };
/* A ClientHello of TLS 1.2 or 1.3 with a name is longer than this. */
enum { HELLO_BYTES = 150 };

/* ---- requests ---- */

struct exchange *tls_begin(struct correlate *c, struct cconn *cc, const struct packet_mark *first)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = open_begin(c, cc, P2T_KIND_TLS, cc->positions, first);

    if (e == NULL)
        return NULL;
    e->conn.proxy = cc->view.proxy;
    if (t->info.server_name.p != NULL)
        e->request.host = arena_copy(&e->arena, t->info.server_name);
    join_request(c, cc, e);
    conn_tls_report_in(cc, e);
    return e;
}

static bool alike(uint64_t a, uint64_t b)
{
    enum { ALIKE_BYTES = 2 };
    return a <= b + ALIKE_BYTES && b <= a + ALIKE_BYTES;
}

/* One client's heads differ by little: most of their fields are in the peers' tables. A RST_STREAM may go before. */
static bool like_last_head(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    uint64_t n = r->bytes / r->records;

    return e->request.body_bytes == t->head_bytes &&
           (alike(n, t->head_bytes) || (n > RST_STREAM_BYTES && alike(n - RST_STREAM_BYTES, t->head_bytes)));
}

static bool like_least(const struct conn_tls *t, uint64_t n)
{
    enum { LONGER_BYTES = 4 };
    return n + LONGER_BYTES >= t->least_head_bytes && n <= t->least_head_bytes + LONGER_BYTES;
}

/* As short as the shortest that surely began a request, or with a RST_STREAM before it, or without the one that the
 * shortest had: few bodies are. */
static bool like_least_head(const struct conn_tls *t, const struct fact_tls_records *r)
{
    uint64_t n = r->bytes / r->records;

    return t->least_head_bytes > 0 &&
           (like_least(t, n) || (n > RST_STREAM_BYTES && like_least(t, n - RST_STREAM_BYTES)) ||
            (t->resets_seen && like_least(t, n + RST_STREAM_BYTES)));
}

/* A short record at once after a head, and of another length than heads are, even with frames before them. */
static void learn_body(struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    enum { VARIANCE = 8 };
    uint64_t n = r->bytes / r->records, least = t->least_head_bytes;

    if (t->info.h2 && least > 0 && e->request.body_bytes == t->head_bytes && n <= SHORT_HEAD_MAX &&
        n % RST_STREAM_BYTES != 0 && (n + VARIANCE < least || n > least + 2 * RST_STREAM_BYTES + VARIANCE))
        t->short_bodies = t->short_bodies < MANY_BODIES ? t->short_bodies + 1 : MANY_BODIES;
}

static bool like_heads(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    return t->reset_like || (t->short_bodies < MANY_BODIES && like_last_head(t, e, r)) ||
           (t->short_bodies == 0 && like_least_head(t, r));
}

/* Some write it milliseconds after the head. */
static bool like_body(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    static const int64_t soon_ns = 20000000;

    return !t->heads_with_bodies && e->request.body_bytes == t->head_bytes &&
           r->bytes / r->records > t->head_bytes + BODY_LONGER_BYTES &&
           r->first.ts_ns - e->request.last.ts_ns < soon_ns;
}

/* About as long as the heads that are known: what is left of a body rarely is. */
static bool as_long_as_heads(const struct conn_tls *t, const struct fact_tls_records *r)
{
    enum { SHORTER_BYTES = 4, LONGER_BYTES = 20 };
    uint64_t least = t->least_head_bytes;

    return least > 0 && r->first_bytes + SHORTER_BYTES >= least && r->first_bytes <= least + LONGER_BYTES;
}

/* After a body the server must have said something, unless a head is all that it can be. */
static bool opens_after_upload(const struct conn_tls *t, const struct fact_tls_records *r, bool pause)
{
    return (pause && t->control_seen) || (t->sent_last_bytes < FULL_RECORD_BYTES && as_long_as_heads(t, r));
}

/* Streams are opened one write after the other; what follows at once, or is long, is a body, unless it is as long as
 * the head before it. */
static bool opens_stream(const struct conn_tls *t, const struct exchange *e, const struct fact_tls_records *r)
{
    bool pause = r->first.ts_ns - e->request.last.ts_ns >= CADENCE_NS;

    if (!t->info.h2 || like_body(t, e, r))
        return false;
    if (r->bytes / r->records > UPLOAD_RECORD_BYTES)
        return pause && t->heads_with_bodies && t->sent_last_bytes < FULL_RECORD_BYTES;
    if (t->record_bytes > UPLOAD_RECORD_BYTES)
        return opens_after_upload(t, r, pause);
    return pause || t->answer_ns > e->request.last.ts_ns || like_heads(t, e, r);
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

/* Of a request that surely begins here; the first of a connection is longer. */
static void learn_head(struct conn_tls *t, const struct exchange *e)
{
    if (!t->info.h2 || e->conn.position == 0 || t->head_bytes == RST_STREAM_BYTES)
        return;
    t->heads_with_bodies |= t->least_head_bytes > 0 && (t->head_bytes > t->least_head_bytes + BODY_LONGER_BYTES ||
                                                        t->least_head_bytes > t->head_bytes + BODY_LONGER_BYTES);
    bool like_resets = t->head_bytes % RST_STREAM_BYTES == 0 && !alike(t->head_bytes, t->least_head_bytes);
    if (t->least_head_bytes == 0 || (t->head_bytes < t->least_head_bytes && !like_resets))
        t->least_head_bytes = t->head_bytes;
}

static void next_request(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    for (struct exchange *e; !cc->tls->info.h2 && (e = conn_oldest_open(cc)) != NULL && e->response.seen;)
        settle_ended(c, e, e->response.last.ts_ns);
    if (cc->settling != NULL) {
        cc->settling->conn.next_head = r->first;
        settle_exchange(c, cc->settling);
    }
    const struct exchange *before = conn_newest_open(cc);
    bool after_pause = before == NULL || r->first.ts_ns - before->request.last.ts_ns >= CADENCE_NS;
    cc->tls->reset_like = cc->tls->control_seen = false;
    cc->tls->maybe_heads = 0;
    if (conn_oldest_open(cc) == NULL) {
        cc->tls->answered = false;
        cc->tls->answer_records = 0;
    }
    struct exchange *e = tls_begin(c, cc, &r->first);
    if (e == NULL)
        return;
    cc->tls->asked = true;
    cc->tls->head_bytes = r->bytes / r->records;
    if (after_pause)
        learn_head(cc->tls, e);
    fill_request(e, r);
}

/* A short record that follows at once, and may be a body or a head. */
static void note_maybe_head(struct conn_tls *t, const struct fact_tls_records *r)
{
    bool one = r->records == 1 && r->bytes <= SHORT_HEAD_MAX;

    if (one && t->maybe_heads < TLS_MAYBE_HEADS) {
        t->maybe_head[t->maybe_heads] = r->first_whole;
        t->maybe_head_bytes[t->maybe_heads] = (uint32_t)r->bytes;
    }
    /* too many, or a body's: none is believed */
    t->maybe_heads = one && t->maybe_heads < TLS_MAYBE_HEADS ? t->maybe_heads + 1u : TLS_MAYBE_HEADS + 1u;
}

static void begin_at(struct correlate *c, struct cconn *cc, struct packet_mark at, uint32_t bytes)
{
    struct fact_tls_records head = {.first = at, .first_whole = at, .last = at, .records = 1, .bytes = bytes};

    next_request(c, cc, &head);
    struct exchange *e = conn_newest_open(cc);
    if (e == NULL)
        return;
    e->request.last = at;
    e->request.body_bytes = bytes;
    learn_head(cc->tls, e);
}

/* Heads after a connection's first are shorter, and several in a row that are alike are no bodies: what came at once
 * since the last head was heads. */
static void take_bodies_for_requests(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = conn_newest_open(cc);
    uint32_t n = t->maybe_heads;

    if (!t->info.h2 || e == NULL || e->response.seen || n == 0 || n > TLS_MAYBE_HEADS ||
        !alike(t->maybe_head_bytes[n - 1], r->bytes / r->records))
        return;
    e->request.last = e->request.head_end;
    e->request.body_bytes = t->head_bytes;
    for (uint32_t i = 0; i < n; i++)
        begin_at(c, cc, t->maybe_head[i], t->maybe_head_bytes[i]);
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

    settle_goes_on(c, e);
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
    struct exchange *e = conn_newest_open(cc);

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

static void take_back(struct correlate *c, struct exchange *e)
{
    e->response.seen = false;
    e->response.first = (struct packet_mark){0};
    e->response.body_bytes = 0;
    ((struct cconn *)e->owner)->tls->answer_records = 0;
    settle_goes_on(c, e);
}

/* Early data that was refused comes again as it was (RFC 8446 4.2.10). */
static void forget_refused(struct correlate *c, struct cconn *cc, struct exchange *e,
                           const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    bool again = t->early_bytes > 0 && !r->early && !t->answered && r->bytes == t->early_bytes;

    t->early_bytes = r->early ? t->early_bytes + r->bytes : 0;
    if (!again || e == NULL)
        return;
    struct slice host = e->request.host;
    take_back(c, e);
    e->response.first_possible = (struct packet_mark){0};
    e->request = (struct exchange_request){.host = host};
}

/* What was taken for a head whose fields are all in the peers' tables was a RST_STREAM: a head follows at once. */
static void forget_reset(struct cconn *cc, struct exchange *e, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;

    if (e == NULL || !t->info.h2 || e->response.seen || t->head_bytes != RST_STREAM_BYTES ||
        e->request.body_bytes != RST_STREAM_BYTES || r->first.ts_ns - e->request.last.ts_ns >= CADENCE_NS ||
        !like_least_head(t, r))
        return;
    struct slice host = e->request.host;
    e->request = (struct exchange_request){.host = host};
    e->start = r->first;
    t->head_bytes = r->bytes / r->records;
}

/* Shorter than this client's heads, and as long as a RST_STREAM: of a stream that was answered, or that it gives up. A
 * client that sends such sends several at once, too. */
static bool is_reset(struct conn_tls *t, const struct fact_tls_records *r)
{
    enum { SHORTER_BYTES = 4, SEVERAL = 4 };

    if (!t->info.h2 || r->records != 1 || t->least_head_bytes <= RST_STREAM_BYTES + SHORTER_BYTES)
        return false;
    if (r->bytes == RST_STREAM_BYTES)
        return t->resets_seen = true;
    return t->resets_seen && r->bytes % RST_STREAM_BYTES == 0 && r->bytes <= SEVERAL * RST_STREAM_BYTES &&
           !alike(r->bytes, t->least_head_bytes);
}

static void take_request_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    if (is_reset(cc->tls, r) || in_tunnel_handshake(c, cc, r))
        return;
    struct exchange *e = conn_newest_open(cc);
    forget_refused(c, cc, e, r);
    forget_reset(cc, e, r);
    bool anew = e != NULL && !e->request.seen;
    if (anew)
        fill_request(e, r);
    take_bodies_for_requests(c, cc, r);
    e = conn_newest_open(cc);
    if (e == NULL || (!anew && !same_request(cc->tls, e, r)))
        next_request(c, cc, r);
    else if (!anew)
        note_maybe_head(cc->tls, r);
    if ((e = conn_newest_open(cc)) == NULL)
        return;
    if (e->response.seen) {
        e->response.seen = false;
        settle_goes_on(c, e);
    }
    learn_body(cc->tls, e, r);
    e->request.last = r->last;
    e->request.body_bytes += r->bytes;
    e->request.lost |= r->lost;
    cc->tls->record_bytes = r->bytes / r->records;
    cc->tls->sent_last_bytes = r->last_bytes;
    transport_ended(cc, e, FLOW_C2S);
}

/* What was as long as a PING began a request: a record follows at once that is no head. */
static bool ping_began(struct conn_tls *t, const struct fact_tls_records *r, struct fact_tls_records *head)
{
    struct packet_mark at = t->ping_like;

    t->ping_like = (struct packet_mark){0};
    if (!mark_set(&at) || r->first.ts_ns - at.ts_ns >= CADENCE_NS || t->least_head_bytes == 0 ||
        like_least_head(t, r))
        return false;
    *head = (struct fact_tls_records){.first = at, .first_whole = at, .last = at, .records = 1, .bytes = PING_BYTES};
    head->first_bytes = head->last_bytes = PING_BYTES;
    return true;
}

static void on_request_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct fact_tls_records head;

    answers_reset_passed(cc);
    if (ping_began(cc->tls, r, &head))
        take_request_records(c, cc, &head);
    take_request_records(c, cc, r);
}

/* As long as a PING, but heads are as short where the peers' tables have all of their fields (RFC 7541). */
static void on_client_control(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    enum { LONGER_BYTES = 4 };
    struct conn_tls *t = cc->tls;

    answers_reset_passed(cc);
    if (!t->info.h2 || r->bytes != PING_BYTES)
        return;
    bool owed = t->pinged;
    t->pinged = false;
    if (owed)
        return;
    if (t->least_head_bytes > 0 && t->least_head_bytes <= PING_BYTES + LONGER_BYTES)
        take_request_records(c, cc, r);
    else
        t->ping_like = r->first_whole;
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
    transport_ended(cc, e, FLOW_S2C);
    settle_may_have_ended(c, e, x->last.ts_ns, SETTLE_NS);
}

/* Whatever the server sends may be the answer to the request that is open. */
static struct exchange *answered_turn(struct cconn *cc, const struct fact_tls_records *r)
{
    struct exchange *e = conn_oldest_open(cc);

    if (e != NULL && e->request.seen && !mark_set(&e->response.first_possible))
        e->response.first_possible = r->first_whole;
    return e;
}

static void take_response_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    struct exchange *e = t->info.h2 ? answers_find(c, cc, r) : answered_turn(cc, r);
    bool ticket = r->shape == FACT_TLS_TICKET_LIKE;

    t->tickets += ticket ? r->records : 0;
    if (t->tunnel == TUNNEL_HELLO) {
        t->tunnel = TUNNEL_ANSWERED;
        t->info.inner_answer = r->first_whole;
    }
    if (e == NULL || !e->request.seen)
        return;
    if (t->info.h2 && !e->response.seen && r->first.ts_ns - t->head_like.ts_ns < CADENCE_NS) {
        e->response.first = t->head_like;
        t->heads_short = true;
        t->pinged = false;
    }
    t->head_like = (struct packet_mark){0};
    if (ticket && t->tickets >= CERTAINLY_TICKETS) {
        take_back(c, e);
        return;
    }
    if (!mark_set(&e->response.first) || (!ticket && !t->answered && !t->info.h2))
        e->response.first = r->first_whole;
    t->answered |= !ticket;
    if (t->info.h2)
        answers_note(cc, e, r);
    answer(c, e, r);
}

/* Each frame of a record of empty ones ends an answer, of which all else was in the records before it. */
static void on_response_records(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct fact_tls_records one = *r;
    struct packet_mark before;
    uint32_t ends = answers_ended_by(cc, r, &before);

    if (ends < 2) {
        take_response_records(c, cc, r);
        return;
    }
    one.bytes = one.first_bytes = one.last_bytes = (uint32_t)r->bytes / ends;
    cc->tls->frames_end = true;
    for (uint32_t i = 0; i < ends; i++) {
        take_response_records(c, cc, &one);
        cc->tls->answer_ended = true;
        one.first = one.first_whole = one.last = before;
    }
    cc->tls->frames_end = false;
}

/* It acknowledges what was taken for a request. Only the newest can go: those behind it have their positions. */
static void forget_ping(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct exchange *e = conn_newest_open(cc);

    if (e != NULL && e->request.body_bytes == PING_BYTES && !e->response.seen && e->conn.position > 0 &&
        e->conn.position + 1 == cc->positions && answers_had_time(cc, e, r->first.ts_ns))
        open_discard(c, e);
    else
        cc->tls->pinged = true;
}

/* A frame as short as a WINDOW_UPDATE: a RST_STREAM, or a response's head whose fields are all in the peers' tables. After
 * a request with a body, it is the latter only if data follow. */
static void on_server_control(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;

    if (r->bytes == r->records * SETTINGS_ACK_BYTES) {
        t->answer_ended |= t->settings_acked;
        if (t->settings_acked && t->ends_seen < TLS_ENDS_SURE)
            t->ends_seen++;
        t->settings_acked = true;
        return;
    }
    t->control_seen = true;
    if (t->info.h2 && r->bytes == PING_BYTES)
        forget_ping(c, cc, r);
    answers_possible(cc, r);
    bool reset_like = r->bytes == r->records * RST_STREAM_BYTES;
    if (reset_like)
        answers_reset_like(cc, r, t->reset_like);
    t->reset_like |= reset_like;
    if (reset_like && answers_short_frame(cc, r))
        on_response_records(c, cc, r);
    else
        t->head_like = r->first_whole;
}

/* Joined behind both handshakes, encrypted turns do not show who asks: only ports do, and not where both may be a client's. */
static bool sides_known(const struct cconn *cc)
{
    enum { CHOSEN_LEAST = 10000 }; /* operating systems of today choose none below */
    const struct exchange_conn *v = &cc->view;

    return v->handshake_seen || mark_set(&cc->tls->info.hello) || mark_set(&cc->tls->info.server_hello) ||
           (v->client.port >= CHOSEN_LEAST && v->server.port < CHOSEN_LEAST);
}

void tls_records(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct fact_tls_records *r = f->as.tls_records;
    struct exchange_tls *t = &cc->tls->info;

    if (r->h2 && !t->h2) {
        t->h2 = true;
        t->alpn = SLICE_LIT("h2");
    }
    if (r->shape == FACT_TLS_CONTROL && f->dir == FLOW_S2C)
        on_server_control(c, cc, r);
    if (t->failure != TLS_FAILED_NOT || !sides_known(cc))
        return;
    if (r->shape == FACT_TLS_CONTROL) {
        if (f->dir == FLOW_C2S)
            on_client_control(c, cc, r);
        return;
    }
    if (f->dir == FLOW_C2S)
        on_request_records(c, cc, r);
    else
        on_response_records(c, cc, r);
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
    settle_goes_on(c, e);
    e->end_ns = last;
    e->may_have_ended = true;
    if (until <= due)
        return false;
    timer_set(c, &e->timer, TIMER_EXCHANGE, until);
    return true;
}

/* A GOAWAY with its debug data, as Java's clients send it to a connection that they do not need, is as long as a head. */
static bool like_goaway(const struct conn_tls *t, const struct exchange *e, int64_t closed_ns)
{
    return t->info.h2 && e->conn.position > 0 && e->request.seen && !e->response.seen &&
           e->request.body_bytes == t->head_bytes && t->head_bytes <= SHORT_HEAD_MAX &&
           t->answer_ns < e->request.first.ts_ns && closed_ns - e->request.last.ts_ns < GOAWAY_NS;
}

void tls_client_closes(struct correlate *c, struct cconn *cc, int64_t at_ns)
{
    struct exchange *e = conn_newest_open(cc);

    if (e != NULL && e->kind == P2T_KIND_TLS && like_goaway(cc->tls, e, at_ns))
        open_discard(c, e);
}
