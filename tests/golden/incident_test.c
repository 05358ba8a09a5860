/* The founding incident, end to end: the sample capture against the log that the client itself wrote. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

static const int64_t TOLERANCE_NS = 1000000;

enum { CALLS = 4 };

struct seen {
    char trace_id[32], host[64], error[128], finding[64];
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    int status;
    int64_t addresses; /* of DNSDone; -1: none */
    bool has[P2T_HOOK_COUNT];
    struct p2t_event event[P2T_HOOK_COUNT]; /* times and bounds only */
};

struct result {
    struct seen seen[8];
    size_t n;
};

static void copy(char *out, size_t size, struct p2t_text s)
{
    snprintf(out, size, "%.*s", (int)s.n, s.p != NULL ? s.p : "");
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    assert_true(r->n < 8);
    struct seen *s = &r->seen[r->n++];
    copy(s->trace_id, sizeof s->trace_id, x->trace_id);
    copy(s->host, sizeof s->host, x->host);
    copy(s->error, sizeof s->error, x->error);
    if (x->finding_count > 0)
        snprintf(s->finding, sizeof s->finding, "%s", x->findings[0].code);
    s->kind = x->kind;
    s->outcome = x->outcome;
    s->status = x->status;
    s->addresses = -1;
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *ev = &x->events[i];
        s->has[ev->hook] = true;
        s->event[ev->hook] = *ev;
        if (ev->hook == P2T_HOOK_DNS_DONE)
            s->addresses = (int64_t)ev->args[0].value.as.list.n;
    }
    return 0;
}

static int64_t go_time(const cJSON *section, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(section, name));
    struct tm tm = {0};
    char *rest;

    assert_non_null(text);
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    assert_non_null(rest);
    return (int64_t)timegm(&tm) * 1000000000 + (*rest == '.' ? (int64_t)(strtod(rest, NULL) * 1e9 + 0.5) : 0);
}

static void fired_within_bounds(const struct seen *s, enum p2t_hook hook, int64_t live_ns)
{
    const struct p2t_event *ev = &s->event[hook];

    if (!s->has[hook])
        fail_msg("%s: no %s", s->trace_id, p2t_hook_name(hook));
    if (ev->has_earliest && live_ns < ev->earliest_ns - TOLERANCE_NS)
        fail_msg("%s: %s fired before its bounds", s->trace_id, p2t_hook_name(hook));
    if (ev->has_latest && live_ns > ev->latest_ns + TOLERANCE_NS)
        fail_msg("%s: %s fired after its bounds", s->trace_id, p2t_hook_name(hook));
}

static const struct seen *find(const struct result *r, const cJSON *log)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(log, "TraceId"));
    const char *host = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(log, "DNS"), "Host"));

    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->seen[i].trace_id, id) == 0 ||
            (r->seen[i].trace_id[0] == '\0' && strcmp(r->seen[i].host, host) == 0))
            return &r->seen[i];
    fail_msg("no exchange for %s", id);
    return NULL;
}

static void check_failed_call(const struct seen *s, const cJSON *dns)
{
    assert_int_equal(s->kind, P2T_KIND_LOOKUP);
    assert_int_equal(s->outcome, P2T_OUTCOME_DNS_ERROR);
    assert_string_equal(s->error, cJSON_GetStringValue(cJSON_GetObjectItem(dns, "Err")));
    assert_string_equal(s->finding, "dns.empty_answer");
    assert_int_equal(s->addresses, 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(dns, "Addrs")), 0);
    assert_false(s->has[P2T_HOOK_CONNECT_START]);
    assert_false(s->has[P2T_HOOK_GOT_CONN]);
}

static void check_answered_call(const struct seen *s, const cJSON *log)
{
    const cJSON *response = cJSON_GetObjectItem(log, "Response");
    const cJSON *conn = cJSON_GetObjectItem(log, "Conn");

    assert_int_equal(s->kind, P2T_KIND_HTTP1);
    assert_int_equal(s->outcome, P2T_OUTCOME_OK);
    assert_int_equal(s->status, cJSON_GetObjectItem(response, "Status")->valueint);
    fired_within_bounds(s, P2T_HOOK_GOT_CONN, go_time(conn, "Got"));
    fired_within_bounds(s, P2T_HOOK_WROTE_REQUEST, go_time(cJSON_GetObjectItem(log, "Request"), "Wrote"));
    fired_within_bounds(s, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, go_time(response, "FirstByte"));
    assert_int_equal(s->has[P2T_HOOK_CONNECT_START], !cJSON_IsTrue(cJSON_GetObjectItem(conn, "Reused")));
}

static void check_call(const struct result *r, const char *json)
{
    cJSON *log = cJSON_Parse(json);

    assert_non_null(log);
    const cJSON *dns = cJSON_GetObjectItem(log, "DNS");
    const struct seen *s = find(r, log);
    bool looked_up = cJSON_GetStringValue(cJSON_GetObjectItem(dns, "Host"))[0] != '\0';
    assert_int_equal(s->has[P2T_HOOK_DNS_START], looked_up);
    if (looked_up) {
        fired_within_bounds(s, P2T_HOOK_DNS_START, go_time(dns, "Start"));
        fired_within_bounds(s, P2T_HOOK_DNS_DONE, go_time(dns, "End"));
    }
    if (cJSON_GetStringValue(cJSON_GetObjectItem(log, "Err"))[0] != '\0')
        check_failed_call(s, dns);
    else
        check_answered_call(s, log);
    cJSON_Delete(log);
}

static void the_capture_tells_what_the_client_logged(void **state)
{
    static const char *const path = P2T_SAMPLES "/incident/incident.pcap";
    struct result result = {0};
    struct p2t_config config = {.paths = &path, .path_count = 1, .ctx = &result, .exchange = on_exchange};
    struct p2t_session *session;
    char line[4096];
    size_t calls = 0;

    (void)state;
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
    assert_int_equal(result.n, CALLS);
    FILE *log = fopen(P2T_SAMPLES "/incident/incident.log", "r");
    assert_non_null(log);
    for (; fgets(line, sizeof line, log) != NULL; calls++)
        check_call(&result, strchr(line, '{'));
    fclose(log);
    assert_int_equal(calls, CALLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_capture_tells_what_the_client_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
