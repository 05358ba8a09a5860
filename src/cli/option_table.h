/* The commands and options, once: parsing, help, completion and manual pages follow these tables. */
#ifndef P2T_CLI_OPTION_TABLE_H
#define P2T_CLI_OPTION_TABLE_H

#include "cli/options.h"

/* Where a command's operands and an option's value come from, for help and completion. */
enum cli_value { CLI_VALUE_NONE, CLI_VALUE_TEXT, CLI_VALUE_FILE, CLI_VALUE_FOLDER, CLI_VALUE_CHOICE };

struct cli_command {
    const char *name;
    const char *synopsis; /* what stands after the name */
    const char *brief;    /* one line */
    const char *about;    /* a paragraph */
    const char *example;  /* a command line */
    enum cli_action action;
    enum cli_value operands;
};

enum cli_group {
    CLI_GROUP_COMMAND,
    CLI_GROUP_INPUT,
    CLI_GROUP_OUTPUT,
    CLI_GROUP_CHOICE,
    CLI_GROUP_GENERAL,
    CLI_GROUP_COUNT
};

struct cli_option {
    int id; /* a letter, or one of options_parts.h */
    enum cli_value kind;
    unsigned commands; /* bits of enum cli_action: those whose help has it */
    enum cli_group group;
    const char *name;    /* without its dashes */
    const char *value;   /* its name in help; NULL: it takes none */
    const char *choices; /* of CLI_VALUE_CHOICE, with spaces between; else NULL */
    const char *help;
};

/* Ended by a row whose name is NULL. An option that means something else to another command has a row for each meaning. */
extern const struct cli_option cli_option_table[];
/* In the order of help, ended by a row whose name is NULL. */
extern const struct cli_command cli_command_table[];

/* The row of that command; NULL: the action is none. */
const struct cli_command *cli_command_of(enum cli_action action);
/* The command of that name, or NULL. */
const struct cli_command *cli_command_named(const char *name);
/* The row that this command has for the option, or NULL: it does not take it. */
const struct cli_option *cli_option_of(int id, enum cli_action action);
/* The title of a group, e.g. "Input". */
const char *cli_group_title(enum cli_group group);
/* The i-th word of choices; false when there are not so many. The word points into them. */
bool cli_choice(const char *choices, size_t i, struct slice *word);
/* The place of the word among the choices, -1: it is none. */
int cli_choice_index(const char *choices, const char *word);
/* Appends what help says of the option: its choices, and its text. */
void cli_option_text(struct buf *b, const struct cli_option *o);
/* Appends "a, b or c". */
void cli_choices_to(struct buf *b, const char *choices);

#endif
