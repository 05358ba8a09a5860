#include "base/hash.h"

#include <stdlib.h>
#include <sys/random.h>

static uint64_t process_seed;

__attribute__((constructor)) static void make_seed(void)
{
    if (getrandom(&process_seed, sizeof process_seed, GRND_NONBLOCK) != (ssize_t)sizeof process_seed)
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

/* Two products that do not wait for each other. */
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

uint64_t hash_stable_finish(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

void hmap_fini(struct hmap *m)
{
    free(m->buckets);
    *m = (struct hmap){0};
}

/* Nodes of one hash stay in their order, the newest first: what a walk over them finds does not depend on when the map
 * grew. Each bucket is split in two. */
static void split(struct hmap_node *n, size_t size, struct hmap_node **low, struct hmap_node **high)
{
    for (; n != NULL; n = n->next) {
        struct hmap_node ***end = (n->hash & size) != 0 ? &high : &low;
        **end = n;
        *end = &n->next;
    }
    *low = *high = NULL;
}

static int grow(struct hmap *m)
{
    size_t old = m->buckets == NULL ? 0 : m->mask + 1, size = old == 0 ? 64 : old * 2;
    struct hmap_node **fresh = calloc(size, sizeof *fresh);

    if (fresh == NULL)
        return m->buckets == NULL ? -1 : 0;
    for (size_t i = 0; i < old; i++)
        split(m->buckets[i], old, &fresh[i], &fresh[i + old]);
    free(m->buckets);
    m->buckets = fresh;
    m->mask = size - 1;
    return 0;
}

int hmap_insert(struct hmap *m, struct hmap_node *node, uint64_t hash)
{
    if ((m->buckets == NULL || m->count > m->mask) && grow(m) != 0)
        return -1;
    node->hash = hash;
    node->next = m->buckets[hash & m->mask];
    m->buckets[hash & m->mask] = node;
    m->count++;
    return 0;
}

void hmap_remove(struct hmap *m, struct hmap_node *node)
{
    struct hmap_node **link = &m->buckets[node->hash & m->mask];

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    node->next = NULL;
    m->count--;
}
