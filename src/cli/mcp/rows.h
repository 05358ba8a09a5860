/* Exchanges that were read, kept for lists: what filters ask for, and a few packets each rests on. */
#ifndef P2T_CLI_MCP_ROWS_H
#define P2T_CLI_MCP_ROWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* `x` has no events, links, messages, transport or TLS; its findings have no texts; evidence of it is in `proof`, whose
 * files are indexes of struct rows' `paths`. */
struct row {
    struct p2t_exchange x;
    struct p2t_connection connection;
    struct p2t_grpc grpc;
    uint8_t proof_count;
    struct p2t_evidence proof[P2T_EVIDENCE_MAX];
};

struct rows {
    struct row *item;
    size_t n, cap;
    const char **paths;
    size_t path_count;
    struct arena arena;
    bool partial; /* more exchanges came than are kept */
};

enum { ROWS_BYTES_MAX = 96 << 20 };

/* Appends a copy, unless ROWS_BYTES_MAX are held. 0 or P2T_ERR_MEMORY. A zeroed struct rows is empty. */
int rows_add(struct rows *r, const struct p2t_exchange *x);
/* All were added: in the order of their start, and of their ids. */
void rows_sort(struct rows *r);
void rows_fini(struct rows *r);
/* Appends a row as JSON: what comes from the wire is in its member "wire". */
void row_json(struct buf *b, const struct row *row);

#endif
