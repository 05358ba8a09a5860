#include "support/session_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/utf8.h"
#include "write/json/json.h"
#include "pcap2trace/session.h"
#include "pcap2trace/summary.h"

struct run {
    struct session_check *check;
    struct p2t_session *session;
    struct p2t_summary *summary;
    struct buf json;
};

static void broken(struct run *r, const struct p2t_exchange *x, const char *format, ...)
{
    char *out = r->check->broken;
    va_list args;

    if (out[0] != '\0')
        return;
    int n = snprintf(out, 64, "exchange %llu (%016llx): ", (unsigned long long)r->check->exchanges,
                     (unsigned long long)x->id);
    va_start(args, format);
    vsnprintf(out + n, sizeof r->check->broken - (size_t)n, format, args);
    va_end(args);
}

/* ---- the JSON ---- */

static const char *const keys[] = {
    "schema", "id",    "trace_id",   "trace_id_source", "kind",           "outcome", "error",
    "method", "url",   "host",       "status",          "request_proto",  "request", "response",
    "start",  "end",   "connection", "phases_us",       "response_proto", "events",  "findings",
    "files",  "links", "transport",  "start_us",        "end_us",
};

/* Control bytes have no place in JSON (RFC 8259 7). */
static bool is_clean_text(const struct buf *b)
{
    size_t step;

    for (size_t i = 0; i < b->n; i += step) {
        step = utf8_sequence(slice_of(b->p + i, b->n - i));
        if (step == 0 || b->p[i] < 0x20 || b->p[i] == 0x7f)
            return false;
    }
    return true;
}

static void check_json(struct run *r, const struct p2t_exchange *x)
{
    const char *end = NULL;

    buf_reset(&r->json);
    json_exchange(&r->json, x);
    buf_putc(&r->json, '\0');
    r->json.n--;
    if (!is_clean_text(&r->json))
        broken(r, x, "JSON with control bytes or bytes that are no UTF-8");
    cJSON *root = cJSON_ParseWithOpts((const char *)r->json.p, &end, true);
    if (root == NULL)
        broken(r, x, "JSON that does not parse");
    for (size_t i = 0; root != NULL && i < sizeof keys / sizeof *keys; i++)
        if (!cJSON_HasObjectItem(root, keys[i]))
            broken(r, x, "JSON without %s", keys[i]);
    cJSON_Delete(root);
}

/* ---- the exchange ---- */

static void check_evidence(struct run *r, const struct p2t_exchange *x, const struct p2t_evidence *e, size_t n,
                           const char *of)
{
    for (size_t i = 0; i < n; i++)
        if (e[i].file >= x->file_count || e[i].packet == 0)
            broken(r, x, "%s rests on packet %llu of file %u", of, (unsigned long long)e[i].packet, e[i].file);
}

static void check_event(struct run *r, const struct p2t_exchange *x, size_t i)
{
    const struct p2t_event *ev = &x->events[i];
    const char *name = p2t_hook_name(ev->hook);

    if (ev->has_earliest && ev->earliest_ns > ev->time_ns)
        broken(r, x, "%s %lld ns before its bounds", name, (long long)(ev->earliest_ns - ev->time_ns));
    if (ev->has_latest && ev->latest_ns < ev->time_ns)
        broken(r, x, "%s %lld ns behind its bounds", name, (long long)(ev->time_ns - ev->latest_ns));
    if (i > 0 && ev->time_ns < x->events[i - 1].time_ns)
        broken(r, x, "%s before %s that stands before it", name, p2t_hook_name(x->events[i - 1].hook));
    if (ev->evidence_count == 0 && ev->basis == P2T_OBSERVED)
        broken(r, x, "%s observed in no packet", name);
    check_evidence(r, x, ev->evidence, ev->evidence_count, name);
}

static void check_phases(struct run *r, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    const int64_t parts[] = {p->blocked_ns, p->dns_ns,  p->connect_ns, p->tls_ns,
                             p->send_ns,    p->wait_ns, p->receive_ns};
    int64_t sum = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum += parts[i] > 0 ? parts[i] : 0;
    if (p->total_ns >= 0 && llabs(sum - p->total_ns) > 1000)
        broken(r, x, "phases add up to %lld ns of %lld", (long long)sum, (long long)p->total_ns);
}

