#include "cli/run_sqlite.h"

#include <string.h>

#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/sqlite.h"
#include "pcap2trace/session.h"

enum { EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, EXIT_SIGNAL = 128 };
enum { STEP_FRAMES = 65536 };

struct run {
    const struct cli_options *options;
    struct filter filter;
    struct p2t_summary *summary; /* for the causes */
    struct p2t_session *session;
    struct sqlite *db;
    uint64_t kept;
    int write_status;
};

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;
    int status = filter_keeps(&r->filter, x) ? p2t_summary_exchange(r->summary, x) : P2T_OK;

    if (status != P2T_OK || !filter_keeps(&r->filter, x) || (x->quiet && !r->options->all))
        return status;
    r->write_status = sqlite_exchange(r->db, x);
    r->kept++;
    return r->write_status != P2T_OK || r->kept == r->options->count;
}

static int on_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct run *r = ctx;

    return p2t_summary_connection(r->summary, record);
}

static void on_question(void *ctx, const struct p2t_question *q)
{
    struct run *r = ctx;

    p2t_summary_question(r->summary, q);
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    struct run *r = ctx;

    if (!r->options->quiet)
        report_line(p->path, p->text);
}

/* With -c it stops at the exact exchange, as other formats do. */
static int read_all(struct run *r)
{
    struct p2t_config config = {.jobs = r->options->count > 0 ? 1 : cli_jobs(r->options),
                                .ctx = r,
                                .all = true,
                                .exchange = on_exchange,
                                .connection = on_connection,
                                .question = on_question,
                                .problem = on_problem};
    int more = cli_session_open(&r->session, r->options, config);

    if (more == P2T_OK)
        more = cli_session_begin(r->session, &r->filter);
    while (more > 0 && signals_stop() == 0)
        more = p2t_session_step(r->session, STEP_FRAMES);
    return more > 0 ? p2t_session_finish(r->session) : more;
}

static int finish(struct run *r, int status)
{
    struct p2t_counters counters;

    if (r->write_status != P2T_OK) {
        report_line(r->options->output, sqlite_problem(r->db));
        return EXIT_TROUBLE;
    }
    if (status == P2T_ERR_USAGE)
        return EXIT_USAGE;
    if (status != P2T_OK && status != P2T_ERR_STOPPED) {
        report_line(NULL, status == P2T_ERR_MEMORY ? "out of memory" : "reading failed");
        return EXIT_TROUBLE;
    }
    p2t_session_counters(r->session, &counters);
    if (p2t_summary_finish(r->summary, &counters) != P2T_OK || sqlite_finish(r->db, r->summary) != P2T_OK) {
        report_line(r->options->output, sqlite_problem(r->db));
        return EXIT_TROUBLE;
    }
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    return counters.problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

static bool reads_stdin(const struct cli_options *o)
{
    for (size_t i = 0; i < o->capture_count; i++)
        if (strcmp(o->captures[i], "-") == 0)
            return true;
    return false;
}

int run_sqlite(const struct cli_options *o)
{
    struct run r = {.options = o, .filter = o->filter};
    int code = EXIT_TROUBLE;

    signals_install(reads_stdin(o));
    if (sqlite_open(&r.db, o->output) != P2T_OK)
        report_line(o->output, sqlite_problem(r.db));
    else if (p2t_summary_new(&r.summary, &(struct p2t_summary_config){0}) != P2T_OK)
        report_line(NULL, "out of memory");
    else
        code = finish(&r, read_all(&r));
    p2t_session_free(r.session);
    p2t_summary_free(r.summary);
    sqlite_close(r.db);
    return code;
}
