/* Connections that end where an answer was due. */
#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/rules.h"

struct service {
    struct p2t_summary *s;
    struct keyed *calls; /* of one server, by time */
    size_t n;
};

/* A connection that was used a moment ago is not idle. */
static const int64_t IDLE_NS = 300 * (int64_t)MS;

/* Since the answer before on the same connection; negative: there was none. */
static int64_t idle_before(const struct call *c)
{
    return c->free_ns != 0 ? c->request_ns - c->free_ns : -1;
}

typedef bool call_is(const struct call *c);

/* Sent by something on the way: its hops, or its time, are not the server's. */
static bool by_middle(const struct call *c)
{
    const struct p2t_flow_record *server = c->conn != NULL ? &c->conn->side[P2T_SIDE_SERVER] : NULL;

    if (call_has(c, P2T_FINDING_CONN_RST_INJECTED))
        return true;
    return server != NULL && server->rst_ttl != 0 && server->ttl != 0 &&
           (server->rst_ttl > server->ttl + 1 || server->ttl > server->rst_ttl + 1);
}

static bool is_stale(const struct call *c)
{
    return call_has(c, P2T_FINDING_CONN_STALE_REUSE) && !by_middle(c) &&
           (idle_before(c) > IDLE_NS || (c->free_ns == 0 && c->conn != NULL && c->conn->syns == 0));
}

/* Its client sent it again by itself, and so it did not fail. */
static bool is_repeated(const struct call *c)
{
    return c->outcome == P2T_OUTCOME_NO_RESPONSE && !c->failed;
}

static bool is_ended(const struct call *c)
{
    bool answered = c->kind == P2T_KIND_TLS && call_was_heard(c) && !c->alerted; /* in no TLS record */

    return !answered && (c->failed || is_repeated(c)) && c->answer_ns == 0 && c->status == 0 && !c->left &&
           !is_stale(c) && call_has(c, P2T_FINDING_CONN_CLOSED_BY_SERVER);
}

static bool is_broken_off(const struct call *c)
{
    return c->outcome == P2T_OUTCOME_RESPONSE_ERROR && c->answer_ns != 0 && !c->left &&
           call_has(c, P2T_FINDING_CONN_CLOSED_BY_SERVER);
}

static struct cause *blame(struct service *v, enum p2t_cause_code code, enum p2t_cause_side side, const char *phase,
                           call_is *is)
{
    struct cause *c = cause_add(v->s, code, side, phase, P2T_CERTAIN);
    const struct call *first = v->calls[0].item;

    cause_subject_service(c, first->server, first->server_ip);
    for (size_t i = 0; i < v->n; i++) {
        struct call *x = v->calls[i].item;
        if (!is(x))
            continue;
        cause_hit(v->s, c, x);
        cause_span(c, x->request_ns, x->end_ns);
        add_ns(&c->lost_ns, x->total_ns);
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct call *x = v->calls[i].item;
        if (x->request_ns >= c->since_ns && x->request_ns <= c->until_ns)
            c->of += call_weight(v->s, x);
    }
    return c;
}

/* The calls that a proxy made these for: what became of them. */
struct parents {
    size_t calls, failed;
    const struct word *proxy;
};

static struct parents hit_parents(struct service *v, struct cause *c)
{
    struct parents p = {0};
    size_t n = c->hit_count;
    struct call *parent[n > 0 && n < 4096 ? n : 1];

    for (size_t i = 0; i < n && n < 4096; i++)
        if (c->hit[i]->parent != NULL)
            parent[p.calls++] = c->hit[i]->parent;
    for (size_t i = 0; i < p.calls; i++) {
        p.failed += parent[i]->failed;
        p.proxy = parent[i]->server;
        cause_hit(v->s, c, parent[i]);
    }
    /* Both legs are one call. */
    c->calls -= p.calls < c->calls ? p.calls : 0;
    if (p.calls > 0)
        c->failed = p.failed;
    return p;
}

static void say_parents(struct cause *c, const struct parents *p)
{
    if (p->calls == 0)
        return;
    buf_printf(&c->text, "; the proxy %s turns that into %zu error%s and %zu late answer%s", word_str(p->proxy),
               p->failed, plural(p->failed), p->calls - p->failed, plural(p->calls - p->failed));
    cause_clear(c, p->proxy);
}

static size_t count(const struct service *v, call_is *is)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++)
        n += is(v->calls[i].item);
    return n;
}

static void find_stale(struct service *v)
{
    struct sample idle = {0};

    if (count(v, is_stale) < at_least(v->s, 2))
        return;
    struct cause *c = blame(v, P2T_CAUSE_CONN_STALE_REUSE, P2T_CAUSE_SIDE_SERVER, "wait", is_stale);
    for (size_t i = 0; i < c->hit_count; i++)
        if (idle_before(c->hit[i]) >= 0)
            sample_add(&idle, idle_before(c->hit[i]));
    const struct call *first = c->hit[0];
    say_service(&c->text, first->server, first->server_ip);
    buf_lit(&c->text, " closes idle connections");
    if (idle.n > 0) {
        buf_lit(&c->text, " after ");
        say_time(&c->text, sample_at(&idle, 500));
    }
    buf_printf(&c->text, "; %zu request%s of ", c->hit_count, plural(c->hit_count));
    say_client(&c->text, first->agent, first->client);
    buf_lit(&c->text,
            " were sent just as it closed and were lost: the client's idle limit is longer than the server's");
    struct parents p = hit_parents(v, c);
    say_parents(c, &p);
    sample_fini(&idle);
}

static bool is_ended_by_middle(const struct call *c)
{
    bool ended =
        is_ended(c) || call_has(c, P2T_FINDING_CONN_RST_INJECTED) || call_has(c, P2T_FINDING_CONN_STALE_REUSE);

    return c->failed && ended && by_middle(c);
}

