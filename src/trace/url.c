#include "trace/build.h"

static bool has_scheme(struct slice target)
{
    return slice_istarts(target, SLICE_LIT("http://")) || slice_istarts(target, SLICE_LIT("https://"));
}

/* HTTP/2 says it (RFC 9113 8.3.1); HTTP/1 was decrypted, or it is plain. */
static struct slice scheme_of(const struct exchange *e)
{
    const struct exchange_request *r = &e->request;

    for (size_t i = 0; e->stream.id != 0 && i < r->header_count && i < 8; i++)
        if (slice_eq(r->headers[i].name, SLICE_LIT(":scheme")))
            return r->headers[i].value;
    return e->tls != NULL && e->tls->decrypted ? SLICE_LIT("https") : SLICE_LIT("http");
}

struct slice url_build(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    if (!r->seen || r->target.n == 0)
        return (struct slice){NULL, 0};
    if (t->e->kind == P2T_KIND_CONNECT)
        return shown(t, REDACT_HOST, r->target);
    if (has_scheme(r->target))
        return shown(t, REDACT_URL, r->target);
    struct slice target = shown(t, REDACT_URL, r->target);
    struct slice scheme = shown(t, REDACT_WORD, scheme_of(t->e));
    struct slice host = t->host.n > 0 ? t->host : copy_endpoint(t, &t->e->conn.server);
    struct buf *b = scratch_begin(t);
    buf_slice(b, scheme);
    buf_lit(b, "://");
    buf_slice(b, host);
    if (r->target.p[0] == '/')
        buf_slice(b, target);
    return scratch_end(t);
}

static bool has_port(struct slice host)
{
    size_t i = host.n;

    while (i > 0 && host.p[i - 1] >= '0' && host.p[i - 1] <= '9')
        i--;
    return i > 0 && i < host.n && host.p[i - 1] == ':' && (host.p[0] != '[' || host.p[i - 2] == ']') &&
           (host.p[0] == '[' || slice_find(host, ':') == i - 1);
}

static uint16_t dialled_port(const struct exchange *e)
{
    return e->attempt_count > 0 ? e->attempts[0].server.port : e->conn.server.port;
}

static struct slice name_dialled(const struct exchange *e)
{
    return e->lookup != NULL ? e->lookup->host : e->conn.dialled_host;
}

/* The name that was looked up, with the port that was dialled: right for proxies and where no request was sent. */
static struct slice looked_up(struct trace *t)
{
    const struct exchange *e = t->e;

    struct slice name = shown(t, REDACT_HOST, name_dialled(e));
    if (name.n == 0)
        return copy_endpoint(t, e->attempt_count > 0 ? &e->attempts[0].server : &e->conn.server);
    struct buf *b = scratch_begin(t);
    buf_slice(b, name);
    if (dialled_port(e) != 0) {
        buf_putc(b, ':');
        buf_u64(b, dialled_port(e));
    }
    return scratch_end(t);
}

struct slice host_port(struct trace *t)
{
    const struct exchange *e = t->e;

    if (e->conn.proxy != PROXY_NONE || t->host.n == 0 || e->kind == P2T_KIND_CONNECT)
        return looked_up(t);
    if (e->kind != P2T_KIND_TLS && has_port(t->host))
        return t->host;
    struct buf *b = scratch_begin(t);
    buf_slice(b, t->host);
    if (e->kind == P2T_KIND_TLS) {
        buf_putc(b, ':');
        buf_u64(b, dialled_port(e));
    } else {
        buf_str(b, slice_eq(scheme_of(e), SLICE_LIT("https")) ? ":443" : ":80");
    }
    return scratch_end(t);
}
