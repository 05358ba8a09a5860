#include "cli/mcp/rows.h"

#include <stdlib.h>
#include <string.h>

#include "pcap2trace/status.h"
#include "write/json/json.h"

/* ---- copies ---- */

static void keep_text(struct rows *r, struct p2t_text *text)
{
    if (text->p != NULL)
        text->p = (const char *)arena_copy(&r->arena, slice_of(text->p, text->n)).p;
}

static void keep_texts(struct rows *r, struct p2t_exchange *x)
{
    struct p2t_text *const texts[] = {&x->error, &x->trace_id, &x->method, &x->url, &x->host};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        keep_text(r, texts[i]);
    x->trace_id_source = x->request_proto = x->response_proto = x->server = x->via = (struct p2t_text){0};
    x->request.content_type = x->response.content_type = (struct p2t_text){0};
}

static void keep_connection(struct rows *r, struct row *row)
{
    if (row->x.connection == NULL)
        return;
    row->connection = *row->x.connection;
    row->connection.tls = NULL;
    row->connection.network = row->connection.nat_server = row->connection.nat_client = row->connection.proxy =
        (struct p2t_text){0};
    keep_text(r, &row->connection.client);
    keep_text(r, &row->connection.server);
}

static void keep_grpc(struct row *row)
{
    if (row->x.grpc == NULL)
        return;
    row->grpc = (struct p2t_grpc){.status = row->x.grpc->status};
}

static int keep_findings(struct rows *r, struct p2t_exchange *x)
{
    struct p2t_finding *copies = arena_alloc(&r->arena, (x->finding_count + 1) * sizeof *copies);

    if (copies == NULL)
        return P2T_ERR_MEMORY;
    for (size_t i = 0; i < x->finding_count; i++) {
        copies[i] = x->findings[i];
        copies[i].text = (struct p2t_text){0};
        copies[i].evidence_count = 0;
    }
    x->findings = copies;
    return P2T_OK;
}

/* ---- packets ---- */

/* The index of a path. Captures are few, and the last one is the likeliest. */
static int path_index(struct rows *r, const char *path, uint32_t *index)
{
    for (size_t i = r->path_count; i-- > 0;)
        if (strcmp(r->paths[i], path) == 0) {
            *index = (uint32_t)i;
            return P2T_OK;
        }
    const char **more = realloc(r->paths, (r->path_count + 1) * sizeof *more);
    if (more == NULL)
        return P2T_ERR_MEMORY;
    r->paths = more;
    r->paths[r->path_count] = (const char *)arena_copy(&r->arena, slice_str(path)).p;
    *index = (uint32_t)r->path_count++;
    return P2T_OK;
}

static int add_proof(struct rows *r, struct row *row, struct p2t_evidence e, const char *const *files, size_t count)
{
    if (e.file >= count || row->proof_count == P2T_EVIDENCE_MAX)
        return P2T_OK;
    if (path_index(r, files[e.file], &e.file) != P2T_OK)
        return P2T_ERR_MEMORY;
    for (uint8_t i = 0; i < row->proof_count; i++)
        if (row->proof[i].file == e.file && row->proof[i].packet == e.packet)
            return P2T_OK;
    row->proof[row->proof_count++] = e;
    return P2T_OK;
}

/* Of the worst finding first, then of the request and its response, then of what came first. */
static int keep_proofs(struct rows *r, struct row *row, const struct p2t_exchange *x)
{
    static const enum p2t_hook telling[] = {P2T_HOOK_WROTE_REQUEST, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE};
    int status = P2T_OK;

    if (x->finding_count > 0 && x->findings[0].evidence_count > 0)
        status = add_proof(r, row, x->findings[0].evidence[0], x->files, x->file_count);
    for (size_t k = 0; k < sizeof telling / sizeof *telling; k++)
        for (size_t i = 0; i < x->event_count && status == P2T_OK; i++)
            if (x->events[i].hook == telling[k] && x->events[i].evidence_count > 0)
                status = add_proof(r, row, x->events[i].evidence[0], x->files, x->file_count);
    for (size_t i = 0; i < x->event_count && status == P2T_OK && row->proof_count == 0; i++)
        if (x->events[i].evidence_count > 0)
            status = add_proof(r, row, x->events[i].evidence[0], x->files, x->file_count);
    return status;
}

/* ---- rows ---- */

