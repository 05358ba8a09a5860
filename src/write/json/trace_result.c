/* What programs commonly log from their own httptrace.ClientTrace: one object an exchange, times as Go's encoding/json
 * prints time.Time. What did not happen is null. */
#include <string.h>

#include "base/timefmt.h"
#include "write/args.h"
#include "write/format.h"
#include "write/json/json.h"

/* As Go's time.RFC3339Nano: without trailing zeros, and without a point before nothing. */
static void put_time(struct buf *b, int64_t ns)
{
    char text[TIME_TEXT_BYTES];
    size_t n = TIME_TEXT_BYTES - 1;

    time_rfc3339(ns, text);
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    buf_putc(b, '"');
    buf_put(b, text, n);
    buf_lit(b, "Z\"");
}

static void time_field(struct buf *b, const char *key, const struct p2t_event *ev)
{
    buf_str(b, key);
    if (ev != NULL)
        put_time(b, ev->time_ns);
    else
        buf_lit(b, "null");
}

static void arg_field(struct buf *b, const char *key, const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    static const struct p2t_value null = {.kind = P2T_VALUE_NULL};
    const struct p2t_value *v = ev != NULL ? args_find(ev, arg) : NULL;

    buf_str(b, key);
    json_value(b, v != NULL ? v : &null);
}

static const struct p2t_event *find(const struct p2t_exchange *x, enum p2t_hook hook)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return &x->events[i];
    return NULL;
}

static void put_dns(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *start = find(x, P2T_HOOK_DNS_START), *done = find(x, P2T_HOOK_DNS_DONE);

    if (start == NULL) {
        buf_lit(b, ",\"DNS\":null");
        return;
    }
    time_field(b, ",\"DNS\":{\"Start\":", start);
    time_field(b, ",\"End\":", done);
    arg_field(b, ",\"Host\":", start, P2T_ARG_DNS_START_HOST);
    arg_field(b, ",\"Addrs\":", done, P2T_ARG_DNS_DONE_ADDRS);
    arg_field(b, ",\"Err\":", done, P2T_ARG_DNS_DONE_ERR);
    buf_putc(b, '}');
}

static void put_get_conn(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *get = find(x, P2T_HOOK_GET_CONN);

    if (get == NULL) {
        buf_lit(b, ",\"GetConn\":null");
        return;
    }
    time_field(b, ",\"GetConn\":{\"Start\":", get);
    time_field(b, ",\"End\":", find(x, P2T_HOOK_GOT_CONN));
    arg_field(b, ",\"HostPort\":", get, P2T_ARG_GET_CONN_HOST_PORT);
    buf_putc(b, '}');
}

/* ---- attempts ---- */

static bool same_addr(const struct p2t_event *start, const struct p2t_event *done)
{
    struct p2t_text s = args_text(start, P2T_ARG_CONNECT_START_ADDR);
    struct p2t_text t = args_text(done, P2T_ARG_CONNECT_DONE_ADDR);

    return s.n == t.n && (s.n == 0 || memcmp(s.p, t.p, s.n) == 0);
}

/* Several addresses are tried at once: an attempt ends with the next ConnectDone of its address. */
static const struct p2t_event *connect_done(const struct p2t_exchange *x, size_t start)
{
    for (size_t i = start + 1; i < x->event_count; i++)
        if (x->events[i].hook == P2T_HOOK_CONNECT_DONE && same_addr(&x->events[start], &x->events[i]))
            return &x->events[i];
    return NULL;
}

static void put_attempt(struct buf *b, const struct p2t_exchange *x, size_t start)
{
    const struct p2t_event *done = connect_done(x, start);

    time_field(b, "{\"Start\":", &x->events[start]);
    time_field(b, ",\"End\":", done);
    arg_field(b, ",\"Network\":", &x->events[start], P2T_ARG_CONNECT_START_NETWORK);
    arg_field(b, ",\"Addr\":", &x->events[start], P2T_ARG_CONNECT_START_ADDR);
    arg_field(b, ",\"Err\":", done, P2T_ARG_CONNECT_DONE_ERR);
    buf_putc(b, '}');
}

static size_t count_attempts(const struct p2t_exchange *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->event_count; i++)
        n += x->events[i].hook == P2T_HOOK_CONNECT_START;
    return n;
}

