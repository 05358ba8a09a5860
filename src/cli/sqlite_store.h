/* A SQLite database that rows are inserted into, many at a time: SQLite reads them as a virtual table, which takes half the
 * time of a statement for each. */
#ifndef P2T_CLI_SQLITE_STORE_H
#define P2T_CLI_SQLITE_STORE_H

#include "cli/sqlite_rows.h"

/* Table, and how many columns it has. */
#define SQLITE_TABLE_LIST(X)                                                                                         \
    X(EXCHANGES, exchanges, 32)                                                                                      \
    X(FILES, files, 2)                                                                                               \
    X(EVENTS, events, 9)                                                                                             \
    X(FINDINGS, findings, 6)                                                                                         \
    X(LINKS, links, 3)                                                                                               \
    X(CAUSES, causes, 6)

#define X(id, name, columns) SQLITE_##id,
enum sqlite_table { SQLITE_TABLE_LIST(X) SQLITE_TABLES };
#undef X

struct sqlite_batch {
    struct sqlite_rows rows[SQLITE_TABLES];
};

struct sqlite_store;

/* One thread at a time may use a store. Each returns 0, P2T_ERR_MEMORY or P2T_ERR_IO; sqlite_store_problem() says more. Close it
 * in any case. */
int sqlite_store_open(struct sqlite_store **store, const char *path);
/* Inserts the rows, table by table. */
int sqlite_store_insert(struct sqlite_store *s, const struct sqlite_batch *batch);
/* What was inserted so far stays, whatever happens. */
int sqlite_store_commit(struct sqlite_store *s);
/* Makes the indices, and where all is in it says so. */
int sqlite_store_finish(struct sqlite_store *s, bool whole);
const char *sqlite_store_problem(const struct sqlite_store *s);
/* NULL is allowed. */
void sqlite_store_close(struct sqlite_store *s);

#endif
