/* The TLS handshake, certificates and decryption. */
#include "judge/findings/about.h"

static const char *loss_text(const struct tls_loss *l)
{
    switch (l->why) {
    case FACT_TLS_LOSS_KEY:
        return "the key log's secret does not fit";
    case FACT_TLS_LOSS_MISSING:
        return "packets are missing from the capture";
    case FACT_TLS_LOSS_CIPHER:
        return "this libcrypto does not offer the cipher";
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
        finding_add(e, P2T_FINDING_TLS_NOT_HTTP, &t->decrypted_at, NULL,
                    "the connection was decrypted, and what it carried is not HTTP");
    for (int dir = 0; dir < 2; dir++) {
        const struct tls_loss *l = &t->loss[dir];
        if (l->why == 0 || (t->decrypted && over && l->mark.ts_ns > e->end_ns) || (dir == FLOW_S2C && same))
            continue;
        finding_add(e, t->decrypted ? P2T_FINDING_TLS_DECRYPTION_LOST : P2T_FINDING_TLS_NOT_DECRYPTED, &l->mark, NULL,
                    "%s could not be decrypted%s: %s (cipher suite 0x%04x)",
                    same ? "what both sides sent" : whose[dir], t->decrypted ? " from this packet on" : "",
                    loss_text(l), t->cipher);
    }
}

void about_tls(struct exchange *e)
{
    const struct exchange_tls *t = e->tls;

    if (t == NULL)
        return;
    about_decryption(e, t);
    if (!e->handshakes)
        return;
    if (t->failure == TLS_FAILED_SERVER_ALERT || t->failure == TLS_FAILED_CLIENT_ALERT)
        finding_add(e, P2T_FINDING_TLS_ALERT, &t->failed, &t->hello,
                    "the %s aborted the TLS handshake with an alert%s",
                    t->failure == TLS_FAILED_SERVER_ALERT ? "server" : "client",
                    t->alert[t->failure == TLS_FAILED_SERVER_ALERT].hidden ? ", which is encrypted" : "");
    else if (t->failure == TLS_FAILED_NOT_TLS)
        finding_add(e, P2T_FINDING_TLS_NOT_TLS, &t->failed, &t->hello,
                    "the server answered the TLS handshake with %s",
                    t->not_tls_is_http ? "plain HTTP" : "other bytes");
    else if (t->failure == TLS_FAILED_CLOSED && mark_set(&t->failed) && exchange_server_hello_hidden(e))
        finding_add(
            e, P2T_FINDING_CAPTURE_ONE_DIRECTION, &t->hello, &e->conn.last_gap[FLOW_S2C],
            "what the server answered to the ClientHello is not in this capture: how the TLS handshake went is "
            "not known");
    else if (t->failure == TLS_FAILED_CLOSED && mark_set(&t->failed))
        finding_add(e, P2T_FINDING_TLS_CLOSED, &t->failed, &t->hello,
                    "the connection was closed %.0f ms into the TLS handshake", ms(t->failed.ts_ns - t->hello.ts_ns));
    else if (t->failure == TLS_FAILED_CLOSED)
        finding_add(
            e, P2T_FINDING_TLS_OPEN, &t->hello, NULL, "%s when the capture ended, %.1f s after the ClientHello",
            t->version == 0 ? "the server had not answered the TLS handshake" : "the TLS handshake was not complete",
            (double)(e->end_ns - t->hello.ts_ns) / 1e9);
    if (t->certificate_problem.n > 0)
        finding_add(e, P2T_FINDING_TLS_CERTIFICATE, &t->certificate, NULL, "%.*s",
                    (int)(t->certificate_problem.n > 256 ? 256 : t->certificate_problem.n),
                    (const char *)t->certificate_problem.p);
    if (t->outer_name && t->server_name.n > 0)
        finding_add(
            e, P2T_FINDING_TLS_OUTER_NAME, &t->hello, NULL,
            "the client offered Encrypted ClientHello, or pretended to: %.*s may be a name that conceals another",
            (int)t->server_name.n, (const char *)t->server_name.p);
    if (t->client_certificate_empty)
        finding_add_as(e, P2T_FINDING_TLS_CLIENT_CERTIFICATE,
                       mark_set(&e->response.first) ? P2T_SEVERITY_INFO : P2T_SEVERITY_ERROR, &t->done, NULL,
                       "the server asked for a client certificate and got none");
}
