/* What the questions to one name server have in common, and which calls waited for them. */
#include "summary/rules/resolver.h"

#include "summary/rules/rules.h"

/* A question this near to the end of the capture may yet be answered. */
static const int64_t TAIL_NS = SECOND_NS;
/* A call's lookup begins with its question, give or take what packets are late. */
static const int64_t BEGIN_SLACK_NS = 2 * MS;
enum { OVERLAPS_MAX = 4096, TYPE_AAAA = 28 };

bool is_name_of(const struct word *question, const struct word *called)
{
    if (question == NULL || called == NULL || question->n < called->n)
        return false;
    return slice_istarts(slice_of(question->text, question->n), slice_of(called->text, called->n)) &&
           (question->n == called->n || question->text[called->n] == '.');
}

/* It was asked again for want of an answer, and then answered at once. */
bool question_is_late_by_loss(const struct question *q)
{
    return q->tries > 1 && q->answered_ns != 0 &&
           (q->answered_ns - q->last_asked_ns) * 4 < q->last_asked_ns - q->asked_ns;
}

bool question_is_silent(const struct p2t_summary *s, const struct question *q)
{
    if (q->answered_ns != 0)
        return question_is_late_by_loss(q);
    return q->unreachable_ns == 0 && q->asked_ns < s->last_ns - TAIL_NS;
}

