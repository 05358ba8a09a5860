#include "cli/options_parts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/list.h"
#include "pcap2trace/session.h"

static const struct option long_options[] = {
    {"format", required_argument, NULL, 'T'},
    {"read", required_argument, NULL, 'r'},
    {"recursive", no_argument, NULL, 'R'},
    {"count", required_argument, NULL, 'c'},
    {"output", required_argument, NULL, 'o'},
    {"filter", required_argument, NULL, 'f'},
    {"host", required_argument, NULL, OPT_HOST},
    {"method", required_argument, NULL, OPT_METHOD},
    {"status", required_argument, NULL, OPT_STATUS},
    {"slower-than", required_argument, NULL, OPT_SLOWER_THAN},
    {"failed", no_argument, NULL, OPT_FAILED},
    {"problems", no_argument, NULL, OPT_PROBLEMS},
    {"incomplete", no_argument, NULL, OPT_INCOMPLETE},
    {"path", required_argument, NULL, OPT_PATH},
    {"trace-id", required_argument, NULL, OPT_TRACE_ID},
    {"server", required_argument, NULL, OPT_SERVER},
    {"port", required_argument, NULL, OPT_PORT},
    {"kind", required_argument, NULL, OPT_KIND},
    {"since", required_argument, NULL, OPT_SINCE},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"id", required_argument, NULL, OPT_ID},
    {"all", no_argument, NULL, OPT_ALL},
    {"show-secrets", no_argument, NULL, OPT_SHOW_SECRETS},
    {"redact", required_argument, NULL, OPT_REDACT},
    {"keep", required_argument, NULL, OPT_KEEP},
    {"keylog", required_argument, NULL, OPT_KEYLOG},
    {"jobs", required_argument, NULL, 'j'},
    {"max-memory", required_argument, NULL, OPT_MAX_MEMORY},
    {"live", required_argument, NULL, OPT_LIVE},
    {"tolerance", required_argument, NULL, OPT_TOLERANCE},
    {"client", required_argument, NULL, OPT_CLIENT},
    {"differing", no_argument, NULL, OPT_DIFFERING},
    {"out", required_argument, NULL, OPT_OUT},
    {"state", required_argument, NULL, OPT_STATE},
    {"point-from", required_argument, NULL, OPT_POINT_FROM},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"follow", no_argument, NULL, OPT_FOLLOW},
    {"final", no_argument, NULL, OPT_FINAL},
    {"zstd", no_argument, NULL, OPT_ZSTD},
    {"alert", no_argument, NULL, OPT_ALERT},
    {"manifest", required_argument, NULL, OPT_MANIFEST},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"top", required_argument, NULL, OPT_TOP},
    {"baseline", required_argument, NULL, OPT_BASELINE},
    {"write", required_argument, NULL, 'w'},
    {"captures", required_argument, NULL, OPT_CAPTURES},
    {"minimal", no_argument, NULL, OPT_MINIMAL},
    {"with-secrets", no_argument, NULL, OPT_WITH_SECRETS},
    {"title", required_argument, NULL, OPT_TITLE},
    {"compact", no_argument, NULL, OPT_COMPACT},
    {"stats", required_argument, NULL, OPT_STATS},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"color", required_argument, NULL, OPT_COLOR},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"list", required_argument, NULL, OPT_LIST},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* ---- values ---- */

static int parse_format(struct cli_options *o, const char *name, struct buf *complaint)
{
    o->format_given = true;
    if (out_format_parse(name, &o->format))
        return P2T_OK;
    buf_printf(complaint, "unknown format '%s': there are", name);
    for (int i = 0; i < OUT_FORMAT_COUNT; i++)
        buf_printf(complaint, "%s %s", i == 0 ? "" : ",", out_format_name((enum out_format)i));
    return P2T_ERR_USAGE;
}

static int parse_list(struct cli_options *o, const char *name, struct buf *complaint)
{
    o->action = CLI_LIST;
    if (list_parse(name, &o->list))
        return P2T_OK;
    buf_printf(complaint, "unknown list '%s': there are ", name);
    list_names(complaint);
    return P2T_ERR_USAGE;
}

static int parse_count(struct cli_options *o, const char *text, struct buf *complaint)
{
    if (!slice_u64(slice_str(text), &o->count) || o->count == 0)
        return options_wrong(complaint, "-c", text, "a number of exchanges is wanted, from 1");
    return P2T_OK;
}

