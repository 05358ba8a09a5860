/* Connections by their SYN: how the two sides of a DNAT find each other. */
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
    if (c->in_syns)
        hmap_remove(&t->syns, &c->syn);
    c->in_syns = false;
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
