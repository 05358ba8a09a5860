/* What became of an exchange, and the text that Go's client would have logged for it (hooks.md 5). */
#include <stdarg.h>
#include <stdio.h>

#include "correlate/state.h"

struct slice text_printf(struct arena *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (text == NULL)
        return SLICE_LIT("");
    va_start(args, format);
    (void)vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return slice_of(text, (size_t)n);
}

static void fail(struct exchange *e, enum p2t_outcome outcome, struct slice error)
{
    e->outcome = outcome;
    e->error = error;
}

/* ---- lookups ---- */

static struct slice lookup_error_text(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    bool go = l->resolver == RESOLVER_GO;
    char server[ENDPOINT_TEXT_MAX], client[ENDPOINT_TEXT_MAX];
    char on[ENDPOINT_TEXT_MAX + 4] = "";
    const char *what = "no such host";

    (void)endpoint_format(&l->server, server);
    (void)endpoint_format(&l->client, client);
    if (go && l->result != LOOKUP_ABANDONED)
        snprintf(on, sizeof on, " on %s", server);
    if (l->result == LOOKUP_ABANDONED)
        what = "i/o timeout";
    else if (l->result != LOOKUP_NOT_FOUND && !go)
        what = "Temporary failure in name resolution";
    else if (l->result == LOOKUP_MISBEHAVING)
        what = "server misbehaving";
    else if (l->result == LOOKUP_LAME)
        what = "lame referral";
    else if (l->result == LOOKUP_TIMEOUT || l->result == LOOKUP_UNREACHABLE)
        return text_printf(&e->arena, "lookup %.*s%s: read udp %s->%s: %s", (int)l->host.n, (const char *)l->host.p,
                           on, client, server,
                           l->result == LOOKUP_TIMEOUT ? "i/o timeout" : "read: connection refused");
    return text_printf(&e->arena, "lookup %.*s%s: %s", (int)l->host.n, (const char *)l->host.p, on, what);
}

void outcome_judge_lookup(struct exchange *e)
{
    if (e->lookup == NULL || e->lookup->result == LOOKUP_OK)
        return;
    if (e->lookup->result == LOOKUP_PENDING)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else
        fail(e, P2T_OUTCOME_DNS_ERROR, lookup_error_text(e));
}

/* ---- dials ---- */

/* Linux's icmp_err_convert for IPv4; for ICMPv6 RFC 4443 3.1's codes as icmpv6_err_convert has them. */
static const char *icmp_error_text(const struct exchange_attempt *a)
{
    if (a->icmp_family == 6)
        return a->icmp_code == 4                                             ? "connection refused"
               : a->icmp_code == 0                                           ? "network is unreachable"
               : a->icmp_code == 1 || a->icmp_code == 5 || a->icmp_code == 6 ? "permission denied"
                                                                             : "no route to host";
    switch (a->icmp_code) {
    case 0:
    case 6:
    case 9:
    case 11:
        return "network is unreachable";
    case 2:
        return "protocol not available";
    case 3:
        return "connection refused";
    default:
        return "no route to host";
    }
}

struct slice attempt_error_text(struct arena *arena, const struct exchange_attempt *a)
{
    char addr[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&a->server, addr);
    switch (a->result) {
    case ATTEMPT_REFUSED:
        return text_printf(arena, "dial tcp %s: connect: connection refused", addr);
    case ATTEMPT_ICMP:
        return text_printf(arena, "dial tcp %s: connect: %s", addr, icmp_error_text(a));
    case ATTEMPT_TIMEOUT:
        if (attempt_hit_kernel_limit(a))
            return text_printf(arena, "dial tcp %s: connect: connection timed out", addr);
        return text_printf(arena, "dial tcp %s: i/o timeout", addr);
    case ATTEMPT_CANCELED:
        return text_printf(arena, "dial tcp %s: operation was canceled", addr);
    default:
        return (struct slice){NULL, 0};
    }
}

/* tcp_syn_retries is 6 by default, and with tcp_syn_linear_timeouts (Linux 6.5) four more go out. */
bool attempt_hit_kernel_limit(const struct exchange_attempt *a)
{
    return a->syns == 7 || a->syns == 11;
}

struct slice outcome_reset_text(struct exchange *e)
{
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&e->conn.client, client);
    (void)endpoint_format(&e->conn.server, server);
    return text_printf(&e->arena, "read tcp %s->%s: read: connection reset by peer", client, server);
}

/* Which side ended the connection first. */
static enum exchange_closer closer(const struct exchange_conn *c)
{
    static const struct packet_mark none;
    const struct packet_mark *marks[] = {&none, &c->client_fin, &c->client_rst, &c->server_fin, &c->server_rst};
    int first = CLOSED_BY_NONE;

    for (int i = 1; i < 5; i++)
        if (mark_set(marks[i]) && (first == 0 || marks[i]->ts_ns < marks[first]->ts_ns))
            first = i;
    return (enum exchange_closer)first;
}

