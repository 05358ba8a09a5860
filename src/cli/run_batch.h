#ifndef P2T_CLI_RUN_BATCH_H
#define P2T_CLI_RUN_BATCH_H

#include "cli/options.h"

/* The command `batch`; returns the exit status. */
int run_batch(const struct cli_options *o);
/* The command `plan`. */
int run_plan(const struct cli_options *o);

#endif
