/* Completion for zsh, by its _arguments. */
#include "cli/generate/generate.h"

#include <string.h>

/* In single quotes, inside of which _arguments takes [, ] and : as its own. */
static void put_text(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            buf_lit(b, "'\\''");
        else if (strchr("[]:\\", *text) != NULL)
            buf_printf(b, "\\%c", *text);
        else
            buf_putc(b, *text);
}

static void put_action(struct buf *b, const struct cli_option *o)
{
    buf_printf(b, ":%s:", o->value);
    if (o->kind == CLI_VALUE_CHOICE)
        buf_printf(b, "(%s)", o->choices);
    else
        buf_str(b, o->kind == CLI_VALUE_FILE ? "_files" : o->kind == CLI_VALUE_FOLDER ? "_files -/" : " ");
}

static void put_option(struct buf *b, const struct cli_option *o)
{
    const char *value = o->value != NULL ? "=" : "";
    struct buf text = {0};

    cli_option_text(&text, o);
    buf_putc(&text, '\0');
    if (o->id < 256)
        buf_printf(b, "    '*'{-%c%s,--%s%s}'[", o->id, o->value != NULL ? "+" : "", o->name, value);
    else
        buf_printf(b, "    '*--%s%s[", o->name, value);
    put_text(b, text.failed ? "" : (const char *)text.p);
    buf_putc(b, ']');
    if (o->value != NULL)
        put_action(b, o);
    buf_lit(b, "' \\\n");
    buf_fini(&text);
}

static void put_command(struct buf *b, const struct cli_command *c)
{
    buf_printf(b, "  (%s)\n  _arguments -s \\\n", c->name);
    for (const struct cli_option *o = cli_option_table; o->name != NULL; o++)
        if (generate_has(o, c))
            put_option(b, o);
    if (c->action == CLI_TRACE)
        buf_lit(b, "    '1: :_pcap2trace_first' \\\n");
    buf_printf(b, "    '*:capture:_files%s'\n  ;;\n", c->operands == CLI_VALUE_FOLDER ? " -/" : "");
}

void generate_zsh(struct buf *b)
{
    buf_lit(b, "#compdef pcap2trace\n"
               "# zsh completion for pcap2trace, generated from its table of options\n"
               "\n"
               "_pcap2trace_commands() {\n"
               "  local -a commands=(\n");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++) {
        buf_printf(b, "    '%s:", c->name);
        put_text(b, c->brief);
        buf_lit(b, "'\n");
    }
    buf_lit(b, "    'help:what a command does, and its options'\n"
               "  )\n"
               "  _describe command commands\n"
               "}\n"
               "\n"
               "_pcap2trace_first() {\n"
               "  _alternative 'commands:command:_pcap2trace_commands' 'captures:capture:_files'\n"
               "}\n"
               "\n"
               "_pcap2trace() {\n"
               "  local command=trace\n"
               "  integer i\n"
               "  for ((i = 2; i < CURRENT; i++)); do\n"
               "    case $words[i] in\n"
               "    (");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        buf_printf(b, "%s|", c->name);
    buf_lit(b, "help)\n"
               "      command=$words[i]\n"
               "      words[i]=()\n"
               "      ((CURRENT--))\n"
               "      break\n"
               "    ;;\n"
               "    esac\n"
               "  done\n"
               "  case $command in\n");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        put_command(b, c);
    buf_lit(b, "  (help)\n"
               "  _pcap2trace_commands\n"
               "  ;;\n"
               "  esac\n"
               "}\n"
               "\n"
               "_pcap2trace \"$@\"\n");
}
