/* HTTP/2 and gRPC: streams that are reset, connections that go away under calls, calls with an error status. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { GRPC_DEADLINE_EXCEEDED = 4 };

typedef bool call_is(const struct call *c);

static bool is_reset(const struct call *c)
{
    return c->failed && c->reset_by_server && !c->left && c->grpc_status <= 0;
}

static bool is_past_deadline(const struct call *c)
{
    return c->grpc_status == GRPC_DEADLINE_EXCEEDED;
}

static bool has_error_status(const struct call *c)
{
    return c->grpc_status > 0 && c->grpc_status != GRPC_DEADLINE_EXCEEDED && c->status < 500;
}

static size_t count(const struct keyed *calls, size_t n, call_is *is)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += is(calls[i].item);
    return found;
}

static struct cause *blame(struct p2t_summary *s, const struct keyed *calls, size_t n, call_is *is,
                           enum p2t_cause_code code, enum p2t_cause_side side)
{
    struct cause *c = cause_add(s, code, side, "wait", P2T_CERTAIN);

    for (size_t i = 0; i < n; i++) {
        struct call *x = calls[i].item;
        if (!is(x))
            continue;
        cause_hit(s, c, x);
        cause_span(c, x->request_ns, x->end_ns);
        add_ns(&c->lost_ns, x->total_ns);
    }
    cause_subject_service(c, c->hit[0]->server, c->hit[0]->server_ip);
    for (size_t i = 0; i < n; i++) {
        const struct call *x = calls[i].item;
        c->of += x->request_ns >= c->since_ns && x->request_ns <= c->until_ns;
    }
    say_service(&c->text, c->hit[0]->server, c->hit[0]->server_ip);
    return c;
}

/* Of calls that have the error. */
static struct word_list routes_of(const struct keyed *calls, size_t n, call_is *is)
{
    struct word_list routes = {0};

    for (size_t i = 0; i < n; i++)
        if (is(calls[i].item))
            word_list_add(&routes, ((const struct call *)calls[i].item)->route);
    return routes;
}

/* An error status that a route has at all times is in order; what counts is that most calls have it, or that it began. Calls
 * of other routes say nothing about it, unless there are too many to know. */
static bool is_unusual(const struct keyed *calls, size_t n, call_is *is, size_t bad)
{
    struct word_list routes = routes_of(calls, n, is);
    int64_t first_ns = 0, last_ns = 0;
    size_t inside = 0, all = 0;

    for (size_t i = 0; i < n; i++)
        if (is(calls[i].item)) {
            first_ns = first_ns == 0 ? calls[i].at_ns : first_ns;
            last_ns = calls[i].at_ns;
        }
    for (size_t i = 0; i < n; i++) {
        if (routes.total <= routes.n && !word_list_has(&routes, ((const struct call *)calls[i].item)->route))
            continue;
        all++;
        inside += calls[i].at_ns >= first_ns && calls[i].at_ns <= last_ns;
    }
    return bad * 10 > inside * 3 && (all - inside >= 5 || bad * 2 > all);
}

/* Where others of the service are well. */
static void say_route(struct cause *c, const struct keyed *calls, size_t n, call_is *is)
{
    const struct call *first = c->hit[0];

    if (routes_of(calls, n, is).total != 1 || first->route == NULL || c->of <= c->hit_count)
        return;
    c->method = first->method;
    c->route = first->route;
    buf_printf(&c->text, ", all %s %s", word_str(c->method), word_str(c->route));
}

static void say_resets(struct cause *c, size_t reset)
{
    bool hidden = c->hit[0]->kind == P2T_KIND_TLS;

    buf_printf(&c->text, "%s resets streams, %zu of %zu calls", hidden ? " most likely" : "", reset, c->of);
    if (!hidden)
        return;
    c->confidence = P2T_LIKELY;
    buf_lit(&c->text, ": a frame as long as RST_STREAM comes instead of an answer, and at once the client closes the "
                      "connection; TLS hides the frame");
}

static void look_at(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    size_t reset = count(calls, n, is_reset), late = count(calls, n, is_past_deadline),
           errors = count(calls, n, has_error_status);

    if (reset >= at_least(s, 3)) {
        struct cause *c = blame(s, calls, n, is_reset, P2T_CAUSE_HTTP2_STREAM_RESET, P2T_CAUSE_SIDE_SERVER);
        say_resets(c, reset);
    }
    if (late >= at_least(s, 3) && is_unusual(calls, n, is_past_deadline, late)) {
        struct cause *c = blame(s, calls, n, is_past_deadline, P2T_CAUSE_GRPC_DEADLINE, P2T_CAUSE_SIDE_SERVER);
        c->confidence = P2T_LIKELY;
        buf_printf(&c->text, " does not answer gRPC calls before their deadline (DEADLINE_EXCEEDED), %zu of %zu",
                   late, c->of);
        say_route(c, calls, n, is_past_deadline);
    }
    if (errors >= at_least(s, 5) && is_unusual(calls, n, has_error_status, errors)) {
        struct cause *c = blame(s, calls, n, has_error_status, P2T_CAUSE_GRPC_STATUS, P2T_CAUSE_SIDE_SERVER);
        buf_printf(&c->text, " ends gRPC calls with grpc-status %d, %zu of %zu", c->hit[0]->grpc_status, errors,
                   c->of);
        say_route(c, calls, n, has_error_status);
    }
}

