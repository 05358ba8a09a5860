#include "extract/lane.h"

#include <stdlib.h>

#include "base/system.h"

struct lane *lanes_find(const struct lanes *l, const struct endpoint *a, const struct endpoint *b)
{
    for (struct hmap_node *n = hmap_first(&l->map, endpoint_pair_hash(a, b)); n != NULL; n = hmap_next(n)) {
        struct lane *lane = hmap_entry(n, struct lane, node);
        if ((endpoint_eq(&lane->client, a) && endpoint_eq(&lane->server, b)) ||
            (endpoint_eq(&lane->client, b) && endpoint_eq(&lane->server, a)))
            return lane;
    }
    return NULL;
}

static bool make_room(struct lanes *l)
{
    size_t cap = l->cap < 16 ? 16 : l->cap * 2;

    if (l->count < l->cap)
        return true;
    struct lane **items = reallocarray(l->items, cap, sizeof(struct lane *));
    if (items == NULL)
        return false;
    l->items = items;
    l->cap = cap;
    return true;
}

struct lane *lanes_add(struct lanes *l, const struct endpoint *client, const struct endpoint *server)
{
    struct lane *lane = lanes_find(l, client, server);

    if (lane != NULL)
        return lane;
    lane = make_room(l) ? calloc(1, sizeof *lane) : NULL;
    if (lane == NULL)
        return NULL;
    lane->client = *client;
    lane->server = *server;
    lane->start_ns = INT64_MAX;
    lane->until_ns = INT64_MIN;
    if (hmap_insert(&l->map, &lane->node, endpoint_pair_hash(client, server)) != 0) {
        free(lane);
        return NULL;
    }
    l->items[l->count++] = lane;
    lane->number = (uint32_t)l->count;
    return lane;
}

static void drop_before(const struct lane *lane, struct spool *spool)
{
    for (size_t i = lane->first; i < spool->count; i++)
        spool->frames[i].dropped |= spool->frames[i].lane == lane->number && !spool->frames[i].proves;
}

/* A SYN with another sequence number than the last begins another connection. The last one before the exchange is its. */
static void take_syn(struct lane *lane, struct spool *spool, const struct packet *p, struct lane_state now)
{
    if (lane->has_syn && lane->syn_seq == p->tcp.seq)
        return;
    bool earlier = p->mark.ts_ns <= lane->start_ns || now.proves;
    bool later = now.all_seen && p->mark.ts_ns > lane->until_ns;
    if (!earlier && (lane->has_syn || later)) {
        lane->over = later;
        return;
    }
    if (earlier)
        drop_before(lane, spool);
    lane->first = spool->count;
    lane->has_syn = true;
    lane->syn_seq = p->tcp.seq;
}

bool lane_wants(struct lane *lane, struct spool *spool, const struct packet *p, struct lane_state now)
{
    if (p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        take_syn(lane, spool, p, now);
    if (lane->over)
        return false;
    if (lane->whole || !now.all_seen || p->mark.ts_ns <= lane->until_ns)
        return true;
    lane->over = p->payload_len > 0;
    return !lane->over;
}

void lanes_fini(struct lanes *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    hmap_fini(&l->map);
    *l = (struct lanes){0};
}