static struct row *next_row(struct rows *r)
{
    if (r->n == r->cap) {
        size_t cap = r->cap == 0 ? 64 : r->cap * 2;
        struct row *more = realloc(r->item, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        r->item = more;
        r->cap = cap;
    }
    return &r->item[r->n];
}

static void forget_rest(struct p2t_exchange *x)
{
    x->http2 = NULL;
    x->websocket = NULL;
    x->transport = NULL;
    x->events = NULL;
    x->links = NULL;
    x->files = NULL;
    x->event_count = x->link_count = x->file_count = 0;
}

int rows_add(struct rows *r, const struct p2t_exchange *x)
{
    if (r->arena.held_bytes + r->cap * sizeof *r->item > ROWS_BYTES_MAX) {
        r->partial = true;
        return P2T_OK;
    }
    struct row *row = next_row(r);
    if (row == NULL)
        return P2T_ERR_MEMORY;
    *row = (struct row){.x = *x};
    if (keep_findings(r, &row->x) != P2T_OK || keep_proofs(r, row, x) != P2T_OK)
        return P2T_ERR_MEMORY;
    keep_texts(r, &row->x);
    keep_connection(r, row);
    keep_grpc(row);
    forget_rest(&row->x);
    r->n++;
    return P2T_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->x.start_ns != y->x.start_ns)
        return x->x.start_ns < y->x.start_ns ? -1 : 1;
    return (x->x.id > y->x.id) - (x->x.id < y->x.id);
}

/* Rows point into themselves once they stay where they are. */
void rows_sort(struct rows *r)
{
    if (r->n > 0)
        qsort(r->item, r->n, sizeof *r->item, by_start);
    for (size_t i = 0; i < r->n; i++) {
        struct row *row = &r->item[i];
        row->x.connection = row->x.connection != NULL ? &row->connection : NULL;
        row->x.grpc = row->x.grpc != NULL ? &row->grpc : NULL;
    }
}

void rows_fini(struct rows *r)
{
    free(r->item);
    free(r->paths);
    arena_fini(&r->arena);
    *r = (struct rows){0};
}

/* ---- as JSON ---- */

static void put_phases(struct buf *b, const struct p2t_phases *p)
{
    const struct {
        const char *name;
        int64_t ns;
    } phases[] = {{"blocked", p->blocked_ns}, {"dns", p->dns_ns},    {"connect", p->connect_ns},
                  {"tls", p->tls_ns},         {"send", p->send_ns},  {"wait", p->wait_ns},
                  {"receive", p->receive_ns}, {"total", p->total_ns}};
    const char *between = "";

    buf_lit(b, ",\"phases_ms\":{");
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        if (phases[i].ns < 0)
            continue;
        buf_printf(b, "%s\"%s\":%.3f", between, phases[i].name, (double)phases[i].ns / 1e6);
        between = ",";
    }
    buf_putc(b, '}');
}

static void put_wire_text(struct buf *b, const char *name, struct p2t_text text)
{
    enum { SHOWN_MAX = 512 };

    buf_printf(b, "\"%s\":", name);
    if (text.n > SHOWN_MAX)
        text.n = SHOWN_MAX;
    json_text(b, text);
}

static void put_wire(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"wire\":{");
    put_wire_text(b, "method", x->method);
    buf_putc(b, ',');
    put_wire_text(b, "url", x->url);
    buf_putc(b, ',');
    put_wire_text(b, "host", x->host);
    buf_putc(b, ',');
    put_wire_text(b, "error", x->error);
    buf_putc(b, ',');
    put_wire_text(b, "trace_id", x->trace_id);
    buf_putc(b, '}');
}

static void put_findings(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"findings\":[");
    for (size_t i = 0; i < x->finding_count; i++)
        buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", x->findings[i].code);
    buf_putc(b, ']');
}

void row_json(struct buf *b, const struct row *row)
{
    const struct p2t_exchange *x = &row->x;

    buf_lit(b, "{\"id\":");
    json_id(b, x->id);
    buf_lit(b, ",\"start\":");
    json_time(b, x->start_ns);
    buf_printf(b, ",\"kind\":\"%s\",\"outcome\":\"%s\",\"failed\":%s,\"status\":", p2t_kind_name(x->kind),
               p2t_outcome_name(x->outcome), p2t_exchange_failed(x) ? "true" : "false");
    if (x->status != 0)
        buf_i64(b, x->status);
    else
        buf_lit(b, "null");
    put_phases(b, &x->phases);
    put_findings(b, x);
    buf_lit(b, ",\"client\":");
    json_text(b, x->connection != NULL ? row->connection.client : (struct p2t_text){0});
    buf_lit(b, ",\"server\":");
    json_text(b, x->connection != NULL ? row->connection.server : (struct p2t_text){0});
    put_wire(b, x);
    buf_lit(b, ",\"evidence\":");
    json_evidence(b, row->proof, row->proof_count);
    buf_putc(b, '}');
}
