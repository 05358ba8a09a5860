#include "summary/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/system.h"

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

/* One key's items. */
struct run {
    struct keyed key;
    uint64_t rank[KEY_WORDS / 2]; /* its words' ranks, so that they compare as numbers */
    size_t n, at;                 /* how many, and where the next goes */
};

/* Sorting by key: few keys, and items that come nearly in the order of time. */
struct sorting {
    struct run *runs; /* in the order in which their keys came */
    size_t used, cap;
    uint32_t *table; /* 1 + a run's index, by the hash of its key; 0: free. At most half of it is used */
    size_t mask;
    uint32_t *run_of;    /* of each item: its run's index */
    uint32_t *order;     /* the runs by key */
    struct keyed *moved; /* the items in their new places */
};

enum { RUNS_AT_FIRST = 64 };

static bool sorting_begin(struct sorting *t, size_t n)
{
    t->cap = RUNS_AT_FIRST;
    t->mask = 2 * RUNS_AT_FIRST - 1;
    t->runs = calloc(t->cap, sizeof *t->runs);
    t->table = calloc(t->mask + 1, sizeof *t->table);
    t->run_of = calloc(n, sizeof *t->run_of);
    t->moved = calloc(n, sizeof *t->moved);
    return t->runs != NULL && t->table != NULL && t->run_of != NULL && t->moved != NULL;
}

static void sorting_end(struct sorting *t)
{
    free(t->runs);
    free(t->table);
    free(t->run_of);
    free(t->order);
    free(t->moved);
}

/* The place of the key's run in the table, or the free one where it belongs. */
static size_t place_of(const struct sorting *t, const struct keyed *k)
{
    const uint64_t w[5] = {(uint64_t)(uintptr_t)k->key[0], (uint64_t)(uintptr_t)k->key[1],
                           (uint64_t)(uintptr_t)k->key[2], (uint64_t)(uintptr_t)k->key[3], 0};
    size_t i = hash_words(w) & t->mask;

    while (t->table[i] != 0 && !same_key(&t->runs[t->table[i] - 1].key, k))
        i = (i + 1) & t->mask;
    return i;
}

static bool grow_runs(struct sorting *t)
{
    size_t cap = t->cap * 2;
    struct run *runs = realloc(t->runs, cap * sizeof *runs);

    if (runs == NULL)
        return false;
    t->runs = runs;
    uint32_t *table = calloc(2 * cap, sizeof *table);
    if (table == NULL)
        return false;
    free(t->table);
    t->table = table;
    t->mask = 2 * cap - 1;
    t->cap = cap;
    for (size_t i = 0; i < t->used; i++)
        t->table[place_of(t, &t->runs[i].key)] = (uint32_t)i + 1;
    return true;
}

/* The index of its key's run; SIZE_MAX when memory ran out. */
static size_t run_of(struct sorting *t, const struct keyed *k)
{
    size_t place = place_of(t, k);

    if (t->table[place] != 0)
        return t->table[place] - 1;
    if (t->used == t->cap) {
        if (!grow_runs(t))
            return SIZE_MAX;
        place = place_of(t, k);
    }
    t->runs[t->used] = (struct run){.key = *k};
    for (int i = 0; i < KEY_WORDS / 2; i++)
        t->runs[t->used].rank[i] = (uint64_t)rank_of(k->key[2 * i]) << 32 | rank_of(k->key[2 * i + 1]);
    t->table[place] = (uint32_t)++t->used;
    return t->used - 1;
}

static bool count_runs(struct sorting *t, const struct groups *g)
{
    for (size_t i = 0; i < g->n; i++) {
        bool same = i > 0 && same_key(&g->all[i], &g->all[i - 1]);
        size_t run = same ? t->run_of[i - 1] : run_of(t, &g->all[i]);
        if (run == SIZE_MAX)
            return false;
        t->runs[run].n++;
        t->run_of[i] = (uint32_t)run;
    }
    return true;
}

static int by_key(const void *a, const void *b, void *runs)
{
    const struct run *x = (const struct run *)runs + *(const uint32_t *)a,
                     *y = (const struct run *)runs + *(const uint32_t *)b;

    for (int i = 0; i < KEY_WORDS / 2; i++)
        if (x->rank[i] != y->rank[i])
            return x->rank[i] < y->rank[i] ? -1 : 1;
    return 0;
}

