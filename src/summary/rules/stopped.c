/* Client processes that stood still while their host went on. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/clients.h"

struct process {
    struct p2t_summary *s;
    struct keyed *calls; /* of one process, by time */
    size_t n;
    int64_t from_ns, to_ns;
    size_t services, waiting, after, after_services, rate;
    struct word_list others;
    bool others_went_on, asks; /* asks: it looked a name up, or dialled */
};

/* The longest time in which it began nothing, and the usual one. */
static bool find_gap(struct process *p)
{
    struct sample gaps = {0};
    int64_t longest = 0;

    for (size_t i = 1; i < p->n; i++) {
        int64_t gap = p->calls[i].at_ns - p->calls[i - 1].at_ns;
        gap -= clock_part(p->s, p->calls[i - 1].at_ns, p->calls[i].at_ns);
        sample_add(&gaps, gap);
        if (gap > longest) {
            longest = gap;
            p->from_ns = p->calls[i - 1].at_ns;
            p->to_ns = p->calls[i].at_ns;
        }
    }
    int64_t usual = max_ns(sample_at(&gaps, 980), 50 * (int64_t)MS);
    p->s->failed |= gaps.failed;
    sample_fini(&gaps);
    return longest >= 3 * SECOND_NS / 2 && longest >= 6 * usual;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const struct word *const *)a, y = (uintptr_t) * (const struct word *const *)b;

    return (x > y) - (x < y);
}

/* The names it calls, to be found by bsearch(). */
static const struct word **names_of(const struct process *p)
{
    const struct word **names = calloc(p->n + 1, sizeof *names);

    for (size_t i = 0; names != NULL && i < p->n; i++)
        names[i] = ((const struct call *)p->calls[i].item)->name;
    if (names != NULL)
        qsort(names, p->n, sizeof *names, by_address);
    return names;
}

static bool meanwhile(const struct process *p, const struct call *c)
{
    int64_t sent = c->request_ns != 0 ? c->request_ns : c->looked_up_ns != 0 ? c->looked_up_ns : c->start_ns;

    return sent > p->from_ns + 100 * (int64_t)MS && sent < p->to_ns - 100 * (int64_t)MS;
}

/* A lookup or dial without a request does not say whose it is. */
static bool is_nameless(const struct call *c)
{
    return c->kind == P2T_KIND_LOOKUP || c->kind == P2T_KIND_CONNECT;
}

static void look_at_others(struct process *p)
{
    const struct call *mine = p->calls[0].item;
    const struct word **names = names_of(p);

    p->s->failed |= names == NULL;
    for (size_t i = 0; names != NULL && i < p->s->call_count; i++) {
        const struct call *c = &p->s->calls[i];
        bool same_host = c->client == mine->client;
        if ((same_host && c->agent == mine->agent) || !meanwhile(p, c))
            continue;
        if (same_host && is_nameless(c)) {
            p->asks |= bsearch(&c->name, names, p->n, sizeof *names, by_address) != NULL;
            continue;
        }
        p->others_went_on = true;
        if (same_host && call_is_request(c))
            word_list_add(&p->others, c->agent);
    }
    free(names);
}

/* A call that had begun, and whose request had to wait for a lookup or a dial. */
static void look_at_wait(struct process *p, const struct call *c)
{
    const int64_t margin_ns = 100 * (int64_t)MS;

    if (c->start_ns >= p->to_ns - margin_ns || c->request_ns < p->to_ns - margin_ns)
        return;
    p->asks |= c->start_ns > p->from_ns + margin_ns;
    p->waiting++;
}

static void look_around(struct process *p)
{
    struct word_list all = {0}, after = {0};

    for (size_t i = 0; i < p->n; i++) {
        const struct call *c = p->calls[i].item;
        word_list_add(&all, c->server);
        p->waiting += c->request_ns <= p->from_ns && answer_or_end(c) > p->to_ns - 50 * (int64_t)MS;
        look_at_wait(p, c);
        p->rate += c->request_ns > p->from_ns - 5 * SECOND_NS && c->request_ns <= p->from_ns;
        if (c->request_ns >= p->to_ns && c->request_ns < p->to_ns + SECOND_NS / 2) {
            p->after++;
            word_list_add(&after, c->server);
        }
    }
    p->services = all.total;
    p->after_services = after.total;
    look_at_others(p);
}

/* Its connections did nothing meanwhile. */
static bool acted(const struct process *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct conn *k = ((const struct call *)p->calls[i].item)->conn;
        if (k == NULL)
            continue;
        if ((k->syn_ns > p->from_ns + 50 * (int64_t)MS && k->syn_ns < p->to_ns - 50 * (int64_t)MS) ||
            (k->fin_ns[P2T_SIDE_CLIENT] > p->from_ns + 50 * (int64_t)MS &&
             k->fin_ns[P2T_SIDE_CLIENT] < p->to_ns - 50 * (int64_t)MS))
            return true;
    }
    return false;
}

static void blame_stop(struct process *p)
{
    const struct call *first = p->calls[0].item;
    struct cause *c = cause_add(p->s, P2T_CAUSE_CLIENT_STOPPED, P2T_CAUSE_SIDE_CLIENT, "blocked", P2T_LIKELY);

    c->kind = "client";
    c->client = first->client;
    c->agent = first->agent;
    for (size_t i = 0; i < p->n; i++) {
        struct call *x = p->calls[i].item;
        if (x->start_ns < p->to_ns + 300 * (int64_t)MS && x->end_ns > p->from_ns)
            cause_hit(p->s, c, x);
    }
    cause_span(c, p->from_ns, p->to_ns);
    c->failed = 0;
    c->lost_ns = p->to_ns - p->from_ns;
    say_client(&c->text, first->agent, first->client);
    buf_lit(&c->text, " was stopped for ");
    say_time(&c->text, c->lost_ns);
    buf_printf(&c->text, ": no request to any of its %zu services, then all at once", p->services);
    if (p->others.total > 0) {
        buf_lit(&c->text, "; other programs on its host (");
        say_words(&c->text, &p->others, 3);
        buf_lit(&c->text, ") went on");
    }
}

void client_find_stop(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct process p = {.s = s, .calls = calls, .n = n};
    const struct call *first = calls[0].item;

    if (n < 30 || is_proxy(s, first->client) || !find_gap(&p) || !cause_look(s))
        return;
    look_around(&p);
    double due = (double)p.rate / 5 * (double)(p.to_ns - p.from_ns) / 1e9;
    if (p.services < 2 || p.waiting >= p.services || p.after_services < 2 || due < 10 || !p.others_went_on ||
        p.asks || acted(&p))
        return;
    blame_stop(&p);
}
