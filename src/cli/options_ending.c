/* The ending of -o says the format where -T does not. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/options_parts.h"
#include "pcap2trace/status.h"

static bool is_at(const char *path, size_t n, const char *ending)
{
    size_t end = strlen(ending);

    return n > end && strncasecmp(path + n - end, ending, end) == 0;
}

/* With .zst behind it, too. */
static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path);

    return is_at(path, is_at(path, n, ".zst") ? n - 4 : n, ending);
}

static const struct {
    const char *ending;
    enum out_format format;
} formats[] = {
    {".har", OUT_FORMAT_HAR},           {".json", OUT_FORMAT_JSON}, {".ndjson", OUT_FORMAT_NDJSON},
    {".jsonl", OUT_FORMAT_NDJSON},      {".csv", OUT_FORMAT_CSV},   {".otlp", OUT_FORMAT_OTLP},
    {".perfetto", OUT_FORMAT_PERFETTO},
};

/* Files that other commands write. */
static const struct {
    const char *ending;
    enum cli_action by;
    const char *advice;
} others[] = {
    {".html", CLI_REPORT, "'pcap2trace report' writes HTML pages; give -T to use this name for another format"},
    {".htm", CLI_REPORT, "'pcap2trace report' writes HTML pages; give -T to use this name for another format"},
    {".pcap", CLI_EXTRACT, "'pcap2trace extract' writes packets; give -T to use this name for another format"},
    {".pcapng", CLI_EXTRACT, "'pcap2trace extract' writes packets; give -T to use this name for another format"},
};

static const struct {
    const char *ending, *program;
} compressions[] = {{".gz", "gzip"}, {".bz2", "bzip2"}, {".xz", "xz"}, {".lz4", "lz4"}};

static const char *option_of(const struct cli_options *o)
{
    return o->action == CLI_EXTRACT ? "-w" : "-o";
}

/* Also where -T says the format: it says nothing of compression. */
static int check_compression(const struct cli_options *o, struct buf *complaint)
{
    char advice[96];

    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
        if (!is_at(o->output, strlen(o->output), compressions[i].ending))
            continue;
        snprintf(advice, sizeof advice, "only zstd is written: end the name with .zst, or pipe the output into %s",
                 compressions[i].program);
        return options_wrong(complaint, option_of(o), o->output, advice);
    }
    return P2T_OK;
}

/* Sets o->database. */
static int take_database(struct cli_options *o, struct buf *complaint)
{
    bool named = ends_with(o->output, ".sqlite");

    if (ends_with(o->output, ".db") || ends_with(o->output, ".sqlite3") || (named && o->action != CLI_TRACE))
        return options_wrong(
            complaint, "-o", o->output,
            "'pcap2trace trace' writes databases, to FILE.sqlite; give -T to use this name for another "
            "format");
    if (!named)
        return P2T_OK;
    if (!is_at(o->output, strlen(o->output), ".sqlite"))
        return options_wrong(complaint, "-o", o->output, "a database is not compressed: -o FILE.sqlite");
    o->database = true;
    return P2T_OK;
}

static bool writes(enum cli_action action, enum out_format format)
{
    switch (action) {
    case CLI_TRACE:
        return true;
    case CLI_COMPARE:
        return format == OUT_FORMAT_JSON || format == OUT_FORMAT_CSV;
    case CLI_SUMMARY:
    case CLI_EXPLAIN:
        return format == OUT_FORMAT_JSON;
    default:
        return false;
    }
}

static bool is_for_reading(enum cli_action action)
{
    return action == CLI_TRACE || action == CLI_COMPARE || action == CLI_SUMMARY || action == CLI_EXPLAIN ||
           action == CLI_DOCTOR;
}

/* A page is a page and packets are packets, whatever they are called: a name that promises another format would mislead whoever
 * opens the file. */
static bool promises_another(const struct cli_options *o)
{
    static const char *const databases[] = {".sqlite", ".sqlite3", ".db"};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (ends_with(o->output, formats[i].ending))
            return true;
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++)
        if (ends_with(o->output, databases[i]))
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].by != o->action && ends_with(o->output, others[i].ending))
            return true;
    return false;
}

static int check_only_format(const struct cli_options *o, struct buf *complaint)
{
    if (!promises_another(o))
        return P2T_OK;
    return options_wrong(complaint, option_of(o), o->output,
                         o->action == CLI_REPORT ? "'pcap2trace report' writes an HTML page: -o FILE.html"
                                                 : "'pcap2trace extract' writes packets: -w FILE.pcapng");
}

int options_take_ending(struct cli_options *o, struct buf *complaint)
{
    int status = o->output != NULL ? check_compression(o, complaint) : P2T_OK;

    if (status == P2T_OK && o->output != NULL && (o->action == CLI_REPORT || o->action == CLI_EXTRACT))
        return check_only_format(o, complaint);
    if (status == P2T_OK && o->output != NULL && !o->format_given)
        status = take_database(o, complaint);
    if (status != P2T_OK || o->output == NULL || o->format_given)
        return status;
    for (size_t i = 0; is_for_reading(o->action) && i < sizeof others / sizeof *others; i++)
        if (ends_with(o->output, others[i].ending))
            return options_wrong(complaint, "-o", o->output, others[i].advice);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!ends_with(o->output, formats[i].ending))
            continue;
        if (writes(o->action, formats[i].format))
            o->format = formats[i].format;
        else if (is_for_reading(o->action))
            return options_wrong(complaint, "-o", o->output,
                                 "this command does not write that format; choose another with -T");
        return P2T_OK;
    }
    return P2T_OK;
}
