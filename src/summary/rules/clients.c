/* Clients: retry storms, pools that are too small, deadlines that are too short, processes that stood still. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/clients.h"
#include "summary/rules/rules.h"

/* ---- retry storms ---- */

/* Sent again this soon. */
static const int64_t AGAIN_NS = SECOND_NS;

static bool is_given_up(const struct call *c)
{
    return c->left || c->status == 429 || c->status == 500 || c->status == 502 || c->status == 503 ||
           c->status == 504;
}

struct storm {
    struct p2t_summary *s;
    struct keyed *calls; /* of one client at one server, by time */
    size_t n;
    size_t given_up, answered, again, late, inside; /* answered: of those given up, with an error */
    int64_t from_ns, to_ns;
    double before, during; /* requests a second; before: negative where not known */
    struct sample waited;
    const struct call *first;
};

/* Calls given up whose method and URL were asked for again soon. */
static size_t count_again(struct storm *t)
{
    struct groups urls = {0};
    size_t again = 0;

    for (size_t i = 0; i < t->n; i++) {
        struct call *c = t->calls[i].item;
        groups_add(&urls, (struct keyed){.at_ns = (int64_t)c->url, .tie = (uint64_t)c->request_ns, .item = c});
    }
    groups_sort(&urls);
    for (size_t i = 0; i + 1 < urls.n; i++) {
        const struct call *c = urls.all[i].item, *next = urls.all[i + 1].item;
        again += is_given_up(c) && next->url == c->url && next->request_ns > c->end_ns - 10 * (int64_t)MS &&
                 next->request_ns - c->end_ns < AGAIN_NS;
    }
    t->s->failed |= urls.failed;
    groups_fini(&urls);
    return again;
}

static double peak_rate(const struct storm *t)
{
    enum { WINDOW_S = 3 };
    size_t from = 0, most = 0;

    for (size_t i = 0; i < t->n; i++) {
        while (t->calls[i].at_ns - t->calls[from].at_ns > WINDOW_S * SECOND_NS)
            from++;
        if (t->calls[i].at_ns >= t->from_ns && t->calls[i].at_ns <= t->to_ns && i - from + 1 > most)
            most = i - from + 1;
    }
    return (double)most / WINDOW_S;
}

static void measure_storm(struct storm *t)
{
    size_t before = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct call *c = t->calls[i].item;
        if (!is_given_up(c))
            continue;
        t->first = t->given_up++ == 0 ? c : t->first;
        t->answered += !c->left;
        t->from_ns = t->from_ns == 0 ? c->request_ns : t->from_ns;
        t->to_ns = max_ns(t->to_ns, c->end_ns);
        t->late += call_has(c, P2T_FINDING_HTTP_LATE_RESPONSE) || c->late_ns != 0;
        sample_add(&t->waited, c->end_ns - c->request_ns);
    }
    for (size_t i = 0; i < t->n; i++) {
        before += t->calls[i].at_ns < t->from_ns - 300 * (int64_t)MS;
        t->inside += t->calls[i].at_ns >= t->from_ns && t->calls[i].at_ns <= t->to_ns;
    }
    double span = (double)max_ns(t->from_ns - 300 * (int64_t)MS - t->calls[0].at_ns, 100 * (int64_t)MS) / 1e9;
    t->before = before > 3 ? (double)before / span : -1;
    t->during = peak_rate(t);
    t->again = count_again(t);
}

static void blame_storm(struct storm *t)
{
    struct cause *c = cause_add(t->s, P2T_CAUSE_HTTP_RETRY_STORM, P2T_CAUSE_SIDE_CLIENT, "wait", P2T_LIKELY);

    cause_subject_service(c, t->first->server, t->first->server_ip);
    c->client = t->first->client;
    c->agent = t->first->agent;
    for (size_t i = 0; i < t->n; i++) {
        struct call *x = t->calls[i].item;
        if (x->request_ns >= t->from_ns && x->request_ns <= t->to_ns)
            cause_hit(t->s, c, x);
        add_ns(&c->lost_ns, is_given_up(x) ? x->end_ns - x->request_ns : 0);
    }
    cause_span(c, t->from_ns, t->to_ns);
    c->failed = t->given_up;
    say_client(&c->text, t->first->agent, t->first->client);
    buf_lit(&c->text, " causes a retry storm against ");
    say_service(&c->text, t->first->server, t->first->server_ip);
    buf_str(&c->text, t->answered * 2 > t->given_up ? ": it gets errors after " : ": it abandons calls after ");
    say_time(&c->text, sample_at(&t->waited, 500));
    buf_printf(&c->text, " and sends the calls again (%zu of %zu); ", t->again, t->given_up);
    if (t->before > 0)
        buf_printf(&c->text, "%.0f requests a second became %.0f", t->before, t->during);
    else
        buf_printf(&c->text, "up to %.0f requests a second", t->during);
    if (t->late > 0)
        buf_printf(&c->text, "; the server goes on answering, too late (%zu)", t->late);
}

