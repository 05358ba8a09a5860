/* TLS handshakes: those that fail, and those that became slow. */
#include "summary/cause.h"
#include "summary/rules/rules.h"
#include "summary/usual.h"

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

/* No server's flight with a certificate is shorter. */
/* Nor is a ClientHello, with an alert behind it, longer. */
enum { CERTIFICATE_BYTES = 500, HELLO_BYTES_MAX = 4096 };

struct failures {
    size_t bad, all, certificates, versions, not_tls, alerts, left, slow, served;
    int64_t from_ns, to_ns;
    const struct call *first;
    bool by_client; /* it was the client that broke off */
};

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
        f.served += c->conn != NULL && c->conn->side[P2T_SIDE_SERVER].bytes >= CERTIFICATE_BYTES &&
                    c->conn->side[P2T_SIDE_CLIENT].bytes < HELLO_BYTES_MAX;
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
    if (code == P2T_CAUSE_TLS_VERSION_MISMATCH)
        return P2T_CAUSE_SIDE_CLIENT;
    if (code == P2T_CAUSE_TLS_CERTIFICATE || code == P2T_CAUSE_TLS_NOT_TLS || code == P2T_CAUSE_TLS_CLIENT_REJECTS ||
        f->slow * 2 > f->bad)
        return P2T_CAUSE_SIDE_SERVER;
    return f->by_client ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER;
}

static void find_failures(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    struct failures f = failures_of(calls, n);

    if (f.bad == 0 || (f.bad < 2 && f.bad < f.all && !s->small) || (s->lossy_capture && f.bad * 10 < f.all * 3))
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
        buf_lit(&c->text, ": the client breaks off after the server's certificate; that it does not trust it fits");
    else if (f.first->error != NULL)
        buf_printf(&c->text, ": %s", f.first->error->text);
    if (code == P2T_CAUSE_TLS_CERTIFICATE && !speaks_of_certificate(f.first->error))
        buf_lit(&c->text, "; the server's certificate has a fault");
}

/* Slow against the quickest quarter of this server's handshakes. */
static _Thread_local int64_t slow_over_ns;

static bool is_slow(const void *item)
{
    return ((const struct call *)item)->tls_ns > slow_over_ns;
}

static void find_slow(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct groups good = {0};
    struct sample all = {0}, slow = {0};
    size_t at = 0, span = 0;
    int64_t lost = 0, stalled = 0;

    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (c->outcome == P2T_OUTCOME_TLS_ERROR || c->tls_ns == 0)
            continue;
        groups_add(&good, calls[i]);
        sample_add(&all, c->tls_ns);
    }
    int64_t before = baseline_quartile(s, USUAL_TLS, calls[0].key[0]);
    int64_t base = before >= 0 ? before : sample_at(&all, 250);
    slow_over_ns = max_ns(3 * base, base + 100 * (int64_t)MS);
    if ((all.n >= 8 || before >= 0) && good.all != NULL && densest_run(good.all, good.n, is_slow, &at, &span)) {
        for (size_t i = at; i < at + span; i++) {
            const struct call *c = good.all[i].item;
            if (!is_slow(c))
                continue;
            sample_add(&slow, c->tls_ns);
            lost += c->tls_ns - base;
            stalled += c->stalled_ns;
        }
        const struct call *first = good.all[at].item;
        bool path = trouble_of(s, TROUBLE_SLOW_PATH, first->server_ip, first->start_ns, first->end_ns) != NULL;
        if (slow.n >= 4 && slow.n * 10 > span * 4 && !path && stalled * 10 < lost * 3) {
            struct cause *c = cause_add(s, P2T_CAUSE_TLS_SLOW_SERVER, P2T_CAUSE_SIDE_SERVER, "tls", P2T_LIKELY);
            cause_subject_service(c, first->server, first->server_ip);
            for (size_t i = at; i < at + span; i++)
                if (is_slow(good.all[i].item)) {
                    struct call *x = good.all[i].item;
                    cause_hit(s, c, x);
                    cause_span(c, x->start_ns, x->end_ns);
                }
            c->of = span;
            c->lost_ns = lost;
            buf_lit(&c->text, "TLS handshakes with ");
            say_service(&c->text, first->server, first->server_ip);
            buf_lit(&c->text, " take ");
            say_time(&c->text, sample_at(&slow, 500));
            say_usual(&c->text, base, before >= 0);
            buf_printf(&c->text, ", %zu of %zu", slow.n, span);
        }
    }
    s->failed |= good.failed || all.failed || slow.failed;
    groups_fini(&good);
    sample_fini(&all);
    sample_fini(&slow);
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
    while ((first = groups_next(&g, &at, &n)) != NULL) {
        find_failures(s, first, n);
        find_slow(s, first, n);
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
