#include "cli/sqlite_place.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/sqlite_schema.h"
#include "pcap2trace/status.h"

/* "p2t1": databases of this program, as PRAGMA application_id. */
#define APPLICATION_ID 0x70327431

static int reads_id(void *ctx, int columns, char **values, char **names)
{
    int *id = ctx;

    (void)names;
    *id = columns == 1 && values[0] != NULL ? atoi(values[0]) : 0;
    return 0;
}

/* What a killed run left half done is undone by that, so that its journal is not taken for the new one's. */
static bool is_ours(const char *path)
{
    sqlite3 *old = NULL;
    int id = 0;

    if (sqlite3_open_v2(path, &old, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        (void)sqlite3_exec(old, "PRAGMA application_id", reads_id, &id, NULL);
    sqlite3_close(old);
    return id == APPLICATION_ID;
}

/* A journal whose database is gone. */
static void remove_journal(const char *path)
{
    struct buf name = {0};

    buf_printf(&name, "%s-journal", path);
    buf_putc(&name, '\0');
    if (!name.failed)
        (void)unlink((const char *)name.p);
    buf_fini(&name);
}

/* NULL, or why it has to stay as it is. */
static const char *complaint(const char *path)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;

    if (exists && !S_ISREG(st.st_mode))
        return "a database has to be a file";
    if (exists && st.st_size > 0)
        return is_ours(path) ? NULL : "there is a file of that name that is no database of pcap2trace";
    remove_journal(path);
    return NULL;
}

static int write_file(const char *path, const void *bytes, size_t n, char *problem, size_t room)
{
    struct output o;
    int status = output_open(&o, path);
    int error = errno;

    if (status == P2T_OK) {
        status = output_write(&o, bytes, n);
        status = status == P2T_OK ? output_commit(&o) : status;
        error = o.error;
    }
    if (status != P2T_OK)
        snprintf(problem, room, "%s", strerror(error));
    output_abandon(&o);
    return status;
}

/* The bytes of one that has its tables; sqlite3_free() them. NULL: memory ran out. */
static unsigned char *first_pages(sqlite3_int64 *n)
{
    sqlite3 *db = NULL;
    unsigned char *bytes = NULL;

    if (sqlite3_open(":memory:", &db) == SQLITE_OK && sqlite3_exec(db, sqlite_schema, NULL, NULL, NULL) == SQLITE_OK)
        bytes = sqlite3_serialize(db, "main", n, 0);
    sqlite3_close(db);
    return bytes;
}

int sqlite_make_place(const char *path, char *problem, size_t n)
{
    const char *why = complaint(path);
    sqlite3_int64 bytes = 0;
    int status = P2T_ERR_IO;

    if (why != NULL) {
        snprintf(problem, n, "%s", why);
        return P2T_ERR_IO;
    }
    unsigned char *pages = first_pages(&bytes);
    if (pages == NULL)
        return P2T_ERR_MEMORY;
    if (signals_stop() == 0)
        status = write_file(path, pages, (size_t)bytes, problem, n);
    sqlite3_free(pages);
    /* Then the older one may still be there. */
    if (signals_stop() != 0) {
        snprintf(problem, n, "nothing was written: interrupted");
        return P2T_ERR_IO;
    }
    return status;
}