enum exchange_closer exchange_closer(const struct exchange *e)
{
    return closer(&e->conn);
}

static void judge_unused(struct exchange *e)
{
    bool silent = e->conn.payload_bytes[0] == 0 && e->conn.payload_bytes[1] == 0;

    if (!silent)
        return;
    if (closer(&e->conn) == CLOSED_BY_SERVER_FIN)
        fail(e, P2T_OUTCOME_NO_RESPONSE, SLICE_LIT("EOF"));
    else if (closer(&e->conn) == CLOSED_BY_SERVER_RST)
        fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_reset_text(e));
}

static struct slice socks_text(struct exchange *e)
{
    char server[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&e->conn.server, server);
    return text_printf(&e->arena, "socks connect tcp %s->%.*s: unknown error %.*s", server,
                       (int)e->conn.proxy_target.n, (const char *)e->conn.proxy_target.p, (int)e->socks_error.n,
                       (const char *)e->socks_error.p);
}

void outcome_judge_dial(struct exchange *e)
{
    for (size_t i = 0; i < e->attempt_count; i++) {
        enum attempt_result result = e->attempts[i].result;
        if (result == ATTEMPT_OK) {
            if (e->socks_error.n > 0)
                fail(e, P2T_OUTCOME_CONNECT_ERROR, socks_text(e));
            else
                judge_unused(e);
            return;
        }
    }
    if (e->attempt_count == 0)
        return;
    /* Go's error is the first address's. */
    if (e->attempts[0].result == ATTEMPT_PENDING)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else
        fail(e, P2T_OUTCOME_CONNECT_ERROR, attempt_error_text(&e->arena, &e->attempts[0]));
}

/* ---- HTTP ---- */

static struct slice broken_text(struct exchange *e, const char *what, struct slice quoted)
{
    return text_printf(&e->arena, "net/http: HTTP/1.x transport connection broken: %s \"%.*s\"", what, (int)quoted.n,
                       (const char *)quoted.p);
}

const struct slice outcome_gone =
    SLICE_INIT("the client closed the connection first: canceled, or one of its timeouts");

bool exchange_answer_hidden(const struct exchange *e)
{
    const struct packet_mark *gap = &e->conn.last_gap[FLOW_S2C];
    const struct tls_loss *loss = e->tls != NULL ? &e->tls->loss[FLOW_S2C] : NULL;
    bool undecrypted = e->kind != P2T_KIND_TLS && loss != NULL && loss->why != 0;
    const struct packet_mark *next = &e->conn.next_head;

    if (undecrypted && !mark_set(gap))
        gap = &loss->mark;
    if (!e->conn.server_fin_in_order && !mark_set(gap))
        gap = &e->conn.server_fin;
    return e->request.seen && mark_set(gap) && gap->ts_ns >= e->request.first.ts_ns &&
           (!mark_set(next) || gap->ts_ns <= next->ts_ns);
}

static void judge_no_response(struct exchange *e)
{
    bool uploading = e->request.seen && !e->request.complete && e->request.body_bytes > 0;
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    if (exchange_answer_hidden(e)) {
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        return;
    }
    switch (closer(&e->conn)) {
    case CLOSED_BY_SERVER_FIN:
        fail(e, P2T_OUTCOME_NO_RESPONSE, SLICE_LIT("EOF"));
        break;
    case CLOSED_BY_SERVER_RST:
        (void)endpoint_format(&e->conn.client, client);
        (void)endpoint_format(&e->conn.server, server);
        if (uploading)
            fail(e, P2T_OUTCOME_REQUEST_ERROR,
                 text_printf(&e->arena, "readfrom tcp %s->%s: write tcp %s->%s: write: connection reset by peer",
                             client, server, client, server));
        else
            fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_reset_text(e));
        break;
    case CLOSED_BY_CLIENT_FIN:
    case CLOSED_BY_CLIENT_RST:
        fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_gone);
        break;
    case CLOSED_BY_NONE:
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        break;
    }
    if (e->retried)
        e->error = (struct slice){NULL, 0};
}

static void judge_unfinished_head(struct exchange *e)
{
    if (closer(&e->conn) == CLOSED_BY_SERVER_RST)
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_reset_text(e));
    else if (e->response.rest.n > 0)
        fail(e, P2T_OUTCOME_RESPONSE_ERROR,
             broken_text(
                 e, e->response.status == 0 ? "malformed HTTP response" : "malformed MIME header: missing colon:",
                 e->response.rest));
    else
        fail(e, P2T_OUTCOME_RESPONSE_ERROR,
             SLICE_LIT("net/http: HTTP/1.x transport connection broken: unexpected EOF"));
}

static void judge_unfinished_body(struct exchange *e)
{
    switch (closer(&e->conn)) {
    case CLOSED_BY_SERVER_FIN:
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, SLICE_LIT("unexpected EOF"));
        break;
    case CLOSED_BY_SERVER_RST:
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_reset_text(e));
        break;
    case CLOSED_BY_CLIENT_FIN:
    case CLOSED_BY_CLIENT_RST:
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_gone);
        break;
    case CLOSED_BY_NONE:
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        break;
    }
}

