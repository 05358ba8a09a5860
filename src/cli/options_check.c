/* Options that do not fit the command, or each other. */
#include <fnmatch.h>
#include <string.h>

#include "cli/options_parts.h"
#include "pcap2trace/status.h"

static size_t count_stdin(const char *const *names, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += names[i] != NULL && strcmp(names[i], "-") == 0;
    return count;
}

static const char *check_batch(const struct cli_options *o)
{
    const struct cli_batch *b = &o->batch;

    if (b->out == NULL)
        return "batch wants to know where to write: --out FOLDER";
    if (b->final && b->follow)
        return "--final says that nothing will follow: without --follow, then";
    if ((b->manifest != NULL) != (b->shards > 0))
        return "--manifest and --shard go together";
    if (b->manifest != NULL && (o->capture_count > 0 || b->point_from != NULL || b->follow))
        return "a manifest names folders and capture points itself, and does not grow";
    if (b->manifest == NULL && o->capture_count != 1)
        return "batch takes one folder; --point-from tells its capture points apart";
    if (o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_NDJSON)
        return "batch writes ndjson";
    return o->output != NULL || o->count > 0 || o->recursive ? "-o, -c and -R have no meaning for batch" : NULL;
}

static const char *check_plan(const struct cli_options *o)
{
    const struct cli_batch *b = &o->batch;
    bool other = b->out != NULL || b->state != NULL || b->settle_ns >= 0 || b->shards > 0 || b->manifest != NULL;

    return other || b->follow || b->final || b->zstd || b->alert ? "plan takes --point-from and -o only" : NULL;
}

/* Both find the exchanges first, and then read the captures again. */
static const char *check_two_passes(const struct cli_options *o)
{
    bool extract = o->action == CLI_EXTRACT;

    if (o->filter.id_count == 0 && o->filter.trace_ids.n == 0)
        return extract ? "extract wants to know which exchanges: --id ID or --trace-id ID"
                       : "explain wants to know which exchanges: --id ID or --trace-id ID";
    if (o->filter.id_count > 0 && o->filter.trace_ids.n > 0)
        return "explain and extract find exchanges by --id or by --trace-id, not by both";
    if (count_stdin(o->captures, o->capture_count) > 0)
        return "explain and extract read the captures twice, and standard input can be read once only: write it to a "
               "file first";
    if (o->count > 0)
        return "explain and extract take the exchanges that are named: -c has no meaning there";
    if (!extract)
        return o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON ? "explain writes text or json" : NULL;
    if (!o->extract.written)
        return "extract wants to know where to write: -w FILE.pcapng";
    if (o->format != OUT_FORMAT_TEXT)
        return "extract writes pcapng: it takes no -T";
    return o->extract.with_secrets && !o->show_secrets
               ? "--with-secrets lets everybody decrypt what is extracted: it needs --show-secrets"
               : NULL;
}

static const char *check_report(const struct cli_options *o)
{
    if (o->output == NULL)
        return "report writes a page that a browser opens: -o FILE.html";
    if (o->format != OUT_FORMAT_TEXT)
        return "report writes HTML: -T has no meaning there";
    if (o->count > 0)
        return "report takes all exchanges: -c has no meaning there";
    return o->live_count > 0 || o->differing ? "--live and --differing belong to the command 'compare'" : NULL;
}

/* The folder is what clients may read; all else they ask for themselves. */
static const char *check_mcp(const struct cli_options *o)
{
    if (o->capture_count != 1)
        return "mcp takes one folder, below which clients may read";
    if (o->show_secrets || o->keep_count > 0)
        return "mcp hands what it reads to a client that need not keep it: --show-secrets and --keep are not for it";
    return o->format != OUT_FORMAT_TEXT || o->count > 0 || !filter_is_empty(&o->filter) || o->bpf != NULL
               ? "mcp takes -w FOLDER and --keylog FILE only: clients say themselves what they want"
               : NULL;
}

