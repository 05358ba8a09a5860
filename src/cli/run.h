#ifndef P2T_CLI_RUN_H
#define P2T_CLI_RUN_H

#include "cli/options.h"

/* Does what the options ask for; returns the exit status. */
int run_trace(const struct cli_options *o);

#endif
