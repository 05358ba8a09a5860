/* Questions that a name server does not answer. */
#include "summary/rules/resolver.h"
#include "summary/rules/rules.h"

static void say_unseen(const struct resolver *r, struct cause *c, const struct word *name)
{
    int64_t pace_ns;

    if (!resolver_calls_ceased(r, name, c->since_ns, c->until_ns, &pace_ns))
        return;
    buf_printf(&c->text, "; no call to %s left for ", name->text);
    say_time(&c->text, c->until_ns - c->since_ns);
    buf_lit(&c->text, ", where one did every ");
    say_time(&c->text, pace_ns);
    buf_lit(&c->text, ": those that wait for the same lookup send no packet");
}

/* One question of a pair is lost: fits Linux's conntrack, which drops one of two that race for one entry. */
static void say_race(struct resolver *r, const struct resolver_view *v)
{
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_RACE_5S, P2T_CAUSE_SIDE_NETWORK, P2T_LIKELY, v);

    resolver_hit(r, c, question_is_silent);
    buf_printf(
        &c->text,
        "one of two questions asked at once from one port (A and AAAA) to the name server %s stays unanswered, %zu "
        "times; the other is answered, which fits the conntrack race (single-request-reopen, or a cache on the host, "
        "avoids it)",
        word_str(r->server), v->bad);
    resolver_say_hits(r, c);
}

/* Between the first question without an answer and the next answer. */
struct lull {
    bool any;
    int64_t ns, pace_ns;
};

/* Few questions, but all there were: those that wait for the same lookup ask none, and for longer than anybody's pause no
 * answer came. */
static struct lull lull_of(const struct resolver *r, const struct resolver_view *v)
{
    enum { BEFORE_MIN = 5, PAUSES_MIN = 10 };
    struct lull l = {0};
    int64_t again_ns = r->s->last_ns;
    size_t before = 0;

    if (v->bad < 2 || r->s->lossy_capture)
        return l;
    while (before < r->n && r->all[before].at_ns < v->from_ns)
        before++;
    for (size_t i = 0; i < r->n; i++) {
        const struct question *q = r->all[i].item;
        if (q->answered_ns > v->from_ns)
            again_ns = min_ns(again_ns, q->answered_ns);
    }
    l.ns = again_ns - v->from_ns;
    l.pace_ns = before > 1 ? (r->all[before - 1].at_ns - r->all[0].at_ns) / (int64_t)(before - 1) : 0;
    l.any = before >= BEFORE_MIN && l.ns > 2 * SECOND_NS && l.ns > PAUSES_MIN * l.pace_ns &&
            v->to_ns < again_ns + SECOND_NS;
    return l;
}

static void say_lull(struct cause *c, const struct lull *l)
{
    buf_lit(&c->text, "; nothing comes from it for ");
    say_time(&c->text, l->ns);
    buf_lit(&c->text, ", where a question came every ");
    say_time(&c->text, l->pace_ns);
}

static void say_silence(struct resolver *r, struct resolver_view *v, const struct lull *lull)
{
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_NO_ANSWER, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, v);

    c->or_side = P2T_CAUSE_SIDE_NETWORK; /* lost questions, or lost answers, look the same */
    resolver_hit(r, c, question_is_silent);
    if (!r->any_answer) {
        c->confidence = P2T_LIKELY;
        buf_printf(&c->text, "no answer from the name server %s to any of ", word_str(r->server));
        say_count(&c->text, v->bad, "question");
        buf_lit(&c->text, " is in the capture, nor one of others");
        resolver_say_hits(r, c);
        return;
    }
    buf_printf(&c->text, "the name server %s ", word_str(r->server));
    if (v->later == 0 && v->bad < r->n && v->bad < v->inside)
        buf_printf(&c->text, "leaves %zu of %zu questions unanswered in that time", v->bad, v->inside);
    else if (v->later == 0 && v->bad < r->n)
        buf_printf(&c->text, "answers none of %zu question%s in that time", v->bad, plural(v->bad));
    else if (v->later == 0)
        buf_printf(&c->text, "answers none of %zu question%s", v->bad, v->bad == 1 ? "" : "s");
    else if (v->later == v->bad)
        buf_printf(&c->text, "answers %zu of %zu questions only after they are asked again", v->bad, v->inside);
    else
        buf_printf(&c->text, "leaves %zu of %zu questions unanswered, %zu of them until they are asked again", v->bad,
                   v->inside, v->later);
    resolver_say_others(r, c);
    resolver_say_hits(r, c);
    if (lull->any)
        say_lull(c, lull);
    else if (v->names.total == 1)
        say_unseen(r, c, v->names.word[0]);
}

