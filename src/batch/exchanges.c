#include "batch/exchanges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "input/source.h"
#include "pcap2trace/status.h"
#include "reread/exchange.h"

/* Of a file that is damaged all over, so many lines are named. */
enum { LINES_NAMED = 10 };

struct exchanges {
    const struct exchanges_sink *sink;
    struct reread *reread;
    char *path;
    int fd;
    struct input_source source;
    struct buf line;
    uint64_t number, refused; /* lines */
    bool too_long;            /* the current line is, and is skipped */
};

static ssize_t read_fd(void *ctx, void *p, size_t n)
{
    const struct exchanges *e = ctx;
    ssize_t got;

    do {
        got = read(e->fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static void say(const struct exchanges *e, const char *text)
{
    e->sink->problem(e->sink->ctx, e->path, text);
}

static void refuse(struct exchanges *e, const char *why)
{
    char text[256];

    if (++e->refused > LINES_NAMED)
        return;
    snprintf(text, sizeof text, "line %llu: %s", (unsigned long long)e->number, why);
    say(e, text);
}

/* ---- lines ---- */

/* Where the id stands in what this version writes; elsewhere the whole line must be read. */
static bool may_be_wanted(const struct exchanges *e)
{
    static const char head[] = "{\"schema\":\"pcap2trace.exchange/2\",\"id\":\"";
    enum { HEAD = sizeof head - 1, DIGITS = 16 };
    char id[DIGITS + 1] = "", *end;

    if (e->sink->wanted == NULL || e->line.n < HEAD + DIGITS || memcmp(e->line.p, head, HEAD) != 0)
        return true;
    memcpy(id, e->line.p + HEAD, DIGITS);
    uint64_t value = strtoull(id, &end, 16);
    return *end != '\0' || e->sink->wanted(e->sink->ctx, value);
}

static int take_line(struct exchanges *e)
{
    struct p2t_exchange x;
    const char *why = NULL;
    int status = P2T_OK;

    e->number++;
    if (e->line.failed)
        return P2T_ERR_MEMORY;
    if (e->too_long)
        refuse(e, "is longer than any exchange");
    else if (may_be_wanted(e))
        status = reread_exchange(e->reread, buf_view(&e->line), &x, &why);
    else
        return P2T_OK;
    if (status == P2T_ERR_USAGE)
        refuse(e, why);
    else if (status == P2T_OK && !e->too_long)
        return e->sink->exchange(e->sink->ctx, &x);
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

static void add(struct exchanges *e, const uint8_t *p, size_t n)
{
    e->too_long |= n > REREAD_LINE_MAX - e->line.n;
    if (!e->too_long)
        buf_put(&e->line, p, n);
}

/* Takes what is there, up to the end of a line; true: a line is whole. */
static bool fill_line(struct exchanges *e, const uint8_t *p)
{
    size_t left = input_source_left(&e->source);
    const uint8_t *end = memchr(p, '\n', left);
    size_t n = end != NULL ? (size_t)(end - p) : left;

    add(e, p, n);
    input_source_consume(&e->source, end != NULL ? n + 1 : n);
    return end != NULL;
}

static int read_lines(struct exchanges *e)
{
    const uint8_t *p;
    int status = P2T_OK;

    while (status == P2T_OK && (p = input_source_peek(&e->source, 1)) != NULL) {
        if (!fill_line(e, p))
            continue;
        status = take_line(e);
        buf_reset(&e->line);
        e->too_long = false;
    }
    if (status != P2T_OK)
        return status;
    if (e->source.state == SOURCE_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (e->source.state == SOURCE_FAILED)
        say(e, e->source.error);
    else if (e->line.n > 0 || e->too_long) {
        e->number++;
        refuse(e, "is cut: what follows is missing");
    }
    return P2T_OK;
}

static void say_refused(const struct exchanges *e)
{
    char text[96];

    if (e->refused <= LINES_NAMED)
        return;
    snprintf(text, sizeof text, "%llu more lines cannot be read", (unsigned long long)(e->refused - LINES_NAMED));
    say(e, text);
}

/* The state beside it is of what batch wrote. A file that ends in a fault has been named already. */
static void say_changed(const struct exchanges *e, int64_t written)
{
    char text[160];

    if (written < 0 || e->number == (uint64_t)written || e->refused > 0 || e->source.state == SOURCE_FAILED)
        return;
    snprintf(text, sizeof text, "has %llu lines, but the manifest says that batch wrote %lld: it was changed since",
             (unsigned long long)e->number, (long long)written);
    say(e, text);
}

/* ---- files ---- */

/* As the manifest names it, or compressed or decompressed since. */
static bool open_output(struct exchanges *e, const struct outputs_window *w)
{
    static const char *const ends[] = {"", ".zst", ".gz"};
    size_t n = strlen(w->output), plain = n > 4 && strcmp(w->output + n - 4, ".zst") == 0 ? n - 4 : n;
    int error = ENOENT;

    for (size_t i = 0; i < sizeof ends / sizeof *ends && e->fd < 0; i++) {
        free(e->path);
        if (asprintf(&e->path, "%s/%.*s%s", w->folder, (int)plain, w->output, ends[i]) < 0)
            e->path = NULL;
        e->fd = e->path != NULL ? outputs_open(e->path) : -1;
        if (e->fd < 0 && errno != ENOENT)
            error = errno;
    }
    errno = error;
    return e->fd >= 0;
}

static int read_file(struct exchanges *e, int64_t written)
{
    input_source_open(&e->source, read_fd, e);
    int status = read_lines(e);
    say_refused(e);
    if (status == P2T_OK)
        say_changed(e, written);
    input_source_close(&e->source);
    close(e->fd);
    return status;
}

static void say_missing(const struct outputs_window *w, const struct exchanges_sink *sink)
{
    const char *why =
        errno == ENOENT ? "is missing, although the manifest names it: so are its exchanges" : outputs_why(errno);
    char *path = outputs_path(w->folder, w->output);

    sink->problem(sink->ctx, path != NULL ? path : w->output, why);
    free(path);
}

int exchanges_read(const struct outputs_window *w, const struct exchanges_sink *sink)
{
    struct exchanges e = {.sink = sink, .fd = -1, .reread = reread_new()};
    int status = e.reread != NULL ? P2T_OK : P2T_ERR_MEMORY;

    if (status == P2T_OK && open_output(&e, w))
        status = read_file(&e, w->exchanges);
    else if (status == P2T_OK)
        say_missing(w, sink);
    reread_free(e.reread);
    buf_fini(&e.line);
    free(e.path);
    return status;
}
