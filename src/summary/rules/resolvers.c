/* Name servers: which of them is silent, answers with errors, or became slow. */
#include "summary/cause.h"
#include "summary/rules/rules.h"
#include "summary/usual.h"

/* A question this near to the end of the capture may yet be answered. */
static const int64_t TAIL_NS = SECOND_NS;
/* A call's lookup begins with its question, give or take what packets are late. */
static const int64_t BEGIN_SLACK_NS = 2 * MS;
enum { OVERLAPS_MAX = 4096, TYPE_AAAA = 28 };

struct resolver {
    struct p2t_summary *s;
    const struct word *server;
    struct keyed *all; /* its questions, by time */
    size_t n;
    int64_t usual_lookup_ns;
    struct word_list others; /* the other name servers */
    bool any_answer;         /* somebody answered something: answers are captured */
};

typedef bool question_is(const struct p2t_summary *s, const struct question *q);

bool is_name_of(const struct word *question, const struct word *called)
{
    if (question == NULL || called == NULL || question->n < called->n)
        return false;
    return slice_istarts(slice_of(question->text, question->n), slice_of(called->text, called->n)) &&
           (question->n == called->n || question->text[called->n] == '.');
}

/* It was asked again for want of an answer, and then answered at once. */
static bool is_late_by_loss(const struct question *q)
{
    return q->tries > 1 && q->answered_ns != 0 &&
           (q->answered_ns - q->last_asked_ns) * 4 < q->last_asked_ns - q->asked_ns;
}

static bool is_silent(const struct p2t_summary *s, const struct question *q)
{
    if (q->answered_ns != 0)
        return is_late_by_loss(q);
    return q->unreachable_ns == 0 && q->asked_ns < s->last_ns - TAIL_NS;
}

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

/* ---- which calls it hit ---- */

static size_t first_asked_at(const struct resolver *r, int64_t at_ns)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->all[middle].at_ns < at_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t last_moment(const struct question *q)
{
    return max_ns(q->last_asked_ns, max_ns(q->answered_ns, q->unreachable_ns));
}

/* The last packet of the questions that its lookup asked, one of them a bad one; 0: none was. */
static int64_t waited_until(const struct resolver *r, const struct call *c, question_is *bad)
{
    size_t first = first_asked_at(r, c->lookup_ns - BEGIN_SLACK_NS);
    int64_t until = 0;
    bool any = false;

    for (size_t i = first; i < r->n && i - first < OVERLAPS_MAX && r->all[i].at_ns <= c->looked_up_ns; i++) {
        const struct question *q = r->all[i].item;
        if (!is_name_of(q->name, c->name))
            continue;
        any |= bad(r->s, q);
        until = max_ns(until, last_moment(q));
    }
    return any ? until : 0;
}

/* Where a lookup without an answer ended, no packet says: it took as long as it was asked again. */
static int64_t lookup_lost(const struct resolver *r, const struct call *c, int64_t until_ns)
{
    int64_t ended = c->outcome == P2T_OUTCOME_DNS_ERROR ? min_ns(c->looked_up_ns, until_ns) : c->looked_up_ns;

    return max_ns(0, ended - c->lookup_ns - r->usual_lookup_ns);
}

/* Adds the calls whose lookup asked a bad question; what they lost is over the usual. */
static void hit_waiting(const struct resolver *r, struct cause *c, question_is *bad)
{
    for (size_t i = 0; i < r->s->call_count; i++) {
        struct call *x = &r->s->calls[i];
        if (x->lookup_ns == 0 || x->looked_up_ns == 0 || x->looked_up_ns < c->since_ns - BEGIN_SLACK_NS ||
            x->lookup_ns > c->until_ns + SECOND_NS || x->name == NULL)
            continue;
        int64_t until = waited_until(r, x, bad);
        if (until == 0)
            continue;
        cause_hit(r->s, c, x);
        add_ns(&c->lost_ns, lookup_lost(r, x, until));
    }
    c->failed = 0;
    for (size_t i = 0; i < c->hit_count; i++)
        c->failed += c->hit[i]->outcome == P2T_OUTCOME_DNS_ERROR;
}

