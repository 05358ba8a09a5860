#include "cli/options_parts.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/option_table.h"
#include "cli/suggest.h"
#include "pcap2trace/status.h"

enum { OPTIONS_MAX = 128 };

/* What getopt_long() wants to know. */
struct grammar {
    struct option longs[OPTIONS_MAX];
    char letters[2 * OPTIONS_MAX];
};

static struct grammar grammar_of(void)
{
    struct grammar g = {.letters = ":"}; /* a missing value is told from an unknown option */
    size_t n = 0, k = 1;

    for (const struct cli_option *o = cli_option_table; o->name != NULL && n + 1 < OPTIONS_MAX; o++) {
        bool again = false;
        for (size_t i = 0; i < n; i++)
            again |= g.longs[i].val == o->id;
        if (again)
            continue;
        g.longs[n++] = (struct option){o->name, o->value != NULL ? required_argument : no_argument, NULL, o->id};
        if (o->id >= 256)
            continue;
        g.letters[k++] = (char)o->id;
        if (o->value != NULL)
            g.letters[k++] = ':';
    }
    return g;
}

/* How many options of the command, or, where it is NULL, of any, begin as the word does, "--name=value" or "--name"; appends
 * them, with commas between. */
static size_t candidates(const struct grammar *g, const struct cli_command *command, const char *word,
                         struct buf *names)
{
    size_t length = strcspn(word + 2, "="), count = 0;

    for (const struct option *o = g->longs; o->name != NULL; o++)
        if (strncmp(o->name, word + 2, length) == 0 &&
            (command == NULL || cli_option_of(o->val, command->action) != NULL)) {
            buf_printf(names, "%s--%s", count > 0 ? ", " : "", o->name);
            count++;
        }
    return count;
}

static void suggest_option(const struct grammar *g, const char *word, struct buf *complaint)
{
    struct buf names = {0};

    for (const struct option *o = g->longs; o->name != NULL; o++)
        buf_printf(&names, "%s ", o->name);
    buf_putc(&names, '\0');
    if (!names.failed)
        suggest_to(complaint, slice_of(word + 2, strcspn(word + 2, "=")), (const char *)names.p, "--");
    buf_fini(&names);
}

/* Before the operands are known: the first word that is a command, else trace. */
static const struct cli_command *probable_command(char **argv)
{
    const struct cli_command *command = NULL;

    for (size_t i = 1; argv[i] != NULL && command == NULL; i++)
        command = cli_command_named(argv[i]);
    return command != NULL ? command : cli_command_of(CLI_TRACE);
}

/* Says so where the word begins several options: those that the command has, unless these are fewer than two. */
static bool is_ambiguous(const struct grammar *g, const char *word, char **argv, struct buf *complaint)
{
    struct buf names = {0};
    bool few = candidates(g, probable_command(argv), word, &names) < 2;
    bool ambiguous = true;

    if (few) {
        buf_reset(&names);
        ambiguous = candidates(g, NULL, word, &names) > 1;
    }
    if (ambiguous)
        buf_printf(complaint, "ambiguous option '%s': %.*s", word, (int)names.n, (const char *)names.p);
    buf_fini(&names);
    return ambiguous;
}

static int reject(const struct grammar *g, int option, char **argv, struct buf *complaint)
{
    const char *word = argv[optind - 1];

    if (option == ':')
        buf_printf(complaint, "option '%s' needs a value", word);
    else if (optopt != 0 && optopt < 256)
        buf_printf(complaint, "unknown option '-%c'", optopt);
    else if (optopt != 0)
        buf_printf(complaint, "option '%s' takes no value", word);
    else if (!is_ambiguous(g, word, argv, complaint)) {
        buf_printf(complaint, "unknown option '%s'", word);
        suggest_option(g, word, complaint);
    }
    return P2T_ERR_USAGE;
}

/* After -h: which command it is about stands among the operands. */
static void take_help(struct cli_options *o, const struct grammar *g, int argc, char **argv)
{
    while (getopt_long(argc, argv, g->letters, g->longs, NULL) != -1)
        ;
    o->action = CLI_HELP;
    o->about = optind < argc ? cli_command_named(argv[optind]) : NULL;
}

static int parse_switches(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    struct grammar g = grammar_of();
    int option, status = P2T_OK;

    opterr = 0;
    optind = 0; /* glibc: start afresh */
    while (status == P2T_OK && (option = getopt_long(argc, argv, g.letters, g.longs, NULL)) != -1) {
        if (option == 'h') {
            take_help(o, &g, argc, argv);
            return P2T_OK;
        }
        if (option == OPT_VERSION) {
            o->action = CLI_VERSION;
            return P2T_OK;
        }
        status = option == ':' || option == '?' ? reject(&g, option, argv, complaint)
                                                : options_take(o, option, optarg, complaint);
        o->given[o->given_count++] = option;
    }
    return status;
}

