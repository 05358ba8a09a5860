#include "cli/option_table.h"

#include <string.h>

#include "cli/options_parts.h"

#define ON(command) (1u << CLI_##command)
enum {
    CAPTURES = ON(TRACE) | ON(SUMMARY) | ON(DOCTOR) | ON(REPORT) | ON(EXPLAIN) | ON(EXTRACT) | ON(COMPARE),
    CHOOSERS = ON(TRACE) | ON(SUMMARY) | ON(REPORT) | ON(EXPLAIN) | ON(EXTRACT) | ON(COMPARE) | ON(BATCH),
    PACKETS = ON(EXPLAIN) | ON(EXTRACT),
    ALL = CAPTURES | ON(BATCH) | ON(PLAN) | ON(MCP)
};

#define FORMAT_NAME(id, name, symbol) name " "
#define LIST_NAME(id, name)           name " "
static const char list_choices[] = CLI_LIST_LIST(LIST_NAME);

const struct cli_command cli_command_table[] = {
    {"trace", "[OPTION]... CAPTURE...", "rebuild the timelines of all HTTP exchanges (default)",
     "Rebuilds, for every HTTP exchange in the captures, the timeline that Go's net/http/httptrace would have "
     "reported: name lookup, connection, request, response, and what went wrong. Each exchange is one line; -T text "
     "shows all of its events, as --id and --trace-id do.",
     "pcap2trace --failed --since 10:10 --until 10:15 /var/captures", CLI_TRACE, CLI_VALUE_FILE},
    {"summary", "[OPTION]... CAPTURE...|BATCH_OUTPUT", "who was slow or failed, since when, and why",
     "Reads the captures, or what batch wrote, and says who was slow or failed, since when, how many calls it "
     "affected, on whose side the cause lies and which packets prove it; then which services were called, and what "
     "the captures cannot show.",
     "pcap2trace summary --baseline yesterday.pcap today.pcap", CLI_SUMMARY, CLI_VALUE_FILE},
    {"doctor", "[OPTION]... CAPTURE...", "what a capture cannot show, and the tcpdump that would",
     "Looks at whole captures and says what they cannot show: dropped or cut packets, one direction only, a late "
     "start, clock steps, missing keys; and which tcpdump command would show it.",
     "pcap2trace doctor calls.pcap", CLI_DOCTOR, CLI_VALUE_FILE},
    {"report", "-o FILE.html [OPTION]... CAPTURE...|BATCH_OUTPUT", "one HTML page of all that, to open and to share",
     "Writes one self-contained HTML page: the summary, calls over time, services, a table of all exchanges with "
     "their timelines, and connections as lanes. It opens from disk, without a network.",
     "pcap2trace report -o incident.html /var/captures", CLI_REPORT, CLI_VALUE_FILE},
    {"explain", "--id ID [OPTION]... CAPTURE...|BATCH_OUTPUT", "one exchange packet by packet, and what each proves",
     "Shows the packets of one or more exchanges in order, each with what it proves, and how the verdict follows "
     "from them.",
     "pcap2trace explain --id 0aab19dc871cebd3 calls.pcap", CLI_EXPLAIN, CLI_VALUE_FILE},
    {"extract", "--id ID -w FILE.pcapng [OPTION]... CAPTURE...|BATCH_OUTPUT",
     "write one exchange's packets to a small capture, redacted",
     "Writes the packets of one or more exchanges to a pcapng file, with comments that name the hooks. Secrets and "
     "bodies are overwritten unless --show-secrets is given.",
     "pcap2trace extract --id 0aab19dc871cebd3 -w proof.pcapng calls.pcap", CLI_EXTRACT, CLI_VALUE_FILE},
    {"compare", "--live FILE [OPTION]... CAPTURE...", "compare a client's own traces with the packets",
     "Compares what a client logged of its own calls with the timelines rebuilt from the captures, hook by hook, and "
     "says where they differ and where the time went. Exit status: 0 they agree, 1 they differ, 2 trouble.",
     "pcap2trace compare --differing --live service.log calls.pcap", CLI_COMPARE, CLI_VALUE_FILE},
    {"batch", "--out FOLDER [OPTION]... CAPTURE_FOLDER", "process a growing folder of rotated captures",
     "Processes the files of a periodic capture, each exactly once, whatever interrupts it. Connections and lookups "
     "continue from file to file. Writes one NDJSON file and one summary per capture, and a manifest.",
     "pcap2trace batch --follow --out traces /var/captures", CLI_BATCH, CLI_VALUE_FOLDER},
    {"plan", "[--point-from REGEX] [-o FILE] CAPTURE_FOLDER...", "list capture points for many machines to share",
     "Lists the capture points in many folders, one JSON object a line, for batch --manifest --shard to divide among "
     "machines.",
     "pcap2trace plan --point-from '^([^-]*)-' /captures/* > manifest.ndjson", CLI_PLAN, CLI_VALUE_FOLDER},
    {"mcp", "[-w FOLDER] [--keylog FILE] CAPTURE_FOLDER", "answer the same questions to programs (MCP)",
     "Serves the Model Context Protocol on standard input and output: summary, list, explain and compare, and "
     "extract with -w, about captures below CAPTURE_FOLDER only. Secrets stay redacted, whatever the client asks "
     "for.",
     "pcap2trace mcp /var/captures", CLI_MCP, CLI_VALUE_FOLDER},
    {NULL, NULL, NULL, NULL, NULL, CLI_TRACE, CLI_VALUE_NONE},
};