bool question_is_answer(const struct question *q)
{
    return q->answered_ns != 0 && (q->rcode == 0 || q->rcode == 3);
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

/* Where the capture ends with it, a lookup has no end. */
static int64_t lookup_end(const struct call *c)
{
    return c->looked_up_ns == 0 && c->open ? c->end_ns : c->looked_up_ns;
}

/* The questions that a call's lookup asked here. */
struct asked {
    bool any, bad;
    int64_t until_ns; /* their last packet */
};

static struct asked asked_by(const struct resolver *r, const struct call *c, question_is *bad)
{
    size_t first = first_asked_at(r, c->lookup_ns - BEGIN_SLACK_NS);
    struct asked a = {0};

    for (size_t i = first; i < r->n && i - first < OVERLAPS_MAX && r->all[i].at_ns <= lookup_end(c); i++) {
        const struct question *q = r->all[i].item;
        if (!is_name_of(q->name, c->name))
            continue;
        a.any = true;
        a.bad |= bad(r->s, q);
        a.until_ns = max_ns(a.until_ns, last_moment(q));
    }
    return a;
}

/* A silence is over when a question is answered that was asked after it. */
static int64_t answers_again(const struct resolver *r, int64_t after_ns)
{
    for (size_t i = first_asked_at(r, after_ns + 1); i < r->n; i++)
        if (((const struct question *)r->all[i].item)->answered_ns != 0)
            return r->all[i].at_ns;
    return INT64_MAX;
}

static bool is_in_time(const struct cause *c, const struct call *x)
{
    return x->name != NULL && x->lookup_ns != 0 && lookup_end(x) >= c->since_ns - BEGIN_SLACK_NS &&
           x->lookup_ns <= c->until_ns + SECOND_NS;
}

/* Where a lookup without an answer ended, no packet says: it took as long as it was asked again. Of one that the capture's
 * end leaves open not even that: whoever asked may have gone long ago.
 */
static int64_t proven_end(const struct call *c, int64_t last_packet_ns)
{
    if (c->looked_up_ns == 0)
        return c->lookup_ns;
    return c->outcome == P2T_OUTCOME_DNS_ERROR ? min_ns(c->looked_up_ns, last_packet_ns) : c->looked_up_ns;
}

static void hit_calls(const struct resolver *r, struct cause *c, question_is *bad)
{
    int64_t again_ns = answers_again(r, c->until_ns), until_ns = c->until_ns;

    for (size_t i = 0; i < r->s->call_count; i++) {
        struct call *x = &r->s->calls[i];
        const struct asked a = is_in_time(c, x) ? asked_by(r, x, bad) : (struct asked){0};
        if (!a.bad)
            continue;
        cause_hit(r->s, c, x);
        add_ns(&c->lost_ns, max_ns(0, proven_end(x, a.until_ns) - x->lookup_ns - r->usual_lookup_ns));
        if (bad == question_is_silent)
            until_ns = max_ns(until_ns, min_ns(x->looked_up_ns, again_ns));
    }
    cause_span(c, c->since_ns, until_ns);
}

/* Those that it hit, and those that began to ask this name server in its time. */
static size_t calls_meanwhile(const struct resolver *r, const struct cause *c, question_is *bad)
{
    size_t n = 0;

    for (size_t i = 0; i < r->s->call_count; i++) {
        struct call *x = &r->s->calls[i];
        bool begun = is_in_time(c, x) && x->lookup_ns >= c->since_ns - BEGIN_SLACK_NS && x->lookup_ns <= c->until_ns;
        if (cause_has_hit(c, x) || (begun && asked_by(r, x, bad).any))
            n += call_weight(r->s, x);
    }
    return n;
}

void resolver_hit(const struct resolver *r, struct cause *c, question_is *bad)
{
    hit_calls(r, c, bad);
    c->of = calls_meanwhile(r, c, bad);
    c->failed = 0;
    for (size_t i = 0; i < c->hit_count; i++)
        c->failed += c->hit[i]->outcome == P2T_OUTCOME_DNS_ERROR;
}

size_t resolver_crowd(const struct resolver *r, question_is *bad)
{
    size_t n = 0;

    for (size_t i = 0; i < r->s->call_count; i++) {
        const struct call *x = &r->s->calls[i];
        n += x->name != NULL && x->lookup_ns != 0 && lookup_end(x) - x->lookup_ns > SECOND_NS &&
             asked_by(r, x, bad).bad;
    }
    return n;
}

bool resolver_calls_ceased(const struct resolver *r, const struct word *name, int64_t since_ns, int64_t until_ns,
                           int64_t *pace_ns)
{
    struct groups calls = {0};

    for (size_t i = 0; i < r->s->call_count; i++) {
        struct call *x = &r->s->calls[i];
        if (x->request_ns != 0 && is_name_of(name, x->name))
            groups_add(&calls, (struct keyed){{NULL}, x->start_ns, x->id, x});
    }
    groups_sort(&calls);
    bool ceased = calls_ceased(r->s, calls.all, calls.n, since_ns, until_ns, pace_ns);
    r->s->failed |= calls.failed;
    groups_fini(&calls);
    return ceased;
}

/* ---- what the bad questions have in common ---- */

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

static void view_bad(const struct resolver *r, struct resolver_view *v, size_t i, bool silent)
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

struct resolver_view resolver_view(const struct resolver *r, question_is *bad)
{
    struct resolver_view v = {0};

    for (size_t i = 0; i < r->n; i++)
        if (bad(r->s, r->all[i].item))
            view_bad(r, &v, i, bad == question_is_silent);
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

struct cause *resolver_blame(struct resolver *r, enum p2t_cause_code code, enum p2t_cause_side side,
                             enum p2t_confidence confidence, const struct resolver_view *v)
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

struct shared {
    size_t lookups;
    int64_t longest_ns, all_ns; /* all_ns: each counted once */
};

/* Calls that wait for one lookup have its beginning, whenever they joined it. */
static struct shared shared_lookups(const struct resolver *r, const struct cause *c)
{
    struct groups begun = {0};
    struct shared v = {0};

    for (size_t i = 0; i < c->hit_count; i++)
        groups_add(&begun, (struct keyed){{c->hit[i]->name}, c->hit[i]->lookup_ns, i, c->hit[i]});
    groups_sort(&begun);
    for (size_t i = 0; i < begun.n; i++) {
        const struct call *x = begun.all[i].item;
        if (i > 0 && begun.all[i - 1].at_ns == x->lookup_ns && begun.all[i - 1].key[0] == x->name)
            continue;
        v.lookups++;
        v.longest_ns = max_ns(v.longest_ns, lookup_end(x) - x->lookup_ns);
        add_ns(&v.all_ns, lookup_end(x) - x->lookup_ns);
    }
    r->s->failed |= begun.failed;
    groups_fini(&begun);
    return v;
}

void resolver_say_hits(const struct resolver *r, struct cause *c)
{
    const struct shared shared = shared_lookups(r, c);

    if (c->calls == 0)
        return;
    buf_lit(&c->text, "; ");
    if (c->lost_ns > 0 && shared.lookups * 3 < c->hit_count) {
        c->lost_ns = min_ns(c->lost_ns, shared.all_ns);
        cause_say_hits(c);
        buf_printf(&c->text, " shared %zu lookup%s, and waited up to ", shared.lookups, plural(shared.lookups));
        say_time(&c->text, shared.longest_ns);
    } else if (c->lost_ns > 0 && strcmp(cause_counted(c), "lookups") == 0) {
        cause_say_hits(c);
        buf_str(&c->text, c->calls == 1 ? " took " : " took a total of ");
        say_time(&c->text, c->lost_ns);
        buf_str(&c->text, r->usual_lookup_ns > MS ? " longer than usual" : "");
    } else if (c->lost_ns > 0) {
        cause_say_waited(c);
        buf_str(&c->text, r->usual_lookup_ns > MS ? " longer than usual for lookups" : " for lookups");
    } else {
        cause_say_hits(c);
        buf_lit(&c->text, " asked it");
    }
    if (c->failed > 0)
        buf_printf(&c->text, ", %zu failed", c->failed);
}

void resolver_say_others(struct resolver *r, struct cause *c)
{
    if (r->others.total == 0)
        return;
    buf_lit(&c->text, "; ");
    say_words(&c->text, &r->others, 3);
    buf_str(&c->text, r->others.total == 1 ? " answers" : " answer");
    for (size_t i = 0; i < r->others.n; i++)
        cause_clear(c, r->others.word[i]);
}
