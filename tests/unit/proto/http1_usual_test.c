/* The short way through usual heads, held against the long ones: llhttp's for requests, Go's for responses. */
#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/http1/answer.h"
#include "proto/http1/usual.h"

static void ignore(void *ctx, const struct fact *f)
{
    (void)ctx;
    (void)f;
}

enum { HEADERS = 8 };

static void make_env(struct http1_env *env)
{
    const struct http1_limits limits = {
        .head_bytes = 65536, .head_bytes_total = 65536, .headers = HEADERS, .pipelined = 8};
    const struct fact_sink sink = {.emit = ignore};

    assert_int_equal(http1_env_init(env, &limits, &sink), P2T_OK);
}

static void assert_same_slice(struct slice a, struct slice b)
{
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
}

static void assert_same_head(const struct http1_head_parse *a, const struct http1_head_parse *b)
{
    const struct fact_http_head *x = a->head, *y = b->head;

    assert_int_equal(a->used, b->used);
    assert_same_slice(x->method, y->method);
    assert_same_slice(x->target, y->target);
    assert_same_slice(x->reason, y->reason);
    assert_int_equal(x->status, y->status);
    assert_int_equal(x->version_major, y->version_major);
    assert_int_equal(x->version_minor, y->version_minor);
    assert_int_equal(x->headers_dropped, y->headers_dropped);
    assert_int_equal(x->chunked, y->chunked);
    assert_int_equal(x->has_length, y->has_length);
    assert_int_equal(x->length, y->length);
    assert_int_equal(x->header_count, y->header_count);
    for (size_t i = 0; i < x->header_count; i++) {
        assert_same_slice(x->headers[i].name, y->headers[i].name);
        assert_same_slice(x->headers[i].value, y->headers[i].value);
    }
}

static enum http1_head_result long_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                         struct slice bytes)
{
    return dir == FLOW_C2S ? http1_strict_parse(env, parse, bytes) : http1_answer_parse(env, parse, bytes);
}

/* Where the short way takes the bytes, the long one does, and reads the same. True: it took them. */
static bool agree(struct http1_env *env, struct http1_env *other, enum flow_dir dir, struct slice bytes)
{
    struct fact_http_head head = {0}, strict_head = {0};
    struct http1_head_parse usual = {.head = &head}, strict = {.head = &strict_head};

    if (!http1_usual_parse(env, &usual, dir, bytes)) {
        assert_memory_equal(&head, &strict_head, sizeof head);
        return false;
    }
    assert_int_equal(long_parse(other, &strict, dir, bytes), HTTP1_HEAD_DONE);
    assert_same_head(&usual, &strict);
    return true;
}

static const struct {
    enum flow_dir dir;
    const char *text;
} heads[] = {
    {FLOW_C2S, "GET /api/v1/items/393?page=46&sort=price HTTP/1.1\r\nHost: api.test:8080\r\nX-Request-Id: c-42381\r\n"
               "User-Agent: okhttp/4.12.0 (\"x\")\r\nAccept: application/json, */*;q=0.5\r\n\r\n"},
    {FLOW_C2S,
     "POST / HTTP/1.0\r\nHost:a\r\nContent-Length: 12  \r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n"
     "Expect: 100-continue\r\n\r\n123456789012"},
    {FLOW_C2S, "DELETE /%7Eme/@x;y,z:+~ HTTP/1.1\r\nContent-Length:   0\r\nProxy-Connection: close\r\n\r\n"},
    {FLOW_S2C, "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 29 Nov 2026 21:36:40 GMT\r\n"
               "Content-Type: application/json\r\nContent-Length: 365\r\nConnection: keep-alive\r\n\r\n{}"},
    {FLOW_S2C, "HTTP/1.0 404 Not Found \r\nContent-Length: 99999999999999999\r\nETag: \"a-b\"\r\n\r\n"},
    {FLOW_S2C, "HTTP/1.1 200 OK\r\nServer: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"},
    {FLOW_S2C, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81"},
};

static void usual_heads_are_taken(void **state)
{
    struct http1_env env, other;

    (void)state;
    make_env(&env);
    make_env(&other);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        assert_true(agree(&env, &other, heads[i].dir, slice_str(heads[i].text)));
    http1_env_fini(&other);
    http1_env_fini(&env);
}

/* Each byte of each head becomes each other byte, is left out, or comes twice; and the head ends there. */
static void no_head_is_read_differently(void **state)
{
    struct http1_env env, other;
    size_t taken = 0;

    (void)state;
    make_env(&env);
    make_env(&other);
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++)
        for (size_t i = 0, n = strlen(heads[h].text); i < n; i++) {
            uint8_t text[512];
            memcpy(text, heads[h].text, n);
            (void)agree(&env, &other, heads[h].dir, slice_of(text, i));
            for (unsigned c = 0; c < 256; c++) {
                text[i] = (uint8_t)c;
                taken += agree(&env, &other, heads[h].dir, slice_of(text, n));
            }
            memcpy(text + i, heads[h].text + i + 1, n - i - 1);
            taken += agree(&env, &other, heads[h].dir, slice_of(text, n - 1));
            memcpy(text + i + 1, heads[h].text + i, n - i);
            text[i] = (uint8_t)heads[h].text[i];
            taken += agree(&env, &other, heads[h].dir, slice_of(text, n + 1));
        }
    assert_in_range(taken, 10000, SIZE_MAX);
    http1_env_fini(&other);
    http1_env_fini(&env);
}

static void odd_heads_go_the_long_way(void **state)
{
    static const struct {
        enum flow_dir dir;
        const char *text;
    } odd[] = {
        {FLOW_C2S, "GET / HTTP/1.1\r\nHost: a\r\n"},
        {FLOW_C2S, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
        {FLOW_C2S, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"},
        {FLOW_C2S, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
        {FLOW_C2S, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
        {FLOW_C2S, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        {FLOW_C2S, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"},
        {FLOW_C2S, "PUT / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n"},
        {FLOW_C2S, "GET / HTTP/1.1\r\na: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\nf: 1\r\ng: 1\r\nh: 1\r\ni: 1\r\n\r\n"},
        {FLOW_S2C, "HTTP/1.1 200\r\nServer: a\r\n\r\n"},
        {FLOW_S2C, "HTTP/1.1 20 OK\r\nServer: a\r\n\r\n"},
        {FLOW_S2C, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {FLOW_S2C, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Trailer\r\n\r\n"},
    };
    struct http1_env env, other;

    (void)state;
    make_env(&env);
    make_env(&other);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_false(agree(&env, &other, odd[i].dir, slice_str(odd[i].text)));
    http1_env_fini(&other);
    http1_env_fini(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_heads_are_taken),
        cmocka_unit_test(no_head_is_read_differently),
        cmocka_unit_test(odd_heads_go_the_long_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
