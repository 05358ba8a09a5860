/* Says which windows are in trouble: a line for each in which calls failed, with the numbers of the windows before it, and for
 * dials and lookups that wait for more than 30 s. */
#ifndef P2T_BATCH_ALERTS_H
#define P2T_BATCH_ALERTS_H

#include "base/slice.h"

struct point;
struct p2t_summary;

/* A zeroed one knows nothing. */
struct alerts {
    struct p2t_summary *before; /* the sum of the windows before; NULL: not read yet */
};

/* The current window's state was made. 0 or P2T_ERR_MEMORY. */
int alerts_window(struct point *p, struct slice state);
void alerts_fini(struct alerts *a);

#endif
