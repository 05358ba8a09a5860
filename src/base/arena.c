#include "base/arena.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* With its header, a block is the largest size that glibc serves from its per-thread cache; larger ones take many times
 * as long. */
enum { BLOCK_BYTES = ARENA_USUAL };
/* The first blocks are small: many arenas hold a name or two and nothing else. */
enum { FIRST_BYTES = 40, SECOND_BYTES = 104, THIRD_BYTES = 232 };

struct arena_block {
    struct arena_block *next;
    size_t cap : sizeof(size_t) * CHAR_BIT - 1, kept : 1; /* kept: by resets */
    _Alignas(ARENA_ALIGN) uint8_t bytes[];
};

static void use(struct arena *a, struct arena_block *b)
{
    a->blocks = b;
    a->at = b->bytes;
    a->left = b->cap;
}

static size_t block_cost(size_t cap)
{
    return budget_cost(sizeof(struct arena_block) + cap);
}

static bool add_block(struct arena *a, size_t cap)
{
    struct arena_block *b = malloc(sizeof *b + cap);

    if (b == NULL)
        return false;
    b->next = a->blocks;
    b->cap = cap & SIZE_MAX >> 1;
    b->kept = 0;
    a->held_bytes += block_cost(cap);
    budget_add(a->budget, block_cost(cap));
    use(a, b);
    return true;
}

static size_t usual_cap(const struct arena *a)
{
    if (a->blocks == NULL)
        return FIRST_BYTES;
    if (a->blocks->cap < SECOND_BYTES)
        return SECOND_BYTES;
    return a->blocks->cap < THIRD_BYTES ? THIRD_BYTES : BLOCK_BYTES;
}

void *arena_more(struct arena *a, size_t n)
{
    size_t usual = usual_cap(a), cap = n > usual ? n : usual;

    if (n > SIZE_MAX / 2 || !add_block(a, cap))
        return NULL;
    uint8_t *p = a->at;
    a->at += n;
    a->left -= n;
    return p;
}

void arena_start(struct arena *a, size_t bytes)
{
    if (a->blocks == NULL && add_block(a, bytes))
        a->blocks->kept = 1;
}

void arena_count_in(struct arena *a, struct budget *budget)
{
    budget_sub(a->budget, a->held_bytes);
    a->budget = budget;
    budget_add(a->budget, a->held_bytes);
}

static void free_newest(struct arena *a)
{
    struct arena_block *b = a->blocks;

    a->blocks = b->next;
    a->held_bytes -= block_cost(b->cap);
    budget_sub(a->budget, block_cost(b->cap));
    free(b);
}

void arena_reset(struct arena *a)
{
    while (a->blocks != NULL && !a->blocks->kept)
        free_newest(a);
    if (a->blocks != NULL)
        use(a, a->blocks);
    else
        *a = (struct arena){.budget = a->budget};
}

void arena_fini(struct arena *a)
{
    while (a->blocks != NULL)
        free_newest(a);
    *a = (struct arena){.budget = a->budget};
}

struct slice arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (text == NULL)
        return SLICE_LIT("");
    va_start(args, format);
    (void)vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return slice_of(text, (size_t)n);
}
