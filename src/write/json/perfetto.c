/* Trace events as Chrome and Perfetto read them (the "Trace Event Format"). A lane is a connection, shown as a process; each
 * call on it is an asynchronous slice, its parts are slices of their own, its hooks are instants. Times are microseconds. */
#include <string.h>

#include "base/hash.h"
#include "write/args.h"
#include "write/format.h"
#include "write/json/pen.h"

enum { ID_MAX = 40, PLACE_MAX = 40 };

struct lane {
    struct buf *b;
    const struct p2t_exchange *x;
    const struct p2t_event *first[P2T_HOOK_COUNT]; /* of each hook; NULL: none */
    int64_t end_ns;                                /* of the call and of all that it shows */
    uint32_t number;
    /* What is the same in each event of a call: its id up to the part, and what is between that and the time. */
    char id[ID_MAX], place[PLACE_MAX];
    size_t id_n, place_n;
};

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* ---- lanes ---- */

/* Whose lane it is: the connection's, or for lookups the client's. */
static uint32_t lane_number(const struct p2t_exchange *x)
{
    const char *who = "lookups";
    uint64_t h = x->connection != NULL
                     ? hash_stable_number(HASH_STABLE_SEED, x->connection->id, sizeof x->connection->id)
                     : hash_stable(HASH_STABLE_SEED, who, strlen(who));

    return (uint32_t)(hash_stable_finish(h) & 0x7fffffff) | 1;
}

/* The id is the call's, and of a part its number, too; the process's own (`local`), else the trace processor shows no slice in
 * its connection's lane. */
static void begin_lane(struct lane *l, struct buf *b, const struct p2t_exchange *x)
{
    *l = (struct lane){.b = b, .x = x, .number = lane_number(x), .end_ns = x->end_ns};
    char *w = pen_id(PEN_PUT(l->id, ",\"id2\":{\"local\":"), x->id);
    w[-1] = '.'; /* the quote: the part follows */
    l->id_n = (size_t)(w - l->id);
    w = u64_text(PEN_PUT(l->place, "\"},\"pid\":"), l->number);
    l->place_n = (size_t)(PEN_PUT(w, ",\"tid\":0,\"ts\":") - l->place);
    for (size_t i = x->event_count; i-- > 0;) {
        const struct p2t_event *ev = &x->events[i];
        l->first[ev->hook] = ev;
        l->end_ns = ev->time_ns > l->end_ns ? ev->time_ns : l->end_ns;
    }
}

/* The viewer takes the same name for a lane again. */
static char *put_lane(const struct lane *l, char *w)
{
    const struct p2t_connection *c = l->x->connection;

    w = u64_text(PEN_PUT(w, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":"), l->number);
    w = PEN_PUT(w, ",\"tid\":0,\"args\":{\"name\":");
    if (c == NULL)
        return PEN_PUT(w, "\"lookups without a connection\"}},\n");
    w = pen_string(l->b, w, c->client);
    w = pen_string_more(l->b, w, str(" -> "));
    w = pen_string_more(l->b, w, c->server);
    return PEN_PUT(w, "}},\n");
}

/* ---- events ---- */

/* Behind an event's kind and name, up to where arguments may follow. */
static char *put_place(const struct lane *l, char *w, unsigned part, int64_t ns)
{
    memcpy(w, l->id, ID_MAX);
    w = u64_text(w + l->id_n, part);
    memcpy(w, l->place, PLACE_MAX);
    return json_us_text(w + l->place_n, ns);
}

static const struct pen_label hooks[P2T_HOOK_COUNT] = {
#define X(id, name) PEN_LABEL("\"n\",\"cat\":\"call\",\"name\":\"" name "\""),
    P2T_HOOK_LIST(X)
#undef X
};

static const struct pen_label bases[] = {PEN_LABEL("observed\"}},\n"), PEN_LABEL("inferred\"}},\n"),
                                         PEN_LABEL("assumed\"}},\n")};

