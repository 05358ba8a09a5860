/* Reads exchanges back from the NDJSON that write/json wrote: src/doc/contract.md, "One exchange". Written again, they are the
 * same bytes.
 *
 * What the NDJSON does not say is not known then: the bytes of stalls, round trips on one host, times inside TLS handshakes,
 * who is a Go client. `quiet` and `by_go` are false. */
#ifndef P2T_REREAD_EXCHANGE_H
#define P2T_REREAD_EXCHANGE_H

#include "base/slice.h"
#include "pcap2trace/exchange.h"

/* A longer line is none of ours. */
enum { REREAD_LINE_MAX = 64 << 20 };

struct reread;

/* NULL: memory ran out. */
struct reread *reread_new(void);
void reread_free(struct reread *r);
/* Fills *x from one line, with its newline or without; all that it points to is valid until the next call. 0,
 * P2T_ERR_MEMORY, or P2T_ERR_USAGE with *why, a text that is valid as long: the line is no such exchange. */
int reread_exchange(struct reread *r, struct slice line, struct p2t_exchange *x, const char **why);

#endif