/* An object for the common single attempt; an array when there were several. */
static void put_connect(struct buf *b, const struct p2t_exchange *x)
{
    size_t n = count_attempts(x), written = 0;

    buf_lit(b, ",\"Connect\":");
    if (n == 0)
        buf_lit(b, "null");
    if (n > 1)
        buf_putc(b, '[');
    for (size_t i = 0; i < x->event_count; i++) {
        if (x->events[i].hook != P2T_HOOK_CONNECT_START)
            continue;
        if (written++ > 0)
            buf_putc(b, ',');
        put_attempt(b, x, i);
    }
    if (n > 1)
        buf_putc(b, ']');
}

/* ---- the rest ---- */

static void put_tls(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *start = find(x, P2T_HOOK_TLS_HANDSHAKE_START);
    const struct p2t_event *done = find(x, P2T_HOOK_TLS_HANDSHAKE_DONE);

    if (start == NULL && done == NULL) {
        buf_lit(b, ",\"TLS\":null");
        return;
    }
    time_field(b, ",\"TLS\":{\"Start\":", start);
    time_field(b, ",\"End\":", done);
    for (unsigned arg = P2T_ARG_TLS_HANDSHAKE_DONE_FIRST; arg <= P2T_ARG_TLS_HANDSHAKE_DONE_DID_RESUME; arg++) {
        buf_lit(b, ",\"");
        buf_str(b, p2t_hook_args[arg].name);
        arg_field(b, "\":", done, (enum p2t_hook_arg)arg);
    }
    arg_field(b, ",\"Err\":", done, P2T_ARG_TLS_HANDSHAKE_DONE_ERR);
    buf_putc(b, '}');
}

static void put_conn(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *got = find(x, P2T_HOOK_GOT_CONN);

    if (got == NULL) {
        buf_lit(b, ",\"Conn\":null");
        return;
    }
    arg_field(b, ",\"Conn\":{\"Reused\":", got, P2T_ARG_GOT_CONN_REUSED);
    arg_field(b, ",\"WasIdle\":", got, P2T_ARG_GOT_CONN_WAS_IDLE);
    arg_field(b, ",\"IdleTime\":", got, P2T_ARG_GOT_CONN_IDLE_TIME);
    arg_field(b, ",\"LocalAddr\":", got, P2T_ARG_GOT_CONN_LOCAL_ADDR);
    arg_field(b, ",\"RemoteAddr\":", got, P2T_ARG_GOT_CONN_REMOTE_ADDR);
    buf_putc(b, '}');
}

static void put_request(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *wrote = find(x, P2T_HOOK_WROTE_REQUEST);

    if (x->method.p == NULL) {
        buf_lit(b, ",\"Request\":null");
        return;
    }
    buf_lit(b, ",\"Request\":{\"Method\":");
    json_text(b, x->method);
    buf_lit(b, ",\"URL\":");
    json_text(b, x->url);
    time_field(b, ",\"WroteHeaders\":", find(x, P2T_HOOK_WROTE_HEADERS));
    time_field(b, ",\"WroteRequest\":", wrote);
    arg_field(b, ",\"Err\":", wrote, P2T_ARG_WROTE_REQUEST_ERR);
    buf_putc(b, '}');
}

static void put_response(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_event *first = find(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);

    if (first == NULL) {
        buf_lit(b, ",\"Response\":null");
        return;
    }
    time_field(b, ",\"Response\":{\"FirstByte\":", first);
    buf_lit(b, ",\"End\":");
    put_time(b, x->end_ns);
    buf_lit(b, ",\"Status\":");
    if (x->status > 0)
        buf_i64(b, x->status);
    else
        buf_lit(b, "null");
    buf_putc(b, '}');
}

static void trace_result_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    (void)o;
    buf_lit(b, "{\"TraceId\":");
    json_text(b, x->trace_id);
    put_dns(b, x);
    put_get_conn(b, x);
    put_connect(b, x);
    put_tls(b, x);
    put_conn(b, x);
    put_request(b, x);
    put_response(b, x);
    buf_lit(b, ",\"Err\":");
    json_text(b, x->error);
    buf_lit(b, "}\n");
}

const struct out_format_ops out_trace_result = {.exchange = trace_result_exchange};
