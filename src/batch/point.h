/* One capture point: feeds its files to one session, one after the other, with a checkpoint after each, or after several
 * where they come fast. */
#ifndef P2T_BATCH_POINT_H
#define P2T_BATCH_POINT_H

#include "batch/batch.h"
#include "batch/processed.h"

struct point;

/* Reads the point's checkpoint, if there is one, and finishes what a crash left half done. name: empty where the folder is
 * one point. max_memory: bytes for its session. The config must outlive the point. 0, or a negative p2t_status; trouble is
 * said by config->say(). */
int point_open(struct point **out, const struct batch_config *config, const char *name, size_t max_memory);
/* Frees the point; its state is in the checkpoint. NULL is allowed. */
void point_close(struct point *p);

/* The folder was scanned: sorts the point's `n` captures by their first packets, in place. */
void point_see(struct point *p, struct folder_file **files, size_t n);
/* Of those that point_see() sorted, the first that is not processed. NULL: there is none, or it is the newest and was changed
 * less than config->settle_ns before now_ns (wall clock). */
struct folder_file *point_next(struct point *p, struct folder_file *const *files, size_t n, int64_t now_ns);
/* After that gave NULL: the newest file, where it was left because it may still grow, or NULL. */
const struct folder_file *point_waiting(const struct point *p, struct folder_file *const *files, size_t n);
/* Feeds the file and writes its exchanges; the checkpoint and the manifest's line follow, at once or with those of the next
 * files. A file that cannot be read or is cut is said
 * and counted, and no failure. 0, or a negative p2t_status: the point must be closed. */
int point_process(struct point *p, const struct folder *folder, struct folder_file *file);
/* Writes the checkpoint and the lines of files that wait for them. 0, or a negative p2t_status: the point must be closed. */
int point_settle(struct point *p);
/* Writes what is still open, as if the capture had ended. 0, or a negative p2t_status. */
int point_finish(struct point *p);
/* How many problems were said so far. */
uint64_t point_problems(const struct point *p);

#endif
