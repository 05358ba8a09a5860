#include "batch/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Bounds the wait: a signal may arrive just before it, and inotify reports nothing on network file systems. */
enum { PATIENCE_MS = 500 };

void watch_open(struct watch *w, const char *folder)
{
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd >= 0)
        (void)inotify_add_watch(w->fd, folder, IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
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
