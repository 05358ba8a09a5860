/* Windows that wait for their checkpoint. Whoever is interrupted meanwhile processes them again. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch/state.h"

/* What a checkpoint costs is little beside so much. */
static const uint64_t PENDING_BYTES = UINT64_C(32) << 20;
static const int64_t PENDING_NS = 1000000000;

/* Decides only when a checkpoint is written, never what is in it. */
static int64_t monotonic_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
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
    struct window *to = &q->windows[q->n];
    to->path = strdup(p->path);
    if (to->path == NULL)
        return P2T_ERR_MEMORY;
    to->file = w->file;
    to->skip = w->skip;
    to->packets = w->packets;
    folder_reader_move(&to->capture, &w->capture);
    q->n++;
    return P2T_OK;
}

bool pending_due(const struct point *p)
{
    const struct pending *q = &p->pending;

    return q->n == PENDING_MAX || q->bytes >= PENDING_BYTES || monotonic_ns() - q->since_ns >= PENDING_NS ||
           rollups_due(p);
}

void pending_clear(struct point *p)
{
    struct pending *q = &p->pending;

    for (size_t i = 0; i < q->n; i++) {
        folder_reader_close(&q->windows[i].capture);
        free(q->windows[i].path);
    }
    q->n = 0;
    q->bytes = 0;
    q->waiting = false;
}
