#ifndef P2T_CLI_RUN_COMPARE_H
#define P2T_CLI_RUN_COMPARE_H

#include "cli/options.h"

/* The command `compare`; returns the exit status: 0 agree, 1 differ, 2 trouble. */
int run_compare(const struct cli_options *o);

#endif
