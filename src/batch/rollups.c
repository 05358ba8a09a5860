#include "batch/rollups.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/system.h"
#include "batch/state.h"
#include "batch/states.h"
#include "batch/store.h"

static const int64_t HOUR_NS = 3600000000000;

static const struct unit {
    const char *name;
    int64_t hours;
} units[] = {{"hour", 1}, {"day", 24}};

enum { UNITS = sizeof units / sizeof *units };

/* The sum of windows number `from` to `to`: "hour-00000001-00000060.summary.zst". */
struct rollup {
    char *name;
    uint64_t from, to;
};

struct rollup_list {
    struct rollup *items;
    size_t n;
};

/* Of times before 1970, too. */
static int64_t hour_of(int64_t ns)
{
    return ns / HOUR_NS - (ns % HOUR_NS < 0);
}

static int64_t part_of(int64_t hour, const struct unit *unit)
{
    return hour / unit->hours - (hour % unit->hours < 0);
}

/* ---- names ---- */

static bool parse_name(const char *name, const struct unit *unit, struct rollup *r)
{
    int taken = 0;
    size_t n = strlen(unit->name);

    return strncmp(name, unit->name, n) == 0 &&
           sscanf(name + n, "-%" SCNu64 "-%" SCNu64 ".summary.zst%n", &r->from, &r->to, &taken) == 2 && taken > 0 &&
           name[n + (size_t)taken] == '\0' && r->from > 0 && r->from <= r->to;
}

static int add(struct rollup_list *list, const char *name)
{
    struct rollup found = {0}, *items;

    if (!parse_name(name, &units[0], &found) && !parse_name(name, &units[1], &found))
        return P2T_OK;
    items = reallocarray(list->items, list->n + 1, sizeof *items);
    if (items == NULL || (found.name = strdup(name)) == NULL) {
        list->items = items != NULL ? items : list->items;
        return P2T_ERR_MEMORY;
    }
    list->items = items;
    list->items[list->n++] = found;
    return P2T_OK;
}

/* Of a folder; empty where it cannot be read. */
static int list_sums(struct rollup_list *list, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *e;
    int status = P2T_OK;

    *list = (struct rollup_list){0};
    while (status == P2T_OK && dir != NULL && (e = readdir(dir)) != NULL)
        status = add(list, e->d_name);
    if (dir != NULL)
        closedir(dir);
    return status;
}

static void free_sums(struct rollup_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct rollup_list){0};
}

/* ---- making one ---- */

/* A run of windows of one hour, or one day. */
struct making {
    struct point *point;
    const struct unit *unit;
    struct states states;
    struct p2t_summary *sum; /* of the windows from..to */
    uint64_t done;           /* windows up to here are in files already */
    uint64_t until, last;    /* the last window whose hour or day is over; the last one so far */
    uint64_t from, to;       /* 0: no window yet */
    int64_t part;            /* which hour, or day; where a window with packets has come */
    bool dated;
    bool whole; /* every state of them was there */
};

static void told_elsewhere(void *ctx, const char *path, const char *text)
{
    (void)ctx;
    (void)path;
    (void)text;
}

static int begin(struct making *m)
{
    p2t_summary_free(m->sum);
    m->from = m->to = 0;
    m->dated = false;
    m->whole = true;
    return p2t_summary_new(&m->sum, &(struct p2t_summary_config){0});
}

static int write_file(const struct making *m, const uint8_t *bytes, size_t n)
{
    char *path;
    int error;

    if (asprintf(&path, "%s/%s-%08" PRIu64 "-%08" PRIu64 ".summary.zst", m->point->out_dir, m->unit->name, m->from,
                 m->to) < 0)
        return P2T_ERR_MEMORY;
    int status = store_piece(path, bytes, n, true, &error);
    free(path);
    return status == P2T_ERR_MEMORY ? status : P2T_OK;
}

/* The run is over: a window of another hour has come. */
static int end(struct making *m)
{
    const struct p2t_counters none = {0};
    size_t n;

    if (!m->whole || m->from == 0)
        return P2T_OK;
    uint8_t *bytes = p2t_summary_save(m->sum, &none, &n);
    int status = bytes != NULL ? write_file(m, bytes, n) : P2T_ERR_MEMORY;
    free(bytes);
    return status;
}

