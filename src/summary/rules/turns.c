/* Turns of the conversation that wait for nothing: Nagle against delayed acknowledgements, 100 Continue that never comes. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

/* Go waits a second for 100 Continue; nobody waits less than this. */
static const int64_t CONTINUE_NS = 400 * (int64_t)MS;

static bool is_nagled(const struct call *c, bool by_server)
{
    return c->nagle_ns > 0 && (c->nagle_by_server != 0) == by_server;
}

/* Calls of the routes that are hit at all. */
static size_t of_routes(const struct keyed *calls, size_t n, bool by_server)
{
    struct word_list routes = {0};
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (is_nagled(calls[i].item, by_server))
            word_list_add(&routes, ((const struct call *)calls[i].item)->route);
    for (size_t i = 0; i < n; i++)
        count += word_list_has(&routes, ((const struct call *)calls[i].item)->route);
    return count;
}

static void find_nagle(struct p2t_summary *s, struct keyed *calls, size_t n, bool by_server)
{
    struct sample waits = {0};
    const struct call *first = NULL;

    for (size_t i = 0; i < n; i++)
        if (is_nagled(calls[i].item, by_server)) {
            first = first == NULL ? calls[i].item : first;
            sample_add(&waits, ((const struct call *)calls[i].item)->nagle_ns);
        }
    if (waits.n >= 5 && waits.n * 100 > of_routes(calls, n, by_server) * 15) {
        struct cause *c = cause_add(s, P2T_CAUSE_TCP_NAGLE, by_server ? P2T_CAUSE_SIDE_SERVER : P2T_CAUSE_SIDE_CLIENT,
                                    by_server ? "receive" : "send", P2T_CERTAIN);
        cause_subject_service(c, first->server, first->server_ip);
        if (!by_server) {
            c->client = first->client;
            c->agent = first->agent;
        }
        for (size_t i = 0; i < n; i++) {
            struct call *x = calls[i].item;
            if (!is_nagled(x, by_server))
                continue;
            cause_hit(s, c, x);
            cause_span(c, x->request_ns, x->end_ns);
            add_ns(&c->lost_ns, x->nagle_ns);
        }
        c->of = n;
        if (by_server)
            say_service(&c->text, first->server, first->server_ip);
        else
            say_client(&c->text, first->agent, first->client);
        buf_printf(&c->text, " writes its %s", by_server ? "answers" : "requests to ");
        if (!by_server)
            say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, " in small pieces, and each waits ");
        say_time(&c->text, sample_at(&waits, 500));
        buf_printf(&c->text, " for an acknowledgement that its peer delays, %zu calls (TCP_NODELAY, or one write)",
                   waits.n);
    }
    s->failed |= waits.failed;
    sample_fini(&waits);
}

static bool is_uncontinued(const struct call *c)
{
    return c->expects && !c->continued && c->request_bytes > 0 && c->sent_ns - c->request_ns > CONTINUE_NS &&
           (c->answer_ns == 0 || c->answer_ns > c->request_ns + CONTINUE_NS);
}

static void find_continue(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct sample waits = {0};
    const struct call *first = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (!is_uncontinued(c))
            continue;
        first = first == NULL ? c : first;
        sample_add(&waits, c->sent_ns - c->request_ns);
    }
    if (waits.n >= at_least(s, 3)) {
        struct cause *c = cause_add(s, P2T_CAUSE_HTTP_CONTINUE_EXPIRED, P2T_CAUSE_SIDE_SERVER, "send", P2T_CERTAIN);
        cause_subject_service(c, first->server, first->server_ip);
        for (size_t i = 0; i < n; i++) {
            struct call *x = calls[i].item;
            if (!is_uncontinued(x))
                continue;
            cause_hit(s, c, x);
            cause_span(c, x->request_ns, x->end_ns);
            add_ns(&c->lost_ns, x->sent_ns - x->request_ns);
        }
        say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, " never says 100 Continue: ");
        say_time(&c->text, sample_at(&waits, 500));
        buf_printf(&c->text, " lost in each of %zu calls", waits.n);
    }
    s->failed |= waits.failed;
    sample_fini(&waits);
}

void rules_turns(struct p2t_summary *s)
{
    size_t at = 0, n;
    struct keyed *first;

    while (cause_room(s) && (first = groups_next(&s->services, &at, &n)) != NULL) {
        if (first->key[0] == NULL)
            continue;
        find_nagle(s, first, n, true);
        find_nagle(s, first, n, false);
        find_continue(s, first, n);
    }
}
