/* Messages, HTTP/2 streams, gRPC calls and WebSockets. */
#include "judge/findings/about.h"

/* RFC 9113 6.5: what a server of HTTP/2 says first. */
static bool begins_settings(struct slice s)
{
    static const uint8_t type_to_stream[] = {4, 0, 0, 0, 0, 0};

    return s.n >= 9 && s.p[0] == 0 && s.p[1] == 0 && memcmp(s.p + 3, type_to_stream, sizeof type_to_stream) == 0;
}

/* NULL: HTTP/1, as far as it goes. */
static const char *other_protocol(const struct exchange_response *r)
{
    if (r->seen || r->bad != FACT_BAD_LINE || slice_starts(r->bad_line, SLICE_LIT("HTTP/")))
        return NULL;
    if (begins_settings(r->bad_line))
        return "in HTTP/2";
    if (slice_starts(r->bad_line, SLICE_LIT("\x15\x03")))
        return "with an alert of TLS: it expects TLS on this port";
    return "in a protocol that is not HTTP";
}

static void about_refusal(struct exchange *e)
{
    const struct exchange_response *r = &e->response;
    const char *other = other_protocol(r);

    if (e->conn.refused == FACT_BAD_FRAME_FIRST && !r->seen)
        finding_add(e, P2T_FINDING_HTTP_OTHER_PROTOCOL, &e->conn.refused_at, NULL,
                    "the server's first frame was not SETTINGS: to its client that is not HTTP/2 (RFC 9113 3.4)");
    else if (e->conn.refused != 0 && !r->seen)
        finding_add(e, P2T_FINDING_HTTP_OTHER_PROTOCOL, &e->conn.refused_at, NULL, "the server answered in %s",
                    e->conn.refused == FACT_BAD_FRAME_HTTP1 ? "HTTP/1.1" : "no HTTP/2");
    if (r->bad == 0)
        return;
    if (other != NULL)
        finding_add(e, P2T_FINDING_HTTP_OTHER_PROTOCOL, &r->last, NULL, "the server answered %s", other);
    else
        finding_add(e, P2T_FINDING_HTTP_MALFORMED, &r->last, NULL,
                    "Go's client rejects the response: %s is malformed", r->seen ? "its body" : "its head");
}

void about_messages(struct exchange *e)
{
    const struct exchange_response *r = &e->response;

    about_refusal(e);

    if (e->request.abandoned)
        finding_add(e, P2T_FINDING_HTTP_BODY_NOT_SENT, &e->request.head_end, &r->head_end,
                    "the server refused the body announced with Expect: 100-continue; it was never sent");
    /* gRPC's streams talk both ways at once. */
    if (r->seen && e->request.seen && !e->request.abandoned && r->first.ts_ns < e->request.last.ts_ns &&
        r->interim_count == 0 && !e->grpc.present)
        finding_add(e, P2T_FINDING_HTTP_EARLY_RESPONSE, &r->first, &e->request.last,
                    "the response began %.1f ms before the request was complete",
                    ms(e->request.last.ts_ns - r->first.ts_ns));
    if (r->status >= 500)
        finding_add(e, P2T_FINDING_HTTP_SERVER_ERROR, &r->head_end, NULL, "the server answered %u %.*s", r->status,
                    (int)(r->reason.n > 64 ? 64 : r->reason.n), (const char *)r->reason.p);
    if (r->interims_dropped > 0)
        finding_add(e, P2T_FINDING_LIMIT_INTERIM_RESPONSES, &r->first, NULL,
                    "%u more interim response%s than are shown", r->interims_dropped, plural(r->interims_dropped));
}

static void about_flow_control(struct exchange *e, const uint32_t stalls[2])
{
    unsigned client = stalls[0], server = stalls[1], one = client > 0 ? client : server;

    if (client > 0 && server > 0)
        finding_add(e, P2T_FINDING_HTTP2_FLOW_CONTROL, NULL, NULL,
                    "flow control made the client wait %u time%s and the server %u time%s", client, plural(client),
                    server, plural(server));
    else if (one > 0)
        finding_add(e, P2T_FINDING_HTTP2_FLOW_CONTROL, NULL, NULL, "flow control made the %s wait %u time%s",
                    client > 0 ? "client" : "server", one, plural(one));
}

void about_stream(struct exchange *e)
{
    const struct exchange_stream *s = &e->stream;

    if (s->reset && (exchange_stream_broken_off(e) || s->error_code != 0))
        finding_add_as(e, P2T_FINDING_HTTP2_STREAM_RESET,
                       s->reset_by_server ? P2T_SEVERITY_ERROR : P2T_SEVERITY_WARNING, &s->reset_mark, NULL,
                       "the %s reset stream %u (RST_STREAM, error code %u)", s->reset_by_server ? "server" : "client",
                       s->id, s->error_code);
    about_flow_control(e, s->stalls);
    if (e->grpc.has_status && e->grpc.status != 0)
        finding_add(e, P2T_FINDING_GRPC_STATUS, &e->response.last, NULL, "the call ended with grpc-status %u",
                    e->grpc.status);
}

/* RFC 6455 7.4.1: normal, going away, and no code at all are how a WebSocket is meant to end. */
void about_websocket(struct exchange *e)
{
    const struct exchange_websocket *w = &e->websocket;
    int first = mark_set(&w->closed[FLOW_S2C]) &&
                        (!mark_set(&w->closed[FLOW_C2S]) || w->closed[FLOW_S2C].ts_ns < w->closed[FLOW_C2S].ts_ns)
                    ? FLOW_S2C
                    : FLOW_C2S;
    bool over = e->stream.reset || (e->stream.id != 0 && e->response.ended) || exchange_closer(e) != CLOSED_BY_NONE;

    if (!w->present)
        return;
    if (mark_set(&w->closed[first]) && w->close_code[first] > 1001)
        finding_add(e, P2T_FINDING_WEBSOCKET_CLOSED, &w->closed[first], NULL,
                    "the %s closed the WebSocket with code %u", first == FLOW_S2C ? "server" : "client",
                    w->close_code[first]);
    if (!mark_set(&w->closed[first]) && over && !w->messages[0].lost && !w->messages[1].lost)
        finding_add(e, P2T_FINDING_WEBSOCKET_NOT_CLOSED, &w->last, NULL,
                    "the WebSocket ended without a Close frame from either side");
}
