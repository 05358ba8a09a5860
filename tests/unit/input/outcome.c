#include "unit/input/outcome.h"

#include <errno.h>
#include <stdio.h>

#include "base/hash.h"
#include "unit/input/support.h"

static void digest(struct outcome *o, const void *p, size_t n)
{
    o->digest = o->digest * 0x9e3779b97f4a7c15u + hash_bytes(p, n);
}

static void see_frame(struct outcome *o, const struct input_frame *f)
{
    const uint32_t numbers[] = {f->file, f->interface, f->link_type, f->cap_len, f->wire_len};

    o->frames++;
    digest(o, &f->ts_ns, sizeof f->ts_ns);
    digest(o, &f->number, sizeof f->number);
    digest(o, numbers, sizeof numbers);
    digest(o, f->bytes, f->cap_len);
}

static void see_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct outcome *o = ctx;

    o->problems++;
    snprintf(o->text, sizeof o->text, "%s", text);
    digest(o, text, strlen(text));
    digest(o, &packet, sizeof packet);
    digest(o, &offset, sizeof offset);
}

static void see_path_problem(void *ctx, const struct input_problem *p)
{
    digest(ctx, p->path, strlen(p->path));
    see_problem(ctx, p->text, p->packet, p->offset);
}

static void see_secrets(void *ctx, const struct input_secrets *s)
{
    struct outcome *o = ctx;

    o->secrets++;
    digest(o, &s->type, sizeof s->type);
    digest(o, s->data.p, s->data.n);
}

struct position {
    const struct outcome_file *file;
    size_t at;
};

static ssize_t read_position(void *ctx, void *p, size_t n)
{
    struct position *pos = ctx;
    const struct outcome_file *f = pos->file;
    size_t end = f->fails_at < f->bytes.n ? f->fails_at : f->bytes.n;

    if (pos->at == f->fails_at) {
        errno = EIO;
        return -1;
    }
    n = n < f->chunk ? n : f->chunk;
    n = n < end - pos->at ? n : end - pos->at;
    if (n > 0)
        memcpy(p, f->bytes.p + pos->at, n);
    pos->at += n;
    return (ssize_t)n;
}

struct outcome outcome_of_file(const struct outcome_file *file, unsigned ahead)
{
    struct outcome o = {0};
    struct position pos = {file, 0};
    const struct input_capture_events events = {&o, see_problem, see_secrets};
    struct input_ahead *a = ahead > 0 ? input_ahead_new(ahead, INPUT_AHEAD_FILES) : NULL;
    struct input_ahead_file *f = a != NULL ? input_ahead_open(a, read_position, &pos) : NULL;
    struct input_capture c;
    struct input_frame frame = {0};

    assert_true((f != NULL) == (ahead > 0));
    o.found =
        f != NULL ? input_capture_open_ahead(&c, f, &events) : input_capture_open(&c, read_position, &pos, &events);
    while ((o.end = input_capture_next(&c, &frame)) == 1)
        see_frame(&o, &frame);
    assert_int_equal(input_capture_next(&c, &frame), 0);
    uint64_t numbers[] = {input_source_offset(&c.source), c.number};
    digest(&o, numbers, sizeof numbers);
    input_capture_close(&c);
    if (f != NULL)
        input_ahead_close(f);
    input_ahead_free(a);
    return o;
}

static void see_files(struct outcome *o, const struct input *in)
{
    struct input_progress progress = input_progress(in);

    /* How much was read of a file that turned out to be damaged may differ; standard input has no total. */
    assert_true(progress.bytes_total == 0 || progress.bytes_read == progress.bytes_total);
    for (size_t i = 0; i < input_file_count(in); i++) {
        const struct input_file *f = input_file(in, i);
        digest(o, f->path, strlen(f->path));
        digest(o, &f->packets, sizeof f->packets);
        digest(o, &f->damaged, sizeof f->damaged);
    }
}

struct outcome outcome_of_paths(const char *const *paths, size_t count, unsigned ahead)
{
    struct outcome o = {0};
    const struct input_config config = {.paths = paths,
                                        .path_count = count,
                                        .recursive = true,
                                        .ahead = ahead,
                                        .ahead_bytes = SIZE_MAX,
                                        .ctx = &o,
                                        .problem = see_path_problem,
                                        .secrets = see_secrets};
    const struct input_frame *frame;
    struct input *in;

    assert_int_equal(input_open(&in, &config, NULL), 0);
    while ((o.end = input_next(in, &frame)) == 1)
        see_frame(&o, frame);
    see_files(&o, in);
    input_free(in);
    return o;
}

void assert_same_outcome(const char *name, const struct outcome *a, const struct outcome *b)
{
    if (a->frames != b->frames || a->problems != b->problems || a->secrets != b->secrets || a->found != b->found ||
        a->end != b->end || a->digest != b->digest)
        fail_msg("%s: %llu frames, %llu problems (%s), and %llu frames, %llu problems (%s)", name,
                 (unsigned long long)a->frames, (unsigned long long)a->problems, a->text,
                 (unsigned long long)b->frames, (unsigned long long)b->problems, b->text);
}