static const char *check_output(const struct cli_options *o)
{
    bool writes = o->action == CLI_TRACE ? o->format == OUT_FORMAT_NDJSON : o->action == CLI_BATCH;

    if (o->output != NULL && fnmatch("*.sqlite.zst", o->output, 0) == 0)
        return "a database is not compressed: -o FILE.sqlite";
    if (o->compact && !writes)
        return "--compact is a form of ndjson: it goes with -T ndjson, or with batch";
    return o->stages && o->action != CLI_TRACE ? "--stats belongs to the command 'trace'" : NULL;
}

int options_check(const struct cli_options *o, struct buf *complaint)
{
    const char *what = NULL;

    if (o->action == CLI_BATCH) {
        what = check_batch(o);
    } else if (o->action == CLI_PLAN) {
        what = check_plan(o);
    } else if (o->action == CLI_MCP) {
        what = check_mcp(o);
    } else if (o->batch.any) {
        what = "--out, --state, --point-from, --settle, --follow, --final, --zstd, --alert, --manifest and --shard "
               "belong to the "
               "commands 'batch' and 'plan'";
    } else if (o->action != CLI_EXTRACT && (o->extract.minimal || o->extract.with_secrets || o->extract.by_w)) {
        what = "-w, --minimal and --with-secrets belong to the command 'extract'; others write with -o";
    } else if (o->captures_folder != NULL && o->action != CLI_EXPLAIN && o->action != CLI_EXTRACT) {
        what = "--captures belongs to the commands 'explain' and 'extract'";
    } else if (o->action == CLI_EXPLAIN || o->action == CLI_EXTRACT) {
        what = check_two_passes(o);
        if (what == NULL && (o->live_count > 0 || o->differing || o->tolerance_ns != CLI_TOLERANCE_NS))
            what = "--live, --tolerance and --differing belong to the command 'compare'";
    } else if (o->top > 0 && o->action != CLI_SUMMARY && o->action != CLI_REPORT) {
        what = "--top belongs to the commands 'summary' and 'report'";
    } else if (o->baseline != NULL && o->action != CLI_SUMMARY && o->action != CLI_REPORT) {
        what = "--baseline belongs to the commands 'summary' and 'report'";
    } else if (o->baseline != NULL && strcmp(o->baseline, "-") == 0) {
        what = "the baseline is read from a file, not from standard input";
    } else if (o->action == CLI_REPORT) {
        what = check_report(o);
    } else if (o->title != NULL) {
        what = "--title belongs to the command 'report'";
    } else if (o->action == CLI_SUMMARY && o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON) {
        what = "summary writes text or json";
    } else if (o->action == CLI_DOCTOR &&
               (o->format != OUT_FORMAT_TEXT || o->count > 0 || !filter_is_empty(&o->filter))) {
        what = "doctor looks at whole captures and writes text: it takes no -T, -c or choice of exchanges";
    } else if (o->action == CLI_SUMMARY && o->count > 0) {
        what = "summary takes all exchanges: -c has no meaning there";
    } else if (o->action != CLI_COMPARE) {
        if (o->live_count > 0 || o->differing || o->tolerance_ns != CLI_TOLERANCE_NS)
            what = "--live, --tolerance and --differing belong to the command 'compare'";
    } else if (o->live_count == 0)
        what = "compare wants the live traces, too: --live FILE";
    else if (o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON && o->format != OUT_FORMAT_CSV)
        what = "compare writes text, json or csv";
    else if (o->count > 0)
        what = "compare takes all exchanges: -c has no meaning there";
    else if (count_stdin(o->live, o->live_count) + count_stdin(o->captures, o->capture_count) > 1)
        what = "standard input can be read once only";
    if (what == NULL)
        what = check_output(o);
    if (what == NULL)
        return P2T_OK;
    buf_str(complaint, what);
    return P2T_ERR_USAGE;
}
