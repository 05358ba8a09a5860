#include "flow/duplicate.h"

#include <stdlib.h>

#include "flow/internal.h"

struct flow_recent_entry {
    struct hmap_node node;
    int64_t when_ns;
};

struct flow_print flow_print_tcp(const struct packet *p, int64_t window_ns)
{
    const struct packet_tcp *tcp = &p->tcp;
    uint64_t h = flow_mix(0xa0761d6478bd642fu, (uint64_t)tcp->seq << 32 | tcp->ack);

    h = flow_mix(h, (uint64_t)p->payload_len << 32 | (uint64_t)tcp->window << 16 | p->ip_id);
    h = flow_mix(h, (uint64_t)tcp->flags << 1 | tcp->has_timestamp);
    if (tcp->has_timestamp)
        h = flow_mix(h, (uint64_t)tcp->ts_value << 32 | tcp->ts_echo);
    else if (p->ip_id == 0 && window_ns > FLOW_WEAK_WINDOW_NS)
        window_ns = FLOW_WEAK_WINDOW_NS;
    return (struct flow_print){h, window_ns};
}

static uint32_t bit_of(struct flow_print print)
{
    return 1u << (print.value & 31);
}

bool flow_ring_has(const struct flow_ring *r, struct flow_print print, int64_t now_ns)
{
    if (((r->now_bits | r->before_bits) & bit_of(print)) == 0)
        return false;
    for (unsigned i = 0; i < FLOW_RING_SIZE; i++)
        if (r->print[i] == print.value && flow_us(now_ns) - r->when[i] <= (uint64_t)print.window_ns >> 10)
            return true;
    return false;
}

void flow_ring_add(struct flow_ring *r, struct flow_print print, int64_t now_ns)
{
    unsigned i = r->at++ % FLOW_RING_SIZE;

    if (i == 0) {
        r->before_bits = r->now_bits;
        r->now_bits = 0;
    }
    r->now_bits |= bit_of(print);
    r->print[i] = print.value;
    r->when[i] = flow_us(now_ns);
}

int flow_recent_init(struct flow_recent *r)
{
    *r = (struct flow_recent){.entries = calloc(FLOW_RECENT_SIZE, sizeof *r->entries)};
    return r->entries != NULL ? 0 : -1;
}

void flow_recent_fini(struct flow_recent *r)
{
    hmap_fini(&r->map);
    free(r->entries);
}

static struct flow_recent_entry *oldest(struct flow_recent *r)
{
    struct flow_recent_entry *e = &r->entries[r->at];

    r->at = (r->at + 1) % FLOW_RECENT_SIZE;
    if (r->used == FLOW_RECENT_SIZE)
        hmap_remove(&r->map, &e->node);
    else
        r->used++;
    return e;
}

bool flow_recent_seen(struct flow_recent *r, struct flow_print print, int64_t now_ns)
{
    struct hmap_node *n = hmap_first(&r->map, print.value);

    if (n != NULL) {
        struct flow_recent_entry *e = hmap_entry(n, struct flow_recent_entry, node);
        bool copy = flow_elapsed(now_ns, e->when_ns) <= (uint64_t)print.window_ns;
        if (!copy)
            e->when_ns = now_ns;
        return copy;
    }
    struct flow_recent_entry *e = oldest(r);
    e->when_ns = now_ns;
    if (hmap_insert(&r->map, &e->node, print.value) != 0)
        r->used = r->at = 0;
    return false;
}
