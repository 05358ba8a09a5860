/* HTTP/2, gRPC and WebSocket between real programs (h2/make-h2.sh), beside what the programs logged and what tshark
 * reads. The folder is P2T_H2's, or the one that is given: a fresh run of the script. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

static const char *folder = P2T_GOLDEN "/h2";

static char *path_of(const char *in, const char *name)
{
    static char paths[4][1024];
    static size_t next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", in, name);
    return path;
}

static void run(const char *path, const char *keylog, int (*exchange)(void *, const struct p2t_exchange *), void *ctx)
{
    struct p2t_config config = {.paths = &path,
                                .path_count = 1,
                                .keylog = keylog,
                                .all = true,
                                .show_secrets = true,
                                .ctx = ctx,
                                .exchange = exchange};
    struct p2t_session *session;

    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
}

static bool is(struct p2t_text s, const char *expected)
{
    return s.p != NULL && s.n == strlen(expected) && memcmp(s.p, expected, s.n) == 0;
}

static void expect_text(struct p2t_text s, const char *expected)
{
    if (!is(s, expected))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, (int)s.n, s.p);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);

    if (f == NULL || text == NULL)
        fail_msg("%s: cannot be read", path);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* ---- what talk.go says it did ---- */

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const char *string(const cJSON *object, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    assert_non_null(s);
    return s;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    assert_non_null(item);
    return item;
}

/* A message was on the wire after its sender began to write it, and before its receiver had it. cJSON's doubles lose
 * the last 256 nanoseconds. */
static void check_messages(const struct p2t_messages *m, const cJSON *logged)
{
    static const int64_t LOST_DIGITS_NS = 256;
    size_t n = (size_t)cJSON_GetArraySize(logged);

    assert_int_equal(n, m->count);
    assert_true(m->exact);
    assert_int_equal(m->time_count, n < P2T_MESSAGE_TIMES_MAX ? n : P2T_MESSAGE_TIMES_MAX);
    assert_int_equal(m->evidence_count, n < 2 ? n : 2);
    for (size_t i = 0; i < m->time_count; i++) {
        const cJSON *one = cJSON_GetArrayItem(logged, (int)i);
        assert_true(m->times_ns[i] >= (int64_t)number(one, "sent") - LOST_DIGITS_NS);
        assert_true(m->times_ns[i] <= (int64_t)number(one, "received") + LOST_DIGITS_NS);
    }
    if (n == 0)
        return;
    const cJSON *last = cJSON_GetArrayItem(logged, (int)n - 1);
    assert_int_equal(m->first_ns, m->times_ns[0]);
    assert_true(m->last_ns >= (int64_t)number(last, "sent") - LOST_DIGITS_NS);
    assert_true(m->last_ns <= (int64_t)number(last, "received") + LOST_DIGITS_NS);
}

static void check_grpc(const struct p2t_exchange *x, const cJSON *talk)
{
    const struct p2t_grpc *g = x->grpc;
    const char *path = strchr(string(talk, "url") + 8, '/') + 1, *method = strrchr(path, '/');
    int status = (int)number(talk, "status");

    assert_non_null(g);
    assert_null(x->websocket);
    assert_true(x->kind == P2T_KIND_HTTP2 && is(x->method, "POST"));
    assert_true(g->service.n == (size_t)(method - path) && memcmp(g->service.p, path, g->service.n) == 0);
    expect_text(g->method, method + 1);
    assert_int_equal(status, g->status);
    if (string(talk, "message")[0] != '\0')
        expect_text(g->message, string(talk, "message"));
    assert_int_equal(status > 0 ? P2T_OUTCOME_RESPONSE_ERROR : P2T_OUTCOME_OK, x->outcome);
    check_messages(&g->request, member(member(talk, "client"), "messages"));
    check_messages(&g->response, member(member(talk, "server"), "messages"));
}

static void check_side(const struct p2t_websocket_side *s, const cJSON *logged)
{
    int code = (int)number(logged, "close");

    check_messages(&s->messages, member(logged, "messages"));
    assert_int_equal((uint64_t)number(logged, "text"), s->text);
    assert_int_equal((uint64_t)number(logged, "binary"), s->binary);
    assert_int_equal((uint64_t)number(logged, "ping"), s->pings);
    assert_int_equal((uint64_t)number(logged, "pong"), s->pongs);
    assert_int_equal(code >= 0, s->closed);
    if (s->closed)
        assert_int_equal(code, s->close_code);
}

static bool has_finding(const struct p2t_exchange *x, const char *code)
{
    for (size_t i = 0; i < x->finding_count; i++)
        if (strcmp(x->findings[i].code, code) == 0)
            return true;
    return false;
}

