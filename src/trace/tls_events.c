/* The TLS handshake, and requests and responses estimated from encrypted records (hooks.md 1.11, 1.12, 2.3, 9). */
#include "trace/build.h"

/* The handshake that the exchange's own dial made, on whichever connection. */
static const struct exchange_tls *handshake_of(const struct exchange *e)
{
    return e->dial_tls != NULL || e->conn.handed_over || !e->handshakes ? e->dial_tls : e->tls;
}

static bool handshake_done(const struct exchange *e)
{
    return mark_set(&handshake_of(e)->done);
}

static const struct packet_mark *connected(const struct exchange *e)
{
    for (size_t i = 0; e->conn.handed_over && i < e->attempt_count; i++)
        if (e->attempts[i].result == ATTEMPT_OK)
            return &e->attempts[i].syn_ack;
    bool through_tunnel =
        mark_set(&e->conn.tunnel_ready) && e->conn.tunnel_ready.ts_ns <= handshake_of(e)->hello.ts_ns;
    return through_tunnel ? &e->conn.tunnel_ready : &e->conn.syn_ack;
}

static void handshake_start(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *hello = &handshake_of(e)->hello;
    struct p2t_event *ev = event_add(t, P2T_HOOK_TLS_HANDSHAKE_START, P2T_OBSERVED, hello->ts_ns);

    event_earliest(ev, connected(e));
    event_latest(ev, hello);
    event_evidence(t, ev, hello);
}

/* On an error Go's ConnectionState is the zero value. */
static void handshake_done_args(struct trace *t, struct p2t_event *ev)
{
    const struct exchange_tls *s = handshake_of(t->e);
    bool ok = handshake_done(t->e);
    struct slice empty = SLICE_LIT(""), alpn = ok ? shown(t, REDACT_TEXT, s->alpn) : empty;
    struct slice name = ok ? shown(t, REDACT_HOST, s->server_name) : empty;
    struct slice error = ok ? (struct slice){NULL, 0} : shown(t, REDACT_TEXT, s->error);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_TLS_HANDSHAKE_DONE_CIPHER_NAME);

    if (args == NULL)
        return;
    arg_int(args, P2T_ARG_TLS_HANDSHAKE_DONE_VERSION, ok ? s->version : 0);
    arg_int(args, P2T_ARG_TLS_HANDSHAKE_DONE_CIPHER_SUITE, ok ? s->cipher : 0);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_NEGOTIATED_PROTOCOL, alpn);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_SERVER_NAME, name.p != NULL ? name : empty);
    arg_bool(args, P2T_ARG_TLS_HANDSHAKE_DONE_DID_RESUME, ok && s->resumed);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_ERR, error);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_VERSION_NAME, tls_version_name(t, s->version));
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_CIPHER_NAME, tls_cipher_name(t, s->cipher));
}

static const struct packet_mark *first_close(const struct exchange_conn *c)
{
    static const struct packet_mark none;
    const struct packet_mark *marks[] = {&c->client_fin, &c->client_rst};
    const struct packet_mark *first = &none;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (mark_set(marks[i]) && (!mark_set(first) || marks[i]->ts_ns < first->ts_ns))
            first = marks[i];
    return first;
}

/* What the client does when it is done, on the connection of the handshake. */
static const struct packet_mark *after_handshake(const struct exchange *e)
{
    static const struct packet_mark none;

    if (e->conn.handed_over)
        return &none;
    if (mark_set(&e->tls->inner_hello))
        return &e->tls->inner_hello;
    return mark_set(&e->request.first) ? &e->request.first : first_close(&e->conn);
}

static void handshake_ok(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_tls *s = handshake_of(e);
    struct p2t_event *ev =
        event_add(t, P2T_HOOK_TLS_HANDSHAKE_DONE, s->done_guessed ? P2T_INFERRED : P2T_OBSERVED, s->done.ts_ns);

    event_earliest(ev, s->done_guessed ? &s->hello : &s->done);
    event_latest(ev, after_handshake(e));
    event_evidence(t, ev, &s->done);
    handshake_done_args(t, ev);
    t->tls_phase = (struct trace_span){true, s->hello.ts_ns, s->done.ts_ns};
    t->lane_ns = ev->time_ns;
}

static const int64_t LEFT_ALONE_NS = 1000000000;

/* The hook fires when the client has closed the connection: its FIN, where there is one, is that close, unless it comes so late
 * that the client only left the connection alone. The call ends with it. */
static void handshake_failed(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_tls *s = handshake_of(e);
    const struct packet_mark *closed = first_close(&e->conn);
    bool closes = mark_set(closed) && closed->ts_ns >= s->failed.ts_ns;
    bool at_once = closes && closed->ts_ns - s->failed.ts_ns <= LEFT_ALONE_NS;

    if (!mark_set(&s->failed))
        return;
    struct p2t_event *ev = event_add(t, P2T_HOOK_TLS_HANDSHAKE_DONE, closes && !at_once ? P2T_INFERRED : P2T_OBSERVED,
                                     at_once ? closed->ts_ns : s->failed.ts_ns);
    event_earliest(ev, &s->failed);
    event_evidence(t, ev, &s->failed);
    event_evidence(t, ev, closed);
    handshake_done_args(t, ev);
    t->tls_phase = (struct trace_span){true, s->hello.ts_ns, ev->time_ns};
    t->lane_ns = ev->time_ns;
    t->failed_ns = ev->time_ns;
}

