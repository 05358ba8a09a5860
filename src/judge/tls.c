/* What became of a TLS handshake, in the words of Go's crypto/tls (hooks.md 5.3 and 5.8). */
#include "correlate/times.h"
#include "judge/words.h"

/* RFC 8446 6 and the older RFCs: as Go's alert.go says them. */
static const char *alert_name(uint8_t code)
{
    static const struct {
        uint8_t code;
        const char *name;
    } names[] = {
        {0, "close notify"},
        {10, "unexpected message"},
        {20, "bad record MAC"},
        {21, "decryption failed"},
        {22, "record overflow"},
        {30, "decompression failure"},
        {40, "handshake failure"},
        {42, "bad certificate"},
        {43, "unsupported certificate"},
        {44, "revoked certificate"},
        {45, "expired certificate"},
        {46, "unknown certificate"},
        {47, "illegal parameter"},
        {48, "unknown certificate authority"},
        {49, "access denied"},
        {50, "error decoding message"},
        {51, "error decrypting message"},
        {60, "export restriction"},
        {70, "protocol version not supported"},
        {71, "insufficient security level"},
        {80, "internal error"},
        {86, "inappropriate fallback"},
        {90, "user canceled"},
        {100, "no renegotiation"},
        {109, "missing extension"},
        {110, "unsupported extension"},
        {111, "certificate unobtainable"},
        {112, "unrecognized name"},
        {113, "bad certificate status response"},
        {114, "bad certificate hash value"},
        {115, "unknown PSK identity"},
        {116, "certificate required"},
        {120, "no application protocol"},
        {121, "encrypted client hello required"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

static struct slice alert_text(struct exchange *e, const char *whose, const struct tls_alert *alert)
{
    const char *name = alert_name(alert->code);

    if (alert->hidden)
        return arena_printf(&e->arena, "%s error: tls: an encrypted alert", whose);
    if (name != NULL)
        return arena_printf(&e->arena, "%s error: tls: %s", whose, name);
    return arena_printf(&e->arena, "%s error: tls: alert(%u)", whose, alert->code);
}

/* Instead of an answer, the server broke off with an alert: only close_notify says nothing. */
bool outcome_alerted_by_server(const struct exchange *e)
{
    const struct tls_alert *alert = e->tls != NULL ? &e->tls->alert[FLOW_S2C] : NULL;

    return alert != NULL && mark_set(&alert->mark) &&
           (alert->hidden ? e->tls->client_certificate_empty : alert->code != 0);
}

/* RFC 8446 4.4.2.4: a server that insists on a certificate says so with an alert after the handshake. */
struct slice outcome_alert_text(struct exchange *e)
{
    struct tls_alert alert = e->tls->alert[FLOW_S2C];

    if (e->tls->client_certificate_empty && alert.hidden)
        alert = (struct tls_alert){.mark = alert.mark, .code = 116};
    return alert_text(e, "remote", &alert);
}

/* RFC 8446 6. */
enum { BAD_CERTIFICATE = 42, UNKNOWN_CA = 48 };

static bool about_certificate(uint8_t code)
{
    return (code >= BAD_CERTIFICATE && code <= 46) || code == UNKNOWN_CA;
}

/* The client turned the server down. Go sends bad_certificate whatever it was about the certificate. */
static struct slice client_alert_text(struct exchange *e)
{
    const struct exchange_tls *t = e->tls;
    const struct tls_alert *alert = &t->alert[FLOW_C2S];

    if (alert->hidden)
        return SLICE_LIT("x509: the client refused the server's certificate, or another part of its handshake (the "
                         "alert is encrypted)");
    if (!about_certificate(alert->code))
        return alert->code == 0 ? outcome_gone : alert_text(e, "local", alert);
    /* Of others than these two, the alert's own words say more. */
    if (t->certificate_problem.n == 0 && alert->code != BAD_CERTIFICATE && alert->code != UNKNOWN_CA)
        return alert_text(e, "local", alert);
    struct slice problem = t->certificate_problem.n > 0 ? t->certificate_problem
                                                        : SLICE_LIT("x509: certificate signed by unknown authority");
    return arena_printf(&e->arena, "%s%.*s", t->prefixed ? "tls: failed to verify certificate: " : "", (int)problem.n,
                        (const char *)problem.p);
}

static bool timed_out(const struct exchange *e)
{
    int64_t took = e->tls->failed.ts_ns - e->tls->hello.ts_ns;
    return took >= TLS_HANDSHAKE_TIMEOUT_NS - TLS_TIMEOUT_LATE_NS &&
           took <= TLS_HANDSHAKE_TIMEOUT_NS + TLS_TIMEOUT_LATE_NS;
}

static struct slice closed_text(struct exchange *e)
{
    if (exchange_server_hello_hidden(e))
        return (struct slice){NULL, 0};
    switch (exchange_closer(e)) {
    case CLOSED_BY_SERVER_FIN:
        return SLICE_LIT("EOF");
    case CLOSED_BY_SERVER_RST:
        return outcome_reset_text(e);
    case CLOSED_BY_CLIENT_FIN:
    case CLOSED_BY_CLIENT_RST:
        return timed_out(e) ? SLICE_LIT("net/http: TLS handshake timeout") : outcome_gone;
    case CLOSED_BY_NONE:
        break;
    }
    return (struct slice){NULL, 0};
}

static struct slice failure_text(struct exchange *e)
{
    switch (e->tls->failure) {
    case TLS_FAILED_SERVER_ALERT:
        if (!e->tls->alert[FLOW_S2C].hidden && e->tls->alert[FLOW_S2C].code == 0)
            return SLICE_LIT("EOF");
        return alert_text(e, "remote", &e->tls->alert[FLOW_S2C]);
    case TLS_FAILED_CLIENT_ALERT:
        return client_alert_text(e);
    case TLS_FAILED_NOT_TLS:
        return SLICE_LIT("tls: first record does not look like a TLS handshake");
    default:
        return closed_text(e);
    }
}

void judge_handshake(struct exchange *e)
{
    struct slice text = failure_text(e);

    if (text.n == 0) {
        e->outcome = P2T_OUTCOME_INCOMPLETE;
        return;
    }
    e->outcome = P2T_OUTCOME_TLS_ERROR;
    e->tls->error = text;
    e->error = e->tls->not_tls_is_http ? SLICE_LIT("http: server gave HTTP response to HTTPS client") : text;
}
