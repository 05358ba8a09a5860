#include "cli/sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/sqlite_place.h"
#include "cli/sqlite_schema.h"
#include "pcap2trace/session.h"
#include "pcap2trace/status.h"

/* The rows of one batch as a table that SQLite reads. */
struct source {
    const char *name;
    int columns;
    const struct sqlite_rows *rows; /* of the batch at hand */
    sqlite3_stmt *insert;
};

struct sqlite_store {
    sqlite3 *db;
    struct source source[SQLITE_TABLES];
    char problem[256];
};

#define X(id, name, columns) [SQLITE_##id] = {#name, columns, NULL, NULL},
static const struct source sources[SQLITE_TABLES] = {SQLITE_TABLE_LIST(X)};
#undef X

const char *sqlite_store_problem(const struct sqlite_store *s)
{
    return s != NULL && s->problem[0] != '\0' ? s->problem : "out of memory";
}

static int failed(struct sqlite_store *s, const char *what)
{
    if (s->problem[0] == '\0')
        snprintf(s->problem, sizeof s->problem, "%s: %s", what, sqlite3_errmsg(s->db));
    return P2T_ERR_IO;
}

static int run(struct sqlite_store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? P2T_OK : failed(s, "cannot be written");
}

/* ---- the virtual table (https://www.sqlite.org/vtab.html): it exists without being created, and is read from the first row to
 * the last ---- */

struct table {
    sqlite3_vtab base; /* has to be the first */
    const struct source *source;
};

struct cursor {
    sqlite3_vtab_cursor base;
    const struct source *source;
    size_t at; /* the row's first cell */
};

static int on_connect(sqlite3 *db, void *source, int argc, const char *const *argv, sqlite3_vtab **made, char **error)
{
    struct buf sql = {0};
    struct table *t = calloc(1, sizeof *t);
    int status = SQLITE_NOMEM;

    (void)argc, (void)argv, (void)error;
    buf_str(&sql, "CREATE TABLE x(c0");
    for (int i = 1; i < ((const struct source *)source)->columns; i++)
        buf_printf(&sql, ",c%d", i);
    buf_put(&sql, ")", 2);
    if (t != NULL && !sql.failed)
        status = sqlite3_declare_vtab(db, (const char *)sql.p);
    buf_fini(&sql);
    if (status != SQLITE_OK) {
        free(t);
        return status;
    }
    t->source = source;
    *made = &t->base;
    return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *t)
{
    free(t);
    return SQLITE_OK;
}

static int on_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t, (void)info;
    return SQLITE_OK;
}

static int on_open(sqlite3_vtab *t, sqlite3_vtab_cursor **opened)
{
    struct cursor *c = calloc(1, sizeof *c);

    if (c == NULL)
        return SQLITE_NOMEM;
    c->source = ((struct table *)t)->source;
    *opened = &c->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *c)
{
    free(c);
    return SQLITE_OK;
}

static int on_filter(sqlite3_vtab_cursor *c, int plan, const char *name, int argc, sqlite3_value **argv)
{
    (void)plan, (void)name, (void)argc, (void)argv;
    ((struct cursor *)c)->at = 0;
    return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;

    c->at += (size_t)c->source->columns;
    return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *c = (const struct cursor *)base;

    return c->at >= c->source->rows->count;
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int n)
{
    const struct cursor *c = (const struct cursor *)base;
    const struct sqlite_rows *rows = c->source->rows;
    const struct sqlite_cell *cell = &rows->cell[c->at + (size_t)n];

    switch (cell->kind) {
    case SQLITE_CELL_INT:
        sqlite3_result_int64(context, cell->is.number);
        break;
    case SQLITE_CELL_REAL:
        sqlite3_result_double(context, cell->is.real);
        break;
    case SQLITE_CELL_TEXT:
        sqlite3_result_text(context, cell->n > 0 ? (const char *)rows->text.p + cell->is.at : "", (int)cell->n,
                            SQLITE_STATIC);
        break;
    case SQLITE_CELL_NAME:
        sqlite3_result_text(context, cell->is.name, (int)cell->n, SQLITE_STATIC);
        break;
    case SQLITE_CELL_NULL:
        break; /* what a result is when nobody sets it */
    }
    return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    const struct cursor *c = (const struct cursor *)base;

    *rowid = (sqlite3_int64)(c->at / (size_t)c->source->columns);
    return SQLITE_OK;
}