/* ---- what the bad questions have in common ---- */

struct view {
    size_t bad, inside;              /* bad ones; all from the first of them to the last */
    int64_t from_ns, to_ns, took_ns; /* took_ns: all of them together, until their answers */
    size_t aaaa, aaaa_answered, paired;
    size_t later;                     /* of bad ones: answered in the end */
    struct word_list names, answered; /* of bad ones; of those that were answered meanwhile */
    bool name_answered;               /* one of the bad names also got an answer meanwhile */
    struct proof first, last;
};

/* The other of two questions that one socket asks at once. */
static bool has_answered_twin(const struct resolver *r, size_t at)
{
    const struct question *q = r->all[at].item;
    size_t from = first_asked_at(r, q->asked_ns - 10 * MS);

    for (size_t i = from; i < r->n && r->all[i].at_ns < q->asked_ns + 10 * MS; i++) {
        const struct question *o = r->all[i].item;
        if (o != q && o->client == q->client && o->client_port == q->client_port && o->name == q->name &&
            o->type != q->type && o->answered_ns != 0)
            return true;
    }
    return false;
}

static void view_bad(const struct resolver *r, struct view *v, size_t i, bool silent)
{
    const struct question *q = r->all[i].item;

    if (v->bad++ == 0) {
        v->from_ns = q->asked_ns;
        v->first = q->answered.packet != 0 ? q->answered : q->asked;
    }
    v->to_ns = max_ns(v->to_ns, last_moment(q));
    add_ns(&v->took_ns, last_moment(q) - q->asked_ns);
    v->last = q->answered.packet != 0 ? q->answered : q->asked;
    v->aaaa += q->type == TYPE_AAAA;
    v->paired += silent && has_answered_twin(r, i);
    v->later += q->answered_ns != 0;
    word_list_add(&v->names, q->name);
}

static struct view view_of(const struct resolver *r, question_is *bad)
{
    struct view v = {0};

    for (size_t i = 0; i < r->n; i++)
        if (bad(r->s, r->all[i].item))
            view_bad(r, &v, i, bad == is_silent);
    for (size_t i = 0; i < r->n && v.bad > 0; i++) {
        const struct question *q = r->all[i].item;
        if (q->asked_ns < v.from_ns || q->asked_ns > v.to_ns)
            continue;
        v.inside++;
        if (bad(r->s, q) || q->answered_ns == 0)
            continue;
        v.aaaa_answered += q->type == TYPE_AAAA;
        if (q->rcode == 0) {
            word_list_add(&v.answered, q->name);
            v.name_answered |= word_list_has(&v.names, q->name);
        }
    }
    return v;
}

/* ---- causes ---- */

static struct cause *blame(struct resolver *r, enum p2t_cause_code code, enum p2t_cause_side side,
                           enum p2t_confidence confidence, const struct view *v)
{
    struct cause *c = cause_add(r->s, code, side, "dns", confidence);

    c->kind = "resolver";
    c->resolver = r->server;
    cause_span(c, v->from_ns, v->to_ns);
    cause_prove(c, v->first);
    cause_prove(c, v->last);
    c->of = v->inside;
    trouble_note(r->s, (struct trouble){.kind = TROUBLE_DNS, .from_ns = v->from_ns, .to_ns = v->to_ns});
    return c;
}

static void say_hits(const struct resolver *r, struct cause *c)
{
    if (c->calls == 0)
        return;
    buf_lit(&c->text, "; ");
    say_count(&c->text, c->calls, "call");
    if (c->lost_ns > 0) {
        buf_lit(&c->text, " waited ");
        say_time(&c->text, c->lost_ns);
        buf_str(&c->text, r->usual_lookup_ns > MS ? " longer than usual for lookups" : " for lookups");
    } else {
        buf_lit(&c->text, " asked it");
    }
    if (c->failed > 0)
        buf_printf(&c->text, ", %zu failed", c->failed);
}

