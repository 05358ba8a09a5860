/* Completion for fish. */
#include "cli/generate/generate.h"

static void put_condition(struct buf *b, unsigned commands)
{
    const unsigned trace = 1u << CLI_TRACE;
    unsigned all = 0;

    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        all |= 1u << c->action;
    if ((commands & all) == all)
        return;
    /* trace is what is meant where no command is named. */
    bool others = (commands & trace) != 0;
    buf_str(b, others ? " -n 'not __fish_seen_subcommand_from help" : " -n '__fish_seen_subcommand_from");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        if (((commands & 1u << c->action) != 0) != others)
            buf_printf(b, " %s", c->name);
    buf_putc(b, '\'');
}

static void put_option(struct buf *b, const struct cli_option *o)
{
    struct buf text = {0};

    cli_option_text(&text, o);
    buf_putc(&text, '\0');
    buf_lit(b, "complete -c pcap2trace");
    put_condition(b, o->commands);
    if (o->id < 256)
        buf_printf(b, " -s %c", o->id);
    buf_printf(b, " -l %s", o->name);
    if (o->kind == CLI_VALUE_CHOICE)
        buf_printf(b, " -x -a '%s'", o->choices);
    else if (o->kind == CLI_VALUE_FILE)
        buf_lit(b, " -r -F");
    else if (o->kind == CLI_VALUE_FOLDER)
        buf_lit(b, " -x -a '(__fish_complete_directories)'");
    else if (o->value != NULL)
        buf_lit(b, " -x");
    buf_lit(b, " -d '");
    generate_escaped(b, text.failed ? "" : (const char *)text.p, "'\\");
    buf_lit(b, "'\n");
    buf_fini(&text);
}

static void put_command(struct buf *b, const char *name, const char *brief)
{
    buf_printf(b, "complete -c pcap2trace -n __fish_use_subcommand -a %s -d '", name);
    generate_escaped(b, brief, "'\\");
    buf_lit(b, "'\n");
}

void generate_fish(struct buf *b)
{
    buf_lit(b, "# fish completion for pcap2trace, generated from its table of options\n");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        put_command(b, c->name, c->brief);
    put_command(b, "help", "what a command does, and its options");
    buf_lit(b, "complete -c pcap2trace -f -n '__fish_seen_subcommand_from help' -a '");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        buf_printf(b, "%s ", c->name);
    b->n--;
    buf_lit(b, "'\n");
    for (const struct cli_option *o = cli_option_table; o->name != NULL; o++)
        put_option(b, o);
}
