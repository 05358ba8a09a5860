/* Loaded before libc: the program dies, or its disk is full, at a chosen call that changes a file. Counts the calls. Or a
 * capture changes as it is opened for the second time: P2T_CHANGE=HOW:PATH. Or the system reports no changes of folders:
 * P2T_NO_WATCH=PATH, which is made as a sign that it was asked for them. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static long setting(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? strtol(value, NULL, 10) : 0;
}

/* True: the call is to fail. Standard error does not count. */
static int strikes(int fd)
{
    if (fd >= 0 && fd <= 2)
        return 0;
    calls++;
    if (calls == setting("P2T_DIE_AT"))
        (void)kill(getpid(), SIGKILL);
    if (setting("P2T_FULL_AT") == 0 || calls < setting("P2T_FULL_AT"))
        return 0;
    errno = ENOSPC;
    return 1;
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *p, size_t n)
{
    return strikes(fd) ? -1 : NEXT(ssize_t(*)(int, const void *, size_t), "write")(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return strikes(fd) ? -1 : NEXT(ssize_t(*)(int, const void *, size_t, off_t), "pwrite")(fd, p, n, at);
}

int fsync(int fd)
{
    return strikes(fd) ? -1 : NEXT(int (*)(int), "fsync")(fd);
}

int ftruncate(int fd, off_t n)
{
    return strikes(fd) ? -1 : NEXT(int (*)(int, off_t), "ftruncate")(fd, n);
}

int rename(const char *from, const char *to)
{
    return strikes(-1) ? -1 : NEXT(int (*)(const char *, const char *), "rename")(from, to);
}

/* What tidies up after a failure works on a full disk, too. */
int unlink(const char *path)
{
    (void)strikes(-1);
    return NEXT(int (*)(const char *), "unlink")(path);
}

int inotify_init1(int flags)
{
    const char *sign = getenv("P2T_NO_WATCH");

    if (sign == NULL)
        return NEXT(int (*)(int), "inotify_init1")(flags);
    (void)close(creat(sign, 0600));
    errno = ENOSYS;
    return -1;
}

/* HOW is vanish, or replace with .hidden beside it; vanish-open and empty-open happen right after the call. */
static const char *change(const char *path)
{
    static int opened;
    const char *what = getenv("P2T_CHANGE"), *colon = what != NULL ? strchr(what, ':') : NULL;

    return colon != NULL && strcmp(colon + 1, path) == 0 && ++opened == 2 ? what : "";
}

static void replace(const char *path)
{
    char hidden[512];
    int folder = (int)(strrchr(path, '/') - path);

    snprintf(hidden, sizeof hidden, "%.*s/.hidden", folder, path);
    (void)NEXT(int (*)(const char *, const char *), "rename")(hidden, path);
}

int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    const char *how = change(path);
    if (strncmp(how, "vanish:", 7) == 0)
        (void)NEXT(int (*)(const char *), "unlink")(path);
    else if (strncmp(how, "replace:", 8) == 0)
        replace(path);
    int fd = NEXT(int (*)(const char *, int, ...), "open")(path, flags, mode);
    if (strncmp(how, "vanish-open:", 12) == 0)
        (void)NEXT(int (*)(const char *), "unlink")(path);
    else if (strncmp(how, "empty-open:", 11) == 0)
        (void)truncate(path, 0);
    return fd;
}
