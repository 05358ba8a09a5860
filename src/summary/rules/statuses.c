/* Answers that are errors: whose they are, and since when. */
#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/apart.h"
#include "summary/rules/rules.h"

struct service {
    struct p2t_summary *s;
    struct keyed *calls; /* of one server, by time */
    size_t n;
    const struct word *server, *server_ip;
};

/* ---- 5xx ---- */

enum { STATUSES = 500 };

struct errors {
    size_t n, inside, legs, failed_legs, slow_legs;
    int64_t from_ns, to_ns;
    size_t of_status[STATUSES]; /* 500 to 999 */
    bool some_gateway, via;
    struct sample wait;
    const struct word *software; /* that the errors name, where no good answer names it; NULL: none */
    const struct call *slow_leg;
};

static bool is_5xx(const struct call *c)
{
    return c->status >= 500;
}

/* A good answer says so, or there is none to compare with. */
static bool says_server(const struct service *v, const struct word *software)
{
    bool good = false;

    for (size_t i = 0; i < v->n; i++) {
        const struct call *c = v->calls[i].item;
        good |= c->status != 0 && c->status < 500;
        if (c->status != 0 && c->status < 500 && c->software == software)
            return true;
    }
    return !good;
}

static void add_legs(struct errors *e, const struct call *c)
{
    e->legs += c->legs > 0;
    e->failed_legs += c->failed_legs > 0;
    /* The proxy answered before its upstream did. */
    if (c->slow_leg != NULL && c->answer_ns != 0 &&
        (c->slow_leg->answer_ns == 0 || c->slow_leg->answer_ns > c->answer_ns)) {
        e->slow_legs++;
        e->slow_leg = c->slow_leg;
    }
}

static struct errors errors_of(const struct service *v)
{
    struct errors e = {0};

    for (size_t i = 0; i < v->n; i++) {
        const struct call *c = v->calls[i].item;
        if (!is_5xx(c))
            continue;
        e.from_ns = e.n == 0 ? call_sent_or_begun(c) : e.from_ns;
        e.n += call_weight(v->s, c);
        e.to_ns = max_ns(e.to_ns, c->end_ns);
        e.of_status[c->status < 500 + STATUSES ? c->status - 500 : STATUSES - 1] += call_weight(v->s, c);
        e.some_gateway |= c->status == 502 || c->status == 504 || (c->status == 503 && c->via);
        if (c->wait_ns > 0)
            sample_add(&e.wait, c->wait_ns);
        add_legs(&e, c);
        if (c->software != NULL && !says_server(v, c->software))
            e.software = c->software;
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct call *c = v->calls[i].item;
        if (call_sent_or_begun(c) >= e.from_ns && call_sent_or_begun(c) <= e.to_ns)
            e.inside += call_weight(v->s, c);
    }
    return e;
}

static void hit_errors(struct service *v, struct cause *c, const struct errors *e)
{
    for (size_t i = 0; i < v->n; i++)
        if (is_5xx(v->calls[i].item)) {
            cause_hit(v->s, c, v->calls[i].item);
            add_ns(&c->lost_ns, ((struct call *)v->calls[i].item)->total_ns);
        }
    cause_span(c, e->from_ns, e->to_ns);
    c->of = e->inside;
}

/* "503", or each with its count where there are several: "503 (12), 500 (3)". */
static void say_statuses(struct buf *b, const struct errors *e)
{
    size_t told[STATUSES];
    size_t n = 0;

    for (size_t i = 0; i < STATUSES; i++) {
        size_t at = n;
        if (e->of_status[i] == 0)
            continue;
        for (; at > 0 && e->of_status[told[at - 1]] < e->of_status[i]; at--)
            told[at] = told[at - 1];
        told[at] = i;
        n++;
    }
    for (size_t i = 0; i < n && i < 3; i++) {
        buf_printf(b, "%s%zu", i > 0 ? ", " : "", 500 + told[i]);
        if (n > 1)
            buf_printf(b, " (%zu)", e->of_status[told[i]]);
    }
    if (n > 3)
        buf_lit(b, " and others");
}

static void blame_upstream(struct service *v, struct errors *e)
{
    struct cause *c = cause_add(v->s, P2T_CAUSE_HTTP_THINK_TIME, P2T_CAUSE_SIDE_SERVER, "wait", P2T_LIKELY);

    cause_subject_service(c, e->slow_leg->server, e->slow_leg->server_ip);
    hit_errors(v, c, e);
    say_service(&c->text, e->slow_leg->server, e->slow_leg->server_ip);
    buf_printf(&c->text, " does not answer the proxy %s in time; it answers ", word_str(v->server));
    say_statuses(&c->text, e);
    buf_lit(&c->text, " after ");
    say_time(&c->text, sample_at(&e->wait, 500));
    buf_printf(&c->text, ", %zu call%s", e->n, plural(e->n));
    cause_clear(c, v->server);
}

static bool has_failed(const void *call)
{
    return is_5xx(call);
}

