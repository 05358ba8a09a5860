#include "cli/add_up.h"

#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/written.h"

static void say_choice(const struct cli_options *o)
{
    if (!o->quiet)
        report_line(o->captures[0], "filters read the exchanges that batch wrote instead of its summaries; what only "
                                    "'batch --all' writes is left out");
}

static int add_windows(struct feed *f, uint64_t *problems)
{
    struct written w = {.options = f->options, .filter = &f->filter, .summary = f->summary};
    const struct p2t_counters none = {0};

    if (!filter_is_empty(&f->filter))
        say_choice(f->options);
    int status = written_read(&w);
    *problems += w.problems;
    if (status == P2T_OK)
        written_say_open(&w);
    return status == P2T_OK ? p2t_summary_finish(f->summary, &none) : status;
}

int add_up_session(struct feed *f, struct p2t_config session, struct p2t_counters *counters, uint64_t *problems)
{
    int status = cli_session_open(&f->session, f->options, session);

    if (status == P2T_OK)
        status = cli_session_read(f->session, &f->filter);
    if (status != P2T_OK)
        return status;
    p2t_session_counters(f->session, counters);
    *problems += counters->problems;
    return P2T_OK;
}

int add_up_captures(struct feed *f, struct p2t_config session, struct p2t_counters *counters, uint64_t *problems)
{
    int status = add_up_session(f, session, counters, problems);

    return status == P2T_OK ? p2t_summary_finish(f->summary, counters) : status;
}

int add_up(struct feed *f, uint64_t *problems)
{
    struct p2t_counters counters;

    return written_count(f->options) > 0 ? add_windows(f, problems)
                                         : add_up_captures(f, feed_config(f), &counters, problems);
}

int add_up_baseline(const struct cli_options *options, struct p2t_summary **baseline, uint64_t *problems)
{
    struct cli_options other = *options;
    const char *path = options->baseline;
    struct feed f = {.options = &other, .filter = options->filter};

    *baseline = NULL;
    if (path == NULL)
        return P2T_OK;
    other.captures = &path;
    other.capture_count = 1;
    f.filter.since = f.filter.until = (struct filter_time){0};
    int status = p2t_summary_new(&f.summary, &(struct p2t_summary_config){.memory = feed_summary_memory(options)});
    if (status == P2T_OK)
        status = add_up(&f, problems);
    p2t_session_free(f.session);
    *baseline = f.summary;
    return status;
}
