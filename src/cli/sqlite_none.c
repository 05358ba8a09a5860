/* In place of sqlite.c where libsqlite3 was not there when the program was built. */
#include "cli/sqlite.h"

#include "pcap2trace/status.h"

int sqlite_open(struct sqlite **db, const char *path, bool threads)
{
    (void)path;
    (void)threads;
    *db = NULL;
    return P2T_ERR_IO;
}

int sqlite_exchange(struct sqlite *db, const struct p2t_exchange *x)
{
    (void)db;
    (void)x;
    return P2T_ERR_IO;
}

int sqlite_finish(struct sqlite *db, const struct p2t_summary *summary, bool whole)
{
    (void)db;
    (void)summary;
    (void)whole;
    return P2T_ERR_IO;
}

const char *sqlite_problem(const struct sqlite *db)
{
    (void)db;
    return "this program was built without SQLite: install libsqlite3-dev and build it again";
}

void sqlite_close(struct sqlite *db)
{
    (void)db;
}
