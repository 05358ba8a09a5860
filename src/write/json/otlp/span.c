#include "write/json/otlp/span.h"

#include "base/hash.h"

static uint64_t derived_id(uint64_t seed, const char *what, size_t what_bytes, unsigned n)
{
    uint64_t h = hash_stable_number(hash_stable(seed, what, what_bytes), n, sizeof n);

    h = hash_stable_finish(h);
    return h != 0 ? h : 1;
}

uint64_t otlp_derived_id(const struct otlp *o, struct p2t_text what, unsigned n)
{
    return derived_id(o->id_seed, what.p, what.n, n);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Of W3C's or B3's form. */
static bool is_trace_id(struct p2t_text t)
{
    bool own = t.n == 16 || t.n == OTLP_TRACE_ID_TEXT, any = false;

    for (size_t i = 0; own && i < t.n; i++) {
        own = is_hex(t.p[i]);
        any |= t.p[i] != '0';
    }
    return own && any;
}

/* The request's own trace id, where it has one; else one of the exchange's id. */
static void find_trace_id(struct otlp *o)
{
    struct p2t_text t = o->x->trace_id;
    char quoted[2][18];

    if (is_trace_id(t)) {
        memset(o->trace_id, '0', OTLP_TRACE_ID_TEXT);
        for (size_t i = 0; i < t.n; i++)
            o->trace_id[OTLP_TRACE_ID_TEXT - t.n + i] = (char)(t.p[i] | (t.p[i] > '9' ? 0x20 : 0));
        return;
    }
    (void)pen_id(quoted[0], derived_id(o->id_seed, "trace", strlen("trace"), 0));
    (void)pen_id(quoted[1], o->x->id);
    memcpy(o->trace_id, quoted[0] + 1, OTLP_TRACE_ID_TEXT / 2);
    memcpy(o->trace_id + OTLP_TRACE_ID_TEXT / 2, quoted[1] + 1, OTLP_TRACE_ID_TEXT / 2);
}

struct otlp otlp_begin(struct buf *b, const struct p2t_exchange *x)
{
    struct otlp o = {.b = b, .x = x, .call = x->id != 0 ? x->id : 1, .end_ns = x->end_ns};

    o.get_conn = o.call;
    o.id_seed = hash_stable_number(HASH_STABLE_SEED, x->id, sizeof x->id);
    for (size_t i = x->event_count; i-- > 0;) {
        const struct p2t_event *ev = &x->events[i];
        o.first[ev->hook] = ev;
        o.end_ns = ev->time_ns > o.end_ns ? ev->time_ns : o.end_ns;
    }
    find_trace_id(&o);
    return o;
}

char *otlp_time(struct otlp *o, char *w, int64_t ns)
{
    if (o->last_time.n == 0 || o->last_time.ns != ns) {
        char *end = PEN_PUT(o->last_time.text, "\"");
        end = u64_text(end, ns > 0 ? (uint64_t)ns : 0);
        end = PEN_PUT(end, "\"");
        o->last_time.n = (size_t)(end - o->last_time.text);
        o->last_time.ns = ns;
    }
    memcpy(w, o->last_time.text, sizeof o->last_time.text);
    return w + o->last_time.n;
}

char *otlp_span_begin(struct otlp *o, char *w, const struct otlp_span *s)
{
    w = PEN_PUT(w, "{\"traceId\":\"");
    memcpy(w, o->trace_id, OTLP_TRACE_ID_TEXT);
    w = pen_id(PEN_PUT(w + OTLP_TRACE_ID_TEXT, "\",\"spanId\":"), s->id);
    if (s->parent != 0)
        w = pen_id(PEN_PUT(w, ",\"parentSpanId\":"), s->parent);
    w = pen_string(o->b, PEN_PUT(w, ",\"name\":"), s->name);
    w = otlp_time(o, PEN_PUT(w, ",\"kind\":3,\"startTimeUnixNano\":"), s->start_ns);
    w = otlp_time(o, PEN_PUT(w, ",\"endTimeUnixNano\":"), s->end_ns > s->start_ns ? s->end_ns : s->start_ns);
    return PEN_PUT(w, ",\"attributes\":[");
}

char *otlp_span_end(struct otlp *o, char *w, const struct otlp_span *s)
{
    w = PEN_PUT(w, ",\"status\":{");
    if (s->failed || s->error.p != NULL)
        w = PEN_PUT(w, "\"code\":2");
    if (s->error.p != NULL)
        w = pen_string(o->b, PEN_PUT(w, ",\"message\":"), s->error);
    w = PEN_PUT(w, "}}");
    return pen_room(o->b, w, 0);
}

static bool is_one_text(const struct p2t_value *v)
{
    return v != NULL && v->kind == P2T_VALUE_LIST && v->as.list.n == 1 &&
           v->as.list.items[0].kind == P2T_VALUE_TEXT && v->as.list.items[0].as.text.n > 0;
}

void otlp_join(struct buf *joined, const struct p2t_value *v)
{
    size_t before = joined->n;

    for (size_t i = 0; v != NULL && v->kind == P2T_VALUE_LIST && i < v->as.list.n; i++) {
        const struct p2t_value *item = &v->as.list.items[i];
        if (item->kind != P2T_VALUE_TEXT)
            continue;
        if (joined->n > before)
            buf_putc(joined, ',');
        buf_put(joined, item->as.text.p, item->as.text.n);
    }
    if (joined->n == before)
        buf_lit(joined, "undefined");
}

char *otlp_joined(struct otlp *o, char *w, const struct p2t_value *v)
{
    struct buf joined = {0};

    if (is_one_text(v))
        return pen_string(o->b, w, v->as.list.items[0].as.text);
    otlp_join(&joined, v);
    o->b->failed |= joined.failed;
    w = pen_string(o->b, w, (struct p2t_text){(const char *)joined.p, joined.n});
    buf_fini(&joined);
    return w;
}
