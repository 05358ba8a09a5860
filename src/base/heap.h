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

struct heap {
    struct heap_node **nodes;
    size_t n, cap;
};

void heap_fini(struct heap *h);
/* The node must be in no heap. 0, or -1 when memory ran out. */
int heap_push(struct heap *h, struct heap_node *node, int64_t key, uint64_t tie);
/* Does nothing for a node that is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);

static inline struct heap_node *heap_top(const struct heap *h)
{
    return h->n > 0 ? h->nodes[0] : NULL;
}

static inline bool heap_holds(const struct heap_node *node)
{
    return node->at != 0;
}

#define heap_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
