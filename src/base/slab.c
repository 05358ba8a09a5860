#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_KEEPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_KEEPS 0
#endif
#endif
#ifndef SLAB_KEEPS
#define SLAB_KEEPS 512
#endif

/* What its owner's hash map or heap costs per object: two slots of a map that is half full. */
enum { INDEX_BYTES = 32 };

void slab_init(struct slab *s, size_t object_bytes, struct budget *budget)
{
    *s = (struct slab){.object_bytes = object_bytes < sizeof(void *) ? sizeof(void *) : object_bytes,
                       .budget = budget};
}

void slab_fini(struct slab *s)
{
    while (s->free_list != NULL) {
        void *next = *(void **)s->free_list;
        free(s->free_list);
        s->free_list = next;
    }
    s->free_count = 0;
}

static size_t cost(const struct slab *s)
{
    return budget_cost(s->object_bytes) + INDEX_BYTES;
}

static void *take_kept(struct slab *s)
{
    void *object = s->free_list;

    if (object == NULL)
        return malloc(s->object_bytes);
    s->free_list = *(void **)object;
    s->free_count--;
    return object;
}

void *slab_take(struct slab *s)
{
    void *object = take_kept(s);

    if (object == NULL)
        return NULL;
    s->in_use++;
    budget_add(s->budget, cost(s));
    return memset(object, 0, s->object_bytes);
}

void slab_give(struct slab *s, void *object)
{
    if (object == NULL)
        return;
    s->in_use--;
    budget_sub(s->budget, cost(s));
    if (s->free_count + 1 > SLAB_KEEPS) {
        free(object);
        return;
    }
    *(void **)object = s->free_list;
    s->free_list = object;
    s->free_count++;
}
