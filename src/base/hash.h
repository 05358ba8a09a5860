/* Hashing of keys and an intrusive hash map with linear probing.
 *
 * Nothing ever walks a map in bucket order to produce output, so the seed may differ from run to run: it keeps
 * a capture's author from choosing keys that collide. */
#ifndef P2T_BASE_HASH_H
#define P2T_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* For maps: seeded once per process, so they differ from run to run. hash_words() is the same for keys of five words. */
uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_words(const uint64_t w[5]);
/* For identifiers in output: FNV-1a, 64 bits, the same in every run. Begin with HASH_STABLE_SEED, add each part with
 * hash_stable() or, as the bytes of an integer from the lowest on, hash_stable_number(), and end with one
 * hash_stable_finish(), which mixes the bits. */
#define HASH_STABLE_SEED 0xcbf29ce484222325u
uint64_t hash_stable(uint64_t h, const void *p, size_t n);
uint64_t hash_stable_number(uint64_t h, uint64_t v, size_t bytes);
uint64_t hash_stable_finish(uint64_t h);

struct hmap_node {
    struct hmap_node *next, *prev; /* of the same hash; prev: the newer one, NULL for the newest */
    uint64_t hash;
};

/* The nodes of one hash. The hash stands here, too, so that a search for another one reads no node: nodes are cold. */
struct hmap_slot {
    uint64_t hash;
    struct hmap_node *first; /* the newest; NULL: the slot is free */
};

struct hmap {
    struct hmap_slot *slots;
    size_t mask;  /* slot count - 1; 0 before the first insert */
    size_t used;  /* slots in use */
    size_t count; /* nodes */
};

/* A zeroed struct hmap is an empty map. */

/* Frees the map's memory; nodes are their owners'. The map is empty again. */
void hmap_fini(struct hmap *m);
/* The node must not be in a map, and must stay where it is until it is removed. Returns 0, or -1 when memory ran out
 * and the map could not take it. */
int hmap_insert(struct hmap *m, struct hmap_node *node, uint64_t hash);
/* Does nothing if the node is not in the map. */
void hmap_remove(struct hmap *m, struct hmap_node *node);
/* Bytes that the map itself holds, without its nodes. */
size_t hmap_bytes(const struct hmap *m);

/* The newest node with this hash, or NULL; hmap_next() gives the others. Different keys may share a hash: the caller
 * compares them. */
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

/* Walks over all nodes, in an order that differs from run to run. The map must not change meanwhile, but the node given
 * last may be freed. */
struct hmap_walk {
    const struct hmap *map;
    size_t slot;
    struct hmap_node *next;
};

static inline struct hmap_walk hmap_walk(const struct hmap *m)
{
    return (struct hmap_walk){.map = m};
}

/* The next node; NULL at the end. */
struct hmap_node *hmap_step(struct hmap_walk *w);

/* The object that holds `node` as its `member`. */
#define hmap_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
