/* JSON-RPC 2.0 over lines: requests come in on standard input, answers go out on standard output. */
#ifndef P2T_CLI_MCP_WIRE_H
#define P2T_CLI_MCP_WIRE_H

#include <cjson/cJSON.h>

#include "base/buf.h"

enum { WIRE_LINE_MAX = 1 << 20, WIRE_QUEUE_MAX = 64 };

struct wire {
    struct buf in; /* what was read and is no message yet */
    bool skipping; /* the line at hand is too long */
    bool ended;
    cJSON *queue[WIRE_QUEUE_MAX];
    size_t queued;
    const cJSON *current; /* the id of the request that is being worked on; NULL: none */
    bool cancelled;       /* the client does not want its answer any more */
};

/* JSON-RPC's errors. */
enum wire_error {
    WIRE_PARSE_ERROR = -32700,
    WIRE_INVALID_REQUEST = -32600,
    WIRE_METHOD_NOT_FOUND = -32601,
    WIRE_INVALID_PARAMS = -32602
};

/* The next message, an object; it waits for it. NULL: there are no more. cJSON_Delete() it. */
cJSON *wire_next(struct wire *w);
/* Takes in what has come meanwhile: a request that is cancelled is not worked on, or not any more; a ping is answered. True:
 * the answer to the current one is not wanted. */
bool wire_look(struct wire *w);
/* {"jsonrpc":"2.0","id":ID,"result":RESULT}, where the result is JSON. */
void wire_result(const cJSON *id, const char *result, size_t n);
/* id may be NULL. */
void wire_fail(const cJSON *id, enum wire_error code, const char *text);
void wire_fini(struct wire *w);

#endif
