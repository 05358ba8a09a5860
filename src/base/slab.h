/* Objects of one size, a few of them kept for the next one, so that coming and going costs no malloc. What is beyond
 * those goes back to the C library, for whoever needs memory next.
 * Under AddressSanitizer none are kept, so that a use after free is seen. */
#ifndef P2T_BASE_SLAB_H
#define P2T_BASE_SLAB_H

#include <stddef.h>

#include "base/budget.h"

struct slab {
    size_t object_bytes;
    size_t in_use;
    void *free_list;
    size_t free_count;
    struct budget *budget; /* NULL: not counted */
};

void slab_init(struct slab *s, size_t object_bytes, struct budget *budget);
/* Objects still in use are their owners'. */
void slab_fini(struct slab *s);
/* A zeroed object, or NULL when memory ran out. */
void *slab_take(struct slab *s);
void slab_give(struct slab *s, void *object);

#endif
