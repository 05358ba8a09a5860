#include "analyze/compare/totals.h"

#include <stdlib.h>

static void add_value(struct totals *t, struct totals_values *v, int64_t ns)
{
    if (v->n == v->cap) {
        size_t cap = v->cap == 0 ? 64 : 2 * v->cap;
        int64_t *more = realloc(v->v, cap * sizeof *more);
        if (more == NULL) {
            t->failed = true;
            return;
        }
        v->v = more;
        v->cap = cap;
    }
    v->v[v->n++] = ns < 0 ? -ns : ns;
}

static void add_row(struct totals *t, const struct pair_row *row)
{
    struct totals_hook *h = &t->hooks[pair_hook(row)];

    if (row->live != NULL && row->wire != NULL) {
        add_value(t, &h->differences, row->difference_ns);
        h->outside += !row->in_bounds;
    } else if (row->excuse != PAIR_NO_EXCUSE)
        h->excused++;
    else if (row->live == NULL)
        h->missing_live++;
    else
        h->missing_wire++;
}

/* Durations since the start, if the live side has them. */
static void add_marks(struct totals *t, const struct pair *p)
{
    static const enum p2t_hook hooks[RECORD_MARKS] = {
#define X(id, name, hook) P2T_HOOK_##hook,
        RECORD_MARK_LIST(X)
#undef X
    };

    for (int i = 0; i < RECORD_MARKS; i++) {
        const struct record_event *e = hooks[i] != P2T_HOOK_COUNT ? record_find(p->wire, hooks[i]) : NULL;
        if (p->live->marks_ns[i] < 0 || p->wire->event_count == 0 || (e == NULL && hooks[i] != P2T_HOOK_COUNT))
            continue;
        int64_t end = e != NULL ? e->time_ns : p->wire->end_ns;
        add_value(t, &t->marks[i], p->live->marks_ns[i] - (end - p->wire->events[0].time_ns));
    }
}

void totals_add(struct totals *t, const struct pair *p, const struct spent *s, enum join_by by)
{
    bool given[SPENT_WHERES] = {false};

    t->pairs++;
    t->agreeing += pair_agrees(p);
    t->cut += p->cut && !pair_is_same(p);
    t->joined_by[by]++;
    if (!p->cut) {
        t->order += p->order_count;
        t->errors += p->error_differences + p->errors_differ;
        t->values += p->value_differences;
    }
    for (size_t i = 0; i < p->n; i++)
        add_row(t, &p->rows[i]);
    add_marks(t, p);
    for (int i = 0; i < SPENT_WHERES; i++)
        t->spent_ns[i] += s->where_ns[i];
    for (size_t i = 0; i < s->reason_count; i++)
        given[s->reasons[i].where] = true;
    for (int i = 0; i < SPENT_WHERES; i++)
        t->reasons[i] += given[i];
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void sort(struct totals_values *v)
{
    if (v->n > 0)
        qsort(v->v, v->n, sizeof *v->v, by_value);
}

void totals_finish(struct totals *t)
{
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        sort(&t->hooks[h].differences);
    for (int i = 0; i < RECORD_MARKS; i++)
        sort(&t->marks[i]);
}

void totals_fini(struct totals *t)
{
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        free(t->hooks[h].differences.v);
    for (int i = 0; i < RECORD_MARKS; i++)
        free(t->marks[i].v);
    *t = (struct totals){0};
}

int64_t totals_percentile(const struct totals_values *v, unsigned percent)
{
    if (v->n == 0)
        return 0;
    size_t rank = (v->n * percent + 99) / 100;
    return v->v[rank > 0 ? rank - 1 : 0];
}
