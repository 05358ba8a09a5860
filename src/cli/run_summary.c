#include "cli/run_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch/states.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "pcap2trace/summary.h"

enum { EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, EXIT_SIGNAL = 128, EXIT_PIPE = 141 };

struct run {
    const struct cli_options *options;
    struct filter filter; /* the options', which knows the first packet */
    struct p2t_summary *summary, *baseline;
    struct p2t_session *session;
    struct output output;
    uint64_t problems; /* of all captures read */
};

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    return filter_keeps(&r->filter, x) ? p2t_summary_exchange(r->summary, x) : 0;
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

static int read_all(struct run *r)
{
    struct p2t_config config = {.jobs = cli_jobs(r->options),
                                .ctx = r,
                                .all = true,
                                .exchange = on_exchange,
                                .connection = on_connection,
                                .question = on_question,
                                .problem = on_problem};
    int status = cli_session_open(&r->session, r->options, config);

    return status == P2T_OK ? cli_session_read(r->session, &r->filter) : status;
}

static int write_summary(struct run *r)
{
    enum p2t_summary_format format = r->options->action == CLI_DOCTOR        ? P2T_SUMMARY_DOCTOR
                                     : r->options->format == OUT_FORMAT_JSON ? P2T_SUMMARY_JSON
                                                                             : P2T_SUMMARY_TEXT;
    size_t n;
    char *text = p2t_summary_write(r->summary, format, &n);

    if (text == NULL)
        return P2T_ERR_MEMORY;
    int status = output_write(&r->output, text, n);
    free(text);
    return status == P2T_OK ? output_commit(&r->output) : status;
}

/* ---- what batch wrote ---- */

static int on_state(void *ctx, const uint8_t *bytes, size_t n)
{
    struct run *r = ctx;

    return p2t_summary_load(r->summary, bytes, n);
}

static void on_state_problem(void *ctx, const char *path, const char *text)
{
    struct run *r = ctx;

    r->problems++;
    if (!r->options->quiet)
        report_line(path, text);
}

static int add_states(struct run *r)
{
    const struct states_sink sink = {r, on_state, on_state_problem};
    const struct p2t_counters none = {0};
    int status = P2T_OK;

    for (size_t i = 0; i < r->options->capture_count && status == P2T_OK; i++)
        status = states_read(r->options->captures[i], &sink);
    return status == P2T_OK ? p2t_summary_finish(r->summary, &none) : status;
}

/* How many of the operands are folders that batch wrote to. */
static size_t count_batch_outputs(const struct cli_options *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->capture_count; i++)
        n += states_are_in(o->captures[i]);
    return n;
}

/* ---- a summary ---- */

static int summarize(struct run *r, const struct p2t_summary_config *config)
{
    struct p2t_counters counters;
    int status = p2t_summary_new(&r->summary, config);

    if (status == P2T_OK && count_batch_outputs(r->options) > 0)
        return add_states(r);
    if (status == P2T_OK)
        status = read_all(r);
    if (status != P2T_OK)
        return status;
    p2t_session_counters(r->session, &counters);
    r->problems += counters.problems;
    return p2t_summary_finish(r->summary, &counters);
}

/* Another time: the choice of exchanges holds there, too, but for when they began. */
static int read_baseline(struct run *r)
{
    struct cli_options options = *r->options;
    const char *path = options.baseline;
    struct run other = {.options = &options, .filter = options.filter};

    options.captures = &path;
    options.capture_count = 1;
    other.filter.since = other.filter.until = (struct filter_time){0};
    int status = summarize(&other, &(struct p2t_summary_config){0});
    p2t_session_free(other.session);
    r->baseline = other.summary;
    r->problems += other.problems;
    return status;
}

static int summarize_all(struct run *r)
{
    struct p2t_summary_config config = {.top = r->options->top};
    int status = r->options->baseline != NULL ? read_baseline(r) : P2T_OK;

    config.baseline = r->baseline;
    if (status == P2T_OK && signals_stop() == 0)
        status = summarize(r, &config);
    return status == P2T_OK && r->summary != NULL ? write_summary(r) : status;
}

static int say_failure(struct run *r, int status)
{
    int error = r->output.error;

    output_abandon(&r->output);
    if (error == EPIPE)
        return EXIT_PIPE;
    if (status == P2T_ERR_USAGE)
        return EXIT_USAGE;
    if (status == P2T_ERR_IO)
        report_line(r->options->output != NULL ? r->options->output : "standard output", strerror(error));
    else
        report_line(NULL, status == P2T_ERR_MEMORY ? "out of memory" : "reading failed");
    return EXIT_TROUBLE;
}

/* Why the options do not fit folders that batch wrote to; NULL: they do, or there are none. */
static const char *unfit_for_states(const struct cli_options *o)
{
    size_t n = count_batch_outputs(o);

    if (o->baseline != NULL && states_are_in(o->baseline) && !filter_is_empty(&o->filter))
        return "a baseline that batch wrote is of all its exchanges: to choose some, name captures";
    if (n == 0)
        return NULL;
    if (n < o->capture_count)
        return "captures and folders that batch wrote to are not summed up together";
    if (!filter_is_empty(&o->filter))
        return "what batch wrote is summed up as a whole: to choose exchanges, name the captures";
    return o->bpf != NULL ? "-f chooses packets: name the captures for that" : NULL;
}

static int run(struct run *r)
{
    const char *unfit = unfit_for_states(r->options);

    if (unfit != NULL) {
        report_line(NULL, unfit);
        return EXIT_USAGE;
    }
    if (output_open(&r->output, r->options->output) != P2T_OK) {
        report_line(r->options->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    int status = summarize_all(r);
    if (status != P2T_OK)
        return say_failure(r, status);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    return r->problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

static bool reads_stdin(const struct cli_options *o)
{
    for (size_t i = 0; i < o->capture_count; i++)
        if (strcmp(o->captures[i], "-") == 0)
            return true;
    return false;
}

int run_summary(const struct cli_options *o)
{
    struct run r = {.options = o, .filter = o->filter, .output = {.fd = -1}};

    signals_install(reads_stdin(o));
    int code = run(&r);
    p2t_session_free(r.session);
    p2t_summary_free(r.summary);
    p2t_summary_free(r.baseline);
    return code;
}
