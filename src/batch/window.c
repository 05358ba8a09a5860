/* Processes one capture file, a window: writes its exchanges, a checkpoint, and its line in the manifest. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timefmt.h"
#include "batch/state.h"
#include "write/json/json.h"

/* A file that begins this long before the end of its predecessor is out of order. */
static const int64_t BACKWARDS_NS = 1000000000;

struct reading {
    struct point *point;
    const struct folder_file *file;
    struct window window;
    uint64_t packets; /* that were not processed before */
    int64_t first_ns, last_ns;
    bool known;  /* a file that begins with the same packet was processed before */
    bool begins; /* it has a capture's header */
    bool other;  /* its first packet has changed since the folder was scanned */
    bool compressed;
    struct content content; /* as far as it was read */
    int status;
};

static struct p2t_text text_of(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

/* ---- problems ---- */

static void report(struct point *p, const char *text)
{
    if (p->reported.n > 0)
        buf_putc(&p->reported, ',');
    json_string(&p->reported, text_of(text));
    point_problem(p, p->path, text);
}

static void on_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct reading *r = ctx;

    (void)packet;
    (void)offset;
    report(r->point, text);
}

static void on_secrets(void *ctx, const struct input_secrets *secrets)
{
    struct reading *r = ctx;

    session_feed_secrets(r->point->session, secrets);
}

static void report_order(struct point *p, int64_t first_ns)
{
    char text[160];

    if (!p->any || p->last_ns - first_ns <= BACKWARDS_NS)
        return;
    snprintf(text, sizeof text,
             "begins %.3f s before the end of the previous capture: its clock was set back, or it arrived too late",
             (double)(p->last_ns - first_ns) / 1e9);
    report(p, text);
}

/* ---- frames ---- */

