/* Name servers: which of them is silent, answers with errors, or became slow. */
#include "summary/rules/resolver.h"
#include "summary/rules/rules.h"
#include "summary/usual.h"

static bool is_servfail(const struct p2t_summary *s, const struct question *q)
{
    (void)s;
    return q->answered_ns != 0 && q->rcode == 2;
}

static bool is_refused(const struct p2t_summary *s, const struct question *q)
{
    (void)s;
    return q->answered_ns != 0 && q->rcode == 5;
}

static bool is_unreachable(const struct p2t_summary *s, const struct question *q)
{
    (void)s;
    return q->unreachable_ns != 0;
}

static const struct word *shortest(const struct word_list *names)
{
    const struct word *least = names->word[0];

    for (size_t i = 1; i < names->n; i++)
        if (names->word[i]->n < least->n)
            least = names->word[i];
    return least;
}

/* When somebody asks for one of the names again, or the capture ends. */
static int64_t next_asked(const struct resolver *r, const struct resolver_view *v)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->all[i].at_ns > v->to_ns && word_list_has(&v->names, ((const struct question *)r->all[i].item)->name))
            return r->all[i].at_ns;
    return r->s->last_ns;
}

struct gap {
    bool any;
    int64_t ns, pace_ns;
};

/* A client that remembers the failure: it called until then, and for longer than its pause it neither asks nor calls. */
static struct gap gap_after(const struct resolver *r, const struct resolver_view *v)
{
    struct gap g = {0};

    if (v->bad == 0 || v->names.total > 6 || v->name_answered)
        return g;
    int64_t until_ns = next_asked(r, v);
    g.ns = until_ns - v->to_ns;
    g.any = g.ns > 2 * SECOND_NS && cause_look(r->s) &&
            resolver_calls_ceased(r, shortest(&v->names), v->from_ns, until_ns - MS, &g.pace_ns);
    return g;
}

static void say_gap(struct cause *c, const struct gap *g)
{
    if (!g->any)
        return;
    buf_lit(&c->text, "; after that nobody asks for ");
    say_time(&c->text, g->ns);
    buf_lit(&c->text, ", where a call left every ");
    say_time(&c->text, g->pace_ns);
    buf_lit(&c->text, ": a client that remembers the failure sends no packet");
}

static void find_errors(struct resolver *r, question_is *bad, const char *word)
{
    struct resolver_view v = resolver_view(r, bad);
    struct gap gap = gap_after(r, &v);

    if (v.bad < at_least(r->s, 3) && !gap.any)
        return;
    bool one_name = !v.name_answered && v.answered.total > 0 && v.names.total <= 6;
    struct cause *c =
        resolver_blame(r, P2T_CAUSE_DNS_SERVER_FAILURE,
                       one_name ? P2T_CAUSE_SIDE_NAME_SERVICE : P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, &v);
    resolver_hit(r, c, bad);
    /* Others answered in its place, at no cost. */
    if (c->failed == 0 && c->calls > 0 && (r->s->small ? v.took_ns : c->lost_ns) < 200 * (int64_t)MS) {
        c->gone = true;
        return;
    }
    buf_printf(&c->text, "the name server %s answers %s to %zu of %zu questions", word_str(r->server), word, v.bad,
               v.inside);
    if (one_name) {
        c->kind = "name";
        c->name = shortest(&v.names);
        buf_printf(&c->text, ", all of them for %s; other names are answered", c->name->text);
    } else {
        resolver_say_others(r, c);
    }
    resolver_say_hits(r, c);
    say_gap(c, &gap);
}

static void find_unreachable(struct resolver *r)
{
    struct resolver_view v = resolver_view(r, is_unreachable);

    if (v.bad < at_least(r->s, 2))
        return;
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_UNREACHABLE, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, &v);
    resolver_hit(r, c, is_unreachable);
    buf_printf(&c->text, "nothing listens at the name server %s: ICMP reports it unreachable for ",
               word_str(r->server));
    say_count(&c->text, v.bad, "question");
    resolver_say_hits(r, c);
}

/* ---- slowness ---- */

static int64_t latency_of(const struct question *q)
{
    return q->answered_ns - (question_is_late_by_loss(q) ? q->last_asked_ns : q->asked_ns);
}

/* Slow against the usual of this name server. */
static _Thread_local int64_t slow_over_ns;

static bool is_slow(const struct p2t_summary *s, const struct question *q)
{
    (void)s;
    return question_is_answer(q) && latency_of(q) > slow_over_ns;
}

struct slowness {
    struct resolver *r;
    struct resolver_view v;
    struct sample usual, slow;
    int64_t base_ns;
    size_t of_names; /* questions for the names of slow ones meanwhile */
    bool from_baseline;
    bool whole; /* slow for all names */
};