const struct cli_option cli_option_table[] = {
    /* What one command is about. */
    {OPT_TOP, CLI_VALUE_TEXT, ON(SUMMARY) | ON(REPORT), CLI_GROUP_COMMAND, "top", "N", NULL,
     "show this many causes and services (default: 10); JSON always has all of them"},
    {OPT_BASELINE, CLI_VALUE_FILE, ON(SUMMARY) | ON(REPORT), CLI_GROUP_COMMAND, "baseline", "CAPTURE", NULL,
     "a capture or folder of another time, which says what is usual: what changed since is reported"},
    {OPT_TITLE, CLI_VALUE_TEXT, ON(REPORT), CLI_GROUP_COMMAND, "title", "TEXT", NULL, "the title of the page"},
    {'w', CLI_VALUE_FILE, ON(EXTRACT), CLI_GROUP_COMMAND, "write", "FILE", NULL,
     "write the packets to this pcapng file"},
    {OPT_MINIMAL, CLI_VALUE_NONE, ON(EXTRACT), CLI_GROUP_COMMAND, "minimal", NULL, NULL,
     "only packets that an event or finding rests on"},
    {OPT_WITH_SECRETS, CLI_VALUE_NONE, ON(EXTRACT), CLI_GROUP_COMMAND, "with-secrets", NULL, NULL,
     "with --show-secrets: include the TLS secrets of these connections, so that anyone can decrypt them"},
    {OPT_CAPTURES, CLI_VALUE_FOLDER, PACKETS, CLI_GROUP_COMMAND, "captures", "FOLDER", NULL,
     "for a folder that batch wrote: where the captures are now (default: where they were)"},
    {'w', CLI_VALUE_FOLDER, ON(MCP), CLI_GROUP_COMMAND, "write", "FOLDER", NULL,
     "let clients extract captures to this folder; without it they cannot"},
    {OPT_LIVE, CLI_VALUE_FILE, ON(COMPARE), CLI_GROUP_COMMAND, "live", "FILE", NULL,
     "what a client logged of its own calls: hook traces, trace results in log lines, OTLP, HAR or curl -w "
     "'%{json}', recognised by content; may be repeated; - is standard input"},
    {OPT_TOLERANCE, CLI_VALUE_TEXT, ON(COMPARE), CLI_GROUP_COMMAND, "tolerance", "TIME", NULL,
     "how far outside its bounds a live time still agrees (default: 1ms)"},
    {OPT_CLIENT, CLI_VALUE_TEXT, ON(COMPARE), CLI_GROUP_COMMAND, "client", "ADDRESS", NULL,
     "the live traces are from this client: exchanges of others need none; may be repeated"},
    {OPT_DIFFERING, CLI_VALUE_NONE, ON(COMPARE), CLI_GROUP_COMMAND, "differing", NULL, NULL,
     "show only pairs that differ"},
    {OPT_OUT, CLI_VALUE_FOLDER, ON(BATCH), CLI_GROUP_COMMAND, "out", "FOLDER", NULL,
     "write here: one NDJSON file per capture, and manifest.ndjson"},
    {OPT_STATE, CLI_VALUE_FOLDER, ON(BATCH), CLI_GROUP_COMMAND, "state", "FOLDER", NULL,
     "where the checkpoint is kept (default: .pcap2trace in the folder of --out)"},
    {OPT_SETTLE, CLI_VALUE_TEXT, ON(BATCH), CLI_GROUP_COMMAND, "settle", "SECONDS", NULL,
     "read the newest file once it has not changed for this long (default: 30)"},
    {OPT_FOLLOW, CLI_VALUE_NONE, ON(BATCH), CLI_GROUP_COMMAND, "follow", NULL, NULL,
     "keep watching the folder until told to stop"},
    {OPT_FINAL, CLI_VALUE_NONE, ON(BATCH), CLI_GROUP_COMMAND, "final", NULL, NULL,
     "no file will follow: read the newest at once, and write what is still open, too"},
    {OPT_ALERT, CLI_VALUE_NONE, ON(BATCH), CLI_GROUP_COMMAND, "alert", NULL, NULL,
     "print a line for each file with trouble, compared with the files before it"},
    {OPT_ZSTD, CLI_VALUE_NONE, ON(BATCH), CLI_GROUP_COMMAND, "zstd", NULL, NULL, "compress what is written"},
    {OPT_POINT_FROM, CLI_VALUE_TEXT, ON(BATCH) | ON(PLAN), CLI_GROUP_COMMAND, "point-from", "REGEX", NULL,
     "the first group of this regular expression names the capture point in a file's name; 'interface' takes the "
     "interface names in pcapng files"},
    {OPT_MANIFEST, CLI_VALUE_FILE, ON(BATCH), CLI_GROUP_COMMAND, "manifest", "FILE", NULL,
     "the output of plan, instead of a folder; with --shard"},
    {OPT_SHARD, CLI_VALUE_TEXT, ON(BATCH), CLI_GROUP_COMMAND, "shard", "I/N", NULL,
     "process part I of N of the manifest, counted from 0"},

    /* Input. */
    {'r', CLI_VALUE_FILE, CAPTURES, CLI_GROUP_INPUT, "read", "FILE", NULL,
     "the same as naming it as CAPTURE; may be repeated"},
    {'R', CLI_VALUE_NONE, CAPTURES, CLI_GROUP_INPUT, "recursive", NULL, NULL, "read folders within folders, too"},
    {'f', CLI_VALUE_TEXT, CAPTURES | ON(BATCH), CLI_GROUP_INPUT, "filter", "BPF", NULL,
     "read only packets that match this libpcap filter, which is applied to the outer packet of a tunnel"},
    {OPT_KEYLOG, CLI_VALUE_FILE, CAPTURES | ON(BATCH) | ON(MCP), CLI_GROUP_INPUT, "keylog", "FILE", NULL,
     "TLS secrets, as programs write them with SSLKEYLOGFILE; 'env' stands for the file that this variable names"},
    {OPT_MAX_MEMORY, CLI_VALUE_TEXT, CAPTURES | ON(BATCH), CLI_GROUP_INPUT, "max-memory", "SIZE", NULL,
     "use no more memory than this, e.g. 64M or 2G (default: 256M); what does not fit is given up, the least "
     "recently used first, and reported"},
    {'j', CLI_VALUE_TEXT, CAPTURES | ON(BATCH), CLI_GROUP_INPUT, "jobs", "N", NULL,
     "use N cores (default: all); the result is the same for any N"},

    /* Output. */
    {'T', CLI_VALUE_CHOICE, ON(TRACE), CLI_GROUP_OUTPUT, "format", "FORMAT", OUT_FORMAT_LIST(FORMAT_NAME),
     "(default: lines; text with --id or --trace-id)"},
    {'T', CLI_VALUE_CHOICE, ON(SUMMARY) | ON(EXPLAIN), CLI_GROUP_OUTPUT, "format", "FORMAT", "text json",
     "(default: text)"},
    {'T', CLI_VALUE_CHOICE, ON(COMPARE), CLI_GROUP_OUTPUT, "format", "FORMAT", "text json csv", "(default: text)"},
    {'o', CLI_VALUE_FILE, ON(TRACE), CLI_GROUP_OUTPUT, "output", "FILE", NULL,
     "write here instead of standard output; the file appears under its name when it is complete. Without -T its "
     "ending selects the format: .har, .json, .ndjson, .csv, or .sqlite for a database; .zst after it compresses"},
    {'o', CLI_VALUE_FILE, ALL & ~(ON(TRACE) | ON(BATCH) | ON(MCP)), CLI_GROUP_OUTPUT, "output", "FILE", NULL,
     "write here; the file appears under its name when it is complete"},
    {OPT_TIME, CLI_VALUE_CHOICE, ON(TRACE) | ON(SUMMARY), CLI_GROUP_OUTPUT, "time", "FORM", CLI_TIMES,
     "how lines and text show times (default: utc); relative counts from the first packet"},
    {OPT_COMPACT, CLI_VALUE_NONE, ON(TRACE) | ON(BATCH), CLI_GROUP_OUTPUT, "compact", NULL, NULL,
     "ndjson in its compact form, which takes less than half the bytes and says the same"},
    {OPT_STATS, CLI_VALUE_CHOICE, ON(TRACE), CLI_GROUP_OUTPUT, "stats", "WHAT", "stages",
     "on standard error, how long each stage took, and what more cores would gain"},
    {OPT_SHOW_SECRETS, CLI_VALUE_NONE, CAPTURES | ON(BATCH), CLI_GROUP_OUTPUT, "show-secrets", NULL, NULL,
     "do not replace passwords, cookies and tokens by [redacted]"},
    {OPT_REDACT, CLI_VALUE_TEXT, CAPTURES | ON(BATCH), CLI_GROUP_OUTPUT, "redact", "PATTERN", NULL,
     "treat header fields and query keys with such names as secret, too, e.g. '*-key'; may be repeated"},
    {OPT_KEEP, CLI_VALUE_TEXT, CAPTURES | ON(BATCH), CLI_GROUP_OUTPUT, "keep", "PATTERN", NULL,
     "do not redact such names, whatever --redact and the built-in list say; may be repeated"},
    {OPT_COLOR, CLI_VALUE_CHOICE, ON(TRACE), CLI_GROUP_OUTPUT, "color", "WHEN", CLI_WHENS,
     "(default: auto, on a terminal); NO_COLOR is honoured"},
    {OPT_PROGRESS, CLI_VALUE_CHOICE, ON(TRACE), CLI_GROUP_OUTPUT, "progress", "WHEN", CLI_WHENS,
     "(default: auto, on a terminal while the result goes to a file)"},

    /* Which exchanges. */
    {'c', CLI_VALUE_TEXT, ON(TRACE), CLI_GROUP_CHOICE, "count", "N", NULL, "stop after N exchanges"},
    {OPT_ID, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "id", "ID", NULL,
     "the exchange with this id, of which the first digits are enough"},
    {OPT_TRACE_ID, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "trace-id", "ID", NULL,
     "requests that carry this trace or request id"},
    {OPT_FAILED, CLI_VALUE_NONE, CHOOSERS, CLI_GROUP_CHOICE, "failed", NULL, NULL,
     "those that failed, or have a status of 500 or more, or a grpc-status other than 0"},
    {OPT_PROBLEMS, CLI_VALUE_NONE, CHOOSERS, CLI_GROUP_CHOICE, "problems", NULL, NULL,
     "those, and all with a finding that is a warning or an error"},
    {OPT_INCOMPLETE, CLI_VALUE_NONE, CHOOSERS, CLI_GROUP_CHOICE, "incomplete", NULL, NULL,
     "those that are only partly in the capture"},
    {OPT_SLOWER_THAN, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "slower-than", "TIME", NULL,
     "those that took longer in total, e.g. 250ms or 1.5s; wait=500ms: in that phase"},
    {OPT_SINCE, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "since", "TIME", NULL,
     "those that began at or after this time: 2026-11-29T10:13:40Z, 10:13:40 (UTC), or +5m after the first packet"},
    {OPT_UNTIL, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "until", "TIME", NULL,
     "those that began before this time"},
    {OPT_HOST, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "host", "GLOB", NULL,
     "host, with or without its port, in any case: '*.example.com'"},
    {OPT_PATH, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "path", "GLOB", NULL,
     "path of the URL, without its query: '/v1/*'"},
    {OPT_METHOD, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "method", "METHOD", NULL, "GET, POST, ..."},
    {OPT_STATUS, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "status", "STATUS", NULL,
     "404, 5xx, or a list: 404,5xx"},
    {OPT_KIND, CLI_VALUE_CHOICE, CHOOSERS, CLI_GROUP_CHOICE, "kind", "KIND", "http1 http2 tls connect lookup", ""},
    {OPT_CLIENT, CLI_VALUE_TEXT, CHOOSERS & ~ON(COMPARE), CLI_GROUP_CHOICE, "client", "GLOB", NULL,
     "IP address of the client"},
    {OPT_SERVER, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "server", "GLOB", NULL, "IP address of the server"},
    {OPT_PORT, CLI_VALUE_TEXT, CHOOSERS, CLI_GROUP_CHOICE, "port", "N", NULL, "port of the server"},
    {OPT_ALL, CLI_VALUE_NONE, ON(TRACE) | ON(COMPARE) | ON(BATCH), CLI_GROUP_CHOICE, "all", NULL, NULL,
     "also lookups and connections that did not fail and led to no request"},

    /* General. */
    {'q', CLI_VALUE_NONE, CAPTURES, CLI_GROUP_GENERAL, "quiet", NULL, NULL,
     "nothing on standard error but errors of the program itself"},
    {'v', CLI_VALUE_NONE, ON(TRACE) | ON(COMPARE), CLI_GROUP_GENERAL, "verbose", NULL, NULL,
     "ids and full lines; on standard error all counters, and why something was not used"},
    {'h', CLI_VALUE_NONE, ALL, CLI_GROUP_GENERAL, "help", NULL, NULL, "this text"},
    {OPT_VERSION, CLI_VALUE_NONE, ON(TRACE), CLI_GROUP_GENERAL, "version", NULL, NULL,
     "the version, and those of the libraries"},
    {OPT_LIST, CLI_VALUE_CHOICE, ON(TRACE), CLI_GROUP_GENERAL, "list", "WHAT", list_choices,
     "list what there is, one JSON object a line"},
    {0, CLI_VALUE_NONE, 0, CLI_GROUP_GENERAL, NULL, NULL, NULL, NULL},
};