static int passes(struct reading *r, const struct input_frame *frame)
{
    struct point *p = r->point;
    char text[256];
    enum filter_result match = p->filter != NULL ? input_filter_run(p->filter, frame) : FILTER_MATCH;

    if (match == FILTER_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (match == FILTER_UNFIT && !p->filter_reported) {
        p->filter_reported = true;
        snprintf(text, sizeof text,
                 "the filter does not fit packet %" PRIu64 " and others of link type %" PRIu32 ": %s", frame->number,
                 frame->link_type, input_filter_reason(p->filter, frame->link_type));
        report(p, text);
    }
    return match == FILTER_MATCH;
}

static int take(struct reading *r, const struct input_frame *frame)
{
    struct point *p = r->point;

    if (r->packets == 0) {
        report_order(p, frame->ts_ns);
        r->first_ns = frame->ts_ns;
    }
    r->packets++;
    r->last_ns = frame->ts_ns;
    sums_packet(&p->sums, frame->ts_ns);
    if (!p->any || frame->ts_ns > p->last_ns)
        p->last_ns = frame->ts_ns;
    p->any = true;
    int match = passes(r, frame);
    if (match == 1 && r->compressed) {
        kept_add(&p->kept, frame);
        r->window.kept++;
    }
    return match == 1 ? session_feed(p->session, frame) : match;
}

/* ---- what was processed before ---- */

/* Of a flood of files that begin alike, so many are looked at. */
enum { ALIKE_MAX = 64 };

/* Up to here the file is what one of those that begin alike was: all of that was processed. */
static bool ends_known_part(const struct reading *r, const struct content *c)
{
    const struct processed *k = processed_first(&r->point->processed, r->file->fingerprint);

    for (int looked_at = 0; k != NULL && looked_at < ALIKE_MAX; k = processed_next(k), looked_at++)
        if (k->content.packets == c->packets && (k->content.hash == 0 || k->content.hash == c->hash))
            return true;
    return false;
}

static bool is_beginning_of_known(const struct reading *r, const struct content *c)
{
    const struct processed *k = processed_first(&r->point->processed, r->file->fingerprint);

    for (int looked_at = 0; k != NULL && looked_at < ALIKE_MAX; k = processed_next(k), looked_at++)
        if (k->content.packets > c->packets && (k->content.hash == 0 || content_begins(c, &k->content)))
            return true;
    return false;
}

static void told_later(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    (void)ctx;
    (void)text;
    (void)packet;
    (void)offset;
}

/* Reads the file once beforehand, to find how much of it was processed: when it was shorter, or under another name. */
static int look_for_known_part(struct reading *r)
{
    const struct input_capture_events silent = {.problem = told_later};
    struct folder_reader capture;
    struct input_frame frame;
    struct content c = {0};
    int found = folder_reader_open(&capture, r->point->path, &silent), got = 0;

    while (found == INPUT_CAPTURE_FOUND && (got = input_capture_next(&capture.capture, &frame)) == 1) {
        content_add(&c, &frame);
        if (ends_known_part(r, &c))
            r->window.skip = c.packets;
    }
    folder_reader_close(&capture);
    if (is_beginning_of_known(r, &c))
        r->window.skip = c.packets;
    return found == P2T_ERR_MEMORY || got < 0 ? P2T_ERR_MEMORY : P2T_OK;
}

static int note(struct reading *r)
{
    struct point *p = r->point;
    const struct processed *noted = processed_note(&p->processed, r->file, &r->content);

    if (noted == NULL)
        return P2T_ERR_MEMORY;
    journal_note(&p->journal, noted);
    return P2T_OK;
}

/* ---- frames ---- */

static int read_frames(struct reading *r)
{
    struct input_frame frame = {0};
    int got, status = P2T_OK;

    while (status == P2T_OK && (got = input_capture_next(&r->window.capture.capture, &frame)) == 1) {
        if (frame.number == 1 && folder_fingerprint(&frame) != r->file->fingerprint) {
            r->other = true;
            return P2T_OK;
        }
        frame.file = r->window.file;
        r->window.packets = frame.number;
        content_add(&r->content, &frame);
        if (frame.number > r->window.skip)
            status = take(r, &frame);
    }
    return status == P2T_OK && got < 0 ? got : status;
}

/* ---- the manifest's line ---- */

static void put_time(struct buf *b, const char *key, bool known, int64_t ts_ns)
{
    buf_printf(b, ",\"%s\":", key);
    if (known)
        json_time(b, ts_ns);
    else
        buf_lit(b, "null");
}

static void put_line(struct point *p, const struct reading *r)
{
    struct buf *b = &p->lines;

    buf_printf(b, "{\"schema\":\"pcap2trace.window/1\",\"sequence\":%" PRIu64 ",\"point\":", p->sequence);
    if (*p->name != '\0')
        json_string(b, text_of(p->name));
    else
        buf_lit(b, "null");
    buf_lit(b, ",\"file\":");
    if (r != NULL)
        json_string(b, text_of(r->file->name));
    else
        buf_lit(b, "null");
    buf_printf(b, ",\"bytes\":%" PRIu64, r != NULL ? r->file->bytes : 0);
    put_time(b, "first", r != NULL && r->packets > 0, r != NULL ? r->first_ns : 0);
    put_time(b, "last", r != NULL && r->packets > 0, r != NULL ? r->last_ns : 0);
    buf_printf(b, ",\"from_packet\":%" PRIu64 ",\"packets\":%" PRIu64 ",\"exchanges\":%" PRIu64,
               r != NULL ? r->window.skip + 1 : 0, r != NULL ? r->packets : 0, p->exchanges);
    if (r != NULL)
        buf_printf(b, ",\"content\":\"%016" PRIx64 "\"", r->content.hash);
    buf_lit(b, ",\"output\":");
    json_string(b, text_of(p->output));
    buf_lit(b, ",\"problems\":[");
    buf_slice(b, buf_view(&p->reported));
    buf_lit(b, "]}\n");
}

/* ---- the window ---- */

/* The file's name in its output's: a temporary name of that must not be too long either. */
static void put_name(struct buf *b, const char *name)
{
    enum { NAME_MOST = 200, KEPT = 180 };
    size_t n = strlen(name);

    if (n <= NAME_MOST) {
        buf_put(b, name, n);
        return;
    }
    for (n = KEPT; (name[n] & 0xc0) == 0x80; n--) /* not inside of a character */
        ;
    buf_put(b, name, n);
    buf_printf(b, "~%016" PRIx64, hash_stable_finish(hash_stable(HASH_STABLE_SEED, name, strlen(name))));
}

static char *output_name(const struct point *p, const char *name)
{
    struct buf b = {0};

    buf_printf(&b, "%08" PRIu64 "-", p->sequence);
    put_name(&b, name);
    buf_str(&b, p->config->zstd ? ".ndjson.zst" : ".ndjson");
    buf_putc(&b, '\0');
    if (!b.failed)
        return (char *)b.p;
    buf_fini(&b);
    return NULL;
}

static int open_output(struct point *p, struct store *store, const char *suffix)
{
    const struct out_options options = {.compact = p->config->compact};
    const struct out_sink sink = {store, store_write};
    char *path;

    free(p->output);
    p->output = output_name(p, suffix);
    if (p->output == NULL)
        return P2T_ERR_MEMORY;
    if (asprintf(&path, "%s/%s", p->out_dir, p->output) < 0)
        return P2T_ERR_MEMORY;
    int status = P2T_ERR_USAGE;
    if (access(path, F_OK) != 0)
        status = store_open(store, path, p->config->zstd ? STORE_ZSTD : STORE_PLAIN, 0666);
    if (status == P2T_ERR_USAGE)
        p->config->say(p->config->ctx, path, "already exists, written with another state: it was not changed");
    else if (status != P2T_OK)
        (void)point_fail(p, path, status, store->error);
    free(path);
    if (status == P2T_OK)
        p->writer = out_writer_new(OUT_FORMAT_NDJSON, &options, &sink);
    return status == P2T_OK && p->writer == NULL ? P2T_ERR_MEMORY : status;
}

static int close_output(struct point *p, struct store *store)
{
    int status = out_writer_finish(p->writer);

    if (status == P2T_OK)
        status = store_finish(store);
    if (status != P2T_OK)
        (void)point_fail(p, store->target, status, store->error);
    return status;
}

static void free_writer(struct point *p)
{
    out_writer_free(p->writer);
    p->writer = NULL;
}

static int begin_window(struct point *p)
{
    p->sequence++;
    p->exchanges = 0;
    p->emitted = false;
    p->write_status = P2T_OK;
    buf_reset(&p->reported);
    kept_begin(&p->kept);
    return sums_begin(&p->sums);
}

/* The window failed after packets were fed that no checkpoint holds: the point must not go on. */
static int give_up(struct point *p, struct store *store, int status)
{
    if (p->write_status != P2T_OK)
        (void)point_fail(p, store->target, p->write_status, store->error);
    else if (status == P2T_ERR_MEMORY)
        (void)point_fail(p, p->path, status, 0);
    store_abandon(store);
    return status;
}

static off_t manifest_size(const struct point *p)
{
    struct stat st;

    return stat(p->manifest, &st) == 0 ? st.st_size : 0;
}

/* The manifest's line, among those that wait for the checkpoint. */
static int put_in_line(struct point *p, struct reading *r)
{
    struct buf *output = &p->pending.output;

    if (!p->pending.waiting) {
        p->manifest_n = (uint64_t)manifest_size(p);
        buf_reset(&p->lines);
        buf_reset(output);
    }
    put_line(p, r);
    buf_putc(output, '/');
    buf_str(output, p->output);
    if (p->lines.failed || p->reported.failed || output->failed)
        return point_fail(p, p->manifest, P2T_ERR_MEMORY, 0);
    return pending_add(p, r != NULL ? &r->window : NULL, r != NULL ? r->file->bytes : 0);
}

int point_settle(struct point *p)
{
    if (!p->pending.waiting)
        return P2T_OK;
    int status = point_sync(p);
    if (status == P2T_OK)
        status = point_save(p);
    /* The checkpoint decides from here on: the next start publishes the outputs or removes them. */
    if (status == P2T_OK)
        status = point_commit(p);
    pending_clear(p);
    return status == P2T_OK ? rollups_window(p) : status;
}

static int commit(struct point *p, struct store *store, struct reading *r)
{
    int status = close_output(p, store);

    if (status == P2T_OK)
        status = sums_save(p);
    if (status == P2T_OK)
        status = put_in_line(p, r);
    if (status != P2T_OK)
        return status;
    store_leave(store);
    return r == NULL || pending_due(p) ? point_settle(p) : P2T_OK;
}

static void report_overwritten(struct reading *r)
{
    struct stat st;
    char text[120];

    if (fstat(r->window.capture.fd, &st) != 0 || (uint64_t)st.st_size >= r->window.capture.capture.source.bytes_in)
        return;
    snprintf(text, sizeof text, "was overwritten while it was read: what came after packet %" PRIu64 " is lost",
             r->window.packets);
    report(r->point, text);
}

static int open_capture(struct reading *r)
{
    const struct input_capture_events events = {r, on_problem, on_secrets};
    struct point *p = r->point;
    char text[160];
    int found = folder_reader_open(&r->window.capture, p->path, &events);

    if (found == P2T_ERR_IO) {
        snprintf(text, sizeof text, errno == ENOENT ? "vanished before it was read" : "cannot open: %s",
                 strerror(errno));
        point_problem(p, p->path, text);
    }
    r->begins = found == INPUT_CAPTURE_FOUND;
    r->compressed = r->begins && folder_reader_unpacks(&r->window.capture);
    if (r->begins || found == P2T_ERR_MEMORY)
        return found;
    bool still_empty = found == INPUT_CAPTURE_EMPTY_FILE || found == INPUT_CAPTURE_DAMAGED;
    return still_empty && r->file->kind == FOLDER_NO_PACKETS ? P2T_OK : P2T_ERR_STOPPED;
}

/* P2T_ERR_STOPPED: the file is no longer a capture, or gone. */
static int read_window(struct reading *r, struct store *store)
{
    struct point *p = r->point;
    int status = open_output(p, store, r->file->name);

    if (status == P2T_OK)
        status = point_restore(p);
    if (status == P2T_OK)
        sums_mark(p);
    if (status == P2T_OK)
        status = session_feed_keylog(p->session, p->config->keylog, !p->config->follow);
    if (status == P2T_OK)
        status = names_add(&p->names, r->window.file, slice_str(p->path));
    if (status == P2T_OK && r->known)
        status = look_for_known_part(r);
    if (status == P2T_OK)
        status = open_capture(r);
    if (status == P2T_OK && r->begins)
        status = read_frames(r);
    if (status == P2T_OK)
        session_feed_flush(p->session);
    if (status == P2T_OK && r->begins)
        report_overwritten(r);
    return status;
}

/* The file brought nothing new. A session that was just rebuilt has emitted exchanges into this window; drop it, so that
 * the next one emits them again. */
static void cancel_window(struct point *p, struct store *store)
{
    p->sequence--;
    store_abandon(store);
    if (p->emitted)
        point_drop_session(p);
}

/* A file without packets also gets its line in the manifest, once. */
static bool is_news(const struct reading *r)
{
    return r->packets > 0 || (r->file->kind == FOLDER_NO_PACKETS && !r->other && !r->known);
}

static int process(struct reading *r, struct folder_file *file)
{
    struct point *p = r->point;
    struct store store = {.fd = -1};

    r->window.file = p->next_file;
    int status = begin_window(p);
    if (status == P2T_OK)
        status = read_window(r, &store);
    if (status == P2T_ERR_STOPPED && p->write_status == P2T_OK) {
        file->left = true;
        cancel_window(p, &store);
        return P2T_OK;
    }
    if (status == P2T_OK && !r->other)
        status = note(r);
    if (status == P2T_OK && !is_news(r)) {
        file->left = true;
        cancel_window(p, &store);
        return P2T_OK;
    }
    if (status == P2T_OK) {
        p->next_file++;
        p->final &= r->packets == 0;
        status = commit(p, &store, r);
    }
    return status == P2T_OK ? status : give_up(p, &store, status);
}

int point_process(struct point *p, const struct folder *folder, struct folder_file *file)
{
    struct reading r = {.point = p, .file = file, .window.capture.fd = -1};
    char *path = folder_path(folder, file->name);

    if (path == NULL)
        return P2T_ERR_MEMORY;
    p->path = path;
    r.known = processed_first(&p->processed, file->fingerprint) != NULL;
    int status = process(&r, file);
    free_writer(p);
    folder_reader_close(&r.window.capture);
    p->path = NULL;
    free(path);
    return status;
}

int point_finish(struct point *p)
{
    struct store store = {.fd = -1};

    if (!p->has_checkpoint || p->final)
        return P2T_OK;
    int status = begin_window(p);
    p->path = p->out_dir;
    if (status == P2T_OK)
        status = open_output(p, &store, "final");
    if (status == P2T_OK)
        status = point_restore(p);
    if (status == P2T_OK)
        sums_mark(p);
    if (status == P2T_OK)
        status = p2t_session_finish(p->session);
    if (status == P2T_OK) {
        p->final = true;
        status = commit(p, &store, NULL);
    }
    free_writer(p);
    point_drop_session(p);
    return status == P2T_OK ? status : give_up(p, &store, status);
}
