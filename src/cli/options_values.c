/* The values of options. */
#include "cli/options_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"
#include "cli/suggest.h"
#include "pcap2trace/session.h"

/* Sets *chosen to the place of the word among the choices. */
static int choose(int *chosen, const char *option, const char *choices, const char *word, struct buf *complaint)
{
    *chosen = cli_choice_index(choices, word);
    if (*chosen >= 0)
        return P2T_OK;
    buf_printf(complaint, "%s '%s': expected ", option, word);
    cli_choices_to(complaint, choices);
    suggest_to(complaint, slice_str(word), choices, "");
    return P2T_ERR_USAGE;
}

/* The choices of an option are those of its row for the command that takes most. */
static int choose_of(int *chosen, int id, const char *option, const char *word, struct buf *complaint)
{
    return choose(chosen, option, cli_option_of(id, CLI_TRACE)->choices, word, complaint);
}

static int parse_format(struct cli_options *o, const char *name, struct buf *complaint)
{
    int chosen, status = choose_of(&chosen, 'T', "-T", name, complaint);

    o->format_given = true;
    if (status == P2T_OK)
        o->format = (enum out_format)chosen;
    return status;
}

static int parse_list(struct cli_options *o, const char *name, struct buf *complaint)
{
    int chosen, status = choose_of(&chosen, OPT_LIST, "--list", name, complaint);

    o->action = CLI_LIST;
    if (status == P2T_OK)
        o->list = (enum cli_list)chosen;
    return status;
}

static int parse_count(struct cli_options *o, const char *text, struct buf *complaint)
{
    if (!slice_u64(slice_str(text), &o->count) || o->count == 0)
        return options_wrong(complaint, "-c", text, "expected a number of exchanges, at least 1");
    return P2T_OK;
}

static int parse_jobs(struct cli_options *o, const char *text, struct buf *complaint)
{
    uint64_t n;

    if (!slice_u64(slice_str(text), &n) || n == 0 || n > CLI_JOBS_MAX)
        return options_wrong(complaint, "-j", text, "expected a number of threads from 1 to 1024");
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
        return options_wrong(complaint, "--max-memory", text, "expected a size of at least 32M, e.g. 512M or 2G");
    return P2T_OK;
}

static int parse_top(struct cli_options *o, const char *text, struct buf *complaint)
{
    uint64_t n;

    if (!slice_u64(slice_str(text), &n) || n == 0 || n > 100000)
        return options_wrong(complaint, "--top", text, "expected a number of causes and services, at least 1");
    o->top = (size_t)n;
    return P2T_OK;
}

static int parse_when(enum cli_when *when, int id, const char *option, const char *text, struct buf *complaint)
{
    int chosen, status = choose_of(&chosen, id, option, text, complaint);

    if (status == P2T_OK)
        *when = (enum cli_when)chosen;
    return status;
}

static int parse_time(struct cli_options *o, const char *text, struct buf *complaint)
{
    int chosen, status = choose_of(&chosen, OPT_TIME, "--time", text, complaint);

    if (status == P2T_OK)
        o->time = (enum out_time)chosen;
    return status;
}

static int parse_stats(const char *text, struct buf *complaint)
{
    int chosen;

    return choose_of(&chosen, OPT_STATS, "--stats", text, complaint);
}

static int take_keylog(struct cli_options *o, const char *value, struct buf *complaint)
{
    o->keylog = strcmp(value, "env") == 0 ? getenv("SSLKEYLOGFILE") : value;
    if (o->keylog == NULL || *o->keylog == '\0')
        return options_wrong(complaint, "--keylog", value, "expected a file, or env if $SSLKEYLOGFILE is set");
    return P2T_OK;
}

/* Of compare: the addresses whose the live traces are. */
int options_take_clients(struct cli_options *o, struct buf *complaint)
{
    for (size_t i = 0; i < o->filter.clients.n; i++) {
        struct ip_addr ip = ip_parse(slice_str(o->filter.clients.item[i]));
        if (ip.family == 0)
            return options_wrong(complaint, "--client", o->filter.clients.item[i], "expected an IP address");
        o->clients[o->client_count++] = ip;
    }
    o->filter.clients.n = 0;
    return P2T_OK;
}

static int take_name(const char **names, size_t *n, const char *option, const char *value, struct buf *complaint)
{
    if (*value == '\0')
        return options_wrong(complaint, option, value, "expected a pattern of names, e.g. '*-key'");
    names[(*n)++] = value;
    return P2T_OK;
}

static int take_compare(struct cli_options *o, int option, const char *value, struct buf *complaint)
{
    if (option == OPT_LIVE)
        o->live[o->live_count++] = value;
    else if (option == OPT_CLIENT)
        return options_named(filter_add_client(&o->filter, value), complaint, "--client", value,
                             "expected an IP address");
    else if (option == OPT_DIFFERING)
        o->differing = true;
    else if (filter_duration(value, &o->tolerance_ns) != P2T_OK)
        return options_wrong(complaint, "--tolerance", value, "expected a time with its unit, e.g. 1ms or 500us");
    return P2T_OK;
}

/* "30", in seconds, or with a unit. */
static int parse_settle(struct cli_batch *b, const char *value, struct buf *complaint)
{
    uint64_t seconds;

    if (slice_u64(slice_str(value), &seconds) && seconds <= 86400)
        b->settle_ns = (int64_t)seconds * 1000000000;
    else if (filter_duration(value, &b->settle_ns) != P2T_OK)
        return options_wrong(complaint, "--settle", value, "expected a number of seconds, or a time with its unit");
    return P2T_OK;
}

static int parse_shard(struct cli_batch *b, const char *value, struct buf *complaint)
{
    struct slice s = slice_str(value);
    size_t slash = slice_find(s, '/');

    if (slice_u64(slice_of(s.p, slash), &b->shard) && slice_u64(slice_from(s, slash + 1), &b->shards) &&
        b->shard < b->shards)
        return P2T_OK;
    return options_wrong(complaint, "--shard", value, "expected I/N, e.g. 0/4 for the first of four parts");
}

static int take_batch(struct cli_batch *b, int option, const char *value, struct buf *complaint)
{
    b->any = true;
    switch (option) {
    case OPT_OUT:
        b->out = value;
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--out", value, "expected a folder");
    case OPT_STATE:
        b->state = value;
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--state", value, "expected a folder");
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

int options_take(struct cli_options *o, int option, char *value, struct buf *complaint)
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
        return *value != '\0' ? P2T_OK : options_wrong(complaint, "--title", value, "expected a text");
    case OPT_MAX_MEMORY:
        return parse_max_memory(o, value, complaint);
    case 'w':
    case 'o':
        o->extract.written = true;
        o->extract.by_w |= option == 'w';
        o->output = strcmp(value, "-") == 0 ? NULL : value;
        return *value != '\0' ? P2T_OK
                              : options_wrong(complaint, option == 'w' ? "-w" : "-o", value, "expected a file name");
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
        o->stages = true;
        return parse_stats(value, complaint);
    case OPT_COLOR:
        return parse_when(&o->color, OPT_COLOR, "--color", value, complaint);
    case OPT_PROGRESS:
        return parse_when(&o->progress, OPT_PROGRESS, "--progress", value, complaint);
    case OPT_TIME:
        return parse_time(o, value, complaint);
    case OPT_LIST:
        return parse_list(o, value, complaint);
    default:
        return options_take_filter(&o->filter, option, value, complaint);
    }
}
