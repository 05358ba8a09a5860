/* How commands end. */
#ifndef P2T_CLI_ENDING_H
#define P2T_CLI_ENDING_H

#include "cli/options.h"
#include "cli/output.h"

/* Statuses of the process; 128 and the signal where one ended it. */
enum { EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, EXIT_SIGNAL = 128, EXIT_PIPE = 141 };

/* The work failed with this p2t_status: removes the output, says why on standard error, and gives the process's status. */
int ending_failed(const struct cli_options *o, struct output *out, int status);

#endif
