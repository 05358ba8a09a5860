#include "cli/run_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ending.h"
#include "cli/feed.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/written.h"
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

static void say_choice(const struct run *r)
{
    if (!r->feed.options->quiet)
        report_line(r->feed.options->captures[0], "exchanges are chosen by what batch wrote of them, beside its "
                                                  "summaries; what only 'batch --all' writes is left out");
}

static int add_windows(struct run *r)
{
    struct written w = {.options = r->feed.options, .filter = &r->feed.filter, .summary = r->feed.summary};
    const struct p2t_counters none = {0};

    if (!filter_is_empty(&r->feed.filter))
        say_choice(r);
    int status = written_read(&w);
    r->problems += w.problems;
    return status == P2T_OK ? p2t_summary_finish(r->feed.summary, &none) : status;
}

/* ---- a summary ---- */

static int summarize(struct run *r, const struct p2t_summary_config *config)
{
    struct p2t_counters counters;
    int status = p2t_summary_new(&r->feed.summary, config);

    if (status == P2T_OK && written_count(r->feed.options) > 0)
        return add_windows(r);
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

static int run(struct run *r)
{
    const char *unfit = written_unfit(r->feed.options);

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
