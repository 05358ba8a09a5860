#include "base/hash.h"

#include <stdlib.h>

#include "base/system.h"

static uint64_t process_seed;

__attribute__((constructor)) static void make_seed(void)
{
    if (!system_random(&process_seed, sizeof process_seed))
        process_seed = 0x9e3779b97f4a7c15u;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 m = (u128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t hash_bytes(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t w;

    uint64_t h = process_seed ^ n;
    for (; n >= 8; b += 8, n -= 8) {
        memcpy(&w, b, 8);
        h = mix(h ^ w, 0xa0761d6478bd642fu);
    }
    w = 0;
    if (n > 0)
        memcpy(&w, b, n);
    return mix(h ^ w, 0xe7037ed1a0b428dbu);
}

/* Two multiplications that do not depend on each other run in parallel. */
uint64_t hash_words(const uint64_t w[5])
{
    uint64_t low = mix(w[0] ^ 0xa0761d6478bd642fu, w[1] ^ process_seed);
    uint64_t high = mix(w[2] ^ 0xe7037ed1a0b428dbu, w[3] ^ process_seed);

    return mix(low ^ w[4] ^ process_seed, high ^ 0x8ebc6af09c88c6e3u);
}

uint64_t hash_stable(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

uint64_t hash_stable_number(uint64_t h, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, v >>= 8)
        h = (h ^ (v & 0xff)) * 0x100000001b3u;
    return h;
}

uint64_t hash_stable_finish(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

/* ---- the map ---- */

void hmap_fini(struct hmap *m)
{
    free(m->slots);
    *m = (struct hmap){0};
}

size_t hmap_bytes(const struct hmap *m)
{
    return m->slots != NULL ? (m->mask + 1) * sizeof *m->slots : 0;
}

struct hmap_node *hmap_step(struct hmap_walk *w)
{
    struct hmap_node *n = w->next;

    for (; n == NULL && w->map->slots != NULL && w->slot <= w->map->mask; w->slot++)
        n = w->map->slots[w->slot].first;
    w->next = n != NULL ? n->next : NULL;
    return n;
}

/* The slot that holds the hash, or the free one where it belongs. There is always a free slot. */
static struct hmap_slot *slot_of(const struct hmap *m, uint64_t hash)
{
    size_t i = hash & m->mask;

    while (m->slots[i].first != NULL && m->slots[i].hash != hash)
        i = (i + 1) & m->mask;
    return &m->slots[i];
}

static int grow(struct hmap *m)
{
    struct hmap fresh = {.mask = m->slots == NULL ? 63 : m->mask * 2 + 1, .used = m->used, .count = m->count};

    fresh.slots = calloc(fresh.mask + 1, sizeof *fresh.slots);
    if (fresh.slots == NULL)
        return -1;
    for (size_t i = 0; m->slots != NULL && i <= m->mask; i++)
        if (m->slots[i].first != NULL)
            *slot_of(&fresh, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    *m = fresh;
    return 0;
}

/* Keeps a quarter of the slots free; when memory runs out, at least one. */
static int make_room(struct hmap *m)
{
    if (m->slots != NULL && m->used < (m->mask + 1) / 4 * 3)
        return 0;
    return grow(m) == 0 || (m->slots != NULL && m->used < m->mask) ? 0 : -1;
}

int hmap_insert(struct hmap *m, struct hmap_node *node, uint64_t hash)
{
    if (make_room(m) != 0)
        return -1;
    struct hmap_slot *slot = slot_of(m, hash);
    m->used += slot->first == NULL;
    m->count++;
    *node = (struct hmap_node){slot->first, NULL, hash};
    if (slot->first != NULL)
        slot->first->prev = node;
    *slot = (struct hmap_slot){hash, node};
    return 0;
}

/* Linear probing: entries after a freed slot move up unless that would put them before their home slot. */
static void close_hole(struct hmap *m, size_t hole)
{
    for (size_t i = (hole + 1) & m->mask; m->slots[i].first != NULL; i = (i + 1) & m->mask) {
        size_t home = m->slots[i].hash & m->mask;
        if (((i - home) & m->mask) < ((i - hole) & m->mask))
            continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole].first = NULL;
    m->used--;
}

static void remove_newest(struct hmap *m, struct hmap_node *node)
{
    struct hmap_slot *slot = slot_of(m, node->hash);

    slot->first = node->next;
    if (slot->first == NULL)
        close_hole(m, (size_t)(slot - m->slots));
}

void hmap_remove(struct hmap *m, struct hmap_node *node)
{
    if (node->prev == NULL && slot_of(m, node->hash)->first != node) /* is not in it */
        return;
    if (node->next != NULL)
        node->next->prev = node->prev;
    if (node->prev != NULL)
        node->prev->next = node->next;
    else
        remove_newest(m, node);
    node->next = node->prev = NULL;
    m->count--;
}
