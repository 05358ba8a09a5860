#include "summary/changes.h"

#include <math.h>
#include <stdlib.h>

/* Less than this, or than half as much again, nobody would call a change. */
static const int64_t LEAST_SHIFT_NS = 10 * (int64_t)MS;
/* Both sides need so many calls before anything is said of their times. */
enum { COMPARE_MIN = 6 };
/* Standard deviations: by chance in one of 1,000, and of 100, comparisons. */
static const double SURE = 3.3, LIKELY = 2.6;

/* ---- how sure ---- */

/* Mann and Whitney's rank sum: how many standard deviations `now` lies above `before`. Ties count half. */
static double rank_shift(struct sample *before, struct sample *now)
{
    const double m = (double)before->n, n = (double)now->n;
    double above = 0;
    size_t less = 0, upto = 0;

    (void)sample_at(before, 0); /* sorts them */
    (void)sample_at(now, 0);
    for (size_t i = 0; i < now->n; i++) {
        while (less < before->n && before->v[less] < now->v[i])
            less++;
        while (upto < before->n && before->v[upto] <= now->v[i])
            upto++;
        above += ((double)less + (double)upto) / 2;
    }
    return (above - m * n / 2) / sqrt(m * n * (m + n + 1) / 12);
}

/* Standard deviations between two shares. */
static double share_shift(double bad_before, double before, double bad, double now)
{
    double all = (bad_before + bad) / (before + now), spread = sqrt(all * (1 - all) * (1 / before + 1 / now));

    return spread > 0 ? (bad / now - bad_before / before) / spread : 0;
}

static double count_above(struct sample *s, int64_t limit)
{
    size_t low = 0, high = s->n;

    (void)sample_at(s, 0);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->v[middle] <= limit)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)(s->n - low);
}

/* ---- one route ---- */

static void add_change(struct changes *c, struct change x)
{
    if (c->count == c->cap) {
        size_t cap = c->cap > 0 ? c->cap * 2 : 32;
        struct change *more = realloc(c->change, cap * sizeof *more);
        if (more == NULL) {
            c->failed = true;
            return;
        }
        c->change = more;
        c->cap = cap;
    }
    c->change[c->count++] = x;
}

static struct change change_of(const struct usual *before, const struct usual *now)
{
    return (struct change){.host = now->key[0],
                           .method = now->key[1],
                           .route = now->key[2],
                           .calls_before = before->calls,
                           .failed_before = before->failed,
                           .calls = now->calls,
                           .failed = now->failed};
}

static void compare_failures(struct changes *c, const struct usual *before, const struct usual *now)
{
    struct change x = change_of(before, now);
    double z = share_shift((double)before->failed, (double)before->calls, (double)now->failed, (double)now->calls);

    if (fabs(z) < LIKELY || before->failed + now->failed < 3)
        return;
    x.kind = z > 0 ? CHANGE_FAILS_MORE : CHANGE_FAILS_LESS;
    x.confidence = fabs(z) >= SURE ? P2T_CERTAIN : P2T_LIKELY;
    x.weight = z > 0 ? now->failed : before->failed;
    add_change(c, x);
}

static bool is_shift(int64_t less, int64_t more)
{
    return more - less >= LEAST_SHIFT_NS && more >= less + less / 2;
}

static const char *moved_phase(struct usual *before, struct usual *now, unsigned permille, bool slower)
{
    static const char *const names[USUAL_PHASES] = {NULL, "dns", "connect", "tls", "send", "wait", "receive"};
    int64_t most = 0;
    const char *name = NULL;

    for (int i = 1; i < USUAL_PHASES; i++) {
        int64_t by = sample_at(&now->time[i], permille) - sample_at(&before->time[i], permille);
        by = slower ? by : -by;
        if (by > most) {
            most = by;
            name = names[i];
        }
    }
    return name;
}

static bool compare_times(struct changes *c, struct usual *before, struct usual *now, unsigned permille, double z)
{
    struct change x = change_of(before, now);
    bool slower = z > 0;

    x.before_ns = sample_at(&before->time[USUAL_TOTAL], permille);
    x.now_ns = sample_at(&now->time[USUAL_TOTAL], permille);
    if (fabs(z) < LIKELY || !is_shift(slower ? x.before_ns : x.now_ns, slower ? x.now_ns : x.before_ns))
        return false;
    x.kind = slower ? CHANGE_SLOWER : CHANGE_FASTER;
    x.confidence = fabs(z) >= SURE ? P2T_CERTAIN : P2T_LIKELY;
    x.permille = permille;
    x.phase = moved_phase(before, now, permille, slower);
    x.weight = (uint64_t)(llabs(x.now_ns - x.before_ns) / 1000) * (now->calls < UINT32_MAX ? now->calls : UINT32_MAX);
    add_change(c, x);
    return true;
}

