#include "cli/sqlite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/relay.h"
#include "base/thread.h"
#include "cli/sqlite_store.h"
#include "pcap2trace/status.h"
#include "summary/route.h"
#include "write/json/json.h"

/* Of exchanges. Between two commits: what a kill may cost, against the time of a commit. */
enum { BATCH = 250, BATCHES_PER_COMMIT = 8, SLOTS = 4 };

/* Batches are filled by the caller, and inserted by a thread of their own where there is one. */
struct sqlite {
    struct sqlite_store *store;
    struct sqlite_batch slots[SLOTS];
    struct sqlite_batch *filling;
    struct relay relay;
    pthread_t thread;
    bool started;
    atomic_int status; /* of the store */
    uint64_t inserted; /* batches */
    int64_t count;
    char **files; /* that are in the table, by n - 1 */
    size_t file_count;
    uint32_t *numbers; /* in the table, of the files of the exchange at hand */
    size_t number_capacity;
};

const char *sqlite_problem(const struct sqlite *s)
{
    return sqlite_store_problem(s != NULL ? s->store : NULL);
}

/* ---- batches ---- */

static int insert(struct sqlite *s, struct sqlite_batch *batch)
{
    int status = atomic_load(&s->status);

    if (status == P2T_OK)
        status = sqlite_store_insert(s->store, batch);
    if (status == P2T_OK && ++s->inserted % BATCHES_PER_COMMIT == 0)
        status = sqlite_store_commit(s->store);
    for (unsigned i = 0; i < SQLITE_TABLES; i++)
        sqlite_rows_reset(&batch->rows[i]);
    atomic_store(&s->status, status);
    return status;
}

static void *insert_all(void *arg)
{
    struct sqlite *s = arg;

    for (size_t slot; relay_next(&s->relay, &slot); relay_took(&s->relay))
        (void)insert(s, &s->slots[slot]);
    return NULL;
}

/* The batch is full. */
static int hand_over(struct sqlite *s)
{
    size_t slot = 0;

    if (!s->started)
        return insert(s, s->filling);
    relay_put(&s->relay);
    (void)relay_room(&s->relay, &slot); /* in the end there is: the thread never closes the relay */
    s->filling = &s->slots[slot];
    return atomic_load(&s->status);
}

/* From here on the caller inserts. */
static void end_thread(struct sqlite *s)
{
    if (!s->started)
        return;
    s->started = false;
    relay_end(&s->relay);
    pthread_join(s->thread, NULL);
}

int sqlite_open(struct sqlite **db, const char *path, bool threads)
{
    struct sqlite *s = calloc(1, sizeof *s);

    *db = s;
    if (s == NULL)
        return P2T_ERR_MEMORY;
    relay_init(&s->relay, SLOTS, 1);
    s->filling = &s->slots[0];
    int status = sqlite_store_open(&s->store, path);
    s->started = status == P2T_OK && threads && thread_start(&s->thread, insert_all, s) == 0;
    return status;
}

/* ---- exchanges ---- */

