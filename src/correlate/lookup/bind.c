/* Lookups and the dials that follow from them. */
#include "correlate/lookup/group.h"

static uint64_t addr_hash(const struct ip_addr *client, const struct ip_addr *server)
{
    uint64_t words[5] = {[4] = (uint64_t)client->family << 8 | server->family};

    ip_words(client, words);
    ip_words(server, words + 2);
    return hash_words(words);
}
/* A host has one address per family: where the question went over IPv4 and the answer is IPv6 (or the reverse), the
 * dial comes from an address that says nothing about who asked. */
static uint64_t dialled_from_hash(const struct ip_addr *client, const struct ip_addr *server)
{
    static const struct ip_addr anyone;

    return addr_hash(client->family == server->family ? client : &anyone, server);
}

void lookup_index_addr(struct correlate *c, struct lookup *l, const struct ip_addr *addr)
{
    struct lookup_addr *a = slab_take(&c->addr_slab);

    if (a == NULL)
        return;
    a->lookup = l;
    a->addr = *addr;
    a->next = l->addrs;
    if (hmap_insert(&c->lookups_by_addr, &a->node, dialled_from_hash(&l->client_ip, addr)) != 0) {
        slab_give(&c->addr_slab, a);
        return;
    }
    l->addrs = a;
}
static bool usable(const struct lookup *l, const struct ip_addr *client, int64_t syn_ns)
{
    return !l->closed && (l->client_ip.family != client->family || ip_eq(&l->client_ip, client)) &&
           l->info.first_query.ts_ns <= syn_ns;
}

static size_t add_candidates(struct correlate *c, uint64_t hash, const struct ip_addr *client,
                             const struct ip_addr *server, int64_t syn_ns, struct lookup **out, size_t count)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_addr, hash);

    for (; n != NULL && count < LOOKUP_CANDIDATES_MAX; n = hmap_next(n)) {
        struct lookup_addr *a = hmap_entry(n, struct lookup_addr, node);
        if (ip_eq(&a->addr, server) && usable(a->lookup, client, syn_ns))
            out[count++] = a->lookup;
    }
    return count;
}

/* An unused one before a used one; then the newest, for nothing lies between a lookup and its dial. */
static bool used(const struct lookup *l)
{
    return l->users > 0 || l->told;
}

static bool better(const struct lookup *a, const struct lookup *b)
{
    if (b == NULL)
        return true;
    if (used(a) != used(b))
        return !used(a);
    return a->info.first_query.ts_ns > b->info.first_query.ts_ns;
}

size_t lookup_candidates(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                         int64_t syn_ns, struct lookup *out[LOOKUP_CANDIDATES_MAX])
{
    static const struct ip_addr anyone;
    size_t n = add_candidates(c, addr_hash(client, server), client, server, syn_ns, out, 0);

    return add_candidates(c, addr_hash(&anyone, server), client, server, syn_ns, out, n);
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

bool lookup_answers_host(const struct lookup *l, struct slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return host.n > 0 && slice_istarts(l->name, host) && (l->name.n == host.n || l->name.p[host.n] == '.');
}

bool lookup_pending(struct correlate *c, const struct ip_addr *client, struct slice host)
{
    host.n = slice_find(host, ':');
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(client, host));

    for (; n != NULL; n = hmap_next(n)) {
        const struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (!l->closed && !used(l) && ip_eq(&l->client_ip, client) && lookup_answers_host(l, host))
            return true;
    }
    return false;
}

void lookup_use(struct correlate *c, struct lookup *l)
{
    l->info.shared |= used(l);
    if (!used(l))
        lookup_decide(c, l);
    c->lookups_unused -= l->users == 0;
    l->users++;
    outbox_release(c, &l->hold);
}

void lookup_unuse(struct correlate *c, struct lookup *l)
{
    l->told = true;
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
    } else if (l->users == 0 && !l->told) {
        outbox_hold(c, &l->hold, lookup_end_ns(&l->info));
    }
}

void lookup_into_exchange(struct lookup *l, struct exchange *e, struct slice host)
{
    struct exchange_lookup *copy = arena_alloc(&e->arena, sizeof *copy);

    if (copy == NULL)
        return;
    *copy = l->info;
    copy->host = arena_copy(&e->arena, lookup_answers_host(l, host) ? host : l->info.host);
    copy->last_name = arena_copy(&e->arena, l->name);
    e->lookup = copy;
}
