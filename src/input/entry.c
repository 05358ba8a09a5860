#include "input/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Standard input may have been made non-blocking by whoever shares it. */
static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

/* The descriptor is the context itself: an entry may still move while a thread reads ahead. */
static void *fd_context(int fd)
{
    return (void *)(intptr_t)fd;
}

static ssize_t read_fd(void *ctx, void *p, size_t n)
{
    int fd = (int)(intptr_t)ctx;

    for (;;) {
        ssize_t got = read(fd, p, n);
        if (got >= 0)
            return got;
        if (errno == EINTR || (errno == EAGAIN && wait_readable(fd)))
            continue;
        return -1;
    }
}

static bool is_stdin(const struct input_entry *e)
{
    return strcmp(e->item.path, "-") == 0;
}

/* The others may make wait for ever whoever reads them. */
static bool is_regular(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int input_entry_start(struct input_entry *e, struct input_ahead *ahead)
{
    e->fd = is_stdin(e) ? STDIN_FILENO : open(e->item.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (e->fd < 0)
        return P2T_ERR_IO;
    if (ahead != NULL && is_regular(e->fd))
        e->ahead = input_ahead_open(ahead, read_fd, fd_context(e->fd));
    return P2T_OK;
}

int input_entry_open(struct input_entry *e, struct input_ahead *ahead, const struct input_capture_events *events)
{
    if (e->fd < 0 && input_entry_start(e, ahead) != P2T_OK)
        return P2T_ERR_IO;
    e->capture = malloc(sizeof *e->capture);
    if (e->capture == NULL)
        return P2T_ERR_MEMORY;
    return e->ahead != NULL ? input_capture_open_ahead(e->capture, e->ahead, events)
                            : input_capture_open(e->capture, read_fd, fd_context(e->fd), events);
}

void input_entry_close(struct input_entry *e)
{
    input_order_end(&e->order);
    if (e->capture != NULL)
        input_capture_close(e->capture);
    free(e->capture);
    e->capture = NULL;
    if (e->ahead != NULL)
        input_ahead_close(e->ahead);
    e->ahead = NULL;
    if (e->fd >= 0 && !is_stdin(e))
        (void)close(e->fd);
    e->fd = -1;
}
