/* The captures that batch read, as they are found again. */
#ifndef P2T_BATCH_CAPTURES_H
#define P2T_BATCH_CAPTURES_H

#include "batch/outputs.h"

/* The path in `folder` of a capture that batch read under this name, compressed or decompressed since; free() it. NULL: memory
 * ran out. Where there is none, "FOLDER/NAME". */
char *captures_find(const char *folder, const char *name);
/* NULL: the file holds what the window says that batch read, perhaps more behind it; else why not, a static text. Packets are
 * known by their times and lengths. */
const char *captures_complaint(const char *path, const struct outputs_window *w);

#endif
