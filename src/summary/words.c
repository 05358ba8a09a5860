#include "summary/words.h"

#include <stdlib.h>

static struct word *find(const struct words *w, struct slice text, uint64_t hash)
{
    struct hmap_node *n = hmap_first(&w->map, hash);

    for (; n != NULL; n = hmap_next(n)) {
        struct word *x = hmap_entry(n, struct word, node);
        if (slice_eq(slice_of(x->text, x->n), text))
            return x;
    }
    return NULL;
}

static struct word *add(struct words *w, struct slice text, uint64_t hash)
{
    struct word *x = calloc(1, sizeof *x + text.n + 1);

    if (x == NULL || hmap_insert(&w->map, &x->node, hash) != 0) {
        free(x);
        return NULL;
    }
    x->n = text.n;
    memcpy(x->text, text.p, text.n);
    w->bytes += sizeof *x + text.n + 1;
    return x;
}

static struct word *find_or_add(struct words *w, struct slice text)
{
    struct word **recent = &w->recent[(text.n * 7 + text.p[text.n - 1]) % WORDS_RECENT];

    if (*recent == NULL || !slice_eq(slice_of((*recent)->text, (*recent)->n), text)) {
        uint64_t hash = hash_bytes(text.p, text.n);
        struct word *x = find(w, text, hash);
        *recent = x != NULL ? x : add(w, text, hash);
    }
    return *recent;
}

const struct word *words_take(struct words *w, struct slice text)
{
    if (text.n == 0)
        return NULL;
    if (text.n > WORD_MAX)
        text.n = WORD_MAX;
    if (w->bytes < (w->bytes_max > 0 ? w->bytes_max : WORDS_BYTES_MAX))
        return find_or_add(w, text);
    struct word *x = find(w, text, hash_bytes(text.p, text.n));
    if (x != NULL)
        return x;
    w->overflowed = true;
    if (w->other == NULL)
        w->other = find_or_add(w, SLICE_LIT("(other)"));
    return w->other;
}

const struct word *words_find(const struct words *w, struct slice text)
{
    if (text.n > WORD_MAX)
        text.n = WORD_MAX;
    return find(w, text, hash_bytes(text.p, text.n));
}

void words_name(const struct word *address, const struct word *name)
{
    const struct word *old = address->known_as;

    if (old == NULL || name->n < old->n || (name->n == old->n && name->rank < old->rank))
        ((struct word *)(uintptr_t)address)->known_as = name;
}

void words_mark_proxy(const struct word *address)
{
    ((struct word *)(uintptr_t)address)->is_proxy = true;
}

void words_name_service(const struct word *server, const struct word *name, uint32_t more_names)
{
    struct word *w = (struct word *)(uintptr_t)server;

    w->known_as = name;
    w->more_names = more_names;
}

uint32_t words_vote(const struct word *w, bool for_it)
{
    uint32_t *votes = &((struct word *)(uintptr_t)w)->votes;

    *votes = for_it ? *votes + 1 : 0;
    return *votes;
}

void words_place(const struct word *w, uint32_t place)
{
    ((struct word *)(uintptr_t)w)->place = place;
}

static int by_text(const void *a, const void *b)
{
    const struct word *x = *(const struct word *const *)a, *y = *(const struct word *const *)b;
    int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);

    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

int words_rank(struct words *w)
{
    struct word **all = calloc(w->map.count + 1, sizeof *all);
    struct hmap_walk walk = hmap_walk(&w->map);
    struct hmap_node *node;
    size_t n = 0;

    if (all == NULL)
        return -1;
    while ((node = hmap_step(&walk)) != NULL)
        all[n++] = hmap_entry(node, struct word, node);
    qsort(all, n, sizeof *all, by_text);
    for (size_t i = 0; i < n; i++)
        all[i]->rank = (uint32_t)i + 1;
    free(all);
    return 0;
}

void words_fini(struct words *w)
{
    struct hmap_walk walk = hmap_walk(&w->map);
    struct hmap_node *node;

    while ((node = hmap_step(&walk)) != NULL)
        free(hmap_entry(node, struct word, node));
    hmap_fini(&w->map);
    *w = (struct words){0};
}
