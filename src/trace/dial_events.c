/* GetConn to GotConn: the pool, the lookup and the connection attempts. Offsets are the medians of hooks.md 0.3. */
#include "base/system.h"
#include "judge/judge.h"
#include "trace/build.h"

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static const struct packet_mark *first_packet(const struct exchange *e)
{
    if (e->lookup != NULL)
        return &e->lookup->first_query;
    if (e->attempt_count > 0)
        return &e->attempts[0].syn;
    return e->handshakes ? &e->tls->hello : &e->request.first;
}

/* Who shares a lookup may have asked for it at any time until its answer. */
static const struct packet_mark *asked_by(const struct exchange *e, const struct packet_mark *first)
{
    const struct exchange_lookup *l = e->lookup;

    return l != NULL && l->shared && mark_set(&l->last_answer) ? &l->last_answer : first;
}

/* Waiting for a pooled connection or a stream leaves no packet: only the end of the wait is known. */
void events_get_conn(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *first = first_packet(e);
    enum trace_offset before = e->lookup != NULL      ? GET_CONN_BEFORE_QUERY_US
                               : e->attempt_count > 0 ? GET_CONN_BEFORE_SYN_US
                                                      : GET_CONN_BEFORE_REQUEST_US;

    if (!mark_set(first))
        return;
    struct p2t_event *ev = event_add(t, P2T_HOOK_GET_CONN, P2T_ASSUMED, first->ts_ns - offset_ns(before));
    event_latest(ev, asked_by(e, first));
    event_evidence(t, ev, first);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_GET_CONN_HOST_PORT);
    if (args != NULL)
        arg_text(args, P2T_ARG_GET_CONN_HOST_PORT, host_port(t));
    t->lane_ns = ev->time_ns;
}

/* ---- DNS ---- */

static void arg_addrs(struct trace *t, struct p2t_arg *args, const struct ip_addr *addrs, size_t n)
{
    struct p2t_value *items = arena_alloc(&t->arena, n * sizeof *items + 1);

    for (size_t i = 0; items != NULL && i < n; i++) {
        char text[IP_TEXT_MAX];
        size_t len = ip_format(&addrs[i], text);
        value_text(&items[i], arena_copy(&t->arena, slice_of(text, len)));
    }
    arg_list(args, P2T_ARG_DNS_DONE_ADDRS, items, items != NULL ? n : 0);
}

static void dns_start(struct trace *t, struct slice host, enum p2t_basis basis, const struct packet_mark *at)
{
    struct p2t_event *ev = event_add(t, P2T_HOOK_DNS_START, basis, at->ts_ns);

    event_latest(ev, asked_by(t->e, at));
    if (basis != P2T_ASSUMED)
        event_evidence(t, ev, at);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_DNS_START_HOST);
    if (args != NULL)
        arg_text(args, P2T_ARG_DNS_START_HOST, host);
    t->lane_ns = ev->time_ns;
}

static struct slice lookup_error(const struct trace *t)
{
    bool here = t->e->outcome == P2T_OUTCOME_DNS_ERROR;
    return here ? slice_of(t->out.error.p, t->out.error.n) : (struct slice){NULL, 0};
}

static void dns_done_args(struct trace *t, struct p2t_event *ev, const struct exchange_lookup *l)
{
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_DNS_DONE_SERVER);
    char client[IP_TEXT_MAX];

    if (args == NULL)
        return;
    arg_addrs(t, args, l->addrs, l->addr_count);
    arg_text(args, P2T_ARG_DNS_DONE_ERR, lookup_error(t));
    arg_bool(args, P2T_ARG_DNS_DONE_COALESCED, l->shared);
    if (l->has_rcode)
        arg_int(args, P2T_ARG_DNS_DONE_RCODE, l->rcode);
    else
        arg_null(args, P2T_ARG_DNS_DONE_RCODE);
    arg_int(args, P2T_ARG_DNS_DONE_QUERIES, l->queries);
    arg_text(args, P2T_ARG_DNS_DONE_CLIENT,
             arena_copy(&t->arena, slice_of(client, ip_format(&l->client.ip, client))));
    arg_text(args, P2T_ARG_DNS_DONE_SERVER, copy_endpoint(t, &l->server));
}

static const struct packet_mark *first_syn(const struct exchange *e)
{
    static const struct packet_mark none;
    return e->attempt_count > 0 ? &e->attempts[0].syn : &none;
}

