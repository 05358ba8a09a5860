#include "cli/run_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/add_up.h"
#include "cli/ending.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "cli/written.h"
#include "pcap2trace/summary.h"
#include "report/page.h"
#include "summary/saved.h"

enum { CAUSES_MAX = 256, HITS_MAX = 65536 }; /* of one cause */

struct run {
    struct feed feed;
    struct page *page;
    struct p2t_summary *baseline; /* NULL: none was given */
    struct output output;
    uint64_t problems; /* of all inputs */
};

/* The summary wants quiet exchanges, too; in the page they stand aside. */
static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    if (!filter_keeps(&r->feed.filter, x))
        return 0;
    int status = p2t_summary_exchange(r->feed.summary, x);
    return status == P2T_OK ? page_exchange(r->page, x) : status;
}

static int on_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct run *r = ctx;
    int status = p2t_summary_connection(r->feed.summary, record);

    return status == P2T_OK ? page_connection(r->page, record) : status;
}

static int open_all(struct run *r)
{
    struct p2t_summary_config summary = {
        .top = r->feed.options->top, .baseline = r->baseline, .memory = feed_summary_memory(r->feed.options)};
    struct page_config page = {.title = r->feed.options->title,
                               .top = r->feed.options->top,
                               .secrets_shown = r->feed.options->show_secrets,
                               .filtered = !filter_is_empty(&r->feed.options->filter)};
    int status = p2t_summary_new(&r->feed.summary, &summary);

    return status == P2T_OK ? page_new(&r->page, &page) : status;
}

/* ---- its input ---- */

static int read_captures(struct run *r, struct p2t_counters *counters)
{
    struct p2t_config session = feed_config(&r->feed);

    session.exchange = on_exchange;
    session.connection = on_connection;
    int status = cli_session_open(&r->feed.session, r->feed.options, session);
    if (status == P2T_OK)
        status = cli_session_read(r->feed.session, &r->feed.filter);
    if (status != P2T_OK)
        return status;
    p2t_session_counters(r->feed.session, counters);
    r->problems += counters->problems;
    return p2t_summary_finish(r->feed.summary, counters);
}

static int on_written(void *ctx, const struct p2t_exchange *x)
{
    return page_exchange(ctx, x);
}

static int on_kept_connection(void *ctx, const struct p2t_connection_record *record)
{
    return page_connection(ctx, record);
}

/* What batch wrote: exchanges from its NDJSON, the rest from its summaries. */
static int read_written(struct run *r, struct p2t_counters *counters)
{
    const struct p2t_counters none = {0};
    struct written w = {.options = r->feed.options,
                        .filter = &r->feed.filter,
                        .summary = r->feed.summary,
                        .ctx = r->page,
                        .exchange = on_written};
    int status = written_read(&w);

    if (status == P2T_OK)
        status = summary_connections(r->feed.summary, on_kept_connection, r->page);
    if (status == P2T_OK)
        status = p2t_summary_finish(r->feed.summary, &none);
    *counters = *summary_counters(r->feed.summary);
    counters->files = w.windows;
    counters->problems = w.problems;
    r->problems += w.problems;
    return status;
}

/* ---- the page ---- */

static int take_text(const struct run *r, enum p2t_summary_format format, struct p2t_text *text)
{
    char *p = p2t_summary_write(r->feed.summary, format, &text->n);

    text->p = p;
    return p != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

static int take_texts(const struct run *r, struct page_facts *f)
{
    int status = take_text(r, P2T_SUMMARY_JSON, &f->summary_json);

    if (status == P2T_OK)
        status = take_text(r, P2T_SUMMARY_TEXT, &f->summary_text);
    return status == P2T_OK ? take_text(r, P2T_SUMMARY_DOCTOR, &f->doctor_text) : status;
}

/* Fills hits[] up to the last cause; n: how many there are. The ids are freed by the caller. */
static int take_hits(const struct run *r, struct page_hits hits[CAUSES_MAX], size_t *n)
{
    size_t calls;

    for (*n = 0; *n < CAUSES_MAX && (calls = p2t_summary_cause_calls(r->feed.summary, *n, NULL, 0)) > 0; ++*n) {
        calls = calls < HITS_MAX ? calls : HITS_MAX;
        uint64_t *ids = malloc(calls * sizeof *ids);
        if (ids == NULL)
            return P2T_ERR_MEMORY;
        p2t_summary_cause_calls(r->feed.summary, *n, ids, calls);
        hits[*n] = (struct page_hits){ids, calls};
    }
    return P2T_OK;
}

static int write_page(struct run *r, const struct p2t_counters *counters)
{
    struct page_hits hits[CAUSES_MAX];
    struct page_facts facts = {.counters = counters, .hits = hits};
    struct page_sink sink = {&r->output, output_write};
    int status = take_texts(r, &facts);

    if (status == P2T_OK)
        status = take_hits(r, hits, &facts.hit_count);
    if (status == P2T_OK)
        status = page_write(r->page, &facts, &sink);
    for (size_t i = 0; i < facts.hit_count; i++)
        free((void *)(uintptr_t)hits[i].ids);
    free((void *)(uintptr_t)facts.summary_json.p);
    free((void *)(uintptr_t)facts.summary_text.p);
    free((void *)(uintptr_t)facts.doctor_text.p);
    return status;
}

static int make(struct run *r)
{
    struct p2t_counters counters;
    int status = add_up_baseline(r->feed.options, &r->baseline, &r->problems);

    if (status == P2T_OK)
        status = signals_stop() == 0 ? open_all(r) : P2T_ERR_STOPPED;

    if (status == P2T_OK)
        status = written_count(r->feed.options) > 0 ? read_written(r, &counters) : read_captures(r, &counters);
    if (status == P2T_OK)
        status = write_page(r, &counters);
    return status == P2T_OK ? output_commit(&r->output) : status;
}

/* ---- the command ---- */

static void say_what_is_missing(const struct run *r)
{
    uint64_t rows, all;
    char text[160];

    page_counts(r->page, &rows, &all);
    if (signals_stop() != 0 && r->feed.session != NULL)
        report_interrupted(r->feed.session);
    if (rows == all || r->feed.options->quiet)
        return;
    snprintf(text, sizeof text,
             "%llu of %llu exchanges are in its table, the failed and the slowest first: more would make it too big",
             (unsigned long long)rows, (unsigned long long)all);
    report_line(r->feed.options->output, text);
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
    int status = make(r);
    if (status != P2T_OK)
        return ending_failed(r->feed.options, &r->output, status);
    say_what_is_missing(r);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    return r->problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

int run_report(const struct cli_options *o)
{
    struct run r = {.feed = {.options = o, .filter = o->filter}, .output = {.fd = -1}};

    signals_install(cli_reads_stdin(o));
    int code = run(&r);
    feed_fini(&r.feed);
    p2t_summary_free(r.baseline);
    page_free(r.page);
    return code;
}
