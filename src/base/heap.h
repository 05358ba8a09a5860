/* A binary min-heap of intrusive nodes, ordered by (key, tie), with removal from the middle. */
#ifndef P2T_BASE_HEAP_H
#define P2T_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    uint64_t tie;
    size_t at; /* index in the heap + 1; 0: in none */
};

/* A node with its key and tie: comparing does not read nodes, which lie all over the memory. */
struct heap_place {
    int64_t key;
    uint64_t tie;
    struct heap_node *node;
};

struct heap {
    struct heap_place *places;
    size_t n, cap;
};

/* A zeroed struct heap is an empty heap. */

/* Frees the heap's memory; nodes are their owners'. */
void heap_fini(struct heap *h);
/* The node must be in no heap, and must stay where it is until it is removed. Sets its key and tie. Returns 0, or -1
 * when memory ran out. */
int heap_push(struct heap *h, struct heap_node *node, int64_t key, uint64_t tie);
/* Does nothing for a node that is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);

/* The least node, or NULL. */
static inline struct heap_node *heap_top(const struct heap *h)
{
    return h->n > 0 ? h->places[0].node : NULL;
}

/* True while the node is in a heap. A zeroed node is in none. */
static inline bool heap_holds(const struct heap_node *node)
{
    return node->at != 0;
}

/* The object that holds `node` as its `member`. */
#define heap_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
