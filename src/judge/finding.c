/* Findings: what a person should know about an exchange beside its timeline. */
#include <stdarg.h>
#include <stdio.h>

#include "judge/finding.h"

__attribute__((format(printf, 6, 7))) static void finding_add(struct exchange *e, const char *code,
                                                              enum p2t_severity severity, const struct packet_mark *a,
                                                              const struct packet_mark *b, const char *format, ...)
{
    const struct packet_mark *marks[] = {a, b};
    char text[512];
    va_list args;

    if (e->finding_count == FINDINGS_MAX)
        return;
    struct exchange_finding *f = &e->findings[e->finding_count++];
    *f = (struct exchange_finding){.code = code, .severity = severity};
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    f->text = arena_copy(&e->arena, slice_str(text));
    for (size_t i = 0; i < 2; i++)
        if (marks[i] != NULL && mark_set(marks[i]))
            f->evidence[f->evidence_count++] = marks[i]->ref;
}

static double ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static const char *rcode_name(uint16_t rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    return rcode < sizeof names / sizeof *names ? names[rcode] : "another rcode";
}

static void about_lookup(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    int n = (int)(l->host.n > 200 ? 200 : l->host.n);
    const char *host = (const char *)l->host.p;

    if (l->empty)
        finding_add(
            e, "dns.empty_answer", P2T_SEVERITY_ERROR, &l->last_answer, &l->last_query,
            "%.*s exists but has no address: the server answered NOERROR with an empty list, so no connection "
            "was tried",
            n, host);
    else if (l->result == LOOKUP_NOT_FOUND)
        finding_add(e, "dns.not_found", P2T_SEVERITY_ERROR, &l->last_answer, &l->last_query,
                    "%.*s does not exist: the server answered %s", n, host, rcode_name(l->rcode));
    else if (l->result == LOOKUP_MISBEHAVING || l->result == LOOKUP_LAME)
        finding_add(e, "dns.server_failure", P2T_SEVERITY_ERROR, &l->last_answer, &l->last_query,
                    "the name server answered %s for %.*s", rcode_name(l->rcode), n, host);
    else if (l->result == LOOKUP_UNREACHABLE)
        finding_add(e, "dns.unreachable", P2T_SEVERITY_ERROR, &l->last_answer, &l->last_query,
                    "nothing listens at the name server (ICMP port unreachable)");
    else if (l->result == LOOKUP_TIMEOUT || l->result == LOOKUP_ABANDONED)
        finding_add(e, "dns.no_answer", P2T_SEVERITY_ERROR, &l->first_query, &l->last_query,
                    "no answer to %u queries for %.*s%s", l->queries, n, host,
                    l->result == LOOKUP_ABANDONED ? "; the client stopped before its retries were used up" : "");
    else if (mark_set(&l->gave_up) || l->last_query.ts_ns - l->first_query.ts_ns > 900000000)
        finding_add(e, "dns.retried", P2T_SEVERITY_WARNING, &l->first_query, &l->last_query,
                    "the lookup of %.*s was repeated: %u queries, %u answers", n, host, l->queries, l->answers);
    if (l->names > 1)
        finding_add(e, "dns.search_list", P2T_SEVERITY_INFO, &l->first_query, &l->last_query,
                    "%u names were tried for %.*s (search list): %u queries", l->names, n, host, l->queries);
}

static void about_attempts(struct exchange *e)
{
    char addr[ENDPOINT_TEXT_MAX];

    for (size_t i = 0; i < e->attempt_count; i++) {
        const struct exchange_attempt *a = &e->attempts[i];
        (void)endpoint_format(&a->server, addr);
        if (a->result == ATTEMPT_REFUSED)
            finding_add(e, "conn.refused", P2T_SEVERITY_ERROR, &a->syn, &a->failed, "%s refused the connection (RST)",
                        addr);
        else if (a->result == ATTEMPT_ICMP)
            finding_add(e, "conn.unreachable", P2T_SEVERITY_ERROR, &a->syn, &a->failed,
                        "%s was reported unreachable (ICMP type %u code %u)", addr, a->icmp_type, a->icmp_code);
        else if (a->result == ATTEMPT_TIMEOUT && a->syns == 1)
            finding_add(e, "conn.no_answer", P2T_SEVERITY_ERROR, &a->syn, NULL,
                        "%s did not answer, and the client did not ask twice", addr);
        else if (a->result == ATTEMPT_TIMEOUT)
            finding_add(e, "conn.no_answer", P2T_SEVERITY_ERROR, &a->syn, &a->last_syn,
                        "%s did not answer %u SYNs over %.1f s", addr, a->syns,
                        (double)(a->last_syn.ts_ns - a->syn.ts_ns) / 1e9);
        else if (a->result == ATTEMPT_CANCELED && !mark_set(&a->winner))
            finding_add(e, "conn.canceled", P2T_SEVERITY_ERROR, &a->syn, &a->failed,
                        "the client gave up connecting to %s after %.0f ms", addr,
                        ms(a->failed.ts_ns - a->syn.ts_ns));
        else if (a->result == ATTEMPT_OK && a->syns > 1)
            finding_add(e, "conn.syn_repeated", P2T_SEVERITY_WARNING, &a->syn, &a->last_syn,
                        "%s answered only after %u SYNs: connecting took %.0f ms", addr, a->syns,
                        ms(a->syn_ack.ts_ns - a->syn.ts_ns));
    }
}