static void suggest_command(const char *word, struct buf *complaint)
{
    struct buf names = {0};

    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        buf_printf(&names, "%s ", c->name);
    buf_lit(&names, "help");
    buf_putc(&names, '\0');
    if (!names.failed)
        suggest_to(complaint, slice_str(word), (const char *)names.p, "");
    buf_fini(&names);
}

static int unknown_command(const char *word, struct buf *complaint)
{
    buf_printf(complaint, "'%s' is neither a command nor a capture", word);
    suggest_command(word, complaint);
    return P2T_ERR_USAGE;
}

/* A word that is no file, before others or like a command: few name captures so. */
static bool looks_like_command(int argc, char **argv, int i)
{
    struct buf like = {0};

    if (strpbrk(argv[i], "./-") != NULL || access(argv[i], F_OK) == 0)
        return false;
    suggest_command(argv[i], &like);
    bool alike = like.n > 0;
    buf_fini(&like);
    return alike || i + 1 < argc;
}

/* "help", "help COMMAND" */
static int take_help_words(struct cli_options *o, int argc, char **argv, int i, struct buf *complaint)
{
    o->action = CLI_HELP;
    if (i == argc || (i + 1 == argc && strcmp(argv[i], "help") == 0))
        return P2T_OK;
    o->about = cli_command_named(argv[i]);
    if (o->about != NULL && i + 1 == argc)
        return P2T_OK;
    if (o->about == NULL) {
        buf_printf(complaint, "no command is called '%s'", argv[i]);
        suggest_command(argv[i], complaint);
    } else
        buf_lit(complaint, "help is about one command at a time");
    return P2T_ERR_USAGE;
}

static int parse_operands(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    const struct cli_command *command = optind < argc ? cli_command_named(argv[optind]) : NULL;
    int i = optind + (command != NULL);

    if (optind < argc && strcmp(argv[optind], "help") == 0)
        return take_help_words(o, argc, argv, optind + 1, complaint);
    if (command != NULL)
        o->action = command->action;
    else if (i < argc && looks_like_command(argc, argv, i))
        return unknown_command(argv[i], complaint);
    while (i < argc)
        o->captures[o->capture_count++] = argv[i++];
    if (o->capture_count > 0 || (o->action == CLI_BATCH && o->batch.manifest != NULL))
        return P2T_OK;
    buf_str(complaint,
            cli_command_of(o->action)->operands == CLI_VALUE_FOLDER ? "no capture folder given" : "no capture given");
    return P2T_ERR_USAGE;
}

static int allocate(struct cli_options *o, size_t n)
{
    o->captures = calloc(n, sizeof *o->captures);
    o->live = calloc(n, sizeof *o->live);
    o->clients = calloc(n, sizeof *o->clients);
    o->redact = calloc(n, sizeof *o->redact);
    o->keep = calloc(n, sizeof *o->keep);
    o->given = calloc(n, sizeof *o->given);
    return o->captures == NULL || o->live == NULL || o->clients == NULL || o->redact == NULL || o->keep == NULL ||
                   o->given == NULL
               ? P2T_ERR_MEMORY
               : P2T_OK;
}

/* Whoever asks for one exchange wants to see all of it. */
static void take_default_format(struct cli_options *o)
{
    bool asked = o->format_given || o->format != OUT_FORMAT_TEXT;

    if (o->action == CLI_TRACE && !asked && o->filter.id_count == 0 && o->filter.trace_ids.n == 0)
        o->format = OUT_FORMAT_LINES;
}

int cli_options_parse(struct cli_options *o, int argc, char **argv, struct buf *complaint)
{
    size_t longest = 0;

    *o = (struct cli_options){
        .action = CLI_TRACE, .format = OUT_FORMAT_TEXT, .tolerance_ns = CLI_TOLERANCE_NS, .batch.settle_ns = -1};
    for (int i = 0; i < argc; i++)
        longest += strlen(argv[i]) + 1; /* -qv is two options in one word */
    int status = allocate(o, longest + 1);
    if (status == P2T_OK)
        status = parse_switches(o, argc, argv, complaint);
    if (status == P2T_ERR_USAGE)
        o->action = probable_command(argv)->action; /* whose usage is shown */
    if (status != P2T_OK || o->action != CLI_TRACE)
        return status;
    status = parse_operands(o, argc, argv, complaint);
    if (status != P2T_OK || o->action == CLI_HELP)
        return status;
    if (o->action == CLI_COMPARE)
        status = options_take_clients(o, complaint);
    if (status == P2T_OK)
        status = options_take_ending(o, complaint);
    take_default_format(o);
    o->all |= o->filter.id_count > 0; /* whoever names one wants it, however unimportant */
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
    free(o->given);
    filter_free(&o->filter);
    *o = (struct cli_options){0};
}
