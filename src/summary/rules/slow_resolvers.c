/* Name servers that became slow, for all names or for some. */
#include "summary/rules/resolvers.h"
#include "summary/usual.h"

static int64_t latency_of(const struct question *q)
{
    return q->answered_ns - (is_late_by_loss(q) ? q->last_asked_ns : q->asked_ns);
}

/* Slow against the usual of this name server. */
static _Thread_local int64_t slow_over_ns;

static bool is_slow(const struct p2t_summary *s, const struct question *q)
{
    (void)s;
    return is_answer(q) && latency_of(q) > slow_over_ns;
}

struct slowness {
    struct resolver *r;
    struct view v;
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
        if (is_answer(r->all[i].item))
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

void resolver_find_slowness(struct resolver *r)
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
