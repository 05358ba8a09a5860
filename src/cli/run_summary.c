#include "cli/run_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/add_up.h"
#include "cli/ending.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/written.h"
#include "pcap2trace/session.h"
#include "summary/shown.h"

enum { GIVEN_UP = 1 };

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

    summary_show_times(r->feed.summary, r->feed.options->time);
    char *text = p2t_summary_write(r->feed.summary, format, &n);

    if (text == NULL)
        return P2T_ERR_MEMORY;
    if (format != P2T_SUMMARY_JSON)
        output_is_text(&r->output, !r->feed.options->verbose);
    int status = output_write(&r->output, text, n);
    free(text);
    return status == P2T_OK ? output_commit(&r->output) : status;
}

/* No capture among the operands, each of which was said to be none: a summary would speak of captures. */
static bool nothing_was_read(const struct run *r)
{
    struct p2t_counters counters = {0};

    if (r->feed.session == NULL || signals_stop() != 0)
        return false;
    p2t_session_counters(r->feed.session, &counters);
    return counters.files == 0 && counters.problems > 0;
}

static int summarize_all(struct run *r)
{
    struct p2t_summary_config config = {.top = r->feed.options->top, .memory = feed_summary_memory(r->feed.options)};
    int status = add_up_baseline(r->feed.options, &r->baseline, &r->problems);

    config.baseline = r->baseline;
    if (status == P2T_OK && signals_stop() == 0)
        status = add_up(&r->feed, &config, &r->problems);
    if (status == P2T_OK && nothing_was_read(r))
        return GIVEN_UP;
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
    if (status == GIVEN_UP) {
        output_abandon(&r->output);
        return EXIT_TROUBLE;
    }
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
