#include "cli/terminal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/slice.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool shown;

static void wipe(void)
{
    if (shown)
        (void)!write(STDERR_FILENO, "\r\x1b[K", 4);
    shown = false;
}

void terminal_say(const void *lines, size_t n)
{
    pthread_mutex_lock(&lock);
    wipe();
    (void)!write(STDERR_FILENO, lines, n);
    pthread_mutex_unlock(&lock);
}

void terminal_show(const void *line, size_t n)
{
    pthread_mutex_lock(&lock);
    (void)!write(STDERR_FILENO, "\r", 1);
    (void)!write(STDERR_FILENO, line, n);
    (void)!write(STDERR_FILENO, "\x1b[K", 3);
    shown = true;
    pthread_mutex_unlock(&lock);
}

void terminal_wipe(void)
{
    if (!shown)
        return;
    pthread_mutex_lock(&lock);
    wipe();
    pthread_mutex_unlock(&lock);
}

void terminal_wipe_at_once(void)
{
    wipe();
}

size_t terminal_columns(void)
{
    enum { MOST = 10000, USUAL = 80 };
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    uint64_t n;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns != NULL && slice_u64(slice_str(columns), &n) && n > 0 && n <= MOST)
        return (size_t)n;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL;
}
