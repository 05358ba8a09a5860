#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/terminal.h"

static atomic_int stop, progress_wanted; /* batch's threads ask, too */
static const char *volatile guarded;
static int nothing = -1; /* /dev/null, opened beforehand, so that the handler needs no open() that may fail */

static void die(int signal)
{
    const char *path = guarded;

    if (path != NULL)
        (void)unlink(path);
    terminal_wipe_at_once();
    _exit(128 + signal);
}

static void on_stop(int signal)
{
    int error = errno;

    if (stop != 0)
        die(signal);
    stop = signal;
    if (nothing >= 0)
        (void)dup2(nothing, STDIN_FILENO);
    errno = error;
}

static void on_progress(int signal)
{
    (void)signal;
    progress_wanted = 1;
}

void signals_install(bool on_stdin)
{
    struct sigaction action = {.sa_handler = on_stop}, before;

    if (on_stdin)
        nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* not under nohup(1) */
        (void)sigaction(SIGHUP, &action, NULL);
    action.sa_handler = on_progress;
    (void)sigaction(SIGUSR1, &action, NULL);
}

static bool (*ask_too)(void);

void signals_ask_too(bool (*asked)(void))
{
    ask_too = asked;
}

int signals_stop(void)
{
    if (stop == 0 && ask_too != NULL && ask_too())
        return SIGTERM;
    return stop;
}

bool signals_asked(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

bool signals_take_progress(void)
{
    if (progress_wanted == 0)
        return false;
    progress_wanted = 0;
    return true;
}

void signals_guard_file(const char *path)
{
    guarded = path;
}
