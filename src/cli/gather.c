#include "cli/gather_parts.h"

#include <stdlib.h>

#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/written.h"
#include "pcap2trace/summary.h"

enum { STEP_FRAMES = 65536 };

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct gather *g = ctx;
    int status = g->summary != NULL ? p2t_summary_exchange(g->summary, x) : P2T_OK;

    if (status != P2T_OK || !filter_keeps(&g->filter, x))
        return status;
    gather_note_found(g, x);
    return subjects_add(&g->subjects, x);
}

static int on_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct gather *g = ctx;

    return p2t_summary_connection(g->summary, record);
}

static void on_question(void *ctx, const struct p2t_question *q)
{
    struct gather *g = ctx;

    p2t_summary_question(g->summary, q);
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    struct gather *g = ctx;

    if (!g->options->quiet)
        report_line(p->path, p->text);
}

static int read_all(struct gather *g)
{
    int more = cli_session_begin(g->session, &g->filter);

    while (more > 0 && signals_stop() == 0)
        more = p2t_session_step(g->session, STEP_FRAMES);
    if (more > 0)
        more = p2t_session_finish(g->session);
    return more;
}

int gather_run(struct gather *g, const struct cli_options *o, struct p2t_summary *summary)
{
    *g = (struct gather){.options = o, .filter = o->filter, .summary = summary};
    g->found = calloc(o->filter.id_count + o->filter.trace_ids.n + 1, sizeof *g->found);
    if (g->found == NULL)
        return P2T_ERR_MEMORY;
    g->config = (struct p2t_config){
        .jobs = cli_jobs(o), .ctx = g, .all = true, .exchange = on_exchange, .problem = on_problem};
    if (summary != NULL) {
        g->config.connection = on_connection;
        g->config.question = on_question;
    }
    cli_session_config(&g->config, o);
    const char *unfit = written_unfit(o);
    if (unfit != NULL) {
        report_line(NULL, unfit);
        return P2T_ERR_USAGE;
    }
    if (written_count(o) > 0)
        return gather_written(g);
    int status = cli_session_open(&g->session, o, g->config);
    if (status == P2T_OK)
        status = read_all(g);
    if (status == P2T_OK)
        p2t_session_counters(g->session, &g->counters);
    return status;
}

void gather_fini(struct gather *g)
{
    p2t_session_free(g->session);
    subjects_fini(&g->subjects);
    free(g->found);
    for (size_t i = 0; i < g->path_count; i++)
        free((void *)(uintptr_t)g->paths[i]);
    free(g->paths);
}