static char *put_hooks(const struct lane *l, char *w)
{
    for (size_t i = 0; i < l->x->event_count && !l->b->failed; i++) {
        const struct p2t_event *ev = &l->x->events[i];
        w = pen_label(PEN_PUT(w, "{\"ph\":"), &hooks[ev->hook]);
        w = PEN_PUT(put_place(l, w, 0, ev->time_ns), ",\"args\":{\"basis\":\"");
        w = pen_room(l->b, pen_label(w, &bases[ev->basis]), 0);
    }
    return w;
}

/* ---- the parts of a call ---- */

static char *put_slice(const struct lane *l, char *w, const struct pen_label *name, unsigned part, int64_t from_ns,
                       int64_t to_ns)
{
    w = pen_label(PEN_PUT(w, "{\"ph\":\"b\",\"cat\":\"phase\",\"name\":"), name);
    w = PEN_PUT(put_place(l, w, part, from_ns), "},\n");
    w = pen_label(PEN_PUT(w, "{\"ph\":\"e\",\"cat\":\"phase\",\"name\":"), name);
    w = PEN_PUT(put_place(l, w, part, to_ns > from_ns ? to_ns : from_ns), "},\n");
    return pen_room(l->b, w, 0);
}

static const struct {
    struct pen_label name;
    enum p2t_hook from, to;
} parts[] = {
    {PEN_LABEL("\"get connection\""), P2T_HOOK_GET_CONN, P2T_HOOK_GOT_CONN},
    {PEN_LABEL("\"dns\""), P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE},
    {PEN_LABEL("\"tls\""), P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {PEN_LABEL("\"send\""), P2T_HOOK_GOT_CONN, P2T_HOOK_WROTE_REQUEST},
    {PEN_LABEL("\"wait\""), P2T_HOOK_WROTE_REQUEST, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
};
enum { PARTS = sizeof parts / sizeof *parts };
static const struct pen_label receive = PEN_LABEL("\"receive\""), connecting = PEN_LABEL("\"connect\"");

/* When the attempt at this address ended; with the call where no packet shows that. */
static int64_t connected_ns(const struct p2t_exchange *x, const struct p2t_event *start)
{
    struct p2t_text addr = args_text(start, P2T_ARG_CONNECT_START_ADDR);

    for (const struct p2t_event *ev = start; ev < x->events + x->event_count; ev++) {
        struct p2t_text done = args_text(ev, P2T_ARG_CONNECT_DONE_ADDR);
        if (done.n == addr.n && memcmp(done.p, addr.p, addr.n) == 0)
            return ev->time_ns;
    }
    return x->end_ns;
}

/* The attempts at connections run side by side. */
static char *put_connects(const struct lane *l, char *w, unsigned part)
{
    const struct p2t_event *ev = l->first[P2T_HOOK_CONNECT_START], *end = l->x->events + l->x->event_count;

    for (; ev != NULL && ev < end && !l->b->failed; ev++)
        if (args_text(ev, P2T_ARG_CONNECT_START_ADDR).n > 0)
            w = put_slice(l, w, &connecting, part++, ev->time_ns, connected_ns(l->x, ev));
    return w;
}

static char *put_parts(const struct lane *l, char *w)
{
    const struct p2t_event *first = l->first[P2T_HOOK_GOT_FIRST_RESPONSE_BYTE];

    for (unsigned i = 0; i < PARTS; i++) {
        const struct p2t_event *from = l->first[parts[i].from], *to = l->first[parts[i].to];
        if (from != NULL && to != NULL)
            w = put_slice(l, w, &parts[i].name, i + 1, from->time_ns, to->time_ns);
    }
    if (first != NULL)
        w = put_slice(l, w, &receive, PARTS + 1, first->time_ns, l->x->end_ns);
    return put_connects(l, w, PARTS + 2);
}

/* ---- the call ---- */

static inline __attribute__((always_inline)) char *put_phase(char *w, const char *key, int64_t ns)
{
    w = pen_literal(w, key);
    return ns < 0 ? PEN_PUT(w, "null") : json_us_text(w, ns);
}

static char *put_phases(char *w, const struct p2t_phases *p)
{
    w = put_phase(w, ",\"phases_us\":{\"blocked\":", p->blocked_ns);
    w = put_phase(w, ",\"dns\":", p->dns_ns);
    w = put_phase(w, ",\"connect\":", p->connect_ns);
    w = put_phase(w, ",\"tls\":", p->tls_ns);
    w = put_phase(w, ",\"send\":", p->send_ns);
    w = put_phase(w, ",\"wait\":", p->wait_ns);
    w = put_phase(w, ",\"receive\":", p->receive_ns);
    w = put_phase(w, ",\"total\":", p->total_ns);
    return PEN_PUT(w, "}}");
}

static char *put_arguments(const struct lane *l, char *w)
{
    const struct p2t_exchange *x = l->x;

    w = pen_id(PEN_PUT(w, ",\"args\":{\"id\":"), x->id);
    w = pen_string(l->b, PEN_PUT(w, ",\"kind\":"), str(p2t_kind_name(x->kind)));
    w = pen_string(l->b, PEN_PUT(w, ",\"outcome\":"), str(p2t_outcome_name(x->outcome)));
    w = pen_i64(PEN_PUT(w, ",\"status\":"), x->status);
    w = pen_text(l->b, PEN_PUT(w, ",\"url\":"), x->url);
    w = pen_text(l->b, PEN_PUT(w, ",\"error\":"), x->error);
    w = pen_text(l->b, PEN_PUT(w, ",\"trace_id\":"), x->trace_id);
    w = pen_text(l->b, PEN_PUT(w, ",\"finding\":"),
                 x->finding_count > 0 ? str(x->findings[0].code) : (struct p2t_text){NULL, 0});
    return put_phases(w, &x->phases);
}

static struct p2t_text name_of(const struct p2t_exchange *x)
{
    if (x->url.n > 0)
        return x->url;
    return x->host.n > 0 ? x->host : str(p2t_kind_name(x->kind));
}

static char *put_call(const struct lane *l, char *w)
{
    const struct p2t_exchange *x = l->x;
    bool before = x->event_count > 0 && x->events[0].time_ns < x->start_ns;

    w = pen_string(l->b, PEN_PUT(w, "{\"ph\":\"b\",\"cat\":\"call\",\"name\":"), name_of(x));
    w = put_place(l, w, 0, before ? x->events[0].time_ns : x->start_ns);
    w = pen_room(l->b, PEN_PUT(put_arguments(l, w), "},\n"), 0);
    w = put_parts(l, put_hooks(l, w));
    w = pen_string(l->b, PEN_PUT(w, "{\"ph\":\"e\",\"cat\":\"call\",\"name\":"), name_of(x));
    return PEN_PUT(put_place(l, w, 0, l->end_ns), "}");
}

static void perfetto_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    struct lane l;
    char *w = pen_begin(b);

    (void)o;
    if (w == NULL)
        return;
    begin_lane(&l, b, x);
    pen_end(b, put_call(&l, put_lane(&l, w)));
}

static void perfetto_begin(struct buf *b, const struct out_options *o)
{
    (void)o;
    buf_lit(b, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
}

static void perfetto_lead(struct buf *b, uint64_t index)
{
    buf_str(b, index > 0 ? ",\n" : "\n");
}

static void perfetto_end(struct buf *b, const struct out_options *o, const struct out_seen *seen)
{
    (void)o;
    (void)seen;
    buf_lit(b, "\n]}\n");
}

const struct out_format_ops out_perfetto = {
    .begin = perfetto_begin, .exchange = perfetto_exchange, .lead = perfetto_lead, .end = perfetto_end};
