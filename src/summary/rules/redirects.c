/* Calls that are redirected again and again. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"

/* Go and browsers give up after 10 and 20; a login takes two or three. */
enum { HOPS_MANY = 5 };

static int by_id(const void *a, const void *b)
{
    const struct call *x = *(struct call *const *)a, *y = *(struct call *const *)b;

    return (x->id > y->id) - (x->id < y->id);
}

static struct call *find(struct call **index, size_t n, uint64_t id)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && index[low]->id == id ? index[low] : NULL;
}

/* A call comes after the one that sent it on: in the order of time, each chain grows by one. */
static void count_hops(struct p2t_summary *s, struct call **index)
{
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        const struct call *from = c->redirected_from != 0 ? find(index, s->call_count, c->redirected_from) : NULL;
        c->hops = from != NULL && from < c ? from->hops + 1 : 0;
    }
}

static bool any_redirected(const struct p2t_summary *s)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].redirected_from != 0)
            return true;
    return false;
}

void rules_redirects(struct p2t_summary *s)
{
    struct call *first = NULL;
    size_t chains = 0, longest = 0;

    if (!any_redirected(s))
        return;
    struct call **index = calloc(s->call_count, sizeof(struct call *));
    if (index == NULL) {
        s->failed = true;
        return;
    }
    for (size_t i = 0; i < s->call_count; i++)
        index[i] = &s->calls[i];
    qsort(index, s->call_count, sizeof(struct call *), by_id);
    count_hops(s, index);
    free(index);
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        chains += c->hops == HOPS_MANY;
        first = c->hops == HOPS_MANY && first == NULL ? c : first;
        longest = c->hops > longest ? c->hops : longest;
    }
    if (chains < at_least(s, 2))
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_HTTP_REDIRECT_CHAIN, P2T_CAUSE_SIDE_SERVER, "wait", P2T_CERTAIN);
    cause_subject_service(c, first->server, first->server_ip);
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *x = &s->calls[i];
        if (x->hops == 0 || x->server != first->server)
            continue;
        cause_hit(s, c, x);
        cause_span(c, x->start_ns, x->end_ns);
        add_ns(&c->lost_ns, x->total_ns);
    }
    c->hurt = chains;
    say_service(&c->text, first->server, first->server_ip);
    buf_printf(&c->text, " redirects calls again and again: %zu of them went on for %zu hops or more, up to %zu",
               chains, (size_t)HOPS_MANY, longest);
}
