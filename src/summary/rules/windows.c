/* Receivers that do not read: TCP's window shut, or HTTP/2's run dry. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

static const int64_t LEAST_NS = 100 * (int64_t)MS;

/* ---- TCP ---- */

struct shut {
    struct p2t_summary *s;
    const struct conn *first;
    bool by_client; /* the client does not read */
    int64_t from_ns, to_ns;
    size_t stalls;
    struct proof proof;
};

static bool is_shut(const struct stall *x, bool by_client)
{
    return x->kind == P2T_STALL_ZERO_WINDOW && x->by_server == by_client && x->to_ns - x->from_ns > LEAST_NS;
}

/* Where an encrypted answer ends is an estimate, a poor one where the snapshot length cuts its records: up to the next call all
 * that waits is its own. */
static int64_t shut_for(const struct shut *w, const struct conn *k, size_t at)
{
    const struct call *c = k->calls[at];
    int64_t ns = w->by_client ? c->shut_by_client_ns : c->shut_by_server_ns, sum = 0;
    int64_t until_ns = at + 1 < k->call_count ? k->calls[at + 1]->request_ns : k->last_ns;

    for (size_t i = 0; i < k->stall_count && c->kind == P2T_KIND_TLS && c->request_ns != 0; i++)
        if (is_shut(&k->stalls[i], w->by_client))
            add_ns(&sum, overlap_ns(k->stalls[i].from_ns, k->stalls[i].to_ns, c->request_ns, until_ns));
    return max_ns(ns, sum);
}

static void tell_shut(struct shut *w, struct keyed *conns, size_t n)
{
    struct p2t_summary *s = w->s;
    struct cause *c = cause_add(s, w->by_client ? P2T_CAUSE_TCP_ZERO_WINDOW_CLIENT : P2T_CAUSE_TCP_ZERO_WINDOW_SERVER,
                                w->by_client ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER,
                                w->by_client ? "receive" : "send", P2T_CERTAIN);
    size_t stayed = 0;

    cause_subject_service(c, w->first->server, w->first->server_ip);
    for (size_t i = 0; i < n; i++) {
        const struct conn *k = conns[i].item;
        for (size_t x = 0; x < k->call_count; x++) {
            struct call *call = k->calls[x];
            int64_t ns = shut_for(w, k, x);
            /* One that stops reading and leaves wanted no more. */
            if (ns <= LEAST_NS || (w->by_client && call->left))
                continue;
            stayed++;
            cause_hit(s, c, call);
            add_ns(&c->lost_ns, ns);
        }
    }
    cause_span(c, w->from_ns, w->to_ns);
    cause_prove(c, w->proof);
    c->gone = stayed < 2 && c->lost_ns < 3 * SECOND_NS / 2;
    if (w->by_client) {
        c->kind = "client";
        c->client = w->first->client_ip;
        c->agent = c->hit_count > 0 ? c->hit[0]->agent : NULL;
        say_client(&c->text, c->agent, c->client);
        buf_lit(&c->text, " does not read what ");
        say_service(&c->text, w->first->server, w->first->server_ip);
        buf_lit(&c->text, " sends");
    } else {
        say_service(&c->text, w->first->server, w->first->server_ip);
        buf_lit(&c->text, " does not read what is sent to it");
    }
    buf_lit(&c->text, ": its receive window is closed for ");
    say_time(&c->text, c->lost_ns);
    buf_printf(&c->text, " in %zu call%s; the network lost nothing", c->calls, plural(c->calls));
    cause_clear(c, w->by_client ? w->first->server : w->first->client_ip);
}

static void find_shut(struct p2t_summary *s, struct keyed *conns, size_t n, bool by_client)
{
    struct shut w = {.s = s, .by_client = by_client};

    for (size_t i = 0; i < n; i++) {
        const struct conn *k = conns[i].item;
        if (trouble_of(s, TROUBLE_MTU, k->server, k->first_ns, k->last_ns) != NULL)
            continue;
        for (size_t x = 0; x < k->stall_count; x++) {
            if (!is_shut(&k->stalls[x], by_client))
                continue;
            w.first = w.stalls++ == 0 ? k : w.first;
            w.from_ns = w.from_ns == 0 ? k->stalls[x].from_ns : min_ns(w.from_ns, k->stalls[x].from_ns);
            w.to_ns = max_ns(w.to_ns, k->stalls[x].to_ns);
            w.proof = k->stalls[x].proof;
        }
    }
    if (w.stalls > 0)
        tell_shut(&w, conns, n);
}

