/* Which name a service goes by: the one that DNS or the calls lead to its address with. */
#include "summary/prepare.h"

/* Fewer calls are some stray client's. */
enum { NAME_CALLS_MIN = 2, NAME_SHARE = 20 /* one in so many */ };

static bool is_address(const struct word *w)
{
    for (size_t i = 0; i < w->n; i++)
        if ((w->text[i] < '0' || w->text[i] > '9') && w->text[i] != '.' && w->text[i] != ':')
            return false;
    return true;
}

void name_addresses(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->question_count; i++) {
        const struct question *q = &s->questions[i];
        for (size_t k = 0; k < q->addresses && k < P2T_QUESTION_ADDRESSES_MAX; k++)
            if (q->name != NULL && q->address[k] != NULL)
                words_name(q->address[k], q->name);
    }
    /* A proxy passes the Host on that it was asked with: only calls that answered for no other one name an address. */
    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (c->server_ip != NULL && c->server_ip->known_as == NULL && c->name != NULL && !is_address(c->name) &&
            c->parent == NULL && !c->proxied && strchr(c->name->text, ':') == NULL)
            words_name(c->server_ip, c->name);
    }
}

/* One is the other's beginning, as a search list has it: orders, orders.shop.svc. */
static bool is_same_name(const struct word *a, const struct word *b)
{
    const struct word *brief = a->n < b->n ? a : b, *full = a->n < b->n ? b : a;

    return memcmp(brief->text, full->text, brief->n) == 0 &&
           (full->n == brief->n || full->text[brief->n] == '.' || brief->text[brief->n - 1] == '.');
}

static const struct word *asked_name(const struct call *c)
{
    return c->name != NULL && c->parent == NULL && !c->proxied && !is_address(c->name) ? c->name : NULL;
}

static const struct word *most_asked(const struct keyed *calls, size_t n, uint32_t *votes)
{
    const struct word *most = NULL;

    *votes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct word *name = asked_name(calls[i].item);
        uint32_t of_name = name != NULL ? words_vote(name, true) : 0;
        if (of_name > *votes || (of_name > 0 && of_name == *votes && name->rank < most->rank)) {
            most = name;
            *votes = of_name;
        }
    }
    return most;
}

/* How many names of calls have a share of them and are not that one; takes the votes back. */
static uint32_t count_others(const struct keyed *calls, size_t n, const struct word *but)
{
    uint32_t others = 0;

    for (size_t i = 0; i < n; i++) {
        const struct word *name = asked_name(calls[i].item);
        if (name == NULL || name->votes == 0)
            continue;
        others += name->votes >= NAME_CALLS_MIN && name->votes >= n / NAME_SHARE && !is_same_name(name, but);
        words_vote(name, false);
    }
    return others;
}

/* A stray client may ask a server for any name; where nobody was answered, each dial says whom it was for. */
static uint32_t votes_needed(const struct keyed *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const struct call *)calls[i].item)->request_ns != 0)
            return NAME_CALLS_MIN;
    return 1;
}

static void name_service(const struct keyed *calls, size_t n)
{
    uint32_t votes;
    const struct word *most = most_asked(calls, n, &votes), *server = calls[0].key[0];
    const struct call *first = calls[0].item;

    if (most == NULL)
        return;
    uint32_t others = count_others(calls, n, most);
    const struct word *known = first->server_ip != NULL ? first->server_ip->known_as : NULL;
    bool other = votes >= votes_needed(calls, n) && (known == NULL || !is_same_name(known, most));
    words_name_service(server, other ? most : NULL, others);
}

/* Several names may lead to one address (an ingress, hosts of a laboratory). */
void name_services(struct p2t_summary *s)
{
    struct groups by_server = {0};
    size_t at = 0, n;
    struct keyed *calls;

    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].server != NULL && s->calls[i].name != NULL)
            groups_add(&by_server,
                       (struct keyed){{s->calls[i].server}, s->calls[i].start_ns, s->calls[i].id, &s->calls[i]});
    groups_sort(&by_server);
    while ((calls = groups_next(&by_server, &at, &n)) != NULL)
        name_service(calls, n);
    s->failed |= by_server.failed;
    groups_fini(&by_server);
}

void name_subjects(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->cause_count; i++) {
        struct cause *c = &s->causes[i];
        if (c->address == NULL || c->address->more_names == 0 || c->hit_count == 0)
            continue;
        const struct word *name = c->hit[0]->name;
        for (size_t k = 1; k < c->hit_count; k++)
            if (c->hit[k]->name != name)
                name = NULL;
        if (name != NULL)
            c->name = name;
    }
}
