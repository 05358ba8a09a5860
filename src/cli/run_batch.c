#include "cli/run_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/system.h"
#include "batch/batch.h"
#include "cli/ending.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"

/* The default of --settle. */
static const int64_t SETTLE_NS = 30000000000;

static bool keeps(void *ctx, const struct p2t_exchange *x)
{
    const struct cli_options *o = ctx;

    return filter_keeps(&o->filter, x);
}

static void say(void *ctx, const char *subject, const char *text)
{
    (void)ctx;
    report_line(subject, text);
}

/* In one piece: other capture points may tell theirs at the same time. */
static void alert(void *ctx, const char *line, size_t n)
{
    struct buf b = {0};

    (void)ctx;
    buf_put(&b, line, n);
    buf_putc(&b, '\n');
    if (!b.failed)
        (void)!write(STDOUT_FILENO, b.p, b.n);
    buf_fini(&b);
}

static bool stopped(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

static int64_t settle(const struct cli_batch *b)
{
    if (b->settle_ns >= 0)
        return b->settle_ns;
    return b->final || b->manifest != NULL ? 0 : SETTLE_NS;
}

static int exit_status(enum batch_result result)
{
    switch (result) {
    case BATCH_DONE:
        return EXIT_OK;
    case BATCH_STOPPED:
        return EXIT_SIGNAL + signals_stop();
    case BATCH_USAGE:
        return EXIT_USAGE;
    default:
        return EXIT_TROUBLE;
    }
}

int run_batch(const struct cli_options *o)
{
    const struct cli_batch *b = &o->batch;
    char *state = NULL;
    struct batch_config config = {
        .folder = o->capture_count > 0 ? o->captures[0] : NULL,
        .out = b->out,
        .state = b->state,
        .point_from = b->point_from,
        .settle_ns = settle(b),
        .follow = b->follow,
        .final = b->final,
        .say_waiting = !b->follow && !o->quiet && isatty(STDERR_FILENO), /* not to cron, each time */
        .zstd = b->zstd,
        .compact = o->compact,
        .alert = b->alert ? alert : NULL,
        .filter = o->bpf,
        .keylog = o->keylog,
        .max_memory = o->max_memory,
        .jobs = cli_jobs(o),
        .show_secrets = o->show_secrets,
        .redact = o->redact,
        .redact_count = o->redact_count,
        .keep = o->keep,
        .keep_count = o->keep_count,
        .all = o->all,
        .manifest = b->manifest,
        .shard = b->shard,
        .shards = b->shards,
        .ctx = (void *)o,
        .keeps = keeps,
        .say = say,
        .stopped = stopped,
    };

    signals_install(false);
    /* What one file took, the next one takes again. Given back to the system between them it would cost a page fault for
     * each page, and a third of the time of small files. */
    system_keep_freed_memory();
    if (config.state == NULL && asprintf(&state, "%s/.pcap2trace", b->out) >= 0)
        config.state = state;
    int code = config.state != NULL ? exit_status(batch_run(&config)) : EXIT_TROUBLE;
    free(state);
    return code;
}

int run_plan(const struct cli_options *o)
{
    struct batch_config config = {.point_from = o->batch.point_from, .ctx = (void *)o, .say = say};
    struct output output;

    if (output_open(&output, o->output) != P2T_OK) {
        report_line(o->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    int code = exit_status(batch_plan(&config, o->captures, o->capture_count, output_write, &output));
    bool whole = code == EXIT_OK || (code == EXIT_TROUBLE && output.error == 0);
    if (whole && output_commit(&output) == P2T_OK)
        return code;
    if (output.error != 0)
        report_line(o->output != NULL ? o->output : "standard output", strerror(output.error));
    output_abandon(&output);
    return code != EXIT_OK ? code : EXIT_TROUBLE;
}