static enum p2t_basis dns_done_basis(const struct exchange *e, const struct packet_mark *until)
{
    if (!e->lookup->gave_up)
        return e->lookup->inferred ? P2T_INFERRED : P2T_OBSERVED;
    return mark_set(until) ? P2T_INFERRED : P2T_ASSUMED;
}

static void dns_done(struct trace *t, const struct exchange_lookup *l)
{
    const struct packet_mark *syn = first_syn(t->e);
    const struct packet_mark *superseded = &lookup_detours(l)->superseded;
    const struct packet_mark *from = l->gave_up || !mark_set(&l->last_answer) ? &l->last_query : &l->last_answer;
    int64_t at = l->gave_up ? l->gave_up_ns : from->ts_ns;
    const struct packet_mark *until = mark_set(superseded) ? superseded : syn;

    if (mark_set(syn) && at > syn->ts_ns)
        at = syn->ts_ns;
    struct p2t_event *ev = event_add(t, P2T_HOOK_DNS_DONE, dns_done_basis(t->e, until), at);
    event_earliest(ev, from);
    event_latest(ev, until);
    event_evidence(t, ev, from);
    if (l->gave_up)
        event_evidence(t, ev, &l->first_query);
    dns_done_args(t, ev, l);
    t->dns = (struct trace_span){true, l->first_query.ts_ns, ev->time_ns};
    t->lane_ns = ev->time_ns;
}

/* The host without its port, and without user information that should not be there. */
static struct slice name_in(struct slice host)
{
    const uint8_t *at = host.n > 0 ? memrchr(host.p, '@', host.n) : NULL;

    if (at != NULL)
        host = slice_of(at + 1, host.n - (size_t)(at + 1 - host.p));
    return slice_of(host.p, slice_find(host, ':'));
}

static bool is_name(struct slice host)
{
    return host.n > 0 && host.p[0] != '[' && ip_parse(host).family == 0;
}

/* A proxy that passes a request on says so, and keeps its client's Host: what it dialled is its own affair. */
static bool is_passed_on(const struct exchange_request *r)
{
    static const struct slice names[] = {SLICE_INIT("forwarded"), SLICE_INIT("via"), SLICE_INIT("x-forwarded-for"),
                                         SLICE_INIT("x-forwarded-host"), SLICE_INIT("x-forwarded-proto")};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fact_header_value(r->headers, r->header_count, names[i]).p != NULL)
            return true;
    return false;
}

/* The name came from somewhere, but not over this wire: a hosts file, a local cache, or a resolver elsewhere. */
static void lookup_without_packets(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *syn = first_syn(e);
    struct slice host = name_in(t->host);

    if (!mark_set(syn) || e->conn.proxy != PROXY_NONE || !is_name(host) || is_passed_on(&e->request))
        return;
    dns_start(t, host, P2T_ASSUMED, syn);
    struct p2t_event *ev = event_add(t, P2T_HOOK_DNS_DONE, P2T_ASSUMED, syn->ts_ns);
    event_latest(ev, syn);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_DNS_DONE_QUERIES);
    if (args == NULL)
        return;
    arg_addrs(t, args, &e->conn.server.ip, 1);
    arg_null(args, P2T_ARG_DNS_DONE_ERR);
    arg_bool(args, P2T_ARG_DNS_DONE_COALESCED, false);
    arg_null(args, P2T_ARG_DNS_DONE_RCODE);
    arg_int(args, P2T_ARG_DNS_DONE_QUERIES, 0);
}

void events_lookup(struct trace *t)
{
    const struct exchange_lookup *l = t->e->lookup;

    if (l == NULL) {
        lookup_without_packets(t);
        return;
    }
    enum p2t_basis basis = l->shared || l->inferred ? P2T_INFERRED : P2T_OBSERVED;
    dns_start(t, shown(t, REDACT_HOST, l->host), basis, &l->first_query);
    if (l->result != LOOKUP_PENDING)
        dns_done(t, l);
}

/* ---- connect ---- */

static const struct packet_mark *before_attempt(const struct exchange *e, size_t i)
{
    static const struct packet_mark none;

    const struct exchange_attempt *last = i > 0 ? &e->attempts[i - 1] : NULL;

    if (last != NULL)
        return mark_set(&last->failed) && !last->lost ? &last->failed : &last->syn;
    if (e->lookup == NULL)
        return &none;
    return e->lookup->gave_up ? &e->lookup->last_query : &e->lookup->last_answer;
}

