#include "batch/watch.h"

#include <poll.h>
#include <unistd.h>

#include "base/system.h"

/* Bounds the wait: a signal may arrive just before it, and of network file systems nothing is reported. */
enum { PATIENCE_MS = 500 };

void watch_open(struct watch *w, const char *folder)
{
    w->fd = system_watch(folder);
}

void watch_wait(struct watch *w, int64_t timeout_ns)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    int64_t ms = timeout_ns / 1000000 + 1;
    char events[4096];

    (void)poll(&p, 1, ms < PATIENCE_MS ? (int)ms : PATIENCE_MS);
    while (w->fd >= 0 && read(w->fd, events, sizeof events) > 0)
        ;
}

void watch_close(struct watch *w)
{
    if (w->fd >= 0)
        close(w->fd);
}