const struct cli_command *cli_command_of(enum cli_action action)
{
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        if (c->action == action)
            return c;
    return NULL;
}

const struct cli_command *cli_command_named(const char *name)
{
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const struct cli_option *cli_option_of(int id, enum cli_action action)
{
    for (const struct cli_option *o = cli_option_table; o->name != NULL; o++)
        if (o->id == id && (o->commands & 1u << action) != 0)
            return o;
    return NULL;
}

const char *cli_group_title(enum cli_group group)
{
    static const char *const titles[] = {
        NULL, "Input", "Output", "Which exchanges (repeated options widen, different ones narrow)", "General"};

    return titles[group];
}

bool cli_choice(const char *choices, size_t i, struct slice *word)
{
    const char *p = choices;

    for (;; i--) {
        p += strspn(p, " ");
        size_t n = strcspn(p, " ");
        if (n == 0)
            return false;
        if (i == 0) {
            *word = slice_of(p, n);
            return true;
        }
        p += n;
    }
}

int cli_choice_index(const char *choices, const char *word)
{
    struct slice s;

    for (int i = 0; cli_choice(choices, (size_t)i, &s); i++)
        if (slice_eq(s, slice_str(word)))
            return i;
    return -1;
}

void cli_choices_to(struct buf *b, const char *choices)
{
    struct slice word, next;

    for (size_t i = 0; cli_choice(choices, i, &word); i++) {
        bool last = !cli_choice(choices, i + 1, &next);
        buf_str(b, i == 0 ? "" : last ? " or " : ", ");
        buf_slice(b, word);
    }
}

void cli_option_text(struct buf *b, const struct cli_option *o)
{
    if (o->choices != NULL)
        cli_choices_to(b, o->choices);
    if (o->choices != NULL)
        buf_str(b, o->help[0] == '(' ? " " : o->help[0] == '\0' ? "" : ": ");
    buf_str(b, o->help);
}