static void inner_done_args(struct trace *t, struct p2t_event *ev, const struct tls_agreed *inner)
{
    struct slice empty = SLICE_LIT(""), alpn = shown(t, REDACT_TEXT, inner->alpn);
    struct slice name = shown(t, REDACT_HOST, inner->server_name);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_TLS_HANDSHAKE_DONE_ERR);

    if (args == NULL)
        return;
    for (unsigned arg = P2T_ARG_TLS_HANDSHAKE_DONE_FIRST; arg <= P2T_ARG_TLS_HANDSHAKE_DONE_ERR; arg++)
        arg_null(args, (enum p2t_hook_arg)arg);
    if (!inner->known)
        return;
    arg_int(args, P2T_ARG_TLS_HANDSHAKE_DONE_VERSION, inner->version);
    arg_int(args, P2T_ARG_TLS_HANDSHAKE_DONE_CIPHER_SUITE, inner->cipher);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_NEGOTIATED_PROTOCOL, alpn.p != NULL ? alpn : empty);
    arg_text(args, P2T_ARG_TLS_HANDSHAKE_DONE_SERVER_NAME, name.p != NULL ? name : empty);
    arg_bool(args, P2T_ARG_TLS_HANDSHAKE_DONE_DID_RESUME, inner->resumed);
}

/* Behind an https proxy: where the outer records were not decrypted, what the inner handshake agreed on is hidden. */
static void inner_handshake(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_tls *s = handshake_of(e);
    enum p2t_basis basis = s->inner.known ? P2T_OBSERVED : P2T_INFERRED;
    struct p2t_event *ev = event_add(t, P2T_HOOK_TLS_HANDSHAKE_START, basis, s->inner_hello.ts_ns);

    event_earliest(ev, s->inner.known ? &e->conn.tunnel_ready : &s->done);
    event_latest(ev, &s->inner_hello);
    event_evidence(t, ev, &s->inner_hello);
    if (!mark_set(&s->inner_done))
        return;
    ev = event_add(t, P2T_HOOK_TLS_HANDSHAKE_DONE, basis, s->inner_done.ts_ns);
    event_earliest(ev, s->inner.known ? &s->inner_done : &s->inner_answer);
    event_latest(ev, &e->request.first);
    event_evidence(t, ev, &s->inner_done);
    t->lane_ns = ev->time_ns;
    inner_done_args(t, ev, &s->inner);
}

void events_tls_handshake(struct trace *t)
{
    const struct exchange *e = t->e;

    if (handshake_of(e) == NULL)
        return;
    handshake_start(t);
    if (handshake_done(e))
        handshake_ok(t);
    else
        handshake_failed(t);
    if (mark_set(&handshake_of(e)->inner_hello))
        inner_handshake(t);
}

/* ---- estimated requests ---- */

/* HTTP/1: the head is in the first records, and the hook fires before they are written; HTTP/2: after. */
static void wrote_headers(struct trace *t)
{
    const struct exchange *e = t->e;
    struct p2t_event *ev = event_add(t, P2T_HOOK_WROTE_HEADERS, P2T_INFERRED, e->request.first.ts_ns);

    if (e->tls->h2)
        event_earliest(ev, &e->request.first);
    else
        event_earliest(ev, &t->got_conn_earliest);
    event_latest(ev, e->tls->h2 ? later_mark(&e->request.last, &e->response.last) : &e->request.last);
    event_evidence(t, ev, &e->request.first);
}

/* One packet: before it. More of them: after the last write, which the socket's buffer may send later. */
static void wrote_request(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_request *r = &e->request;
    bool before_packet = !e->tls->h2 && packet_ref_eq(r->last.ref, r->first.ref);
    struct p2t_event *ev = event_add(t, P2T_HOOK_WROTE_REQUEST, P2T_INFERRED, r->last.ts_ns);

    if (before_packet)
        event_earliest(ev, &t->got_conn_earliest);
    else
        event_earliest(ev, &r->first);
    event_latest(ev, before_packet ? &r->last : later_mark(&r->last, &e->response.last));
    event_evidence(t, ev, &r->first);
    event_evidence(t, ev, &r->last);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_WROTE_REQUEST_ERR);
    if (args != NULL)
        arg_null(args, P2T_ARG_WROTE_REQUEST_ERR);
}

void events_tls_request(struct trace *t)
{
    wrote_headers(t);
    wrote_request(t);
}

void events_tls_response(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct exchange_response *r = &e->response;

    if (!mark_set(&r->first))
        return;
    struct p2t_event *ev = event_add(t, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, P2T_INFERRED, r->first.ts_ns);
    event_earliest(ev, &r->first_possible);
    /* HTTP/2's streams overlap: the next request says nothing about this one's answer. */
    event_latest(ev, mark_set(&e->conn.next_head) && !e->tls->h2 ? &e->conn.next_head : first_close(&e->conn));
    event_evidence(t, ev, &r->first_possible);
    event_evidence(t, ev, &r->first);
}
