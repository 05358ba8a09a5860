/* The spans that otelhttptrace v0.72 makes of the hooks, with its names, parents and attributes. */
#include "write/args.h"
#include "write/json/otlp/span.h"

#define NAME(s)                                                                                                      \
    (struct p2t_text)                                                                                                \
    {                                                                                                                \
        s, sizeof(s) - 1                                                                                             \
    }

/* What begins when the connection was had already (a dial that lost the race) is no part of getting it. */
static uint64_t parent_of(const struct otlp *o, const struct p2t_event *from)
{
    const struct p2t_event *got = o->first[P2T_HOOK_GOT_CONN];

    return got == NULL || from < got ? o->get_conn : o->call;
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

/* As Go prints a time.Duration: the unit that leaves something before the point, and no zeros behind the last digit. */
static char *put_duration(char *w, int64_t ns)
{
    static const struct {
        int64_t below, of;
        const char *unit;
    } units[] = {
        {1000, 1, "ns"}, {1000000, 1000, "\302\265s"}, {1000000000, 1000000, "ms"}, {INT64_MAX, 1000000000, "s"}};
    size_t i = 0;

    while (ns >= units[i].below)
        i++;
    int64_t whole = ns / units[i].of, rest = ns % units[i].of;
    if (ns == 0)
        return PEN_PUT(w, "0s");
    if (whole >= 3600 && i == 3)
        w = PEN_PUT(pen_i64(w, whole / 3600), "h");
    if (whole >= 60 && i == 3) {
        w = PEN_PUT(pen_i64(w, whole / 60 % 60), "m");
        whole %= 60;
    }
    w = pen_i64(w, whole);
    if (rest > 0)
        *w++ = '.';
    for (int64_t digit = units[i].of / 10; rest > 0; rest %= digit, digit /= 10)
        *w++ = (char)('0' + rest / digit);
    return pen_literal(w, units[i].unit);
}

/* ---- spans ---- */

static char *put_got_conn(struct otlp *o, char *w, const struct p2t_event *got)
{
    w = otlp_text(o, w, OTLP_TEXT("http.remote"), args_text(got, P2T_ARG_GOT_CONN_REMOTE_ADDR));
    w = otlp_text(o, w, OTLP_TEXT("http.local"), args_text(got, P2T_ARG_GOT_CONN_LOCAL_ADDR));
    w = put_bool(w, OTLP_KEY("http.conn.reused"), args_bool(got, P2T_ARG_GOT_CONN_REUSED));
    w = put_bool(w, OTLP_KEY("http.conn.wasidle"), args_bool(got, P2T_ARG_GOT_CONN_WAS_IDLE));
    int64_t idle_ns = args_int(got, P2T_ARG_GOT_CONN_IDLE_TIME, -1);
    if (args_bool(got, P2T_ARG_GOT_CONN_WAS_IDLE) != 1 || idle_ns < 0)
        return w;
    w = put_duration(PEN_PUT(w, OTLP_TEXT("http.conn.idletime") "\""), idle_ns);
    return PEN_PUT(w, "\"}},");
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
    return end_span(o, w, &s);
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
        struct otlp_span s = span_of(o, NAME("http.dns"), parent_of(o, from), from, to);
        s.error = to != NULL ? args_text(to, P2T_ARG_DNS_DONE_ERR) : o->x->error;
        w = otlp_span_begin(o, w, &s);
        w = otlp_text(o, w, OTLP_TEXT("server.address"), args_text(from, P2T_ARG_DNS_START_HOST));
        if (to != NULL) {
            w = PEN_PUT(w, OTLP_TEXT("http.dns.addrs"));
            w = otlp_joined(o, w, args_find(to, P2T_ARG_DNS_DONE_ADDRS));
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
    struct otlp_span s = span_of(o, NAME("http.connect"), parent_of(o, from), from, to);

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

/* "Name=value,Name=value" */
static char *put_mime(struct otlp *o, char *w, const struct p2t_value *header)
{
    struct buf text = {0};

    for (size_t i = 0; header != NULL && header->kind == P2T_VALUE_OBJECT && i < header->as.object.n; i++) {
        const struct p2t_arg *field = &header->as.object.args[i];
        if (i > 0)
            buf_putc(&text, ',');
        buf_put(&text, field->name.p, field->name.n);
        buf_putc(&text, '=');
        otlp_join(&text, &field->value);
    }
    o->b->failed |= text.failed;
    w = otlp_text(o, w, OTLP_TEXT("http.mime"), (struct p2t_text){text.n > 0 ? (const char *)text.p : "", text.n});
    buf_fini(&text);
    return w;
}

/* What otelhttptrace notes on a span. */
static inline __attribute__((always_inline)) char *put_note(struct otlp *o, char *w, const char *name,
                                                            const struct p2t_event *ev)
{
    if (ev == NULL)
        return w;
    w = otlp_time(o, PEN_PUT(w, "{\"timeUnixNano\":"), ev->time_ns);
    w = PEN_PUT(pen_literal(PEN_PUT(w, ",\"name\":\""), name), "\",\"attributes\":[");
    if (ev->hook == P2T_HOOK_GOT_1XX_RESPONSE) {
        w = pen_i64(PEN_PUT(w, OTLP_INT("http.status")), args_int(ev, P2T_ARG_GOT_1XX_RESPONSE_CODE, 0));
        w = put_mime(o, PEN_PUT(w, "\"}},"), args_find(ev, P2T_ARG_GOT_1XX_RESPONSE_HEADER));
    }
    return pen_room(o->b, PEN_PUT(otlp_list_end(o, w), "},"), 0);
}

static char *put_interim(struct otlp *o, char *w)
{
    const struct p2t_event *ev = o->first[P2T_HOOK_GOT_1XX_RESPONSE];

    w = put_note(o, PEN_PUT(w, ",\"events\":["), "GOT 100 - Continue", o->first[P2T_HOOK_GOT_100_CONTINUE]);
    for (; ev != NULL && !o->b->failed; ev = next_of(o->x, ev + 1, P2T_HOOK_GOT_1XX_RESPONSE))
        w = put_note(o, w, "GOT 1xx", ev);
    return otlp_list_end(o, w);
}

static char *put_notes(struct otlp *o, char *w, enum p2t_hook from)
{
    const struct p2t_event *wait = o->first[P2T_HOOK_WAIT_100_CONTINUE];

    if (from == P2T_HOOK_WROTE_HEADERS && wait != NULL)
        return otlp_list_end(o, put_note(o, PEN_PUT(w, ",\"events\":["), "GOT 100 - Wait", wait));
    if (from == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE &&
        (o->first[P2T_HOOK_GOT_100_CONTINUE] != NULL || o->first[P2T_HOOK_GOT_1XX_RESPONSE] != NULL))
        return put_interim(o, w);
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
    w = put_notes(o, otlp_list_end(o, otlp_span_begin(o, w, &s)), from);
    return PEN_PUT(otlp_span_end(o, w, &s), ",");
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
