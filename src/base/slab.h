/* Allocates objects of one size. A limited number of freed objects is kept for reuse, so that steady coming and going
 * costs no malloc; the others go back to the C library. Under AddressSanitizer none are kept, so that it sees a use
 * after free. */
#ifndef P2T_BASE_SLAB_H
#define P2T_BASE_SLAB_H

#include <stddef.h>

#include "base/budget.h"

struct slab {
    size_t object_bytes;
    size_t in_use;   /* objects */
    void *free_list; /* freed objects, each pointing to the next */
    size_t free_count;
    struct budget *budget; /* where objects in use are counted; NULL: nowhere */
};

/* The budget must outlive the slab. */
void slab_init(struct slab *s, size_t object_bytes, struct budget *budget);
/* Frees the kept objects. Objects still in use stay valid, but cannot be given back any more. */
void slab_fini(struct slab *s);
/* A zeroed object, or NULL when memory ran out. */
void *slab_take(struct slab *s);
/* Gives an object back; NULL is allowed. */
void slab_give(struct slab *s, void *object);

#endif
