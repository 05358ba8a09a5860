#ifndef P2T_CLI_HELP_H
#define P2T_CLI_HELP_H

#include <stdio.h>

struct cli_command; /* cli/option_table.h */

/* All within 80 columns. */
void help_hint(FILE *to,
               const struct cli_command *c); /* after a mistake: how the command is used, and where to look */
void help_about(FILE *to, const struct cli_command *c); /* one command with its options */
void help_full(FILE *to);                               /* all commands, and the options of the default one */
void help_version(FILE *to);                            /* and the versions of what it is built on */

#endif
