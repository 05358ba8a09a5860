/* What an exchange's own facts say together. */
#include "correlate/exchange.h"

#include "correlate/times.h"

static const struct packet_mark *mark_of(const struct exchange_conn *c, enum exchange_closer by)
{
    static const struct packet_mark none;

    switch (by) {
    case CLOSED_BY_CLIENT_FIN:
        return &c->client_fin;
    case CLOSED_BY_CLIENT_RST:
        return &c->client_rst;
    case CLOSED_BY_SERVER_FIN:
        return &c->server_fin;
    case CLOSED_BY_SERVER_RST:
        return &c->server_rst;
    default:
        return &none;
    }
}

enum exchange_closer exchange_conn_closer(const struct exchange_conn *c)
{
    enum exchange_closer first = CLOSED_BY_NONE;

    for (enum exchange_closer by = CLOSED_BY_CLIENT_FIN; by <= CLOSED_BY_SERVER_RST; by++) {
        const struct packet_mark *m = mark_of(c, by);
        if (mark_set(m) && (first == CLOSED_BY_NONE || m->ts_ns < mark_of(c, first)->ts_ns))
            first = by;
    }
    return first;
}

/* The server's close_notify, or another alert, came in place of an answer: a client that closes after it did not choose to. */
static bool ended_by_alert(const struct exchange *e)
{
    const struct packet_mark *alert = e->tls != NULL ? &e->tls->alert[FLOW_S2C].mark : NULL;
    const struct packet_mark *closed = exchange_conn_closing_mark(&e->conn);

    return alert != NULL && mark_set(alert) && e->request.seen && !e->response.seen &&
           alert->ts_ns >= e->request.first.ts_ns && mark_set(closed) && alert->ts_ns <= closed->ts_ns;
}

static bool closed_by_alert(const struct exchange *e)
{
    enum exchange_closer by = exchange_conn_closer(&e->conn);

    return (by == CLOSED_BY_CLIENT_FIN || by == CLOSED_BY_CLIENT_RST) && ended_by_alert(e);
}

enum exchange_closer exchange_closer(const struct exchange *e)
{
    return closed_by_alert(e) ? CLOSED_BY_SERVER_FIN : exchange_conn_closer(&e->conn);
}

const struct packet_mark *exchange_closing_mark(const struct exchange *e)
{
    return closed_by_alert(e) ? &e->tls->alert[FLOW_S2C].mark : exchange_conn_closing_mark(&e->conn);
}

bool exchange_closed_by_server(const struct exchange *e)
{
    enum exchange_closer by = exchange_closer(e);
    return by == CLOSED_BY_SERVER_FIN || by == CLOSED_BY_SERVER_RST;
}

const struct packet_mark *exchange_conn_closing_mark(const struct exchange_conn *c)
{
    return mark_of(c, exchange_conn_closer(c));
}

static bool before_next_request(const struct exchange *e, const struct packet_mark *m)
{
    return mark_set(m) && (!mark_set(&e->conn.next_head) || m->ts_ns <= e->conn.next_head.ts_ns);
}

static bool since_request(const struct exchange *e, const struct packet_mark *m)
{
    return before_next_request(e, m) && m->ts_ns >= e->request.first.ts_ns;
}

bool exchange_answer_hidden(const struct exchange *e)
{
    bool with_keys = e->tls != NULL && e->kind != P2T_KIND_TLS;

    if (!e->request.seen)
        return false;
    /* A direction that is lost stays so. */
    return since_request(e, &e->conn.last_gap[FLOW_S2C]) ||
           (!e->conn.fin_in_order[FLOW_S2C] && since_request(e, &e->conn.server_fin)) ||
           (with_keys && before_next_request(e, &e->tls->loss[FLOW_S2C].mark));
}

bool exchange_server_hello_hidden(const struct exchange *e)
{
    const struct exchange_tls *t = e->tls;
    const struct packet_mark *gap = &e->conn.last_gap[FLOW_S2C];

    return t != NULL && !mark_set(&t->server_hello) && mark_set(&t->hello) && mark_set(gap) &&
           gap->ts_ns >= t->hello.ts_ns;
}

bool exchange_answer_unread(const struct exchange *e)
{
    const struct exchange_tls *t = e->tls;

    if (e->conn.handshake_seen || !e->request.seen || e->response.seen)
        return false;
    if (e->kind == P2T_KIND_TLS)
        return t == NULL || (!mark_set(&t->hello) && !mark_set(&t->server_hello));
    return e->conn.payload_bytes[FLOW_S2C] > e->heard_before;
}

bool exchange_answer_lost_on_way(const struct exchange *e)
{
    return e->request.seen && since_request(e, &e->conn.lost_on_way[FLOW_S2C]) && !exchange_answer_hidden(e);
}

bool exchange_peer_silent(const struct exchange *e)
{
    enum { PROBES_LEAST = 3 };
    const struct exchange_transport *x = &e->transport;

    if (!x->known || x->dead_probes < PROBES_LEAST || exchange_closer(e) != CLOSED_BY_CLIENT_RST)
        return false;
    int64_t interval_ns = (x->probe_last.ts_ns - x->probe_first.ts_ns) / (x->dead_probes - 1);
    return e->conn.client_rst.ts_ns - x->probe_last.ts_ns <= interval_ns * 3 / 2;
}

