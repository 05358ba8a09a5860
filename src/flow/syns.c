/* Connections by their SYN: how the two sides of a NAT find each other. */
#include "flow/internal.h"

/* Of a client's SYN, whatever address it was sent to. */
static uint64_t syn_hash(const struct endpoint *client, uint32_t isn)
{
    uint64_t words[5] = {[2] = isn, [3] = client->port, [4] = client->ip.family};

    ip_words(&client->ip, words);
    return hash_words(words);
}

static struct flow_tcp *find(const struct flow_table *t, uint64_t hash, const struct endpoint *client, uint32_t isn)
{
    for (struct hmap_node *n = hmap_first(&t->syns, hash); n != NULL; n = hmap_next(n)) {
        struct flow_tcp *c = hmap_entry(n, struct flow_tcp, syn);
        if (c->client_isn == isn && endpoint_eq(&c->head.client, client))
            return c;
    }
    return NULL;
}

struct flow_tcp *flow_syns_find(const struct flow_table *t, const struct endpoint *client, uint32_t isn)
{
    return find(t, syn_hash(client, isn), client, isn);
}

void flow_syns_remove(struct flow_table *t, struct flow_tcp *c)
{
    if (c->is_fresh)
        t->fresh[c->fresh_at] = NULL;
    c->is_fresh = false;
    if (c->in_syns)
        hmap_remove(&t->syns, &c->syn);
    c->in_syns = false;
}

static size_t fresh_at(struct flow_print print)
{
    return print.value % FLOW_FRESH_SIZE;
}

struct flow_tcp *flow_syns_fresh(const struct flow_table *t, struct flow_print print)
{
    struct flow_tcp *c = t->fresh[fresh_at(print)];
    struct flow_print now = {print.value, FLOW_WEAK_WINDOW_NS};

    return c != NULL && flow_ring_has(&c->half[c->client_side].ring, now, t->now_ns) ? c : NULL;
}

/* One that was there before is forgotten: it was fresh for a millisecond at most, and its copy comes within microseconds. */
void flow_syns_add_fresh(struct flow_table *t, struct flow_tcp *c, struct flow_print print)
{
    size_t at = fresh_at(print);

    if (t->fresh[at] != NULL)
        t->fresh[at]->is_fresh = false;
    t->fresh[at] = c;
    c->is_fresh = true;
    c->fresh_at = (uint16_t)at;
}

/* Only the newest connection of a client endpoint and ISN is kept: a scan with one source port and sequence
 * number makes no chain. */
void flow_syns_add(struct flow_table *t, struct flow_tcp *c)
{
    uint64_t hash = syn_hash(&c->head.client, c->client_isn);
    struct flow_tcp *older = find(t, hash, &c->head.client, c->client_isn);

    if (older != NULL)
        flow_syns_remove(t, older);
    c->in_syns = hmap_insert(&t->syns, &c->syn, hash) == 0;
}
