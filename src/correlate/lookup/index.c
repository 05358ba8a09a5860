/* How lookups are found: by their questions, by the addresses they gave, and by their name's first label. */
#include "correlate/lookup/lookup.h"

uint64_t lookup_label_hash(const struct ip_addr *client, struct slice name)
{
    uint8_t key[17 + 64];
    size_t n = slice_find(name, '.');

    memcpy(key, client->bytes, 16);
    key[16] = client->family;
    if (n > 64)
        n = 64;
    for (size_t i = 0; i < n; i++)
        key[17 + i] = (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    return hash_bytes(key, 17 + n);
}

/* ---- by question ---- */

static uint64_t query_hash(const struct endpoint *client, const struct endpoint *server)
{
    uint8_t key[38];

    memcpy(key, client->ip.bytes, 16);
    memcpy(key + 16, server->ip.bytes, 16);
    key[32] = client->ip.family;
    key[33] = 0;
    memcpy(key + 34, &client->port, 2);
    memcpy(key + 36, &server->port, 2);
    return hash_bytes(key, sizeof key);
}

static bool same_question(const struct lookup_query *q, const struct fact *f, uint16_t id, uint16_t type)
{
    return q->id == id && q->type == type && endpoint_eq(&q->client, &f->as.dns.src) &&
           endpoint_eq(&q->server, &f->as.dns.dst);
}

struct lookup_query *lookup_query_find(struct correlate *c, const struct fact *f, uint16_t id, uint16_t type)
{
    struct hmap_node *n = hmap_first(&c->queries, query_hash(&f->as.dns.src, &f->as.dns.dst));

    for (; n != NULL; n = hmap_next(n))
        if (same_question(hmap_entry(n, struct lookup_query, node), f, id, type))
            return hmap_entry(n, struct lookup_query, node);
    return NULL;
}

void lookup_index_query(struct correlate *c, struct lookup *l, const struct lookup_query *like)
{
    struct lookup_query *q = slab_take(&c->query_slab);

    if (q == NULL)
        return;
    *q = *like;
    q->lookup = l;
    q->next = l->queries;
    if (hmap_insert(&c->queries, &q->node, query_hash(&q->client, &q->server)) != 0)
        slab_give(&c->query_slab, q);
    else
        l->queries = q;
}

/* ---- by address ---- */

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

struct hmap_node *lookup_first_of_addr(struct correlate *c, const struct ip_addr *client,
                                       const struct ip_addr *server)
{
    return hmap_first(&c->lookups_by_addr, addr_hash(client, server));
}

struct hmap_node *lookup_first_query(struct correlate *c, const struct endpoint *client,
                                     const struct endpoint *server)
{
    return hmap_first(&c->queries, query_hash(client, server));
}

bool lookup_answers_host(const struct lookup *l, struct slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return host.n > 0 && slice_istarts(l->name, host) && (l->name.n == host.n || l->name.p[host.n] == '.');
}
