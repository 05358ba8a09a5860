/* Trace events as Chrome and Perfetto read them (the "Trace Event Format"). A lane is a connection, shown as a process; each
 * call on it is an asynchronous slice, its parts are slices of their own, its hooks are instants. Times are microseconds. */
#include <string.h>

#include "base/hash.h"
#include "write/args.h"
#include "write/format.h"
#include "write/json/json.h"

struct lane {
    struct buf *b;
    const struct p2t_exchange *x;
    uint32_t number;
};

static struct p2t_text str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* Whose lane it is: the connection's, or for lookups the client's. */
static uint32_t lane_number(const struct p2t_exchange *x)
{
    const char *who = "lookups";
    uint64_t h = x->connection != NULL
                     ? hash_stable_number(HASH_STABLE_SEED, x->connection->id, sizeof x->connection->id)
                     : hash_stable(HASH_STABLE_SEED, who, strlen(who));

    return (uint32_t)(hash_stable_finish(h) & 0x7fffffff) | 1;
}

/* The viewer takes the same name for a lane again. */
static void put_lane(const struct lane *l)
{
    const struct p2t_connection *c = l->x->connection;
    struct buf name = {0};

    if (c != NULL) {
        buf_put(&name, c->client.p, c->client.n);
        buf_lit(&name, " -> ");
        buf_put(&name, c->server.p, c->server.n);
    } else {
        buf_lit(&name, "lookups without a connection");
    }
    l->b->failed |= name.failed;
    buf_lit(l->b, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":");
    buf_u64(l->b, l->number);
    buf_lit(l->b, ",\"tid\":0,\"args\":{\"name\":");
    json_string(l->b, (struct p2t_text){(const char *)name.p, name.n});
    buf_lit(l->b, "}},\n");
    buf_fini(&name);
}

/* Up to where arguments may follow. The id is the call's, and of a part its number, too; the process's own (`local`), else the
 * trace processor shows no slice in its connection's lane. */
static void put_event(const struct lane *l, char kind, const char *cat, struct p2t_text name, unsigned part,
                      int64_t ns)
{
    buf_lit(l->b, "{\"ph\":\"");
    buf_putc(l->b, kind);
    buf_lit(l->b, "\",\"cat\":\"");
    buf_str(l->b, cat);
    buf_lit(l->b, "\",\"name\":");
    json_string(l->b, name);
    buf_lit(l->b, ",\"id2\":{\"local\":");
    json_id(l->b, l->x->id);
    if (!l->b->failed)
        l->b->n--; /* the quote: the part follows */
    buf_putc(l->b, '.');
    buf_u64(l->b, part);
    buf_lit(l->b, "\"},\"pid\":");
    buf_u64(l->b, l->number);
    buf_lit(l->b, ",\"tid\":0,\"ts\":");
    json_us(l->b, ns);
}

static void put_slice(const struct lane *l, const char *name, unsigned part, int64_t from_ns, int64_t to_ns)
{
    put_event(l, 'b', "phase", str(name), part, from_ns);
    buf_lit(l->b, "},\n");
    put_event(l, 'e', "phase", str(name), part, to_ns > from_ns ? to_ns : from_ns);
    buf_lit(l->b, "},\n");
}

/* ---- the parts of a call ---- */

