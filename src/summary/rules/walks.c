/* Lookups that take a long way: search lists, and answers too big for UDP. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

/* Between the beginning of the walk and the question that was answered with an address. */
static int64_t walked_for(const struct p2t_summary *s, const struct groups *by_name, const struct call *c)
{
    size_t low = 0, high = by_name->n;

    (void)s;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct keyed *k = &by_name->all[middle];
        if (k->key[0]->rank < c->name->rank || (k->key[0] == c->name && k->at_ns < c->lookup_ns - MS))
            low = middle + 1;
        else
            high = middle;
    }
    if (low >= by_name->n || by_name->all[low].key[0] != c->name || by_name->all[low].at_ns > c->looked_up_ns)
        return 0;
    return max_ns(0, by_name->all[low].at_ns - c->lookup_ns);
}

static bool in_dns_trouble(const struct p2t_summary *s, const struct call *c)
{
    return trouble_of(s, TROUBLE_DNS, NULL, c->lookup_ns, c->lookup_ns) != NULL;
}

struct walks {
    struct p2t_summary *s;
    const struct groups *by_name; /* questions that got an address */
    struct keyed *calls;          /* of one client and name, that looked it up with success */
    size_t n;
};

static void blame(struct walks *w, size_t walks, int64_t median, int64_t median_total)
{
    const struct call *first = w->calls[0].item;
    struct cause *c = cause_add(w->s, P2T_CAUSE_DNS_SEARCH_LIST, P2T_CAUSE_SIDE_CLIENT, "dns", P2T_CERTAIN);

    c->kind = "client";
    c->name = first->name;
    c->client = first->client;
    c->address = first->server;
    for (size_t i = 0; i < w->n; i++) {
        struct call *x = w->calls[i].item;
        if (!x->walked)
            continue;
        cause_hit(w->s, c, x);
        cause_span(c, x->start_ns, x->end_ns);
        add_ns(&c->lost_ns, walked_for(w->s, w->by_name, x));
    }
    c->of = w->n;
    cause_server(c, first->server, first->server_ip);
    buf_printf(&c->text, "%s asks for names that do not exist before each lookup of %s (search list, ndots): ",
               word_str(first->client), first->name->text);
    say_time(&c->text, median);
    buf_lit(&c->text, " of ");
    say_time(&c->text, median_total);
    buf_printf(&c->text, " a call, %zu call%s; a dot at the name's end, or ndots:1, saves it", walks, plural(walks));
}

static void look_at(struct walks *w)
{
    struct sample took = {0}, total = {0};

    for (size_t i = 0; i < w->n; i++) {
        const struct call *c = w->calls[i].item;
        int64_t ns = c->walked ? walked_for(w->s, w->by_name, c) : 0;
        if (ns == 0)
            continue;
        sample_add(&took, ns);
        sample_add(&total, c->total_ns);
    }
    int64_t median = sample_at(&took, 500), median_total = sample_at(&total, 500);
    if (took.n >= 5 && took.n * 2 > w->n && median > 20 * (int64_t)MS && median * 5 > median_total)
        blame(w, took.n, median, median_total);
    w->s->failed |= took.failed || total.failed;
    sample_fini(&took);
    sample_fini(&total);
}

static void find_walks(struct p2t_summary *s)
{
    struct groups by_name = {0}, looked = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->question_count; i++)
        if (s->questions[i].addresses > 0 && s->questions[i].name != NULL)
            groups_add(&by_name, (struct keyed){{s->questions[i].name}, s->questions[i].asked_ns, i, NULL});
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->lookup_ns != 0 && c->looked_up_ns != 0 && c->outcome == P2T_OUTCOME_OK && c->name != NULL &&
            !in_dns_trouble(s, c))
            groups_add(&looked, (struct keyed){{c->name, c->client}, c->start_ns, c->id, c});
    }
    groups_sort(&by_name);
    groups_sort(&looked);
    while (cause_room(s) && (first = groups_next(&looked, &at, &n)) != NULL) {
        struct walks w = {s, &by_name, first, n};
        look_at(&w);
    }
    s->failed |= by_name.failed || looked.failed;
    groups_fini(&by_name);
    groups_fini(&looked);
}

/* The answer was cut for UDP, and TCP to port 53 of that server does not work. */
static void find_truncated(struct p2t_summary *s)
{
    enum { DNS_PORT = 53 };
    const struct question *first = NULL, *last = NULL;
    const struct conn *dead = NULL;

    for (size_t i = 0; i < s->question_count; i++)
        if (s->questions[i].truncated) {
            first = first == NULL ? &s->questions[i] : first;
            last = &s->questions[i];
        }
    for (size_t i = 0; i < s->conn_count && first != NULL && dead == NULL; i++)
        if (s->conns[i].server_port == DNS_PORT && s->conns[i].syn_ack_ns == 0 &&
            (s->conns[i].refused_ns != 0 || s->conns[i].last_syn_ns < s->last_ns - SECOND_NS))
            dead = &s->conns[i];
    if (dead == NULL)
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_DNS_TRUNCATED, P2T_CAUSE_SIDE_RESOLVER, "dns", P2T_CERTAIN);
    c->kind = "resolver";
    c->resolver = first->server;
    c->name = first->name;
    cause_span(c, first->answered_ns, last->answered_ns);
    cause_prove(c, first->answered);
    cause_prove(c, dead->refused_ns != 0 ? dead->refused : dead->last_syn);
    for (size_t i = 0; i < s->call_count; i++)
        if (is_name_of(first->name, s->calls[i].name) && s->calls[i].lookup_ns != 0)
            cause_hit(s, c, &s->calls[i]);
    buf_printf(&c->text, "the answer for %s is too big for UDP, and TCP to %s ", word_str(first->name),
               word_str(dead->server));
    buf_str(&c->text, dead->refused_ns != 0 ? "is refused" : "is not answered");
}

void rules_walks(struct p2t_summary *s)
{
    find_walks(s);
    find_truncated(s);
}
