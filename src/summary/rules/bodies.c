/* Bodies that come slowly, where neither loss nor a shut window is to blame. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

static const int64_t LEAST_SLOWER_NS = 150 * (int64_t)MS;

struct bodies {
    struct p2t_summary *s;
    struct keyed *calls; /* of one route at one server, by time */
    size_t n;
    bool sending; /* the request's; else the response's */
    int64_t base_ns;
    struct keyed *slow; /* the densest run of slow ones */
    size_t span;
};

static int64_t own_time(const struct call *c, bool sending)
{
    int64_t phase = sending ? c->send_ns : c->receive_ns, shut = c->shut_by_client_ns + c->shut_by_server_ns;

    return max_ns(0, phase - (c->stalled_ns <= phase ? c->stalled_ns : 0) - shut);
}

/* In the body. Of a TLS call, the connection's pauses after its answer began. */
static int64_t paused_in(const struct call *c, bool sending)
{
    int64_t ns = sending ? c->idle_client_ns : c->idle_server_ns, sum = 0;

    for (size_t i = 0; c->kind == P2T_KIND_TLS && !sending && c->answer_ns != 0 && i < c->conn->stall_count; i++) {
        const struct stall *x = &c->conn->stalls[i];
        if (x->kind == P2T_STALL_IDLE && x->by_server)
            add_ns(&sum, overlap_ns(x->from_ns, x->to_ns, c->answer_ns, c->end_ns));
    }
    return max_ns(ns, sum);
}

static bool is_slow(const void *item)
{
    return ((const struct call *)item)->mark != 0;
}

static void blame(struct bodies *b, size_t slow, int64_t median, int64_t paused, int64_t took)
{
    const struct call *first = b->slow[0].item;
    bool own = paused * 10 > took * 6;
    enum p2t_cause_code code = b->sending ? P2T_CAUSE_HTTP_SLOW_UPLOAD
                               : own      ? P2T_CAUSE_TCP_SENDER_PAUSED
                                          : P2T_CAUSE_HTTP_SLOW_DOWNLOAD;
    enum p2t_cause_side side = !own         ? P2T_CAUSE_SIDE_NETWORK
                               : b->sending ? P2T_CAUSE_SIDE_CLIENT
                                            : P2T_CAUSE_SIDE_SERVER;
    struct cause *c = cause_add(b->s, code, side, b->sending ? "send" : "receive", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    c->method = first->method;
    c->route = first->route;
    if (b->sending && own) {
        c->client = first->client;
        c->agent = first->agent;
    }
    for (size_t i = 0; i < b->span; i++) {
        struct call *x = b->slow[i].item;
        if (x->mark == 0)
            continue;
        cause_hit(b->s, c, x);
        cause_span(c, x->request_ns, x->end_ns);
    }
    c->of = b->span;
    c->lost_ns = took - b->base_ns * (int64_t)slow;
    if (own) {
        if (b->sending)
            say_client(&c->text, first->agent, first->client);
        else
            say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, " pauses inside the body, with nothing lost and the window open");
    } else {
        buf_printf(&c->text, "bodies %s ", b->sending ? "to" : "from");
        say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, " arrive slowly without pause or loss, which fits the path's bandwidth");
    }
    buf_lit(&c->text, ", ");
    say_count(&c->text, slow, "call");
    if (first->route != NULL)
        buf_printf(&c->text, " of %s %s", word_str(first->method), first->route->text);
    buf_lit(&c->text, " take ");
    say_time(&c->text, median);
    buf_lit(&c->text, " for it (usual: ");
    say_time(&c->text, b->base_ns);
    buf_putc(&c->text, ')');
}

static const struct call *first_of(const struct bodies *b)
{
    return b->slow[0].item;
}

/* Without keys, routes mix: nearly all are slow for a while, and hardly any before and after. */
static bool is_clean(const struct bodies *b, size_t slow)
{
    size_t outside = b->n - b->span, all = 0;

    for (size_t i = 0; i < b->n; i++)
        all += is_slow(b->calls[i].item);
    return slow * 10 >= b->span * 7 && outside >= 5 && (all - slow) * 10 <= outside;
}

static void look_at(struct bodies *b)
{
    struct sample all = {0}, slow = {0};
    size_t at = 0;
    int64_t paused = 0, took = 0;

    for (size_t i = 0; i < b->n; i++)
        sample_add(&all, own_time(b->calls[i].item, b->sending));
    b->base_ns = sample_at(&all, 250);
    int64_t over = max_ns(3 * b->base_ns, b->base_ns + LEAST_SLOWER_NS);
    for (size_t i = 0; i < b->n; i++) {
        struct call *c = b->calls[i].item;
        /* Slow start takes a round trip now and then. */
        c->mark = own_time(c, b->sending) > over + 3 * c->rtt_ns;
    }
    if (b->n >= 6 && densest_run(b->calls, b->n, is_slow, &at, &b->span)) {
        b->slow = &b->calls[at];
        for (size_t i = 0; i < b->span; i++) {
            const struct call *c = b->slow[i].item;
            if (c->mark == 0)
                continue;
            sample_add(&slow, own_time(c, b->sending));
            took += own_time(c, b->sending);
            add_ns(&paused, paused_in(c, b->sending));
        }
        if (slow.n >= 4 && (first_of(b)->kind != P2T_KIND_TLS || is_clean(b, slow.n)))
            blame(b, slow.n, sample_at(&slow, 500), paused, took);
    }
    b->s->failed |= all.failed || slow.failed;
    sample_fini(&all);
    sample_fini(&slow);
}

void rules_bodies(struct p2t_summary *s)
{
    struct groups g = {0};
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if ((c->kind == P2T_KIND_HTTP1 || c->kind == P2T_KIND_TLS) && c->request_ns != 0 && !c->streams &&
            c->conn != NULL)
            groups_add(&g, (struct keyed){{c->server, c->method, c->route}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    for (int sending = 0; sending < 2; sending++) {
        size_t at = 0, n;
        while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL) {
            struct bodies b = {.s = s, .calls = first, .n = n, .sending = sending != 0};
            look_at(&b);
        }
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
