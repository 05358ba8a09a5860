/* Messages of the command line, in the words of a client that has none. */
#ifndef P2T_CLI_MCP_WORDS_H
#define P2T_CLI_MCP_WORDS_H

#include "base/buf.h"

/* Options become the arguments that stand for them, and commands the tools. Memory that ran out shows in text->failed. */
void words_for_client(struct buf *text);

#endif
