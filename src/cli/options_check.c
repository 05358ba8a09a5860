/* Options that do not fit the command, or each other. */
#include <string.h>

#include "cli/option_table.h"
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
        return "batch needs a folder to write to: --out FOLDER";
    if (b->final && b->follow)
        return "--final says that no file will follow, and --follow waits for more: give one of them";
    if ((b->manifest != NULL) != (b->shards > 0))
        return "--manifest and --shard go together";
    if (b->manifest != NULL && (o->capture_count > 0 || b->point_from != NULL || b->follow))
        return "a manifest already names folders and capture points, and does not grow: no folder, --point-from or "
               "--follow with it";
    if (b->manifest == NULL && o->capture_count != 1)
        return "batch takes one folder; --point-from tells its capture points apart";
    return o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_NDJSON ? "batch writes ndjson only" : NULL;
}

/* Both find the exchanges first, and then read the captures again. */
static const char *check_two_passes(const struct cli_options *o)
{
    bool extract = o->action == CLI_EXTRACT;

    if (o->filter.id_count == 0 && o->filter.trace_ids.n == 0)
        return extract ? "extract needs to know which exchanges: --id ID or --trace-id ID"
                       : "explain needs to know which exchanges: --id ID or --trace-id ID";
    if (o->filter.id_count > 0 && o->filter.trace_ids.n > 0)
        return "explain and extract find exchanges by --id or by --trace-id, not by both";
    if (count_stdin(o->captures, o->capture_count) > 0)
        return "explain and extract read the captures twice, and standard input can be read only once: save it to a "
               "file first";
    if (o->count > 0)
        return "explain and extract take the exchanges that are named: -c does not apply";
    if (!extract)
        return o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON ? "explain writes text or json" : NULL;
    if (!o->extract.written)
        return "extract needs a file to write to: -w FILE.pcapng";
    if (o->format != OUT_FORMAT_TEXT)
        return "extract always writes pcapng: -T does not apply";
    return o->extract.with_secrets && !o->show_secrets
               ? "--with-secrets lets anyone decrypt the extracted packets: it needs --show-secrets"
               : NULL;
}

static const char *check_report(const struct cli_options *o)
{
    if (o->output == NULL)
        return "report writes a page for a browser: -o FILE.html";
    if (o->format != OUT_FORMAT_TEXT)
        return "report always writes HTML: -T does not apply";
    return o->count > 0 ? "report takes all exchanges: -c does not apply" : NULL;
}

/* The folder is what clients may read; all else they ask for themselves. */
static const char *check_mcp(const struct cli_options *o)
{
    if (o->capture_count != 1)
        return "mcp takes one folder, and lets clients read only what is below it";
    if (o->show_secrets || o->keep_count > 0)
        return "mcp passes what it reads to a client: --show-secrets and --keep do not apply";
    return o->format != OUT_FORMAT_TEXT || o->count > 0 || !filter_is_empty(&o->filter) || o->bpf != NULL
               ? "mcp takes only -w FOLDER and --keylog FILE: clients say what they want in each request"
               : NULL;
}

static const char *check_summary(const struct cli_options *o)
{
    if (o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON)
        return "summary writes text or json";
    return o->count > 0 ? "summary takes all exchanges: -c does not apply" : NULL;
}

static const char *check_compare(const struct cli_options *o)
{
    if (o->live_count == 0)
        return "compare needs the live traces, too: --live FILE";
    if (o->format != OUT_FORMAT_TEXT && o->format != OUT_FORMAT_JSON && o->format != OUT_FORMAT_CSV)
        return "compare writes text, json or csv";
    if (o->count > 0)
        return "compare takes all exchanges: -c does not apply";
    return count_stdin(o->live, o->live_count) + count_stdin(o->captures, o->capture_count) > 1
               ? "standard input can be read only once"
               : NULL;
}

static const char *check_command(const struct cli_options *o)
{
    switch (o->action) {
    case CLI_BATCH:
        return check_batch(o);
    case CLI_MCP:
        return check_mcp(o);
    case CLI_EXPLAIN:
    case CLI_EXTRACT:
        return check_two_passes(o);
    case CLI_REPORT:
        return check_report(o);
    case CLI_SUMMARY:
        return check_summary(o);
    case CLI_DOCTOR:
        return o->format != OUT_FORMAT_TEXT || o->count > 0 || !filter_is_empty(&o->filter)
                   ? "doctor looks at whole captures and writes text: -T, -c and filters of exchanges do not apply"
                   : NULL;
    case CLI_COMPARE:
        return check_compare(o);
    default:
        return NULL;
    }
}

static const char *check_output(const struct cli_options *o)
{
    bool writes = o->action == CLI_TRACE ? o->format == OUT_FORMAT_NDJSON : o->action == CLI_BATCH;

    return o->compact && !writes ? "--compact is a form of ndjson: it goes with -T ndjson, or with batch" : NULL;
}

/* Say something of the run, whatever it does. */
static bool is_for_all(int id)
{
    return id == 'q' || id == 'v' || id == 'j' || id == OPT_MAX_MEMORY || id == OPT_COLOR || id == OPT_PROGRESS ||
           id == 'T';
}

/* "--top belongs to the commands 'summary' and 'report'"; where most commands take it, which does not. */
static void say_whose(const struct cli_options *o, const struct cli_option *option, unsigned commands,
                      struct buf *complaint)
{
    enum { FEW = 3 };
    unsigned n = (unsigned)__builtin_popcount(commands), i = 0;
    char letter[] = {(char)option->id, '\0'};
    const char *dashes = option->id < 256 ? "-" : "--", *name = option->id < 256 ? letter : option->name;

    if (n > FEW) {
        buf_printf(complaint, "%s%s does not apply to the command '%s'", dashes, name,
                   cli_command_of(o->action)->name);
        return;
    }
    buf_printf(complaint, "%s%s belongs to the command%s ", dashes, name, n > 1 ? "s" : "");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        if ((commands & 1u << c->action) != 0) {
            buf_printf(complaint, "%s'%s'", i == 0 ? "" : i + 1 == n ? " and " : ", ", c->name);
            i++;
        }
}

static int check_given(const struct cli_options *o, struct buf *complaint)
{
    for (size_t i = 0; i < o->given_count; i++) {
        const struct cli_option *other = NULL;
        unsigned commands = 0;
        if (is_for_all(o->given[i]) || cli_option_of(o->given[i], o->action) != NULL)
            continue;
        for (const struct cli_option *row = cli_option_table; row->name != NULL; row++)
            if (row->id == o->given[i]) {
                other = row;
                commands |= row->commands;
            }
        if (other != NULL) {
            say_whose(o, other, commands, complaint);
            return P2T_ERR_USAGE;
        }
    }
    return P2T_OK;
}

int options_check(const struct cli_options *o, struct buf *complaint)
{
    const char *what = check_command(o);

    if (what == NULL && o->baseline != NULL && strcmp(o->baseline, "-") == 0)
        what = "the baseline cannot be read from standard input: give a file or folder";
    if (what == NULL)
        what = check_output(o);
    if (what == NULL)
        return check_given(o, complaint);
    buf_str(complaint, what);
    return P2T_ERR_USAGE;
}