static bool order_runs(struct sorting *t)
{
    size_t at = 0;

    t->order = calloc(t->used + 1, sizeof *t->order);
    if (t->order == NULL)
        return false;
    for (size_t i = 0; i < t->used; i++)
        t->order[i] = (uint32_t)i;
    system_sort(t->order, t->used, sizeof *t->order, by_key, t->runs);
    for (size_t i = 0; i < t->used; i++) {
        t->runs[t->order[i]].at = at;
        at += t->runs[t->order[i]].n;
    }
    return true;
}

static void place_items(struct sorting *t, const struct groups *g)
{
    for (size_t i = 0; i < g->n; i++)
        t->moved[t->runs[t->run_of[i]].at++] = g->all[i];
}

enum { BLOCK = 16 };

static void sort_block(struct keyed *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (in_time(&a[i - 1], &a[i]))
            continue;
        struct keyed k = a[i];
        size_t at = i;
        for (; at > 0 && !in_time(&a[at - 1], &k); at--)
            a[at] = a[at - 1];
        a[at] = k;
    }
}

/* Two sorted parts, of which the second begins at `mid`, become one. Only what overlaps is moved. */
static void merge_parts(struct keyed *a, size_t mid, size_t n, struct keyed *room)
{
    size_t from = mid, to = mid;

    while (from > 0 && !in_time(&a[from - 1], &a[mid]))
        from--;
    if (from == mid)
        return;
    while (to < n && !in_time(&a[mid - 1], &a[to]))
        to++;
    memcpy(room, &a[from], (mid - from) * sizeof *a);
    for (size_t left = 0, right = mid, put = from; left < mid - from; put++)
        a[put] = right < to && !in_time(&room[left], &a[right]) ? a[right++] : room[left++];
}

/* Items that come nearly in order cost little more than a look at each. `room` is for as many. */
static void sort_by_time(struct keyed *items, size_t n, struct keyed *room)
{
    for (size_t at = 0; at < n; at += BLOCK)
        sort_block(&items[at], n - at < BLOCK ? n - at : BLOCK);
    for (size_t width = BLOCK; width < n; width *= 2)
        for (size_t at = 0; at + width < n; at += 2 * width)
            merge_parts(&items[at], width, n - at < 2 * width ? n - at : 2 * width, room);
}

void groups_sort(struct groups *g)
{
    struct sorting t = {0};

    if (g->n < 2)
        return;
    if (sorting_begin(&t, g->n) && count_runs(&t, g) && order_runs(&t)) {
        place_items(&t, g);
        for (size_t i = 0, at = 0; i < t.used; at += t.runs[t.order[i++]].n)
            sort_by_time(&t.moved[at], t.runs[t.order[i]].n, g->all);
        struct keyed *before = g->all;
        g->all = t.moved;
        g->cap = g->n;
        t.moved = before;
    } else {
        g->failed = true;
    }
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

/* The bytes of a number that orders as `v` does. */
static size_t byte_of(int64_t v, unsigned shift)
{
    return ((uint64_t)v ^ (uint64_t)1 << 63) >> shift & 0xff;
}

/* One pass of a radix sort; false: all have the same byte there, and nothing was moved. */
static bool move_by_byte(const int64_t *from, int64_t *to, size_t n, unsigned shift)
{
    size_t at[256] = {0};

    for (size_t i = 0; i < n; i++)
        at[byte_of(from[i], shift)]++;
    if (at[byte_of(from[0], shift)] == n)
        return false;
    for (size_t i = 0, sum = 0; i < 256; i++) {
        size_t count = at[i];
        at[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[at[byte_of(from[i], shift)]++] = from[i];
    return true;
}

static void sort_values(int64_t *v, size_t n)
{
    enum { WORTH_IT = 256 };
    int64_t *room = n < WORTH_IT ? NULL : malloc(n * sizeof *v), *from = v, *to = room;

    if (room == NULL) {
        qsort(v, n, sizeof *v, by_value);
        return;
    }
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (move_by_byte(from, to, n, shift)) {
            int64_t *sorted = to;
            to = from;
            from = sorted;
        }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    free(room);
}

int64_t sample_at(struct sample *s, unsigned permille)
{
    if (s->n == 0)
        return 0;
    if (!s->sorted)
        sort_values(s->v, s->n);
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
