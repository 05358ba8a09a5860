#include "summary/stats.h"

#include <stdlib.h>

/* Room for one more; false when memory ran out. */
static bool grow(void **p, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap > 0 ? *cap * 2 : 64;
    void *bigger = realloc(*p, more * size);
    if (bigger == NULL)
        return false;
    *p = bigger;
    *cap = more;
    return true;
}

void groups_add(struct groups *g, struct keyed k)
{
    void *all = g->all;

    if (!grow(&all, &g->cap, g->n, sizeof k)) {
        g->failed = true;
        return;
    }
    g->all = all;
    g->all[g->n++] = k;
}

static uint32_t rank_of(const struct word *w)
{
    return w != NULL ? w->rank : 0;
}

static bool same_key(const struct keyed *a, const struct keyed *b)
{
    for (int i = 0; i < KEY_WORDS; i++)
        if (a->key[i] != b->key[i])
            return false;
    return true;
}

static bool in_time(const struct keyed *a, const struct keyed *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->tie <= b->tie;
}

static int by_time(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->tie > y->tie) - (x->tie < y->tie);
}

/* One key's items. */
struct run {
    struct keyed key;
    size_t n, at; /* how many, and where the next goes */
};

static int by_key(const void *a, const void *b)
{
    const struct run *x = *(struct run *const *)a, *y = *(struct run *const *)b;

    for (int i = 0; i < KEY_WORDS; i++)
        if (x->key.key[i] != y->key.key[i])
            return rank_of(x->key.key[i]) < rank_of(y->key.key[i]) ? -1 : 1;
    return 0;
}

/* Sorting by key: few keys, and items that come nearly in the order of time. */
struct sorting {
    struct run *runs;    /* in a table, by the hash of their key; n == 0: free */
    struct run **order;  /* the used ones */
    uint32_t *slot;      /* of each item */
    struct keyed *moved; /* the items in their new places */
    size_t mask, used;
};

static bool sorting_begin(struct sorting *t, size_t n)
{
    size_t slots = 16;

    while (slots < 2 * n)
        slots *= 2;
    t->mask = slots - 1;
    t->runs = calloc(slots, sizeof *t->runs);
    t->order = calloc(n, sizeof(struct run *));
    t->slot = calloc(n, sizeof *t->slot);
    t->moved = calloc(n, sizeof *t->moved);
    return t->runs != NULL && t->order != NULL && t->slot != NULL && t->moved != NULL;
}

static void sorting_end(struct sorting *t)
{
    free(t->runs);
    free(t->order);
    free(t->slot);
    free(t->moved);
}

static size_t slot_of(struct sorting *t, const struct keyed *k)
{
    const uint64_t w[5] = {(uint64_t)(uintptr_t)k->key[0], (uint64_t)(uintptr_t)k->key[1],
                           (uint64_t)(uintptr_t)k->key[2], (uint64_t)(uintptr_t)k->key[3], 0};
    size_t i = hash_words(w) & t->mask;

    while (t->runs[i].n > 0 && !same_key(&t->runs[i].key, k))
        i = (i + 1) & t->mask;
    return i;
}

static void count_runs(struct sorting *t, const struct groups *g)
{
    for (size_t i = 0; i < g->n; i++) {
        size_t slot = i > 0 && same_key(&g->all[i], &g->all[i - 1]) ? t->slot[i - 1] : slot_of(t, &g->all[i]);
        struct run *r = &t->runs[slot];
        if (r->n++ == 0) {
            r->key = g->all[i];
            t->order[t->used++] = r;
        }
        t->slot[i] = (uint32_t)slot;
    }
}

static void place_items(struct sorting *t, const struct groups *g)
{
    size_t at = 0;

    qsort(t->order, t->used, sizeof(struct run *), by_key);
    for (size_t i = 0; i < t->used; i++) {
        t->order[i]->at = at;
        at += t->order[i]->n;
    }
    for (size_t i = 0; i < g->n; i++)
        t->moved[t->runs[t->slot[i]].at++] = g->all[i];
}

static void sort_by_time(struct keyed *items, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!in_time(&items[i - 1], &items[i])) {
            qsort(items, n, sizeof *items, by_time);
            return;
        }
}

void groups_sort(struct groups *g)
{
    struct sorting t = {0};

    if (g->n < 2)
        return;
    if (!sorting_begin(&t, g->n)) {
        g->failed = true;
        sorting_end(&t);
        return;
    }
    count_runs(&t, g);
    place_items(&t, g);
    for (size_t i = 0, at = 0; i < t.used; at += t.order[i++]->n)
        sort_by_time(&t.moved[at], t.order[i]->n);
    memcpy(g->all, t.moved, g->n * sizeof *g->all);
    sorting_end(&t);
}

struct keyed *groups_next(const struct groups *g, size_t *at, size_t *n)
{
    size_t first = *at;

    if (first >= g->n)
        return NULL;
    while (*at < g->n && same_key(&g->all[first], &g->all[*at]))
        ++*at;
    *n = *at - first;
    return &g->all[first];
}

void groups_fini(struct groups *g)
{
    free(g->all);
    *g = (struct groups){0};
}

void sample_add(struct sample *s, int64_t v)
{
    void *all = s->v;

    if (!grow(&all, &s->cap, s->n, sizeof v)) {
        s->failed = true;
        return;
    }
    s->v = all;
    s->v[s->n++] = v;
    s->sorted = false;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int64_t sample_at(struct sample *s, unsigned permille)
{
    if (s->n == 0)
        return 0;
    if (!s->sorted)
        qsort(s->v, s->n, sizeof *s->v, by_value);
    s->sorted = true;
    size_t i = s->n * permille / 1000;
    return s->v[i < s->n ? i : s->n - 1];
}

void sample_fini(struct sample *s)
{
    free(s->v);
    *s = (struct sample){0};
}

bool densest_run(const struct keyed *items, size_t count, bool (*bad)(const void *item), size_t *first, size_t *n)
{
    long sum = 0, best = 0;
    size_t begin = 0;

    for (size_t i = 0; i < count; i++) {
        sum += bad(items[i].item) ? 2 : -1;
        if (sum <= 0) {
            sum = 0;
            begin = i + 1;
        } else if (sum > best) {
            best = sum;
            *first = begin;
            *n = i + 1 - begin;
        }
    }
    return best > 0;
}
