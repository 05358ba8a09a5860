/* --list: what the program knows, from the lists that it is made of, for programs to read. */
#ifndef P2T_CLI_LIST_H
#define P2T_CLI_LIST_H

#include "base/buf.h"
#include "cli/options.h"

/* Appends one JSON object a line. b->failed when memory ran out. */
void list_to(struct buf *b, enum cli_list list);
/* Writes that list to standard output; the program's exit status. */
int run_list(enum cli_list list);

#endif
