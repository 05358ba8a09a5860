/* The spans that otelhttptrace v0.72 makes of the hooks, with its names, parents and attributes. */
#include "write/args.h"
#include "write/json/otlp/span.h"

#define NAME(s)                                                                                                      \
    (struct p2t_text)                                                                                                \
    {                                                                                                                \
        s, sizeof(s) - 1                                                                                             \
    }

static struct otlp_span span_of(const struct otlp *o, struct p2t_text name, uint64_t parent,
                                const struct p2t_event *from, const struct p2t_event *to)
{
    return (struct otlp_span){.name = name,
                              .id = otlp_derived_id(o, name, (unsigned)(from - o->x->events)),
                              .parent = parent,
                              .start_ns = from->time_ns,
                              .end_ns = to != NULL ? to->time_ns : o->end_ns};
}

static char *end_span(struct otlp *o, char *w, const struct otlp_span *s)
{
    w = otlp_span_end(o, otlp_list_end(o, w), s);
    return PEN_PUT(w, ",");
}

/* ---- attributes ---- */

static inline __attribute__((always_inline)) char *put_bool(char *w, const char *key, int v)
{
    if (v < 0)
        return w;
    w = pen_literal(w, key);
    return v ? PEN_PUT(w, "\"boolValue\":true}},") : PEN_PUT(w, "\"boolValue\":false}},");
}

static bool is_one_text(const struct p2t_value *v)
{
    return v != NULL && v->kind == P2T_VALUE_LIST && v->as.list.n == 1 &&
           v->as.list.items[0].kind == P2T_VALUE_TEXT && v->as.list.items[0].as.text.n > 0;
}

/* Go's strings.Join(values, ","), "undefined" for none. */
static char *put_joined(struct otlp *o, char *w, const struct p2t_value *v)
{
    struct buf joined = {0};

    if (is_one_text(v))
        return pen_string(o->b, w, v->as.list.items[0].as.text);
    for (size_t i = 0; v != NULL && v->kind == P2T_VALUE_LIST && i < v->as.list.n; i++) {
        const struct p2t_value *item = &v->as.list.items[i];
        if (item->kind != P2T_VALUE_TEXT)
            continue;
        if (joined.n > 0)
            buf_putc(&joined, ',');
        buf_put(&joined, item->as.text.p, item->as.text.n);
    }
    if (joined.n == 0)
        buf_lit(&joined, "undefined");
    o->b->failed |= joined.failed;
    w = pen_string(o->b, w, (struct p2t_text){(const char *)joined.p, joined.n});
    buf_fini(&joined);
    return w;
}

/* A name in small letters; what is no part of a name is not shown. */
static char key_byte(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c | 0x20);
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?';
}

enum { FIELD_NAME_MAX = 107 };

static char *put_field(struct otlp *o, char *w, struct p2t_text key, const struct p2t_value *value)
{
    w = PEN_PUT(w, "{\"key\":\"http.request.header.");
    for (size_t i = 0; i < key.n && i < FIELD_NAME_MAX; i++)
        *w++ = key_byte(key.p[i]);
    w = put_joined(o, PEN_PUT(w, "\",\"value\":{\"stringValue\":"), value);
    return PEN_PUT(w, "}},");
}

