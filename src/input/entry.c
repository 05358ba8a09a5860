#include "input/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Standard input may have been made non-blocking by whoever shares it. */
static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static ssize_t read_fd(void *ctx, void *p, size_t n)
{
    const struct input_entry *e = ctx;

    for (;;) {
        ssize_t got = read(e->fd, p, n);
        if (got >= 0)
            return got;
        if (errno == EINTR || (errno == EAGAIN && wait_readable(e->fd)))
            continue;
        return -1;
    }
}

static bool is_stdin(const struct input_entry *e)
{
    return strcmp(e->item.path, "-") == 0;
}

static void close_fd(const struct input_entry *e)
{
    if (!is_stdin(e))
        (void)close(e->fd);
}

int input_entry_open(struct input_entry *e, const struct input_capture_events *events)
{
    e->fd = is_stdin(e) ? STDIN_FILENO : open(e->item.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (e->fd < 0)
        return P2T_ERR_IO;
    e->capture = malloc(sizeof *e->capture);
    if (e->capture != NULL)
        return input_capture_open(e->capture, read_fd, e, events);
    close_fd(e);
    return P2T_ERR_MEMORY;
}

void input_entry_close(struct input_entry *e)
{
    if (e->capture == NULL)
        return;
    input_capture_close(e->capture);
    free(e->capture);
    e->capture = NULL;
    close_fd(e);
}
