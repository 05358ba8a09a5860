#include "input/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/filter.h"
#include "input/merge.h"

struct input {
    struct input_config config;
    struct input_list list;
    struct input_filter *filter; /* NULL: none */
    struct input_entry *entries; /* captures only, in the order of their first packets, then those without packets */
    size_t count;
    size_t next_due;           /* the first entry that has not entered the merge */
    size_t next_ahead;         /* the first entry that reading ahead has not started */
    struct input_ahead *ahead; /* NULL: no file is read ahead */
    struct input_merge merge;
    struct input_hold_pool held; /* of all files that are put in order */
    uint64_t sorted;             /* frames that were, of closed files */
    bool top_delivered;          /* the top's head frame was given out: read its next one first */
    bool bytes_unknown;
    size_t problems;
    struct input_progress progress; /* read: of closed files; total: of all files */
};

static void report(struct input *in, const struct input_problem *p)
{
    in->problems++;
    if (in->config.problem != NULL)
        in->config.problem(in->config.ctx, p);
}

static void report_path(void *ctx, const char *path, const char *text)
{
    report(ctx, &(struct input_problem){.path = path, .text = text});
}

static void entry_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct input_entry *e = ctx;

    e->file.damaged = true;
    report(e->input, &(struct input_problem){e->item.path, text, packet, offset});
}

static void entry_secrets(void *ctx, const struct input_secrets *s)
{
    const struct input_entry *e = ctx;

    if (e->input->config.secrets != NULL)
        e->input->config.secrets(e->input->config.ctx, s);
}

/* A closed file counts as read completely, even if only a part of it was needed. */
static void close_for_good(struct input_entry *e)
{
    struct input_progress *p = &e->input->progress;
    uint64_t read = e->capture != NULL ? e->capture->source.bytes_in : 0;

    p->bytes_read += read;
    p->bytes_total += read - e->item.bytes;
    e->input->sorted += e->order.sorted;
    input_entry_close(e);
}

static int open_reporting(struct input_entry *e, struct input_ahead *ahead)
{
    const struct input_capture_events events = {e, entry_problem, entry_secrets};

    return input_entry_open(e, ahead, &events);
}

/* Opens e and reads its first packet into e->head. Returns an enum input_capture_found or a p2t_status. */
static int probe(struct input_entry *e, struct input_ahead *ahead, bool reporting)
{
    const struct input_capture_events quiet = {0};

    input_order_begin(&e->order, &e->input->held, !e->item.regular);
    int found = reporting ? open_reporting(e, ahead) : input_entry_open(e, NULL, &quiet);

    if (found != INPUT_CAPTURE_FOUND)
        return found;
    int r = input_order_next(&e->order, e->capture, &e->head);
    if (r < 0)
        return r;
    e->has_packets = r == 1;
    e->head_probed = reporting && e->has_packets;
    e->first_ns = e->head.ts_ns;
    return INPUT_CAPTURE_FOUND;
}

/* Probes a file that can be opened again, without reporting anything, and closes it: only files whose turn has come stay
 * open. A file without packets is never opened again, so its problems and secrets are reported here. */
static int probe_closing(struct input_entry *e)
{
    int found = probe(e, NULL, false);

    input_entry_close(e);
    if (found == INPUT_CAPTURE_DAMAGED || (found == INPUT_CAPTURE_FOUND && !e->has_packets))
        found = probe(e, NULL, true);
    return found;
}

/* A file that is no capture is a problem if the user named it, not if it was found in a folder. */
static void report_unusable(struct input *in, const struct input_entry *e, int found)
{
    struct input_list_root *root = &in->list.roots[e->item.root];
    char why[80], text[120];

    root->settled |= found != INPUT_CAPTURE_EMPTY_FILE && found != INPUT_CAPTURE_FOREIGN;
    if (found == P2T_ERR_IO) {
        snprintf(text, sizeof text, "cannot open: %s", strerror_r(errno, why, sizeof why));
        report_path(in, e->item.path, text);
    } else if (found == INPUT_CAPTURE_EMPTY_FILE && !root->folder) {
        report_path(in, e->item.path, "empty file");
    } else if (found == INPUT_CAPTURE_FOREIGN && !root->folder) {
        report_path(in, e->item.path, "not a capture file");
    }
}