static bool is_reset(const struct call *c)
{
    return c->conn != NULL && c->conn->rst_ns[P2T_SIDE_SERVER] != 0;
}

/* It answers the ACK of the handshake: the request had not come yet. A client sees that by the RST's coming earlier than
 * an answer to the request could. */
static bool is_reset_at_once(const struct call *c)
{
    const struct conn *k = c->conn;

    if (!is_ended(c) || by_middle(c) || !is_reset(c) || c->reused || k->syn_ack_ns == 0 || k->syn_ns == 0)
        return false;
    int64_t way_ns = k->vantage == P2T_VANTAGE_CLIENT ? (k->syn_ack_ns - k->syn_ns) / 20 * 19 : 0;
    return k->rst_ns[P2T_SIDE_SERVER] < c->request_ns + way_ns;
}

static bool is_ended_by_server(const struct call *c)
{
    return is_ended(c) && !by_middle(c) && !is_reset_at_once(c);
}

/* The end of the request; its beginning, where it was cut off inside. */
static int64_t all_sent_ns(const struct call *c)
{
    return c->sent_ns > c->request_ns && c->sent_ns < c->end_ns ? c->sent_ns : c->request_ns;
}

static void find_ended(struct service *v, call_is *is, enum p2t_cause_code code, enum p2t_cause_side side)
{
    struct sample after = {0};
    size_t resets = 0, repeated = 0;

    if (count(v, is) < at_least(v->s, 2))
        return;
    struct cause *c = blame(v, code, side, "wait", is);
    for (size_t i = 0; i < c->hit_count; i++) {
        repeated += is_repeated(c->hit[i]);
        sample_add(&after, c->hit[i]->end_ns - all_sent_ns(c->hit[i]));
        resets += is_reset(c->hit[i]);
    }
    const struct call *first = c->hit[0];
    buf_str(&c->text, side == P2T_CAUSE_SIDE_NETWORK ? "something on the way, not " : "");
    say_service(&c->text, first->server, first->server_ip);
    buf_printf(&c->text, "%s %s connections ", side == P2T_CAUSE_SIDE_NETWORK ? "," : "",
               resets * 2 > c->hit_count ? "resets" : "closes");
    say_time(&c->text, sample_at(&after, 500));
    buf_printf(&c->text, " after the request instead of answering, %zu of %zu calls", c->hit_count,
               c->of > c->hit_count ? c->of : c->hit_count);
    if (repeated > 0)
        buf_printf(&c->text, ", %zu of which %s sent again at once by %s client", repeated,
                   repeated == 1 ? "was" : "were", repeated == 1 ? "its" : "their");
    if (side == P2T_CAUSE_SIDE_NETWORK && first->conn != NULL && first->conn->side[P2T_SIDE_SERVER].rst_ttl != 0 &&
        first->conn->side[P2T_SIDE_SERVER].rst_ttl != first->conn->side[P2T_SIDE_SERVER].ttl)
        buf_printf(&c->text, " (the RST has TTL %u, the server's packets %u)",
                   (unsigned)first->conn->side[P2T_SIDE_SERVER].rst_ttl,
                   (unsigned)first->conn->side[P2T_SIDE_SERVER].ttl);
    struct parents p = hit_parents(v, c);
    say_parents(c, &p);
    v->s->failed |= after.failed;
    sample_fini(&after);
}

static void find_reset_at_once(struct service *v)
{
    size_t n = count(v, is_reset_at_once);

    if (n < at_least(v->s, 2))
        return;
    struct cause *c = blame(v, P2T_CAUSE_CONN_BACKLOG_RESET, P2T_CAUSE_SIDE_SERVER, "connect", is_reset_at_once);
    const struct call *first = c->hit[0];
    say_service(&c->text, first->server, first->server_ip);
    buf_printf(&c->text,
               " resets connections as soon as they are established, before it has a request, %zu of %zu calls", n,
               c->of > n ? c->of : n);
    if (c->of > n)
        buf_lit(&c->text, ": its accept queue is full (tcp_abort_on_overflow), or one of several behind it is dead");
    struct parents p = hit_parents(v, c);
    say_parents(c, &p);
}

static void find_broken_off(struct service *v)
{
    size_t heads = 0;

    if (count(v, is_broken_off) < at_least(v->s, 2))
        return;
    struct cause *c = blame(v, P2T_CAUSE_HTTP_TRUNCATED, P2T_CAUSE_SIDE_SERVER, "receive", is_broken_off);
    const struct call *first = c->hit[0];
    say_service(&c->text, first->server, first->server_ip);
    for (size_t i = 0; i < c->hit_count; i++)
        heads += c->hit[i]->head_open;
    buf_printf(&c->text, " cuts off %zu of %zu responses in the middle of the %s", c->hit_count,
               c->of > c->hit_count ? c->of : c->hit_count,
               heads == 0              ? "body"
               : heads == c->hit_count ? "head"
                                       : "head or the body");
}

void rules_failures(struct p2t_summary *s)
{
    size_t at = 0, n;
    struct keyed *first;

    while (cause_room(s) && (first = groups_next(&s->services, &at, &n)) != NULL) {
        struct service v = {s, first, n};
        if (first->key[0] == NULL)
            continue;
        find_stale(&v);
        find_reset_at_once(&v);
        find_ended(&v, is_ended_by_server, P2T_CAUSE_CONN_RESET_MIDWAY, P2T_CAUSE_SIDE_SERVER);
        find_ended(&v, is_ended_by_middle, P2T_CAUSE_CONN_RESET_BY_MIDDLE, P2T_CAUSE_SIDE_NETWORK);
        find_broken_off(&v);
    }
}
