/* The command `extract`. */
#ifndef P2T_CLI_RUN_EXTRACT_H
#define P2T_CLI_RUN_EXTRACT_H

#include "cli/options.h"

/* Returns the exit status. */
int run_extract(const struct cli_options *o);

#endif