static int parse_jobs(struct cli_options *o, const char *text, struct buf *complaint)
{
    uint64_t n;

    if (!slice_u64(slice_str(text), &n) || n == 0 || n > CLI_JOBS_MAX)
        return options_wrong(complaint, "-j", text, "a number of threads is wanted, from 1 to 1024");
    o->jobs = (unsigned)n;
    return P2T_OK;
}

/* K, M and G are powers of 1024; a B may follow. */
static bool parse_size(const char *text, size_t *bytes)
{
    struct slice s = slice_str(text);
    size_t digits = 0;
    uint64_t n;

    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    struct slice unit = slice_from(s, digits);
    if (!slice_u64(slice_of(s.p, digits), &n))
        return false;
    unsigned shift = slice_istarts(unit, SLICE_LIT("k"))   ? 10
                     : slice_istarts(unit, SLICE_LIT("m")) ? 20
                     : slice_istarts(unit, SLICE_LIT("g")) ? 30
                                                           : 0;
    unit = slice_from(unit, shift > 0);
    if ((unit.n > 0 && !slice_ieq(unit, SLICE_LIT("b"))) || n > SIZE_MAX >> shift)
        return false;
    *bytes = (size_t)n << shift;
    return true;
}

static int parse_max_memory(struct cli_options *o, const char *text, struct buf *complaint)
{
    if (!parse_size(text, &o->max_memory) || o->max_memory < P2T_MEMORY_LEAST)
        return options_wrong(complaint, "--max-memory", text, "a size of at least 32M is wanted, e.g. 512M or 2G");
    return P2T_OK;
}

static int parse_top(struct cli_options *o, const char *text, struct buf *complaint)
{
    uint64_t n;

    if (!slice_u64(slice_str(text), &n) || n == 0 || n > 100000)
        return options_wrong(complaint, "--top", text, "a number of causes and services is wanted, from 1");
    o->top = (size_t)n;
    return P2T_OK;
}

static int parse_when(enum cli_when *when, const char *option, const char *text, struct buf *complaint)
{
    static const char *const names[] = {"auto", "always", "never"};

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *when = (enum cli_when)i;
            return P2T_OK;
        }
    return options_wrong(complaint, option, text, "auto, always or never is wanted");
}

static int take_keylog(struct cli_options *o, const char *value, struct buf *complaint)
{
    o->keylog = strcmp(value, "env") == 0 ? getenv("SSLKEYLOGFILE") : value;
    if (o->keylog == NULL || *o->keylog == '\0')
        return options_wrong(complaint, "--keylog", value,
                             "a file is wanted; env stands for $SSLKEYLOGFILE, if that is set");
    return P2T_OK;
}

/* Of compare: the addresses whose the live traces are. */
static int take_clients(struct cli_options *o, struct buf *complaint)
{
    for (size_t i = 0; i < o->filter.clients.n; i++) {
        struct ip_addr ip = ip_parse(slice_str(o->filter.clients.item[i]));
        if (ip.family == 0)
            return options_wrong(complaint, "--client", o->filter.clients.item[i], "an IP address is wanted");
        o->clients[o->client_count++] = ip;
    }
    o->filter.clients.n = 0;
    return P2T_OK;
}

static int take_name(const char **names, size_t *n, const char *option, const char *value, struct buf *complaint)
{
    if (*value == '\0')
        return options_wrong(complaint, option, value, "a pattern of names is wanted, e.g. '*-key'");
    names[(*n)++] = value;
    return P2T_OK;
}

static int take_compare(struct cli_options *o, int option, const char *value, struct buf *complaint)
{
    if (option == OPT_LIVE)
        o->live[o->live_count++] = value;
    else if (option == OPT_CLIENT)
        return options_named(filter_add_client(&o->filter, value), complaint, "--client", value,
                             "an address is wanted");
    else if (option == OPT_DIFFERING)
        o->differing = true;
    else if (filter_duration(value, &o->tolerance_ns) != P2T_OK)
        return options_wrong(complaint, "--tolerance", value, "a time with its unit is wanted, e.g. 1ms or 500us");
    return P2T_OK;
}

/* "30", in seconds, or with a unit. */
static int parse_settle(struct cli_batch *b, const char *value, struct buf *complaint)
{
    uint64_t seconds;

    if (slice_u64(slice_str(value), &seconds) && seconds <= 86400)
        b->settle_ns = (int64_t)seconds * 1000000000;
    else if (filter_duration(value, &b->settle_ns) != P2T_OK)
        return options_wrong(complaint, "--settle", value, "a number of seconds is wanted, or a time with its unit");
    return P2T_OK;
}