static const struct {
    const char *name;
    enum p2t_hook from, to;
} parts[] = {
    {"get connection", P2T_HOOK_GET_CONN, P2T_HOOK_GOT_CONN},
    {"dns", P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE},
    {"tls", P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {"send", P2T_HOOK_GOT_CONN, P2T_HOOK_WROTE_REQUEST},
    {"wait", P2T_HOOK_WROTE_REQUEST, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
};

static const struct p2t_event *find(const struct p2t_exchange *x, enum p2t_hook hook)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return &x->events[i];
    return NULL;
}

/* The attempts at connections run side by side. */
static void put_connects(const struct lane *l, unsigned part)
{
    const struct p2t_exchange *x = l->x;

    for (size_t i = 0; i < x->event_count; i++) {
        struct p2t_text addr = args_text(&x->events[i], P2T_ARG_CONNECT_START_ADDR);
        if (addr.n == 0)
            continue;
        int64_t end_ns = x->end_ns;
        for (size_t k = i; k < x->event_count; k++) {
            struct p2t_text done = args_text(&x->events[k], P2T_ARG_CONNECT_DONE_ADDR);
            if (done.n == addr.n && memcmp(done.p, addr.p, addr.n) == 0) {
                end_ns = x->events[k].time_ns;
                break;
            }
        }
        put_slice(l, "connect", part++, x->events[i].time_ns, end_ns);
    }
}

static void put_parts(const struct lane *l)
{
    unsigned part = 1;

    for (; part <= sizeof parts / sizeof *parts; part++) {
        const struct p2t_event *from = find(l->x, parts[part - 1].from), *to = find(l->x, parts[part - 1].to);
        if (from != NULL && to != NULL)
            put_slice(l, parts[part - 1].name, part, from->time_ns, to->time_ns);
    }
    const struct p2t_event *first = find(l->x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
    if (first != NULL)
        put_slice(l, "receive", part, first->time_ns, l->x->end_ns);
    put_connects(l, part + 1);
}

/* ---- the call ---- */

static void put_phase(struct buf *b, const char *key, int64_t ns)
{
    buf_str(b, key);
    if (ns < 0)
        buf_lit(b, "null");
    else
        json_us(b, ns);
}

static void put_arguments(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;

    buf_lit(b, ",\"args\":{\"id\":");
    json_id(b, x->id);
    buf_lit(b, ",\"kind\":\"");
    buf_str(b, p2t_kind_name(x->kind));
    buf_lit(b, "\",\"outcome\":\"");
    buf_str(b, p2t_outcome_name(x->outcome));
    buf_lit(b, "\",\"status\":");
    buf_i64(b, x->status);
    buf_lit(b, ",\"url\":");
    json_text(b, x->url);
    buf_lit(b, ",\"error\":");
    json_text(b, x->error);
    buf_lit(b, ",\"trace_id\":");
    json_text(b, x->trace_id);
    buf_lit(b, ",\"finding\":");
    json_text(b, x->finding_count > 0 ? str(x->findings[0].code) : (struct p2t_text){NULL, 0});
    put_phase(b, ",\"phases_us\":{\"blocked\":", p->blocked_ns);
    put_phase(b, ",\"dns\":", p->dns_ns);
    put_phase(b, ",\"connect\":", p->connect_ns);
    put_phase(b, ",\"tls\":", p->tls_ns);
    put_phase(b, ",\"send\":", p->send_ns);
    put_phase(b, ",\"wait\":", p->wait_ns);
    put_phase(b, ",\"receive\":", p->receive_ns);
    put_phase(b, ",\"total\":", p->total_ns);
    buf_lit(b, "}}");
}

static struct p2t_text name_of(const struct p2t_exchange *x)
{
    if (x->url.n > 0)
        return x->url;
    return x->host.n > 0 ? x->host : str(p2t_kind_name(x->kind));
}

static void perfetto_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    const struct lane l = {b, x, lane_number(x)};
    int64_t end_ns = x->end_ns;

    (void)o;
    for (size_t i = 0; i < x->event_count; i++)
        end_ns = x->events[i].time_ns > end_ns ? x->events[i].time_ns : end_ns;
    put_lane(&l);
    bool before = x->event_count > 0 && x->events[0].time_ns < x->start_ns;
    put_event(&l, 'b', "call", name_of(x), 0, before ? x->events[0].time_ns : x->start_ns);
    put_arguments(b, x);
    buf_lit(b, "},\n");
    for (size_t i = 0; i < x->event_count; i++) {
        put_event(&l, 'n', "call", str(p2t_hook_name(x->events[i].hook)), 0, x->events[i].time_ns);
        buf_lit(b, ",\"args\":{\"basis\":\"");
        buf_str(b, p2t_basis_name(x->events[i].basis));
        buf_lit(b, "\"}},\n");
    }
    put_parts(&l);
    put_event(&l, 'e', "call", name_of(x), 0, end_ns);
    buf_lit(b, "}");
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
