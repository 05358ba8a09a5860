#include "report/columns.h"

/* Forged times are far apart: the difference may wrap around, and is unknown then. */
static int64_t less(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void put(struct pack *p, enum report_row_column c, int64_t v)
{
    pack_known(p, c, v);
}

static void put_phases(struct pack *p, const struct p2t_exchange *x)
{
    const struct p2t_phases *f = &x->phases;

    put(p, REPORT_ROW_TOTAL, f->total_ns);
    put(p, REPORT_ROW_BLOCKED, f->blocked_ns);
    put(p, REPORT_ROW_DNS, f->dns_ns);
    put(p, REPORT_ROW_CONNECT, f->connect_ns);
    put(p, REPORT_ROW_TLS, f->tls_ns);
    put(p, REPORT_ROW_SEND, f->send_ns);
    put(p, REPORT_ROW_WAIT, f->wait_ns);
    put(p, REPORT_ROW_RECEIVE, f->receive_ns);
    put(p, REPORT_ROW_DURATION, less(x->end_ns, x->start_ns));
}

static bool repeats(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->link_count; i++)
        if (strcmp(x->links[i].relation, "retry_of") == 0)
            return true;
    return false;
}

static unsigned flags_of(const struct p2t_exchange *x)
{
    bool failed = p2t_exchange_failed(x);
    bool warned = x->finding_count > 0 && x->findings[0].severity <= P2T_SEVERITY_WARNING;
    int reused = x->connection != NULL ? x->connection->reused : -1;

    return (failed ? REPORT_FAILED : 0u) | (failed || warned ? REPORT_PROBLEM : 0u) | (x->quiet ? REPORT_QUIET : 0u) |
           (reused == 1 ? REPORT_REUSED : 0u) | (reused >= 0 ? REPORT_REUSE_KNOWN : 0u) |
           (x->by_go ? REPORT_BY_GO : 0u) | (repeats(x) ? REPORT_RETRY : 0u);
}

static void put_connection(struct pack *p, const struct p2t_connection *c)
{
    static const struct p2t_text none = {NULL, 0};

    pack_text(p, REPORT_ROW_SERVER, c != NULL ? c->server : none);
    pack_text(p, REPORT_ROW_CLIENT, c != NULL ? c->client : none);
    if (c != NULL)
        pack_hex(p, REPORT_ROW_CONN, c->id);
    else
        pack_number(p, REPORT_ROW_CONN, 0);
    put(p, REPORT_ROW_STREAM, c != NULL ? c->stream : -1);
}

void report_put_row(struct pack *p, const struct p2t_exchange *x, int64_t base_ns)
{
    pack_id(p, REPORT_ROW_ID, x->id);
    pack_delta(p, REPORT_ROW_START, less(x->start_ns, base_ns));
    put_phases(p, x);
    pack_number(p, REPORT_ROW_KIND, x->kind);
    pack_number(p, REPORT_ROW_OUTCOME, x->outcome);
    pack_number(p, REPORT_ROW_FLAGS, flags_of(x));
    pack_number(p, REPORT_ROW_STATUS, x->status > 0 ? (uint64_t)x->status : 0);
    put(p, REPORT_ROW_GRPC, x->grpc != NULL ? x->grpc->status : -1);
    put(p, REPORT_ROW_BYTES, x->response.body_bytes);
    pack_text(p, REPORT_ROW_METHOD, x->method);
    pack_text(p, REPORT_ROW_URL, x->url);
    pack_text(p, REPORT_ROW_HOST, x->host);
    put_connection(p, x->connection);
    pack_text(p, REPORT_ROW_ERROR, x->error);
    pack_str(p, REPORT_ROW_FINDING, x->finding_count > 0 ? x->findings[0].code : NULL);
    pack_text(p, REPORT_ROW_TRACE, x->trace_id);
    p->rows++;
}
