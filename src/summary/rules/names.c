/* Names: those that have no address, or do not exist, although somebody needs them. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3 };

/* An answer of the other family, or another server's, this near to an empty one makes up for it. */
static const int64_t SAME_LOOKUP_NS = 600 * (int64_t)MS;

struct name_view {
    struct p2t_summary *s;
    const struct word *name;
    struct keyed *all; /* the address questions for it that were answered, by time */
    size_t n;
    size_t with_address, aaaa_with_address, a_with_address, of_type_a;
    bool called; /* a call reached it by that name */
};

static bool has_address(const struct question *q)
{
    return q->addresses > 0;
}

static bool is_empty(const struct question *q)
{
    return q->rcode == 0 && q->addresses == 0 && !q->truncated && !q->cut && !q->referral;
}

static bool is_nxdomain(const struct question *q)
{
    return q->rcode == NXDOMAIN;
}

/* The same client got an address for the name at about the same time. */
static bool made_up_for(const struct name_view *v, size_t at)
{
    const struct question *q = v->all[at].item;

    for (size_t i = at; i-- > 0 && v->all[i].at_ns > q->asked_ns - SAME_LOOKUP_NS;) {
        const struct question *o = v->all[i].item;
        if (o->client == q->client && has_address(o))
            return true;
    }
    for (size_t i = at + 1; i < v->n && v->all[i].at_ns < q->asked_ns + SAME_LOOKUP_NS; i++) {
        const struct question *o = v->all[i].item;
        if (o->client == q->client && has_address(o))
            return true;
    }
    return false;
}

/* The family whose answers tell whether the name is in order: AAAA alone proves nothing where A exists, nor A alone where
 * AAAA has addresses. */
static int telling_type(const struct name_view *v)
{
    if (v->aaaa_with_address > 0 && v->a_with_address == 0)
        return TYPE_AAAA;
    return v->of_type_a > 0 ? TYPE_A : TYPE_AAAA;
}

/* Somebody asked for just that name, and got nothing. Names that a search list makes are asked for by nobody. */
static bool was_wanted(const struct name_view *v)
{
    for (size_t i = 0; i < v->s->call_count; i++)
        if (v->s->calls[i].name == v->name && v->s->calls[i].outcome == P2T_OUTCOME_DNS_ERROR)
            return true;
    return false;
}

/* A service that the client called until then, and no more: what it asks for now may be its new name. */
static bool gave_something_up(const struct name_view *v, const struct question *bad)
{
    struct groups hosts = {0};
    size_t at = 0, n;
    bool found = false;
    struct keyed *first;

    for (size_t i = 0; i < v->s->call_count; i++) {
        struct call *c = &v->s->calls[i];
        if (c->client == bad->client && c->request_ns != 0)
            groups_add(&hosts, (struct keyed){{c->host}, c->request_ns, c->id, c});
    }
    groups_sort(&hosts);
    while ((first = groups_next(&hosts, &at, &n)) != NULL) {
        int64_t pace = n > 1 ? (first[n - 1].at_ns - first[0].at_ns) / (int64_t)(n - 1) : 0;
        found |= n >= 5 && first[n - 1].at_ns < bad->asked_ns && bad->asked_ns - first[n - 1].at_ns < 5 * pace &&
                 v->s->last_ns - first[n - 1].at_ns > 5 * pace;
    }
    groups_fini(&hosts);
    return found;
}

/* A name that never existed, asked for by a client whose other names exist: out of habit, as it seems, unless the client
 * gave something up for it. */
static bool is_habit(const struct name_view *v, const struct question *bad, size_t count)
{
    size_t resolved = 0;

    for (size_t i = 0; i < v->s->question_count; i++)
        resolved += v->s->questions[i].client == bad->client && has_address(&v->s->questions[i]);
    return resolved > 0 && (count < 5 || !gave_something_up(v, bad));
}

/* What Kubernetes' search list makes of a name with dots: no service has so many labels. */
static bool is_search_candidate(const struct word *name)
{
    static const char domain[] = ".svc.cluster.local";
    const char *end = strstr(name->text, domain);
    size_t dots = 0;

    for (const char *p = name->text; end != NULL && p < end; p++)
        dots += *p == '.';
    return dots >= 3 && name->text[0] != '_';
}

/* Nothing that anybody needs, as far as the capture shows. */
static bool is_noise(const struct name_view *v, enum p2t_cause_code code, const struct question *first, size_t count)
{
    if (v->with_address > 0 || v->called)
        return false;
    if (is_search_candidate(v->name))
        return true;
    /* Who asks for IPv6 only wants to know whether there is any; a name for IPv6 has no other address on purpose. */
    if (code == P2T_CAUSE_DNS_EMPTY_ANSWER)
        return v->of_type_a == 0 || strncmp(v->name->text, "ipv6.", 5) == 0 ||
               (!v->s->small && strchr(v->name->text, '.') == NULL);
    return !was_wanted(v) || (!v->s->small && is_habit(v, first, count));
}

