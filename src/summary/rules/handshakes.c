/* TLS handshakes: those that fail, and those that became slow. */
#include "summary/cause.h"
#include "summary/rules/handshakes.h"
#include "summary/rules/rules.h"

static bool did_handshake(const struct call *c)
{
    return c->outcome == P2T_OUTCOME_TLS_ERROR || c->tls_ns > 0;
}

/* Words that Go's and others' errors have about certificates. */
static bool speaks_of_certificate(const struct word *error)
{
    static const char *const words[] = {"certificate", "unknown certificate authority", "x509", "expired"};

    for (size_t i = 0; error != NULL && i < sizeof words / sizeof *words; i++)
        if (strstr(error->text, words[i]) != NULL)
            return true;
    return false;
}

static bool speaks_of_version(const struct word *error)
{
    return error != NULL && strstr(error->text, "protocol version") != NULL;
}

/* What Go's errors mean to somebody who runs either side. */
static const struct {
    const char *error, *text;
} error_texts[] = {
    {"remote error: tls: an encrypted alert", "the server sends an alert, which is encrypted"},
    {"remote error: tls: ", "the server sends the alert: "},
    {"local error: tls: ", "the client sends the alert: "},
    {"EOF", "the server closes the connection"},
    {"the client closed the connection first: canceled, or one of its timeouts",
     "the client closes the connection (canceled, or a time limit of its own)"},
};

static bool is_alert_of_server(const struct word *error)
{
    return error != NULL && slice_starts(slice_str(error->text), SLICE_LIT("remote error: tls: "));
}

static void say_error(struct buf *b, const struct word *error)
{
    const char *text = error->text;

    buf_lit(b, ": ");
    for (size_t i = 0; i < sizeof error_texts / sizeof *error_texts; i++) {
        size_t n = strlen(error_texts[i].error);
        if (strncmp(text, error_texts[i].error, n) != 0)
            continue;
        buf_str(b, error_texts[i].text);
        text += n;
        break;
    }
    buf_str(b, text);
}

/* No server's flight with a certificate is shorter, and no ClientHello, with an alert behind it, longer. */
enum { CERTIFICATE_BYTES = 500, HELLO_BYTES_MAX = 4096 };

/* When the client was first seen to end the connection; 0: it was not. */
static int64_t client_ended_ns(const struct conn *k)
{
    int64_t fin = k->fin_ns[P2T_SIDE_CLIENT], rst = k->rst_ns[P2T_SIDE_CLIENT];

    return fin == 0 || (rst != 0 && rst < fin) ? rst : fin;
}

/* The client had the server's certificate before it broke off, and sent nothing but its hello. TLS 1.3 encrypts it: there,
 * the whole of the server's flight tells. */
static bool saw_certificate(const struct call *c)
{
    const struct conn *k = c->conn;

    if (k == NULL || k->side[P2T_SIDE_CLIENT].bytes >= HELLO_BYTES_MAX)
        return false;
    int64_t ended = client_ended_ns(k), came = c->tls_13 ? k->last_bytes_ns[P2T_SIDE_SERVER] : c->certificate_ns;
    return came != 0 && ended > came && k->side[P2T_SIDE_SERVER].bytes >= CERTIFICATE_BYTES;
}

struct failures {
    size_t bad, all, certificates, versions, not_tls, alerts, left, slow, served, turned_down, unheard;
    int64_t from_ns, to_ns;
    const struct call *first;
    bool by_client; /* it was the client that broke off */
};

/* What the server sent, if anything, came when the client had left. */
static bool is_unheard(const struct call *c)
{
    const struct conn *k = c->conn;

    if (k == NULL || k->one_direction || k->side[P2T_SIDE_SERVER].unseen > 0 || c->hello_ns != 0)
        return false;
    return k->last_bytes_ns[P2T_SIDE_SERVER] == 0 || k->last_bytes_ns[P2T_SIDE_SERVER] > c->end_ns;
}

static struct failures failures_of(const struct keyed *calls, size_t n)
{
    struct failures f = {0};

    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        f.all++;
        if (c->outcome != P2T_OUTCOME_TLS_ERROR)
            continue;
        f.first = f.bad++ == 0 ? c : f.first;
        f.from_ns = f.from_ns == 0 ? c->start_ns : f.from_ns;
        f.to_ns = max_ns(f.to_ns, c->end_ns);
        f.certificates += call_has(c, P2T_FINDING_TLS_CERTIFICATE) || speaks_of_certificate(c->error);
        f.versions += speaks_of_version(c->error);
        f.not_tls += call_has(c, P2T_FINDING_TLS_NOT_TLS);
        f.alerts += call_has(c, P2T_FINDING_TLS_ALERT);
        f.slow += c->tls_ns > 900 * (int64_t)MS;
        f.served += saw_certificate(c);
        f.turned_down += c->certificate_ns != 0 && is_alert_of_server(c->error);
        f.unheard += is_unheard(c);
        f.left +=
            c->conn != NULL && (c->conn->closer == P2T_CLOSER_CLIENT_FIN || c->conn->closer == P2T_CLOSER_CLIENT_RST);
    }
    f.by_client = f.left * 2 > f.bad;
    return f;
}

