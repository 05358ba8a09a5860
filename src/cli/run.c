#include "cli/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ending.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/written.h"
#include "pcap2trace/session.h"

/* Frames between two checks of signals and clock: a few milliseconds. */
enum { STEP_FRAMES = 4096 };

struct run {
    const struct cli_options *options;
    struct filter filter; /* the options', which knows the first packet */
    struct p2t_session *session;
    struct out_writer *writer;
    struct out_chunk chunks[P2T_SLOTS];
    struct output output;
    struct progress progress;
    uint64_t kept;
    _Atomic uint64_t open; /* calls that --failed leaves out: see filter_leaves_open() */
    int write_status;
    bool live; /* standard input is a pipe or a terminal: packets may come slowly */
};

/* ---- callbacks ---- */

static bool is_wanted(struct run *r, const struct p2t_exchange *x)
{
    if (filter_keeps(&r->filter, x))
        return true;
    r->open += filter_leaves_open(&r->filter, x);
    return false;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    if (!is_wanted(r, x))
        return 0;
    r->write_status = out_writer_exchange(r->writer, x);
    r->kept++;
    return r->write_status != P2T_OK || r->kept == r->options->count;
}

/* On several threads. */
static int on_prepare(void *ctx, size_t slot, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    if (is_wanted(r, x))
        out_chunk_exchange(&r->chunks[slot], r->writer, x);
    return 0;
}

static int on_prepared(void *ctx, size_t slot)
{
    struct run *r = ctx;

    r->kept += r->chunks[slot].count;
    r->write_status = out_writer_chunk(r->writer, &r->chunks[slot]);
    return r->write_status != P2T_OK;
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    struct run *r = ctx;

    if (r->options->quiet)
        return;
    report_line(p->path, p->text);
}

/* ---- opening ---- */

static bool color_wanted(const struct cli_options *o)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (o->color != CLI_AUTO)
        return o->color == CLI_ALWAYS;
    return o->output == NULL && isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

