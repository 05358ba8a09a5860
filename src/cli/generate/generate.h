/* What is generated from the tables of commands and options when the program is built. */
#ifndef P2T_CLI_GENERATE_GENERATE_H
#define P2T_CLI_GENERATE_GENERATE_H

#include "base/buf.h"
#include "cli/option_table.h"

/* Completion for three shells. */
void generate_bash(struct buf *b);
void generate_zsh(struct buf *b);
void generate_fish(struct buf *b);
/* A manual page (man(7)) of one command. */
void generate_page(struct buf *b, const struct cli_command *c);
/* pcap2trace-json(5): the codes, names and fields of JSON outputs. */
void generate_json_page(struct buf *b);

/* Text of the tables as roff: lines of at most 80 bytes that begin with no control character. */
void generate_roff(struct buf *b, const char *text);
/* When what the pages say was last changed. */
#define GENERATE_DATE "2026-11-30"

/* True where the command's help has the option. */
bool generate_has(const struct cli_option *o, const struct cli_command *c);
/* Appends text, with each character of `special` behind a backslash. */
void generate_escaped(struct buf *b, const char *text, const char *special);

#endif
