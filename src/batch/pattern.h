/* To which capture point a file belongs. */
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

/* from: a POSIX extended regular expression with one group, "interface", or NULL. P2T_ERR_USAGE with p->error set. */
int pattern_init(struct pattern *p, const char *from);
/* False: it finds none. */
bool pattern_point(const struct pattern *p, const struct folder_file *file, char out[PATTERN_POINT_MAX]);
void pattern_fini(struct pattern *p);

#endif