static void measure_slowness(struct slowness *x)
{
    const struct resolver *r = x->r;
    int64_t before = baseline_quartile(r->s, USUAL_RESOLVER, r->server);

    for (size_t i = 0; i < r->n; i++)
        if (question_is_answer(r->all[i].item))
            sample_add(&x->usual, latency_of(r->all[i].item));
    x->from_baseline = before >= 0;
    x->base_ns = x->from_baseline ? before : sample_at(&x->usual, 250);
    slow_over_ns = max_ns(4 * x->base_ns, x->base_ns + 80 * (int64_t)MS);
    x->v = resolver_view(r, is_slow);
    for (size_t i = 0; i < r->n; i++) {
        const struct question *q = r->all[i].item;
        if (is_slow(r->s, q))
            sample_add(&x->slow, latency_of(q));
        x->of_names +=
            q->asked_ns >= x->v.from_ns && q->asked_ns <= x->v.to_ns && word_list_has(&x->v.names, q->name);
    }
    x->whole = x->v.bad * 100 > x->v.inside * 35;
}

/* Most slow ones are the first of their name and type, as of a cache that must ask others first, at all times. */
static bool are_misses(const struct slowness *x)
{
    struct groups by_name = {0};
    size_t at = 0, n, again = 0;
    struct keyed *first;

    for (size_t i = 0; i < x->r->n; i++) {
        struct question *q = x->r->all[i].item;
        groups_add(&by_name, (struct keyed){{q->name}, ((int64_t)q->type << 32) + (int64_t)i, i, q});
    }
    groups_sort(&by_name);
    while ((first = groups_next(&by_name, &at, &n)) != NULL)
        for (size_t i = 1; i < n; i++) {
            const struct question *q = first[i].item, *before = first[i - 1].item;
            again += q->type == before->type && is_slow(x->r->s, q);
        }
    groups_fini(&by_name);
    return again * 2 < x->v.bad;
}

static void say_slowness(struct slowness *x)
{
    struct cause *c =
        resolver_blame(x->r, P2T_CAUSE_DNS_SLOW, x->whole ? P2T_CAUSE_SIDE_RESOLVER : P2T_CAUSE_SIDE_NAME_SERVICE,
                       x->whole ? P2T_CERTAIN : P2T_LIKELY, &x->v);

    resolver_hit(x->r, c, is_slow);
    buf_printf(&c->text, "the name server %s takes ", word_str(x->r->server));
    say_time(&c->text, sample_at(&x->slow, 500));
    if (!x->whole) {
        c->kind = "name";
        c->name = x->v.names.word[0];
        buf_printf(&c->text, " to answer for %s", word_str(c->name));
    } else {
        buf_printf(&c->text, " to answer, %zu times", x->v.bad);
    }
    say_usual(&c->text, x->base_ns, x->from_baseline);
    resolver_say_hits(x->r, c);
}

static void find_slowness(struct resolver *r)
{
    struct slowness x = {.r = r};

    measure_slowness(&x);
    bool some_names = x.v.bad * 10 > x.of_names * 6 && x.v.names.total <= 8;
    if ((x.usual.n >= 12 || x.from_baseline) && x.v.bad >= 5 && (x.whole || some_names) && !are_misses(&x))
        say_slowness(&x);
    r->s->failed |= x.usual.failed || x.slow.failed;
    sample_fini(&x.usual);
    sample_fini(&x.slow);
}

/* ---- each ---- */

/* What an answer takes at the first try. */
static int64_t usual_answer(const struct p2t_summary *s)
{
    struct sample all = {0};

    for (size_t i = 0; i < s->question_count; i++)
        if (question_is_answer(&s->questions[i]))
            sample_add(&all, latency_of(&s->questions[i]));
    int64_t usual = sample_at(&all, 250);
    sample_fini(&all);
    return usual;
}

/* Where all lookups are slow, a few answers one after the other. */
static int64_t usual_lookup(const struct p2t_summary *s)
{
    enum { ANSWERS = 8 };
    struct sample all = {0};

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (c->lookup_ns != 0 && c->looked_up_ns != 0 && c->outcome == P2T_OUTCOME_OK)
            sample_add(&all, c->looked_up_ns - c->lookup_ns);
    }
    int64_t usual = sample_at(&all, 300);
    sample_fini(&all);
    return min_ns(usual, max_ns(10 * (int64_t)MS, ANSWERS * usual_answer(s)));
}

static void list_others(struct resolver *r, const struct groups *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct question *q = all->all[i].item;
        if (q->server != r->server && q->answered_ns != 0 && question_is_answer(q))
            word_list_add(&r->others, q->server);
    }
}

void rules_resolvers(struct p2t_summary *s)
{
    struct groups by_server = {0};
    int64_t usual = usual_lookup(s);
    bool any_answer = false;
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->question_count; i++)
        groups_add(&by_server,
                   (struct keyed){{s->questions[i].server}, s->questions[i].asked_ns, i, &s->questions[i]});
    groups_sort(&by_server);
    for (size_t i = 0; i < s->question_count; i++)
        any_answer |= s->questions[i].answered_ns != 0;
    while (cause_room(s) && (first = groups_next(&by_server, &at, &n)) != NULL) {
        struct resolver r = {.s = s,
                             .server = first->key[0],
                             .all = first,
                             .n = n,
                             .usual_lookup_ns = usual,
                             .any_answer = any_answer};
        list_others(&r, &by_server);
        resolver_find_silence(&r);
        find_errors(&r, is_servfail, "SERVFAIL");
        find_errors(&r, is_refused, "REFUSED");
        find_unreachable(&r);
        find_slowness(&r);
    }
    s->failed |= by_server.failed;
    groups_fini(&by_server);
}
