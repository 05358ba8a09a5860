/* HTTP/2 joined on its way: which frames show who is the client, and that nothing is told before. */
#include "support/cmocka_all.h"

#include <stdlib.h>

#include "base/buf.h"
#include "flow/internal.h"
#include "proto/http2/frame.h"

/* Whom the ports make the client, and the other one. */
enum { A, B };
enum { NOBODY = -1 };

struct stage {
    struct http2_env env;
    struct http2 *h;
    struct flow_tcp tcp;
    struct buf out;
    unsigned requests, responses, others, swaps;
};

static void see(void *ctx, const struct fact *f)
{
    struct stage *s = ctx;

    s->requests += f->kind == FACT_HTTP_REQUEST_HEAD;
    s->responses += f->kind == FACT_HTTP_RESPONSE_HEAD;
    s->others += f->kind == FACT_HTTP_PING || f->kind == FACT_HTTP_GOAWAY;
    s->swaps += f->kind == FACT_CONN_ROLES;
}

static void setup(struct stage *s)
{
    static const struct http2_limits limits = {
        .block_bytes = 4096, .decoded_bytes = 4096, .headers = 16, .streams = 16};
    struct fact_sink sink = {s, see};

    memset(s, 0, sizeof *s);
    s->tcp.head.roles = FLOW_ROLES_GUESSED;
    s->tcp.head.client.port = 60000;
    s->tcp.head.server.port = 50051;
    assert_int_equal(P2T_OK, http2_env_init(&s->env, &limits, &sink));
    s->h = http2_new(&s->env, &s->tcp.head, true, 0);
    assert_non_null(s->h);
}

static void teardown(struct stage *s)
{
    http2_free(s->h);
    http2_env_fini(&s->env);
    buf_fini(&s->out);
}

/* As the flow hands it over: the direction follows the roles as they are by then. */
static void give(struct stage *s, int side, struct slice bytes)
{
    bool swapped = s->tcp.head.client.port != 60000;
    struct flow_chunk chunk = {.dir = (side == A) != swapped ? FLOW_C2S : FLOW_S2C,
                               .bytes = bytes,
                               .len = bytes.n,
                               .seen = {1, {1, 0}},
                               .deliverable = {1, {1, 0}}};

    bool before = swapped;
    bool told = http2_chunk(s->h, &chunk);
    assert_int_equal(told, (s->tcp.head.client.port != 60000) != before);
}

static int client_of(const struct stage *s)
{
    if (s->h->roles_open)
        return NOBODY;
    return s->tcp.head.client.port == 60000 ? A : B;
}

struct sent {
    int side;
    uint8_t type, flags, stream, n;
    const char *payload;
};

static void send_frame(struct stage *s, const struct sent *x)
{
    const uint8_t head[] = {0, 0, x->n, x->type, x->flags, 0, 0, 0, x->stream};

    buf_reset(&s->out);
    buf_put(&s->out, head, sizeof head);
    buf_put(&s->out, x->payload, x->n);
    give(s, x->side, buf_view(&s->out));
}

#define HEADERS(side, flags, stream, block)                                                                          \
    {                                                                                                                \
        side, H2_HEADERS, H2_END_HEADERS | (flags), stream, sizeof(block) - 1, block                                 \
    }
#define FRAME(side, type, stream, payload)                                                                           \
    {                                                                                                                \
        side, type, 0, stream, sizeof(payload) - 1, payload                                                          \
    }

struct row {
    const char *name;
    int client;
    unsigned requests, responses; /* that are told: heads behind the proof, the proving one among them */
    struct sent sent[4];
    size_t n;
};

