#include "cli/run_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "batch/states.h"
#include "cli/ending.h"
#include "cli/feed.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "pcap2trace/summary.h"

struct run {
    struct feed feed;
    struct p2t_summary *baseline;
    struct output output;
    uint64_t problems; /* of all captures read */
};

static int write_summary(struct run *r)
{
    enum p2t_summary_format format = r->feed.options->action == CLI_DOCTOR        ? P2T_SUMMARY_DOCTOR
                                     : r->feed.options->format == OUT_FORMAT_JSON ? P2T_SUMMARY_JSON
                                                                                  : P2T_SUMMARY_TEXT;
    size_t n;
    char *text = p2t_summary_write(r->feed.summary, format, &n);

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

    return p2t_summary_load(r->feed.summary, bytes, n);
}

static void on_state_problem(void *ctx, const char *path, const char *text)
{
    struct run *r = ctx;

    r->problems++;
    if (!r->feed.options->quiet)
        report_line(path, text);
}

static int add_states(struct run *r)
{
    const struct states_sink sink = {r, on_state, on_state_problem};
    const struct p2t_counters none = {0};
    int status = P2T_OK;

    for (size_t i = 0; i < r->feed.options->capture_count && status == P2T_OK; i++)
        status = states_read(r->feed.options->captures[i], &sink);
    return status == P2T_OK ? p2t_summary_finish(r->feed.summary, &none) : status;
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
    int status = p2t_summary_new(&r->feed.summary, config);

    if (status == P2T_OK && count_batch_outputs(r->feed.options) > 0)
        return add_states(r);
    if (status == P2T_OK)
        status = cli_session_open(&r->feed.session, r->feed.options, feed_config(&r->feed));
    if (status == P2T_OK)
        status = cli_session_read(r->feed.session, &r->feed.filter);
    if (status != P2T_OK)
        return status;
    p2t_session_counters(r->feed.session, &counters);
    r->problems += counters.problems;
    return p2t_summary_finish(r->feed.summary, &counters);
}

/* Another time: the choice of exchanges holds there, too, but for when they began. */
static int read_baseline(struct run *r)
{
    struct cli_options options = *r->feed.options;
    const char *path = options.baseline;
    struct run other = {.feed = {.options = &options, .filter = options.filter}};

    options.captures = &path;
    options.capture_count = 1;
    other.feed.filter.since = other.feed.filter.until = (struct filter_time){0};
    int status = summarize(&other, &(struct p2t_summary_config){0});
    p2t_session_free(other.feed.session);
    r->baseline = other.feed.summary;
    r->problems += other.problems;
    return status;
}

static int summarize_all(struct run *r)
{
    struct p2t_summary_config config = {.top = r->feed.options->top};
    int status = r->feed.options->baseline != NULL ? read_baseline(r) : P2T_OK;

    config.baseline = r->baseline;
    if (status == P2T_OK && signals_stop() == 0)
        status = summarize(r, &config);
    return status == P2T_OK && r->feed.summary != NULL ? write_summary(r) : status;
}

static bool same_folder(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool names_one_twice(const struct cli_options *o)
{
    for (size_t i = 1; i < o->capture_count; i++)
        for (size_t k = 0; k < i; k++)
            if (same_folder(o->captures[i], o->captures[k]))
                return true;
    return false;
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
    if (names_one_twice(o))
        return "a folder that batch wrote to is named twice: its calls would count twice";
    if (!filter_is_empty(&o->filter))
        return "what batch wrote is summed up as a whole: to choose exchanges, name the captures";
    return o->bpf != NULL ? "-f chooses packets: name the captures for that" : NULL;
}

static int run(struct run *r)
{
    const char *unfit = unfit_for_states(r->feed.options);

    if (unfit != NULL) {
        report_line(NULL, unfit);
        return EXIT_USAGE;
    }
    if (output_open(&r->output, r->feed.options->output) != P2T_OK) {
        report_line(r->feed.options->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    int status = summarize_all(r);
    if (status != P2T_OK)
        return ending_failed(r->feed.options, &r->output, status);
    if (signals_stop() != 0) {
        if (r->feed.session != NULL)
            report_interrupted(r->feed.session);
        return EXIT_SIGNAL + signals_stop();
    }
    return r->problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

int run_summary(const struct cli_options *o)
{
    struct run r = {.feed = {.options = o, .filter = o->filter}, .output = {.fd = -1}};

    signals_install(cli_reads_stdin(o));
    int code = run(&r);
    feed_fini(&r.feed);
    p2t_summary_free(r.baseline);
    return code;
}
