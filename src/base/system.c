#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__linux__)
#include <malloc.h>
#include <sys/inotify.h>
#include <sys/random.h>
#endif

#if defined(__APPLE__)
#define CHANGED st_mtimespec
#else
#define CHANGED st_mtim
#endif

int64_t system_changed_ns(const struct stat *st)
{
    return (int64_t)st->CHANGED.tv_sec * 1000000000 + st->CHANGED.tv_nsec;
}

bool system_random(void *p, size_t n)
{
#if defined(__linux__)
    return getrandom(p, n, GRND_NONBLOCK) == (ssize_t)n;
#else
    arc4random_buf(p, n);
    return true;
#endif
}

/* The BSDs before POSIX.1-2024 have qsort_r() with other places of its arguments. */
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__DragonFly__)
struct order {
    int (*compare)(const void *, const void *, void *);
    void *ctx;
};

static int in_order(void *order, const void *a, const void *b)
{
    const struct order *o = order;

    return o->compare(a, b, o->ctx);
}
#endif

void system_sort(void *items, size_t n, size_t bytes, int (*compare)(const void *, const void *, void *), void *ctx)
{
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__DragonFly__)
    qsort_r(items, n, bytes, &(struct order){compare, ctx}, in_order);
#else
    qsort_r(items, n, bytes, compare, ctx);
#endif
}

void system_keep_freed_memory(void)
{
#if defined(M_TRIM_THRESHOLD) && defined(M_MMAP_THRESHOLD)
    (void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

int system_watch(const char *folder)
{
#if defined(__linux__)
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd >= 0)
        (void)inotify_add_watch(fd, folder, IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
    return fd;
#else
    (void)folder;
    return -1;
#endif
}

#if defined(__linux__)
static void fd_path(char path[32], int fd)
{
    snprintf(path, 32, "/proc/self/fd/%d", fd);
}
#endif

/* What cannot be named later is of no use. */
int system_open_nameless(const char *folder)
{
#if defined(__linux__) && defined(O_TMPFILE)
    char path[32];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    fd_path(path, fd);
    if (fd < 0 || access(path, F_OK) == 0)
        return fd;
    close(fd);
#endif
    (void)folder;
    return -1;
}

int system_name_file(int fd, const char *path)
{
#if defined(__linux__)
    char from[32];

    fd_path(from, fd);
    return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
#else
    (void)fd;
    (void)path;
    errno = ENOTSUP;
    return -1;
#endif
}
