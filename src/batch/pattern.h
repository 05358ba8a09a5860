/* Finds the capture point that a file belongs to. */
#ifndef P2T_BATCH_PATTERN_H
#define P2T_BATCH_PATTERN_H

#include <regex.h>

#include "batch/folder.h"

enum { PATTERN_POINT_MAX = 200 };

struct pattern {
    enum { PATTERN_NONE, PATTERN_NAME, PATTERN_INTERFACE } from;
    regex_t regex;
    char error[160];
};

/* from: a POSIX extended regular expression with one group, "interface", or NULL: all files are one point, named "".
 * 0, or P2T_ERR_USAGE with the reason in p->error. */
int pattern_init(struct pattern *p, const char *from);
/* Sets out to the name of the file's point. False: it belongs to none, and out is "". */
bool pattern_point(const struct pattern *p, const struct folder_file *file, char out[PATTERN_POINT_MAX]);
void pattern_fini(struct pattern *p);

#endif
