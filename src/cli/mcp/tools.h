/* What clients may ask for. */
#ifndef P2T_CLI_MCP_TOOLS_H
#define P2T_CLI_MCP_TOOLS_H

#include <cjson/cJSON.h>

#include "cli/mcp/held.h"
#include "cli/mcp/root.h"

enum { ANSWER_BYTES_MAX = 32 * 1024, ANSWER_ROWS_MAX = 50 };

struct tools {
    struct root root;
    const char *keylog;   /* NULL: none */
    const char *extracts; /* the folder that extract writes to; NULL: that tool is not offered */
    struct shelf shelf;
    char *last_asked;       /* the long text that was asked for last, without the cursor ... */
    struct buf last_answer; /* ... and its answer, for the pages that follow */
};

/* Appends the list of tools, as tools/list wants it. */
void tools_list(const struct tools *t, struct buf *b);
/* Appends the result of a call, as tools/call wants it. False: there is no such tool. */
bool tools_call(struct tools *t, const char *name, const cJSON *given, struct buf *b);
void tools_fini(struct tools *t);

#endif