static void about_closing(struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    enum exchange_closer by = exchange_closer(e);
    const struct packet_mark *marks[] = {NULL, &c->client_fin, &c->client_rst, &c->server_fin, &c->server_rst};
    bool server = by == CLOSED_BY_SERVER_FIN || by == CLOSED_BY_SERVER_RST;

    bool told = e->response.seen || !exchange_answer_hidden(e);

    if (e->outcome == P2T_OUTCOME_OK || by == CLOSED_BY_NONE || !e->request.seen || e->kind == P2T_KIND_CONNECT ||
        !told)
        return;
    if (server && mark_set(&c->previous_end) && !mark_set(&e->response.first))
        finding_add(e, "conn.stale_reuse", e->retried ? P2T_SEVERITY_WARNING : P2T_SEVERITY_ERROR, marks[by],
                    &e->request.head_end,
                    "the server closed the idle connection as the request was sent, %.0f ms after its last use%s",
                    ms(e->request.first.ts_ns - c->previous_end.ts_ns),
                    e->retried ? "; the client sent it again on a new connection" : "");
    else if (server)
        finding_add(e, "conn.closed_by_server", P2T_SEVERITY_ERROR, marks[by], NULL,
                    "the server %s the connection %s", by == CLOSED_BY_SERVER_RST ? "reset" : "closed",
                    mark_set(&e->response.first) ? "inside the response" : "without a response");
    else
        finding_add(
            e, "conn.closed_by_client", P2T_SEVERITY_ERROR, marks[by], NULL,
            "the client gave up %.0f ms after the request was sent%s", ms(marks[by]->ts_ns - e->request.first.ts_ns),
            mark_set(&e->response.first) && !e->response.unread ? ", inside the response" : ", before any response");
    if (e->response.unread)
        finding_add(e, "http.late_response", P2T_SEVERITY_ERROR, &e->response.first, marks[by],
                    "the response came %.0f ms after the client had given up",
                    ms(e->response.first.ts_ns - marks[by]->ts_ns));
}

static void about_reuse(struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;

    if (c->handed_over && e->attempt_count > 0)
        finding_add(
            e, "conn.handed_over", P2T_SEVERITY_INFO, &e->attempts[0].syn, &e->request.first,
            "while the connection it had dialled was being set up, another came free and took the request, as "
            "Go's pool does");
    if (c->orphan_dial)
        finding_add(e, "conn.orphan_dial", P2T_SEVERITY_INFO, &c->ack, &e->request.first,
                    "the connection was opened %.0f ms before its first request: most likely for another request, "
                    "which was served elsewhere",
                    ms(e->request.first.ts_ns - c->ack.ts_ns));
    if (exchange_keeps_alive(e) && exchange_closed_at_once(e) && c->pool_full)
        finding_add(
            e, "conn.pool_full", P2T_SEVERITY_INFO, &e->response.last, &c->client_fin,
            "the client closed the connection after use while others to this host stayed idle: its pool keeps "
            "no more of them");
    else if (exchange_keeps_alive(e) && exchange_closed_at_once(e))
        finding_add(e, "conn.not_pooled", P2T_SEVERITY_INFO, &e->response.last, &c->client_fin,
                    "the client closed a connection it could have kept: its pool was full or closed, keep-alive is "
                    "off, or it "
                    "exited; the wire does not tell which");
}

static bool answer_missing(const struct exchange *e)
{
    enum fact_tls_loss why = e->tls != NULL ? e->tls->loss[FLOW_S2C].why : 0;

    return !e->response.seen && (why == 0 || why == FACT_TLS_LOSS_MISSING) && exchange_answer_hidden(e);
}

