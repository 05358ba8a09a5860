/* The text format, for people to read and to paste. */
#include "write/args.h"
#include "write/escape.h"
#include "write/format.h"
#include "write/text/text.h"

/* The request, as far as it is known. */
static struct p2t_text target(const struct p2t_exchange *x)
{
    struct p2t_text asked = {NULL, 0};

    if (x->url.p != NULL)
        return x->url;
    if (x->kind != P2T_KIND_LOOKUP && x->event_count > 0)
        asked = args_text(&x->events[0], P2T_ARG_GET_CONN_HOST_PORT);
    if (asked.p != NULL)
        return asked;
    return x->host.p != NULL || x->connection == NULL ? x->host : x->connection->server;
}

static void put_subject(struct buf *b, const struct p2t_exchange *x)
{
    const char *what = x->kind == P2T_KIND_LOOKUP ? "lookup" : x->kind == P2T_KIND_TLS ? "TLS" : "connect";

    if (x->method.p != NULL)
        escape_text(b, x->method);
    else
        buf_str(b, x->kind == P2T_KIND_HTTP1 || x->kind == P2T_KIND_HTTP2 ? "(request not seen)" : what);
    buf_putc(b, ' ');
    escape_text(b, target(x));
}

static void put_result(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    bool ok = x->outcome == P2T_OUTCOME_OK;

    text_begin(b, o, !ok || x->status >= 500 ? TEXT_RED : x->status >= 400 ? TEXT_YELLOW : TEXT_GREEN);
    if (x->status > 0)
        buf_i64(b, x->status);
    if (x->status > 0 && !ok)
        buf_putc(b, ' ');
    if (x->status == 0 || !ok)
        buf_str(b, p2t_outcome_name(x->outcome));
    text_end(b, o);
}

static void put_head(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    size_t line = b->n;
    struct buf result = {0};

    put_result(&result, o, x);
    buf_lit(&result, "  ");
    text_duration(&result, x->end_ns - x->start_ns);
    text_time(b, o, x->start_ns);
    buf_lit(b, "  ");
    text_begin(b, o, TEXT_BOLD);
    size_t subject = b->n;
    put_subject(b, x);
    text_cut(b, o, line, subject, o->cut ? text_columns(result.p, result.n) + 2 : 0);
    text_end(b, o);
    size_t columns = text_columns(b->p + line, b->n - line) + 2 + text_columns(result.p, result.n);
    buf_str(b, columns > text_width(o) ? "\n      " : "  ");
    buf_slice(b, buf_view(&result));
    buf_putc(b, '\n');
    b->failed |= result.failed;
    buf_fini(&result);
}

/* ---- why ---- */

static bool has_event(const struct p2t_exchange *x, enum p2t_hook hook)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return true;
    return false;
}

static const char *verdict(const struct p2t_exchange *x)
{
    static const char *const words[P2T_OUTCOME_COUNT] = {[P2T_OUTCOME_OK] = "error: ",
                                                         [P2T_OUTCOME_DNS_ERROR] = "never left: ",
                                                         [P2T_OUTCOME_CONNECT_ERROR] = "never left: ",
                                                         [P2T_OUTCOME_TLS_ERROR] = "never left: ",
                                                         [P2T_OUTCOME_REQUEST_ERROR] = "only partly sent: ",
                                                         [P2T_OUTCOME_NO_RESPONSE] = "no response: ",
                                                         [P2T_OUTCOME_RESPONSE_ERROR] = "broken response: ",
                                                         [P2T_OUTCOME_INCOMPLETE] = "only partly captured: "};

    if (x->outcome == P2T_OUTCOME_TLS_ERROR && has_event(x, P2T_HOOK_WROTE_HEADERS))
        return "failed: ";
    return words[x->outcome];
}

static void put_finding(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, size_t i,
                        const char *lead)
{
    const struct p2t_finding *f = &x->findings[i];
    size_t line = b->n;

    buf_lit(b, "  ");
    if (f->severity != P2T_SEVERITY_INFO)
        text_begin(b, o, f->severity == P2T_SEVERITY_ERROR ? TEXT_RED : TEXT_YELLOW);
    buf_str(b, lead);
    escape_text(b, f->text);
    if (f->severity != P2T_SEVERITY_INFO)
        text_end(b, o);
    text_begin(b, o, TEXT_DIM);
    buf_lit(b, "  [");
    buf_str(b, f->code);
    if (f->evidence_count > 0)
        buf_putc(b, ' ');
    text_evidence(b, x, f->evidence, f->evidence_count, x->file_count > 1);
    buf_lit(b, "]");
    text_end(b, o);
    text_end_line(b, o, line);
}

/* The finding that explains the outcome stands first; if there is none, the error does. */
static bool explains(const struct p2t_exchange *x, const struct p2t_finding *f)
{
    if (x->outcome == P2T_OUTCOME_INCOMPLETE)
        return p2t_finding_info(f->id)->side == P2T_SIDE_CAPTURE;
    return x->outcome != P2T_OUTCOME_OK && f->severity == P2T_SEVERITY_ERROR;
}

