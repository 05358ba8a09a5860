#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/system.h"
#include "cli/packer.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "pcap2trace/status.h"

enum { PIPE_COLUMNS = 100 };

static mode_t permissions(const struct stat *old)
{
    mode_t mask;

    if (old != NULL)
        return old->st_mode & 0777;
    mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* In the target's folder, so that the rename cannot cross file systems; hidden, so that globs pass it over. */
static char *temporary_name(const char *target)
{
    const char *slash = strrchr(target, '/');
    int folder = slash != NULL ? (int)(slash - target) + 1 : 0;
    char *name;

    return asprintf(&name, "%.*s.%s.XXXXXX", folder, target, target + folder) < 0 ? NULL : name;
}

/* In the folder of the target. -1: there are no such files. */
static int open_nameless(const char *target)
{
    const char *slash = strrchr(target, '/');
    char *folder = slash != NULL ? strndup(target, (size_t)(slash - target) + 1) : strdup(".");
    int fd = folder != NULL ? system_open_nameless(folder) : -1;

    free(folder);
    return fd;
}

static int open_temporary(struct output *o, const struct stat *old)
{
    o->replaces = old != NULL;
    o->temporary = temporary_name(o->target);
    if (o->temporary == NULL)
        return P2T_ERR_MEMORY;
    o->fd = open_nameless(o->target);
    o->nameless = o->fd >= 0;
    if (!o->nameless)
        o->fd = mkstemp(o->temporary);
    if (o->fd < 0 || fchmod(o->fd, permissions(old)) != 0)
        return P2T_ERR_IO;
    if (!o->nameless)
        signals_guard_file(o->temporary);
    return P2T_OK;
}

/* Its own name where nothing has that yet; else nothing but a rename takes a name from another file at once, and until then this
 * one needs a temporary name, with six characters that no other file has there. 0 or an errno. */
static int give_name(struct output *o)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz012345";
    enum { RANDOM = 6, TRIES = 100 };
    char *end = o->temporary + strlen(o->temporary) - RANDOM;
    uint8_t random[RANDOM];

    if (!o->replaces && system_name_file(o->fd, o->target) == 0) {
        free(o->temporary);
        o->temporary = NULL;
        o->nameless = false;
        return 0;
    }
    for (int try = 0; try < TRIES; try++) {
        if (!system_random(random, sizeof random))
            return EAGAIN;
        for (int i = 0; i < RANDOM; i++)
            end[i] = characters[random[i] % (sizeof characters - 1)];
        if (system_name_file(o->fd, o->temporary) == 0) {
            o->nameless = false;
            signals_guard_file(o->temporary);
            return 0;
        }
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

/* /dev/stdout, where that is a file: who opened it goes on writing there. */
static bool is_standard_output(const struct stat *st)
{
    struct stat out;

    return fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

static int open_target(struct output *o, const char *path)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;

    /* A symbolic link stays one: what it points to is replaced. */
    o->target = exists ? realpath(path, NULL) : strdup(path);
    if (o->target == NULL)
        return P2T_ERR_IO;
    if (!exists || (S_ISREG(st.st_mode) && !is_standard_output(&st)))
        return open_temporary(o, exists ? &st : NULL);
    o->fd = exists && is_standard_output(&st) ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                              : open(path, O_WRONLY | O_CLOEXEC);
    return o->fd >= 0 ? P2T_OK : P2T_ERR_IO;
}

/* Takes all n bytes; fits struct packer_sink. ctx: the struct output. 0 or an errno. */
static int write_all(void *ctx, const void *bytes, size_t n)
{
    const struct output *o = ctx;
    const char *p = bytes;

    while (n > 0) {
        ssize_t wrote = write(o->fd, p, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return errno;
        p += wrote;
        n -= (size_t)wrote;
    }
    return 0;
}

static int start_packing(struct output *o, const char *path)
{
    size_t n = strlen(path);
    struct packer_sink sink = {o, write_all};

    if (n <= 4 || strcasecmp(path + n - 4, ".zst") != 0)
        return P2T_OK;
    o->packer = packer_new(&sink);
    if (o->packer == NULL)
        errno = ENOMEM;
    return o->packer != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

static struct buf *standard;

void output_standard_to(struct buf *into)
{
    standard = into;
}

int output_open(struct output *o, const char *path)
{
    *o = (struct output){.fd = STDOUT_FILENO, .into = path == NULL ? standard : NULL};
    if (path == NULL)
        return P2T_OK;
    o->fd = -1;
    int status = open_target(o, path);
    if (status == P2T_OK)
        status = start_packing(o, path);
    if (status != P2T_OK) {
        int error = errno;
        output_abandon(o);
        errno = error;
    }
    return status;
}

void output_is_text(struct output *o, bool cut)
{
    size_t columns = o->target == NULL && o->into == NULL ? terminal_columns() : 0;

    o->folded = (struct folded){.columns = columns > 0 ? columns : PIPE_COLUMNS, .cut = cut && columns > 0};
}

static int write_packed(struct output *o, const void *bytes, size_t n)
{
    if (o->into != NULL) {
        buf_put(o->into, bytes, n);
        return 0;
    }
    return o->packer != NULL ? packer_write(o->packer, bytes, n) : write_all(o, bytes, n);
}

/* n == 0: the end. */
static int write_folded(struct output *o, const void *bytes, size_t n)
{
    struct buf text = {0};

    if (n > 0)
        folded_take(&o->folded, bytes, n, &text);
    else
        folded_end(&o->folded, &text);
    int error = text.failed ? ENOMEM : write_packed(o, text.p, text.n);
    buf_fini(&text);
    return error;
}

int output_write(void *ctx, const void *bytes, size_t n)
{
    struct output *o = ctx;

    terminal_wipe(); /* it may be the same one, or that of the program that reads this */
    if (o->error == 0)
        o->error = o->folded.columns == 0 ? write_packed(o, bytes, n) : n > 0 ? write_folded(o, bytes, n) : 0;
    return o->error == 0 ? P2T_OK : P2T_ERR_IO;
}

static void forget(struct output *o)
{
    signals_guard_file(NULL);
    free(o->temporary);
    free(o->target);
    o->temporary = o->target = NULL;
    o->fd = -1;
}

void output_abandon(struct output *o)
{
    packer_free(o->packer);
    o->packer = NULL;
    buf_fini(&o->folded.line);
    if (o->target != NULL && o->fd >= 0)
        close(o->fd);
    if (o->temporary != NULL && !o->nameless)
        (void)unlink(o->temporary);
    forget(o);
}

/* What an interrupted run wrote is not whole: it takes no whole file's place. */
static void step_aside(struct output *o)
{
    char *part, *text;

    if (asprintf(&part, "%s.part", o->target) < 0)
        return;
    if (asprintf(&text, "was not changed; what was written before the interruption is in %s", part) >= 0) {
        report_line(o->target, text);
        free(text);
    }
    free(o->target);
    o->target = part;
}

int output_commit(struct output *o)
{
    bool nameless = o->nameless;

    if (o->folded.columns > 0 && o->error == 0)
        o->error = write_folded(o, NULL, 0);
    if (o->target == NULL)
        return o->error == 0 ? P2T_OK : P2T_ERR_IO;
    if (o->packer != NULL && o->error == 0)
        o->error = packer_finish(o->packer);
    packer_free(o->packer);
    o->packer = NULL;
    if (o->nameless && o->error == 0)
        o->error = give_name(o);
    /* Network file systems report a full disk only here. */
    if (close(o->fd) != 0 && o->error == 0) {
        o->error = errno;
        if (nameless && o->temporary == NULL)
            (void)unlink(o->target);
    }
    o->fd = -1;
    if (o->replaces && signals_stop() != 0)
        step_aside(o);
    if (o->error == 0 && o->temporary != NULL && rename(o->temporary, o->target) != 0)
        o->error = errno;
    if (o->error != 0) {
        output_abandon(o);
        return P2T_ERR_IO;
    }
    forget(o);
    return P2T_OK;
}