/* It ends with the WebSocket, not with the head that began it. */
static void check_websocket(const struct p2t_exchange *x, const cJSON *talk)
{
    const struct p2t_websocket *w = x->websocket;
    bool h2 = x->kind == P2T_KIND_HTTP2;

    assert_non_null(w);
    assert_null(x->grpc);
    assert_int_equal(h2 ? 200 : 101, x->status);
    assert_true(is(x->method, h2 ? "CONNECT" : "GET"));
    assert_int_equal(P2T_OUTCOME_OK, x->outcome);
    check_side(&w->client, member(talk, "client"));
    check_side(&w->server, member(talk, "server"));
    assert_true(x->end_ns >= w->client.messages.last_ns && x->end_ns >= w->server.messages.last_ns);
    assert_true(!w->client.closed || x->end_ns >= w->client.closed_ns);
    assert_true(!w->server.closed || x->end_ns >= w->server.closed_ns);
    assert_true(x->phases.send_ns + x->phases.wait_ns < x->phases.receive_ns || !w->server.messages.count);
    assert_int_equal(!w->client.closed && !w->server.closed, has_finding(x, "websocket.not_closed"));
    assert_int_equal(w->server.close_code == 1011, has_finding(x, "websocket.closed"));
}

static int on_talk(void *ctx, const struct p2t_exchange *x)
{
    cJSON *talks = ctx;
    cJSON *talk;

    cJSON_ArrayForEach(talk, talks)
    {
        if (!is(x->url, string(talk, "url")))
            continue;
        assert_false(cJSON_HasObjectItem(talk, "met"));
        cJSON_AddTrueToObject(talk, "met");
        if (strcmp(string(talk, "kind"), "grpc") == 0)
            check_grpc(x, talk);
        else
            check_websocket(x, talk);
        return 0;
    }
    fail_msg("nobody asked for %.*s", (int)x->url.n, x->url.p);
    return 0;
}

static void what_the_peers_logged_is_what_is_told(void **state)
{
    char *text = read_file(path_of(folder, "talk.json"));
    cJSON *talks = cJSON_Parse(text), *talk;

    (void)state;
    assert_non_null(talks);
    run(path_of(folder, "talk.pcap.gz"), path_of(folder, "talk.log"), on_talk, talks);
    cJSON_ArrayForEach(talk, talks)
    {
        if (!cJSON_HasObjectItem(talk, "met"))
            fail_msg("%s is missing", string(talk, "url"));
    }
    assert_int_equal(23, cJSON_GetArraySize(talks));
    cJSON_Delete(talks);
    free(text);
}

/* ---- what tshark reads ---- */

enum { ROWS_MAX = 128, CELL_MAX = 512 };

struct row {
    char capture[128], method[16], path[CELL_MAX], status[8];
    int64_t stream;
    bool met;
};

struct table {
    struct row rows[ROWS_MAX];
    size_t n, extra;
    const char *capture; /* of the rows that may be met now */
    size_t upgraded, stalls;
};

static struct table read_table(const char *path, bool named)
{
    static struct table t;
    char *text = read_file(path), *line, *rest = text;

    memset(&t, 0, sizeof t);
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        assert_true(t.n < ROWS_MAX);
        struct row *r = &t.rows[t.n++];
        snprintf(r->capture, sizeof r->capture, "%s", named ? strsep(&line, "\t") : (strsep(&line, "\t"), ""));
        r->stream = strtoll(strsep(&line, "\t"), NULL, 10);
        snprintf(r->method, sizeof r->method, "%s", strsep(&line, "\t"));
        snprintf(r->path, sizeof r->path, "%s", strsep(&line, "\t"));
        snprintf(r->status, sizeof r->status, "%s", strsep(&line, "\t"));
    }
    free(text);
    return t;
}

/* Where tshark is wrong, or asks something else: its row, and why ours is another. */
static const struct difference {
    const char *capture;
    int64_t stream;
    bool no_method, no_status;
    const char *why;
} differences[] = {
    {"OISF+suricata-verify/tests/app-layer-protocol-exact/input.pcap", 7, false, true,
     "the client reset the stream in packet 20; the answer of packet 21 was on its way, and nobody read it"},
    {"arkime+arkime/tests/pcap/http2-nghttp2.pcap", 13, true, false,
     "tshark calls HEADERS of packet 4 broken, whose block goes on in CONTINUATION frames up to packet 37"},
};

static const struct difference *difference_of(const struct row *r)
{
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (differences[i].stream == r->stream && strcmp(differences[i].capture, r->capture) == 0)
            return &differences[i];
    return NULL;
}

static const char *path_in(struct p2t_text url, char path[CELL_MAX])
{
    char text[CELL_MAX + 256] = "";

    snprintf(text, sizeof text, "%.*s", (int)url.n, url.p != NULL ? url.p : "");
    char *host = strstr(text, "://");
    char *slash = host != NULL ? strchr(host + 3, '/') : NULL;
    snprintf(path, CELL_MAX, "%s", slash != NULL ? slash : "-");
    return path;
}

