/* Windows that wait for their checkpoint. Whoever is interrupted meanwhile processes them again. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch/state.h"

/* What a checkpoint costs is little beside so much. */
static const uint64_t PENDING_BYTES = UINT64_C(128) << 20;
static const int64_t PENDING_NS = 1000000000;

/* Decides only when a checkpoint is written, never what is in it. */
static int64_t monotonic_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Each holds its file open: half of those that the process may have, shared by the points that are processed at a time. */
static size_t most_windows(const struct point *p)
{
    enum { LEAST = 16, MOST = 256 };
    long files = sysconf(_SC_OPEN_MAX);
    unsigned points = p->config->jobs > 0 ? p->config->jobs : 1;
    size_t each = files > 0 ? (size_t)files / 2 / points : LEAST;

    return each < LEAST ? LEAST : each > MOST ? MOST : each;
}

static bool has_room(struct pending *q)
{
    if (q->n < q->cap)
        return true;
    size_t cap = q->cap == 0 ? 16 : q->cap * 2;
    struct window *windows = realloc(q->windows, cap * sizeof *windows);
    if (windows == NULL)
        return false;
    q->windows = windows;
    q->cap = cap;
    return true;
}

int pending_add(struct point *p, struct window *w, uint64_t bytes)
{
    struct pending *q = &p->pending;

    if (!q->waiting)
        q->since_ns = monotonic_ns();
    q->waiting = true;
    q->bytes += bytes;
    if (w == NULL)
        return P2T_OK;
    char *path = has_room(q) ? strdup(p->path) : NULL;
    if (path == NULL)
        return P2T_ERR_MEMORY;
    struct window *to = &q->windows[q->n];
    to->path = path;
    to->file = w->file;
    to->skip = w->skip;
    to->packets = w->packets;
    to->kept = w->kept > 0 && kept_settle(&p->kept) ? w->kept : 0;
    folder_reader_move(&to->capture, &w->capture);
    q->n++;
    return P2T_OK;
}

bool pending_due(const struct point *p)
{
    const struct pending *q = &p->pending;

    return q->n >= most_windows(p) || q->bytes >= PENDING_BYTES || p->kept.settled >= PENDING_BYTES ||
           monotonic_ns() - q->since_ns >= PENDING_NS || rollups_due(p);
}

void pending_clear(struct point *p)
{
    struct pending *q = &p->pending;

    for (size_t i = 0; i < q->n; i++) {
        folder_reader_close(&q->windows[i].capture);
        free(q->windows[i].path);
    }
    kept_clear(&p->kept);
    free(q->windows);
    q->windows = NULL;
    q->cap = q->n = 0;
    q->bytes = 0;
    q->waiting = false;
}