static void put_error(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, bool explained)
{
    size_t line = b->n;

    if (x->error.p == NULL && (explained || x->outcome == P2T_OUTCOME_OK))
        return;
    buf_lit(b, "  ");
    text_begin(b, o, explained ? TEXT_BOLD : TEXT_RED);
    buf_str(b, explained ? (x->by_go ? "the client's error: " : "in Go's words: ") : verdict(x));
    if (x->error.p != NULL)
        escape_error(b, x->error);
    else
        b->n -= 2;
    text_end(b, o);
    /* In a pipe it stays in one line: people search for errors. */
    if (o->width > 0)
        text_fold(b, o, line, 6);
    buf_putc(b, '\n');
}

static void put_reasons(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    static const char *const severities[] = {"error: ", "warning: ", "note: "};
    bool explained = x->finding_count > 0 && explains(x, &x->findings[0]);

    if (!explained)
        put_error(b, o, x, false);
    for (size_t i = 0; i < x->finding_count; i++)
        put_finding(b, o, x, i, i == 0 && explained ? verdict(x) : severities[x->findings[i].severity]);
    if (explained)
        put_error(b, o, x, true);
}

static void put_links(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->link_count; i++) {
        buf_lit(b, "  ");
        for (const char *p = x->links[i].relation; *p != '\0'; p++)
            buf_putc(b, *p == '_' ? ' ' : *p);
        buf_printf(b, " %016llx\n", (unsigned long long)x->links[i].id);
    }
}

/* ---- where ---- */

static void put_translation(struct buf *b, struct p2t_text other)
{
    if (other.p == NULL)
        return;
    buf_lit(b, " (also seen as ");
    escape_text(b, other);
    buf_putc(b, ')');
}

static void put_connection(struct buf *b, const struct p2t_connection *c)
{
    escape_text(b, c->client);
    put_translation(b, c->nat_client);
    buf_lit(b, " -> ");
    escape_text(b, c->server);
    put_translation(b, c->nat_server);
    if (c->proxy.p != NULL)
        buf_lit(b, " (a proxy)");
    if (c->reused > 0 && c->exchange > 0)
        buf_printf(b, ", reused (request %lld on it)", (long long)c->exchange + 1);
    else if (c->reused == 0)
        buf_lit(b, ", new");
    if (c->rtt_ns >= 0) {
        buf_lit(b, ", rtt ");
        text_duration(b, c->rtt_ns);
    }
    if (c->vantage != P2T_VANTAGE_UNKNOWN)
        buf_printf(b, ", captured %s the %s", c->vantage == P2T_VANTAGE_MIDDLE ? "in" : "at",
                   p2t_vantage_name(c->vantage));
}

static void put_place(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    size_t line = b->n;
    const char *between = "  ";

    text_begin(b, o, TEXT_DIM);
    if (x->connection != NULL) {
        buf_lit(b, "  ");
        put_connection(b, x->connection);
        between = ", ";
    }
    if (o->full) {
        buf_printf(b, "%sid %016llx", between, (unsigned long long)x->id);
        between = ", ";
    }
    if (x->trace_id.p != NULL) {
        buf_printf(b, "%strace ", between);
        escape_text(b, x->trace_id);
        between = ", ";
    }
    if ((o->full || o->several_files) && x->file_count > 0) {
        buf_put(b, between, 1);
        text_files(b, x);
        between = ", ";
    }
    text_end(b, o);
    if (*between == ' ')
        b->n = line;
    else
        text_end_line(b, o, line);
}

static void put_phases(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    const struct {
        const char *name;
        int64_t ns;
    } rows[] = {{"blocked", p->blocked_ns}, {"dns", p->dns_ns},   {"connect", p->connect_ns}, {"tls", p->tls_ns},
                {"send", p->send_ns},       {"wait", p->wait_ns}, {"receive", p->receive_ns}};
    const char *lead = "  ";
    size_t line = b->n;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].ns < 0)
            continue;
        buf_str(b, lead);
        buf_str(b, rows[i].name);
        buf_putc(b, ' ');
        text_ms(b, rows[i].ns, 0);
        lead = ", ";
    }
    buf_lit(b, " ms");
    text_end_line(b, o, line);
}

static void text_lead(struct buf *b, uint64_t index)
{
    if (index > 0)
        buf_putc(b, '\n');
}

static void text_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    size_t from = b->n;

    put_head(b, o, x);
    put_reasons(b, o, x);
    put_links(b, x);
    put_place(b, o, x);
    text_messages(b, o, x);
    if (x->phases.send_ns >= 0)
        put_phases(b, o, x);
    text_rows(b, o, x);
    text_fit(b, o, from);
}

const struct out_format_ops out_text = {.exchange = text_exchange, .lead = text_lead};