static bool is_regular(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Not among exchanges that scroll over the same terminal, nor where a program reads them that writes there itself. */
static bool progress_wanted(const struct cli_options *o)
{
    if (o->progress != CLI_AUTO)
        return o->progress == CLI_ALWAYS;
    return !o->quiet && isatty(STDERR_FILENO) && (o->output != NULL || is_regular(STDOUT_FILENO));
}

static bool stdin_is_live(void)
{
    return !is_regular(STDIN_FILENO);
}

static bool is_pipe(const char *capture)
{
    struct stat st;

    return strcmp(capture, "-") != 0 && stat(capture, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* What comes slowly is shown as it comes. */
static size_t bytes_to_sort(const struct run *r)
{
    enum { SORTED_BYTES = 64 << 20 };
    const struct cli_options *o = r->options;

    if ((o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_CSV && o->format != OUT_FORMAT_LINES) || r->live)
        return 0;
    for (size_t i = 0; i < o->capture_count; i++)
        if (is_pipe(o->captures[i]))
            return 0;
    return SORTED_BYTES;
}

static bool is_folder(const char *capture)
{
    struct stat st;

    return stat(capture, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct out_options out_options_of(const struct run *r)
{
    const struct cli_options *o = r->options;
    size_t columns = o->output == NULL ? terminal_columns() : 0;

    return (struct out_options){.color = color_wanted(o),
                                .compact = o->compact,
                                .full = o->verbose,
                                .several_files = o->capture_count > 1 || is_folder(o->captures[0]),
                                .cut = columns > 0 && !o->verbose,
                                .width = columns,
                                .time = o->time,
                                .sort_bytes = bytes_to_sort(r)};
}

static int open_output(struct run *r)
{
    const struct cli_options *o = r->options;
    struct out_options options = out_options_of(r);
    struct out_sink sink = {&r->output, output_write};

    if (output_open(&r->output, o->output) != P2T_OK) {
        report_line(o->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    r->writer = out_writer_new(o->format, &options, &sink);
    if (r->writer != NULL)
        return EXIT_OK;
    report_line(NULL, "out of memory");
    return EXIT_TROUBLE;
}

/* One job for slow input, which gains nothing by more, and with -c, which then stops at the exact exchange. */
static unsigned jobs_for(const struct run *r)
{
    return r->live || r->options->count > 0 ? 1 : cli_jobs(r->options);
}

static int open_session(struct run *r)
{
    struct p2t_config config = {.jobs = jobs_for(r),
                                .ctx = r,
                                .exchange = on_exchange,
                                .problem = on_problem,
                                .prepare = on_prepare,
                                .prepared = on_prepared};
    int status = cli_session_open(&r->session, r->options, config);

    if (status == P2T_ERR_MEMORY)
        report_line(NULL, "out of memory");
    return status == P2T_OK ? EXIT_OK : status == P2T_ERR_USAGE ? EXIT_USAGE : EXIT_TROUBLE;
}

/* ---- reading ---- */

static bool more_waits_on_stdin(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* Writes finished exchanges before waiting for the next packet. False: they cannot be written. */
static bool flush_when_idle(struct run *r)
{
    if (r->live && r->write_status == P2T_OK && out_writer_pending(r->writer) && !more_waits_on_stdin())
        r->write_status = out_writer_flush(r->writer);
    return !r->live || r->write_status == P2T_OK;
}

/* With more than one job, on_exchange() runs on another thread: its data must not be read before the session has finished. */
static int read_all(struct run *r)
{
    size_t frames = r->live ? 1 : STEP_FRAMES;
    bool going = true;
    int more;

    more = cli_session_begin(r->session, &r->filter);
    out_writer_first_packet(r->writer, r->filter.first_packet_ns);
    while (more > 0) {
        more = p2t_session_step(r->session, frames);
        going = flush_when_idle(r);
        if (signals_take_progress())
            progress_report(&r->progress, r->session);
        progress_tick(&r->progress, r->session);
        if (!going || signals_stop() != 0)
            break;
    }
    return more > 0 && going ? p2t_session_finish(r->session) : more;
}

/* ---- the end ---- */

static int write_failure(struct run *r)
{
    int error = r->output.error;

    output_abandon(&r->output);
    if (error == EPIPE)
        return EXIT_PIPE;
    report_line(r->options->output != NULL ? r->options->output : "standard output",
                error != 0 ? strerror(error) : "out of memory");
    return EXIT_TROUBLE;
}

static int close_output(struct run *r)
{
    if (r->write_status == P2T_OK)
        r->write_status = out_writer_finish(r->writer);
    if (r->write_status == P2T_OK)
        r->write_status = output_commit(&r->output);
    return r->write_status == P2T_OK ? EXIT_OK : write_failure(r);
}

/* By default, where somebody looks on. */
static bool is_seen_briefly(const struct cli_options *o)
{
    return o->format == OUT_FORMAT_LINES && !o->format_given && !o->verbose && o->output == NULL &&
           isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

static void say_how_it_went(const struct run *r)
{
    const struct cli_options *o = r->options;

    if (o->verbose)
        report_counters(r->session);
    if (o->stages)
        report_stages(r->session);
    if (o->quiet)
        return;
    if (out_writer_runs(r->writer) > 1)
        report_runs(out_writer_runs(r->writer));
    if (signals_stop() != 0)
        report_interrupted(r->session);
    else if (o->keylog != NULL && o->count == 0)
        report_keylog(r->session, o->keylog);
    if (signals_stop() == 0 && r->kept == 0)
        report_nothing(r->session, !filter_is_empty(&o->filter));
    if (signals_stop() == 0 && r->kept == 0 && o->filter.trace_ids.n > 0)
        report_line(NULL,
                    "an id is on the wire only if its request left; of one that did not, 'pcap2trace compare --live "
                    "LOG CAPTURE' finds the lookup or dial");
    if (r->open > 0)
        report_open(r->open);
    if (r->kept > 0 && is_seen_briefly(o))
        report_line(NULL, "one line each; -T text shows all events, -v adds ids for --id");
}

static int finish(struct run *r, int status)
{
    struct p2t_counters c;
    int wrote = close_output(r);

    terminal_wipe();
    if (wrote != EXIT_OK)
        return wrote;
    if (status != P2T_OK && status != P2T_ERR_STOPPED) {
        report_line(NULL, status == P2T_ERR_MEMORY ? "out of memory" : "reading failed");
        return EXIT_TROUBLE;
    }
    say_how_it_went(r);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    p2t_session_counters(r->session, &c);
    if (c.files == 0 && written_count(r->options) > 0)
        report_line(
            NULL,
            "batch wrote this folder: 'pcap2trace explain --id ID FOLDER' tells a call of it, summary and report "
            "read it, and its .ndjson files have the exchanges");
    return c.problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

int run_trace(const struct cli_options *o)
{
    struct run r = {.options = o, .filter = o->filter, .output = {.fd = -1}};
    int code;

    r.live = cli_reads_stdin(o) && stdin_is_live();
    signals_install(cli_reads_stdin(o));
    progress_begin(&r.progress, progress_wanted(o));
    code = open_session(&r);
    if (code == EXIT_OK)
        code = open_output(&r);
    if (code == EXIT_OK)
        code = finish(&r, read_all(&r));
    else
        output_abandon(&r.output);
    p2t_session_free(r.session);
    out_writer_free(r.writer);
    for (size_t i = 0; i < P2T_SLOTS; i++)
        out_chunk_fini(&r.chunks[i]);
    return code;
}
