/* Waits for a folder to change. */
#ifndef P2T_BATCH_WATCH_H
#define P2T_BATCH_WATCH_H

#include <stdint.h>

struct watch {
    int fd; /* system_watch(); -1: none, then only the timeout ends a wait */
};

/* Never fails: where the system cannot say, the caller polls. */
void watch_open(struct watch *w, const char *folder);
/* Returns when the folder changed, a signal arrived, or after timeout_ns; at the latest after half a second. */
void watch_wait(struct watch *w, int64_t timeout_ns);
void watch_close(struct watch *w);

#endif
