#include "cli/sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/system.h"
#include "cli/sqlite_place.h"
#include "cli/sqlite_row.h"
#include "cli/sqlite_schema.h"
#include "pcap2trace/session.h"
#include "pcap2trace/status.h"
#include "summary/route.h"
#include "write/json/json.h"

/* Between two commits: what a kill may cost, against the time of a commit. */
enum { EXCHANGES_PER_COMMIT = 2000 };

enum insert { INSERT_EXCHANGE, INSERT_EVENT, INSERT_FINDING, INSERT_LINK, INSERT_FILE, INSERT_CAUSE, INSERTS };

static const char *const inserts[INSERTS] = {
    [INSERT_EXCHANGE] =
        "INSERT INTO exchanges VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [INSERT_EVENT] = "INSERT INTO events VALUES(?,?,?,?,?,?,?,?,?)",
    [INSERT_FINDING] = "INSERT INTO findings VALUES(?,?,?,?,?,?)",
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
    uint32_t *numbers; /* in the table, of the files of the exchange at hand */
    size_t number_capacity;
    struct buf text, args, evidence; /* of one value */
    char problem[256];
};

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

static int prepare(struct sqlite *s)
{
    for (int i = 0; i < INSERTS; i++)
        if (sqlite3_prepare_v2(s->db, inserts[i], -1, &s->insert[i], NULL) != SQLITE_OK)
            return failed(s, "cannot be written");
    return P2T_OK;
}

int sqlite_open(struct sqlite **db, const char *path)
{
    enum { DATABASE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX }; /* one thread writes */
    struct sqlite *s = calloc(1, sizeof *s);

    *db = s;
    if (s == NULL)
        return P2T_ERR_MEMORY;
    (void)sqlite3_config(
        SQLITE_CONFIG_SINGLETHREAD); /* one thread writes, and no one asks how much memory it takes */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int status = sqlite_make_place(path, s->problem, sizeof s->problem);
    if (status == P2T_OK && sqlite3_open_v2(path, &s->db, DATABASE, NULL) != SQLITE_OK)
        status = failed(s, "cannot be opened");
    if (status == P2T_OK)
        status = run(s, "PRAGMA synchronous=OFF");
    if (status == P2T_OK)
        status = prepare(s);
    return status == P2T_OK ? run(s, "BEGIN") : status;
}

/* ---- rows ---- */

static struct sqlite_row row_of(struct sqlite *s, enum insert what)
{
    return (struct sqlite_row){s->insert[what], &s->text, 1};
}

static int insert(struct sqlite *s, const struct sqlite_row *r)
{
    int status = sqlite3_step(r->stmt) == SQLITE_DONE ? P2T_OK : failed(s, "cannot be written");

    (void)sqlite3_reset(r->stmt);
    return status;
}

/* ---- exchanges ---- */

