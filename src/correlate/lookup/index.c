/* How lookups are found: by their questions, by the addresses they gave, and by their name's first label. */
#include "correlate/lookup/lookup.h"

enum { LABEL_MAX = 64 };

/* The first label in small letters, as far as there is room; returns its length. */
static size_t first_label(struct slice name, uint8_t label[LABEL_MAX])
{
    size_t n = slice_find(name, '.');

    if (n > LABEL_MAX)
        n = LABEL_MAX;
    for (size_t i = 0; i < n; i++)
        label[i] = (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    return n;
}

uint64_t lookup_label_hash(const struct ip_addr *client, struct slice name)
{
    uint8_t key[17 + LABEL_MAX];

    memcpy(key, client->bytes, 16);
    key[16] = client->family;
    return hash_bytes(key, 17 + first_label(name, key + 17));
}

uint32_t lookup_label(struct slice name)
{
    uint8_t label[LABEL_MAX];

    return (uint32_t)hash_bytes(label, first_label(name, label));
}

/* ---- by question ---- */

static uint64_t query_hash(const struct endpoint *client, uint16_t id, uint16_t type)
{
    uint64_t words[5] = {[2] = client->ip.family, [3] = client->port, [4] = (uint64_t)id << 16 | type};

    ip_words(&client->ip, words);
    return hash_words(words);
}

static uint64_t socket_hash(const struct endpoint *client, const struct endpoint *server)
{
    uint64_t words[5] = {[4] = (uint64_t)client->port << 16 | server->port};

    ip_words(&client->ip, words);
    ip_words(&server->ip, words + 2);
    return hash_words(words);
}

struct lookup_query *lookup_query_find(struct correlate *c, const struct endpoint *client,
                                       const struct endpoint *server, uint16_t id, uint16_t type)
{
    struct hmap_node *n = hmap_first(&c->queries, query_hash(client, id, type));

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup_query *q = hmap_entry(n, struct lookup_query, node);
        if (q->id == id && q->type == type && endpoint_eq(&q->client, client) &&
            (server == NULL || endpoint_eq(&q->server, server)))
            return q;
    }
    return NULL;
}

struct lookup_query *lookup_query_of_socket(struct correlate *c, const struct endpoint *client,
                                            const struct endpoint *server)
{
    struct hmap_node *n = hmap_first(&c->query_sockets, socket_hash(client, server));

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup_query *q = hmap_entry(n, struct lookup_query, socket);
        if (endpoint_eq(&q->client, client) && endpoint_eq(&q->server, server))
            return q;
    }
    return NULL;
}

void lookup_index_query(struct correlate *c, struct lookup *l, const struct lookup_query *like)
{
    struct lookup_query *q = slab_take(&c->query_slab);

    if (q == NULL)
        return;
    *q = *like;
    q->lookup = l;
    q->serial = c->serial++;
    q->next = l->queries;
    if (hmap_insert(&c->queries, &q->node, query_hash(&q->client, q->id, q->type)) != 0) {
        slab_give(&c->query_slab, q);
        return;
    }
    if (hmap_insert(&c->query_sockets, &q->socket, socket_hash(&q->client, &q->server)) != 0) {
        hmap_remove(&c->queries, &q->node);
        slab_give(&c->query_slab, q);
        return;
    }
    l->queries = q;
    l->query_count++;
}

void lookup_unindex_query(struct correlate *c, struct lookup_query *q)
{
    hmap_remove(&c->queries, &q->node);
    hmap_remove(&c->query_sockets, &q->socket);
    slab_give(&c->query_slab, q);
}

void lookup_forget_queries(struct correlate *c, struct lookup *l)
{
    while (l->queries != NULL) {
        struct lookup_query *q = l->queries;
        l->queries = q->next;
        lookup_unindex_query(c, q);
    }
    l->query_count = 0;
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
    struct lookup_addr *a = l->info.addr_count < LOOKUP_ADDRS_MAX ? slab_take(&c->addr_slab) : NULL;

    if (a == NULL) {
        l->info.addrs_dropped++;
        return;
    }
    a->lookup = l;
    a->serial = c->serial++;
    a->addr = *addr;
    a->label = lookup_label(l->name);
    a->next = l->addrs;
    if (hmap_insert(&c->lookups_by_addr, &a->node, dialled_from_hash(&l->client_ip, addr)) != 0) {
        slab_give(&c->addr_slab, a);
        l->info.addrs_dropped++;
        return;
    }
    l->addrs = a;
    l->info.addr_count++;
}

struct hmap_node *lookup_first_of_addr(struct correlate *c, const struct ip_addr *client,
                                       const struct ip_addr *server)
{
    return hmap_first(&c->lookups_by_addr, addr_hash(client, server));
}

bool lookup_gave(const struct lookup *l, const struct ip_addr *addr)
{
    for (const struct lookup_addr *a = l->addrs; a != NULL; a = a->next)
        if (ip_eq(&a->addr, addr))
            return true;
    return false;
}

bool lookup_gave_first(const struct lookup *l, const struct ip_addr *addr)
{
    const struct lookup_addr *first = NULL;

    for (const struct lookup_addr *a = l->addrs; a != NULL; a = a->next)
        if (a->addr.family == addr->family)
            first = a;
    return first != NULL && ip_eq(&first->addr, addr);
}

bool lookup_answers_host(const struct lookup *l, struct slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return host.n > 0 && slice_istarts(l->name, host) && (l->name.n == host.n || l->name.p[host.n] == '.');
}

/* ---- what state they are in ---- */

bool lookup_outstanding(const struct lookup *l)
{
    for (int i = 0; i < 2; i++)
        if (l->lane[i].state == LANE_ASKED || l->lane[i].state == LANE_TRUNCATED)
            return true;
    return false;
}

bool lookup_used(const struct lookup *l)
{
    return l->users > 0 || l->reported;
}

uint64_t lookup_id(const struct lookup *l)
{
    const struct exchange_lookup *info = &l->info;
    uint64_t h = hash_stable(HASH_STABLE_SEED, l->client_ip.bytes, 16);

    h = hash_stable(h, info->host.p, info->host.n);
    return hash_stable_finish(
        hash_stable_number(h, (uint64_t)info->first_query.ts_ns, sizeof info->first_query.ts_ns));
}
