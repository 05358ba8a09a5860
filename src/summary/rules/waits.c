/* Servers that take longer to answer than is usual for the same route. */
#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/apart.h"
#include "summary/rules/rules.h"
#include "summary/rules/waits.h"
#include "summary/usual.h"

static bool is_slow(const void *item)
{
    return ((const struct call *)item)->slow;
}

struct run {
    struct p2t_summary *s;
    struct keyed *calls; /* measured ones of one server, by time; all of its routes */
    size_t n;
    struct keyed *slow; /* the densest run of slow ones among those of the slow routes */
    size_t span, slow_count;
    int64_t from_ns, to_ns, lost_ns, least_ns, median_ns, most_ns;
    size_t inside, same_inside, same_slow, outside, outside_slow, outside_near;
    bool one_name, one_route, encrypted;
};

static int64_t over_usual(const struct call *c)
{
    return c->own_ns - max_ns(c->usual_ns, 0);
}

static void measure_run(struct run *r)
{
    struct sample own = {0};

    r->least_ns = INT64_MAX;
    for (size_t i = 0; i < r->span; i++) {
        const struct call *c = r->slow[i].item;
        if (!c->slow)
            continue;
        r->from_ns = r->slow_count == 0 ? c->request_ns : r->from_ns;
        r->to_ns = max_ns(r->to_ns, c->end_ns);
        add_ns(&r->lost_ns, over_usual(c));
        r->least_ns = min_ns(r->least_ns, c->own_ns);
        r->most_ns = max_ns(r->most_ns, c->own_ns);
        sample_add(&own, c->own_ns);
        r->slow_count++;
        r->encrypted |= c->kind == P2T_KIND_TLS;
    }
    r->median_ns = sample_at(&own, 500);
    r->s->failed |= own.failed;
    sample_fini(&own);
}

