#include "cli/sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "pcap2trace/session.h"
#include "pcap2trace/status.h"
#include "summary/route.h"
#include "write/json/json.h"

/* "p2t1": databases of this program, as PRAGMA application_id. */
#define APPLICATION_ID 0x70327431

/* Between two commits: what a kill may cost, against the time of a commit. */
enum { EXCHANGES_PER_COMMIT = 2000 };

static const char schema[] =
    "PRAGMA application_id=1882354737; PRAGMA user_version=1; PRAGMA page_size=16384; PRAGMA synchronous=OFF;"
    "BEGIN;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) STRICT;"
    "CREATE TABLE files(n INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE exchanges(n INTEGER PRIMARY KEY, id TEXT NOT NULL, trace_id TEXT, kind TEXT NOT NULL,"
    " outcome TEXT NOT NULL, failed INTEGER NOT NULL, error TEXT, method TEXT, url TEXT, route TEXT, host TEXT,"
    " status INTEGER, grpc_status INTEGER, start TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, "
    "connection TEXT,"
    " client TEXT, server TEXT, position INTEGER, stream INTEGER, reused INTEGER, request_bytes INTEGER,"
    " response_bytes INTEGER, blocked_us REAL, dns_us REAL, connect_us REAL, tls_us REAL, send_us REAL, wait_us REAL,"
    " receive_us REAL, total_us REAL) STRICT;"
    "CREATE TABLE events(exchange INTEGER NOT NULL REFERENCES exchanges(n), seq INTEGER NOT NULL, hook TEXT NOT NULL,"
    " basis TEXT NOT NULL, time_ns INTEGER NOT NULL, earliest_ns INTEGER, latest_ns INTEGER, args TEXT NOT NULL,"
    " PRIMARY KEY(exchange, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE findings(exchange INTEGER NOT NULL REFERENCES exchanges(n), seq INTEGER NOT NULL, code TEXT NOT "
    "NULL,"
    " severity TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(exchange, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE packets(exchange INTEGER NOT NULL REFERENCES exchanges(n), of TEXT NOT NULL, seq INTEGER NOT NULL,"
    " file INTEGER NOT NULL REFERENCES files(n), packet INTEGER NOT NULL,"
    " PRIMARY KEY(exchange, of, seq, file, packet)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE links(exchange INTEGER NOT NULL REFERENCES exchanges(n), relation TEXT NOT NULL, id TEXT NOT NULL)"
    " STRICT;"
    "CREATE TABLE causes(n INTEGER PRIMARY KEY, code TEXT NOT NULL, side TEXT NOT NULL, confidence TEXT NOT NULL,"
    " calls INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE VIEW failures AS SELECT * FROM exchanges WHERE failed ORDER BY start_us;"
    "CREATE VIEW slowest AS SELECT id, method, url, status, total_us, wait_us FROM exchanges ORDER BY total_us DESC;"
    "CREATE VIEW services AS SELECT host, server, count(*) AS calls, sum(failed) AS failed, avg(total_us) AS avg_us,"
    " max(total_us) AS max_us, count(DISTINCT connection) AS connections FROM exchanges"
    " WHERE kind <> 'lookup' GROUP BY host, server;"
    "CREATE VIEW never_left AS SELECT * FROM exchanges WHERE outcome IN ('dns_error', 'connect_error', 'tls_error');"
    "CREATE VIEW resolvers AS SELECT json_extract(e.args, '$.server') AS resolver, count(*) AS lookups,"
    " sum(json_extract(e.args, '$.Err') IS NOT NULL) AS failed, avg(x.dns_us) AS avg_us, max(x.dns_us) AS max_us"
    " FROM events e JOIN exchanges x ON x.n = e.exchange WHERE e.hook = 'DNSDone' GROUP BY 1;"
    "CREATE VIEW handshakes AS SELECT host, count(*) AS calls, sum(reused = 0) AS fresh, sum(reused = 1) AS reused,"
    " sum(tls_us IS NOT NULL) AS tls FROM exchanges WHERE connection IS NOT NULL GROUP BY host;"
    "COMMIT;";

