/* Fixed-size objects from a free list, so that a flow or an exchange costs no malloc on the hot path.
 * Under AddressSanitizer each object is a malloc of its own, so that a use after free is seen. */
#ifndef P2T_BASE_SLAB_H
#define P2T_BASE_SLAB_H

#include <stddef.h>

struct slab {
    size_t object_bytes;
    size_t in_use;
    void *free_list;
    void *blocks;
    size_t block_left;
    char *block_next;
};

void slab_init(struct slab *s, size_t object_bytes);
/* Frees every block; objects still in use die with it (under ASan they must have been given back). */
void slab_fini(struct slab *s);
/* A zeroed object, or NULL when memory ran out. */
void *slab_take(struct slab *s);
void slab_give(struct slab *s, void *object);

#endif
