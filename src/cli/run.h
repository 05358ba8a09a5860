#ifndef P2T_CLI_RUN_H
#define P2T_CLI_RUN_H

#include "cli/options.h"

/* The command `trace`; returns the exit status. */
int run_trace(const struct cli_options *o);

#endif
