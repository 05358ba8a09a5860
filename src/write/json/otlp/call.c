/* A span for the whole call, which those of its hooks are under. */
#include "write/args.h"
#include "write/json/otlp/span.h"

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* What went wrong, in few words: the outcome, else what of the answer makes it a failed call, as the conventions have it. */
static struct p2t_text error_type(const struct p2t_exchange *x, char number[U64_TEXT_MAX])
{
    if (x->outcome != P2T_OUTCOME_OK && x->outcome != P2T_OUTCOME_INCOMPLETE)
        return str(p2t_outcome_name(x->outcome));
    int64_t code = x->grpc != NULL && x->grpc->status > 0 ? x->grpc->status : x->status;
    return (struct p2t_text){number, (size_t)(pen_i64(number, code) - number)};
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

struct place {
    struct p2t_text address;
    int64_t port; /* negative: none is named */
};

/* Of "host:port", "[v6]:port" or a host alone; other text is all address. */
static struct place place_of(struct p2t_text s)
{
    struct place p = {s, -1};
    size_t digits = 0;
    int64_t port = 0;

    while (digits < 5 && digits < s.n && s.p[s.n - 1 - digits] >= '0' && s.p[s.n - 1 - digits] <= '9')
        digits++;
    for (size_t i = s.n - digits; i < s.n; i++)
        port = port * 10 + (s.p[i] - '0');
    size_t n = s.n - digits;
    bool bare = n > 1 && memchr(s.p, ':', n - 1) == NULL;
    if (digits > 0 && n > 1 && s.p[n - 1] == ':' && (bare || s.p[n - 2] == ']') && port <= UINT16_MAX)
        p = (struct place){{s.p, n - 1}, port};
    if (p.address.n > 2 && p.address.p[0] == '[' && p.address.p[p.address.n - 1] == ']')
        p.address = (struct p2t_text){p.address.p + 1, p.address.n - 2};
    return p;
}

static inline __attribute__((always_inline)) char *put_place(struct otlp *o, char *w, const char *address_key,
                                                             const char *port_key, struct place p)
{
    w = otlp_text(o, w, address_key, p.address);
    if (p.port < 0)
        return w;
    w = pen_i64(pen_literal(w, port_key), p.port);
    return PEN_PUT(w, "\"}},");
}

static bool begins(struct p2t_text s, struct p2t_text with)
{
    return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

/* Whom the URL names; the port is its scheme's where it names none. */
static struct place server_of(const struct p2t_exchange *x)
{
    struct place p = place_of(x->host);

    if (p.port < 0 && begins(x->url, str("http://")))
        p.port = 80;
    if (p.port < 0 && begins(x->url, str("https://")))
        p.port = 443;
    return p;
}

static char *put_peers(struct otlp *o, char *w)
{
    const struct p2t_exchange *x = o->x;
    const struct p2t_connection *c = x->connection;

    w = otlp_text(o, w, OTLP_TEXT("http.request.method"), x->method);
    w = otlp_text(o, w, OTLP_TEXT("url.full"), x->url);
    w = put_place(o, w, OTLP_TEXT("server.address"), OTLP_INT("server.port"), server_of(x));
    if (c == NULL)
        return w;
    w = put_place(o, w, OTLP_TEXT("network.local.address"), OTLP_INT("network.local.port"), place_of(c->client));
    return put_place(o, w, OTLP_TEXT("network.peer.address"), OTLP_INT("network.peer.port"), place_of(c->server));
}

/* ---- the fields of its request, which otelhttptrace notes in the span that was there before its own ---- */

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
    w = otlp_joined(o, PEN_PUT(w, "\",\"value\":{\"stringValue\":"), value);
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

/* ---- all that is known of it ---- */

static char *put_attributes(struct otlp *o, char *w, bool failed)
{
    const struct p2t_exchange *x = o->x;
    char number[U64_TEXT_MAX];

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
        w = otlp_text(o, w, OTLP_TEXT("error.type"), error_type(x, number));
    if (x->finding_count > 0)
        w = otlp_text(o, w, OTLP_TEXT("pcap2trace.finding"), str(x->findings[0].code));
    w = put_phases(pen_room(o->b, w, 0), &x->phases);
    return put_fields(o, w);
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
                          .failed = p2t_exchange_failed(x)};

    if (s.failed)
        s.error = x->error;
    if (x->event_count > 0 && x->events[0].time_ns < x->start_ns)
        s.start_ns = x->events[0].time_ns;
    w = otlp_span_begin(o, w, &s);
    w = put_attributes(o, w, s.failed);
    w = put_events(o, otlp_list_end(o, w));
    return otlp_span_end(o, w, &s);
}
