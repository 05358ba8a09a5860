/* Both legs of a proxy are one call: joined by their trace id, else by method, route and time inside the outer one's wait. */
#include "summary/prepare.h"

/* What two hosts' stacks and one capture's clock may differ by. */
static const int64_t SLACK_NS = MS;
/* Calls looked at for one outer call: those under way at one time. */
enum { LOOKED_AT_MAX = 512 };

bool is_proxy(const struct p2t_summary *s, const struct word *ip)
{
    (void)s;
    return ip != NULL && ip->is_proxy;
}

static bool ends_with(const struct word *w, const struct word *end)
{
    return end->n > 1 && w->n >= end->n && memcmp(w->text + w->n - end->n, end->text, end->n) == 0;
}

/* A proxy may take a prefix of the path away, or put one before it. */
static bool same_route(const struct call *outer, const struct call *inner)
{
    if (outer->route == inner->route || outer->route == NULL || inner->route == NULL)
        return outer->route == inner->route;
    return ends_with(outer->route, inner->route) || ends_with(inner->route, outer->route);
}

static bool is_leg(const struct call *outer, const struct call *inner)
{
    if (inner == outer || inner->parent != NULL || inner->server_ip == outer->server_ip ||
        inner->method != outer->method || inner->request_ns < outer->request_ns - SLACK_NS ||
        inner->request_ns > outer->end_ns + SLACK_NS)
        return false;
    return outer->trace != 0 && inner->trace != 0 ? outer->trace == inner->trace : same_route(outer, inner);
}

static void add_leg(struct call *outer, struct call *inner)
{
    int64_t end = outer->answer_ns != 0 ? outer->answer_ns : outer->end_ns;
    int64_t inner_end = inner->answer_ns != 0 ? inner->answer_ns : inner->end_ns;

    inner->parent = outer;
    outer->legs++;
    outer->failed_legs += inner->failed;
    add_ns(&outer->upstream_ns, overlap_ns(inner->request_ns, inner_end, outer->request_ns, end));
    if (outer->slow_leg == NULL || inner->total_ns > outer->slow_leg->total_ns)
        outer->slow_leg = inner;
    /* A server that asks others for something else to make its answer is no proxy. */
    if (same_route(outer, inner))
        words_mark_proxy(outer->server_ip);
}

/* The first of the items at or after that time. */
static size_t first_at(const struct keyed *items, size_t n, int64_t at_ns)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (items[middle].at_ns < at_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void find_legs(struct call *outer, const struct keyed *made, size_t n)
{
    size_t first = first_at(made, n, outer->request_ns - SLACK_NS);

    for (size_t i = first; i < n && i - first < LOOKED_AT_MAX && made[i].at_ns <= outer->end_ns + SLACK_NS; i++)
        if (is_leg(outer, made[i].item))
            add_leg(outer, made[i].item);
}

void join_legs(struct p2t_summary *s)
{
    struct groups by_client = {0}, by_server = {0};
    size_t at = 0, served_at = 0, n, served_n = 0;
    struct keyed *made, *served;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (!call_is_request(c))
            continue;
        groups_add(&by_client, (struct keyed){{c->client}, c->request_ns, c->id, c});
        groups_add(&by_server, (struct keyed){{c->server_ip}, c->request_ns, c->id, c});
    }
    groups_sort(&by_client);
    groups_sort(&by_server);
    served = groups_next(&by_server, &served_at, &served_n);
    while ((made = groups_next(&by_client, &at, &n)) != NULL) {
        while (served != NULL && made->key[0] != NULL &&
               (served->key[0] == NULL || served->key[0]->rank < made->key[0]->rank))
            served = groups_next(&by_server, &served_at, &served_n);
        if (served == NULL || served->key[0] != made->key[0])
            continue;
        for (size_t i = 0; i < served_n; i++)
            find_legs(served[i].item, made, n);
    }
    s->failed |= by_client.failed || by_server.failed;
    groups_fini(&by_client);
    groups_fini(&by_server);
}
