#include "cli/written.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/system.h"
#include "batch/exchanges.h"
#include "batch/outputs.h"
#include "batch/rollups.h"
#include "batch/states.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "summary/saved.h"

size_t written_count(const struct cli_options *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->capture_count; i++)
        n += outputs_are_in(o->captures[i]);
    return n;
}

static bool same_folder(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool names_one_twice(const struct cli_options *o)
{
    for (size_t i = 1; i < o->capture_count; i++)
        for (size_t k = 0; k < i; k++)
            if (same_folder(o->captures[i], o->captures[k]))
                return true;
    return false;
}

const char *written_unfit(const struct cli_options *o)
{
    size_t n = written_count(o);

    if (o->bpf != NULL && o->baseline != NULL && outputs_are_in(o->baseline))
        return "-f selects packets, but the baseline is what batch wrote: give its captures instead";
    if (n == 0)
        return NULL;
    if (n < o->capture_count)
        return "captures and folders that batch wrote to cannot be read together";
    if (names_one_twice(o))
        return "a folder that batch wrote to is named twice: its calls would count twice";
    return o->bpf != NULL ? "-f selects packets, but this is what batch wrote: give the captures instead" : NULL;
}

/* ---- one window ---- */

struct ids {
    struct summary_seen *items;
    size_t n, cap;
    bool failed; /* memory ran out */
};

struct reading {
    struct written *w;
    struct states states;
    struct ids known;       /* calls of the window's state, by id, where exchanges are read */
    struct ids kept;        /* exchanges that the filter keeps, by id */
    uint64_t calls, failed; /* of those */
    struct rollup_walk walk;
    uint64_t number; /* of the last window */
    bool run_open;   /* a file may follow it */
};

static void note(struct ids *all, const struct summary_seen *one)
{
    if (all->n == all->cap) {
        size_t cap = all->cap > 0 ? all->cap * 2 : 256;
        struct summary_seen *items = reallocarray(all->items, cap, sizeof *items);
        all->failed |= items == NULL;
        if (items == NULL)
            return;
        all->items = items;
        all->cap = cap;
    }
    all->items[all->n++] = *one;
}

static int by_id(const void *a, const void *b)
{
    const struct summary_seen *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static void sort(struct ids *all)
{
    if (all->n > 0)
        qsort(all->items, all->n, sizeof *all->items, by_id);
}

static const struct summary_seen *find(const struct ids *all, uint64_t id)
{
    const struct summary_seen key = {.id = id};

    return all->n > 0 ? bsearch(&key, all->items, all->n, sizeof *all->items, by_id) : NULL;
}

static void problem(void *ctx, const char *path, const char *text)
{
    struct reading *r = ctx;

    r->w->problems++;
    if (!r->w->options->quiet)
        report_line(path, text);
}

static bool is_wanted(void *ctx, uint64_t id)
{
    const struct reading *r = ctx;
    const struct filter *f = r->w->filter;

    for (size_t i = 0; i < f->id_count; i++)
        if (id >= f->ids[i].first && id <= f->ids[i].last)
            return true;
    return f->id_count == 0;
}

/* The state knows of it what the NDJSON does not say. */
static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct reading *r = ctx;
    const struct summary_seen *seen = find(&r->known, x->id);
    struct p2t_exchange whole = *x;

    if (seen != NULL) {
        whole.quiet = seen->quiet;
        whole.by_go = seen->by_go;
    }
    if (!filter_keeps(r->w->filter, &whole))
        return P2T_OK;
    note(&r->kept, &(struct summary_seen){.id = x->id});
    r->calls += summary_counts(&whole);
    r->failed += p2t_exchange_failed(&whole);
    return r->w->exchange != NULL ? r->w->exchange(r->w->ctx, &whole) : P2T_OK;
}

static bool on_known(void *ctx, const struct summary_seen *seen)
{
    struct reading *r = ctx;

    note(&r->known, seen);
    return false;
}

/* Damage is said when the state is added. */
static int look_for_known(struct reading *r, struct slice state)
{
    const struct summary_choice none = {.ctx = r, .call = on_known};
    struct p2t_summary *scratch;
    int status = p2t_summary_new(&scratch, &(struct p2t_summary_config){0});

    if (status == P2T_OK)
        status = summary_load_chosen(scratch, state, &none);
    p2t_summary_free(scratch);
    sort(&r->known);
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

static bool on_kept(void *ctx, const struct summary_seen *seen)
{
    const struct reading *r = ctx;

    return find(&r->kept, seen->id) != NULL;
}

static int add_state(struct reading *r, const struct outputs_window *window, struct slice state, bool chosen)
{
    const struct summary_choice choice = {r, on_kept, r->calls, r->failed};
    int status = summary_load_chosen(r->w->summary, state, chosen ? &choice : NULL);

    if (status == P2T_ERR_USAGE)
        problem(r, window->output, states_damaged);
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

static int read_exchanges(struct reading *r, const struct outputs_window *window)
{
    const struct exchanges_sink sink = {r, is_wanted, on_exchange, problem};
    int status = exchanges_read(window, &sink);

    sort(&r->kept);
    return status == P2T_OK && (r->kept.failed || r->known.failed) ? P2T_ERR_MEMORY : status;
}

/* ---- all windows ---- */

/* Where exchanges are read, each window stands for itself; else the sums of hours and days will do. */
static int read_state(struct reading *r, const struct outputs_window *window, bool alone, struct slice *state)
{
    const struct outputs_sink sink = {.ctx = r, .problem = problem};

    if (!alone)
        return rollup_walk_next(&r->walk, &r->states, window, UINT64_MAX, &sink, state);
    *state = states_read(&r->states, window, problem, r);
    return P2T_OK;
}

/* The windows of a run come one after the other, by number; that of --final reads no capture. */
static void note_run(struct reading *r, const struct outputs_window *window)
{
    bool open = window->capture != NULL;

    if (window->number > r->number)
        r->w->open -= r->run_open;
    r->w->open += open;
    r->run_open = open;
    r->number = window->number;
    r->w->folder = window->folder;
}

static int on_window(void *ctx, const struct outputs_window *window)
{
    struct reading *r = ctx;
    bool chosen = !r->w->few && !filter_is_empty(r->w->filter), read = chosen || r->w->exchange != NULL;
    struct slice state;
    int status = signals_stop() != 0 ? P2T_ERR_STOPPED : read_state(r, window, read, &state);

    if (status != P2T_OK)
        return status;
    r->w->windows++;
    note_run(r, window);
    r->known.n = r->kept.n = 0;
    r->calls = r->failed = 0;
    if (state.p != NULL && read)
        status = look_for_known(r, state);
    if (status == P2T_OK && read)
        status = read_exchanges(r, window);
    return status == P2T_OK && state.p != NULL ? add_state(r, window, state, chosen) : status;
}

static int read_folders(struct written *w, const struct outputs_sink *sink)
{
    int status = P2T_OK;

    for (size_t i = 0; i < w->options->capture_count && status == P2T_OK; i++)
        status = outputs_read(w->options->captures[i], sink);
    return status;
}

static int on_first(void *ctx, const struct outputs_window *window)
{
    struct filter *f = ((struct written *)ctx)->filter;

    if (window->first_ns != 0 && (f->first_packet_ns == 0 || window->first_ns < f->first_packet_ns))
        f->first_packet_ns = window->first_ns;
    return P2T_OK;
}

static void said_later(void *ctx, const char *path, const char *text)
{
    (void)ctx;
    (void)path;
    (void)text;
}

int written_read(struct written *w)
{
    struct reading r = {.w = w};
    const struct outputs_sink first = {w, on_first, said_later}, sink = {&r, on_window, problem};
    int status = states_init(&r.states);

    if (status == P2T_OK)
        status = read_folders(w, &first);
    if (status == P2T_OK)
        status = read_folders(w, &sink);
    states_fini(&r.states);
    rollup_walk_fini(&r.walk);
    free(r.known.items);
    free(r.kept.items);
    return status;
}

void written_say_open(const struct written *w)
{
    if (w->open > 0 && !w->options->quiet)
        report_line(w->options->captures[0],
                    "calls that were open when its last capture ended are not in it yet: 'batch --final' adds them "
                    "once no file follows");
}
