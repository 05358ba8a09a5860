/* What became of an exchange, and the text that Go's client would have logged for it (hooks.md 5). */
#include "judge/words.h"

/* ---- HTTP ---- */

static struct slice broken_by_reset(struct exchange *e)
{
    return arena_printf(&e->arena, REFUSAL_BROKEN "%s", (const char *)outcome_reset_text(e).p);
}

static void judge_no_response(struct exchange *e)
{
    bool interim = e->response.interim_count > 0;
    bool uploading = e->request.seen && !e->request.complete && e->request.body_bytes > 0;

    if (outcome_alerted_by_server(e)) {
        outcome_fail(e, P2T_OUTCOME_TLS_ERROR, outcome_alert_text(e));
        return;
    }
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    if (exchange_answer_hidden(e) || exchange_answer_unread(e)) {
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        return;
    }
    switch (exchange_closer(e)) {
    case CLOSED_BY_SERVER_FIN:
        outcome_fail(e, P2T_OUTCOME_NO_RESPONSE,
                     interim ? SLICE_LIT(REFUSAL_BROKEN "unexpected EOF") : SLICE_LIT("EOF"));
        break;
    case CLOSED_BY_SERVER_RST:
        (void)endpoint_format(&e->conn.client, client);
        (void)endpoint_format(&e->conn.server, server);
        if (uploading)
            outcome_fail(e, P2T_OUTCOME_REQUEST_ERROR,
                         arena_printf(&e->arena,
                                      "readfrom tcp %s->%s: write tcp %s->%s: write: connection reset by peer",
                                      client, server, client, server));
        else
            outcome_fail(e, P2T_OUTCOME_NO_RESPONSE, interim ? broken_by_reset(e) : outcome_reset_text(e));
        break;
    case CLOSED_BY_CLIENT_FIN:
    case CLOSED_BY_CLIENT_RST:
        outcome_fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_left_text(e));
        break;
    case CLOSED_BY_NONE:
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        break;
    }
    if (e->retried)
        e->error = (struct slice){NULL, 0};
}

/* Go looks ahead behind a line, hears of a RST there, and asks again: then it hears of the end. */
static void judge_unfinished_head(struct exchange *e)
{
    enum exchange_closer closer = exchange_closer(e);

    if (closer == CLOSED_BY_CLIENT_FIN || closer == CLOSED_BY_CLIENT_RST)
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_gone);
    else
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, SLICE_LIT(REFUSAL_BROKEN "unexpected EOF"));
}

static void judge_unfinished_body(struct exchange *e)
{
    switch (exchange_closer(e)) {
    case CLOSED_BY_SERVER_FIN:
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, SLICE_LIT("unexpected EOF"));
        break;
    case CLOSED_BY_SERVER_RST:
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_reset_text(e));
        break;
    case CLOSED_BY_CLIENT_FIN:
    case CLOSED_BY_CLIENT_RST:
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_left_text(e));
        break;
    case CLOSED_BY_NONE:
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        break;
    }
}