static void say_others_answer(struct resolver *r, struct cause *c)
{
    if (r->others.total == 0)
        return;
    buf_lit(&c->text, "; ");
    say_words(&c->text, &r->others, 3);
    buf_str(&c->text, r->others.total == 1 ? " answers" : " answer");
    for (size_t i = 0; i < r->others.n; i++)
        cause_clear(c, r->others.word[i]);
}

/* One question of a pair is lost: fits Linux's conntrack, which drops one of two that race for one entry. */
static void say_race(struct resolver *r, const struct view *v)
{
    struct cause *c = blame(r, P2T_CAUSE_DNS_RACE_5S, P2T_CAUSE_SIDE_NETWORK, P2T_LIKELY, v);

    hit_waiting(r, c, is_silent);
    buf_printf(
        &c->text,
        "one of two questions asked at once from one port (A and AAAA) to the name server %s stays unanswered, %zu "
        "times; the other is answered, which fits the conntrack race (single-request-reopen, or a cache on the host, "
        "avoids it)",
        word_str(r->server), v->bad);
    say_hits(r, c);
}

static void say_silence(struct resolver *r, struct view *v)
{
    struct cause *c = blame(r, P2T_CAUSE_DNS_NO_ANSWER, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, v);

    hit_waiting(r, c, is_silent);
    if (!r->any_answer) {
        c->confidence = P2T_LIKELY;
        buf_printf(&c->text, "no answer from the name server %s to any of ", word_str(r->server));
        say_count(&c->text, v->bad, "question");
        buf_lit(&c->text, " is in the capture, nor one of others");
        say_hits(r, c);
        return;
    }
    buf_printf(&c->text, "the name server %s ", word_str(r->server));
    if (v->later == 0 && v->bad < r->n)
        buf_printf(&c->text,
                   v->bad < v->inside ? "leaves %zu of %zu questions unanswered in that time"
                                      : "answers none of %zu questions in that time",
                   v->bad, v->inside);
    else if (v->later == 0)
        buf_printf(&c->text, "answers none of %zu question%s", v->bad, v->bad == 1 ? "" : "s");
    else if (v->later == v->bad)
        buf_printf(&c->text, "answers %zu of %zu questions only after they are asked again", v->bad, v->inside);
    else
        buf_printf(&c->text, "leaves %zu of %zu questions unanswered, %zu of them until they are asked again", v->bad,
                   v->inside, v->later);
    say_others_answer(r, c);
    say_hits(r, c);
}

static void say_one_family(struct resolver *r, const struct view *v)
{
    struct cause *c = blame(r, P2T_CAUSE_DNS_ONE_FAMILY, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, v);

    hit_waiting(r, c, is_silent);
    buf_printf(&c->text, "AAAA questions to %s are never answered (%zu), A questions are; each lookup waits for them",
               word_str(r->server), v->bad);
    say_hits(r, c);
}

static void say_name_silent(struct resolver *r, struct view *v)
{
    struct cause *c = blame(r, P2T_CAUSE_DNS_NO_ANSWER, P2T_CAUSE_SIDE_NAME_SERVICE, P2T_LIKELY, v);

    c->kind = "name";
    c->name = v->names.word[0];
    hit_waiting(r, c, is_silent);
    buf_printf(&c->text, "the name server %s never answers for ", word_str(r->server));
    say_words(&c->text, &v->names, 2);
    buf_printf(&c->text, " (%zu question%s), for other names it does", v->bad, plural(v->bad));
    say_hits(r, c);
}

static void say_lossy(struct resolver *r, const struct view *v)
{
    struct cause *c = blame(r, P2T_CAUSE_DNS_RETRIED, P2T_CAUSE_SIDE_NETWORK, P2T_LIKELY, v);

    hit_waiting(r, c, is_silent);
    buf_printf(
        &c->text,
        "%zu of %zu questions to the name server %s are not answered at first: lost on the way, or dropped by it",
        v->bad, v->inside, word_str(r->server));
    say_hits(r, c);
}