static void about_capture(struct exchange *e)
{
    if (e->request.lost || e->response.lost || answer_missing(e))
        finding_add(e, "capture.gap", P2T_SEVERITY_WARNING, &e->request.last,
                    e->response.seen ? &e->response.last : &e->conn.server_fin,
                    "bytes of this exchange are missing from the capture");
    if (e->request.extent == FACT_HEAD_CUT || e->response.extent == FACT_HEAD_CUT)
        finding_add(e, "capture.cut", P2T_SEVERITY_WARNING, &e->request.head_end, &e->response.head_end,
                    "a message head is not wholly in the capture: snapshot length, loss, or its end");
    if (e->request.extent == FACT_HEAD_OVER_LIMIT || e->response.extent == FACT_HEAD_OVER_LIMIT)
        finding_add(e, "limit.head", P2T_SEVERITY_WARNING, &e->request.head_end, &e->response.head_end,
                    "a message head is longer than the limit: the rest of it was not looked at");
    if (!e->request.seen && e->kind == P2T_KIND_HTTP1)
        finding_add(e, "capture.no_request", P2T_SEVERITY_WARNING, &e->response.first, NULL,
                    "the request of this response is not in the capture");
    if (e->outcome == P2T_OUTCOME_INCOMPLETE && e->conn.input_ended && e->request.seen && !e->response.ended)
        finding_add(e, "capture.ended", P2T_SEVERITY_INFO, &e->request.last, NULL,
                    "the capture ended before the response did");
    if (e->request.seen && (e->conn.retransmits[0] > 0 || e->conn.retransmits[1] > 0))
        finding_add(e, "tcp.retransmissions", P2T_SEVERITY_INFO, NULL, NULL,
                    "the connection so far saw %u segments repeated by the client and %u by the server",
                    e->conn.retransmits[0], e->conn.retransmits[1]);
}

static void about_messages(struct exchange *e)
{
    const struct exchange_response *r = &e->response;

    if (e->request.abandoned)
        finding_add(e, "http.body_not_sent", P2T_SEVERITY_INFO, &e->request.head_end, &r->head_end,
                    "the server refused the body announced with Expect: 100-continue; it was never sent");
    /* gRPC's streams talk both ways at once. */
    if (r->seen && e->request.seen && !e->request.abandoned && r->first.ts_ns < e->request.last.ts_ns &&
        r->interim_count == 0 && !e->grpc.present)
        finding_add(e, "http.early_response", P2T_SEVERITY_WARNING, &r->first, &e->request.last,
                    "the response began %.1f ms before the request was whole",
                    ms(e->request.last.ts_ns - r->first.ts_ns));
    if (r->status >= 500)
        finding_add(e, "http.server_error", P2T_SEVERITY_ERROR, &r->head_end, NULL, "the server answered %u %.*s",
                    r->status, (int)(r->reason.n > 64 ? 64 : r->reason.n), (const char *)r->reason.p);
    if (r->interims_dropped > 0)
        finding_add(e, "limit.interim_responses", P2T_SEVERITY_WARNING, &r->first, NULL,
                    "%u more interim responses than are shown", r->interims_dropped);
}

static void about_stream(struct exchange *e)
{
    const struct exchange_stream *s = &e->stream;

    if (s->reset)
        finding_add(e, "http2.stream_reset", s->reset_by_server ? P2T_SEVERITY_ERROR : P2T_SEVERITY_WARNING,
                    &s->reset_mark, NULL, "the %s reset stream %u (RST_STREAM, error code %u)",
                    s->reset_by_server ? "server" : "client", s->id, s->error_code);
    if (s->stalls[0] + s->stalls[1] > 0)
        finding_add(e, "http2.flow_control", P2T_SEVERITY_INFO, NULL, NULL,
                    "flow control made the client wait %u times and the server %u times", s->stalls[0], s->stalls[1]);
    if (e->grpc.has_status && e->grpc.status != 0)
        finding_add(e, "grpc.status", P2T_SEVERITY_ERROR, &e->response.last, NULL,
                    "the call ended with grpc-status %u", e->grpc.status);
}

/* RFC 6455 7.4.1: normal, going away, and no code at all are how a WebSocket is meant to end. */
static void about_websocket(struct exchange *e)
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
        finding_add(e, "websocket.closed", P2T_SEVERITY_WARNING, &w->closed[first], NULL,
                    "the %s closed the WebSocket with code %u", first == FLOW_S2C ? "server" : "client",
                    w->close_code[first]);
    if (!mark_set(&w->closed[first]) && over && !w->messages[0].lost && !w->messages[1].lost)
        finding_add(e, "websocket.not_closed", P2T_SEVERITY_WARNING, &w->last, NULL,
                    "the WebSocket ended without a Close frame from either side");
}

