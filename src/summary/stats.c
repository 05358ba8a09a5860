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

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    for (int i = 0; i < KEY_WORDS; i++)
        if (x->key[i] != y->key[i])
            return rank_of(x->key[i]) < rank_of(y->key[i]) ? -1 : 1;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->tie > y->tie) - (x->tie < y->tie);
}

void groups_sort(struct groups *g)
{
    if (g->n > 1)
        qsort(g->all, g->n, sizeof *g->all, by_key);
}

static bool same_key(const struct keyed *a, const struct keyed *b)
{
    for (int i = 0; i < KEY_WORDS; i++)
        if (a->key[i] != b->key[i])
            return false;
    return true;
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
