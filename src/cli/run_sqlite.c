#include "cli/run_sqlite.h"

#include <string.h>

#include "cli/ending.h"
#include "cli/feed.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/sqlite.h"
#include "pcap2trace/session.h"

enum { STEP_FRAMES = 65536 };

struct run {
    struct feed feed; /* the summary's are the causes */
    struct sqlite *db;
    uint64_t kept;
    int write_status;
};

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;
    int status = filter_keeps(&r->feed.filter, x) ? p2t_summary_exchange(r->feed.summary, x) : P2T_OK;

    if (status != P2T_OK || !filter_keeps(&r->feed.filter, x) || (x->quiet && !r->feed.options->all))
        return status;
    r->write_status = sqlite_exchange(r->db, x);
    r->kept++;
    return r->write_status != P2T_OK || r->kept == r->feed.options->count;
}

/* With -c it stops at the exact exchange, as other formats do. */
static int read_all(struct run *r)
{
    struct p2t_config config = feed_config(&r->feed);

    config.exchange = on_exchange;
    if (r->feed.options->count > 0)
        config.jobs = 1;
    int more = cli_session_open(&r->feed.session, r->feed.options, config);

    if (more == P2T_OK)
        more = cli_session_begin(r->feed.session, &r->feed.filter);
    while (more > 0 && signals_stop() == 0)
        more = p2t_session_step(r->feed.session, STEP_FRAMES);
    return more > 0 ? p2t_session_finish(r->feed.session) : more;
}

static int finish(struct run *r, int status)
{
    struct p2t_counters counters;

    if (r->write_status != P2T_OK) {
        report_line(r->feed.options->output, sqlite_problem(r->db));
        return EXIT_TROUBLE;
    }
    if (status == P2T_ERR_USAGE)
        return EXIT_USAGE;
    if (status != P2T_OK && status != P2T_ERR_STOPPED) {
        report_line(NULL, status == P2T_ERR_MEMORY ? "out of memory" : "reading failed");
        return EXIT_TROUBLE;
    }
    p2t_session_counters(r->feed.session, &counters);
    if (p2t_summary_finish(r->feed.summary, &counters) != P2T_OK ||
        sqlite_finish(r->db, r->feed.summary, signals_stop() == 0 && counters.problems == 0) != P2T_OK) {
        report_line(r->feed.options->output, sqlite_problem(r->db));
        return EXIT_TROUBLE;
    }
    if (signals_stop() != 0)
        report_interrupted(r->feed.session);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    return counters.problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

static int say_not_opened(const struct run *r)
{
    report_line(r->feed.options->output, sqlite_problem(r->db));
    return signals_stop() != 0 ? EXIT_SIGNAL + signals_stop() : EXIT_TROUBLE;
}

int run_sqlite(const struct cli_options *o)
{
    struct run r = {.feed = {.options = o, .filter = o->filter}};
    int code = EXIT_TROUBLE;

    signals_install(cli_reads_stdin(o));
    if (sqlite_open(&r.db, o->output, cli_jobs(o) > 1) != P2T_OK)
        code = say_not_opened(&r);
    else if (p2t_summary_new(&r.feed.summary, &(struct p2t_summary_config){.memory = feed_summary_memory(o),
                                                                           .jobs = cli_jobs(o)}) != P2T_OK)
        report_line(NULL, "out of memory");
    else
        code = finish(&r, read_all(&r));
    feed_fini(&r.feed);
    sqlite_close(r.db);
    return code;
}
