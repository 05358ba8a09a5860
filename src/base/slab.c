#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_PLAIN_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_PLAIN_MALLOC 1
#endif
#endif
#ifndef SLAB_PLAIN_MALLOC
#define SLAB_PLAIN_MALLOC 0
#endif

enum { OBJECTS_PER_BLOCK = 256, ALIGN = 16 };

void slab_init(struct slab *s, size_t object_bytes)
{
    *s = (struct slab){.object_bytes = (object_bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1)};
}

void slab_fini(struct slab *s)
{
    while (s->blocks != NULL) {
        void *next = *(void **)s->blocks;
        free(s->blocks);
        s->blocks = next;
    }
    s->free_list = NULL;
    s->block_left = 0;
}

static int add_block(struct slab *s)
{
    char *block = malloc(ALIGN + s->object_bytes * OBJECTS_PER_BLOCK);

    if (block == NULL)
        return -1;
    *(void **)(void *)block = s->blocks;
    s->blocks = block;
    s->block_next = block + ALIGN;
    s->block_left = OBJECTS_PER_BLOCK;
    return 0;
}

static void *take_from_pool(struct slab *s)
{
    void *object = s->free_list;

    if (object != NULL) {
        s->free_list = *(void **)object;
        return object;
    }
    if (s->block_left == 0 && add_block(s) != 0)
        return NULL;
    object = s->block_next;
    s->block_next += s->object_bytes;
    s->block_left--;
    return object;
}

void *slab_take(struct slab *s)
{
    void *object = SLAB_PLAIN_MALLOC ? malloc(s->object_bytes) : take_from_pool(s);

    if (object == NULL)
        return NULL;
    s->in_use++;
    return memset(object, 0, s->object_bytes);
}

void slab_give(struct slab *s, void *object)
{
    if (object == NULL)
        return;
    s->in_use--;
    if (SLAB_PLAIN_MALLOC) {
        free(object);
        return;
    }
    *(void **)object = s->free_list;
    s->free_list = object;
}
