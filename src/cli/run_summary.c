#include "cli/run_summary.h"

#include <stdlib.h>

#include "cli/session_open.h"
#include "cli/summing.h"
#include "summary/shown.h"

static int open_summary(struct summing *s)
{
    struct p2t_summary_config config = {.top = s->feed.options->top,
                                        .baseline = s->baseline,
                                        .memory = feed_summary_memory(s->feed.options),
                                        .jobs = cli_jobs(s->feed.options)};

    return p2t_summary_new(&s->feed.summary, &config);
}

static int read_all(struct summing *s)
{
    return add_up(&s->feed, &s->problems);
}

static int write_summary(struct summing *s)
{
    enum p2t_summary_format format = s->feed.options->action == CLI_DOCTOR        ? P2T_SUMMARY_DOCTOR
                                     : s->feed.options->format == OUT_FORMAT_JSON ? P2T_SUMMARY_JSON
                                                                                  : P2T_SUMMARY_TEXT;
    size_t n;

    summary_show_times(s->feed.summary, s->feed.options->time);
    char *text = p2t_summary_write(s->feed.summary, format, &n);

    if (text == NULL)
        return P2T_ERR_MEMORY;
    if (format != P2T_SUMMARY_JSON)
        output_is_text(&s->output, !s->feed.options->verbose);
    int status = output_write(&s->output, text, n);
    free(text);
    return status;
}

int run_summary(const struct cli_options *o)
{
    static const struct summing_work work = {open_summary, read_all, write_summary, NULL};
    struct summing s = {0};

    return summing_run(&s, o, &work);
}