static void connect_start(struct trace *t, size_t i)
{
    const struct exchange_attempt *a = &t->e->attempts[i];
    enum p2t_basis basis = attempt_known_by_quote(a) ? P2T_INFERRED : P2T_OBSERVED;
    struct p2t_event *ev = event_add(t, P2T_HOOK_CONNECT_START, basis, a->syn.ts_ns);

    event_earliest(ev, before_attempt(t->e, i));
    event_latest(ev, &a->syn);
    event_evidence(t, ev, &a->syn);
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_CONNECT_START_ADDR);
    if (args == NULL)
        return;
    arg_text(args, P2T_ARG_CONNECT_START_NETWORK, SLICE_LIT("tcp"));
    arg_text(args, P2T_ARG_CONNECT_START_ADDR, copy_endpoint(t, &a->server));
}

/* The client's next move: its first bytes, or the end of the connection. */
static const struct packet_mark *after_handshake(const struct exchange *e)
{
    static const struct packet_mark none;

    if (e->conn.handed_over)
        return e->dial_tls != NULL ? &e->dial_tls->hello : &none;
    if (e->handshakes && (!mark_set(&e->conn.tunnel_ready) || e->tls->hello.ts_ns < e->conn.tunnel_ready.ts_ns))
        return &e->tls->hello;
    if (mark_set(&e->conn.tunnel_ready))
        return &e->conn.tunnel_ready;
    if (mark_set(&e->request.first))
        return &e->request.first;
    return mark_set(&e->conn.client_fin) ? &e->conn.client_fin : &e->conn.client_rst;
}

static struct p2t_event *connect_done_ok(struct trace *t, const struct exchange_attempt *a)
{
    const struct packet_mark *at = mark_set(&a->ack) ? &a->ack : &a->syn_ack;
    struct p2t_event *ev = event_add(t, P2T_HOOK_CONNECT_DONE, P2T_OBSERVED, at->ts_ns);

    event_earliest(ev, mark_set(&a->syn_ack) ? &a->syn_ack : at);
    event_latest(ev, after_handshake(t->e));
    event_evidence(t, ev, &a->syn_ack);
    event_evidence(t, ev, &a->ack);
    return ev;
}

static struct p2t_event *connect_done_failed(struct trace *t, size_t i)
{
    const struct exchange *e = t->e;
    const struct exchange_attempt *a = &e->attempts[i];
    struct p2t_event *ev = event_add(t, P2T_HOOK_CONNECT_DONE, P2T_OBSERVED, a->failed.ts_ns);

    event_earliest(ev, &a->failed);
    if (i + 1 < e->attempt_count)
        event_latest(ev, &e->attempts[i + 1].syn);
    event_evidence(t, ev, &a->failed);
    return ev;
}

static struct p2t_event *connect_done_timeout(struct trace *t, const struct exchange_attempt *a)
{
    struct p2t_event *ev = event_add(t, P2T_HOOK_CONNECT_DONE, P2T_INFERRED, a->gave_up_ns);
    struct packet_mark slot = a->last_syn;

    slot.ts_ns = a->next_slot_ns;
    event_earliest(ev, &a->last_syn);
    event_latest(ev, &slot);
    event_evidence(t, ev, &a->syn);
    event_evidence(t, ev, &a->last_syn);
    return ev;
}

/* A probe has no winner to wait for: it ends with its RST. */
static struct p2t_event *connect_done_canceled(struct trace *t, const struct exchange_attempt *a)
{
    int64_t after_ns = attempt_is_probe(a) ? 0 : offset_ns(CANCELED_AFTER_WINNER_US);
    struct p2t_event *ev = event_add(t, P2T_HOOK_CONNECT_DONE, P2T_INFERRED, a->failed.ts_ns + after_ns);

    event_earliest(ev, &a->failed);
    event_evidence(t, ev, &a->failed);
    return ev;
}

static struct p2t_event *connect_done(struct trace *t, size_t i)
{
    const struct exchange_attempt *a = &t->e->attempts[i];

    switch (a->result) {
    case ATTEMPT_OK:
        return connect_done_ok(t, a);
    case ATTEMPT_REFUSED:
    case ATTEMPT_ICMP:
        return connect_done_failed(t, i);
    case ATTEMPT_TIMEOUT:
        return connect_done_timeout(t, a);
    case ATTEMPT_CANCELED:
        return connect_done_canceled(t, a);
    case ATTEMPT_PENDING:
        break;
    }
    return NULL;
}

