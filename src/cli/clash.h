/* Outputs that would take the place of an input. */
#ifndef P2T_CLI_CLASH_H
#define P2T_CLI_CLASH_H

#include "cli/options.h"

/* The input that the output would replace: a capture, also one in a folder that is named, a live trace, a key log or a
 * baseline, whatever name or link leads there. NULL: none. */
const char *clash_with_input(const struct cli_options *o);

#endif
