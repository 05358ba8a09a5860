#include "cli/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "pcap2trace/summary.h"

enum { STEP_FRAMES = 65536 };

static bool has_id(const struct filter_id *id, const struct p2t_exchange *x)
{
    return x->id >= id->first && x->id <= id->last;
}

static bool has_trace_id(const char *wanted, const struct p2t_exchange *x)
{
    return slice_ieq(slice_str(wanted), slice_of(x->trace_id.p, x->trace_id.n));
}

static void note_found(struct gather *g, const struct p2t_exchange *x)
{
    const struct filter *f = &g->filter;

    for (size_t i = 0; i < f->id_count; i++)
        g->found[i] |= has_id(&f->ids[i], x);
    for (size_t i = 0; i < f->trace_ids.n; i++)
        g->found[f->id_count + i] |= has_trace_id(f->trace_ids.item[i], x);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct gather *g = ctx;
    int status = g->summary != NULL ? p2t_summary_exchange(g->summary, x) : P2T_OK;

    if (status != P2T_OK || !filter_keeps(&g->filter, x))
        return status;
    note_found(g, x);
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
    int status = cli_session_open(&g->session, o, g->config);
    if (status == P2T_OK)
        status = read_all(g);
    if (status == P2T_OK)
        p2t_session_counters(g->session, &g->counters);
    return status;
}

static void say_missing(const char *what, const char *id)
{
    struct buf text = {0};

    buf_printf(&text, "no exchange of these captures has this %s; 'pcap2trace --all -T lines CAPTURE' lists them",
               what);
    buf_putc(&text, '\0');
    report_line(id, text.failed ? "no exchange has it" : (const char *)text.p);
    buf_fini(&text);
}

bool gather_say_missing(const struct gather *g)
{
    const struct filter *f = &g->filter;
    bool any = false;

    for (size_t i = 0; i < f->id_count; i++) {
        char id[20];
        snprintf(id, sizeof id, "%016llx", (unsigned long long)f->ids[i].first);
        if (!g->found[i])
            say_missing(f->ids[i].first == f->ids[i].last ? "id" : "beginning of an id", id);
        any |= !g->found[i];
    }
    for (size_t i = 0; i < f->trace_ids.n; i++) {
        if (!g->found[f->id_count + i])
            say_missing("trace id", f->trace_ids.item[i]);
        any |= !g->found[f->id_count + i];
    }
    return any;
}

void gather_fini(struct gather *g)
{
    p2t_session_free(g->session);
    subjects_fini(&g->subjects);
    free(g->found);
}
