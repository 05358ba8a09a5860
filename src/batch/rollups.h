/* Sums of the states of windows that follow each other: those of an hour, and those of a day, by their first packets. A summary
 * of many windows reads these few files in place of theirs; it comes out the same. */
#ifndef P2T_BATCH_ROLLUPS_H
#define P2T_BATCH_ROLLUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/states.h"

struct point;
struct rollup;

/* What a point knows of them; a zeroed one knows nothing. */
struct rollups {
    bool known;   /* hour is that of the last window with packets */
    int64_t hour; /* since 1970 */
};

/* After a window was committed: where it begins another hour, the hours and days that are over get their files, as the manifest
 * has them. What cannot be written is tried again with the next hour, and nothing is lost by it. 0 or P2T_ERR_MEMORY. */
int rollups_window(struct point *p);
/* It would make one. */
bool rollups_due(const struct point *p);

/* Goes through windows, and gives each one's state once, the sums in place of those that they are of. A zeroed one is at the
 * beginning. */
struct rollup_walk {
    struct rollup *sums; /* of the folder */
    size_t sum_count;
    char *folder;    /* of the last window */
    uint64_t summed; /* its windows up to here were given */
};

/* What the window adds: its own state, or the sum that begins with it and ends with `until` or before. state->p == NULL: nothing,
 * as a sum before has it, or it is missing, which problem() was told. Valid until the next call. 0 or P2T_ERR_MEMORY. */
int rollup_walk_next(struct rollup_walk *k, struct states *s, const struct outputs_window *w, uint64_t until,
                     const struct outputs_sink *sink, struct slice *state);
void rollup_walk_fini(struct rollup_walk *k);

#endif