static void blame(struct name_view *v, enum p2t_cause_code code, const size_t *bad, size_t bad_count)
{
    const struct question *first = v->all[bad[0]].item, *last = v->all[bad[bad_count - 1]].item;
    struct cause *c = cause_add(v->s, code, P2T_CAUSE_SIDE_NAME_SERVICE, "dns", P2T_CERTAIN);

    c->kind = "name";
    c->name = v->name;
    c->resolver = first->server;
    cause_span(c, first->asked_ns, last->answered_ns);
    cause_prove(c, first->answered);
    cause_prove(c, last->answered);
    for (size_t i = 0; i < v->s->call_count; i++) {
        struct call *x = &v->s->calls[i];
        if (x->outcome == P2T_OUTCOME_DNS_ERROR && is_name_of(v->name, x->name))
            cause_hit(v->s, c, x);
    }
    if (c->calls == 0)
        c->calls = c->failed = bad_count;
    c->of = c->calls;
    for (size_t i = 0; i < v->n; i++) {
        const struct question *q = v->all[i].item;
        c->of += has_address(q) && q->asked_ns >= c->since_ns && q->asked_ns <= c->until_ns;
    }
    buf_printf(&c->text, "%s %s: ", v->name->text,
               code == P2T_CAUSE_DNS_NOT_FOUND ? "does not exist (NXDOMAIN)"
               : v->of_type_a < v->n
                   ? "exists but has no address (the answers hold none)"
                   : "exists but has no IPv4 address (the answers hold none; AAAA was not asked for)");
    say_count(&c->text, c->failed, "lookup");
    buf_printf(&c->text, " failed, and %s never left", c->failed == 1 ? "its request" : "their requests");
    if (v->with_address > 0)
        buf_lit(&c->text, "; at other times it has addresses");
}

/* One family after the other: what stands for all lookups is counted, not both halves of each. */
static void find(struct name_view *v, enum p2t_cause_code code, bool (*is_bad)(const struct question *))
{
    int type = telling_type(v);
    size_t *bad = calloc(v->n + 1, sizeof *bad), count = 0;

    v->s->failed |= bad == NULL;
    for (size_t i = 0; i < v->n && bad != NULL; i++) {
        const struct question *q = v->all[i].item;
        if (q->type == type && is_bad(q) && !made_up_for(v, i))
            bad[count++] = i;
    }
    /* One answer alone, which nobody is seen to ask for. */
    bool unasked = count == 1 && ((struct question *)v->all[bad[0]].item)->asked.packet ==
                                     ((struct question *)v->all[bad[0]].item)->answered.packet;
    if (count >= at_least(v->s, 2) && !unasked && !is_noise(v, code, v->all[bad[0]].item, count))
        blame(v, code, bad, count);
    free(bad);
}

static void look_at(struct name_view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct question *q = v->all[i].item;
        v->with_address += has_address(q);
        v->a_with_address += has_address(q) && q->type == TYPE_A;
        v->aaaa_with_address += has_address(q) && q->type == TYPE_AAAA;
        v->of_type_a += q->type == TYPE_A;
    }
    find(v, P2T_CAUSE_DNS_EMPTY_ANSWER, is_empty);
    find(v, P2T_CAUSE_DNS_NOT_FOUND, is_nxdomain);
}

/* Names that calls were made to, each once and sorted by rank. */
static void list_called(struct p2t_summary *s, struct groups *called)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].request_ns != 0 && s->calls[i].name != NULL)
            groups_add(called, (struct keyed){{s->calls[i].name}, 0, 0, NULL});
    groups_sort(called);
}

static bool was_called(const struct groups *called, const struct word *name)
{
    size_t low = 0, high = called->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (called->all[middle].key[0]->rank < name->rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low < called->n && called->all[low].key[0] == name;
}

void rules_names(struct p2t_summary *s)
{
    struct groups by_name = {0}, called = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->question_count; i++) {
        struct question *q = &s->questions[i];
        if (q->answered_ns != 0 && q->name != NULL && (q->type == TYPE_A || q->type == TYPE_AAAA))
            groups_add(&by_name, (struct keyed){{q->name}, q->asked_ns, i, q});
    }
    groups_sort(&by_name);
    list_called(s, &called);
    while ((first = groups_next(&by_name, &at, &n)) != NULL) {
        struct name_view v = {
            .s = s, .name = first->key[0], .all = first, .n = n, .called = was_called(&called, first->key[0])};
        look_at(&v);
    }
    s->failed |= by_name.failed || called.failed;
    groups_fini(&by_name);
    groups_fini(&called);
}
