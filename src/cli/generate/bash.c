/* Completion for bash. It needs nothing of the bash-completion package. */
#include "cli/generate/generate.h"

static void put_commands(struct buf *b, const char *between)
{
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        buf_printf(b, "%s%s", c == cli_command_table ? "" : between, c->name);
}

/* "trace:-T|trace:--format", or with * for any command where the option is the same for all. */
static void put_patterns(struct buf *b, const struct cli_option *o, bool same_for_all)
{
    const char *between = "";

    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++) {
        if (!generate_has(o, c))
            continue;
        const char *command = same_for_all ? "*" : c->name;
        buf_printf(b, "%s%s:--%s", between, command, o->name);
        if (o->id < 256)
            buf_printf(b, "|%s:-%c", command, o->id);
        between = "|";
        if (same_for_all)
            break;
    }
}

static bool has_other_rows(const struct cli_option *o)
{
    for (const struct cli_option *other = cli_option_table; other->name != NULL; other++)
        if (other != o && other->id == o->id)
            return true;
    return false;
}

static void put_value(struct buf *b, const struct cli_option *o)
{
    if (o->kind == CLI_VALUE_CHOICE)
        buf_printf(b, "_pcap2trace_words \"%s\"", o->choices);
    else
        buf_str(b, o->kind == CLI_VALUE_FILE     ? "_pcap2trace_files"
                   : o->kind == CLI_VALUE_FOLDER ? "_pcap2trace_folders"
                                                 : ":");
}

static void put_values(struct buf *b)
{
    for (const struct cli_option *o = cli_option_table; o->name != NULL; o++) {
        if (o->value == NULL)
            continue;
        buf_lit(b, "    ");
        put_patterns(b, o, !has_other_rows(o));
        buf_lit(b, ") ");
        put_value(b, o);
        buf_lit(b, "; return ;;\n");
    }
}

static void put_options(struct buf *b, const struct cli_command *c)
{
    buf_printf(b, "        %s) _pcap2trace_words \"", c->name);
    for (const struct cli_option *o = cli_option_table; o->name != NULL; o++) {
        if (!generate_has(o, c))
            continue;
        if (o->id < 256)
            buf_printf(b, "-%c ", o->id);
        buf_printf(b, "--%s ", o->name);
    }
    b->n--;
    buf_lit(b, "\" ;;\n");
}

static void put_operands(struct buf *b)
{
    buf_lit(b, "    if [[ $command == help ]]; then\n        _pcap2trace_words \"");
    put_commands(b, " ");
    buf_lit(b, "\"\n        return\n    fi\n    case $command in\n        ");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        if (c->operands == CLI_VALUE_FOLDER)
            buf_printf(b, "%s|", c->name);
    b->n--;
    buf_lit(b, ") _pcap2trace_folders ;;\n"
               "        *) _pcap2trace_files ;;\n"
               "    esac\n"
               "    if [[ -z $given ]]; then\n"
               "        COMPREPLY+=($(compgen -W \"");
    put_commands(b, " ");
    buf_lit(b, " help\" -- \"$cur\"))\n    fi\n");
}

void generate_bash(struct buf *b)
{
    buf_lit(b, "# bash completion for pcap2trace, generated from its table of options\n"
               "\n"
               "_pcap2trace_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
               "_pcap2trace_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "
               "\"$cur\"); }\n"
               "_pcap2trace_folders() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "
               "\"$cur\"); }\n"
               "\n"
               "_pcap2trace()\n"
               "{\n"
               "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=trace given= i\n"
               "\n"
               "    COMPREPLY=()\n"
               "    # bash splits --name=value into three words\n"
               "    if [[ $cur == = ]]; then\n"
               "        cur=\n"
               "    elif [[ $prev == = ]]; then\n"
               "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
               "    fi\n"
               "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
               "        case ${COMP_WORDS[i]} in\n"
               "        ");
    put_commands(b, "|");
    buf_lit(b, "|help) command=${COMP_WORDS[i]} given=1; break ;;\n"
               "        esac\n"
               "    done\n"
               "    case $command:$prev in\n");
    put_values(b);
    buf_lit(b, "    esac\n"
               "    if [[ $cur == -* ]]; then\n"
               "        case $command in\n");
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        put_options(b, c);
    buf_lit(b, "        esac\n"
               "        return\n"
               "    fi\n");
    put_operands(b);
    buf_lit(b, "}\n"
               "\n"
               "complete -F _pcap2trace pcap2trace\n");
}