enum insert {
    INSERT_EXCHANGE,
    INSERT_EVENT,
    INSERT_FINDING,
    INSERT_PACKET,
    INSERT_LINK,
    INSERT_FILE,
    INSERT_CAUSE,
    INSERTS
};

static const char *const inserts[INSERTS] = {
    [INSERT_EXCHANGE] =
        "INSERT INTO exchanges VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [INSERT_EVENT] = "INSERT INTO events VALUES(?,?,?,?,?,?,?,?)",
    [INSERT_FINDING] = "INSERT INTO findings VALUES(?,?,?,?,?)",
    [INSERT_PACKET] = "INSERT OR IGNORE INTO packets VALUES(?,?,?,?,?)",
    [INSERT_LINK] = "INSERT INTO links VALUES(?,?,?)",
    [INSERT_FILE] = "INSERT INTO files(path) VALUES(?)",
    [INSERT_CAUSE] = "INSERT INTO causes VALUES(?,?,?,?,?,?)",
};

struct sqlite {
    sqlite3 *db;
    sqlite3_stmt *insert[INSERTS];
    int64_t count;
    char **files; /* that are in the table, by n - 1 */
    size_t file_count;
    struct buf text, json; /* of one value */
    char problem[256];
};

bool sqlite_is_wanted(const char *path)
{
    size_t n = path != NULL ? strlen(path) : 0;

    return n > 7 && strcmp(path + n - 7, ".sqlite") == 0;
}

const char *sqlite_problem(const struct sqlite *db)
{
    return db != NULL && db->problem[0] != '\0' ? db->problem : "out of memory";
}

static int failed(struct sqlite *s, const char *what)
{
    if (s->problem[0] == '\0')
        snprintf(s->problem, sizeof s->problem, "%s: %s", what, sqlite3_errmsg(s->db));
    return P2T_ERR_IO;
}

static int run(struct sqlite *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? P2T_OK : failed(s, "cannot be written");
}

/* ---- opening ---- */

static int reads_id(void *ctx, int columns, char **values, char **names)
{
    int *id = ctx;

    (void)names;
    *id = columns == 1 && values[0] != NULL ? atoi(values[0]) : 0;
    return 0;
}