static int64_t whole_us(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

static void put_connection(struct sqlite_rows *r, const struct p2t_connection *c)
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

static void put_start(struct sqlite_rows *r, int64_t ns)
{
    struct buf quoted = {0};

    json_time(&quoted, ns);
    sqlite_put_text(r, quoted.n > 2 ? (struct p2t_text){(const char *)quoted.p + 1, quoted.n - 2}
                                    : (struct p2t_text){"", 0});
    buf_fini(&quoted);
}

static void put_route(struct sqlite_rows *r, struct p2t_text url)
{
    struct buf route = {0};

    if (url.p != NULL)
        route_of(&route, slice_of(url.p, url.n));
    r->failed |= route.failed;
    sqlite_put_text(r, (struct p2t_text){url.p != NULL ? route.n > 0 ? (const char *)route.p : "" : NULL, route.n});
    buf_fini(&route);
}

static void put_exchange(struct sqlite *s, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    struct sqlite_rows *r = &s->filling->rows[SQLITE_EXCHANGES];

    sqlite_put_int(r, s->count);
    sqlite_put_id(r, x->id);
    sqlite_put_text(r, x->trace_id);
    sqlite_put_name(r, p2t_kind_name(x->kind));
    sqlite_put_name(r, p2t_outcome_name(x->outcome));
    sqlite_put_int(r, p2t_exchange_failed(x));
    sqlite_put_text(r, x->error);
    sqlite_put_text(r, x->method);
    sqlite_put_text(r, x->url);
    put_route(r, x->url);
    sqlite_put_text(r, x->host);
    sqlite_put_int_or_null(r, x->status > 0, x->status);
    sqlite_put_int_or_null(r, x->grpc != NULL && x->grpc->status >= 0, x->grpc != NULL ? x->grpc->status : 0);
    put_start(r, x->start_ns);
    sqlite_put_int(r, whole_us(x->start_ns));
    sqlite_put_int(r, whole_us(x->end_ns));
    put_connection(r, x->connection);
    sqlite_put_int_or_null(r, x->request.body_bytes >= 0, x->request.body_bytes);
    sqlite_put_int_or_null(r, x->response.body_bytes >= 0, x->response.body_bytes);
    const int64_t phases[] = {p->blocked_ns, p->dns_ns,  p->connect_ns, p->tls_ns,
                              p->send_ns,    p->wait_ns, p->receive_ns, p->total_ns};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        sqlite_put_us(r, phases[i]);
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
static void put_evidence(struct sqlite *s, struct sqlite_rows *r, const struct p2t_exchange *x,
                         const struct p2t_evidence *e, size_t n)
{
    struct p2t_evidence numbered[P2T_FINDING_EVIDENCE_MAX];
    _Static_assert(P2T_FINDING_EVIDENCE_MAX >= P2T_EVIDENCE_MAX, "an event's fit, too");
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (e[i].file < x->file_count)
            numbered[count++] = (struct p2t_evidence){s->numbers[e[i].file], e[i].packet};
    json_evidence(sqlite_begin_json(r), numbered, count);
    sqlite_end_json(r);
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
static void put_all_args(struct sqlite_rows *r, const struct p2t_event *ev, size_t count)
{
    struct buf *json = sqlite_begin_json(r);
    bool list = ev->hook == P2T_HOOK_WROTE_HEADER_FIELD;

    buf_str(json, list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        buf_str(json, i > 0 ? "," : "");
        put_args(json, &ev[i]);
    }
    buf_str(json, list ? "]" : "");
    sqlite_end_json(r);
}

static void put_events(struct sqlite *s, const struct p2t_exchange *x)
{
    struct sqlite_rows *r = &s->filling->rows[SQLITE_EVENTS];

    for (size_t i = 0, count; i < x->event_count; i += count) {
        const struct p2t_event *ev = &x->events[i];
        count = same_row(ev, x->event_count - i);
        sqlite_put_int(r, s->count);
        sqlite_put_int(r, (int64_t)i);
        sqlite_put_name(r, p2t_hook_name(ev->hook));
        sqlite_put_name(r, p2t_basis_name(ev->basis));
        sqlite_put_int(r, ev->time_ns);
        sqlite_put_int_or_null(r, ev->has_earliest, ev->earliest_ns);
        sqlite_put_int_or_null(r, ev->has_latest, ev->latest_ns);
        put_all_args(r, ev, count);
        put_evidence(s, r, x, ev->evidence, ev->evidence_count);
    }
}

static void put_findings(struct sqlite *s, const struct p2t_exchange *x)
{
    struct sqlite_rows *r = &s->filling->rows[SQLITE_FINDINGS];

    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        sqlite_put_int(r, s->count);
        sqlite_put_int(r, (int64_t)i);
        sqlite_put_str(r, f->code);
        sqlite_put_name(r, p2t_severity_name(f->severity));
        sqlite_put_text(r, f->text);
        put_evidence(s, r, x, f->evidence, f->evidence_count);
    }
}

static void put_links(struct sqlite *s, const struct p2t_exchange *x)
{
    struct sqlite_rows *r = &s->filling->rows[SQLITE_LINKS];

    for (size_t i = 0; i < x->link_count; i++) {
        sqlite_put_int(r, s->count);
        sqlite_put_name(r, x->links[i].relation);
        sqlite_put_id(r, x->links[i].id);
    }
}

static int add_file(struct sqlite *s, const char *path)
{
    struct sqlite_rows *r = &s->filling->rows[SQLITE_FILES];
    char **files = reallocarray(s->files, s->file_count + 1, sizeof *files);
    char *copy = strdup(path);

    s->files = files != NULL ? files : s->files;
    if (files == NULL || copy == NULL) {
        free(copy);
        return P2T_ERR_MEMORY;
    }
    files[s->file_count++] = copy;
    sqlite_put_int(r, (int64_t)s->file_count);
    sqlite_put_str(r, path);
    return P2T_OK;
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

static int number_files(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = has_room(s, x->file_count) ? P2T_OK : P2T_ERR_MEMORY;

    for (size_t i = 0; i < x->file_count && status == P2T_OK; i++) {
        s->numbers[i] = file_of(s, x->files[i]);
        if (s->numbers[i] == 0) {
            status = add_file(s, x->files[i]);
            s->numbers[i] = (uint32_t)s->file_count;
        }
    }
    return status;
}

int sqlite_exchange(struct sqlite *s, const struct p2t_exchange *x)
{
    int status = number_files(s, x);

    if (status != P2T_OK)
        return status;
    s->count++;
    put_exchange(s, x);
    put_events(s, x);
    put_findings(s, x);
    put_links(s, x);
    return s->count % BATCH == 0 ? hand_over(s) : P2T_OK;
}

/* ---- the end ---- */

static void put_causes(struct sqlite *s, const struct p2t_summary *summary)
{
    struct sqlite_rows *r = &s->filling->rows[SQLITE_CAUSES];
    struct p2t_call_cause c;

    for (size_t n = 0; p2t_summary_cause(summary, n, &c); n++) {
        sqlite_put_int(r, (int64_t)n + 1);
        sqlite_put_name(r, p2t_cause_name(c.code));
        sqlite_put_name(r, p2t_cause_side_name(c.side));
        sqlite_put_name(r, p2t_confidence_name(c.confidence));
        sqlite_put_int(r, (int64_t)c.calls);
        sqlite_put_text(r, c.text);
    }
}

int sqlite_finish(struct sqlite *s, const struct p2t_summary *summary, bool whole)
{
    put_causes(s, summary);
    end_thread(s);
    int status = insert(s, s->filling);
    return status == P2T_OK ? sqlite_store_finish(s->store, whole) : status;
}

void sqlite_close(struct sqlite *s)
{
    if (s == NULL)
        return;
    end_thread(s);
    relay_fini(&s->relay);
    sqlite_store_close(s->store);
    for (unsigned i = 0; i < SLOTS; i++)
        for (unsigned k = 0; k < SQLITE_TABLES; k++)
            sqlite_rows_fini(&s->slots[i].rows[k]);
    for (size_t i = 0; i < s->file_count; i++)
        free(s->files[i]);
    free(s->files);
    free(s->numbers);
    free(s);
}
