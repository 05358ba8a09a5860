/* The command `explain`. */
#ifndef P2T_CLI_RUN_EXPLAIN_H
#define P2T_CLI_RUN_EXPLAIN_H

#include "cli/options.h"

/* Returns the exit status. */
int run_explain(const struct cli_options *o);

#endif