static char *put_fields(struct otlp *o, char *w)
{
    const struct p2t_event *ev = o->first[P2T_HOOK_WROTE_HEADER_FIELD], *end = o->x->events + o->x->event_count;

    for (; ev != NULL && ev < end && !o->b->failed; ev++) {
        struct p2t_text key = args_text(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
        if (key.n > 0)
            w = put_field(o, pen_room(o->b, w, 0), key, args_find(ev, P2T_ARG_WROTE_HEADER_FIELD_VALUE));
    }
    return w;
}

/* ---- spans ---- */

static char *put_got_conn(struct otlp *o, char *w, const struct p2t_event *got)
{
    w = otlp_text(o, w, OTLP_TEXT("http.remote"), args_text(got, P2T_ARG_GOT_CONN_REMOTE_ADDR));
    w = otlp_text(o, w, OTLP_TEXT("http.local"), args_text(got, P2T_ARG_GOT_CONN_LOCAL_ADDR));
    w = put_bool(w, OTLP_KEY("http.conn.reused"), args_bool(got, P2T_ARG_GOT_CONN_REUSED));
    return put_bool(w, OTLP_KEY("http.conn.wasidle"), args_bool(got, P2T_ARG_GOT_CONN_WAS_IDLE));
}

static char *put_get_conn(struct otlp *o, char *w)
{
    const struct p2t_event *from = o->first[P2T_HOOK_GET_CONN], *to = o->first[P2T_HOOK_GOT_CONN];

    if (from == NULL)
        return w;
    struct otlp_span s = span_of(o, NAME("http.getconn"), o->call, from, to);
    if (to == NULL)
        s.error = o->x->error;
    o->get_conn = s.id;
    w = otlp_span_begin(o, w, &s);
    w = otlp_text(o, w, OTLP_TEXT("server.address"), args_text(from, P2T_ARG_GET_CONN_HOST_PORT));
    if (to != NULL)
        w = put_got_conn(o, w, to);
    return end_span(o, put_fields(o, w), &s);
}

static const struct p2t_event *next_of(const struct p2t_exchange *x, const struct p2t_event *ev, enum p2t_hook hook)
{
    for (; ev != NULL && ev < x->events + x->event_count; ev++)
        if (ev->hook == hook)
            return ev;
    return NULL;
}

static char *put_dns(struct otlp *o, char *w)
{
    const struct p2t_event *from = o->first[P2T_HOOK_DNS_START];

    for (; from != NULL; from = next_of(o->x, from + 1, P2T_HOOK_DNS_START)) {
        const struct p2t_event *to = next_of(o->x, from, P2T_HOOK_DNS_DONE);
        struct otlp_span s = span_of(o, NAME("http.dns"), o->get_conn, from, to);
        s.error = to != NULL ? args_text(to, P2T_ARG_DNS_DONE_ERR) : o->x->error;
        w = otlp_span_begin(o, w, &s);
        w = otlp_text(o, w, OTLP_TEXT("server.address"), args_text(from, P2T_ARG_DNS_START_HOST));
        if (to != NULL) {
            w = PEN_PUT(w, OTLP_TEXT("http.dns.addrs"));
            w = put_joined(o, w, args_find(to, P2T_ARG_DNS_DONE_ADDRS));
            w = PEN_PUT(w, "}},");
        }
        w = end_span(o, w, &s);
    }
    return w;
}

static bool same_text(struct p2t_text a, struct p2t_text b)
{
    return a.n == b.n && a.n > 0 && memcmp(a.p, b.p, a.n) == 0;
}

/* The n-th start of an address goes with the n-th end. */
static const struct p2t_event *connect_done(const struct p2t_exchange *x, const struct p2t_event *start)
{
    struct p2t_text addr = args_text(start, P2T_ARG_CONNECT_START_ADDR);
    size_t before = 0;

    for (const struct p2t_event *ev = x->events; ev < start; ev++)
        before += same_text(args_text(ev, P2T_ARG_CONNECT_START_ADDR), addr);
    for (size_t i = 0; i < x->event_count; i++)
        if (same_text(args_text(&x->events[i], P2T_ARG_CONNECT_DONE_ADDR), addr) && before-- == 0)
            return &x->events[i];
    return NULL;
}

static char *put_connect(struct otlp *o, char *w, const struct p2t_event *from)
{
    const struct p2t_event *to = connect_done(o->x, from);
    struct otlp_span s = span_of(o, NAME("http.connect"), o->get_conn, from, to);

    if (to != NULL)
        s.error = args_text(to, P2T_ARG_CONNECT_DONE_ERR);
    w = otlp_span_begin(o, w, &s);
    w = otlp_text(o, w, OTLP_TEXT("http.remote"), args_text(from, P2T_ARG_CONNECT_START_ADDR));
    w = otlp_text(o, w, OTLP_TEXT("http.conn.start.network"), args_text(from, P2T_ARG_CONNECT_START_NETWORK));
    if (to != NULL) {
        w = otlp_text(o, w, OTLP_TEXT("http.conn.done.addr"), args_text(to, P2T_ARG_CONNECT_DONE_ADDR));
        w = otlp_text(o, w, OTLP_TEXT("http.conn.done.network"), args_text(to, P2T_ARG_CONNECT_DONE_NETWORK));
    }
    return end_span(o, w, &s);
}

static char *put_connects(struct otlp *o, char *w)
{
    const struct p2t_event *from = o->first[P2T_HOOK_CONNECT_START];

    for (; from != NULL; from = next_of(o->x, from + 1, P2T_HOOK_CONNECT_START))
        w = put_connect(o, w, from);
    return w;
}

/* From one hook to another, without attributes. err: the argument of the second that says what went wrong;
 * P2T_ARG_COUNT: none does. */
static char *put_pair(struct otlp *o, char *w, struct p2t_text name, uint64_t parent, enum p2t_hook from,
                      enum p2t_hook to, enum p2t_hook_arg err)
{
    const struct p2t_event *begin = o->first[from], *end = o->first[to];

    if (begin == NULL)
        return w;
    struct otlp_span s = span_of(o, name, parent, begin, end);
    if (end != NULL && err != P2T_ARG_COUNT)
        s.error = args_text(end, err);
    return end_span(o, otlp_span_begin(o, w, &s), &s);
}

char *otlp_hooks(struct otlp *o, char *w)
{
    w = put_get_conn(o, w);
    w = put_dns(o, w);
    w = put_connects(o, w);
    w = put_pair(o, w, NAME("http.tls"), o->get_conn, P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE,
                 P2T_ARG_TLS_HANDSHAKE_DONE_ERR);
    w = put_pair(o, w, NAME("http.headers"), o->call, P2T_HOOK_WROTE_HEADER_FIELD, P2T_HOOK_WROTE_HEADERS,
                 P2T_ARG_COUNT);
    w = put_pair(o, w, NAME("http.send"), o->call, P2T_HOOK_WROTE_HEADERS, P2T_HOOK_WROTE_REQUEST,
                 P2T_ARG_WROTE_REQUEST_ERR);
    return put_pair(o, w, NAME("http.receive"), o->call, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, P2T_HOOK_PUT_IDLE_CONN,
                    P2T_ARG_PUT_IDLE_CONN_ERR);
}
