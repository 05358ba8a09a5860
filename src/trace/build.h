/* What the files of this module share while they build one exchange's timeline. */
#ifndef P2T_TRACE_BUILD_H
#define P2T_TRACE_BUILD_H

#include "base/buf.h"
#include "trace/offsets.h"
#include "trace/redact.h"
#include "trace/trace.h"

enum { TRACE_FILES_MAX = 16 };

/* A phase as its events bound it. */
struct trace_span {
    bool known;
    int64_t from_ns, to_ns;
};

/* Events name the same few endpoints over and over, and so do the exchanges of a connection. */
enum { KNOWN_ENDPOINTS = 64 };

struct known_endpoint {
    struct endpoint endpoint;
    uint8_t n; /* bytes of its text; 0: none is known here */
    char text[ENDPOINT_TEXT_MAX];
    struct slice copy; /* in the arena, if `of` is the exchange at hand */
    uint64_t of;
};

struct trace {
    struct trace_options options;
    struct arena arena;
    struct buf scratch; /* for one text at a time, before it goes into the arena */
    struct redact *redact;
    const struct exchange *e;
    struct slice host; /* the request's, as it is shown */
    struct p2t_exchange out;
    struct p2t_connection connection;
    struct p2t_tls tls;
    struct p2t_http2 http2;
    struct p2t_grpc grpc;
    struct p2t_websocket websocket;
    struct p2t_transport transport;
    struct p2t_stall stalls[EXCHANGE_STALLS_MAX];
    struct p2t_connection_record record;
    struct p2t_event *events;
    size_t event_count, event_cap;
    const char *files[TRACE_FILES_MAX];
    uint32_t file_index[TRACE_FILES_MAX];
    size_t file_count;
    struct p2t_finding findings[FINDINGS_MAX];
    struct p2t_link links[LINKS_MAX];
    /* Of the events so far, for what comes after them. */
    int64_t lane_ns; /* the last one in the caller's lane: later ones are not before it */
    struct packet_mark got_conn_earliest;
    struct trace_span dns, connect, tls_phase;
    int64_t failed_ns; /* when the client had given up a handshake that failed; 0: it had not */
    struct known_endpoint known[KNOWN_ENDPOINTS];
    uint64_t serial; /* of the exchange */
    bool failed;
};

/* events.c */
/* Appends an event without bounds, evidence and arguments; the pointer is valid until the next one is added. When memory
 * ran out, t->failed is set and a spare event is given that nobody reads. */
struct p2t_event *event_add(struct trace *t, enum p2t_hook hook, enum p2t_basis basis, int64_t time_ns);
/* As the last one, but for its arguments. */
struct p2t_event *event_again(struct trace *t);
/* A bound at the time of a packet, or at the event's own where that lies outside; a mark that is not set bounds nothing. */
void event_earliest(struct p2t_event *ev, const struct packet_mark *m);
void event_latest(struct p2t_event *ev, const struct packet_mark *m);
/* Adds a packet once; not where it is not set, or P2T_EVIDENCE_MAX are there. */
void event_evidence(struct trace *t, struct p2t_event *ev, const struct packet_mark *m);
/* Sorts by time; ties keep the order in which they were added, which is Go's. */
void events_sort(struct trace *t);
struct p2t_evidence evidence_of(struct trace *t, struct packet_ref ref);

/* The later of two; b may be unset. */
static inline const struct packet_mark *later_mark(const struct packet_mark *a, const struct packet_mark *b)
{
    return mark_set(b) && b->ts_ns > a->ts_ns ? b : a;
}

/* Most header names have another length than those that are looked for. lengths: of those, NAME_LENGTH_BIT of each. */
#define NAME_LENGTH_BIT(s) | UINT32_C(1) << (sizeof(s) - 1)
static inline bool name_length_in(struct slice name, uint32_t lengths)
{
    return name.n < 32 && (lengths >> name.n & 1) != 0;
}

/* A text is written to the buffer between these two; the arena has it afterwards. */
struct buf *scratch_begin(struct trace *t);
struct slice scratch_end(struct trace *t);
/* Room for the arguments of the event's hook up to `last`, each of which is then to be filled; NULL when memory ran out. */
static inline struct p2t_arg *event_args(struct trace *t, struct p2t_event *ev, enum p2t_hook_arg last)
{
    size_t n = p2t_hook_args[last].index + 1;
    struct p2t_arg *args = arena_alloc(&t->arena, n * sizeof *args);

    t->failed |= args == NULL;
    ev->args = args;
    ev->arg_count = args != NULL ? n : 0;
    return args;
}

/* These fill an argument in what event_args() gave. In most calls it is a constant: its place and name fold. */
static inline struct p2t_value *arg_named(struct p2t_arg *args, enum p2t_hook_arg arg, enum p2t_value_kind kind)
{
    struct p2t_arg *a = &args[p2t_hook_args[arg].index];

    a->name.p = p2t_hook_args[arg].name;
    a->name.n = p2t_hook_args[arg].name_bytes;
    a->value.kind = kind;
    return &a->value;
}

