#include "batch/outputs.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timeparse.h"
#include "pcap2trace/status.h"

enum { LINE_BYTES_MAX = 16 << 20 };

static const char MANIFEST[] = "manifest.ndjson";

char *outputs_path(const char *folder, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static size_t without(const char *name, size_t n, const char *suffix)
{
    size_t end = strlen(suffix);

    return n > end && strncmp(name + n - end, suffix, end) == 0 ? n - end : n;
}

char *outputs_state_name(const char *output)
{
    size_t n = strlen(output), plain = without(output, n, ".zst"), base = without(output, plain, ".ndjson");
    char *name;

    return base == plain || asprintf(&name, "%.*s.summary.zst", (int)base, output) < 0 ? NULL : name;
}

static bool has_manifest(const char *folder)
{
    char *path = outputs_path(folder, MANIFEST);
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
        char *path = status == 0 ? outputs_path(folder, list[i]->d_name) : NULL;
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

bool outputs_are_in(const char *folder)
{
    return has_manifest(folder) || each_point(folder, found, NULL) == 1;
}

/* ---- manifests ---- */

int outputs_open(const char *path)
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

const char *outputs_why(int error)
{
    return error == EINVAL ? "is not a regular file" : strerror(error);
}

struct manifest {
    const struct outputs_sink *sink;
    const char *folder;
    uint64_t last; /* number of the window named last */
};

static void say(const struct manifest *m, const char *subject, const char *text)
{
    m->sink->problem(m->sink->ctx, subject, text);
}

static int64_t time_of(const cJSON *line, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, name));
    int64_t ns;

    return text != NULL && time_parse(slice_str(text), &ns) ? ns : 0;
}

static uint64_t count_of(const cJSON *line, const char *name)
{
    static const double exact = 9e15;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);

    return cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble < exact ? (uint64_t)item->valuedouble
                                                                                       : 0;
}

/* Negative where it is not said. */
static int64_t written_of(const cJSON *line)
{
    return cJSON_GetObjectItemCaseSensitive(line, "exchanges") != NULL ? (int64_t)count_of(line, "exchanges") : -1;
}

/* "from_packet" is one more than what the windows before had of the file. */
static int hand_over(const struct manifest *m, const cJSON *line, const char *output, uint64_t number)
{
    const char *content = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "content"));
    const char *capture = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "file"));
    uint64_t from = count_of(line, "from_packet");
    const struct outputs_window w = {.folder = m->folder,
                                     .number = number,
                                     .output = output,
                                     .capture = capture != NULL && strchr(capture, '/') == NULL ? capture : NULL,
                                     .first_ns = time_of(line, "first"),
                                     .last_ns = time_of(line, "last"),
                                     .packets = count_of(line, "packets") + (from > 0 ? from - 1 : 0),
                                     .exchanges = written_of(line),
                                     .content = content != NULL ? strtoull(content, NULL, 16) : 0};

    return m->sink->window(m->sink->ctx, &w);
}

static int take_line(struct manifest *m, const char *line, size_t n)
{
    cJSON *json = cJSON_ParseWithLength(line, n);
    const char *output = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "output"));
    uint64_t number = output != NULL ? strtoull(output, NULL, 10) : 0;
    int status = P2T_OK;

    if (line[n - 1] != '\n')
        say(m, m->folder, "the last line of its manifest is cut: that window, and what may follow, is missing");
    else if (output == NULL)
        say(m, m->folder, "a line of its manifest cannot be read");
    else if (strchr(output, '/') != NULL)
        say(m, m->folder, "its manifest names an output that batch did not write");
    else if (number <= m->last)
        say(m, output, "is out of order in the manifest: it is not counted again");
    else
        status = hand_over(m, json, output, number);
    m->last = number > m->last ? number : m->last;
    cJSON_Delete(json);
    return status;
}

static int take_lines(struct manifest *m, FILE *file)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = 0;
    int status = P2T_OK;

    while (status == P2T_OK && (n = getline(&line, &cap, file)) > 0 && n < LINE_BYTES_MAX)
        status = take_line(m, line, (size_t)n);
    if (status == P2T_OK && (m->last == 0 || n >= LINE_BYTES_MAX))
        say(m, m->folder, "its manifest names no window, or is damaged");
    free(line);
    return status;
}

static int read_point(void *ctx, const char *folder)
{
    struct manifest m = {.sink = ctx, .folder = folder};
    char *path = outputs_path(folder, MANIFEST);
    int fd = path != NULL ? outputs_open(path) : -1, status = P2T_OK;
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (file != NULL)
        status = take_lines(&m, file);
    else
        say(&m, path != NULL ? path : folder, outputs_why(errno));
    if (file != NULL)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

int outputs_read(const char *folder, const struct outputs_sink *sink)
{
    void *ctx = (void *)(uintptr_t)sink;

    return has_manifest(folder) ? read_point(ctx, folder) : each_point(folder, read_point, ctx);
}
