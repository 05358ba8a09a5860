/* Which virtual network a packet was seen in: a hash of the VLAN ids and VNIs around it. */
#include "base/hash.h"
#include "packet/walk.h"

void walk_add_to_path(struct packet_walk *w, char kind, uint32_t id)
{
    const uint8_t bytes[] = {(uint8_t)kind, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};

    w->path = hash_stable(w->path, bytes, sizeof bytes);
}

/* 0 is kept for "no ids". */
uint32_t walk_path_hash(const struct packet_walk *w)
{
    if (w->path == 0)
        return 0;
    uint32_t h = (uint32_t)hash_stable_finish(w->path);
    return h != 0 ? h : 1;
}