static int parse_shard(struct cli_batch *b, const char *value, struct buf *complaint)
{
    struct slice s = slice_str(value);
    size_t slash = slice_find(s, '/');

    if (slice_u64(slice_of(s.p, slash), &b->shard) && slice_u64(slice_from(s, slash + 1), &b->shards) &&
        b->shard < b->shards)
        return P2T_OK;
    return options_wrong(complaint, "--shard", value, "I/N is wanted: the I-th of N, counted from 0");
}

static int take_batch(struct cli_batch *b, int option, const char *value, struct buf *complaint)
{
    b->any = true;
    switch (option) {
    case OPT_OUT:
        b->out = value;
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--out", value, "a folder is wanted");
    case OPT_STATE:
        b->state = value;
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--state", value, "a folder is wanted");
    case OPT_POINT_FROM:
        b->point_from = value;
        return P2T_OK;
    case OPT_SETTLE:
        return parse_settle(b, value, complaint);
    case OPT_FOLLOW:
        b->follow = true;
        return P2T_OK;
    case OPT_FINAL:
        b->final = true;
        return P2T_OK;
    case OPT_ALERT:
        b->alert = true;
        return P2T_OK;
    case OPT_ZSTD:
        b->zstd = true;
        return P2T_OK;
    case OPT_MANIFEST:
        b->manifest = value;
        return P2T_OK;
    default:
        return parse_shard(b, value, complaint);
    }
}

static int take(struct cli_options *o, int option, char *value, struct buf *complaint)
{
    if (option >= OPT_OUT && option <= OPT_SHARD)
        return take_batch(&o->batch, option, value, complaint);
    switch (option) {
    case 'T':
        return parse_format(o, value, complaint);
    case 'r':
        o->captures[o->capture_count++] = value;
        return P2T_OK;
    case 'c':
        return parse_count(o, value, complaint);
    case 'j':
        return parse_jobs(o, value, complaint);
    case OPT_TOP:
        return parse_top(o, value, complaint);
    case OPT_BASELINE:
        o->baseline = value;
        return P2T_OK;
    case OPT_CAPTURES:
        o->captures_folder = value;
        return P2T_OK;
    case OPT_TITLE:
        o->title = value;
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--title", value, "a text is wanted");
    case OPT_MAX_MEMORY:
        return parse_max_memory(o, value, complaint);
    case 'w':
    case 'o':
        o->extract.written = true;
        o->extract.by_w |= option == 'w';
        o->output = strcmp(value, "-") == 0 ? NULL : value;
        return *value != '\0' ? P2T_OK
                              : options_wrong(complaint, option == 'w' ? "-w" : "-o", value, "a file name is wanted");
    case 'f':
        o->bpf = value;
        return P2T_OK;
    case 'R':
        o->recursive = true;
        return P2T_OK;
    case 'q':
        o->quiet = true;
        return P2T_OK;
    case 'v':
        o->verbose = true;
        return P2T_OK;
    case OPT_ALL:
        o->all = true;
        return P2T_OK;
    case OPT_SHOW_SECRETS:
        o->show_secrets = true;
        return P2T_OK;
    case OPT_REDACT:
        return take_name(o->redact, &o->redact_count, "--redact", value, complaint);
    case OPT_KEEP:
        return take_name(o->keep, &o->keep_count, "--keep", value, complaint);
    case OPT_KEYLOG:
        return take_keylog(o, value, complaint);
    case OPT_LIVE:
    case OPT_TOLERANCE:
    case OPT_DIFFERING:
    case OPT_CLIENT:
        return take_compare(o, option, value, complaint);
    case OPT_MINIMAL:
        o->extract.minimal = true;
        return P2T_OK;
    case OPT_WITH_SECRETS:
        o->extract.with_secrets = true;
        return P2T_OK;
    case OPT_COMPACT:
        o->compact = true;
        return P2T_OK;
    case OPT_STATS:
        o->stages = strcmp(value, "stages") == 0;
        return o->stages ? P2T_OK : options_wrong(complaint, "--stats", value, "'stages' is what there is");
    case OPT_COLOR:
        return parse_when(&o->color, "--color", value, complaint);
    case OPT_PROGRESS:
        return parse_when(&o->progress, "--progress", value, complaint);
    case OPT_LIST:
        return parse_list(o, value, complaint);
    default:
        return options_take_filter(&o->filter, option, value, complaint);
    }
}

/* ---- the line ---- */

