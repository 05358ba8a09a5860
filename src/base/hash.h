/* Hashing of keys and an intrusive chained hash map.
 *
 * Nothing ever walks a map in bucket order to produce output, so the seed may differ from run to run: it keeps
 * a capture's author from choosing keys that collide. */
#ifndef P2T_BASE_HASH_H
#define P2T_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Both seeded once per process. */
uint64_t hash_bytes(const void *p, size_t n);
/* For keys of five words. */
uint64_t hash_words(const uint64_t w[5]);
/* Unseeded FNV-1a style 64-bit hash with a final mix: the same in every run, for identifiers in output. */
uint64_t hash_stable(uint64_t h, const void *p, size_t n);
uint64_t hash_stable_finish(uint64_t h);

struct hmap_node {
    struct hmap_node *next;
    uint64_t hash;
};

struct hmap {
    struct hmap_node **buckets;
    size_t mask; /* bucket count - 1; 0 before the first insert */
    size_t count;
};

void hmap_fini(struct hmap *m);
/* The node must not be in a map. Returns 0, or -1 when memory ran out and the map could not take it. */
int hmap_insert(struct hmap *m, struct hmap_node *node, uint64_t hash);
void hmap_remove(struct hmap *m, struct hmap_node *node);

/* First node with this hash; walk on with hmap_next. The caller compares keys. */
static inline struct hmap_node *hmap_same(struct hmap_node *n, uint64_t hash)
{
    while (n != NULL && n->hash != hash)
        n = n->next;
    return n;
}

static inline struct hmap_node *hmap_first(const struct hmap *m, uint64_t hash)
{
    return m->buckets == NULL ? NULL : hmap_same(m->buckets[hash & m->mask], hash);
}

static inline struct hmap_node *hmap_next(const struct hmap_node *n)
{
    return hmap_same(n->next, n->hash);
}

#define hmap_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
