/* A point's session: making it, rebuilding it from the checkpoint, dropping it. */
#include <errno.h>
#include <stdlib.h>

#include "batch/state.h"

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct point *p = ctx;

    p->emitted = true;
    if (p->config->keeps != NULL && !p->config->keeps(p->config->ctx, x))
        return 0;
    p->write_status = p2t_summary_exchange(p->sums.summary, x);
    if (p->write_status != P2T_OK || (x->quiet && !p->config->all))
        return p->write_status != P2T_OK;
    p->exchanges++;
    p->write_status = out_writer_exchange(p->writer, x);
    return p->write_status != P2T_OK;
}

static void on_problem(void *ctx, const struct p2t_problem *problem)
{
    point_problem(ctx, problem->path, problem->text);
}

static const char *name_of(void *ctx, uint32_t file)
{
    const struct point *p = ctx;
    const struct name *n = names_find(&p->names, file);

    return n != NULL ? n->text : "";
}

static int make(struct point *p)
{
    struct p2t_config config = {.max_memory = p->max_memory,
                                .show_secrets = p->config->show_secrets,
                                .redact = p->config->redact,
                                .redact_count = p->config->redact_count,
                                .keep = p->config->keep,
                                .keep_count = p->config->keep_count,
                                .all = true, /* quiet ones are counted, too */
                                .ctx = p,
                                .exchange = on_exchange,
                                .connection = sums_connection,
                                .question = sums_question,
                                .problem = on_problem};
    int status = p2t_session_open(&p->session, &config, NULL);

    if (status == P2T_OK)
        status = session_feed_begin(p->session, name_of, p);
    return status == P2T_OK ? session_feed_keylog(p->session, p->config->keylog, !p->config->follow) : status;
}

static int take_record(struct point *p, const struct checkpoint_record *record)
{
    struct input_frame frame;
    struct slice name;
    uint32_t file;

    switch (record->type) {
    case CHECKPOINT_SESSION:
        return session_carry_load(p->session, record->bytes);
    case CHECKPOINT_NAME:
        return checkpoint_name(record, &file, &name) ? names_add(&p->names, file, name) : P2T_ERR_USAGE;
    case CHECKPOINT_FRAME:
        return checkpoint_frame(record, &frame) ? session_feed(p->session, &frame) : P2T_ERR_USAGE;
    case CHECKPOINT_PLACE:
        return session_carry_place(p->session, record->bytes);
    default:
        return P2T_OK;
    }
}

static int rebuild(struct point *p)
{
    struct checkpoint_reader r;
    struct checkpoint_record record;
    int got = checkpoint_open(&r, p->checkpoint), status = P2T_OK;

    if (got == CHECKPOINT_FOUND)
        while (status == P2T_OK && (got = checkpoint_next(&r, &record)) == 1)
            status = take_record(p, &record);
    checkpoint_close(&r);
    if (status == P2T_OK && got != 0)
        status = got < 0 ? got : P2T_ERR_USAGE;
    if (status == P2T_OK)
        session_carry_loaded(p->session);
    return status;
}

int point_restore(struct point *p)
{
    if (p->session != NULL)
        return P2T_OK;
    int status = make(p);
    p->sums.silent = true;
    if (status == P2T_OK && p->has_frames)
        status = rebuild(p);
    p->sums.silent = false;
    if (status == P2T_ERR_USAGE)
        return point_fail(p, p->checkpoint, status, 0);
    return status != P2T_OK ? point_fail(p, p->checkpoint, status, errno) : status;
}

void point_drop_session(struct point *p)
{
    p2t_session_free(p->session);
    p->session = NULL;
}