/* ---- HTTP/2 ---- */

/* Time in which its stream stood still, where nothing of TCP held it. */
static int64_t stood_still(const struct call *c)
{
    return c->wait_ns + c->receive_ns + c->send_ns - c->stalled_ns - c->shut_by_client_ns - c->shut_by_server_ns;
}

struct dry {
    struct p2t_summary *s;
    const struct conn *conn;
    bool answer; /* the client's window for answers; else the server's for requests */
    int64_t from_ns, to_ns;
    size_t hit;
};

static bool stands_behind(const struct dry *d, const struct call *c)
{
    return c->end_ns > d->from_ns && c->request_ns < d->to_ns && stood_still(c) > LEAST_NS;
}

static bool look_for_dry(struct dry *d)
{
    for (size_t i = 0; i < d->conn->call_count; i++) {
        const struct call *c = d->conn->calls[i];
        if (!c->flow_stalled[d->answer] || stood_still(c) <= LEAST_NS)
            continue;
        d->from_ns = d->from_ns == 0 ? call_sent_or_begun(c) : min_ns(d->from_ns, call_sent_or_begun(c));
        d->to_ns = max_ns(d->to_ns, c->end_ns);
    }
    for (size_t i = 0; i < d->conn->call_count && d->to_ns != 0; i++)
        d->hit += stands_behind(d, d->conn->calls[i]);
    return d->hit >= at_least(d->s, 2);
}

static void tell_dry(struct dry *d)
{
    const struct conn *k = d->conn;
    struct cause *c =
        cause_add(d->s, P2T_CAUSE_HTTP2_FLOW_CONTROL, d->answer ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER,
                  d->answer ? "receive" : "send", P2T_CERTAIN);

    cause_subject_service(c, k->server, k->server_ip);
    for (size_t i = 0; i < k->call_count; i++) {
        struct call *x = k->calls[i];
        if (!stands_behind(d, x))
            continue;
        cause_hit(d->s, c, x);
        add_ns(&c->lost_ns, stood_still(x));
        c->agent = x->agent;
    }
    cause_span(c, d->from_ns, d->to_ns);
    if (d->answer) {
        c->kind = "client";
        c->client = k->client_ip;
        say_client(&c->text, c->agent, c->client);
    } else {
        c->agent = NULL;
        say_service(&c->text, k->server, k->server_ip);
    }
    buf_lit(&c->text, " lets an HTTP/2 flow-control window run out: ");
    say_count(&c->text, d->hit, "call");
    buf_printf(&c->text, " %s ", d->answer ? "to" : "of");
    if (d->answer)
        say_service(&c->text, k->server, k->server_ip);
    else
        buf_str(&c->text, word_str(k->client_ip));
    buf_printf(&c->text, " %s blocked by it, while TCP's window is open", d->hit == 1 ? "is" : "are");
    cause_clear(c, d->answer ? k->server : k->client_ip);
}

static void find_dry(struct p2t_summary *s, const struct conn *k)
{
    for (int answer = 0; answer < 2; answer++) {
        struct dry d = {.s = s, .conn = k, .answer = answer != 0};
        if (look_for_dry(&d))
            tell_dry(&d);
    }
}

void rules_windows(struct p2t_summary *s)
{
    struct groups by_server = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->conn_count; i++)
        groups_add(&by_server,
                   (struct keyed){{s->conns[i].server}, s->conns[i].first_ns, s->conns[i].id, &s->conns[i]});
    groups_sort(&by_server);
    while (cause_room(s) && (first = groups_next(&by_server, &at, &n)) != NULL) {
        find_shut(s, first, n, true);
        find_shut(s, first, n, false);
    }
    for (size_t i = 0; i < s->conn_count && cause_room(s); i++)
        find_dry(s, &s->conns[i]);
    s->failed |= by_server.failed;
    groups_fini(&by_server);
}