/* Routes of one name each. Those of slow calls get their mark: those with at least two, or all where none has. */
static void mark_routes(struct keyed *calls, size_t n)
{
    struct groups g = {0};
    size_t at = 0, k, most = 0;
    struct keyed *first;

    for (size_t i = 0; i < n; i++) {
        struct call *c = calls[i].item;
        c->mark = 0;
        groups_add(&g, (struct keyed){{c->name, c->method, c->route}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    for (int pass = 0; pass < 2; pass++) {
        at = 0;
        while ((first = groups_next(&g, &at, &k)) != NULL) {
            size_t slow = 0;
            for (size_t i = 0; i < k; i++)
                slow += ((struct call *)first[i].item)->slow;
            most = slow > most ? slow : most;
            for (size_t i = 0; pass == 1 && i < k; i++)
                ((struct call *)first[i].item)->mark = slow >= 2 || (most < 2 && slow > 0);
        }
    }
    groups_fini(&g);
}

/* As slow as the slow ones, or nearly, and far from its usual: there are two modes, and the limit lies inside of one. */
static bool is_near(const struct run *r, const struct call *c)
{
    return c->own_ns * 10 > r->median_ns * 7 && c->own_ns > 2 * max_ns(c->usual_ns, 0);
}

static void count_around(struct run *r)
{
    const struct call *first = NULL;

    r->one_name = r->one_route = true;
    for (size_t i = 0; i < r->n; i++) {
        const struct call *c = r->calls[i].item;
        bool in = c->request_ns >= r->from_ns && c->request_ns <= r->to_ns;
        size_t weight = call_weight(r->s, c);
        r->inside += in ? weight : 0;
        if (c->mark == 0)
            continue;
        r->same_inside += in ? weight : 0;
        r->same_slow += in && c->slow ? weight : 0;
        r->outside += in ? 0 : weight;
        r->outside_slow += !in && c->slow ? weight : 0;
        r->outside_near += !in && is_near(r, c) ? weight : 0;
        if (in && c->slow) {
            r->one_name &= first == NULL || c->name == first->name;
            r->one_route &= first == NULL || (c->route == first->route && c->method == first->method);
            first = c;
        }
    }
}

static bool is_convincing(const struct run *r, int64_t usual)
{
    /* Few must be far from the usual. */
    bool few = r->lost_ns > 3 * SECOND_NS / 2 && r->least_ns > max_ns(400 * (int64_t)MS, 4 * usual);
    bool strong = r->slow_count >= 5 || few || r->s->small;
    size_t share = r->slow_count * 100 / (r->inside > 0 ? r->inside : 1);
    size_t same = r->slow_count >= 5 && r->same_inside > 0 ? r->same_slow * 100 / r->same_inside : 0;

    if (r->outside >= 5 && (r->outside_slow * 4 > r->outside || r->outside_near * 4 > r->outside))
        return false; /* a route with two modes at all times */
    /* Quick calls among the slow ones, and slow ones at other times, too: two modes, as of hits and misses. */
    size_t all = r->same_inside + r->outside;
    bool mixed = r->same_slow * 10 < r->same_inside * 7 && !r->s->small;
    if (mixed &&
        (r->outside < 5 || r->outside * 10 < all || r->outside_slow * 5 * r->same_inside > r->same_slow * r->outside))
        return false;
    if (r->slow_count * 200 < r->inside + r->outside && r->lost_ns < 5 * SECOND_NS)
        return false; /* one hiccup of a busy server */
    /* Without keys, routes mix: a clean before and after is asked for. */
    if (r->encrypted && (r->slow_count * 10 < r->inside * 7 || r->outside < 5 || r->outside_slow * 10 > r->outside))
        return false;
    return strong && (share > same ? share : same) >= 30;
}

/* The path became longer by as much: told of the path. */
static bool is_path(const struct run *r, const struct call *c, int64_t median, int64_t usual)
{
    const struct trouble *t = trouble_of(r->s, TROUBLE_SLOW_PATH, c->server_ip, r->from_ns - SECOND_NS, r->to_ns);
    int64_t slower = median - usual;

    return t != NULL && 2 * max_ns(slower - (t->ns - t->usual_ns), (t->ns - t->usual_ns) - slower) < slower;
}

static bool is_acked(const struct call *c)
{
    return c->acked_ns >= 0 && c->acked_ns <= max_ns(60 * (int64_t)MS, 3 * c->rtt_ns);
}

/* Other addresses of the same host, called by the same client meanwhile and as quick as ever. */
static void clear_siblings(const struct run *r, struct cause *c, const struct call *of, struct word_list *siblings)
{
    for (size_t i = 0; i < r->s->call_count; i++) {
        const struct call *x = &r->s->calls[i];
        if (x->host != of->host || x->server_ip == of->server_ip || x->server_ip == NULL || x->client != of->client ||
            x->request_ns < r->from_ns || x->request_ns > r->to_ns || is_proxy(r->s, x->server_ip) || x->slow)
            continue;
        word_list_add(siblings, x->server_ip);
        cause_clear(c, x->server);
    }
}

static void say_gave_up(struct cause *c, struct sample *gave_up)
{
    if (gave_up->n == 0)
        return;
    buf_lit(&c->text, "; ");
    say_count(&c->text, gave_up->n, "caller");
    buf_lit(&c->text, " gave up after ");
    say_time(&c->text, sample_at(gave_up, 500));
}

static void say_rest(struct run *r, struct cause *c, const struct call *first, size_t acked)
{
    struct word_list siblings = {0};
    struct sample gave_up = {0};

    if (acked * 10 > r->slow_count * 6)
        buf_lit(&c->text, ", although it acknowledged the requests at once");
    for (size_t i = 0; i < c->hit_count; i++)
        if (c->hit[i]->failed && c->hit[i]->answer_ns == 0)
            sample_add(&gave_up, c->hit[i]->end_ns - c->hit[i]->request_ns);
    say_gave_up(c, &gave_up);
    sample_fini(&gave_up);
    if (c->side != P2T_CAUSE_SIDE_PROXY)
        clear_siblings(r, c, first, &siblings);
    if (siblings.total == 0)
        return;
    buf_lit(&c->text, "; other addresses (");
    say_words(&c->text, &siblings, 3);
    buf_lit(&c->text, ") are as quick as ever");
}

/* Of the same routes in the same time: what the slow ones have and the others have not. */
static void say_what_separates(struct run *r, struct cause *c)
{
    struct groups both = {0};

    for (size_t i = 0; i < r->n; i++) {
        const struct call *x = r->calls[i].item;
        if (x->mark != 0 && x->request_ns >= r->from_ns && x->request_ns <= r->to_ns)
            groups_add(&both, r->calls[i]);
    }
    say_apart(r->s, &c->text, &(struct apart){both.all, both.n, is_slow, false});
    r->s->failed |= both.failed;
    groups_fini(&both);
}

/* A server that thinks for so long acknowledges the request first: no kernel holds an acknowledgement back longer than
 * 200 ms, and Linux 40. Where the first sign of life comes as late as the answer, everything of the server is late. */
static bool is_far_now(const struct call *c)
{
    int64_t slower = over_usual(c);

    return slower > 50 * (int64_t)MS && c->acked_ns >= 0 && c->acked_ns * 10 > slower * 6 &&
           (c->acked_ns > 215 * (int64_t)MS || c->acked_ns < 190 * (int64_t)MS);
}

static bool is_acked_first(const struct call *c)
{
    return c->acked_ns >= 0 && c->acked_ns * 10 < over_usual(c) * 4;
}

static bool is_distance(const struct run *r)
{
    size_t far = 0, near = 0;

    for (size_t i = 0; i < r->span; i++) {
        const struct call *c = r->slow[i].item;
        far += c->slow && is_far_now(c);
        near += c->slow && is_acked_first(c);
    }
    return far >= 3 && near * 4 < far && r->slow_count * 10 >= r->inside * 6;
}

/* Its handshakes took as long, and no call of it was ever quicker: it is farther away than others of its name, and nothing
 * happened. */
static bool was_always_far(const struct run *r)
{
    size_t far = 0;

    for (size_t i = 0; i < r->span; i++) {
        const struct call *c = r->slow[i].item;
        far += c->slow && c->rtt_ns * 10 > over_usual(c) * 6;
    }
    return r->outside < 5 && far * 10 > r->slow_count * 8;
}

static void blame_path(struct run *r, const struct call *first, int64_t median, int64_t usual)
{
    struct cause *c = cause_add(r->s, P2T_CAUSE_CONN_SLOW_PATH, P2T_CAUSE_SIDE_NETWORK, "wait", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    c->kind = "path";
    for (size_t i = 0; i < r->span; i++)
        if (is_slow(r->slow[i].item))
            cause_hit(r->s, c, r->slow[i].item);
    cause_span(c, r->from_ns, r->to_ns);
    c->of = r->inside;
    c->lost_ns = r->lost_ns;
    buf_lit(&c->text, "all that comes from ");
    say_service(&c->text, first->server, first->server_ip);
    buf_lit(&c->text, " comes ");
    say_time(&c->text, median - max_ns(usual, 0));
    buf_printf(&c->text,
               " later than usual, acknowledgements and answers alike, %zu of %zu calls: this fits the path, or a "
               "host that does not run",
               r->slow_count, r->inside);
}

/* The median, or all there is of a few. */
static void say_waits(const struct run *r, struct cause *c, int64_t median)
{
    bool range = r->s->small && r->most_ns > r->least_ns + r->least_ns / 4;

    say_time(&c->text, range ? r->least_ns : median);
    if (!range)
        return;
    buf_lit(&c->text, " to ");
    say_time(&c->text, r->most_ns);
}

static void blame(struct run *r, const struct call *first, int64_t median, int64_t usual)
{
    bool proxy = is_proxy(r->s, first->server_ip);
    size_t acked = 0;

    for (size_t i = 0; i < r->span; i++)
        acked += is_slow(r->slow[i].item) && is_acked(r->slow[i].item);
    struct cause *c = cause_add(r->s, proxy ? P2T_CAUSE_HTTP_PROXY_QUEUE : P2T_CAUSE_HTTP_THINK_TIME,
                                proxy ? P2T_CAUSE_SIDE_PROXY : P2T_CAUSE_SIDE_SERVER, "wait",
                                usual < 0                        ? P2T_POSSIBLE
                                : acked * 10 > r->slow_count * 6 ? P2T_CERTAIN
                                                                 : P2T_LIKELY);
    cause_subject_service(c, first->server, first->server_ip);
    if (r->one_route) {
        c->method = first->method;
        c->route = first->route;
    }
    for (size_t i = 0; i < r->span; i++) {
        struct call *x = r->slow[i].item;
        if (!is_slow(x))
            continue;
        cause_prove(c, x->asked);
        cause_prove(c, x->answered);
        cause_hit(r->s, c, x);
    }
    cause_span(c, r->from_ns, r->to_ns);
    c->of = r->inside;
    c->lost_ns = r->lost_ns;
    buf_str(&c->text, proxy ? "the proxy " : "");
    say_service(&c->text, first->server, first->server_ip);
    bool answered = false;
    for (size_t i = 0; i < c->hit_count; i++)
        answered |= c->hit[i]->answer_ns != 0;
    buf_str(&c->text, answered ? " takes " : " has not answered after ");
    say_waits(r, c, median);
    buf_str(&c->text, answered ? " to answer" : "");
    if (usual >= 0) {
        say_usual(&c->text, usual, first->usual_of_baseline);
        buf_putc(&c->text, ',');
    } else {
        buf_lit(&c->text, " (its usual is not known here),");
    }
    buf_printf(&c->text, " %zu of %zu calls", r->slow_count, r->inside);
    if (r->one_route && first->route != NULL && first->route->n > 0)
        buf_printf(&c->text, ", all %s %s", word_str(first->method), word_str(first->route));
    if (r->one_name && first->name != NULL && first->server->more_names > 0)
        buf_printf(&c->text, ", all to %s", first->name->text);
    say_rest(r, c, first, acked);
    say_what_separates(r, c);
}

static void look_at_run(struct run *r)
{
    struct sample usual = {0};
    const struct call *first = NULL;

    for (size_t i = 0; i < r->span; i++) {
        const struct call *c = r->slow[i].item;
        if (!c->slow)
            continue;
        first = first == NULL ? c : first;
        if (c->usual_ns >= 0)
            sample_add(&usual, c->usual_ns);
    }
    int64_t median = r->median_ns, base = usual.n > 0 ? sample_at(&usual, 500) : -1;
    bool distance = is_distance(r);
    if (first != NULL && is_convincing(r, base) && !is_path(r, first, median, max_ns(base, 0)) &&
        !(distance && was_always_far(r))) {
        if (distance)
            blame_path(r, first, median, base);
        else
            blame(r, first, median, base);
    }
    r->s->failed |= usual.failed;
    sample_fini(&usual);
}

/* Of those that began as the run was nearly over, none is. */
static bool is_under_way(const struct run *r, const struct call *c)
{
    return c->request_ns <= r->to_ns - r->median_ns / 2 && c->end_ns >= r->from_ns;
}

static bool same_route(const struct call *a, const struct call *b)
{
    return a->name == b->name && a->method == b->method && a->route == b->route;
}

/* One slow call of a route that had no other meanwhile is one of the run, not a hiccup. */
static bool mark_lone(const struct run *r)
{
    enum { LOOKED_AT_MAX = 64 };
    size_t looked_at = 0, marked = 0;

    for (size_t i = 0; i < r->n && looked_at < LOOKED_AT_MAX; i++) {
        const struct call *c = r->calls[i].item;
        size_t beside = 0;
        if (c->mark != 0 || !c->slow || !is_near(r, c) || !is_under_way(r, c))
            continue;
        looked_at++;
        for (size_t k = 0; k < r->n; k++)
            beside += same_route(r->calls[k].item, c) && is_under_way(r, r->calls[k].item);
        for (size_t k = 0; k < r->n && beside == 1; k++)
            if (same_route(r->calls[k].item, c))
                ((struct call *)r->calls[k].item)->mark = 1;
        marked += beside == 1;
    }
    return marked > 0;
}

static bool find_run(struct run *r, struct groups *marked)
{
    size_t at = 0;

    groups_fini(marked);
    *marked = (struct groups){0};
    *r = (struct run){.s = r->s, .calls = r->calls, .n = r->n};
    for (size_t i = 0; i < r->n; i++)
        if (((struct call *)r->calls[i].item)->mark != 0)
            groups_add(marked, r->calls[i]);
    if (marked->all == NULL || !densest_run(marked->all, marked->n, is_slow, &at, &r->span))
        return false;
    r->slow = &marked->all[at];
    measure_run(r);
    return true;
}

static void look_at_server(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct groups measured = {0}, marked = {0};

    for (size_t i = 0; i < n; i++)
        if (wait_is_measured(s, calls[i].item))
            groups_add(&measured, calls[i]);
    mark_routes(measured.all, measured.n);
    struct run r = {.s = s, .calls = measured.all, .n = measured.n};
    bool found = find_run(&r, &marked);
    if (found && mark_lone(&r))
        found = find_run(&r, &marked);
    if (found) {
        count_around(&r);
        if (r.slow_count >= at_least(s, 2))
            look_at_run(&r);
    }
    s->failed |= measured.failed || marked.failed;
    groups_fini(&measured);
    groups_fini(&marked);
}

void rules_waits(struct p2t_summary *s)
{
    size_t at = 0, n;
    struct keyed *first;

    waits_measure(s);
    while (cause_room(s) && (first = groups_next(&s->services, &at, &n)) != NULL)
        look_at_server(s, first, n);
}
