#include "cli/run_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/thread.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/summing.h"
#include "cli/written.h"
#include "report/page.h"
#include "summary/saved.h"

enum { CAUSES_MAX = 256, HITS_MAX = 65536 }; /* of one cause */

struct run {
    struct summing sum;
    struct page *page;
    struct p2t_counters counters;
};

/* The summary wants quiet exchanges, too; in the page they stand aside. */
static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    if (!filter_keeps(&r->sum.feed.filter, x))
        return 0;
    int status = p2t_summary_exchange(r->sum.feed.summary, x);
    return status == P2T_OK ? page_exchange(r->page, x) : status;
}

static int on_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct run *r = ctx;
    int status = p2t_summary_connection(r->sum.feed.summary, record);

    return status == P2T_OK ? page_connection(r->page, record) : status;
}

static int open_all(struct summing *s)
{
    struct run *r = (struct run *)s;
    const struct cli_options *o = s->feed.options;
    struct p2t_summary_config summary = {
        .top = o->top, .baseline = s->baseline, .memory = feed_summary_memory(o), .jobs = cli_jobs(o)};
    struct page_config page = {.title = o->title,
                               .top = o->top,
                               .plain_max = feed_summary_memory(o) / 5,
                               .threads = cli_jobs(o),
                               .secrets_shown = o->show_secrets,
                               .filtered = !filter_is_empty(&o->filter)};
    int status = p2t_summary_new(&s->feed.summary, &summary);

    return status == P2T_OK ? page_new(&r->page, &page) : status;
}

/* ---- its input ---- */

static void *seal_page(void *page)
{
    page_seal(page);
    return NULL;
}

/* The page is compressed while causes are looked for. */
static int finish_both(struct run *r)
{
    pthread_t thread;
    bool beside = cli_jobs(r->sum.feed.options) > 1 && thread_start(&thread, seal_page, r->page) == 0;
    int status = p2t_summary_finish(r->sum.feed.summary, &r->counters);

    if (beside)
        pthread_join(thread, NULL);
    return status;
}

static int read_captures(struct run *r)
{
    struct p2t_config session = feed_config(&r->sum.feed);

    session.exchange = on_exchange;
    session.connection = on_connection;
    int status = add_up_session(&r->sum.feed, session, &r->counters, &r->sum.problems);
    return status == P2T_OK ? finish_both(r) : status;
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
static int read_written(struct run *r)
{
    const struct p2t_counters none = {0};
    struct written w = {.options = r->sum.feed.options,
                        .filter = &r->sum.feed.filter,
                        .summary = r->sum.feed.summary,
                        .ctx = r->page,
                        .exchange = on_written};
    int status = written_read(&w);

    if (status == P2T_OK)
        written_say_open(&w);
    if (status == P2T_OK)
        status = summary_connections(r->sum.feed.summary, on_kept_connection, r->page);
    if (status == P2T_OK)
        status = p2t_summary_finish(r->sum.feed.summary, &none);
    r->counters = *summary_counters(r->sum.feed.summary);
    r->counters.files = w.windows;
    r->counters.problems = w.problems;
    r->sum.problems += w.problems;
    return status;
}

static int read_all(struct summing *s)
{
    struct run *r = (struct run *)s;

    return written_count(s->feed.options) > 0 ? read_written(r) : read_captures(r);
}

/* ---- the page ---- */

static int take_text(const struct run *r, enum p2t_summary_format format, struct p2t_text *text)
{
    char *p = p2t_summary_write(r->sum.feed.summary, format, &text->n);

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

    for (*n = 0; *n < CAUSES_MAX && (calls = p2t_summary_cause_calls(r->sum.feed.summary, *n, NULL, 0)) > 0; ++*n) {
        calls = calls < HITS_MAX ? calls : HITS_MAX;
        uint64_t *ids = malloc(calls * sizeof *ids);
        if (ids == NULL)
            return P2T_ERR_MEMORY;
        p2t_summary_cause_calls(r->sum.feed.summary, *n, ids, calls);
        hits[*n] = (struct page_hits){ids, calls};
    }
    return P2T_OK;
}

static int write_page(struct summing *s)
{
    struct run *r = (struct run *)s;
    struct page_hits hits[CAUSES_MAX];
    struct page_facts facts = {.counters = &r->counters, .hits = hits};
    struct page_sink sink = {&r->sum.output, output_write};
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

static void say_what_is_missing(struct summing *s)
{
    const struct run *r = (const struct run *)s;
    uint64_t rows, all;
    char text[160];

    page_counts(r->page, &rows, &all);
    if (rows == all || s->feed.options->quiet)
        return;
    snprintf(text, sizeof text,
             "%llu of %llu exchanges are in its table, the failed and the slowest first: more would make it too big",
             (unsigned long long)rows, (unsigned long long)all);
    report_line(s->feed.options->output, text);
}

int run_report(const struct cli_options *o)
{
    static const struct summing_work work = {open_all, read_all, write_page, say_what_is_missing};
    struct run r = {.page = NULL};
    int code = summing_run(&r.sum, o, &work);

    page_free(r.page);
    return code;
}
