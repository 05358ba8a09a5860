/* Sums of the states of windows that follow each other: those of an hour, and those of a day, by their first packets. A summary
 * of many windows reads these few files in place of theirs; it comes out the same. */
#ifndef P2T_BATCH_ROLLUPS_H
#define P2T_BATCH_ROLLUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/outputs.h"

struct point;

/* What a point knows of them; a zeroed one knows nothing. */
struct rollups {
    bool known;   /* hour is that of the last window with packets */
    int64_t hour; /* since 1970 */
};

/* After a window was committed: where it begins another hour, the hours and days that are over get their files, as the manifest
 * has them. What cannot be written is tried again with the next hour, and nothing is lost by it. 0 or P2T_ERR_MEMORY. */
int rollups_window(struct point *p);

/* "hour-00000001-00000060.summary.zst" or "day-...": the sum of windows number `from` to `to`. */
struct rollup {
    char *name;
    uint64_t from, to;
};

struct rollup_list {
    struct rollup *items;
    size_t n;
};

/* Those of a folder; an empty list where it cannot be read. 0 or P2T_ERR_MEMORY; call rollups_free() in any case. */
int rollups_list(struct rollup_list *list, const char *folder);
/* The longest that begins with this window; NULL: there is none. */
const struct rollup *rollups_from(const struct rollup_list *list, uint64_t number);
void rollups_free(struct rollup_list *list);

#endif
