/* Lists exchanges that were read. */
#ifndef P2T_CLI_MCP_LISTING_H
#define P2T_CLI_MCP_LISTING_H

#include <cjson/cJSON.h>

#include "cli/mcp/held.h"

/* Appends a tool's result: those that the options choose, from behind the one whose id is the cursor. */
void listing_answer(struct shelf *shelf, const struct cli_options *o, const cJSON *given, struct buf *b);

#endif
