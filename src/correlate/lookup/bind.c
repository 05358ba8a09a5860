/* Lookups and the dials that follow from them. */
#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"

static bool usable(const struct lookup *l, const struct ip_addr *client, int64_t syn_ns)
{
    return !l->closed && (l->client_ip.family != client->family || ip_eq(&l->client_ip, client)) &&
           l->info.first_query.ts_ns <= syn_ns;
}

static size_t add_candidates(struct hmap_node *n, const struct ip_addr *client, const struct ip_addr *server,
                             int64_t syn_ns, struct lookup **out, size_t count)
{
    for (; n != NULL && count < LOOKUP_CANDIDATES_MAX; n = hmap_next(n)) {
        struct lookup_addr *a = hmap_entry(n, struct lookup_addr, node);
        if (ip_eq(&a->addr, server) && usable(a->lookup, client, syn_ns))
            out[count++] = a->lookup;
    }
    return count;
}

static bool better(const struct lookup *a, const struct lookup *b)
{
    if (b == NULL)
        return true;
    if (lookup_used(a) != lookup_used(b))
        return !lookup_used(a);
    return a->info.first_query.ts_ns > b->info.first_query.ts_ns;
}

size_t lookup_candidates(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                         int64_t syn_ns, struct lookup *out[LOOKUP_CANDIDATES_MAX])
{
    static const struct ip_addr anyone;
    size_t n = add_candidates(lookup_first_of_addr(c, client, server), client, server, syn_ns, out, 0);

    return add_candidates(lookup_first_of_addr(c, &anyone, server), client, server, syn_ns, out, n);
}

struct lookup *lookup_for_syn(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                              struct slice host, int64_t syn_ns)
{
    struct lookup *found[LOOKUP_CANDIDATES_MAX], *best = NULL;
    size_t n = lookup_candidates(c, client, server, syn_ns, found);

    for (size_t i = 0; i < n; i++)
        if ((host.n == 0 || lookup_answers_host(found[i], host)) && better(found[i], best))
            best = found[i];
    return best;
}

bool lookup_pending(struct correlate *c, const struct ip_addr *client, struct slice host)
{
    host.n = slice_find(host, ':');
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(client, host));

    for (; n != NULL; n = hmap_next(n)) {
        const struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (!l->closed && !lookup_used(l) && ip_eq(&l->client_ip, client) && lookup_answers_host(l, host))
            return true;
    }
    return false;
}

void lookup_use(struct correlate *c, struct lookup *l)
{
    l->info.shared |= lookup_used(l);
    if (!lookup_used(l))
        lookup_decide(c, l);
    c->lookups_unused -= l->users == 0;
    l->users++;
    outbox_release(c, &l->hold);
}

void lookup_unuse(struct correlate *c, struct lookup *l)
{
    l->reported = true;
    c->lookups_unused += --l->users == 0;
    if (l->users == 0 && l->closed)
        lookup_free(c, l);
}

/* A dial took it by mistake and gives it back: it may still be the one another dial follows. */
void lookup_return(struct correlate *c, struct lookup *l)
{
    c->lookups_unused += --l->users == 0;
    if (l->users == 0 && l->closed) {
        lookup_close(c, l);
    } else if (l->users == 0 && !l->reported) {
        outbox_hold(c, &l->hold, lookup_end_ns(&l->info));
    }
}
