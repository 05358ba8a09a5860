/* Exchanges as a SQLite database. */
#ifndef P2T_CLI_SQLITE_H
#define P2T_CLI_SQLITE_H

#include <stdbool.h>

#include "pcap2trace/exchange.h"
#include "pcap2trace/summary.h"

struct sqlite;

/* threads: rows may be inserted by a thread of their own. Begins a database in that file; one that this program wrote is replaced, any other file is not touched. What was committed
 * stays readable whatever ends the program. 0, P2T_ERR_MEMORY, or P2T_ERR_IO: sqlite_problem() says why; close it in any case. */
int sqlite_open(struct sqlite **db, const char *path, bool threads);
/* 0 or P2T_ERR_IO. */
int sqlite_exchange(struct sqlite *db, const struct p2t_exchange *x);
/* All were given: writes the causes of a finished summary, indices, and, where it is whole, that it is complete. 0 or P2T_ERR_IO. */
int sqlite_finish(struct sqlite *db, const struct p2t_summary *summary, bool whole);
/* Static, or valid until the next call. */
const char *sqlite_problem(const struct sqlite *db);
/* NULL is allowed. */
void sqlite_close(struct sqlite *db);

#endif