static int take(struct making *m, const struct outputs_window *w)
{
    struct slice state = states_read(&m->states, w, told_elsewhere, NULL);
    int status = state.p != NULL ? p2t_summary_load(m->sum, state.p, state.n) : P2T_ERR_USAGE;

    m->whole &= status == P2T_OK;
    m->from = m->from == 0 ? w->number : m->from;
    m->to = w->number;
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

/* True where the window begins another hour or day; one without packets belongs to those before it. */
static bool begins_another(struct making *m, const struct outputs_window *w)
{
    int64_t part = part_of(hour_of(w->first_ns), m->unit);
    bool another = w->first_ns != 0 && m->dated && part != m->part;

    if (w->first_ns != 0) {
        m->part = part;
        m->dated = true;
    }
    return another;
}

static int look(void *ctx, const struct outputs_window *w)
{
    struct making *m = ctx;

    if (w->number <= m->done)
        return P2T_OK;
    if (begins_another(m, w))
        m->until = m->last;
    m->last = w->number;
    return P2T_OK;
}

static int on_window(void *ctx, const struct outputs_window *w)
{
    struct making *m = ctx;
    int status = P2T_OK;

    if (w->number <= m->done || w->number > m->until)
        return P2T_OK;
    if (begins_another(m, w)) {
        status = end(m);
        if (status == P2T_OK)
            status = begin(m);
        (void)begins_another(m, w);
    }
    return status == P2T_OK ? take(m, w) : status;
}

static uint64_t done_of(const struct rollup_list *list, const struct unit *unit)
{
    struct rollup r;
    uint64_t done = 0;

    for (size_t i = 0; i < list->n; i++)
        if (parse_name(list->items[i].name, unit, &r) && r.to > done)
            done = r.to;
    return done;
}

static int make(struct point *p, const struct unit *unit)
{
    struct making m = {.point = p, .unit = unit};
    const struct outputs_sink first = {&m, look, told_elsewhere}, sink = {&m, on_window, told_elsewhere};
    struct rollup_list list;
    int status = list_sums(&list, p->out_dir);

    m.done = done_of(&list, unit);
    if (status == P2T_OK)
        status = states_init(&m.states);
    if (status == P2T_OK)
        status = outputs_read(p->out_dir, &first);
    if (status == P2T_OK && m.until > m.done) {
        status = begin(&m);
        if (status == P2T_OK)
            status = outputs_read(p->out_dir, &sink);
        if (status == P2T_OK)
            status = end(&m);
    }
    states_fini(&m.states);
    p2t_summary_free(m.sum);
    free_sums(&list);
    return status;
}

bool rollups_due(const struct point *p)
{
    return p->sums.first_ns != 0 && (!p->rollups.known || hour_of(p->sums.first_ns) != p->rollups.hour);
}

int rollups_window(struct point *p)
{
    int status = P2T_OK;

    if (!rollups_due(p))
        return P2T_OK;
    p->rollups.known = true;
    p->rollups.hour = hour_of(p->sums.first_ns);
    for (size_t i = 0; i < UNITS && status == P2T_OK; i++)
        status = make(p, &units[i]);
    return status;
}

/* ---- reading them ---- */

void rollup_walk_fini(struct rollup_walk *k)
{
    struct rollup_list list = {k->sums, k->sum_count};

    free_sums(&list);
    free(k->folder);
    *k = (struct rollup_walk){0};
}

static int enter(struct rollup_walk *k, const char *folder)
{
    struct rollup_list list;

    if (k->folder != NULL && strcmp(k->folder, folder) == 0)
        return P2T_OK;
    rollup_walk_fini(k);
    k->folder = strdup(folder);
    int status = list_sums(&list, folder);
    k->sums = list.items;
    k->sum_count = list.n;
    return k->folder != NULL ? status : P2T_ERR_MEMORY;
}

/* The longest; NULL: there is none. */
static const struct rollup *sum_from(const struct rollup_walk *k, uint64_t number, uint64_t until)
{
    const struct rollup *best = NULL;

    for (size_t i = 0; i < k->sum_count; i++) {
        const struct rollup *r = &k->sums[i];
        if (r->from == number && r->to <= until && (best == NULL || r->to > best->to))
            best = r;
    }
    return best;
}

int rollup_walk_next(struct rollup_walk *k, struct states *s, const struct outputs_window *w, uint64_t until,
                     const struct outputs_sink *sink, struct slice *state)
{
    int status = enter(k, w->folder);

    *state = slice_of(NULL, 0);
    if (status != P2T_OK || w->number <= k->summed)
        return status;
    const struct rollup *sum = sum_from(k, w->number, until);
    char *path = sum != NULL ? outputs_path(w->folder, sum->name) : NULL;
    if (path != NULL)
        *state = states_read_file(s, path);
    free(path);
    if (sum != NULL && state->p != NULL) {
        k->summed = sum->to;
        return P2T_OK;
    }
    /* One that cannot be read is none. */
    k->summed = w->number;
    *state = states_read(s, w, sink->problem, sink->ctx);
    return P2T_OK;
}
