/* HTTP/2 and gRPC: streams that are reset, connections that go away under calls, calls with an error status. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { GRPC_DEADLINE_EXCEEDED = 4 };

typedef bool call_is(const struct call *c);

static bool is_reset(const struct call *c)
{
    return c->failed && call_has(c, P2T_FINDING_HTTP2_STREAM_RESET) && !c->left && c->grpc_status <= 0;
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
        c->lost_ns += x->total_ns;
    }
    cause_subject_service(c, c->hit[0]->server, c->hit[0]->server_ip);
    for (size_t i = 0; i < n; i++) {
        const struct call *x = calls[i].item;
        c->of += x->request_ns >= c->since_ns && x->request_ns <= c->until_ns;
    }
    say_service(&c->text, c->hit[0]->server, c->hit[0]->server_ip);
    return c;
}

/* An error status that a route has at all times is in order; what counts is that most calls have it, or that it began. */
static bool is_unusual(const struct keyed *calls, size_t n, call_is *is, size_t bad)
{
    int64_t first_ns = 0, last_ns = 0;
    size_t inside = 0;

    for (size_t i = 0; i < n; i++)
        if (is(calls[i].item)) {
            first_ns = first_ns == 0 ? calls[i].at_ns : first_ns;
            last_ns = calls[i].at_ns;
        }
    for (size_t i = 0; i < n; i++)
        inside += calls[i].at_ns >= first_ns && calls[i].at_ns <= last_ns;
    return bad * 10 > inside * 3 && (n - inside >= 5 || bad * 2 > n);
}

static void look_at(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    size_t reset = count(calls, n, is_reset), late = count(calls, n, is_past_deadline),
           errors = count(calls, n, has_error_status);

    if (reset >= at_least(s, 3)) {
        struct cause *c = blame(s, calls, n, is_reset, P2T_CAUSE_HTTP2_STREAM_RESET, P2T_CAUSE_SIDE_SERVER);
        buf_printf(&c->text, " resets streams, %zu of %zu calls", reset, c->of);
    }
    if (late >= at_least(s, 3) && is_unusual(calls, n, is_past_deadline, late)) {
        struct cause *c = blame(s, calls, n, is_past_deadline, P2T_CAUSE_GRPC_DEADLINE, P2T_CAUSE_SIDE_SERVER);
        c->confidence = P2T_LIKELY;
        buf_printf(&c->text, " does not answer gRPC calls before their deadline (DEADLINE_EXCEEDED), %zu of %zu", late, c->of);
    }
    if (errors >= at_least(s, 5) && is_unusual(calls, n, has_error_status, errors)) {
        struct cause *c = blame(s, calls, n, has_error_status, P2T_CAUSE_GRPC_STATUS, P2T_CAUSE_SIDE_SERVER);
        buf_printf(&c->text, " ends gRPC calls with grpc-status %d, %zu of %zu", c->hit[0]->grpc_status, errors, c->of);
    }
}

void rules_streams(struct p2t_summary *s)
{
    size_t at = 0, n;
    struct keyed *first;

    while ((first = groups_next(&s->services, &at, &n)) != NULL)
        if (first->key[0] != NULL)
            look_at(s, first, n);
}
