/* A tool's arguments: JSON that becomes a command line, so that one place says what is valid. */
#ifndef P2T_CLI_MCP_ARGUMENTS_H
#define P2T_CLI_MCP_ARGUMENTS_H

#include <cjson/cJSON.h>

#include "cli/mcp/root.h"
#include "cli/options.h"

enum tool_bit { FOR_SUMMARY = 1, FOR_LIST = 2, FOR_EXPLAIN = 4, FOR_EXTRACT = 8, FOR_COMPARE = 16 };

/* A command line that is being made. A zeroed one is empty. */
struct arguments {
    struct arena arena;
    struct names words;
    struct names files;
    struct buf complaint;
    size_t choices; /* arguments that choose exchanges, or another time */
};

/* Adds words: copied. 0 or P2T_ERR_MEMORY. */
int arguments_word(struct arguments *a, const char *word);
/* Adds what the JSON asks of this tool, and at its end its captures. "cursor" and "limit" are left to the tool. 0,
 * P2T_ERR_MEMORY, or P2T_ERR_USAGE with a complaint. */
int arguments_take(struct arguments *a, const cJSON *given, const struct root *root, enum tool_bit tool);
/* Parses the words as options; a is to outlive them. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE with a complaint. */
int arguments_parse(struct arguments *a, struct cli_options *o);
void arguments_fini(struct arguments *a);
/* The name of the argument that stands for an option, "--slower-than"; NULL: none does. */
const char *arguments_name(struct slice option);
/* Appends a tool's JSON schema. */
void arguments_schema(struct buf *b, enum tool_bit tool);

#endif