static int reject(int option, char **argv, struct buf *complaint)
{
    const char *word = argv[optind - 1];

    if (option == ':')
        buf_printf(complaint, "option '%s' wants a value", word);
    else if (optopt != 0 && optopt < 256)
        buf_printf(complaint, "unknown option '-%c'", optopt);
    else if (optopt != 0)
        buf_printf(complaint, "option '%s' takes no value", word);
    else
        buf_printf(complaint, "unknown or ambiguous option '%s'", word);
    return P2T_ERR_USAGE;
}

static int parse_switches(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    int option, status = P2T_OK;

    opterr = 0;
    optind = 0; /* glibc: start afresh */
    while (status == P2T_OK && (option = getopt_long(argc, argv, ":T:r:Rc:j:o:w:f:qvh", long_options, NULL)) != -1) {
        if (option == 'h' || option == OPT_VERSION) {
            o->action = option == 'h' ? CLI_HELP : CLI_VERSION;
            return P2T_OK;
        }
        status =
            option == ':' || option == '?' ? reject(option, argv, complaint) : take(o, option, optarg, complaint);
    }
    return status;
}

static bool take_command(struct cli_options *o, const char *word)
{
    static const struct {
        const char *word;
        enum cli_action action;
    } commands[] = {{"trace", CLI_TRACE},   {"summary", CLI_SUMMARY}, {"doctor", CLI_DOCTOR},
                    {"report", CLI_REPORT}, {"compare", CLI_COMPARE}, {"batch", CLI_BATCH},
                    {"plan", CLI_PLAN},     {"explain", CLI_EXPLAIN}, {"extract", CLI_EXTRACT},
                    {"mcp", CLI_MCP}};

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(word, commands[i].word) == 0) {
            o->action = commands[i].action;
            return true;
        }
    return false;
}

/* A word that is no command, before others, and no file: few name captures so. */
static bool looks_like_command(const char *word)
{
    return strpbrk(word, "./-") == NULL && access(word, F_OK) != 0;
}

static int parse_operands(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    int i = optind;

    if (i < argc && take_command(o, argv[i])) {
        i++;
    } else if (i + 1 < argc && looks_like_command(argv[i])) {
        buf_printf(complaint, "no command '%s' is known, and no capture of that name is here", argv[i]);
        return P2T_ERR_USAGE;
    }
    while (i < argc)
        o->captures[o->capture_count++] = argv[i++];
    if (o->capture_count > 0 || (o->action == CLI_BATCH && o->batch.manifest != NULL))
        return P2T_OK;
    buf_str(complaint, o->action == CLI_BATCH || o->action == CLI_PLAN || o->action == CLI_MCP
                           ? "no capture folder given"
                           : "no capture given");
    return P2T_ERR_USAGE;
}

int cli_options_parse(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    *o = (struct cli_options){
        .action = CLI_TRACE, .format = OUT_FORMAT_TEXT, .tolerance_ns = CLI_TOLERANCE_NS, .batch.settle_ns = -1};
    o->captures = calloc((size_t)argc + 1, sizeof *o->captures);
    o->live = calloc((size_t)argc + 1, sizeof *o->live);
    o->clients = calloc((size_t)argc + 1, sizeof *o->clients);
    o->redact = calloc((size_t)argc + 1, sizeof *o->redact);
    o->keep = calloc((size_t)argc + 1, sizeof *o->keep);
    if (o->captures == NULL || o->live == NULL || o->clients == NULL || o->redact == NULL || o->keep == NULL)
        return P2T_ERR_MEMORY;
    int status = parse_switches(o, argc, argv, complaint);
    if (status != P2T_OK || o->action != CLI_TRACE)
        return status;
    status = parse_operands(o, argc, argv, complaint);
    if (status == P2T_OK && o->action == CLI_COMPARE)
        status = take_clients(o, complaint);
    if (status == P2T_OK)
        status = options_take_ending(o, complaint);
    return status == P2T_OK ? options_check(o, complaint) : status;
}

static bool names_stdin(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (names[i] != NULL && strcmp(names[i], "-") == 0)
            return true;
    return false;
}

bool cli_reads_stdin(const struct cli_options *o)
{
    return names_stdin(o->captures, o->capture_count) || names_stdin(o->live, o->live_count);
}

void cli_options_free(struct cli_options *o)
{
    free(o->captures);
    free(o->live);
    free(o->clients);
    free(o->redact);
    free(o->keep);
    filter_free(&o->filter);
    *o = (struct cli_options){0};
}
