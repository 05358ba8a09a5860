/* Names: those that have no address, or do not exist, although somebody needs them. */
#include <stdlib.h>
#include <string.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3 };

/* An answer of the other family, or another server's, this near to an empty one makes up for it. */
static const int64_t SAME_LOOKUP_NS = 600 * (int64_t)MS;

/* Of all calls and questions; sorted. */
struct known {
    struct groups called;    /* names that calls reached */
    struct groups missed;    /* those that a call failed for, as they do not exist */
    struct groups resolved;  /* those that have an address at some time */
    struct groups resolving; /* clients that got addresses */
    struct groups left;      /* see list_left() */
};

struct name_view {
    struct p2t_summary *s;
    const struct word *name;
    struct keyed *all; /* the address questions for it that were answered, by time */
    size_t n;
    size_t with_address, aaaa_with_address, a_with_address, of_type_a;
    bool called; /* a call reached it by that name */
    struct known *known;
};

static bool has_address(const struct question *q)
{
    return q->addresses > 0;
}

static uint32_t rank_of(const struct word *w)
{
    return w != NULL ? w->rank : 0;
}

/* How many of them come before the key at that time. */
static size_t count_before(const struct groups *g, const struct word *key, int64_t at_ns)
{
    size_t low = 0, high = g->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct keyed *x = &g->all[middle];
        if (rank_of(x->key[0]) < rank_of(key) || (x->key[0] == key && x->at_ns < at_ns))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_key(const struct groups *g, const struct word *key)
{
    size_t at = count_before(g, key, INT64_MIN);

    return at < g->n && g->all[at].key[0] == key;
}

static bool left_something(const struct groups *left, const struct word *client, int64_t at_ns)
{
    size_t before = count_before(left, client, at_ns);

    return before > 0 && left->all[before - 1].key[0] == client && (int64_t)left->all[before - 1].tie > at_ns;
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
    enum { LOOKED_AT_MAX = 256 };
    const struct question *q = v->all[at].item;

    for (size_t i = at; i-- > 0 && at - i < LOOKED_AT_MAX && v->all[i].at_ns > q->asked_ns - SAME_LOOKUP_NS;) {
        const struct question *o = v->all[i].item;
        if (o->client == q->client && has_address(o))
            return true;
    }
    for (size_t i = at + 1; i < v->n && i - at < LOOKED_AT_MAX && v->all[i].at_ns < q->asked_ns + SAME_LOOKUP_NS;
         i++) {
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

/* A name that never existed, asked for by a client whose other names exist: out of habit, as it seems, unless the client
 * gave something up for it: a service that it called until then, and no more. */
static bool is_habit(const struct name_view *v, const struct question *bad, size_t count)
{
    return has_key(&v->known->resolving, bad->client) &&
           (count < 5 || !left_something(&v->known->left, bad->client, bad->asked_ns));
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

/* A search list made it of a shorter name, which failed, too: that is the one that somebody asked for. */
static bool is_made_of_missed(const struct name_view *v)
{
    for (size_t n = 1; n + 1 < v->name->n; n++) {
        const struct word *asked =
            v->name->text[n] == '.' ? words_find(&v->s->words, slice_of(v->name->text, n)) : NULL;
        if (asked != NULL && has_key(&v->known->missed, asked))
            return true;
    }
    return false;
}

/* A search list makes another name of it, which has an address at other times: that one is missed. */
static bool is_short_for_another(const struct name_view *v)
{
    enum { LOOKED_AT_MAX = 64 };
    const struct groups *g = &v->known->resolved;
    size_t from = count_before(g, v->name, INT64_MAX);

    for (size_t i = from; i < g->n && i - from < LOOKED_AT_MAX; i++) {
        const struct word *other = g->all[i].key[0];
        if (other->n <= v->name->n || memcmp(other->text, v->name->text, v->name->n) != 0)
            return false;
        if (other->text[v->name->n] == '.')
            return true;
    }
    return false;
}

/* Nothing that anybody needs, as far as the capture shows. */
static bool is_noise(const struct name_view *v, enum p2t_cause_code code, const struct question *first, size_t count)
{
    bool is_short = strchr(v->name->text, '.') == NULL;

    if (code == P2T_CAUSE_DNS_NOT_FOUND &&
        (is_short_for_another(v) || (is_short && !has_key(&v->known->missed, v->name))))
        return true;
    if (v->with_address > 0 || v->called)
        return false;
    if (is_search_candidate(v->name) || is_made_of_missed(v))
        return true;
    /* Who asks for IPv6 only wants to know whether there is any; a name for IPv6 has no other address on purpose. */
    if (code == P2T_CAUSE_DNS_EMPTY_ANSWER)
        return v->of_type_a == 0 || strncmp(v->name->text, "ipv6.", 5) == 0 || (!v->s->small && is_short);
    /* Names that a search list makes are asked for by nobody. */
    return !has_key(&v->known->missed, v->name) || is_short_for_another(v) ||
           (!v->s->small && is_habit(v, first, count));
}

/* The calls to the name, or to the shorter one that a search list made it of; none where neither is called. */
static const struct keyed *calls_to(const struct name_view *v, size_t *n)
{
    const struct groups *g = &v->known->called;

    *n = 0;
    for (size_t length = v->name->n; length > 0 && *n == 0; length--) {
        if (length < v->name->n && v->name->text[length] != '.')
            continue;
        const struct word *name =
            length == v->name->n ? v->name : words_find(&v->s->words, slice_of(v->name->text, length));
        size_t from = name != NULL ? count_before(g, name, INT64_MIN) : 0;
        *n = name != NULL ? count_before(g, name, INT64_MAX) - from : 0;
        if (*n > 0)
            return &g->all[from];
    }
    return NULL;
}

/* From that time on, and for longer than anybody's pause. */
static bool has_ceased(const struct name_view *v, int64_t since_ns, int64_t *pace_ns)
{
    size_t n;
    const struct keyed *calls = calls_to(v, &n);

    return v->s->last_ns - since_ns > 2 * SECOND_NS && calls_ceased(v->s, calls, n, since_ns, v->s->last_ns, pace_ns);
}

/* One failure, and nobody asks or calls any more. */
static bool is_last_word(const struct name_view *v, const struct question *bad)
{
    int64_t pace_ns;

    return left_something(&v->known->left, bad->client, bad->asked_ns) && has_ceased(v, bad->asked_ns, &pace_ns);
}

static void say_ceased(const struct name_view *v, struct cause *c)
{
    int64_t pace_ns;

    if (!has_ceased(v, c->since_ns, &pace_ns) || v->s->last_ns - c->until_ns < 5 * pace_ns)
        return;
    buf_lit(&c->text, "; after the last of them nobody asks for ");
    say_time(&c->text, v->s->last_ns - c->until_ns);
    buf_lit(&c->text, ", where a call left every ");
    say_time(&c->text, pace_ns);
    buf_lit(&c->text, ": a client that remembers the failure sends no packet");
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
        /* Either one may be what a search list made of the other. */
        if (x->outcome != P2T_OUTCOME_DNS_ERROR || (!is_name_of(v->name, x->name) && !is_name_of(x->name, v->name)))
            continue;
        cause_hit(v->s, c, x);
        if (x->lookup_ns != 0)
            cause_span(c, x->lookup_ns, x->looked_up_ns);
    }
    if (c->calls == 0) {
        c->calls = c->failed = bad_count;
        c->counted = "lookups";
    }
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
    say_ceased(v, c);
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
    bool enough = count >= at_least(v->s, 2) || (count == 1 && is_last_word(v, v->all[bad[0]].item));
    if (enough && !unasked && !is_noise(v, code, v->all[bad[0]].item, count))
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

/* ---- what is asked of all names ---- */

/* Keys alone, sorted. */
static void list_keys(struct p2t_summary *s, struct known *k)
{
    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (c->name != NULL && c->request_ns != 0)
            groups_add(&k->called, (struct keyed){{c->name}, c->start_ns, c->id, NULL});
        if (c->name != NULL && call_has(c, P2T_FINDING_DNS_NOT_FOUND))
            groups_add(&k->missed, (struct keyed){{c->name}, 0, 0, NULL});
    }
    for (size_t i = 0; i < s->question_count; i++)
        if (has_address(&s->questions[i])) {
            groups_add(&k->resolving, (struct keyed){{s->questions[i].client}, 0, 0, NULL});
            groups_add(&k->resolved, (struct keyed){{s->questions[i].name}, 0, 0, NULL});
        }
    groups_sort(&k->called);
    groups_sort(&k->missed);
    groups_sort(&k->resolved);
    groups_sort(&k->resolving);
}

/* The hosts that each client called often, and then no more although it had the time: at_ns is the last call, tie until when
 * the next one was due, at the most that any of the client's before it. */
static void list_left(struct p2t_summary *s, struct known *k)
{
    struct groups hosts = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->request_ns != 0)
            groups_add(&hosts, (struct keyed){{c->client, c->host}, c->request_ns, c->id, c});
    }
    groups_sort(&hosts);
    while ((first = groups_next(&hosts, &at, &n)) != NULL) {
        int64_t last_ns = first[n - 1].at_ns, pace = n > 1 ? (last_ns - first[0].at_ns) / (int64_t)(n - 1) : 0;
        if (n >= 5 && s->last_ns - last_ns > 5 * pace)
            groups_add(&k->left, (struct keyed){{first->key[0]}, last_ns, (uint64_t)(last_ns + 5 * pace), NULL});
    }
    groups_sort(&k->left);
    for (size_t i = 1; i < k->left.n; i++)
        if (k->left.all[i].key[0] == k->left.all[i - 1].key[0] && k->left.all[i].tie < k->left.all[i - 1].tie)
            k->left.all[i].tie = k->left.all[i - 1].tie;
    s->failed |= hosts.failed;
    groups_fini(&hosts);
}

static void known_fini(struct p2t_summary *s, struct known *k)
{
    s->failed |= k->called.failed || k->missed.failed || k->resolved.failed || k->resolving.failed || k->left.failed;
    groups_fini(&k->called);
    groups_fini(&k->missed);
    groups_fini(&k->resolved);
    groups_fini(&k->resolving);
    groups_fini(&k->left);
}

void rules_names(struct p2t_summary *s)
{
    struct groups by_name = {0};
    struct known known = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->question_count; i++) {
        struct question *q = &s->questions[i];
        if (q->answered_ns != 0 && q->name != NULL && (q->type == TYPE_A || q->type == TYPE_AAAA))
            groups_add(&by_name, (struct keyed){{q->name}, q->asked_ns, i, q});
    }
    groups_sort(&by_name);
    list_keys(s, &known);
    list_left(s, &known);
    while (cause_room(s) && (first = groups_next(&by_name, &at, &n)) != NULL) {
        struct name_view v = {.s = s,
                              .name = first->key[0],
                              .all = first,
                              .n = n,
                              .called = has_key(&known.called, first->key[0]),
                              .known = &known};
        look_at(&v);
    }
    s->failed |= by_name.failed;
    groups_fini(&by_name);
    known_fini(s, &known);
}
