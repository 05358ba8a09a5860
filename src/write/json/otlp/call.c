/* A span for the whole call, which those of its hooks are under. */
#include "write/json/otlp/span.h"

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* p2t_exchange_failed() is dear enough to be asked once. */
static struct p2t_text failure(const struct p2t_exchange *x)
{
    if (!p2t_exchange_failed(x))
        return (struct p2t_text){NULL, 0};
    return x->error.p != NULL ? x->error : str(p2t_outcome_name(x->outcome));
}

/* Microseconds with what nanoseconds add. */
static inline __attribute__((always_inline)) char *put_phase(char *w, const char *key, int64_t ns)
{
    if (ns < 0)
        return w;
    w = json_us_text(pen_literal(w, key), ns);
    return PEN_PUT(w, "}},");
}

static char *put_phases(char *w, const struct p2t_phases *p)
{
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.blocked"), p->blocked_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.dns"), p->dns_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.connect"), p->connect_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.tls"), p->tls_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.send"), p->send_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.wait"), p->wait_ns);
    w = put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.receive"), p->receive_ns);
    return put_phase(w, OTLP_DOUBLE("pcap2trace.phases_us.total"), p->total_ns);
}

enum { PHASE_MAX = 64 + JSON_US_MAX + 3 };
_Static_assert(8 * PHASE_MAX <= PEN_ROOM, "phases are written without asking");

static char *put_peers(struct otlp *o, char *w)
{
    const struct p2t_exchange *x = o->x;

    w = otlp_text(o, w, OTLP_TEXT("http.request.method"), x->method);
    w = otlp_text(o, w, OTLP_TEXT("url.full"), x->url);
    w = otlp_text(o, w, OTLP_TEXT("server.address"), x->host);
    if (x->connection == NULL)
        return w;
    w = otlp_text(o, w, OTLP_TEXT("network.local.address"), x->connection->client);
    return otlp_text(o, w, OTLP_TEXT("network.peer.address"), x->connection->server);
}

static char *put_attributes(struct otlp *o, char *w, bool failed)
{
    const struct p2t_exchange *x = o->x;

    w = pen_id(PEN_PUT(w, OTLP_TEXT("pcap2trace.id")), x->id);
    w = PEN_PUT(w, "}},");
    w = otlp_text(o, w, OTLP_TEXT("pcap2trace.kind"), str(p2t_kind_name(x->kind)));
    w = otlp_text(o, w, OTLP_TEXT("pcap2trace.outcome"), str(p2t_outcome_name(x->outcome)));
    w = put_peers(o, w);
    if (x->status > 0) {
        w = pen_i64(PEN_PUT(w, OTLP_INT("http.response.status_code")), x->status);
        w = PEN_PUT(w, "\"}},");
    }
    if (failed)
        w = otlp_text(o, w, OTLP_TEXT("error.type"), str(p2t_outcome_name(x->outcome)));
    if (x->finding_count > 0)
        w = otlp_text(o, w, OTLP_TEXT("pcap2trace.finding"), str(x->findings[0].code));
    return put_phases(pen_room(o->b, w, 0), &x->phases);
}

/* ---- the hooks, as events ---- */

static const struct pen_label hooks[P2T_HOOK_COUNT] = {
#define X(id, name) PEN_LABEL(",\"name\":\"" name "\",\"attributes\":["),
    P2T_HOOK_LIST(X)
#undef X
};

static const struct pen_label bases[] = {PEN_LABEL("\"observed\"}}]},"), PEN_LABEL("\"inferred\"}}]},"),
                                         PEN_LABEL("\"assumed\"}}]},")};

static char *put_events(struct otlp *o, char *w)
{
    w = PEN_PUT(w, ",\"events\":[");
    for (size_t i = 0; i < o->x->event_count && !o->b->failed; i++) {
        const struct p2t_event *ev = &o->x->events[i];
        w = otlp_time(o, PEN_PUT(w, "{\"timeUnixNano\":"), ev->time_ns);
        w = PEN_PUT(pen_label(w, &hooks[ev->hook]), OTLP_TEXT("pcap2trace.basis"));
        w = pen_room(o->b, pen_label(w, &bases[ev->basis]), 0);
    }
    return otlp_list_end(o, w);
}

char *otlp_call(struct otlp *o, char *w)
{
    const struct p2t_exchange *x = o->x;
    struct otlp_span s = {.name = x->method.n > 0 ? x->method : str(p2t_kind_name(x->kind)),
                          .id = o->call,
                          .start_ns = x->start_ns,
                          .end_ns = o->end_ns,
                          .error = failure(x)};

    if (x->event_count > 0 && x->events[0].time_ns < x->start_ns)
        s.start_ns = x->events[0].time_ns;
    w = otlp_span_begin(o, w, &s);
    w = put_attributes(o, w, s.error.p != NULL);
    w = put_events(o, otlp_list_end(o, w));
    return otlp_span_end(o, w, &s);
}
