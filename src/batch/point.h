/* One capture point: its files, one after the other, through one session; a checkpoint after each. */
#ifndef P2T_BATCH_POINT_H
#define P2T_BATCH_POINT_H

#include "batch/batch.h"
#include "batch/processed.h"

struct point;

/* name: empty where the folder has but one. Reads its checkpoint, and finishes what a crash left half done.
 * A negative p2t_status; trouble is said. */
int point_open(struct point **out, const struct batch_config *config, const char *name, size_t max_memory);
void point_close(struct point *p);

/* Of the folder's `n` captures of this point, the one that is to come next, in the order of first packets; NULL: none, or
 * it may still grow. */
struct folder_file *point_next(struct point *p, const struct folder *folder, struct folder_file *const *files,
                               size_t n, int64_t now_ns);
/* P2T_OK also when the file could not be read or was cut: that is said, and counted. */
int point_process(struct point *p, const struct folder *folder, struct folder_file *file);
/* What is still open is written, as if the capture had ended. */
int point_finish(struct point *p);
uint64_t point_problems(const struct point *p);

#endif
