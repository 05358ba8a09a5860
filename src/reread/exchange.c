#include "reread/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "pcap2trace/status.h"
#include "reread/fields.h"
#include "reread/line.h"

struct reread {
    struct fields fields;
    struct buf line; /* as cJSON reads it */
    cJSON *root;     /* of the last exchange */
    bool compact;    /* it stands there in the compact form */
    char why[128];
};

struct reread *reread_new(void)
{
    struct reread *r = calloc(1, sizeof *r);

    if (r != NULL)
        arena_start(&r->fields.arena, ARENA_USUAL);
    return r;
}

void reread_free(struct reread *r)
{
    if (r == NULL)
        return;
    cJSON_Delete(r->root);
    arena_fini(&r->fields.arena);
    buf_fini(&r->line);
    free(r);
}

/* ---- what it was about ---- */

static const char *kind_name(int i)
{
    return p2t_kind_name((enum p2t_kind)i);
}

static const char *outcome_name(int i)
{
    return p2t_outcome_name((enum p2t_outcome)i);
}

static const char *vantage_name(int i)
{
    return p2t_vantage_name((enum p2t_vantage)i);
}

static void take_message(struct fields *f, const cJSON *root, const char *name, struct p2t_message *m)
{
    const cJSON *object = fields_object(f, root, name);

    m->header_bytes = fields_int(f, object, "header_bytes", 0, INT64_MAX, -1);
    m->body_bytes = fields_int(f, object, "body_bytes", 0, INT64_MAX, -1);
    m->content_type = fields_text(f, object, "content_type");
}

static void take_subject(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    x->id = fields_id(f, root, "id");
    x->trace_id = fields_text(f, root, "trace_id");
    x->trace_id_source = fields_text(f, root, "trace_id_source");
    x->kind = (enum p2t_kind)fields_name(f, root, "kind", P2T_KIND_COUNT, kind_name);
    x->outcome = (enum p2t_outcome)fields_name(f, root, "outcome", P2T_OUTCOME_COUNT, outcome_name);
    x->error = fields_text(f, root, "error");
    x->method = fields_text(f, root, "method");
    x->url = fields_text(f, root, "url");
    x->host = fields_text(f, root, "host");
    x->status = (int)fields_int(f, root, "status", 1, INT32_MAX, 0);
    x->request_proto = fields_text(f, root, "request_proto");
    x->response_proto = fields_text(f, root, "response_proto");
}

/* ---- its connection ---- */

static const struct p2t_tls *take_tls(struct fields *f, const cJSON *connection)
{
    const cJSON *object = fields_object(f, connection, "tls");
    struct p2t_tls *t = object != NULL ? fields_list(f, 1, sizeof *t) : NULL;

    if (t == NULL)
        return NULL;
    t->version = fields_text(f, object, "version");
    t->cipher = fields_text(f, object, "cipher");
    t->alpn = fields_text(f, object, "alpn");
    t->server_name = fields_text(f, object, "server_name");
    t->ja4 = fields_text(f, object, "ja4");
    t->resumed = fields_bool(f, object, "resumed");
    t->decrypted = fields_bool(f, object, "decrypted");
    return t;
}

static void take_connection(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *object = fields_object(f, root, "connection"), *rtt = fields_get(object, "rtt_us");
    struct p2t_connection *c = object != NULL ? fields_list(f, 1, sizeof *c) : NULL;

    if (c == NULL)
        return;
    x->connection = c;
    c->id = fields_id(f, object, "id");
    c->network = (struct p2t_text){"tcp", 3}; /* there is no other */
    c->client = fields_text(f, object, "client");
    c->server = fields_text(f, object, "server");
    c->nat_server = fields_text(f, object, "nat_server");
    c->nat_client = fields_text(f, object, "nat_client");
    c->exchange = fields_int(f, object, "exchange", 0, INT64_MAX, -1);
    c->stream = fields_int(f, object, "stream", 0, INT64_MAX, -1);
    c->reused = fields_tristate(f, object, "reused");
    c->proxy = fields_text(f, object, "proxy");
    c->tls = take_tls(f, object);
    if (fields_get(object, "vantage") != NULL)
        c->vantage = (enum p2t_vantage)fields_name(f, object, "vantage", P2T_VANTAGE_MIDDLE + 1, vantage_name);
    c->rtt_ns = rtt != NULL ? fields_us(f, rtt, "rtt_us") : -1;
}

/* ---- times ---- */

static int64_t phase(struct fields *f, const cJSON *phases, const char *name)
{
    const cJSON *item = fields_get(phases, name);

    return item != NULL ? fields_us(f, item, "phases_us") : -1;
}

static void take_phases(struct fields *f, const cJSON *root, struct p2t_phases *p)
{
    const cJSON *object = fields_object(f, root, "phases_us");

    p->blocked_ns = phase(f, object, "blocked");
    p->dns_ns = phase(f, object, "dns");
    p->connect_ns = phase(f, object, "connect");
    p->tls_ns = phase(f, object, "tls");
    p->send_ns = phase(f, object, "send");
    p->wait_ns = phase(f, object, "wait");
    p->receive_ns = phase(f, object, "receive");
    p->total_ns = phase(f, object, "total");
}

