#include "batch/states.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buf.h"
#include "batch/sums.h"
#include "pcap2trace/status.h"

/* A window has at most 65,536 records of each kind; beyond this a file is no state. */
enum { STATE_BYTES_MAX = 64 << 20, LINE_BYTES_MAX = 16 << 20 };

static const char MANIFEST[] = "manifest.ndjson";

static char *path_in(const char *folder, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool has_manifest(const char *folder)
{
    char *path = path_in(folder, MANIFEST);
    bool has = path != NULL && access(path, F_OK) == 0;

    free(path);
    return has;
}

/* ---- capture points ---- */

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* Calls `use` with each folder of a capture point until it does not return 0. */
static int each_point(const char *folder, int (*use)(void *ctx, const char *folder), void *ctx)
{
    struct dirent **list;
    int n = scandir(folder, &list, is_visible, alphasort), status = 0;

    for (int i = 0; i < n; i++) {
        char *path = status == 0 ? path_in(folder, list[i]->d_name) : NULL;
        if (path != NULL && has_manifest(path))
            status = use(ctx, path);
        free(path);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return status;
}

static int found(void *ctx, const char *folder)
{
    (void)ctx;
    (void)folder;
    return 1;
}

bool states_are_in(const char *folder)
{
    return has_manifest(folder) || each_point(folder, found, NULL) == 1;
}

/* ---- files ---- */

struct states {
    const struct states_sink *sink;
    struct buf packed, plain;
    ZSTD_DCtx *zstd;
};

/* A pipe would let it wait for ever. */
static int open_regular(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        close(fd);
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    return fd;
}

static bool read_file(const char *path, struct buf *b)
{
    int fd = open_regular(path);
    ssize_t got = 0;

    buf_reset(b);
    while (fd >= 0 && b->n < STATE_BYTES_MAX && buf_reserve(b, 65536) && (got = read(fd, b->p + b->n, 65536)) > 0)
        b->n += (size_t)got;
    int error = fd < 0 || got < 0 ? errno : b->failed ? ENOMEM : b->n >= STATE_BYTES_MAX ? EFBIG : 0;
    if (fd >= 0)
        close(fd);
    errno = error;
    return error == 0;
}

static bool unpack(struct states *s)
{
    ZSTD_inBuffer in = {s->packed.p, s->packed.n, 0};
    size_t left = 1;

    buf_reset(&s->plain);
    (void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
    while (left != 0 && s->plain.n < STATE_BYTES_MAX && buf_reserve(&s->plain, 65536)) {
        ZSTD_outBuffer out = {s->plain.p + s->plain.n, s->plain.cap - s->plain.n, 0};
        left = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(left) || (left != 0 && out.pos == 0 && in.pos == in.size))
            return false;
        s->plain.n += out.pos;
    }
    return left == 0 && !s->plain.failed;
}

static int read_state(struct states *s, const char *folder, const char *output)
{
    static const char damaged[] = "is damaged: what this window adds is missing";
    char *name = strchr(output, '/') == NULL ? sums_name(output) : NULL;
    char *path = name != NULL ? path_in(folder, name) : NULL;
    int status = P2T_OK;

    if (path == NULL)
        s->sink->problem(s->sink->ctx, folder, "its manifest names an output that is none of batch's");
    else if (!read_file(path, &s->packed))
        s->sink->problem(s->sink->ctx, path,
                         errno == ENOENT ? "is missing: the window was written by a version before 0.2.0, or removed"
                                         : strerror(errno));
    else if (!unpack(s) || (status = s->sink->state(s->sink->ctx, s->plain.p, s->plain.n)) == P2T_ERR_USAGE)
        s->sink->problem(s->sink->ctx, path, damaged);
    free(path);
    free(name);
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

/* ---- manifests ---- */

struct manifest {
    const char *folder;
    uint64_t last; /* number of the window named last */
};

static void say(const struct states *s, const char *subject, const char *text)
{
    s->sink->problem(s->sink->ctx, subject, text);
}

static int read_line(struct states *s, struct manifest *m, const char *line, size_t n)
{
    cJSON *json = cJSON_ParseWithLength(line, n);
    const cJSON *output = cJSON_GetObjectItemCaseSensitive(json, "output");
    uint64_t number = cJSON_IsString(output) ? strtoull(output->valuestring, NULL, 10) : 0;
    int status = P2T_OK;

    if (line[n - 1] != '\n')
        say(s, m->folder, "the last line of its manifest is cut: that window, and what may follow, is missing");
    else if (!cJSON_IsString(output))
        say(s, m->folder, "a line of its manifest cannot be read");
    else if (number <= m->last)
        say(s, output->valuestring, "is named by the manifest out of turn: it is not counted again");
    else
        status = read_state(s, m->folder, output->valuestring);
    m->last = number > m->last ? number : m->last;
    cJSON_Delete(json);
    return status;
}

static int read_lines(struct states *s, const char *folder, FILE *file)
{
    struct manifest m = {.folder = folder};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = 0;
    int status = P2T_OK;

    while (status == P2T_OK && (n = getline(&line, &cap, file)) > 0 && n < LINE_BYTES_MAX)
        status = read_line(s, &m, line, (size_t)n);
    if (status == P2T_OK && (m.last == 0 || n >= LINE_BYTES_MAX))
        say(s, folder, "its manifest names no window, or is damaged");
    free(line);
    return status;
}

static int read_point(void *ctx, const char *folder)
{
    struct states *s = ctx;
    char *path = path_in(folder, MANIFEST);
    int fd = path != NULL ? open_regular(path) : -1, status = P2T_OK;
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (file != NULL)
        status = read_lines(s, folder, file);
    else
        say(s, path != NULL ? path : folder, strerror(errno));
    if (file != NULL)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

int states_read(const char *folder, const struct states_sink *sink)
{
    struct states s = {.sink = sink, .zstd = ZSTD_createDCtx()};
    int status = s.zstd == NULL         ? P2T_ERR_MEMORY
                 : has_manifest(folder) ? read_point(&s, folder)
                                        : each_point(folder, read_point, &s);

    ZSTD_freeDCtx(s.zstd);
    buf_fini(&s.packed);
    buf_fini(&s.plain);
    return status;
}
