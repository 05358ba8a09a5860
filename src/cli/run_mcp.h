/* The command `mcp`: answers a client over standard input and output (Model Context Protocol). */
#ifndef P2T_CLI_RUN_MCP_H
#define P2T_CLI_RUN_MCP_H

#include "cli/options.h"

/* Returns when standard input ends: the program's exit status. */
int run_mcp(const struct cli_options *o);

#endif