/* A database of somebody else, or any other file, stays as it is. */
static int make_place(struct sqlite *s, const char *path)
{
    struct stat st;
    sqlite3 *old = NULL;
    int id = 0;

    if (stat(path, &st) != 0 || st.st_size == 0)
        return P2T_OK;
    if (sqlite3_open_v2(path, &old, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        (void)sqlite3_exec(old, "PRAGMA application_id", reads_id, &id, NULL);
    sqlite3_close(old);
    if (id != APPLICATION_ID) {
        snprintf(s->problem, sizeof s->problem, "there is a file of that name that is no database of pcap2trace");
        return P2T_ERR_IO;
    }
    if (unlink(path) == 0)
        return P2T_OK;
    snprintf(s->problem, sizeof s->problem, "%s", strerror(errno));
    return P2T_ERR_IO;
}

static int prepare(struct sqlite *s)
{
    for (int i = 0; i < INSERTS; i++)
        if (sqlite3_prepare_v2(s->db, inserts[i], -1, &s->insert[i], NULL) != SQLITE_OK)
            return failed(s, "cannot be written");
    return P2T_OK;
}

int sqlite_open(struct sqlite **db, const char *path)
{
    enum { DATABASE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX }; /* one thread writes */
    struct sqlite *s = calloc(1, sizeof *s);

    *db = s;
    if (s == NULL)
        return P2T_ERR_MEMORY;
    int status = make_place(s, path);
    if (status == P2T_OK && sqlite3_open_v2(path, &s->db, DATABASE, NULL) != SQLITE_OK)
        status = failed(s, "cannot be opened");
    if (status == P2T_OK)
        status = run(s, schema);
    if (status == P2T_OK)
        status = prepare(s);
    return status == P2T_OK ? run(s, "BEGIN") : status;
}

/* ---- values: each binds the next parameter ---- */

struct row {
    struct sqlite *s;
    sqlite3_stmt *stmt;
    int at;
};

static struct row row_of(struct sqlite *s, enum insert what)
{
    return (struct row){s, s->insert[what], 1};
}

static void put_int(struct row *r, int64_t v)
{
    (void)sqlite3_bind_int64(r->stmt, r->at++, v);
}

static void put_int_or_null(struct row *r, bool known, int64_t v)
{
    if (known)
        put_int(r, v);
    else
        (void)sqlite3_bind_null(r->stmt, r->at++);
}

static void put_us(struct row *r, int64_t ns)
{
    if (ns >= 0)
        (void)sqlite3_bind_double(r->stmt, r->at++, (double)ns / 1000);
    else
        (void)sqlite3_bind_null(r->stmt, r->at++);
}

/* Printable ASCII, as nearly all of it is. */
static bool is_plain(struct p2t_text t)
{
    uint8_t odd = 0;

    for (size_t i = 0; i < t.n; i++)
        odd |= (uint8_t)((uint8_t)t.p[i] - 0x20) > 0x5e;
    return !odd;
}

/* SQLite takes UTF-8, and its tools end a text at a NUL: what is neither becomes U+FFFD. */
static void put_mended(struct row *r, struct p2t_text t)
{
    struct buf *b = &r->s->text;

    buf_reset(b);
    for (size_t i = 0; i < t.n;) {
        size_t n = t.p[i] != '\0' ? utf8_sequence(slice_of(t.p + i, t.n - i)) : 0;
        if (n > 0)
            buf_put(b, t.p + i, n);
        else
            buf_lit(b, "\xef\xbf\xbd");
        i += n > 0 ? n : 1;
    }
    if (b->failed)
        (void)sqlite3_bind_null(r->stmt, r->at++);
    else
        (void)sqlite3_bind_text64(r->stmt, r->at++, b->n > 0 ? (const char *)b->p : "", b->n, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
}

/* It must stay where it is until the row is inserted. */
static void put_text(struct row *r, struct p2t_text t)
{
    if (t.p == NULL)
        (void)sqlite3_bind_null(r->stmt, r->at++);
    else if (is_plain(t))
        (void)sqlite3_bind_text64(r->stmt, r->at++, t.p, t.n, SQLITE_STATIC, SQLITE_UTF8);
    else
        put_mended(r, t);
}

static void put_str(struct row *r, const char *s)
{
    put_text(r, (struct p2t_text){s, s != NULL ? strlen(s) : 0});
}

/* A name of ours, which stays where it is. */
static void put_name(struct row *r, const char *s)
{
    (void)sqlite3_bind_text(r->stmt, r->at++, s, -1, SQLITE_STATIC);
}

static void put_id(struct row *r, uint64_t id)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)id);
    (void)sqlite3_bind_text(r->stmt, r->at++, text, -1, SQLITE_TRANSIENT);
}

static int insert(struct row *r)
{
    int status = sqlite3_step(r->stmt) == SQLITE_DONE ? P2T_OK : failed(r->s, "cannot be written");

    (void)sqlite3_reset(r->stmt);
    return status;
}

/* ---- exchanges ---- */