static void say_what_separates(struct service *v, struct cause *c, const struct errors *e)
{
    size_t first = 0, n = 0;

    for (size_t i = 0; i < v->n; i++) {
        bool in = v->calls[i].at_ns >= e->from_ns && v->calls[i].at_ns <= e->to_ns;
        first = in && n == 0 ? i : first;
        n += in;
    }
    say_apart(v->s, &c->text, &(struct apart){&v->calls[first], n, has_failed, true});
}

/* Not known where only one direction was captured. */
static void say_wait(struct cause *c, struct errors *e)
{
    int64_t median = sample_at(&e->wait, 500), spread = sample_at(&e->wait, 900) - sample_at(&e->wait, 100);
    bool alike = spread < max_ns(5 * (int64_t)MS, median / 10);

    if (e->wait.n == 0)
        return;
    buf_lit(&c->text, ", ");
    say_time(&c->text, median);
    buf_str(&c->text,
            alike && sample_at(&e->wait, 1000) < max_ns(2 * median, 30 * (int64_t)MS) ? " each" : " in the median");
    if (e->n >= 3 && median > 50 * (int64_t)MS && alike)
        buf_lit(&c->text, " (a limit of its own)");
}

static void blame_answerer(struct service *v, struct errors *e)
{
    bool proxy = is_proxy(v->s, v->server_ip), gateway = proxy || e->some_gateway;
    struct cause *c = cause_add(v->s, gateway ? P2T_CAUSE_HTTP_WHO_ANSWERED : P2T_CAUSE_HTTP_ERROR_CLUSTER,
                                gateway ? P2T_CAUSE_SIDE_PROXY : P2T_CAUSE_SIDE_SERVER, "wait",
                                proxy || !gateway ? P2T_CERTAIN : P2T_LIKELY);

    cause_subject_service(c, v->server, v->server_ip);
    hit_errors(v, c, e);
    buf_str(&c->text, gateway ? "the proxy " : "");
    say_service(&c->text, v->server, v->server_ip);
    buf_lit(&c->text, " answers ");
    say_statuses(&c->text, e);
    buf_printf(&c->text, " %sto %zu of %zu calls", gateway ? "itself " : "", e->n, e->inside);
    if (proxy && e->legs == 0)
        buf_lit(&c->text, ", which it never forwarded");
    say_wait(c, e);
    say_what_separates(v, c, e);
    if (e->software != NULL)
        buf_printf(&c->text, "; these answers say Server: %s, good ones do not", e->software->text);
}

static void find_errors(struct service *v)
{
    struct errors e = errors_of(v);
    bool many = e.n * 100 >= e.inside * 15 || (e.n >= 8 && e.n * 100 >= e.inside * 3);
    bool upstreams = is_proxy(v->s, v->server_ip) && e.failed_legs * 10 >= e.n * 6 && e.failed_legs > 0;

    /* Where the calls that the proxy made fail, too, they are told of by themselves. */
    if (e.n >= at_least(v->s, 3) && many && !upstreams) {
        if (is_proxy(v->s, v->server_ip) && e.slow_legs * 10 > e.n * 6)
            blame_upstream(v, &e);
        else
            blame_answerer(v, &e);
    }
    v->s->failed |= e.wait.failed;
    sample_fini(&e.wait);
}

/* ---- 4xx that begin at a moment ---- */

static bool is_limit(int status)
{
    return status == 401 || status == 403 || status == 413 || status == 429 || status == 431;
}

/* The status that most of them have. */
static int usual_error(const struct keyed *calls, size_t n)
{
    size_t counts[100] = {0};
    int most = 0;

    for (size_t i = 0; i < n; i++) {
        int status = ((const struct call *)calls[i].item)->status;
        if (status >= 400 && status < 500)
            counts[status - 400]++;
    }
    for (int i = 1; i < 100; i++)
        if (counts[i] > counts[most])
            most = i;
    return counts[most] > 0 ? 400 + most : 0;
}

struct refusals {
    size_t bad, inside, outside, bad_clients;
    int64_t from_ns, to_ns;
    bool one_client, others_ask;
    const struct call *first;
};

static struct refusals refusals_of(const struct keyed *calls, size_t n, int status)
{
    struct refusals r = {.one_client = true};

    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (c->status != status)
            continue;
        r.first = r.bad++ == 0 ? c : r.first;
        r.from_ns = r.from_ns == 0 ? call_sent_or_begun(c) : r.from_ns;
        r.to_ns = call_sent_or_begun(c);
        r.one_client &= c->agent == r.first->agent && c->client == r.first->client;
    }
    for (size_t i = 0; i < n && r.bad > 0; i++) {
        const struct call *c = calls[i].item;
        bool in = call_sent_or_begun(c) >= r.from_ns && call_sent_or_begun(c) <= r.to_ns;
        r.inside += in;
        r.outside += !in;
        r.others_ask |= in && (c->agent != r.first->agent || c->client != r.first->client);
    }
    return r;
}