static void check_order(struct run *r, const struct p2t_exchange *x)
{
    if (x->end_ns < x->start_ns)
        broken(r, x, "ends %lld ns before it starts", (long long)(x->start_ns - x->end_ns));
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;
    struct p2t_counters c;

    p2t_session_counters(r->session, &c);
    r->check->frames = c.frames;
    r->check->exchanges++;
    check_json(r, x);
    check_order(r, x);
    check_phases(r, x);
    for (size_t i = 0; i < x->event_count; i++)
        check_event(r, x, i);
    for (size_t i = 0; i < x->finding_count; i++)
        check_evidence(r, x, x->findings[i].evidence, x->findings[i].evidence_count, x->findings[i].code);
    return p2t_summary_exchange(r->summary, x);
}

static int on_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct run *r = ctx;

    return p2t_summary_connection(r->summary, record);
}

static void on_question(void *ctx, const struct p2t_question *question)
{
    struct run *r = ctx;

    p2t_summary_question(r->summary, question);
}

/* ---- the summary ---- */

static void broken_summary(struct run *r, const char *what)
{
    if (r->check->broken[0] == '\0')
        snprintf(r->check->broken, sizeof r->check->broken, "the summary: %s", what);
}

static double number(const cJSON *of, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(of, name);

    return cJSON_IsNumber(n) ? n->valuedouble : -1;
}

static void check_cause(struct run *r, const cJSON *cause)
{
    const cJSON *text = cJSON_GetObjectItem(cause, "text"), *since = cJSON_GetObjectItem(cause, "since"),
                *until = cJSON_GetObjectItem(cause, "until");

    if (!cJSON_IsString(text) || text->valuestring[0] == '\0')
        broken_summary(r, "a cause without a text");
    if (number(cause, "calls") < 0 || number(cause, "calls") > number(cause, "of"))
        broken_summary(r, "a cause that hit more calls than there were");
    if (number(cause, "failed") < 0 || number(cause, "lost_ms") < 0)
        broken_summary(r, "a cause with negative figures");
    if (!cJSON_IsString(since) || !cJSON_IsString(until) || strcmp(since->valuestring, until->valuestring) > 0)
        broken_summary(r, "a cause that ends before it begins");
}

static void check_summary(struct run *r)
{
    struct p2t_counters c;
    size_t n;
    char *text, *json;
    const cJSON *cause;

    p2t_session_counters(r->session, &c);
    if (p2t_summary_finish(r->summary, &c) != P2T_OK) {
        broken_summary(r, "it failed");
        return;
    }
    text = p2t_summary_write(r->summary, P2T_SUMMARY_TEXT, &n);
    json = p2t_summary_write(r->summary, P2T_SUMMARY_JSON, &n);
    cJSON *root = json != NULL ? cJSON_Parse(json) : NULL;
    if (text == NULL || root == NULL)
        broken_summary(r, "JSON that does not parse");
    cJSON_ArrayForEach(cause, cJSON_GetObjectItem(root, "causes")) check_cause(r, cause);
    cJSON_Delete(root);
    free(text);
    free(json);
}

/* ---- the run ---- */

static void check_whole_run(struct run *r, int status)
{
    struct p2t_counters c;

    p2t_session_counters(r->session, &c);
    r->check->frames = c.frames;
    if (r->check->broken[0] != '\0')
        return;
    if (status != P2T_OK)
        snprintf(r->check->broken, sizeof r->check->broken, "the session failed: %d", status);
    else if (c.exchanges != r->check->exchanges)
        snprintf(r->check->broken, sizeof r->check->broken, "exchanges counted and handed over differ");
}

bool session_check_path(struct session_check *check, const char *path, const char *keylog, unsigned jobs)
{
    struct run r = {.check = check};
    struct p2t_config config = {.paths = &path,
                                .path_count = 1,
                                .keylog = keylog,
                                .all = true,
                                .jobs = jobs,
                                .ctx = &r,
                                .exchange = on_exchange,
                                .connection = on_connection,
                                .question = on_question};

    *check = (struct session_check){0};
    if (p2t_summary_new(&r.summary, &(struct p2t_summary_config){0}) != P2T_OK)
        abort();
    if (p2t_session_open(&r.session, &config, NULL) != P2T_OK) {
        snprintf(check->broken, sizeof check->broken, "the session does not open");
        p2t_summary_free(r.summary);
        return false;
    }
    check_whole_run(&r, p2t_session_run(r.session));
    check_summary(&r);
    p2t_summary_free(r.summary);
    p2t_session_free(r.session);
    buf_fini(&r.json);
    return check->broken[0] == '\0';
}

bool session_check_bytes(struct session_check *check, const void *bytes, size_t n, const char *keylog, unsigned jobs)
{
    char path[64];
    int fd = memfd_create("capture", 0);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool kept = session_check_path(check, path, keylog, jobs);
    close(fd);
    return kept;
}