/* An upgraded request (RFC 7540 3.2) has its method in HTTP/1, where tshark's stream 1 does not look for it. */
static bool matches(const struct row *r, const struct p2t_exchange *x)
{
    const struct difference *d = difference_of(r);
    bool upgraded = is(x->request_proto, "HTTP/1.1") && r->stream == 1 && r->method[0] == '-';
    char path[CELL_MAX];

    if (r->met || r->stream != x->connection->stream)
        return false;
    if (strtol(r->status, NULL, 10) != x->status && !(d != NULL && d->no_status && x->status == 0))
        return false;
    if (upgraded || (d != NULL && d->no_method))
        return is(x->method, "GET");
    return is(x->method, r->method) && strcmp(path_in(x->url, path), r->path) == 0;
}

static int on_stream(void *ctx, const struct p2t_exchange *x)
{
    struct table *t = ctx;

    if (x->kind != P2T_KIND_HTTP2)
        return 0;
    assert_non_null(x->http2);
    t->upgraded += is(x->request_proto, "HTTP/1.1");
    t->stalls += x->http2->response_stalls > 0;
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->rows[i].capture, t->capture) != 0 || !matches(&t->rows[i], x))
            continue;
        t->rows[i].met = true;
        return 0;
    }
    fprintf(stderr, "%s: stream %lld %.*s %.*s %d is not in tshark's list\n", t->capture,
            (long long)x->connection->stream, (int)x->method.n, x->method.p, (int)x->url.n, x->url.p, x->status);
    t->extra++;
    return 0;
}

static void expect_all_met(const struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (!t->rows[i].met)
            fail_msg("%s: stream %lld %s %s %s is missing", t->rows[i].capture, (long long)t->rows[i].stream,
                     t->rows[i].method, t->rows[i].path, t->rows[i].status);
    assert_int_equal(0, t->extra);
}

/* Prior knowledge, upgrades, push, padding, CONTINUATION, trailers: each stream once. */
static void every_stream_of_nghttp_and_curl_is_told(void **state)
{
    struct table t = read_table(path_of(folder, "nghttp.tsv"), false);

    (void)state;
    t.capture = "";
    run(path_of(folder, "nghttp.pcap.gz"), path_of(folder, "nghttp.log"), on_stream, &t);
    expect_all_met(&t);
    assert_int_equal(2, t.upgraded);
    assert_int_equal(1, t.stalls); /* nghttp -w 10: a window of 1 KB for 70 KB */
}

/* A server that does not know h2c answers over HTTP/1, and the connection stays what it is. */
static int on_refused(void *ctx, const struct p2t_exchange *x)
{
    size_t *refused = ctx;

    if (x->connection == NULL || x->connection->server.n < 5 ||
        memcmp(x->connection->server.p + x->connection->server.n - 5, ":8081", 5) != 0 || x->method.p == NULL)
        return 0;
    assert_int_equal(P2T_KIND_HTTP1, x->kind);
    assert_int_equal(200, x->status);
    assert_int_equal(P2T_OUTCOME_OK, x->outcome);
    assert_null(x->http2);
    for (size_t i = 0; i < x->event_count; i++)
        *refused +=
            x->events[i].hook == P2T_HOOK_WROTE_HEADER_FIELD && x->events[i].arg_count > 0 &&
            (is(x->events[i].args[0].value.as.text, "Upgrade") || is(x->events[i].args[0].value.as.text, "upgrade"));
    return 0;
}

static void a_refused_upgrade_stays_http1(void **state)
{
    size_t refused = 0;

    (void)state;
    run(path_of(folder, "nghttp.pcap.gz"), NULL, on_refused, &refused);
    assert_int_equal(3, refused); /* nghttp's and curl's two, each on a connection that the server closes */
}

static void public_captures_read_as_in_tshark(void **state)
{
    struct table t = read_table(P2T_GOLDEN "/h2/public.tsv", true);
    const char *before = "";

    (void)state;
    for (size_t i = 0; i < t.n; i++) {
        if (strcmp(before, t.rows[i].capture) == 0)
            continue;
        t.capture = before = t.rows[i].capture;
        FILE *f = fopen(path_of(P2T_PUBLIC, t.capture), "rb");
        if (f == NULL) {
            printf("skipped: no public captures at %s\n", P2T_PUBLIC);
            skip();
        }
        fclose(f);
        run(path_of(P2T_PUBLIC, t.capture), NULL, on_stream, &t);
    }
    expect_all_met(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest kept[] = {
        cmocka_unit_test(what_the_peers_logged_is_what_is_told),
        cmocka_unit_test(every_stream_of_nghttp_and_curl_is_told),
        cmocka_unit_test(a_refused_upgrade_stays_http1),
        cmocka_unit_test(public_captures_read_as_in_tshark),
    };
    const struct CMUnitTest fresh[] = {cmocka_unit_test(what_the_peers_logged_is_what_is_told)};

    if (argc < 2)
        return cmocka_run_group_tests(kept, NULL, NULL);
    folder = argv[1];
    return cmocka_run_group_tests(fresh, NULL, NULL);
}