/* ---- what is said of it ---- */

static const char *code_name(int i)
{
    return p2t_finding_info((enum p2t_finding_code)i)->code;
}

static const char *severity_name(int i)
{
    return p2t_severity_name((enum p2t_severity)i);
}

static void take_findings(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *list = fields_array(f, root, "findings"), *item;
    struct p2t_finding *findings = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *findings);

    x->findings = findings;
    cJSON_ArrayForEach(item, list)
    {
        if (findings == NULL)
            return;
        struct p2t_finding *to = &findings[x->finding_count++];
        to->id = (enum p2t_finding_code)fields_name(f, item, "code", P2T_FINDING_COUNT, code_name);
        to->code = code_name((int)to->id);
        to->severity = (enum p2t_severity)fields_name(f, item, "severity", P2T_SEVERITY_DEPENDS, severity_name);
        to->text = fields_text(f, item, "text");
        to->evidence_count = fields_evidence(f, item, to->evidence, P2T_FINDING_EVIDENCE_MAX);
        if (fields_get(item, "evidence_dropped") != NULL)
            to->evidence_dropped =
                (uint32_t)fields_integer(f, fields_get(item, "evidence_dropped"), "evidence_dropped", 0, UINT32_MAX);
    }
}

static void take_links(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *list = fields_array(f, root, "links"), *item;
    struct p2t_link *links = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *links);

    x->links = links;
    cJSON_ArrayForEach(item, list)
    {
        const char *relation = fields_relation(f, fields_text(f, item, "relation"));
        if (links == NULL || f->wrong != NULL)
            return;
        links[x->link_count++] = (struct p2t_link){relation, fields_id(f, item, "id")};
    }
}

static void take_files(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *list = fields_array(f, root, "files"), *item;
    const char **files = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *files);

    x->files = files;
    cJSON_ArrayForEach(item, list)
    {
        struct p2t_text name = fields_string(f, item, "files");
        if (files == NULL || name.p == NULL)
            return;
        files[x->file_count++] = name.p;
    }
}

/* ---- all of it ---- */

/* What stands otherwise in the compact form. */
static void take_full(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    take_message(f, root, "request", &x->request);
    take_message(f, root, "response", &x->response);
    x->end_ns = fields_time(f, root, "end");
    reread_events(f, root, x);
    take_findings(f, root, x);
    take_links(f, root, x);
}

static void take_all(struct fields *f, const cJSON *root, bool compact, struct p2t_exchange *x)
{
    take_subject(f, root, x);
    take_connection(f, root, x);
    x->start_ns = fields_time(f, root, "start");
    reread_transport(f, root, x);
    reread_messages(f, root, x);
    take_phases(f, root, &x->phases);
    if (compact)
        reread_compact(f, root, x);
    else
        take_full(f, root, x);
    if (!compact || fields_get(root, "files") != NULL)
        take_files(f, root, x);
}

static const char *schema_complaint(struct reread *r)
{
    static const char ours[] = "pcap2trace.exchange/2", before[] = "pcap2trace.exchange/1";
    const cJSON *schema = fields_get(r->root, "schema");

    if (!cJSON_IsObject(r->root) || !cJSON_IsString(schema))
        return "is not an exchange";
    r->compact = strcmp(schema->valuestring, "pcap2trace.exchange/2-compact") == 0;
    if (r->compact || strcmp(schema->valuestring, ours) == 0)
        return NULL;
    return strcmp(schema->valuestring, before) == 0
               ? "was written by a version before 0.2.0, which says less of an exchange: name the captures instead"
               : "has another schema than pcap2trace.exchange/2";
}

/* NULL, or what keeps it from being read. */
static const char *parse(struct reread *r, struct slice line)
{
    const char *end, *why = line_prepare(&r->line, line);

    if (why != NULL || r->line.failed)
        return why;
    r->root = cJSON_ParseWithLengthOpts((const char *)r->line.p, r->line.n, &end, 0);
    if (r->root == NULL || end != (const char *)r->line.p + r->line.n)
        return "is not JSON";
    return schema_complaint(r);
}

static void reset(struct reread *r)
{
    cJSON_Delete(r->root);
    r->root = NULL;
    arena_reset(&r->fields.arena);
    r->fields.wrong = NULL;
    r->fields.failed = false;
    buf_reset(&r->line);
}

int reread_exchange(struct reread *r, struct slice line, struct p2t_exchange *x, const char **why)
{
    reset(r);
    *x = (struct p2t_exchange){0};
    if (line.n > 0 && line.p[line.n - 1] == '\n')
        line.n--;
    *why = line.n > 0 && line.n <= REREAD_LINE_MAX ? parse(r, line) : "is not an exchange";
    if (r->line.failed)
        return P2T_ERR_MEMORY;
    if (*why != NULL)
        return P2T_ERR_USAGE;
    take_all(&r->fields, r->root, r->compact, x);
    if (r->fields.failed)
        return P2T_ERR_MEMORY;
    if (r->fields.wrong == NULL)
        return P2T_OK;
    snprintf(r->why, sizeof r->why, "its \"%s\" is not what an exchange has there", r->fields.wrong);
    *why = r->why;
    return P2T_ERR_USAGE;
}
