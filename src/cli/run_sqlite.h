/* The command `trace` where a database is asked for: -o FILE.sqlite. */
#ifndef P2T_CLI_RUN_SQLITE_H
#define P2T_CLI_RUN_SQLITE_H

#include "cli/options.h"

/* Returns the exit status. */
int run_sqlite(const struct cli_options *o);

#endif