static const char *loss_text(const struct tls_loss *l)
{
    switch (l->why) {
    case FACT_TLS_LOSS_KEY:
        return "the key log's secret does not fit";
    case FACT_TLS_LOSS_MISSING:
        return "packets are missing from the capture";
    case FACT_TLS_LOSS_CIPHER:
        return "libcrypto here does not offer the cipher";
    default:
        return "the key log lacks a secret";
    }
}

/* Secrets were there, and yet: which part of the exchange stays encrypted, and why. */
static void about_decryption(struct exchange *e, const struct exchange_tls *t)
{
    static const char *const whose[] = {[FLOW_C2S] = "what the client sent", [FLOW_S2C] = "what the server sent"};
    const struct tls_loss *up = &t->loss[FLOW_C2S], *down = &t->loss[FLOW_S2C];
    bool same = up->why == down->why, over = e->request.complete && e->response.complete;

    if (e->kind == P2T_KIND_CONNECT && t->decrypted)
        finding_add(e, "tls.not_http", P2T_SEVERITY_INFO, &t->decrypted_at, NULL,
                    "the connection was decrypted, and what it carried is not HTTP");
    for (int dir = 0; dir < 2; dir++) {
        const struct tls_loss *l = &t->loss[dir];
        if (l->why == 0 || (t->decrypted && over && l->mark.ts_ns > e->end_ns) || (dir == FLOW_S2C && same))
            continue;
        finding_add(e, t->decrypted ? "tls.decryption_lost" : "tls.not_decrypted", P2T_SEVERITY_WARNING, &l->mark,
                    NULL, "%s could not be decrypted%s: %s (cipher suite 0x%04x)",
                    same ? "what both sides sent" : whose[dir], t->decrypted ? " from this packet on" : "",
                    loss_text(l), t->cipher);
    }
}

static void about_tls(struct exchange *e)
{
    const struct exchange_tls *t = e->tls;

    if (t == NULL)
        return;
    about_decryption(e, t);
    if (!e->handshakes)
        return;
    if (t->failure == TLS_FAILED_SERVER_ALERT || t->failure == TLS_FAILED_CLIENT_ALERT)
        finding_add(e, "tls.alert", P2T_SEVERITY_ERROR, &t->failed, &t->hello,
                    "the %s broke off the TLS handshake with an alert%s",
                    t->failure == TLS_FAILED_SERVER_ALERT ? "server" : "client",
                    t->alert[t->failure == TLS_FAILED_SERVER_ALERT].hidden ? ", which is encrypted" : "");
    else if (t->failure == TLS_FAILED_NOT_TLS)
        finding_add(e, "tls.not_tls", P2T_SEVERITY_ERROR, &t->failed, &t->hello,
                    "the server answered the TLS handshake with %s",
                    t->not_tls_is_http ? "plain HTTP" : "other bytes");
    else if (t->failure == TLS_FAILED_CLOSED && mark_set(&t->failed))
        finding_add(e, "tls.closed", P2T_SEVERITY_ERROR, &t->failed, &t->hello,
                    "the connection was closed %.0f ms into the TLS handshake", ms(t->failed.ts_ns - t->hello.ts_ns));
    if (t->certificate_problem.n > 0)
        finding_add(e, "tls.certificate", P2T_SEVERITY_WARNING, &t->certificate, NULL, "%.*s",
                    (int)(t->certificate_problem.n > 256 ? 256 : t->certificate_problem.n),
                    (const char *)t->certificate_problem.p);
    if (t->outer_name && t->server_name.n > 0)
        finding_add(
            e, "tls.outer_name", P2T_SEVERITY_INFO, &t->hello, NULL,
            "the client offered Encrypted ClientHello, or made believe to: %.*s may be a name that hides another",
            (int)t->server_name.n, (const char *)t->server_name.p);
    if (t->client_certificate_empty)
        finding_add(e, "tls.client_certificate",
                    mark_set(&e->response.first) ? P2T_SEVERITY_INFO : P2T_SEVERITY_ERROR, &t->done, NULL,
                    "the server asked for a client certificate and got none");
}

static void sort_by_severity(struct exchange *e)
{
    for (size_t i = 1; i < e->finding_count; i++)
        for (size_t k = i; k > 0 && e->findings[k].severity < e->findings[k - 1].severity; k--) {
            struct exchange_finding f = e->findings[k];
            e->findings[k] = e->findings[k - 1];
            e->findings[k - 1] = f;
        }
}

void finding_all(struct exchange *e)
{
    if (e->lookup != NULL)
        about_lookup(e);
    about_attempts(e);
    about_closing(e);
    about_reuse(e);
    about_messages(e);
    about_capture(e);
    about_stream(e);
    about_websocket(e);
    about_tls(e);
    sort_by_severity(e);
}