static const sqlite3_module module = {.xConnect = on_connect,
                                      .xBestIndex = on_best_index,
                                      .xDisconnect = on_disconnect,
                                      .xOpen = on_open,
                                      .xClose = on_close,
                                      .xFilter = on_filter,
                                      .xNext = on_next,
                                      .xEof = on_eof,
                                      .xColumn = on_column,
                                      .xRowid = on_rowid};

/* ---- opening ---- */

static int prepare(struct sqlite_store *s, struct source *source)
{
    char name[32], sql[96];

    snprintf(name, sizeof name, "new_%s", source->name);
    snprintf(sql, sizeof sql, "INSERT INTO %s SELECT * FROM %s", source->name, name);
    if (sqlite3_create_module(s->db, name, &module, source) != SQLITE_OK ||
        sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &source->insert, NULL) != SQLITE_OK)
        return failed(s, "cannot be written");
    return P2T_OK;
}

int sqlite_store_open(struct sqlite_store **store, const char *path)
{
    enum { DATABASE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX };
    struct sqlite_store *s = calloc(1, sizeof *s);

    *store = s;
    if (s == NULL)
        return P2T_ERR_MEMORY;
    memcpy(s->source, sources, sizeof sources);
    /* One thread at a time uses it, and no one asks how much memory it takes. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int status = sqlite_make_place(path, s->problem, sizeof s->problem);
    if (status == P2T_OK && sqlite3_open_v2(path, &s->db, DATABASE, NULL) != SQLITE_OK)
        status = failed(s, "cannot be opened");
    if (status == P2T_OK)
        status = run(s, "PRAGMA synchronous=OFF");
    for (unsigned i = 0; i < SQLITE_TABLES && status == P2T_OK; i++)
        status = prepare(s, &s->source[i]);
    return status == P2T_OK ? run(s, "BEGIN") : status;
}

/* ---- writing ---- */

static int insert(struct sqlite_store *s, struct source *source, const struct sqlite_rows *rows)
{
    if (rows->failed)
        return P2T_ERR_MEMORY;
    if (rows->count == 0)
        return P2T_OK;
    source->rows = rows;
    int status = sqlite3_step(source->insert) == SQLITE_DONE ? P2T_OK : failed(s, "cannot be written");
    (void)sqlite3_reset(source->insert);
    return status;
}

int sqlite_store_insert(struct sqlite_store *s, const struct sqlite_batch *batch)
{
    int status = P2T_OK;

    for (unsigned i = 0; i < SQLITE_TABLES && status == P2T_OK; i++)
        status = insert(s, &s->source[i], &batch->rows[i]);
    return status;
}

int sqlite_store_commit(struct sqlite_store *s)
{
    return run(s, "COMMIT; BEGIN");
}

int sqlite_store_finish(struct sqlite_store *s, bool whole)
{
    char meta[160];

    snprintf(meta, sizeof meta, "INSERT INTO meta VALUES('program','pcap2trace %s')%s; COMMIT", p2t_version(),
             whole ? ",('complete','yes')" : "");
    int status = run(s, sqlite_indices);
    return status == P2T_OK ? run(s, meta) : status;
}

void sqlite_store_close(struct sqlite_store *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < SQLITE_TABLES; i++)
        (void)sqlite3_finalize(s->source[i].insert);
    (void)sqlite3_close(s->db);
    free(s);
}