static void find_storm(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct storm t = {.s = s, .calls = calls, .n = n};

    measure_storm(&t);
    /* That the server goes on answering tells a storm from a server that hangs. */
    bool late = t.late * 5 >= t.given_up;
    bool more = t.before > 0 ? t.during > 1.7 * t.before : t.given_up * 10 > t.n * 4 && late;
    if (t.given_up >= 10 && t.again * 2 > t.given_up && more)
        blame_storm(&t);
    s->failed |= t.waited.failed;
    sample_fini(&t.waited);
}

/* ---- pools ---- */

static const int64_t AT_ONCE_NS = 4 * (int64_t)MS;
enum { POOL_GAPS_MIN = 30, POOL_BINS_MAX = 3600 };

struct pool {
    struct p2t_summary *s;
    struct keyed *calls; /* of one process at one server */
    size_t n;
    struct {
        unsigned gaps, tight;
    } bin[POOL_BINS_MAX]; /* a second each */
    size_t bins, tight_outside, gaps_outside, gaps;
    int64_t from_ns, to_ns;
    size_t given_up, inside;
    double busy; /* connections, on average */
};

static int64_t gap_before(const struct call *c)
{
    return c->free_ns != 0 ? c->request_ns - c->free_ns : -1;
}

/* At the server's host: how long an answer and the next request are on their way. */
static int64_t way_ns(const struct call *c)
{
    return c->conn != NULL && c->conn->vantage == P2T_VANTAGE_SERVER ? c->rtt_ns : 0;
}

/* A request this soon after an answer was waiting for it. */
static bool is_at_once(const struct call *c, int64_t gap)
{
    return gap < AT_ONCE_NS + way_ns(c);
}

static void fill_bins(struct pool *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct call *c = p->calls[i].item;
        int64_t gap = c->kind != P2T_KIND_HTTP2 ? gap_before(c) : -1,
                at = (c->request_ns - p->s->first_ns) / SECOND_NS;
        if (gap < 0 || at < 0 || at >= POOL_BINS_MAX)
            continue;
        p->bins = (size_t)at + 1 > p->bins ? (size_t)at + 1 : p->bins;
        p->bin[at].gaps++;
        p->bin[at].tight += is_at_once(c, gap);
        p->gaps++;
    }
}

/* The longest run of seconds in which most requests left at once after an answer. */
static bool find_tight_run(struct pool *p)
{
    size_t best = 0, run = 0;

    for (size_t i = 0; i < p->bins; i++) {
        bool tight = p->bin[i].gaps >= 5 && p->bin[i].tight * 10 > p->bin[i].gaps * 7;
        run = tight ? run + 1 : 0;
        if (run > best) {
            best = run;
            p->to_ns = p->s->first_ns + (int64_t)(i + 1) * SECOND_NS;
            p->from_ns = p->to_ns - (int64_t)run * SECOND_NS;
        }
    }
    return best >= 3;
}

static void measure_pool(struct pool *p)
{
    int64_t busy = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct call *c = p->calls[i].item;
        busy += overlap_ns(c->request_ns, c->end_ns + way_ns(c), p->from_ns, p->to_ns);
        p->inside += c->request_ns >= p->from_ns && c->request_ns <= p->to_ns;
        p->given_up += c->left && c->request_ns >= p->from_ns && c->request_ns <= p->to_ns + 3 * SECOND_NS;
        int64_t gap = gap_before(c);
        if (gap >= 0 && (c->request_ns < p->from_ns || c->request_ns > p->to_ns)) {
            p->gaps_outside++;
            p->tight_outside += is_at_once(c, gap);
        }
    }
    p->busy = (double)busy / (double)(p->to_ns - p->from_ns);
}

