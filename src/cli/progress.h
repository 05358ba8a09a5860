/* How far the run is, on standard error. The only place that looks at the wall clock. */
#ifndef P2T_CLI_PROGRESS_H
#define P2T_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap2trace/session.h"

struct progress {
    bool live; /* a line that is written over and over */
    bool shown;
    int64_t begun_ns, next_ns;
};

void progress_begin(struct progress *p, bool live);
/* Cheap to call often: the clock decides whether anything is written. */
void progress_tick(struct progress *p, const struct p2t_session *s);
/* One line that stays (SIGUSR1). */
void progress_report(struct progress *p, const struct p2t_session *s);
/* Takes the live line away, before anything else is written to the terminal and at the end. */
void progress_clear(struct progress *p);

#endif