bool exchange_reset_like(const struct exchange *e)
{
    static const int64_t AT_ONCE_NS = 5000000;
    const struct exchange_conn *c = &e->conn;
    const struct packet_mark *closed = exchange_conn_closing_mark(c), *reset = &e->response.reset_like;

    if (e->kind != P2T_KIND_TLS || e->response.seen || !mark_set(closed) || !mark_set(reset) ||
        exchange_closed_by_server(e))
        return false;
    int64_t way_ns = mark_set(&c->syn_ack) && mark_set(&c->ack) ? c->ack.ts_ns - c->syn_ack.ts_ns : 0;
    return closed->ts_ns >= reset->ts_ns && closed->ts_ns - reset->ts_ns <= AT_ONCE_NS + way_ns;
}

bool exchange_ping_lost(const struct exchange *e)
{
    const struct packet_mark *ping = &e->conn.ping, *closed = exchange_conn_closing_mark(&e->conn);

    return e->stream.id != 0 && !e->stream.reset && mark_set(ping) && mark_set(closed) &&
           !exchange_closed_by_server(e) && closed->ts_ns - ping->ts_ns >= PING_LOST_NS;
}

bool exchange_stream_broken_off(const struct exchange *e)
{
    return e->stream.reset && !(e->response.complete && e->response.ended);
}

/* The messages cannot be read; that the server does not close right after its response has to suffice. */
static bool estimated_keep_alive(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    const struct packet_mark *closing[] = {&c->server_fin, &c->server_rst,
                                           e->tls != NULL ? &e->tls->alert[FLOW_S2C].mark : &c->server_fin};

    if (!e->response.seen || (e->tls != NULL && e->tls->h2))
        return false;
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++)
        if (mark_set(closing[i]) && closing[i]->ts_ns - e->response.last.ts_ns < CLOSED_AFTER_NS)
            return false;
    return true;
}

bool exchange_keeps_alive(const struct exchange *e)
{
    const struct exchange_response *r = &e->response;

    if (e->kind == P2T_KIND_TLS)
        return estimated_keep_alive(e);
    return e->stream.id == 0 && e->request.seen && r->seen && r->complete && !r->until_close && !r->wants_close &&
           !e->request.wants_close && r->status != 101 && (r->version_minor > 0 || r->keep_alive);
}

bool exchange_closed_at_once(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    int64_t after = c->client_fin.ts_ns - e->response.last.ts_ns;

    return mark_set(&c->client_fin) && after >= 0 && after < CLOSED_AT_ONCE_NS && !mark_set(&c->server_fin) &&
           !e->response.extra_bytes;
}

/* tcp_syn_retries is 6 by default, and with tcp_syn_linear_timeouts (Linux 6.5) four more go out; either way the last
 * two are 32 s apart. */
bool attempt_hit_kernel_limit(const struct exchange_attempt *a)
{
    return (a->syns == 7 || a->syns == 11) && a->last_interval_ns > INT64_C(28000000000);
}

bool attempt_is_probe(const struct exchange_attempt *a)
{
    static const int64_t AT_ONCE_NS = 50000000;

    return a->result == ATTEMPT_CANCELED && !a->lost && a->syns == 1 && mark_set(&a->syn_ack) &&
           a->failed.ts_ns >= a->syn_ack.ts_ns && a->failed.ts_ns - a->syn.ts_ns < AT_ONCE_NS;
}

const struct lookup_detours *lookup_detours(const struct exchange_lookup *l)
{
    static const struct lookup_detours none;

    return l->detours != NULL ? l->detours : &none;
}

struct slice exchange_dialled_host(const struct exchange *e)
{
    struct slice host = e->request.host;
    size_t colon = slice_find(host, ':');

    if (e->conn.proxy != PROXY_NONE || (host.n > 0 && host.p[0] == '['))
        return (struct slice){NULL, 0};
    return slice_of(host.p, colon);
}

void exchange_begins_with_dial(struct exchange *e)
{
    if (e->lookup != NULL && e->lookup->first_query.ts_ns < e->start.ts_ns)
        e->start = e->lookup->first_query;
    else if (e->attempt_count > 0 && e->attempts[0].syn.ts_ns < e->start.ts_ns)
        e->start = e->attempts[0].syn;
    else
        return;
    e->clock_ahead_ns = 0; /* connections begin with their packets' own times */
}

void exchange_suppose_answer(struct exchange *e)
{
    struct exchange_response *x = &e->response;

    x->seen = x->ended = x->complete = true;
    e->request.ended = e->request.complete = true;
    x->first = x->last = x->first_possible;
}

bool attempt_known_by_quote(const struct exchange_attempt *a)
{
    return mark_set(&a->failed) && a->failed.ref.number == a->syn.ref.number && a->failed.ref.file == a->syn.ref.file;
}

bool exchange_conn_handshaked(const struct exchange_conn *c)
{
    return mark_set(&c->syn) && mark_set(&c->syn_ack) && mark_set(&c->ack) && c->syns <= 1 && !c->late_syn_ack;
}

/* Between client and server the halves of the handshake's round trip tell which is near. On one host, or below what
 * a busy machine adds to either half, they tell nothing. */
static enum p2t_vantage vantage_of(int64_t to_server_ns, int64_t to_client_ns)
{
    static const int64_t noise_ns = 200000;

    if (to_server_ns + to_client_ns < noise_ns)
        return P2T_VANTAGE_UNKNOWN;
    if (to_client_ns < to_server_ns / 8)
        return P2T_VANTAGE_CLIENT;
    return to_server_ns < to_client_ns / 8 ? P2T_VANTAGE_SERVER : P2T_VANTAGE_MIDDLE;
}

enum p2t_vantage exchange_conn_vantage(const struct exchange_conn *c)
{
    if (!exchange_conn_handshaked(c))
        return P2T_VANTAGE_UNKNOWN;
    return vantage_of(c->syn_ack.ts_ns - c->syn.ts_ns, c->ack.ts_ns - c->syn_ack.ts_ns);
}
