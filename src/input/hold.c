#include "input/hold.h"

#include <stdlib.h>
#include <string.h>

/* The first block is small: most files hold a few frames and never again. */
enum { BLOCK_LEAST = 4 << 10, BLOCK_USUAL = 64 << 10, SPARE_MAX = 16 };

struct input_block {
    struct input_block *next; /* spare */
    size_t cap, used, live;   /* bytes, bytes handed out, copies not given back */
    _Alignas(struct input_held) uint8_t bytes[];
};

/* Some usual ones are kept for the next time. */
static void drop(struct input_hold *o, struct input_block *b)
{
    o->bytes -= b->cap;
    o->pool->bytes -= b->cap;
    if (b->cap != BLOCK_USUAL || o->pool->spare_count == SPARE_MAX) {
        free(b);
        return;
    }
    b->next = o->pool->spare;
    o->pool->spare = b;
    o->pool->spare_count++;
}

static struct input_block *make(struct input_hold *o, size_t cap)
{
    struct input_block *b = o->pool->spare;

    if (cap == BLOCK_USUAL && b != NULL) {
        o->pool->spare = b->next;
        o->pool->spare_count--;
    } else if ((b = malloc(sizeof *b + cap)) == NULL) {
        return NULL;
    }
    b->cap = cap;
    b->used = b->live = 0;
    o->bytes += cap;
    o->pool->bytes += cap;
    return b;
}

/* A block with room for n bytes; each is as large as those before together. */
static struct input_block *room_for(struct input_hold *o, size_t n)
{
    struct input_block *b = o->current;
    size_t cap = o->bytes < BLOCK_LEAST ? BLOCK_LEAST : o->bytes < BLOCK_USUAL ? o->bytes : BLOCK_USUAL;

    if (b != NULL && n <= b->cap - b->used)
        return b;
    if (b != NULL && b->live == 0)
        drop(o, b);
    o->current = make(o, n > cap ? n : cap);
    return o->current;
}

struct input_held *input_hold_copy(struct input_hold *o, const struct input_frame *f)
{
    size_t align = _Alignof(struct input_held),
           n = (sizeof(struct input_held) + f->cap_len + align - 1) / align * align;
    struct input_block *b = room_for(o, n);

    if (b == NULL)
        return NULL;
    struct input_held *h = (struct input_held *)(void *)(b->bytes + b->used);
    b->used += n;
    b->live++;
    h->block = b;
    h->frame = *f;
    h->frame.bytes = h->bytes;
    memcpy(h->bytes, f->bytes, f->cap_len);
    return h;
}

void input_hold_free(struct input_hold *o, struct input_held *h)
{
    if (h == NULL || --h->block->live > 0)
        return;
    if (h->block == o->current)
        h->block->used = 0;
    else
        drop(o, h->block);
}

void input_hold_fini(struct input_hold *o)
{
    if (o->current != NULL)
        drop(o, o->current);
    o->current = NULL;
}

void input_hold_pool_fini(struct input_hold_pool *p)
{
    for (struct input_block *b; (b = p->spare) != NULL;) {
        p->spare = b->next;
        free(b);
    }
}
