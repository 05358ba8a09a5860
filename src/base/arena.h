/* Memory that is given back all at once: an exchange's strings live and die together. */
#ifndef P2T_BASE_ARENA_H
#define P2T_BASE_ARENA_H

#include "base/budget.h"
#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* handed out since the last reset */
    size_t held_bytes;          /* of all blocks */
    struct budget *budget;      /* NULL: not counted */
};

/* A zeroed struct arena is empty and ready. Memory is aligned for any object; NULL when it ran out. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy with a NUL behind it, which the slice does not count. Empty input gives an empty, non-NULL slice. */
struct slice arena_copy(struct arena *a, struct slice s);
/* From now on it counts there; NULL: nowhere. */
void arena_count_in(struct arena *a, struct budget *budget);
/* Keeps one block for reuse. */
void arena_reset(struct arena *a);
/* It is empty again, and counts where it did. */
void arena_fini(struct arena *a);

#endif
