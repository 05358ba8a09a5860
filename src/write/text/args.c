#include "write/args.h"
#include "write/escape.h"
#include "write/text/text.h"

static void put_text(struct buf *b, const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    escape_text(b, args_text(ev, arg));
}

/* Go wraps errors from the outside in: what stands behind the last colon is the cause, and the whole is said above. */
static struct p2t_text cause(struct p2t_text error)
{
    for (size_t i = error.n; i > 2; i--)
        if (error.p[i - 2] == ':' && error.p[i - 1] == ' ')
            return (struct p2t_text){error.p + i, error.n - i};
    return error;
}

static void put_error(struct buf *b, const struct p2t_event *ev, enum p2t_hook_arg arg, const char *between)
{
    struct p2t_text error = args_text(ev, arg);

    if (error.p == NULL)
        return;
    buf_str(b, between);
    buf_lit(b, "failed: ");
    escape_error(b, cause(error));
}

static void put_values(struct buf *b, const struct p2t_value *v)
{
    size_t n = v != NULL && v->kind == P2T_VALUE_LIST ? v->as.list.n : 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_lit(b, ", ");
        if (v->as.list.items[i].kind == P2T_VALUE_TEXT)
            escape_text(b, v->as.list.items[i].as.text);
    }
}

static void dns_done(struct buf *b, const struct p2t_event *ev)
{
    const struct p2t_value *addrs = args_find(ev, P2T_ARG_DNS_DONE_ADDRS);
    int64_t queries = args_int(ev, P2T_ARG_DNS_DONE_QUERIES, -1);

    if (addrs != NULL && addrs->kind == P2T_VALUE_LIST && addrs->as.list.n > 0)
        put_values(b, addrs);
    else if (args_text(ev, P2T_ARG_DNS_DONE_ERR).p == NULL)
        buf_lit(b, "no address");
    put_error(b, ev, P2T_ARG_DNS_DONE_ERR, "");
    if (args_bool(ev, P2T_ARG_DNS_DONE_COALESCED) == 1)
        buf_lit(b, " (shared with another request's lookup)");
    if (queries == 0)
        buf_lit(b, " (no lookup in this capture)");
    else if (queries > 2)
        buf_printf(b, " (%lld queries)", (long long)queries);
}

static void connect_done(struct buf *b, const struct p2t_event *ev)
{
    int64_t syns = args_int(ev, P2T_ARG_CONNECT_DONE_SYNS, 1);

    put_text(b, ev, P2T_ARG_CONNECT_DONE_ADDR);
    put_error(b, ev, P2T_ARG_CONNECT_DONE_ERR, " ");
    if (syns > 1)
        buf_printf(b, " (%lld SYNs)", (long long)syns);
}

static void tls_done(struct buf *b, const struct p2t_event *ev)
{
    static const enum p2t_hook_arg shown[] = {
        P2T_ARG_TLS_HANDSHAKE_DONE_VERSION, P2T_ARG_TLS_HANDSHAKE_DONE_CIPHER_SUITE,
        P2T_ARG_TLS_HANDSHAKE_DONE_NEGOTIATED_PROTOCOL, P2T_ARG_TLS_HANDSHAKE_DONE_SERVER_NAME};
    const char *between = "";

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct p2t_text s = args_text(ev, shown[i]);
        if (s.n == 0)
            continue;
        buf_str(b, between);
        escape_text(b, s);
        between = ", ";
    }
    if (args_bool(ev, P2T_ARG_TLS_HANDSHAKE_DONE_DID_RESUME) == 1)
        buf_lit(b, ", resumed");
    put_error(b, ev, P2T_ARG_TLS_HANDSHAKE_DONE_ERR, between);
}

static void got_conn(struct buf *b, const struct p2t_event *ev)
{
    int reused = args_bool(ev, P2T_ARG_GOT_CONN_REUSED);
    int64_t idle = args_int(ev, P2T_ARG_GOT_CONN_IDLE_TIME, 0);

    buf_str(b, reused < 0 ? "new or reused" : reused ? "reused" : "new");
    if (idle > 0) {
        buf_lit(b, ", idle for ");
        text_duration(b, idle);
    }
}

static void header_field(struct buf *b, const struct p2t_event *ev)
{
    put_text(b, ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
    buf_lit(b, ": ");
    put_values(b, args_find(ev, P2T_ARG_WROTE_HEADER_FIELD_VALUE));
}

static void wrote_request(struct buf *b, const struct p2t_exchange *x, const struct p2t_event *ev)
{
    if (x->request.body_bytes > 0)
        buf_printf(b, "body %lld bytes", (long long)x->request.body_bytes);
    put_error(b, ev, P2T_ARG_WROTE_REQUEST_ERR, x->request.body_bytes > 0 ? ", " : "");
}

void text_args(struct buf *b, const struct p2t_exchange *x, const struct p2t_event *ev)
{
    switch (ev->hook) {
    case P2T_HOOK_GET_CONN:
        put_text(b, ev, P2T_ARG_GET_CONN_HOST_PORT);
        break;
    case P2T_HOOK_DNS_START:
        put_text(b, ev, P2T_ARG_DNS_START_HOST);
        break;
    case P2T_HOOK_DNS_DONE:
        dns_done(b, ev);
        break;
    case P2T_HOOK_CONNECT_START:
        put_text(b, ev, P2T_ARG_CONNECT_START_ADDR);
        break;
    case P2T_HOOK_CONNECT_DONE:
        connect_done(b, ev);
        break;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        tls_done(b, ev);
        break;
    case P2T_HOOK_GOT_CONN:
        got_conn(b, ev);
        break;
    case P2T_HOOK_WROTE_HEADER_FIELD:
        header_field(b, ev);
        break;
    case P2T_HOOK_WROTE_HEADERS:
        if (x->request.header_bytes >= 0)
            buf_printf(b, "%lld bytes", (long long)x->request.header_bytes);
        break;
    case P2T_HOOK_WROTE_REQUEST:
        wrote_request(b, x, ev);
        break;
    case P2T_HOOK_GOT_1XX_RESPONSE:
        buf_i64(b, args_int(ev, P2T_ARG_GOT_1XX_RESPONSE_CODE, 0));
        break;
    case P2T_HOOK_PUT_IDLE_CONN:
        put_error(b, ev, P2T_ARG_PUT_IDLE_CONN_ERR, "");
        break;
    default:
        break;
    }
}
