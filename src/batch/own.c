#include "batch/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Where each user has a group of his own, the usual umask lets the group write. */
static bool others_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) != 0 || ((st->st_mode & S_IWGRP) != 0 && st->st_gid != getegid());
}

const char *own_complaint(const struct stat *st)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return "belongs to another user: what is in it cannot be trusted. Use a folder of your own";
    if (others_write(st))
        return "other users can write to it: what is in it cannot be trusted. chmod go-w, or use another folder";
    return NULL;
}

int own_open(const char *path, int flags, mode_t mode)
{
    int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
    struct stat st;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && own_complaint(&st) == NULL)
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

int own_create(const char *path, mode_t mode)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, mode);

    if (fd >= 0 || errno != EEXIST)
        return fd;
    return unlink(path) == 0 ? open(path, flags, mode) : -1;
}
