/* Shows on standard error how far the run is. */
#ifndef P2T_CLI_PROGRESS_H
#define P2T_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap2trace/session.h"

struct progress {
    bool live;                 /* keep a line on the terminal up to date */
    int64_t begun_ns, next_ns; /* monotonic clock: the start, and when to write next */
};

/* live: standard error is a terminal that shows it. Else only the clock is started. */
void progress_begin(struct progress *p, bool live);
/* Updates the line, at most five times a second. Cheap to call often. terminal_wipe() takes it away. */
void progress_tick(struct progress *p, const struct p2t_session *s);
/* One line that stays (SIGUSR1). */
void progress_report(const struct progress *p, const struct p2t_session *s);

#endif