void events_connect(struct trace *t)
{
    const struct exchange *e = t->e;

    for (size_t i = 0; i < e->attempt_count; i++) {
        const struct exchange_attempt *a = &e->attempts[i];
        connect_start(t, i);
        struct p2t_event *ev = connect_done(t, i);
        struct p2t_arg *args = ev != NULL ? event_args(t, ev, P2T_ARG_CONNECT_DONE_SYNS) : NULL;
        if (args == NULL)
            continue;
        arg_text(args, P2T_ARG_CONNECT_DONE_NETWORK, SLICE_LIT("tcp"));
        arg_text(args, P2T_ARG_CONNECT_DONE_ADDR, copy_endpoint(t, &a->server));
        arg_text(args, P2T_ARG_CONNECT_DONE_ERR, attempt_error_text(&t->arena, a));
        arg_int(args, P2T_ARG_CONNECT_DONE_SYNS, a->syns);
        if (a->result == ATTEMPT_OK)
            t->lane_ns = ev->time_ns;
        if (a->result != ATTEMPT_CANCELED && !attempt_known_by_quote(&e->attempts[0]))
            t->connect = (struct trace_span){true, e->attempts[0].syn.ts_ns, ev->time_ns};
    }
}

/* ---- GotConn ---- */

static const struct packet_mark *conn_ready(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;

    if (mark_set(&c->previous_end))
        return &c->previous_end;
    if (e->tls != NULL && mark_set(&e->tls->done))
        return mark_set(&e->tls->inner_done) ? &e->tls->inner_done : &e->tls->done;
    if (mark_set(&c->tunnel_ready))
        return &c->tunnel_ready;
    return mark_set(&c->syn_ack) ? &c->syn_ack : &c->ack;
}

static void got_conn_args(struct trace *t, struct p2t_event *ev)
{
    const struct exchange_conn *c = &t->e->conn;
    bool known = c->handshake_seen || c->position > 0;
    bool reused = c->position > 0 || c->orphan_dial || c->handed_over;
    const struct packet_mark *since = conn_ready(t->e);
    int64_t idle =
        reused && !c->handed_over && !c->pipelined && mark_set(since) ? t->e->request.first.ts_ns - since->ts_ns : 0;
    struct p2t_arg *args = event_args(t, ev, P2T_ARG_GOT_CONN_REMOTE_ADDR);

    if (args == NULL)
        return;
    arg_bool(args, P2T_ARG_GOT_CONN_REUSED, reused);
    arg_bool(args, P2T_ARG_GOT_CONN_WAS_IDLE, idle > 0);
    arg_int(args, P2T_ARG_GOT_CONN_IDLE_TIME, idle > 0 ? idle : 0);
    for (unsigned arg = P2T_ARG_GOT_CONN_REUSED; !known && arg <= P2T_ARG_GOT_CONN_IDLE_TIME; arg++)
        arg_null(args, (enum p2t_hook_arg)arg);
    arg_text(args, P2T_ARG_GOT_CONN_LOCAL_ADDR, copy_endpoint(t, &c->client));
    arg_text(args, P2T_ARG_GOT_CONN_REMOTE_ADDR, copy_endpoint(t, &c->server));
}

/* A connection that was ready and went down before a byte of the request: Go's client had it already. */
static const struct packet_mark *went_down(const struct exchange *e)
{
    return mark_set(&e->conn.server_fin) ? &e->conn.server_fin : &e->conn.server_rst;
}

/* A new HTTP/2 connection is handed over once its preface is written. */
static bool after_preface(const struct exchange *e)
{
    return e->stream.id != 0 && e->conn.position == 0 && mark_set(&e->conn.preface);
}

void events_got_conn(struct trace *t)
{
    const struct exchange *e = t->e;
    const struct packet_mark *from = after_preface(e) ? &e->conn.preface : conn_ready(e);
    const struct packet_mark *to = e->request.seen ? &e->request.first : went_down(e);

    if (!mark_set(to))
        return;
    int64_t low = mark_set(from) ? from->ts_ns : INT64_MIN;
    if (low < t->lane_ns && !e->conn.handed_over)
        low = t->lane_ns;
    struct p2t_event *ev = event_add(
        t, P2T_HOOK_GOT_CONN, P2T_INFERRED,
        clamp(to->ts_ns - offset_ns(GOT_CONN_BEFORE_REQUEST_US), low < to->ts_ns ? low : to->ts_ns, to->ts_ns));
    event_earliest(ev, from);
    event_latest(ev, to);
    event_evidence(t, ev, from);
    event_evidence(t, ev, to);
    got_conn_args(t, ev);
    t->got_conn_earliest = *from;
    t->lane_ns = ev->time_ns;
}