static int64_t whole_us(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

static void put_connection(struct row *r, const struct p2t_connection *c)
{
    if (c == NULL) {
        for (int i = 0; i < 6; i++)
            put_int_or_null(r, false, 0);
        return;
    }
    put_id(r, c->id);
    put_text(r, c->client);
    put_text(r, c->server);
    put_int_or_null(r, c->exchange >= 0, c->exchange);
    put_int_or_null(r, c->stream >= 0, c->stream);
    put_int_or_null(r, c->reused >= 0, c->reused);
}

static int insert_exchange(struct sqlite *s, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    struct row r = row_of(s, INSERT_EXCHANGE);
    struct buf start = {0}, route = {0};

    json_time(&start, x->start_ns);
    route_of(&route, slice_of(x->url.p, x->url.n));
    put_int(&r, s->count);
    put_id(&r, x->id);
    put_text(&r, x->trace_id);
    put_name(&r, p2t_kind_name(x->kind));
    put_name(&r, p2t_outcome_name(x->outcome));
    put_int(&r, p2t_exchange_failed(x));
    put_text(&r, x->error);
    put_text(&r, x->method);
    put_text(&r, x->url);
    put_text(&r, (struct p2t_text){x->url.p != NULL ? (const char *)route.p : NULL, route.n});
    put_text(&r, x->host);
    put_int_or_null(&r, x->status > 0, x->status);
    put_int_or_null(&r, x->grpc != NULL && x->grpc->status >= 0, x->grpc != NULL ? x->grpc->status : 0);
    put_text(&r, (struct p2t_text){start.n > 2 ? (const char *)start.p + 1 : "", start.n > 2 ? start.n - 2 : 0});
    put_int(&r, whole_us(x->start_ns));
    put_int(&r, whole_us(x->end_ns));
    put_connection(&r, x->connection);
    put_int_or_null(&r, x->request.body_bytes >= 0, x->request.body_bytes);
    put_int_or_null(&r, x->response.body_bytes >= 0, x->response.body_bytes);
    const int64_t phases[] = {p->blocked_ns, p->dns_ns,  p->connect_ns, p->tls_ns,
                              p->send_ns,    p->wait_ns, p->receive_ns, p->total_ns};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        put_us(&r, phases[i]);
    int status = insert(&r);
    buf_fini(&start);
    buf_fini(&route);
    return status;
}

/* The n of a path in `files`; 0: it is not there. Captures are few, and the last one comes again. */
static int64_t file_of(const struct sqlite *s, const char *path)
{
    for (size_t i = s->file_count; i > 0; i--)
        if (strcmp(s->files[i - 1], path) == 0)
            return (int64_t)i;
    return 0;
}

static int insert_packets(struct sqlite *s, const struct p2t_exchange *x, const char *of, size_t seq,
                          const struct p2t_evidence *e, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct row r = row_of(s, INSERT_PACKET);
        if (e[i].file >= x->file_count)
            continue;
        put_int(&r, s->count);
        put_name(&r, of);
        put_int(&r, (int64_t)seq);
        put_int(&r, file_of(s, x->files[e[i].file]));
        put_int(&r, (int64_t)e[i].packet);
        if (insert(&r) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

static struct p2t_text args_of(struct buf *json, const struct p2t_event *ev)
{
    buf_reset(json);
    buf_putc(json, '{');
    for (size_t i = 0; i < ev->arg_count; i++) {
        buf_str(json, i > 0 ? "," : "");
        json_string(json, ev->args[i].name);
        buf_putc(json, ':');
        json_value(json, &ev->args[i].value);
    }
    buf_putc(json, '}');
    return (struct p2t_text){(const char *)json->p, json->n};
}

static int insert_events(struct sqlite *s, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *ev = &x->events[i];
        struct row r = row_of(s, INSERT_EVENT);
        put_int(&r, s->count);
        put_int(&r, (int64_t)i);
        put_name(&r, p2t_hook_name(ev->hook));
        put_name(&r, p2t_basis_name(ev->basis));
        put_int(&r, ev->time_ns);
        put_int_or_null(&r, ev->has_earliest, ev->earliest_ns);
        put_int_or_null(&r, ev->has_latest, ev->latest_ns);
        put_text(&r, args_of(&s->json, ev));
        if (insert(&r) != P2T_OK || insert_packets(s, x, "event", i, ev->evidence, ev->evidence_count) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

static int insert_findings(struct sqlite *s, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        struct row r = row_of(s, INSERT_FINDING);
        put_int(&r, s->count);
        put_int(&r, (int64_t)i);
        put_str(&r, f->code);
        put_name(&r, p2t_severity_name(f->severity));
        put_text(&r, f->text);
        if (insert(&r) != P2T_OK || insert_packets(s, x, "finding", i, f->evidence, f->evidence_count) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

static int insert_links(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = P2T_OK;

    for (size_t i = 0; i < x->link_count && status == P2T_OK; i++) {
        struct row r = row_of(s, INSERT_LINK);
        put_int(&r, s->count);
        put_name(&r, x->links[i].relation);
        put_id(&r, x->links[i].id);
        status = insert(&r);
    }
    return status;
}

static int insert_file(struct sqlite *s, const char *path)
{
    struct row r = row_of(s, INSERT_FILE);
    char **files = reallocarray(s->files, s->file_count + 1, sizeof *files);
    char *copy = strdup(path);

    s->files = files != NULL ? files : s->files;
    if (files == NULL || copy == NULL) {
        free(copy);
        return P2T_ERR_MEMORY;
    }
    files[s->file_count++] = copy;
    put_str(&r, path);
    return insert(&r);
}

static int insert_files(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = P2T_OK;

    for (size_t i = 0; i < x->file_count && status == P2T_OK; i++)
        if (file_of(s, x->files[i]) == 0)
            status = insert_file(s, x->files[i]);
    return status;
}

int sqlite_exchange(struct sqlite *s, const struct p2t_exchange *x)
{
    s->count++;
    int status = insert_exchange(s, x);
    if (status == P2T_OK)
        status = insert_files(s, x);
    if (status == P2T_OK)
        status = insert_events(s, x);
    if (status == P2T_OK)
        status = insert_findings(s, x);
    if (status == P2T_OK)
        status = insert_links(s, x);
    if (status == P2T_OK && s->count % EXCHANGES_PER_COMMIT == 0)
        status = run(s, "COMMIT; BEGIN");
    return status;
}

/* ---- the end ---- */

static int insert_causes(struct sqlite *s, const struct p2t_summary *summary)
{
    struct p2t_call_cause c;

    for (size_t n = 0; p2t_summary_cause(summary, n, &c); n++) {
        struct row r = row_of(s, INSERT_CAUSE);
        put_int(&r, (int64_t)n + 1);
        put_name(&r, p2t_cause_name(c.code));
        put_name(&r, p2t_cause_side_name(c.side));
        put_name(&r, p2t_confidence_name(c.confidence));
        put_int(&r, (int64_t)c.calls);
        put_text(&r, c.text);
        if (insert(&r) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

int sqlite_finish(struct sqlite *s, const struct p2t_summary *summary, bool whole)
{
    char meta[160];

    snprintf(meta, sizeof meta, "INSERT INTO meta VALUES('program','pcap2trace %s')%s; COMMIT", p2t_version(),
             whole ? ",('complete','yes')" : "");
    int status = insert_causes(s, summary);
    if (status == P2T_OK)
        status = run(s, "CREATE INDEX exchanges_id ON exchanges(id);"
                        "CREATE INDEX exchanges_start ON exchanges(start_us);"
                        "CREATE INDEX findings_code ON findings(code)");
    return status == P2T_OK ? run(s, meta) : status;
}

void sqlite_close(struct sqlite *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < INSERTS; i++)
        (void)sqlite3_finalize(s->insert[i]);
    (void)sqlite3_close(s->db);
    for (size_t i = 0; i < s->file_count; i++)
        free(s->files[i]);
    free(s->files);
    buf_fini(&s->text);
    buf_fini(&s->json);
    free(s);
}
