/* The commands `summary` and `doctor`. */
#ifndef P2T_CLI_RUN_SUMMARY_H
#define P2T_CLI_RUN_SUMMARY_H

#include "cli/options.h"

/* Returns the exit status. */
int run_summary(const struct cli_options *o);

#endif
