/* The exchanges that were asked for out of what batch wrote, and the captures that their packets are in. */
#include <stdlib.h>
#include <string.h>

#include "base/system.h"
#include "batch/captures.h"
#include "cli/gather_parts.h"
#include "cli/report.h"
#include "cli/written.h"
#include "summary/saved.h"

enum { FILES_MAX = 4096 }; /* that one exchange has packets in */

struct finding {
    struct gather *g;
    struct written written;
    const char *captures;      /* folder of the captures; NULL: that of the first file that an exchange names */
    char *captures_own;        /* what it is then */
    char *point;               /* folder of the capture point that they are of */
    int64_t from_ns, until_ns; /* packets of that time are needed */
    uint64_t unread;           /* captures that are not there, or not what batch read */
};

/* ---- exchanges ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static int know_folder(struct finding *f, const struct p2t_exchange *x)
{
    if (f->captures != NULL || x->file_count == 0)
        return P2T_OK;
    const char *name = base_name(x->files[0]);
    size_t n = (size_t)(name - x->files[0]);
    f->captures_own = n > 1 ? strndup(x->files[0], n - 1) : strdup(n == 1 ? "/" : ".");
    f->captures = f->captures_own;
    return f->captures != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

/* Copied with the paths that its captures have now. */
static int add_subject(struct finding *f, const struct p2t_exchange *x)
{
    struct p2t_exchange moved = *x;
    const char **paths = calloc(x->file_count + 1, sizeof *paths);
    int status = paths != NULL ? P2T_OK : P2T_ERR_MEMORY;

    for (size_t i = 0; i < x->file_count && status == P2T_OK; i++)
        if ((paths[i] = captures_find(f->captures, base_name(x->files[i]))) == NULL)
            status = P2T_ERR_MEMORY;
    moved.files = paths;
    if (status == P2T_OK)
        status = subjects_add(&f->g->subjects, &moved);
    for (size_t i = 0; paths != NULL && i < x->file_count; i++)
        free((void *)(uintptr_t)paths[i]);
    free(paths);
    return status;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct finding *f = ctx;

    if (x->file_count > FILES_MAX) {
        report_line(f->written.folder, "one of them names more captures than an exchange can have");
        return P2T_ERR_USAGE;
    }
    if (f->point != NULL && strcmp(f->point, f->written.folder) != 0) {
        report_line(f->written.folder,
                    "also has one of them, and is another capture point: give the folder of only one");
        return P2T_ERR_USAGE;
    }
    if (f->point == NULL && (f->point = strdup(f->written.folder)) == NULL)
        return P2T_ERR_MEMORY;
    gather_note_found(f->g, x);
    int status = know_folder(f, x);
    return status == P2T_OK ? add_subject(f, x) : status;
}

/* ---- the time that they need ---- */

/* Of a connection whose record was not kept, nobody knows when it began. */
static int64_t begin_of(const struct finding *f, const struct subject *s)
{
    int64_t connected_ns = s->connection != 0 ? summary_connection_start(f->written.summary, s->connection) : 0;
    int64_t from_ns = s->start_ns;

    if (s->connection != 0 && connected_ns == 0)
        return INT64_MIN;
    if (s->connection != 0 && connected_ns < from_ns)
        from_ns = connected_ns;
    for (size_t i = 0; i < s->event_count; i++)
        if (s->events[i].time_ns < from_ns)
            from_ns = s->events[i].time_ns;
    return from_ns;
}

static void find_time(struct finding *f)
{
    static const int64_t around_ns = 30000000000; /* lookups before it, acknowledgements behind it */
    const struct subjects *all = &f->g->subjects;

    f->from_ns = INT64_MAX;
    f->until_ns = INT64_MIN;
    for (size_t i = 0; i < all->count; i++) {
        int64_t from_ns = begin_of(f, &all->items[i]);
        f->from_ns = from_ns < f->from_ns ? from_ns : f->from_ns;
        f->until_ns = all->items[i].until_ns > f->until_ns ? all->items[i].until_ns : f->until_ns;
    }
    f->from_ns = f->from_ns > INT64_MIN + around_ns ? f->from_ns - around_ns : INT64_MIN;
    f->until_ns = f->until_ns < INT64_MAX - around_ns ? f->until_ns + around_ns : INT64_MAX;
}

/* ---- captures ---- */

static bool is_listed(const struct gather *g, const char *path)
{
    for (size_t i = 0; i < g->path_count; i++)
        if (strcmp(g->paths[i], path) == 0)
            return true;
    return false;
}

/* Takes the path over. */
static int list_path(struct gather *g, char *path)
{
    const char **paths = reallocarray(g->paths, g->path_count + 1, sizeof *paths);

    if (paths == NULL) {
        free(path);
        return P2T_ERR_MEMORY;
    }
    g->paths = paths;
    g->paths[g->path_count++] = path;
    return P2T_OK;
}

static int add_capture(struct finding *f, const struct outputs_window *w)
{
    char *path = captures_find(f->captures, w->capture);

    if (path == NULL)
        return P2T_ERR_MEMORY;
    const char *complaint = captures_complaint(path, w);
    if (complaint != NULL) {
        report_line(path, complaint);
        f->unread++;
    }
    if (complaint != NULL || is_listed(f->g, path)) {
        free(path);
        return P2T_OK;
    }
    return list_path(f->g, path);
}

static int on_window(void *ctx, const struct outputs_window *w)
{
    struct finding *f = ctx;

    if (strcmp(w->folder, f->point) != 0 || w->capture == NULL || w->last_ns == 0)
        return P2T_OK;
    if (w->last_ns > f->g->counters.latest_ns)
        f->g->counters.latest_ns = w->last_ns;
    return w->last_ns >= f->from_ns && w->first_ns <= f->until_ns ? add_capture(f, w) : P2T_OK;
}

static void said_before(void *ctx, const char *path, const char *text)
{
    (void)ctx;
    (void)path;
    (void)text;
}

static int find_captures(struct finding *f)
{
    const struct outputs_sink sink = {f, on_window, said_before};
    int status = P2T_OK;

    find_time(f);
    for (size_t i = 0; i < f->g->options->capture_count && status == P2T_OK; i++)
        status = outputs_read(f->g->options->captures[i], &sink);
    f->g->config.paths = f->g->paths;
    f->g->config.path_count = f->g->path_count;
    f->g->config.recursive = false;
    return status == P2T_OK && f->unread > 0 ? GATHER_NO_CAPTURES : status;
}

/* ---- both ---- */

static int find(struct finding *f)
{
    int status = written_read(&f->written);

    f->g->counters.problems += f->written.problems;
    if (status == P2T_OK && f->g->subjects.count > 0)
        status = find_captures(f);
    return status;
}

int gather_written(struct gather *g)
{
    struct p2t_summary *own = NULL;
    struct finding f = {.g = g, .captures = g->options->captures_folder};
    int status = g->summary == NULL ? p2t_summary_new(&own, &(struct p2t_summary_config){0}) : P2T_OK;

    f.written = (struct written){.options = g->options,
                                 .filter = &g->filter,
                                 .summary = g->summary != NULL ? g->summary : own,
                                 .ctx = &f,
                                 .exchange = on_exchange,
                                 .few = true};
    if (status == P2T_OK)
        status = find(&f);
    p2t_summary_free(own);
    free(f.captures_own);
    free(f.point);
    return status;
}