static void judge_response(struct exchange *e)
{
    const struct exchange_response *r = &e->response;

    if (r->extent == FACT_HEAD_UNFINISHED)
        judge_unfinished_head(e);
    else if (r->extent != FACT_HEAD_WHOLE || (!r->complete && r->lost && !exchange_answer_lost_on_way(e)))
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

static void judge_reset(struct exchange *e)
{
    enum p2t_outcome outcome = e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE;

    if (e->stream.reset_by_server)
        outcome_fail(e, outcome,
                     arena_printf(&e->arena, "stream error: stream ID %u; %s; received from peer", e->stream.id,
                                  h2_error_name(e->stream.error_code)));
    else
        outcome_fail(e, outcome, SLICE_LIT("the client reset the stream: canceled, or one of its timeouts"));
}

static void judge_goaway(struct exchange *e)
{
    if (e->response.ended && e->response.complete)
        return;
    struct slice debug = refusal_quote(&e->arena, e->conn.goaway_debug);
    outcome_fail(
        e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE,
        arena_printf(&e->arena,
                     "http2: server sent GOAWAY and closed the connection; LastStreamID=%u, ErrCode=%s, debug=%.*s",
                     e->conn.goaway_last, h2_error_name(e->conn.goaway_code), (int)debug.n, (const char *)debug.p));
}

/* gRPC's status codes, as grpc-go's codes.Code prints them. */
static struct slice grpc_code_name(struct exchange *e, uint32_t code)
{
    static const char *const names[] = {
        "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated"};

    if (code < sizeof names / sizeof *names)
        return slice_str(names[code]);
    return arena_printf(&e->arena, "Code(%u)", code);
}

static void judge_grpc(struct exchange *e)
{
    if (e->outcome != P2T_OUTCOME_OK || !e->grpc.has_status || e->grpc.status == 0)
        return;
    outcome_fail(
        e, P2T_OUTCOME_RESPONSE_ERROR,
        arena_printf(&e->arena, "rpc error: code = %s desc = %.*s", (const char *)grpc_code_name(e, e->grpc.status).p,
                     (int)(e->grpc.message.n > 256 ? 256 : e->grpc.message.n), (const char *)e->grpc.message.p));
}

/* Once both have agreed to it, the exchange has succeeded; what ends a WebSocket, its Close frames say. */
static bool websocket_was_opened(const struct exchange *e)
{
    bool closed = mark_set(&e->websocket.closed[0]) || mark_set(&e->websocket.closed[1]);

    return e->websocket.present && e->response.seen && (!e->stream.reset || closed);
}

static void judge_stream(struct exchange *e)
{
    bool closed = exchange_closer(e) != CLOSED_BY_NONE;
    bool whole = (e->response.seen && e->response.ended && e->response.complete) || websocket_was_opened(e);

    if (exchange_stream_broken_off(e) && !websocket_was_opened(e))
        judge_reset(e);
    else if (!whole && e->conn.refused != 0)
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, refused_frame_text(e));
    else if (!whole && (exchange_answer_hidden(e) || exchange_answer_unread(e)))
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else if (!whole && e->conn.goaway && closed)
        judge_goaway(e);
    else if (!whole && exchange_closed_by_server(e))
        outcome_fail(e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE,
                     exchange_closer(e) == CLOSED_BY_SERVER_RST ? outcome_reset_text(e)
                                                                : SLICE_LIT("unexpected EOF"));
    else if (!whole && closed)
        outcome_fail(e, e->response.seen ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_NO_RESPONSE,
                     exchange_ping_lost(e) ? SLICE_LIT("http2: client connection lost") : outcome_gone);
    else if (!whole || !e->request.seen)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    judge_grpc(e);
}

/* Whether an estimated response is whole cannot be told; that it was torn off can. */
static void judge_estimated(struct exchange *e)
{
    bool alerted = e->tls != NULL && mark_set(&e->tls->alert[FLOW_S2C].mark);

    if (e->response.seen && exchange_closer(e) == CLOSED_BY_SERVER_RST && !alerted && !mark_set(&e->conn.next_head))
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, outcome_reset_text(e));
    else if (!e->response.seen)
        judge_no_response(e);
}

void judge_request(struct exchange *e)
{
    if (e->stream.id != 0) {
        judge_stream(e);
        return;
    }
    if (e->kind == P2T_KIND_TLS && e->tls != NULL && e->tls->failure != TLS_FAILED_NOT)
        judge_handshake(e);
    else if (e->response.unread)
        outcome_fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_gone);
    else if (e->kind == P2T_KIND_TLS)
        judge_estimated(e);
    else if (e->response.bad != 0)
        outcome_fail(e, P2T_OUTCOME_RESPONSE_ERROR, refusal_text(e));
    else if (e->response.seen)
        judge_response(e);
    else
        judge_no_response(e);
    if (!e->request.seen && e->outcome == P2T_OUTCOME_OK)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    if (e->kind == P2T_KIND_CONNECT && e->outcome == P2T_OUTCOME_OK)
        outcome_fail(e, P2T_OUTCOME_CONNECT_ERROR, e->response.reason);
}