static inline void arg_null(struct p2t_arg *args, enum p2t_hook_arg arg)
{
    (void)arg_named(args, arg, P2T_VALUE_NULL);
}

/* s.p == NULL: null */
static inline void arg_text(struct p2t_arg *args, enum p2t_hook_arg arg, struct slice s)
{
    struct p2t_value *v = arg_named(args, arg, s.p == NULL ? P2T_VALUE_NULL : P2T_VALUE_TEXT);

    v->as.text.p = (const char *)s.p;
    v->as.text.n = s.n;
}

static inline void arg_int(struct p2t_arg *args, enum p2t_hook_arg arg, int64_t v)
{
    arg_named(args, arg, P2T_VALUE_INT)->as.integer = v;
}

static inline void arg_bool(struct p2t_arg *args, enum p2t_hook_arg arg, bool v)
{
    arg_named(args, arg, P2T_VALUE_BOOL)->as.boolean = v;
}

static inline void arg_list(struct p2t_arg *args, enum p2t_hook_arg arg, const struct p2t_value *items, size_t n)
{
    struct p2t_value *v = arg_named(args, arg, P2T_VALUE_LIST);

    v->as.list.items = items;
    v->as.list.n = n;
}

static inline void value_text(struct p2t_value *v, struct slice s)
{
    v->kind = P2T_VALUE_TEXT;
    v->as.text.p = (const char *)s.p;
    v->as.text.n = s.n;
}

/* Borrowed, not copied. */
struct p2t_text text_of(struct slice s);
/* "ip:port" in the arena; p == NULL for an endpoint without an address. */
struct slice copy_endpoint(struct trace *t, const struct endpoint *ep);

/* Each of these adds the events of its hooks, or none where the exchange has nothing for them. They are called in the
 * order in which Go calls the hooks: later ones go by t->lane_ns and t->got_conn_earliest. */
/* dial_events.c */
void events_get_conn(struct trace *t);
/* DNSStart and DNSDone; where no lookup was seen, assumed ones of a name that was dialled. */
void events_lookup(struct trace *t);
/* ConnectStart and ConnectDone of each attempt. */
void events_connect(struct trace *t);
void events_got_conn(struct trace *t);
/* tls_events.c */
/* TLSHandshakeStart and TLSHandshakeDone, also those of a handshake inside a tunnel of TLS. */
void events_tls_handshake(struct trace *t);
/* WroteHeaders and WroteRequest, and GotFirstResponseByte, estimated from records. */
void events_tls_request(struct trace *t);
void events_tls_response(struct trace *t);
/* http_events.c */
/* WroteHeaderField, WroteHeaders, Wait100Continue and WroteRequest. */
void events_request(struct trace *t);
/* GotFirstResponseByte, Got100Continue and Got1xxResponse. */
void events_response(struct trace *t);
void events_put_idle_conn(struct trace *t);

/* tls_names.c: IANA's names; hexadecimal where there is none, p == NULL for 0 */
struct slice tls_version_name(struct trace *t, uint16_t version);
struct slice tls_cipher_name(struct trace *t, uint16_t cipher);
/* messages.c: what HTTP/2, gRPC and WebSocket add to t->out */
void messages_fill(struct trace *t);
/* phases.c: t->out.phases, from the spans that events left */
void phases_fill(struct trace *t);
/* trace.c: forgets what was built last */
void trace_begin(struct trace *t);
/* transport.c: t->out.transport, once t->out.phases are filled */
void transport_fill(struct trace *t);
struct p2t_stall transport_stall_of(struct trace *t, const struct flow_stall *x);
struct p2t_rtt transport_rtt_of(const struct exchange_rtt *r);
struct p2t_moment transport_moment(struct trace *t, const struct packet_mark *m);
/* url.c; as they are shown, in the arena, or borrowed from the exchange. p == NULL: no target is known */
struct slice url_build(struct trace *t);
/* As GetConn gives it: host and port of the target, or of its proxy. */
struct slice host_port(struct trace *t);
/* shown.c: what may be shown of a text, of a field's value and of its name (trace/redact.h); borrowed from where it came
 * from, or in the arena. */
struct slice shown_at_length(struct trace *t, enum redact_as as, struct slice s);
static inline struct slice shown(struct trace *t, enum redact_as as, struct slice s)
{
    return redact_is_plain(as, s) ? s : shown_at_length(t, as, s);
}
struct slice shown_value(struct trace *t, struct redact_field field, struct slice value);
static inline struct slice shown_name(struct trace *t, struct redact_field field, struct slice name)
{
    return field.odd_name ? shown(t, REDACT_TEXT, name) : name;
}
/* trace_id.c: t->out.trace_id and its source, where a header has one */
void trace_id_fill(struct trace *t);

#endif