/* ---- GOAWAY ---- */

static const char GOAWAY[] = "http2: server sent GOAWAY and closed the connection; ";

/* Its call was under way, or not even taken, when the server said GOAWAY and closed the connection (RFC 9113 6.8). */
static bool is_cut_by_goaway(const struct call *c)
{
    return c->failed && c->error != NULL && strncmp(c->error->text, GOAWAY, sizeof GOAWAY - 1) == 0;
}

/* The server said that it did nothing with it: it may be sent again whatever it asks for. */
static bool is_not_taken(const struct call *c)
{
    const char *last = strstr(c->error->text, "LastStreamID=");

    return last != NULL && c->stream > strtoull(last + sizeof "LastStreamID=" - 1, NULL, 10);
}

static bool is_cut_by_goaway_untaken(const struct call *c)
{
    return is_cut_by_goaway(c) && is_not_taken(c);
}

static const char *reason_of(const struct call *c)
{
    const char *reason = strstr(c->error->text, "ErrCode=");

    return reason != NULL ? reason : "";
}

static void find_goaway(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    size_t cut = count(calls, n, is_cut_by_goaway);

    if (cut < at_least(s, 2))
        return;
    struct cause *c = blame(s, calls, n, is_cut_by_goaway, P2T_CAUSE_HTTP2_GOAWAY, P2T_CAUSE_SIDE_SERVER);
    const struct call *first = c->hit[0];
    if (strstr(reason_of(first), "too_many_pings") != NULL) {
        c->side = P2T_CAUSE_SIDE_CLIENT;
        c->client = first->client;
        c->agent = first->agent;
    }
    buf_printf(&c->text, " sends GOAWAY (%s) and closes the connection: %zu of %zu calls end unanswered",
               reason_of(first), cut, c->of);
    size_t left = count(calls, n, is_cut_by_goaway_untaken);
    if (left > 0)
        buf_printf(&c->text, ", %zu of them not taken by it, as it says: they may be sent again", left);
    if (c->side == P2T_CAUSE_SIDE_CLIENT) {
        buf_lit(&c->text, "; ");
        say_client(&c->text, c->agent, c->client);
        buf_lit(&c->text, " sends more PINGs than it allows");
    }
}

/* ---- the limit of streams ---- */

/* A request this soon after the end of another waited for it. */
static const int64_t AT_ONCE_NS = 3 * (int64_t)MS;

static size_t open_at(const struct conn *k, size_t at, int64_t *last_end_ns)
{
    enum { LOOKED_AT_MAX = 512 };
    int64_t now = k->calls[at]->request_ns;
    size_t open = 0;

    *last_end_ns = 0;
    for (size_t i = at; i-- > 0 && at - i < LOOKED_AT_MAX;) {
        int64_t end = k->calls[i]->end_ns;
        open += end > now;
        if (end <= now)
            *last_end_ns = max_ns(*last_end_ns, end);
    }
    return open;
}

/* Requests that left the moment another stream ended, with as many open as the server allows. */
static void find_queue(struct p2t_summary *s, const struct conn *k)
{
    size_t at_limit = 0;
    struct call *first = NULL;

    for (size_t i = 0; i < k->call_count; i++) {
        int64_t ended;
        struct call *c = k->calls[i];
        if (c->max_streams == 0 || c->request_ns == 0)
            continue;
        bool queued = open_at(k, i, &ended) + 1 == c->max_streams && c->request_ns - ended < AT_ONCE_NS;
        c->mark = queued;
        first = queued && first == NULL ? c : first;
        at_limit += queued;
    }
    if (at_limit < 10 || at_limit * 4 < k->call_count)
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_HTTP2_MAX_STREAMS, P2T_CAUSE_SIDE_SERVER, "blocked", P2T_LIKELY);
    cause_subject_service(c, k->server, k->server_ip);
    c->client = k->client_ip;
    for (size_t i = 0; i < k->call_count; i++)
        if (k->calls[i]->max_streams != 0 && k->calls[i]->mark != 0) {
            cause_hit(s, c, k->calls[i]);
            cause_span(c, k->calls[i]->request_ns, k->calls[i]->end_ns);
        }
    c->of = k->call_count;
    c->lost_ns = c->until_ns - c->since_ns;
    say_service(&c->text, k->server, k->server_ip);
    buf_printf(&c->text,
               " allows %u streams at once, and they are all open: %zu of %zu requests leave the moment another ends",
               first->max_streams, at_limit, k->call_count);
}

void rules_streams(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->conn_count; i++)
        if (s->conns[i].call_count >= 10 && s->conns[i].calls[0]->kind == P2T_KIND_HTTP2)
            find_queue(s, &s->conns[i]);

    size_t at = 0, n;
    struct keyed *first;

    while (cause_room(s) && (first = groups_next(&s->services, &at, &n)) != NULL)
        if (first->key[0] != NULL) {
            find_goaway(s, first, n);
            look_at(s, first, n);
        }
}
