/* What HTTP/2, gRPC and WebSocket add to the formats; exchanges without them stay as they were. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "example.h"

static int64_t times[2];

static struct p2t_messages two_messages(const struct p2t_exchange *x)
{
    times[0] = x->start_ns + 1500;
    times[1] = x->start_ns + 2000000;
    return (struct p2t_messages){.count = 300,
                                 .exact = true,
                                 .first_ns = times[0],
                                 .last_ns = x->start_ns + 9000000,
                                 .evidence_count = 2,
                                 .evidence = {{0, 5}, {0, 7}},
                                 .times_ns = times,
                                 .time_count = 2};
}

static struct p2t_exchange grpc_call(struct p2t_grpc *g)
{
    struct p2t_exchange x = *example_slow();

    *g = (struct p2t_grpc){.service = TEXT("shop.Cart"),
                           .method = TEXT("Add"),
                           .status = 5,
                           .message = TEXT("no such \"cart\"\x1b"),
                           .request = two_messages(&x),
                           .response = {.exact = false}};
    x.grpc = g;
    return x;
}

static struct p2t_exchange chat(struct p2t_websocket *w)
{
    struct p2t_exchange x = *example_slow();

    *w = (struct p2t_websocket){0};
    w->client.messages = two_messages(&x);
    w->client.text = 299;
    w->client.binary = 1;
    w->client.pings = 1;
    w->client.closed = true;
    w->client.closed_ns = x.end_ns;
    w->server.messages = (struct p2t_messages){.exact = true};
    w->server.pongs = 1;
    w->server.closed = true;
    w->server.closed_ns = x.end_ns - 1000;
    w->server.close_code = 1011;
    x.websocket = w;
    return x;
}

static struct buf written(enum out_format format, const struct p2t_exchange *x)
{
    return example_written(format, false, &x, 1);
}

static const cJSON *at(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    if (item == NULL)
        fail_msg("%s is missing", key);
    return item;
}

static cJSON *json_of(const struct p2t_exchange *x)
{
    struct buf b = written(OUT_FORMAT_NDJSON, x);
    cJSON *root = cJSON_Parse((char *)b.p);

    assert_non_null(root);
    buf_fini(&b);
    return root;
}

static void expect_two_messages(const cJSON *m)
{
    const cJSON *list = at(m, "times_us"), *evidence = at(m, "evidence");

    assert_int_equal(300, at(m, "count")->valueint);
    assert_true(cJSON_IsTrue(at(m, "exact")));
    assert_string_equal("2026-01-02T03:04:05.250001500Z", at(m, "first")->valuestring);
    assert_string_equal("2026-01-02T03:04:05.259000000Z", at(m, "last")->valuestring);
    assert_int_equal(2, cJSON_GetArraySize(list));
    assert_true(cJSON_GetArrayItem(list, 0)->valuedouble == 1.5);
    assert_true(cJSON_GetArrayItem(list, 1)->valuedouble == 2000);
    assert_int_equal(7, cJSON_GetArrayItem(cJSON_GetArrayItem(evidence, 1), 1)->valueint);
}

static void a_call_in_json(void **state)
{
    struct p2t_grpc g;
    struct p2t_exchange x = grpc_call(&g);
    cJSON *root = json_of(&x);
    const cJSON *grpc = at(root, "grpc"), *answers = at(grpc, "response_messages");

    (void)state;
    assert_string_equal("shop.Cart", at(grpc, "service")->valuestring);
    assert_string_equal("Add", at(grpc, "method")->valuestring);
    assert_int_equal(5, at(grpc, "status")->valueint);
    assert_string_equal("no such \"cart\"\x1b", at(grpc, "message")->valuestring);
    expect_two_messages(at(grpc, "request_messages"));
    assert_int_equal(0, at(answers, "count")->valueint);
    assert_true(cJSON_IsFalse(at(answers, "exact")));
    assert_true(cJSON_IsNull(at(answers, "first")) && cJSON_IsNull(at(answers, "last")));
    assert_int_equal(0, cJSON_GetArraySize(at(answers, "times_us")));
    cJSON_Delete(root);
}

static void what_is_not_known_of_a_call_is_null(void **state)
{
    struct p2t_grpc g;
    struct p2t_exchange x = grpc_call(&g);

    (void)state;
    g.status = -1;
    g.service = g.method = g.message = (struct p2t_text){NULL, 0};
    cJSON *root = json_of(&x);
    const cJSON *grpc = at(root, "grpc");
    assert_true(cJSON_IsNull(at(grpc, "status")) && cJSON_IsNull(at(grpc, "service")));
    assert_true(cJSON_IsNull(at(grpc, "method")) && cJSON_IsNull(at(grpc, "message")));
    cJSON_Delete(root);
}

static void a_websocket_in_json(void **state)
{
    struct p2t_websocket w;
    struct p2t_exchange x = chat(&w);
    cJSON *root = json_of(&x);
    const cJSON *client = at(at(root, "websocket"), "client"), *server = at(at(root, "websocket"), "server");

    (void)state;
    expect_two_messages(at(client, "messages"));
    assert_int_equal(299, at(client, "text")->valueint);
    assert_int_equal(1, at(client, "binary")->valueint);
    assert_int_equal(1, at(client, "ping")->valueint);
    assert_int_equal(0, at(client, "pong")->valueint);
    assert_true(cJSON_IsNull(at(at(client, "close"), "code")));
    assert_int_equal(1, at(server, "pong")->valueint);
    assert_int_equal(1011, at(at(server, "close"), "code")->valueint);
    assert_string_equal("2026-01-02T03:04:05.452999000Z", at(at(server, "close"), "time")->valuestring);
    cJSON_Delete(root);
    w.server.closed = false;
    root = json_of(&x);
    assert_true(cJSON_IsNull(at(at(at(root, "websocket"), "server"), "close")));
    cJSON_Delete(root);
}

static void a_stream_in_json(void **state)
{
    struct p2t_http2 h = {.request_stalls = 2, .response_stalls = 7, .reset_code = -1};
    struct p2t_exchange x = *example_slow();

    (void)state;
    x.http2 = &h;
    cJSON *root = json_of(&x);
    assert_int_equal(2, at(at(root, "http2"), "request_stalls")->valueint);
    assert_int_equal(7, at(at(root, "http2"), "response_stalls")->valueint);
    assert_true(cJSON_IsNull(at(at(root, "http2"), "reset")));
    cJSON_Delete(root);
    h.reset_code = 8;
    root = json_of(&x);
    assert_int_equal(8, at(at(at(root, "http2"), "reset"), "code")->valueint);
    assert_string_equal("client", at(at(at(root, "http2"), "reset"), "by")->valuestring);
    cJSON_Delete(root);
}

static void other_exchanges_have_none_of_it(void **state)
{
    cJSON *root = json_of(example_slow());

    (void)state;
    assert_false(cJSON_HasObjectItem(root, "grpc") || cJSON_HasObjectItem(root, "websocket") ||
                 cJSON_HasObjectItem(root, "http2"));
    cJSON_Delete(root);
}

static void expect_line(const struct p2t_exchange *x, const char *line)
{
    struct buf b = written(OUT_FORMAT_TEXT, x);

    if (strstr((char *)b.p, line) == NULL)
        fail_msg("expected %s in\n%s", line, (char *)b.p);
    buf_fini(&b);
}

static void people_read_a_line(void **state)
{
    struct p2t_grpc g;
    struct p2t_websocket w;
    struct p2t_exchange x = grpc_call(&g);

    (void)state;
    expect_line(&x, "\n  gRPC shop.Cart/Add, status 5 (no such \"cart\"\\x1b), 300 messages sent, "
                    "at least 0 messages received\n");
    g.status = -1;
    g.service.p = NULL;
    g.message.n = 0;
    expect_line(&x, "\n  gRPC no status, 300 messages sent, at least 0 messages received\n");
    x = chat(&w);
    expect_line(&x, "\n  WebSocket, 300 messages sent, 0 messages received, 1 ping, closed by the server (1011)\n");
    w.client.closed_ns = w.server.closed_ns;
    expect_line(&x, "\n  WebSocket, 300 messages sent, 0 messages received, 1 ping, closed by the client\n");
}

static void expect_cells(const struct p2t_exchange *x, const char *cells)
{
    struct buf b = written(OUT_FORMAT_CSV, x);
    size_t n = strlen(cells);

    assert_true(b.n > n + 1);
    assert_string_equal((char *)b.p + b.n - 1 - n, cells);
    buf_fini(&b);
}

static void spreadsheets_count_messages(void **state)
{
    struct p2t_grpc g;
    struct p2t_websocket w;
    struct p2t_exchange call = grpc_call(&g), talk = chat(&w);

    (void)state;
    expect_cells(&call, ",5,300,0\r\n");
    expect_cells(&talk, ",,300,0\r\n");
    expect_cells(example_slow(), ",,,\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_in_json),
        cmocka_unit_test(what_is_not_known_of_a_call_is_null),
        cmocka_unit_test(a_websocket_in_json),
        cmocka_unit_test(a_stream_in_json),
        cmocka_unit_test(other_exchanges_have_none_of_it),
        cmocka_unit_test(people_read_a_line),
        cmocka_unit_test(spreadsheets_count_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
