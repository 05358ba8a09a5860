/* The command `report`. */
#ifndef P2T_CLI_RUN_REPORT_H
#define P2T_CLI_RUN_REPORT_H

#include "cli/options.h"

/* Returns the exit status. */
int run_report(const struct cli_options *o);

#endif