static int64_t whole_us(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

static void put_connection(struct sqlite_row *r, const struct p2t_connection *c)
{
    if (c == NULL) {
        for (int i = 0; i < 6; i++)
            sqlite_put_int_or_null(r, false, 0);
        return;
    }
    sqlite_put_id(r, c->id);
    sqlite_put_text(r, c->client);
    sqlite_put_text(r, c->server);
    sqlite_put_int_or_null(r, c->exchange >= 0, c->exchange);
    sqlite_put_int_or_null(r, c->stream >= 0, c->stream);
    sqlite_put_int_or_null(r, c->reused >= 0, c->reused);
}

static int insert_exchange(struct sqlite *s, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    struct sqlite_row r = row_of(s, INSERT_EXCHANGE);
    struct buf start = {0}, route = {0};

    json_time(&start, x->start_ns);
    route_of(&route, slice_of(x->url.p, x->url.n));
    sqlite_put_int(&r, s->count);
    sqlite_put_id(&r, x->id);
    sqlite_put_text(&r, x->trace_id);
    sqlite_put_name(&r, p2t_kind_name(x->kind));
    sqlite_put_name(&r, p2t_outcome_name(x->outcome));
    sqlite_put_int(&r, p2t_exchange_failed(x));
    sqlite_put_text(&r, x->error);
    sqlite_put_text(&r, x->method);
    sqlite_put_text(&r, x->url);
    sqlite_put_text(&r, (struct p2t_text){x->url.p != NULL ? (const char *)route.p : NULL, route.n});
    sqlite_put_text(&r, x->host);
    sqlite_put_int_or_null(&r, x->status > 0, x->status);
    sqlite_put_int_or_null(&r, x->grpc != NULL && x->grpc->status >= 0, x->grpc != NULL ? x->grpc->status : 0);
    sqlite_put_text(&r,
                    (struct p2t_text){start.n > 2 ? (const char *)start.p + 1 : "", start.n > 2 ? start.n - 2 : 0});
    sqlite_put_int(&r, whole_us(x->start_ns));
    sqlite_put_int(&r, whole_us(x->end_ns));
    put_connection(&r, x->connection);
    sqlite_put_int_or_null(&r, x->request.body_bytes >= 0, x->request.body_bytes);
    sqlite_put_int_or_null(&r, x->response.body_bytes >= 0, x->response.body_bytes);
    const int64_t phases[] = {p->blocked_ns, p->dns_ns,  p->connect_ns, p->tls_ns,
                              p->send_ns,    p->wait_ns, p->receive_ns, p->total_ns};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        sqlite_put_us(&r, phases[i]);
    int status = insert(s, &r);
    buf_fini(&start);
    buf_fini(&route);
    return status;
}

/* The n of a path in `files`; 0: it is not there. Captures are few, and the last one comes again. */
static uint32_t file_of(const struct sqlite *s, const char *path)
{
    for (size_t i = s->file_count; i > 0; i--)
        if (strcmp(s->files[i - 1], path) == 0)
            return (uint32_t)i;
    return 0;
}

/* [[n of the file, packet], ...] */
static const struct buf *evidence_of(struct sqlite *s, const struct p2t_exchange *x, const struct p2t_evidence *e,
                                     size_t n)
{
    struct p2t_evidence numbered[P2T_FINDING_EVIDENCE_MAX];
    _Static_assert(P2T_FINDING_EVIDENCE_MAX >= P2T_EVIDENCE_MAX, "an event's fit, too");
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (e[i].file < x->file_count)
            numbered[count++] = (struct p2t_evidence){s->numbers[e[i].file], e[i].packet};
    buf_reset(&s->evidence);
    json_evidence(&s->evidence, numbered, count);
    return &s->evidence;
}

static void put_args(struct buf *json, const struct p2t_event *ev)
{
    buf_putc(json, '{');
    for (size_t i = 0; i < ev->arg_count; i++) {
        buf_str(json, i > 0 ? "," : "");
        json_string(json, ev->args[i].name);
        buf_putc(json, ':');
        json_value(json, &ev->args[i].value);
    }
    buf_putc(json, '}');
}

/* How many events from this one on are a row: header fields that were written at one moment share one. */
static size_t same_row(const struct p2t_event *ev, size_t left)
{
    size_t n = 1;

    if (ev->hook == P2T_HOOK_WROTE_HEADER_FIELD)
        while (n < left && ev[n].hook == ev->hook && json_same_moment(ev, &ev[n]))
            n++;
    return n;
}

/* Of header fields an array, however many they are. */
static const struct buf *args_of(struct buf *json, const struct p2t_event *ev, size_t count)
{
    bool list = ev->hook == P2T_HOOK_WROTE_HEADER_FIELD;

    buf_reset(json);
    buf_str(json, list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        buf_str(json, i > 0 ? "," : "");
        put_args(json, &ev[i]);
    }
    buf_str(json, list ? "]" : "");
    return json;
}

static int insert_events(struct sqlite *s, const struct p2t_exchange *x)
{
    for (size_t i = 0, count; i < x->event_count; i += count) {
        const struct p2t_event *ev = &x->events[i];
        struct sqlite_row r = row_of(s, INSERT_EVENT);
        count = same_row(ev, x->event_count - i);
        sqlite_put_int(&r, s->count);
        sqlite_put_int(&r, (int64_t)i);
        sqlite_put_name(&r, p2t_hook_name(ev->hook));
        sqlite_put_name(&r, p2t_basis_name(ev->basis));
        sqlite_put_int(&r, ev->time_ns);
        sqlite_put_int_or_null(&r, ev->has_earliest, ev->earliest_ns);
        sqlite_put_int_or_null(&r, ev->has_latest, ev->latest_ns);
        sqlite_put_json(&r, args_of(&s->args, ev, count));
        sqlite_put_json(&r, evidence_of(s, x, ev->evidence, ev->evidence_count));
        if (insert(s, &r) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

static int insert_findings(struct sqlite *s, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        struct sqlite_row r = row_of(s, INSERT_FINDING);
        sqlite_put_int(&r, s->count);
        sqlite_put_int(&r, (int64_t)i);
        sqlite_put_str(&r, f->code);
        sqlite_put_name(&r, p2t_severity_name(f->severity));
        sqlite_put_text(&r, f->text);
        sqlite_put_json(&r, evidence_of(s, x, f->evidence, f->evidence_count));
        if (insert(s, &r) != P2T_OK)
            return P2T_ERR_IO;
    }
    return P2T_OK;
}

static int insert_links(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = P2T_OK;

    for (size_t i = 0; i < x->link_count && status == P2T_OK; i++) {
        struct sqlite_row r = row_of(s, INSERT_LINK);
        sqlite_put_int(&r, s->count);
        sqlite_put_name(&r, x->links[i].relation);
        sqlite_put_id(&r, x->links[i].id);
        status = insert(s, &r);
    }
    return status;
}

static int insert_file(struct sqlite *s, const char *path)
{
    struct sqlite_row r = row_of(s, INSERT_FILE);
    char **files = reallocarray(s->files, s->file_count + 1, sizeof *files);
    char *copy = strdup(path);

    s->files = files != NULL ? files : s->files;
    if (files == NULL || copy == NULL) {
        free(copy);
        return P2T_ERR_MEMORY;
    }
    files[s->file_count++] = copy;
    sqlite_put_str(&r, path);
    return insert(s, &r);
}

static bool has_room(struct sqlite *s, size_t count)
{
    uint32_t *numbers = count > s->number_capacity ? reallocarray(s->numbers, count, sizeof *numbers) : s->numbers;

    if (numbers == NULL && count > 0)
        return false;
    s->numbers = numbers;
    s->number_capacity = count > s->number_capacity ? count : s->number_capacity;
    return true;
}

static int insert_files(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = has_room(s, x->file_count) ? P2T_OK : P2T_ERR_MEMORY;

    for (size_t i = 0; i < x->file_count && status == P2T_OK; i++) {
        s->numbers[i] = file_of(s, x->files[i]);
        if (s->numbers[i] == 0) {
            status = insert_file(s, x->files[i]);
            s->numbers[i] = (uint32_t)s->file_count;
        }
    }
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
        struct sqlite_row r = row_of(s, INSERT_CAUSE);
        sqlite_put_int(&r, (int64_t)n + 1);
        sqlite_put_name(&r, p2t_cause_name(c.code));
        sqlite_put_name(&r, p2t_cause_side_name(c.side));
        sqlite_put_name(&r, p2t_confidence_name(c.confidence));
        sqlite_put_int(&r, (int64_t)c.calls);
        sqlite_put_text(&r, c.text);
        if (insert(s, &r) != P2T_OK)
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
        status = run(s, sqlite_indices);
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
    buf_fini(&s->args);
    buf_fini(&s->evidence);
    free(s->numbers);
    free(s);
}
