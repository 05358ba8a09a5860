#include "batch/captures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "batch/content.h"
#include "batch/folder.h"

static const char *const endings[] = {".gz", ".zst", ".xz", ".lz4"};

enum { ENDINGS = sizeof endings / sizeof *endings };

/* Without the ending of a compression. */
static size_t plain_length(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < ENDINGS; i++) {
        size_t end = strlen(endings[i]);
        if (n > end && strcmp(name + n - end, endings[i]) == 0)
            return n - end;
    }
    return n;
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

char *captures_find(const char *folder, const char *name)
{
    char *path = outputs_path(folder, name), *other;
    size_t n = plain_length(name);

    for (size_t i = 0; i <= ENDINGS && path != NULL && !is_there(path); i++) {
        if (asprintf(&other, "%s/%.*s%s", folder, (int)n, name, i < ENDINGS ? endings[i] : "") < 0)
            break;
        if (is_there(other)) {
            free(path);
            return other;
        }
        free(other);
    }
    return path;
}

static void ignore(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    (void)ctx;
    (void)text;
    (void)packet;
    (void)offset;
}

static const char *compare(struct folder_reader *r, const struct outputs_window *w)
{
    static const char other[] = "is not the file that batch read: its packets or their times differ";
    struct content c = {0};
    struct input_frame frame = {0};
    int got = 1;

    while (c.packets < w->packets && (got = input_capture_next(&r->capture, &frame)) == 1)
        content_add(&c, &frame);
    if (got < 0)
        return "out of memory";
    if (c.packets < w->packets)
        return "is shorter than what batch read";
    /* A manifest of an earlier version says of the content when the last packet came only. */
    bool same = w->content != 0 ? c.hash == w->content : frame.ts_ns == w->last_ns;
    return same || w->packets == 0 ? NULL : other;
}

const char *captures_complaint(const char *path, const struct outputs_window *w)
{
    const struct input_capture_events silent = {.problem = ignore};
    struct folder_reader r;
    struct stat st;

    if (stat(path, &st) != 0)
        return "is missing: say with --captures FOLDER where the captures are that batch read";
    if (!S_ISREG(st.st_mode))
        return "is not a file";
    int found = folder_reader_open(&r, path, &silent);
    const char *complaint = found == INPUT_CAPTURE_FOUND ? compare(&r, w) : "cannot be read as a capture";
    folder_reader_close(&r);
    return complaint;
}