static const struct row rows[] = {
    /* What a head begins with: RFC 7541 6, static indices 1 to 7 and 8 to 14. */
    {"a status, indexed", A, 0, 1, {HEADERS(B, 0, 1, "\x88")}, 1},
    {"a status, indexed, of whom the ports call the client", B, 0, 1, {HEADERS(A, 0, 1, "\x8d\xc0")}, 1},
    {"a status, literal",
     B,
     0,
     1,
     {HEADERS(A, 0, 1,
              "\x48\x03"
              "201")},
     1},
    {"a status, never indexed",
     B,
     0,
     1,
     {HEADERS(A, 0, 1,
              "\x18\x03"
              "201")},
     1},
    {"behind a size update", B, 0, 1, {HEADERS(A, 0, 1, "\x3f\xe1\x1f\x88")}, 1},
    {"behind an entry of the lost table", B, 1, 0, {HEADERS(B, 0, 1, "\xc3\x84\xbe")}, 1},
    {"a method, with priority", B, 1, 0, {HEADERS(B, H2_HAS_PRIORITY, 3, "\0\0\0\0\x10\x82")}, 1},
    {"a method, padded", B, 1, 0, {HEADERS(B, H2_PADDED, 3, "\x02\x83\0\0")}, 1},
    {"a value that is cut off", B, 1, 0, {HEADERS(B, 0, 3, "\x44\x7f")}, 1},
    /* Nothing that shows it: and nothing is told. */
    {"entries of the lost table only", NOBODY, 0, 0, {HEADERS(A, 0, 1, "\xc0\xbe"), HEADERS(A, 0, 3, "\xc1")}, 2},
    {"trailers",
     NOBODY,
     0,
     0,
     {HEADERS(A, H2_END_STREAM, 1,
              "\x40\x01"
              "a\x01"
              "b\x88")},
     1},
    {"no block", NOBODY, 0, 0, {HEADERS(A, 0, 1, "")}, 1},
    {"a ping and a window",
     NOBODY,
     0,
     0,
     {FRAME(A, H2_PING, 0, "12345678"), FRAME(B, H2_WINDOW_UPDATE, 0, "\0\0\1\0")},
     2},
    {"a farewell that names no stream",
     NOBODY,
     0,
     0,
     {FRAME(A, H2_GOAWAY, 0, "\0\0\0\0\0\0\0\0"), FRAME(A, H2_GOAWAY, 0, "\x7f\xff\xff\xff\0\0\0\0")},
     2},
    /* The order on one stream. */
    {"the second without an end answers", B, 0, 1, {HEADERS(B, 0, 5, "\xc0"), HEADERS(A, 0, 5, "\xc1")}, 2},
    {"trailers of a client do not",
     NOBODY,
     0,
     0,
     {HEADERS(B, 0, 5, "\xc0"), HEADERS(A, H2_END_STREAM, 5, "\xc1")},
     2},
    {"another stream does not", NOBODY, 0, 0, {HEADERS(B, 0, 5, "\xc0"), HEADERS(A, 0, 3, "\xc1")}, 2},
    /* What only one side sends. */
    {"a promise", B, 0, 0, {FRAME(A, H2_PUSH_PROMISE, 1, "\0\0\0\2\x82")}, 1},
    {"a promise of a stream that is none", NOBODY, 0, 0, {FRAME(A, H2_PUSH_PROMISE, 1, "\0\0\0\3\x82")}, 1},
    {"a priority", B, 0, 0, {FRAME(B, H2_PRIORITY, 3, "\0\0\0\0\x10")}, 1},
    {"a farewell of the server", B, 0, 0, {FRAME(A, H2_GOAWAY, 0, "\0\0\0\7\0\0\0\0")}, 1},
    {"a farewell of the client", B, 0, 0, {FRAME(B, H2_GOAWAY, 0, "\0\0\0\2\0\0\0\0")}, 1},
    /* What comes after the proof is told as it is, to the right side. */
    {"a talk",
     B,
     1,
     1,
     {HEADERS(B, 0, 1, "\xc0"), HEADERS(B, 0, 3, "\x82\x86\x84"), HEADERS(A, 0, 3, "\x88"),
      FRAME(A, H2_PING, 0, "12345678")},
     4},
};

static void frames_show_who_is_the_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct stage s;
        setup(&s);
        for (size_t at = 0; at < row->n; at++)
            send_frame(&s, &row->sent[at]);
        if (client_of(&s) != row->client || s.requests != row->requests || s.responses != row->responses)
            fail_msg("%s: client %d, %u requests, %u responses", row->name, client_of(&s), s.requests, s.responses);
        assert_int_equal(s.swaps, row->client == B);
        assert_true(row->client != NOBODY || s.others == 0);
        teardown(&s);
        assert_int_equal(s.env.counters.unknown_roles, row->client == NOBODY);
    }
}

static void a_preface_is_the_clients(void **state)
{
    struct stage s;

    (void)state;
    for (int side = A; side <= B; side++) {
        setup(&s);
        give(&s, side, SLICE_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        assert_int_equal(client_of(&s), side);
        teardown(&s);
    }
}

/* A handshake that was seen leaves no doubt, whatever is sent. */
static void a_handshake_is_believed(void **state)
{
    struct stage s;

    (void)state;
    setup(&s);
    s.tcp.head.roles = FLOW_ROLES_HANDSHAKE;
    http2_free(s.h);
    s.h = http2_new(&s.env, &s.tcp.head, true, 0);
    send_frame(&s, &(struct sent)HEADERS(A, 0, 1, "\x88"));
    assert_int_equal(client_of(&s), A);
    assert_int_equal(s.swaps, 0);
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_show_who_is_the_client),
        cmocka_unit_test(a_preface_is_the_clients),
        cmocka_unit_test(a_handshake_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