static enum p2t_cause_code code_of(const struct failures *f)
{
    if (f->certificates * 2 > f->bad)
        return P2T_CAUSE_TLS_CERTIFICATE;
    if (f->not_tls * 2 > f->bad)
        return P2T_CAUSE_TLS_NOT_TLS;
    if (f->versions * 2 > f->bad)
        return P2T_CAUSE_TLS_VERSION_MISMATCH;
    if (f->alerts * 2 > f->bad)
        return P2T_CAUSE_TLS_ALERT;
    return f->by_client && f->slow * 2 < f->bad && f->served * 2 > f->bad ? P2T_CAUSE_TLS_CLIENT_REJECTS
                                                                          : P2T_CAUSE_TLS_CLOSED;
}

static enum p2t_cause_side side_of(enum p2t_cause_code code, const struct failures *f)
{
    if (code == P2T_CAUSE_TLS_VERSION_MISMATCH || (code == P2T_CAUSE_TLS_ALERT && f->turned_down * 2 > f->bad))
        return P2T_CAUSE_SIDE_CLIENT;
    if (code == P2T_CAUSE_TLS_CERTIFICATE || code == P2T_CAUSE_TLS_NOT_TLS || code == P2T_CAUSE_TLS_CLIENT_REJECTS ||
        f->slow * 2 > f->bad)
        return P2T_CAUSE_SIDE_SERVER;
    return f->by_client ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER;
}

static void say_unheard(struct p2t_summary *s, struct cause *c)
{
    struct sample waited = {0};

    for (size_t i = 0; i < c->hit_count; i++)
        if (is_unheard(c->hit[i]))
            sample_add(&waited, c->hit[i]->tls_ns);
    buf_lit(&c->text, "; the server had sent nothing for ");
    say_time(&c->text, sample_at(&waited, 500));
    s->failed |= waited.failed;
    sample_fini(&waited);
}

static void find_failures(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    struct failures f = failures_of(calls, n);

    /* An alert stands for itself, whatever else the capture lacks. */
    bool doubtful = s->lossy_capture && f.bad * 10 < f.all * 3 && f.alerts * 2 <= f.bad;

    if (f.bad == 0 || (f.bad < 2 && f.bad < f.all && !s->small) || doubtful)
        return;
    enum p2t_cause_code code = code_of(&f);
    struct cause *c = cause_add(s, code, side_of(code, &f), "tls",
                                f.alerts * 2 > f.bad || f.not_tls > 0 ? P2T_CERTAIN : P2T_LIKELY);
    cause_subject_service(c, f.first->server, f.first->server_ip);
    if (c->side == P2T_CAUSE_SIDE_CLIENT)
        c->client = f.first->client;
    for (size_t i = 0; i < n; i++) {
        struct call *x = calls[i].item;
        if (x->outcome != P2T_OUTCOME_TLS_ERROR)
            continue;
        cause_hit(s, c, x);
        cause_prove(c, x->answered);
        add_ns(&c->lost_ns, x->total_ns);
    }
    cause_span(c, f.from_ns, f.to_ns);
    for (size_t i = 0; i < n; i++) {
        const struct call *x = calls[i].item;
        c->of += x->start_ns >= f.from_ns && x->start_ns <= f.to_ns;
    }
    buf_lit(&c->text, "TLS handshakes with ");
    say_service(&c->text, f.first->server, f.first->server_ip);
    buf_printf(&c->text, " fail, %zu of %zu", f.bad, c->of);
    if (code == P2T_CAUSE_TLS_CLIENT_REJECTS)
        buf_lit(
            &c->text,
            ": the client aborts after the server's certificate, which fits a certificate that it does not trust");
    else if (f.first->error != NULL)
        say_error(&c->text, f.first->error);
    if (code == P2T_CAUSE_TLS_CERTIFICATE && !speaks_of_certificate(f.first->error))
        buf_lit(&c->text, "; the server's certificate has a fault");
    if (code == P2T_CAUSE_TLS_ALERT && f.turned_down * 2 > f.bad)
        buf_lit(&c->text, ", to what the client sent after the server's certificate");
    if (code == P2T_CAUSE_TLS_CLOSED && f.by_client && f.slow * 2 > f.bad && f.unheard * 2 > f.bad)
        say_unheard(s, c);
}

void rules_handshakes(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->server != NULL && did_handshake(c))
            groups_add(&g, (struct keyed){{c->server}, c->start_ns, c->id, c});
    }
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL) {
        find_failures(s, first, n);
        find_slow_handshakes(s, first, n);
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