static void say_one_family(struct resolver *r, const struct resolver_view *v)
{
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_ONE_FAMILY, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, v);

    resolver_hit(r, c, question_is_silent);
    buf_printf(&c->text, "AAAA questions to %s are never answered (%zu), A questions are; each lookup waits for them",
               word_str(r->server), v->bad);
    resolver_say_hits(r, c);
}

static bool answers_at_other_times(const struct resolver *r, const struct resolver_view *v)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct question *q = r->all[i].item;
        if (q->answered_ns != 0 && word_list_has(&v->names, q->name))
            return true;
    }
    return false;
}

static void say_name_silent(struct resolver *r, struct resolver_view *v)
{
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_NO_ANSWER, P2T_CAUSE_SIDE_NAME_SERVICE, P2T_LIKELY, v);

    c->kind = "name";
    c->name = v->names.word[0];
    resolver_hit(r, c, question_is_silent);
    bool never = !answers_at_other_times(r, v);
    buf_printf(&c->text, "the name server %s %s for ", word_str(r->server),
               never ? "never answers" : "answers no question");
    say_words(&c->text, &v->names, 2);
    buf_printf(&c->text,
               never ? " (%zu question%s), for other names it does"
                     : " in that time (%zu question%s), for other names it does",
               v->bad, plural(v->bad));
    resolver_say_hits(r, c);
}

static void say_lossy(struct resolver *r, const struct resolver_view *v)
{
    struct cause *c = resolver_blame(r, P2T_CAUSE_DNS_RETRIED, P2T_CAUSE_SIDE_NETWORK, P2T_LIKELY, v);

    resolver_hit(r, c, question_is_silent);
    buf_printf(
        &c->text,
        "%zu of %zu questions to the name server %s are not answered at first: lost on the way, or dropped by it",
        v->bad, v->inside, word_str(r->server));
    resolver_say_hits(r, c);
}

/* For one lookup, which is not over. */
static bool all_wait(const struct resolver *r, const struct resolver_view *v)
{
    int64_t pace_ns, last_ns = r->s->last_ns;

    return v->bad > 1 && v->names.total == 1 && !v->name_answered && last_ns - v->from_ns > 2 * SECOND_NS &&
           cause_look(r->s) && resolver_calls_ceased(r, v->names.word[0], v->from_ns, last_ns, &pace_ns);
}

void resolver_find_silence(struct resolver *r)
{
    enum { CROWD_MIN = 10 }; /* calls that wait for few lookups */
    enum { OTHERS_MIN = 3 }; /* answers that tell a name that is not answered from questions that are lost */
    struct resolver_view v = resolver_view(r, question_is_silent);
    bool nearly_all = v.bad * 10 > v.inside * 8;

    /* Few, but each of them stopped its caller for seconds. */
    bool dear = v.bad * 10 >= v.inside && v.took_ns > 10 * SECOND_NS;
    bool few = v.bad < at_least(r->s, 3);
    struct lull lull = few ? lull_of(r, &v) : (struct lull){0};
    bool rare = v.bad * 100 < r->n * 3;
    bool crowd = v.bad > 0 && (few || rare) && !r->s->lossy_capture && cause_look(r->s) &&
                 resolver_crowd(r, question_is_silent) >= CROWD_MIN;
    if ((few && !lull.any && !crowd && !all_wait(r, &v)) ||
        (!nearly_all && (r->s->lossy_capture || (rare && !dear && !crowd))))
        return;
    if (nearly_all)
        say_silence(r, &v, &lull);
    else if (v.aaaa == v.bad && v.aaaa_answered == 0)
        say_one_family(r, &v);
    else if (v.paired * 10 >= v.bad * 7)
        say_race(r, &v);
    else if (!v.name_answered && v.names.total <= 4 && v.inside - v.bad >= OTHERS_MIN)
        say_name_silent(r, &v);
    else
        say_lossy(r, &v);
}