static void blame_pool(struct pool *p, int connections)
{
    const struct call *first = p->calls[0].item;
    bool proxy = is_proxy(p->s, first->client);
    struct cause *c = cause_add(p->s, P2T_CAUSE_CONN_POOL_WAIT, proxy ? P2T_CAUSE_SIDE_PROXY : P2T_CAUSE_SIDE_CLIENT,
                                "blocked", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    c->kind = "client";
    c->client = first->client;
    c->agent = first->agent;
    c->pool = true;
    for (size_t i = 0; i < p->n; i++) {
        struct call *x = p->calls[i].item;
        if (x->request_ns >= p->from_ns && x->request_ns <= p->to_ns)
            cause_hit(p->s, c, x);
    }
    cause_span(c, p->from_ns, p->to_ns);
    c->failed = p->given_up;
    c->unseen_ns = (p->to_ns - p->from_ns) / 2;
    if (proxy)
        buf_printf(&c->text, "the proxy %s", word_str(first->client));
    else
        say_client(&c->text, first->agent, first->client);
    buf_printf(&c->text, " has %d connections to ", connections);
    say_service(&c->text, first->server, first->server_ip);
    buf_lit(&c->text, " that are never idle for ");
    say_time(&c->text, p->to_ns - p->from_ns);
    buf_lit(&c->text,
            ": each request leaves at once after an answer, so calls wait for a connection; the server is as quick "
            "as before");
    cause_clear(c, first->server);
}

static void find_pool(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct pool *p = n >= POOL_GAPS_MIN ? calloc(1, sizeof *p) : NULL;

    if (p == NULL)
        return;
    p->s = s;
    p->calls = calls;
    p->n = n;
    fill_bins(p);
    if (p->gaps >= POOL_GAPS_MIN && find_tight_run(p)) {
        measure_pool(p);
        int connections = (int)(p->busy + 0.3);
        bool looser = p->gaps_outside >= 4 && p->tight_outside * 2 < p->gaps_outside;
        /* A client that works one call after the other looks alike, at all times. */
        if (connections >= 2 && p->busy >= 0.85 * connections && (looser || p->given_up >= 3))
            blame_pool(p, connections);
    }
    free(p);
}

/* ---- deadlines ---- */

struct deadline {
    struct p2t_summary *s;
    struct keyed *calls; /* of one process, at one server, of one route */
    size_t n;
};

static bool left_unanswered(const struct call *c)
{
    return c->left && c->answer_ns == 0;
}

static void blame_deadline(struct deadline *d, int64_t limit, int64_t usual, int64_t from_ns, int64_t to_ns)
{
    const struct call *first = d->calls[0].item;
    struct cause *c = cause_add(d->s, P2T_CAUSE_HTTP_GAVE_UP, P2T_CAUSE_SIDE_CLIENT, "wait", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    c->kind = "client";
    c->client = first->client;
    c->agent = first->agent;
    c->method = first->method;
    c->route = first->route;
    for (size_t i = 0; i < d->n; i++) {
        struct call *x = d->calls[i].item;
        if (!left_unanswered(x))
            continue;
        cause_hit(d->s, c, x);
        add_ns(&c->lost_ns, x->end_ns - x->request_ns);
    }
    cause_span(c, from_ns, to_ns);
    say_client(&c->text, first->agent, first->client);
    buf_lit(&c->text, " gives up after ");
    say_time(&c->text, limit);
    buf_printf(&c->text, ", %zu calls of %s %s to ", c->hit_count, word_str(first->method), word_str(first->route));
    say_service(&c->text, first->server, first->server_ip);
    buf_lit(&c->text, ", which takes ");
    say_time(&c->text, usual);
    buf_lit(&c->text, " as always: the time limit is too short");
    cause_clear(c, first->server);
}

static void find_deadline(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct deadline d = {s, calls, n};
    struct sample gave_up = {0}, before = {0};
    int64_t from_ns = 0, to_ns = 0;
    size_t waited_longer = 0;

    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (!left_unanswered(c))
            continue;
        sample_add(&gave_up, c->end_ns - c->request_ns);
        from_ns = from_ns == 0 ? c->request_ns : from_ns;
        to_ns = c->end_ns;
    }
    int64_t limit = sample_at(&gave_up, 500);
    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (c->failed || c->answer_ns == 0)
            continue;
        if (c->request_ns < from_ns - SECOND_NS / 2 && c->wait_ns > limit)
            sample_add(&before, c->wait_ns);
        waited_longer += c->request_ns > from_ns && c->request_ns < to_ns && c->wait_ns * 10 > limit * 11;
    }
    int64_t spread = sample_at(&gave_up, 900) - sample_at(&gave_up, 100);
    if (gave_up.n >= 5 && before.n >= 5 && waited_longer == 0 && spread < max_ns(30 * (int64_t)MS, limit / 10))
        blame_deadline(&d, limit, sample_at(&before, 500), from_ns, to_ns);
    s->failed |= gave_up.failed || before.failed;
    sample_fini(&gave_up);
    sample_fini(&before);
}

/* ---- all ---- */

typedef void look_fn(struct p2t_summary *s, struct keyed *calls, size_t n);

enum by { BY_CLIENT_AND_SERVER, BY_PROCESS_AND_SERVER, BY_PROCESS, BY_PROCESS_AND_ROUTE };

static struct keyed keyed_by(enum by by, struct call *c)
{
    struct keyed k = {{c->client, c->agent, c->server, NULL}, c->request_ns, c->id, c};

    if (by == BY_CLIENT_AND_SERVER)
        k.key[1] = NULL;
    if (by == BY_PROCESS)
        k.key[2] = NULL;
    if (by == BY_PROCESS_AND_ROUTE)
        k.key[3] = c->route;
    return k;
}

/* TLS hides which calls are the same, and who makes them, but not when. */
static bool is_looked_at(enum by by, const struct call *c)
{
    bool timed = by == BY_PROCESS_AND_SERVER || by == BY_PROCESS;

    return call_is_request(c) || (timed && c->kind == P2T_KIND_TLS && c->request_ns != 0);
}

static void for_each(struct p2t_summary *s, enum by by, look_fn *look)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++)
        if (is_looked_at(by, &s->calls[i]))
            groups_add(&g, keyed_by(by, &s->calls[i]));
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL)
        look(s, first, n);
    s->failed |= g.failed;
    groups_fini(&g);
}

void rules_clients(struct p2t_summary *s)
{
    for_each(s, BY_CLIENT_AND_SERVER, find_storm);
    for_each(s, BY_PROCESS_AND_SERVER, find_pool);
    for_each(s, BY_PROCESS, client_find_stop);
    for_each(s, BY_PROCESS_AND_ROUTE, find_deadline);
}
