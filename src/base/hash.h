/* Hashing of keys and an intrusive hash map with linear probing.
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
    struct hmap_node *next; /* of the same hash */
    uint64_t hash;
};

/* The nodes of one hash. Whoever looks for another hash does not touch them: they are in nobody's cache. */
struct hmap_slot {
    uint64_t hash;
    struct hmap_node *first; /* the newest; NULL: free */
};

struct hmap {
    struct hmap_slot *slots;
    size_t mask;  /* slot count - 1; 0 before the first insert */
    size_t used;  /* slots */
    size_t count; /* nodes */
};

void hmap_fini(struct hmap *m);
/* The node must not be in a map. Returns 0, or -1 when memory ran out and the map could not take it. */
int hmap_insert(struct hmap *m, struct hmap_node *node, uint64_t hash);
void hmap_remove(struct hmap *m, struct hmap_node *node);
/* Memory of the map itself. */
size_t hmap_bytes(const struct hmap *m);

/* First node with this hash, the newest; walk on with hmap_next. The caller compares keys. */
static inline struct hmap_node *hmap_first(const struct hmap *m, uint64_t hash)
{
    if (m->slots == NULL)
        return NULL;
    size_t i = hash & m->mask;
    while (m->slots[i].first != NULL && m->slots[i].hash != hash)
        i = (i + 1) & m->mask;
    return m->slots[i].first;
}

static inline struct hmap_node *hmap_next(const struct hmap_node *n)
{
    return n->next;
}

/* All nodes, in no order to rely on. The map must not change meanwhile, but the node given last may be freed. */
struct hmap_walk {
    const struct hmap *map;
    size_t slot;
    struct hmap_node *next;
};

static inline struct hmap_walk hmap_walk(const struct hmap *m)
{
    return (struct hmap_walk){.map = m};
}

/* NULL at the end. */
struct hmap_node *hmap_step(struct hmap_walk *w);

#define hmap_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
