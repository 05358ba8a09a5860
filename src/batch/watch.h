/* Waiting for a folder to change. */
#ifndef P2T_BATCH_WATCH_H
#define P2T_BATCH_WATCH_H

#include <stdint.h>

struct watch {
    int fd; /* of inotify; -1: none, then time passes */
};

/* Never fails: without inotify the folder is looked at again and again. */
void watch_open(struct watch *w, const char *folder);
/* Returns when something changed, a signal came, or that much time went by. */
void watch_wait(struct watch *w, int64_t timeout_ns);
void watch_close(struct watch *w);

#endif