static void judge_bad(struct exchange *e)
{
    struct slice line = e->response.bad_line;

    if (e->response.bad == FACT_BAD_LIMIT)
        fail(e, P2T_OUTCOME_RESPONSE_ERROR,
             SLICE_LIT("net/http: server response headers exceeded the limit; aborted"));
    else if (e->response.bad == FACT_BAD_CHUNK)
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, SLICE_LIT("malformed chunked encoding"));
    else
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, broken_text(e, "malformed HTTP response", line));
}

static void judge_response(struct exchange *e)
{
    const struct exchange_response *r = &e->response;

    if (r->extent == FACT_HEAD_UNFINISHED)
        judge_unfinished_head(e);
    else if (r->extent != FACT_HEAD_WHOLE || (!r->complete && r->lost))
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else if (!r->complete)
        judge_unfinished_body(e);
}

/* RFC 9113 7, as Go's http2.ErrCode prints them. */
static const char *h2_error_name(uint32_t code)
{
    static const char *const names[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED"};

    return code < sizeof names / sizeof *names ? names[code] : "unknown error code";
}

/* A server may reset with NO_ERROR a stream whose answer is whole while the request still comes (RFC 9113 8.1). */
static bool stream_broken_off(const struct exchange *e)
{
    return e->stream.reset && !(e->response.complete && e->response.ended);
}

static void judge_reset(struct exchange *e)
{
    enum p2t_outcome outcome = e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE;

    if (e->stream.reset_by_server)
        fail(e, outcome,
             text_printf(&e->arena, "stream error: stream ID %u; %s; received from peer", e->stream.id,
                         h2_error_name(e->stream.error_code)));
    else
        fail(e, outcome, SLICE_LIT("the client reset the stream: canceled, or one of its timeouts"));
}

static void judge_goaway(struct exchange *e)
{
    if (e->response.ended && e->response.complete)
        return;
    fail(e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE,
         text_printf(&e->arena,
                     "http2: server sent GOAWAY and closed the connection; LastStreamID=%u, ErrCode=%s, debug=\"\"",
                     e->conn.goaway_last, h2_error_name(e->conn.goaway_code)));
}

static void judge_grpc(struct exchange *e)
{
    if (e->outcome != P2T_OUTCOME_OK || !e->grpc.has_status || e->grpc.status == 0)
        return;
    fail(e, P2T_OUTCOME_RESPONSE_ERROR,
         text_printf(&e->arena, "rpc error: code = %u desc = %.*s", e->grpc.status,
                     (int)(e->grpc.message.n > 256 ? 256 : e->grpc.message.n), (const char *)e->grpc.message.p));
}

static void judge_stream(struct exchange *e)
{
    enum exchange_closer by = closer(&e->conn);
    bool whole = e->response.seen && e->response.ended && e->response.complete;

    if (stream_broken_off(e))
        judge_reset(e);
    else if (!whole && exchange_answer_hidden(e))
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else if (!whole && e->conn.goaway && by != CLOSED_BY_NONE)
        judge_goaway(e);
    else if (!whole && (by == CLOSED_BY_SERVER_FIN || by == CLOSED_BY_SERVER_RST))
        fail(e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE, SLICE_LIT("unexpected EOF"));
    else if (!whole && by != CLOSED_BY_NONE)
        fail(e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE, outcome_gone);
    else if (!whole || !e->request.seen)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    judge_grpc(e);
}

/* Whether an estimated response is whole cannot be told; that it was torn off can. */
static void judge_estimated(struct exchange *e)
{
    bool alerted = e->tls != NULL && mark_set(&e->tls->alert[FLOW_S2C].mark);

    if (e->response.seen && closer(&e->conn) == CLOSED_BY_SERVER_RST && !alerted && !mark_set(&e->conn.next_head))
        fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_reset_text(e));
    else if (!e->response.seen && alerted && e->tls->client_certificate_empty)
        fail(e, P2T_OUTCOME_TLS_ERROR, outcome_alert_text(e));
    else if (!e->response.seen)
        judge_no_response(e);
}

void outcome_judge(struct exchange *e)
{
    e->outcome = P2T_OUTCOME_OK;
    if (e->stream.id != 0) {
        judge_stream(e);
        return;
    }
    if (e->kind == P2T_KIND_TLS && e->tls != NULL && e->tls->failure != TLS_FAILED_NOT)
        outcome_judge_handshake(e);
    else if (e->kind == P2T_KIND_TLS)
        judge_estimated(e);
    else if (e->response.bad != 0)
        judge_bad(e);
    else if (e->response.seen)
        judge_response(e);
    else
        judge_no_response(e);
    if (!e->request.seen && e->outcome == P2T_OUTCOME_OK)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    if (e->kind == P2T_KIND_CONNECT && e->outcome == P2T_OUTCOME_OK)
        fail(e, P2T_OUTCOME_CONNECT_ERROR, e->response.reason);
}