static void find_silence(struct resolver *r)
{
    struct view v = view_of(r, is_silent);
    bool nearly_all = v.bad * 10 > v.inside * 8;

    if (v.bad < at_least(r->s, 3) || (!nearly_all && (r->s->lossy_capture || v.bad * 100 < r->n * 3)))
        return;
    if (nearly_all)
        say_silence(r, &v);
    else if (v.aaaa == v.bad && v.aaaa_answered == 0)
        say_one_family(r, &v);
    else if (v.paired * 10 >= v.bad * 7)
        say_race(r, &v);
    else if (!v.name_answered && v.names.total <= 4)
        say_name_silent(r, &v);
    else
        say_lossy(r, &v);
}

static void find_errors(struct resolver *r, question_is *bad, const char *word)
{
    struct view v = view_of(r, bad);

    if (v.bad < at_least(r->s, 3))
        return;
    bool one_name = !v.name_answered && v.answered.total > 0 && v.names.total <= 6;
    struct cause *c = blame(r, P2T_CAUSE_DNS_SERVER_FAILURE,
                            one_name ? P2T_CAUSE_SIDE_NAME_SERVICE : P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, &v);
    hit_waiting(r, c, bad);
    /* Others answered in its place, at no cost. */
    if (c->failed == 0 && c->calls > 0 && (r->s->small ? v.took_ns : c->lost_ns) < 200 * (int64_t)MS) {
        c->gone = true;
        return;
    }
    buf_printf(&c->text, "the name server %s answers %s to %zu of %zu questions", word_str(r->server), word, v.bad,
               v.inside);
    if (one_name) {
        c->kind = "name";
        c->name = v.names.word[0];
        for (size_t i = 1; i < v.names.n; i++)
            if (v.names.word[i]->n < c->name->n)
                c->name = v.names.word[i];
        buf_printf(&c->text, ", all of them for %s; other names are answered", c->name->text);
    } else {
        say_others_answer(r, c);
    }
    say_hits(r, c);
}

static void find_unreachable(struct resolver *r)
{
    struct view v = view_of(r, is_unreachable);

    if (v.bad < at_least(r->s, 2))
        return;
    struct cause *c = blame(r, P2T_CAUSE_DNS_UNREACHABLE, P2T_CAUSE_SIDE_RESOLVER, P2T_CERTAIN, &v);
    hit_waiting(r, c, is_unreachable);
    buf_printf(&c->text, "nothing listens at the name server %s: ICMP reports it unreachable for ",
               word_str(r->server));
    say_count(&c->text, v.bad, "question");
    say_hits(r, c);
}

/* ---- slowness ---- */

static int64_t latency_of(const struct question *q)
{
    return q->answered_ns - (is_late_by_loss(q) ? q->last_asked_ns : q->asked_ns);
}

static bool is_answer(const struct question *q)
{
    return q->answered_ns != 0 && (q->rcode == 0 || q->rcode == 3);
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
    x->v = view_of(r, is_slow);
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
        blame(x->r, P2T_CAUSE_DNS_SLOW, x->whole ? P2T_CAUSE_SIDE_RESOLVER : P2T_CAUSE_SIDE_NAME_SERVICE,
              x->whole ? P2T_CERTAIN : P2T_LIKELY, &x->v);

    hit_waiting(x->r, c, is_slow);
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
    say_hits(x->r, c);
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

static int64_t usual_lookup(struct p2t_summary *s)
{
    struct sample all = {0};

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (c->lookup_ns != 0 && c->looked_up_ns != 0 && c->outcome == P2T_OUTCOME_OK)
            sample_add(&all, c->looked_up_ns - c->lookup_ns);
    }
    int64_t usual = sample_at(&all, 300);
    sample_fini(&all);
    return usual;
}

static void list_others(struct resolver *r, const struct groups *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct question *q = all->all[i].item;
        if (q->server != r->server && q->answered_ns != 0 && is_answer(q))
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
        find_silence(&r);
        find_errors(&r, is_servfail, "SERVFAIL");
        find_errors(&r, is_refused, "REFUSED");
        find_unreachable(&r);
        find_slowness(&r);
    }
    s->failed |= by_server.failed;
    groups_fini(&by_server);
}
