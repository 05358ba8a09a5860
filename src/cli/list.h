/* --list: what the program knows, from the lists that it is made of, for programs to read. */
#ifndef P2T_CLI_LIST_H
#define P2T_CLI_LIST_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/options.h"

/* True when there is a list of that name. */
bool list_parse(const char *name, enum cli_list *list);
/* "findings, hooks, formats, ...", appended to b. */
void list_names(struct buf *b);
/* Appends one JSON object a line. b->failed when memory ran out. */
void list_to(struct buf *b, enum cli_list list);
/* Writes that list to standard output; the program's exit status. */
int run_list(enum cli_list list);

#endif
