#include "cli/clash.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders in folders, with --recursive, as deep as anybody has them. */
enum { DEPTH_MAX = 16 };

static bool is_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Closes fd. */
static bool is_in_folder(int fd, const struct stat *output, int depth);

static bool is_entry(int folder, const char *name, const struct stat *output, int depth)
{
    struct stat st;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || fstatat(folder, name, &st, 0) != 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        return is_file(&st, output);
    int fd = depth > 0 ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
    return fd >= 0 && is_in_folder(fd, output, depth - 1);
}

static bool is_in_folder(int fd, const struct stat *output, int depth)
{
    DIR *dir = fdopendir(fd);
    const struct dirent *e;
    bool found = false;

    if (dir == NULL) {
        close(fd);
        return false;
    }
    while (!found && (e = readdir(dir)) != NULL)
        found = is_entry(fd, e->d_name, output, depth);
    closedir(dir);
    return found;
}

static bool is_input(const char *path, const struct stat *output, bool recursive)
{
    struct stat st;

    if (path == NULL || strcmp(path, "-") == 0 || stat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        return is_file(&st, output);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && is_in_folder(fd, output, recursive ? DEPTH_MAX : 0);
}

const char *clash_with_input(const struct cli_options *o)
{
    struct stat output;

    if (o->output == NULL || stat(o->output, &output) != 0 || !S_ISREG(output.st_mode))
        return NULL;
    for (size_t i = 0; i < o->capture_count; i++)
        if (is_input(o->captures[i], &output, o->recursive))
            return o->captures[i];
    for (size_t i = 0; i < o->live_count; i++)
        if (is_input(o->live[i], &output, false))
            return o->live[i];
    if (is_input(o->keylog, &output, false))
        return o->keylog;
    if (is_input(o->captures_folder, &output, false))
        return o->captures_folder;
    return is_input(o->baseline, &output, false) ? o->baseline : NULL;
}