static int by_first_packet(const void *a, const void *b)
{
    const struct input_entry *x = a, *y = b;

    if (x->has_packets != y->has_packets)
        return x->has_packets ? -1 : 1;
    if (x->has_packets && x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return strcmp(x->item.path, y->item.path);
}

static int probe_all(struct input *in)
{
    in->entries = calloc(in->list.count != 0 ? in->list.count : 1, sizeof *in->entries);
    if (in->entries == NULL)
        return P2T_ERR_MEMORY;
    for (size_t i = 0; i < in->list.count; i++) {
        const struct input_list_item *item = &in->list.items[i];
        struct input_entry *e = &in->entries[in->count];
        *e = (struct input_entry){.input = in, .item = *item, .file.path = item->path, .fd = -1};
        in->bytes_unknown |= !item->regular;
        in->progress.bytes_total += item->bytes;
        int found = item->regular && in->list.count > 1 ? probe_closing(e) : probe(e, in->ahead, true);
        report_unusable(in, e, found);
        if (found != INPUT_CAPTURE_FOUND || !e->has_packets)
            close_for_good(e);
        if (found == P2T_ERR_MEMORY)
            return found;
        in->count += found == INPUT_CAPTURE_FOUND;
    }
    return 0;
}

static void report_empty_folders(struct input *in)
{
    for (size_t i = 0; i < in->list.root_count; i++) {
        const struct input_list_root *root = &in->list.roots[i];
        if (root->folder && !root->settled)
            report_path(in, root->path,
                        root->subfolders ? "no capture in this folder (its subfolders were not searched)"
                                         : "no capture in this folder");
    }
}

/* Sorts the entries, and makes open captures point to their entry at its final place. */
static void settle(struct input *in)
{
    qsort(in->entries, in->count, sizeof *in->entries, by_first_packet);
    for (size_t i = 0; i < in->count; i++) {
        struct input_entry *e = &in->entries[i];
        e->index = (uint32_t)i;
        if (e->capture != NULL)
            e->capture->events.ctx = e;
    }
}

/* Starts reading ahead the files whose turn comes next, one per thread. Failures are reported when their turn comes. */
static void read_on(struct input *in)
{
    size_t end = in->next_due + (in->config.ahead < INPUT_AHEAD_THREADS ? in->config.ahead : INPUT_AHEAD_THREADS);

    if (in->ahead == NULL)
        return;
    if (in->next_ahead < in->next_due)
        in->next_ahead = in->next_due;
    for (; in->next_ahead < end && in->next_ahead < in->count && input_ahead_has_room(in->ahead); in->next_ahead++) {
        struct input_entry *e = &in->entries[in->next_ahead];
        if (e->has_packets && e->fd < 0)
            (void)input_entry_start(e, in->ahead);
    }
}

static int open_all(struct input *in, char **error)
{
    const struct input_config *config = &in->config;
    int r = config->filter != NULL ? input_filter_new(&in->filter, config->filter, error) : 0;

    if (r == 0)
        r = input_list_open(&in->list, config->paths, config->path_count, config->recursive, report_path, in);
    if (r == 0)
        r = probe_all(in);
    if (r != 0)
        return r;
    report_empty_folders(in);
    settle(in);
    read_on(in);
    return 0;
}

int input_open(struct input **out, const struct input_config *config, char **error)
{
    struct input *in = calloc(1, sizeof *in);

    if (in == NULL)
        return P2T_ERR_MEMORY;
    in->config = *config;
    size_t ahead_files = config->ahead_bytes / INPUT_AHEAD_RING_BYTES;
    in->ahead = config->ahead > 0 && ahead_files > 0 ? input_ahead_new(config->ahead, ahead_files) : NULL;
    int r = open_all(in, error);
    if (r != 0) {
        input_free(in);
        return r;
    }
    *out = in;
    return 0;
}

static void report_unfit(struct input_entry *e)
{
    char text[256];

    if (e->filter_reported)
        return;
    e->filter_reported = true;
    snprintf(text, sizeof text, "the filter does not fit packet %" PRIu64 " and others of link type %" PRIu32 ": %s",
             e->head.number, e->head.link_type, input_filter_reason(e->input->filter, e->head.link_type));
    entry_problem(e, text, e->head.number, 0);
}

static void count_head(struct input_entry *e)
{
    e->head.file = e->index;
    e->file.last_ns = e->head.ts_ns;
    if (e->file.packets == 0)
        e->file.first_ns = e->head.ts_ns;
    e->file.packets++;
}

/* The next frame that the filter lets through. */
static int next_head(struct input_entry *e)
{
    struct input_filter *filter = e->input->filter;

    for (;;) {
        int r = e->head_probed ? 1 : input_order_next(&e->order, e->capture, &e->head);
        e->head_probed = false;
        if (r != 1)
            return r;
        count_head(e);
        enum filter_result match = filter != NULL ? input_filter_run(filter, &e->head) : FILTER_MATCH;
        if (match == FILTER_MATCH)
            return 1;
        if (match == FILTER_NO_MEMORY)
            return P2T_ERR_MEMORY;
        if (match == FILTER_UNFIT)
            report_unfit(e);
    }
}

static int enter(struct input *in, struct input_entry *e)
{
    int found = INPUT_CAPTURE_FOUND;

    if (e->capture == NULL) {
        input_order_begin(&e->order, &in->held, !e->item.regular);
        found = open_reporting(e, in->ahead);
    }
    if (found == P2T_ERR_MEMORY)
        return found;
    if (found != INPUT_CAPTURE_FOUND) { /* it changed since it was probed */
        report_unusable(in, e, found);
        close_for_good(e);
        return 0;
    }
    int r = next_head(e);
    if (r == 1)
        return input_merge_push(&in->merge, e);
    close_for_good(e);
    return r;
}

/* True when the next file's first packet is earlier than every head frame in the merge. */
static bool is_due(const struct input *in)
{
    const struct input_entry *top = input_merge_top(&in->merge);

    if (in->next_due == in->count || !in->entries[in->next_due].has_packets)
        return false;
    return top == NULL || in->entries[in->next_due].first_ns < top->head.ts_ns;
}

static int advance_top(struct input *in)
{
    struct input_entry *e = input_merge_top(&in->merge);
    int r = next_head(e);

    if (r == 1) {
        if (in->merge.count > 1)
            input_merge_top_changed(&in->merge);
        return 0;
    }
    input_merge_pop(&in->merge);
    close_for_good(e);
    return r;
}

int input_next(struct input *in, const struct input_frame **frame)
{
    int r = in->top_delivered ? advance_top(in) : 0;

    in->top_delivered = false;
    while (r == 0 && is_due(in)) {
        r = enter(in, &in->entries[in->next_due++]);
        read_on(in);
    }
    if (r != 0)
        return r;
    const struct input_entry *top = input_merge_top(&in->merge);
    if (top == NULL)
        return 0;
    *frame = &top->head;
    in->top_delivered = true;
    return 1;
}

bool input_may_wait(const struct input *in)
{
    return in->bytes_unknown;
}

size_t input_file_count(const struct input *in)
{
    return in->count;
}

const struct input_file *input_file(const struct input *in, size_t index)
{
    return index < in->count ? &in->entries[index].file : NULL;
}

struct input_progress input_progress(const struct input *in)
{
    struct input_progress p = in->progress;

    for (size_t i = 0; i < in->merge.count; i++)
        p.bytes_read += in->merge.items[i]->capture->source.bytes_in;
    if (in->bytes_unknown)
        p.bytes_total = 0;
    return p;
}

uint64_t input_sorted(const struct input *in)
{
    uint64_t n = in->sorted;

    for (size_t i = 0; i < in->merge.count; i++)
        n += in->merge.items[i]->order.sorted;
    return n;
}

size_t input_problem_count(const struct input *in)
{
    return in->problems;
}

void input_free(struct input *in)
{
    if (in == NULL)
        return;
    for (size_t i = 0; i < in->count; i++)
        input_entry_close(&in->entries[i]);
    input_hold_pool_fini(&in->held);
    free(in->entries);
    input_ahead_free(in->ahead);
    input_merge_fini(&in->merge);
    input_list_close(&in->list);
    input_filter_free(in->filter);
    free(in);
}
