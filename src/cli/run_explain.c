#include "cli/run_explain.h"

#include <errno.h>
#include <string.h>

#include "cli/ending.h"
#include "cli/feed.h"
#include "cli/gather.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "explain/explain.h"

struct run {
    const struct cli_options *options;
    struct gather gather;
    struct p2t_summary *summary;
    struct buf text;
    struct output output;
    bool no_captures;
};

static int write_text(struct run *r)
{
    if (output_open(&r->output, r->options->output) != P2T_OK) {
        r->output.error = errno;
        return P2T_ERR_IO;
    }
    if (r->options->format == OUT_FORMAT_TEXT)
        output_is_text(&r->output, !r->options->verbose);
    int status = output_write(&r->output, r->text.p, r->text.n);
    return status == P2T_OK ? output_commit(&r->output) : status;
}

static int explain(struct run *r)
{
    const struct explain_config config = {.session = &r->gather.config,
                                          .subjects = &r->gather.subjects,
                                          .summary = r->summary,
                                          .format =
                                              r->options->format == OUT_FORMAT_JSON ? EXPLAIN_JSON : EXPLAIN_TEXT,
                                          .no_captures = r->no_captures,
                                          .stop = signals_asked};
    int status = p2t_summary_finish(r->summary, &r->gather.counters);

    if (status == P2T_OK)
        status = explain_run(&config, &r->text);
    return status == P2T_OK ? write_text(r) : status;
}

static int run(struct run *r)
{
    int status =
        p2t_summary_new(&r->summary, &(struct p2t_summary_config){.memory = feed_summary_memory(r->options)});

    if (status == P2T_OK)
        status = gather_run(&r->gather, r->options, r->summary);
    r->no_captures = status == GATHER_NO_CAPTURES;
    if (r->no_captures)
        status = P2T_OK;
    if (status != P2T_OK || signals_stop() != 0)
        return ending_failed(r->options, &r->output, status);
    bool missing = gather_say_missing(&r->gather);
    if (r->gather.subjects.count == 0)
        return EXIT_TROUBLE;
    status = explain(r);
    if (status != P2T_OK)
        return ending_failed(r->options, &r->output, status);
    return missing || r->no_captures || r->gather.counters.problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

int run_explain(const struct cli_options *o)
{
    struct run r = {.options = o, .output = {.fd = -1}};

    signals_install(false);
    int code = run(&r);
    gather_fini(&r.gather);
    p2t_summary_free(r.summary);
    buf_fini(&r.text);
    return code;
}