/* A share of 404 alone proves nothing: look-ups that find nothing are in order. That it began is what counts. */
static bool has_onset(const struct refusals *r, int status)
{
    if (r->bad < 5)
        return false;
    if (r->bad * 10 > r->inside * 7 && r->outside >= 5)
        return true;
    /* A challenge (401) belongs to every first call of some clients. */
    bool refused = is_limit(status) && r->bad * 10 > r->inside * 3;
    return refused && (r->outside >= 5 || (r->one_client && r->others_ask));
}

/* Calls of one route with a status that began. */
struct refused_route {
    struct keyed *calls;
    size_t n;
    int status;
    bool by_client, told;
    struct refusals r;
};

enum { ROUTES_MAX = 16 };

static bool look_at_route(struct refused_route *x)
{
    x->status = usual_error(x->calls, x->n);
    x->r = refusals_of(x->calls, x->n, x->status);
    x->by_client = is_limit(x->status) && x->status != 403 && x->r.one_client && x->r.others_ask;
    return x->status != 0 && x->r.first != NULL && has_onset(&x->r, x->status);
}

/* One limit, one lock: whoever answers so to several routes at once does it for one reason. */
static bool is_told_with(const struct refused_route *a, const struct refused_route *b)
{
    return !b->told && b->status == a->status && b->by_client == a->by_client &&
           (!a->by_client || (a->r.first->agent == b->r.first->agent && a->r.first->client == b->r.first->client)) &&
           a->r.first->name == b->r.first->name && a->r.from_ns <= b->r.to_ns && b->r.from_ns <= a->r.to_ns;
}

static void hit_refused(struct p2t_summary *s, struct cause *c, struct refused_route *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (((const struct call *)x->calls[i].item)->status == x->status)
            cause_hit(s, c, x->calls[i].item);
    cause_span(c, x->r.from_ns, x->r.to_ns);
    c->of += x->r.inside;
    x->told = true;
}

static void say_refused(struct cause *c, const struct refused_route *x, const struct refused_route *second,
                        size_t routes)
{
    const struct call *first = x->r.first;

    say_service(&c->text, first->server, first->server_ip);
    buf_printf(&c->text, " answers %d to %zu of %zu calls of %s %s", x->status, c->calls, c->of,
               word_str(first->method), word_str(first->route));
    if (routes == 2)
        buf_printf(&c->text, " and %s %s", word_str(second->r.first->method), word_str(second->r.first->route));
    if (routes > 2)
        buf_printf(&c->text, " and %zu other routes", routes - 1);
    if (x->by_client) {
        buf_lit(&c->text, " by ");
        say_client(&c->text, first->agent, first->client);
        buf_lit(&c->text, "; others are served");
    }
}

static void blame_refused(struct p2t_summary *s, struct refused_route *all, size_t n)
{
    const struct call *first = all->r.first;
    struct cause *c = cause_add(s, P2T_CAUSE_HTTP_ERROR_CLUSTER,
                                all->by_client ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER, "wait", P2T_CERTAIN);
    const struct refused_route *second = NULL;
    size_t routes = 1;

    cause_subject_service(c, first->server, first->server_ip);
    hit_refused(s, c, all);
    for (size_t i = 1; i < n; i++)
        if (is_told_with(all, &all[i])) {
            second = &all[i];
            routes++;
            hit_refused(s, c, &all[i]);
        }
    c->method = routes == 1 ? first->method : NULL;
    c->route = routes == 1 ? first->route : NULL;
    c->client = all->by_client ? first->client : NULL;
    c->agent = all->by_client ? first->agent : NULL;
    c->hurt = c->calls;
    say_refused(c, all, second, routes);
}

static void find_refusals(struct service *v)
{
    struct refused_route refused[ROUTES_MAX];
    struct groups routes = {0};
    size_t at = 0, n, found = 0;
    struct keyed *first;

    for (size_t i = 0; i < v->n; i++) {
        struct call *c = v->calls[i].item;
        if (c->status != 0)
            groups_add(&routes, (struct keyed){{c->name, c->method, c->route}, call_sent_or_begun(c), c->id, c});
    }
    groups_sort(&routes);
    while (found < ROUTES_MAX && (first = groups_next(&routes, &at, &n)) != NULL) {
        refused[found] = (struct refused_route){.calls = first, .n = n};
        found += look_at_route(&refused[found]);
    }
    for (size_t i = 0; i < found && cause_room(v->s); i++)
        if (!refused[i].told)
            blame_refused(v->s, &refused[i], found - i);
    v->s->failed |= routes.failed;
    groups_fini(&routes);
}

void rules_statuses(struct p2t_summary *s)
{
    struct groups by_server = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->server != NULL && (c->request_ns != 0 || c->status != 0))
            groups_add(&by_server, (struct keyed){{c->server}, call_sent_or_begun(c), c->id, c});
    }
    groups_sort(&by_server);
    while (cause_room(s) && (first = groups_next(&by_server, &at, &n)) != NULL) {
        struct service v = {s, first, n, first->key[0], ((struct call *)first->item)->server_ip};
        find_errors(&v);
        find_refusals(&v);
    }
    s->failed |= by_server.failed;
    groups_fini(&by_server);
}