/* The tail alone may be what moved: calls above the baseline's slowest tenth. */
static double tail_shift(struct sample *before, struct sample *now)
{
    int64_t limit = sample_at(before, 900);

    return share_shift(count_above(before, limit), (double)before->n, count_above(now, limit), (double)now->n);
}

static void compare_route(struct changes *c, struct usual *before, struct usual *now)
{
    struct sample *was = &before->time[USUAL_TOTAL], *is = &now->time[USUAL_TOTAL];

    compare_failures(c, before, now);
    if (c->elsewhere || was->n < COMPARE_MIN || is->n < COMPARE_MIN)
        return;
    if (!compare_times(c, before, now, 500, rank_shift(was, is)))
        compare_times(c, before, now, 900, tail_shift(was, is));
}

/* ---- all routes ---- */

static int by_order(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

static int by_calls(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;

    if (x->calls != y->calls)
        return x->calls > y->calls ? -1 : 1;
    return strcmp(word_str(x->host), word_str(y->host));
}

/* The hosts of `of` that `other` has never heard of, asked or answered. */
static struct arrival *only_in(struct changes *c, const struct usuals *of, struct words *other, size_t *count)
{
    struct arrival *list = calloc(of->n + 1, sizeof *list);
    size_t n = 0;

    c->failed |= list == NULL;
    for (size_t i = 0; list != NULL && i < of->n; i++) {
        const struct usual *x = of->row[i];
        const struct word *host = x->key[0];
        if (x->kind != USUAL_ROUTE || host == NULL || words_find(other, slice_of(host->text, host->n)) != NULL)
            continue;
        if (n > 0 && list[n - 1].host == host)
            list[n - 1].calls += x->calls;
        else
            list[n++] = (struct arrival){host, x->calls};
    }
    if (n > 1)
        qsort(list, n, sizeof *list, by_calls);
    *count = n;
    return list;
}

static bool same_word(const struct word *a, const struct word *b)
{
    return a == NULL || b == NULL ? a == b : a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

static void mark_known(struct p2t_summary *s, const struct p2t_summary *before)
{
    for (size_t i = 0; i < s->cause_count; i++)
        for (size_t k = 0; k < before->cause_count && !s->causes[i].known; k++) {
            const struct cause *a = &s->causes[i], *b = &before->causes[k];
            bool names = a->name != NULL && same_word(a->name, b->name);
            s->causes[i].known = a->code == b->code && same_word(a->resolver, b->resolver) &&
                                 (names || same_word(a->address, b->address)) && same_word(a->client, b->client);
        }
}

static enum p2t_vantage place_of(const struct p2t_summary *s)
{
    size_t count[P2T_VANTAGE_MIDDLE + 1] = {0};
    int most = P2T_VANTAGE_UNKNOWN;

    for (size_t i = 0; i < s->conn_count; i++)
        count[s->conns[i].vantage]++;
    for (int i = P2T_VANTAGE_CLIENT; i <= P2T_VANTAGE_MIDDLE; i++)
        if (most == P2T_VANTAGE_UNKNOWN || count[i] > count[most])
            most = count[i] > 0 ? i : most;
    return (enum p2t_vantage)most;
}

int changes_begin(struct p2t_summary *s)
{
    struct p2t_summary *before = s->config.baseline;

    if (before == NULL)
        return 0;
    struct changes *c = s->changes = calloc(1, sizeof *c);
    if (c == NULL)
        return -1;
    usuals_fill(&c->before, before);
    c->calls_before = before->calls_seen;
    c->span_before_ns = before->last_ns - before->first_ns;
    enum p2t_vantage was = place_of(before), is = place_of(s);
    c->elsewhere = was != is && was != P2T_VANTAGE_UNKNOWN && is != P2T_VANTAGE_UNKNOWN;
    if (!c->elsewhere)
        s->baseline = &c->before;
    return c->before.failed ? -1 : 0;
}

int changes_find(struct p2t_summary *s)
{
    struct changes *c = s->changes;
    struct usuals now = {0};

    if (c == NULL)
        return 0;
    usuals_fill(&now, s);
    for (size_t i = 0; i < now.n; i++) {
        struct usual *before =
            now.row[i]->kind == USUAL_ROUTE ? usuals_find(&c->before, USUAL_ROUTE, now.row[i]->key) : NULL;
        if (before != NULL)
            compare_route(c, before, now.row[i]);
    }
    c->added = only_in(c, &now, &s->config.baseline->words, &c->added_count);
    c->gone = only_in(c, &c->before, &s->words, &c->gone_count);
    if (c->count > 1)
        qsort(c->change, c->count, sizeof *c->change, by_order);
    mark_known(s, s->config.baseline);
    c->failed |= now.failed;
    usuals_fini(&now);
    return c->failed ? -1 : 0;
}

void changes_free(struct changes *c)
{
    if (c == NULL)
        return;
    usuals_fini(&c->before);
    free(c->change);
    free(c->added);
    free(c->gone);
    free(c);
}
