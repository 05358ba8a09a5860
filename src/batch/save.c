/* Writes the checkpoint. */
#include <errno.h>

#include "base/system.h"
#include "batch/state.h"

struct saving {
    struct point *point;
    struct checkpoint_writer writer;
    struct carry_pass *pass;
    struct buf place;
    int status;
};

static void put_head(struct saving *s)
{
    struct point *p = s->point;
    struct buf b = {0};

    buf_le64(&b, p->sequence);
    buf_le32(&b, p->next_file);
    buf_le64(&b, (uint64_t)p->last_ns);
    buf_le32(&b, p->any);
    buf_le32(&b, p->final);
    buf_le64(&b, p->manifest_n);
    journal_save(&p->journal, &b);
    checkpoint_text(&b, buf_view(&p->pending.output));
    checkpoint_text(&b, buf_view(&p->lines));
    s->status = b.failed ? P2T_ERR_MEMORY : checkpoint_put(&s->writer, CHECKPOINT_HEAD, buf_view(&b));
    buf_fini(&b);
}

static void put_name(struct saving *s, uint32_t file)
{
    struct name *name = names_find(&s->point->names, file);

    if (name == NULL || name->used || s->status != P2T_OK)
        return;
    name->used = true;
    s->status = checkpoint_put_name(&s->writer, name->file, name->text);
}

static void uses(void *ctx, uint32_t file)
{
    put_name(ctx, file);
}

static void put_session(struct saving *s)
{
    struct buf b = {0};

    session_carry_save(s->point->session, &b, uses, s);
    if (s->status == P2T_OK)
        s->status = b.failed ? P2T_ERR_MEMORY : checkpoint_put(&s->writer, CHECKPOINT_SESSION, buf_view(&b));
    if (b.p != NULL)
        explicit_bzero(b.p, b.cap); /* secrets are in it */
    buf_fini(&b);
}

static void put_frame(struct saving *s, const struct input_frame *frame)
{
    put_name(s, frame->file);
    if (s->status == P2T_OK)
        s->status = checkpoint_put_frame(&s->writer, frame);
}

static void put_place(struct saving *s)
{
    s->status = s->place.failed ? P2T_ERR_MEMORY : checkpoint_put(&s->writer, CHECKPOINT_PLACE, buf_view(&s->place));
}

static void carry(struct saving *s, struct input_frame *frame)
{
    buf_reset(&s->place);
    switch (carry_pass_frame(s->pass, frame, &s->place)) {
    case CARRY_FRAME:
        put_frame(s, frame);
        if (s->place.n > 0 && s->status == P2T_OK)
            put_place(s);
        break;
    case CARRY_PLACE:
        put_place(s);
        break;
    default:
        break;
    }
}

static void carry_old_record(struct saving *s, const struct checkpoint_record *record)
{
    struct input_frame frame;

    if (record->type == CHECKPOINT_FRAME && checkpoint_frame(record, &frame))
        carry(s, &frame);
    buf_reset(&s->place);
    if (record->type == CHECKPOINT_PLACE && carry_pass_place(s->pass, record->bytes, &s->place) == CARRY_PLACE)
        put_place(s);
}

static void carry_old(struct saving *s)
{
    struct checkpoint_reader r;
    struct checkpoint_record record;
    int got = checkpoint_open(&r, s->point->checkpoint);

    if (got == CHECKPOINT_FOUND)
        while (s->status == P2T_OK && (got = checkpoint_next(&r, &record)) == 1)
            carry_old_record(s, &record);
    checkpoint_close(&r);
    if (s->status == P2T_OK && got != 0)
        s->status = got < 0 ? got : P2T_ERR_USAGE;
}

static void told_already(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    (void)ctx;
    (void)text;
    (void)packet;
    (void)offset;
}

static bool fits_filter(struct point *p, const struct input_frame *frame)
{
    return p->filter == NULL || input_filter_run(p->filter, frame) == FILTER_MATCH;
}

static void carry_kept(struct saving *s, uint64_t frames)
{
    struct input_frame frame;

    for (uint64_t i = 0; i < frames && s->status == P2T_OK; i++) {
        s->status = kept_next(&s->point->kept, &frame);
        if (s->status == P2T_OK)
            carry(s, &frame);
    }
}

static void carry_again(struct saving *s, struct window *w)
{
    const struct input_capture_events silent = {.problem = told_already};
    struct input_frame frame = {0};
    int found = folder_reader_rewind(&w->capture, &silent);

    while (s->status == P2T_OK && found == INPUT_CAPTURE_FOUND && frame.number < w->packets &&
           input_capture_next(&w->capture.capture, &frame) == 1) {
        frame.file = w->file;
        if (frame.number > w->skip && fits_filter(s->point, &frame))
            carry(s, &frame);
    }
    if (s->status == P2T_OK && frame.number < w->packets)
        point_problem(
            s->point, w->path,
            "it was overwritten while it was read: if the program has to start again, connections that go on "
            "will lack packets");
}

static void carry_new(struct saving *s, struct window *w)
{
    if (w->kept > 0)
        carry_kept(s, w->kept);
    else
        carry_again(s, w);
}

static void put_frames(struct saving *s)
{
    struct point *p = s->point;

    if (s->status == P2T_OK && p->has_frames)
        carry_old(s);
    kept_rewind(&p->kept);
    for (size_t i = 0; i < p->pending.n && s->status == P2T_OK; i++)
        carry_new(s, &p->pending.windows[i]);
    struct carry_pass_counts counts = carry_pass_counts(s->pass);
    if (counts.connections_cut > 0 || counts.frames_cut > 0)
        point_problem(
            p, p->path,
            "open connections have more packets than a checkpoint holds: if the program has to start again, "
            "the older ones are missing");
}

static void put_rest(struct saving *s)
{
    s->pass = carry_pass_new(s->point->session);
    if (s->pass == NULL) {
        s->status = P2T_ERR_MEMORY;
        return;
    }
    put_session(s);
    if (s->status == P2T_OK)
        put_frames(s);
    carry_pass_free(s->pass);
    buf_fini(&s->place);
}

int point_save(struct point *p)
{
    struct saving s = {.point = p};
    int error;

    s.status = journal_write(&p->journal, &p->processed, &error);
    if (s.status != P2T_OK)
        return point_fail(p, p->journal.base, s.status, error);
    s.status = checkpoint_create(&s.writer, p->checkpoint);
    if (s.status == P2T_OK)
        put_head(&s);
    if (!p->final && s.status == P2T_OK)
        put_rest(&s);
    if (s.status == P2T_OK)
        s.status = checkpoint_finish(&s.writer);
    if (s.status == P2T_OK)
        s.status = store_publish(&s.writer.store);
    error = s.writer.store.error;
    checkpoint_fini(&s.writer);
    if (s.status != P2T_OK)
        return point_fail(p, p->checkpoint, s.status, error);
    journal_published(&p->journal);
    p->has_checkpoint = true;
    p->has_frames = !p->final;
    names_sweep(&p->names, p->next_file);
    return P2T_OK;
}
