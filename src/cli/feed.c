#include "cli/feed.h"

#include "cli/report.h"
#include "cli/session_open.h"

int feed_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct feed *f = ctx;

    return filter_keeps(&f->filter, x) ? p2t_summary_exchange(f->summary, x) : P2T_OK;
}

int feed_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct feed *f = ctx;

    return p2t_summary_connection(f->summary, record);
}

void feed_question(void *ctx, const struct p2t_question *q)
{
    struct feed *f = ctx;

    p2t_summary_question(f->summary, q);
}

void feed_problem(void *ctx, const struct p2t_problem *p)
{
    struct feed *f = ctx;

    if (!f->options->quiet)
        report_line(p->path, p->text);
}

size_t feed_summary_memory(const struct cli_options *o)
{
    return (o->max_memory != 0 ? o->max_memory : P2T_MEMORY_DEFAULT) * 5 / 8;
}

struct p2t_config feed_config(struct feed *f)
{
    return (struct p2t_config){.jobs = cli_jobs(f->options),
                               .ctx = f,
                               .all = true,
                               .exchange = feed_exchange,
                               .connection = feed_connection,
                               .question = feed_question,
                               .problem = feed_problem};
}

void feed_fini(struct feed *f)
{
    p2t_session_free(f->session);
    p2t_summary_free(f->summary);
}
