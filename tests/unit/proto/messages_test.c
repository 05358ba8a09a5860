/* Frames of WebSocket (RFC 6455 5) and gRPC against the facts they must give, each whole, byte by byte, cut in two at
 * every position, and with holes. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/grpc.h"
#include "proto/websocket.h"

enum { WEBSOCKET = -1 };

struct piece {
    const char *bytes;
    size_t n;
    uint64_t hole; /* bytes behind them that were never captured */
};

#define BYTES(s)                                                                                                     \
    {                                                                                                                \
        (s), sizeof(s) - 1, 0                                                                                        \
    }
#define THEN_HOLE(s, h)                                                                                              \
    {                                                                                                                \
        (s), sizeof(s) - 1, (h)                                                                                      \
    }

struct script {
    const char *name;
    int flavour; /* of gRPC, or WEBSOCKET */
    struct piece pieces[4];
    const char *facts; /* kind, bytes; @ the position where it begins */
};

static const struct script scripts[] = {
    /* ---- lengths: RFC 6455 5.2 ---- */
    {"an empty text", WEBSOCKET, {BYTES("\x81\x00")}, "text 0 @0\n"},
    {"125 bytes are the last that the first length holds",
     WEBSOCKET,
     {THEN_HOLE("\x82\x7d", 125), BYTES("\x81\x00")},
     "binary 125 @0\ntext 0 @127\n"},
    {"16 bits of length",
     WEBSOCKET,
     {THEN_HOLE("\x82\x7e\x01\x00", 256), BYTES("\x81\x00")},
     "binary 256 @0\ntext 0 @260\n"},
    {"64 bits of length",
     WEBSOCKET,
     {THEN_HOLE("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 65536), BYTES("\x81\x00")},
     "binary 65536 @0\ntext 0 @65546\n"},
    {"the largest length there is",
     WEBSOCKET,
     {BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffxyz\x81\x00")},
     "binary 9223372036854775807 @0\n"},
    {"a length with its highest bit set", WEBSOCKET, {BYTES("\x82\x7f\x80\0\0\0\0\0\0\0\x81\x00")}, "lost @0\n"},

    /* ---- masks: 5.3 ---- */
    {"a masked text", WEBSOCKET, {BYTES("\x81\x82\1\2\3\4ab\x81\x80\1\2\3\4")}, "text 2 @0\ntext 0 @8\n"},
    {"a masked close", WEBSOCKET, {BYTES("\x88\x82\1\2\3\4\x02\xea")}, "close 2 1000 @0\n"},
    {"a masked length of 16 bits",
     WEBSOCKET,
     {THEN_HOLE("\x81\xfe\0\x80\1\2\3\4", 128), BYTES("\x89\x80\1\2\3\4")},
     "text 128 @0\nping 0 @136\n"},

    /* ---- fragments: 5.4 ---- */
    {"three frames are one message, a ping may come between",
     WEBSOCKET,
     {BYTES("\x01\x01"
            "a\x89\x01p\x00\x01"
            "b\x80\x01"
            "c\x82\x00")},
     "text 1 @0\nping 1 @3\nbinary 0 @12\n"},
    {"a continuation of nothing", WEBSOCKET, {BYTES("\x80\x00\x81\x00")}, "lost @0\n"},
    {"a message inside another", WEBSOCKET, {BYTES("\x01\x00\x81\x00")}, "text 0 @0\nlost @2\n"},

    /* ---- control frames: 5.5 ---- */
    {"ping, pong, close without a code, and bytes behind it that are told all the same",
     WEBSOCKET,
     {BYTES("\x89\x00\x8a\x02xx\x88\x00\x81\x00")},
     "ping 0 @0\npong 2 @2\nclose 0 @6\ntext 0 @8\n"},
    {"a close with a reason", WEBSOCKET, {BYTES("\x88\x04\x03\xf3no")}, "close 4 1011 @0\n"},
    {"a close with half a code", WEBSOCKET, {BYTES("\x88\x01\x03\x81\x00")}, "close 1 @0\ntext 0 @3\n"},
    {"a close whose code is in a hole",
     WEBSOCKET,
     {THEN_HOLE("\x88\x04\x03", 3), BYTES("\x81\x00")},
     "close 4 @0\ntext 0 @6\n"},
    {"a fragmented ping", WEBSOCKET, {BYTES("\x09\x00")}, "lost @0\n"},
    {"a ping of 126 bytes", WEBSOCKET, {BYTES("\x89\x7e\x00\x7e")}, "lost @0\n"},
    {"reserved opcodes", WEBSOCKET, {BYTES("\x83\x00")}, "lost @0\n"},
    {"reserved opcodes of control frames", WEBSOCKET, {BYTES("\x8b\x00")}, "lost @0\n"},
    {"a compressed message", WEBSOCKET, {BYTES("\xc1\x01x")}, "text 1 @0\n"},
    {"the other reserved bits", WEBSOCKET, {BYTES("\xa1\x01x")}, "lost @0\n"},

    /* ---- holes ---- */
    {"a hole inside a payload costs nothing",
     WEBSOCKET,
     {THEN_HOLE("\x82\x0a"
                "abc",
                4),
      BYTES("def\x81\x00")},
     "binary 10 @0\ntext 0 @12\n"},
    {"a hole over a header loses the rest",
     WEBSOCKET,
     {THEN_HOLE("\x82\x02x", 2), BYTES("\x81\x00")},
     "binary 2 @0\nlost @3\n"},
    {"a hole inside a header", WEBSOCKET, {THEN_HOLE("\x82", 1), BYTES("\x81\x00")}, "lost @1\n"},

    /* ---- gRPC ---- */
    {"messages of gRPC",
     GRPC_PLAIN,
     {BYTES("\0\0\0\0\2ab\1\0\0\0\0\0\0\0\0\1z")},
     "grpc 2 @0\ngrpc 0 @7\ngrpc 1 @12\n"},
    {"the largest message there is", GRPC_PLAIN, {BYTES("\0\xff\xff\xff\xffxyz")}, "grpc 4294967295 @0\n"},
    {"a hole inside a message",
     GRPC_PLAIN,
     {THEN_HOLE("\0\0\0\0\4a", 3), BYTES("\0\0\0\0\1")},
     "grpc 4 @0\ngrpc 1 @9\n"},
    {"a hole over a prefix", GRPC_PLAIN, {THEN_HOLE("\0\0\0\0\1", 2), BYTES("\0\0\0\0\1")}, "grpc 1 @0\nlost @5\n"},
    {"gRPC-Web's trailers",
     GRPC_WEB,
     {BYTES("\0\0\0\0\1x\x80\0\0\0\x20grpc-status: 0\r\nGrpc-Message:a:b")},
     "grpc 1 @0\n[grpc-status=0][Grpc-Message=a:b] @42\n"},
    {"trailers are gRPC-Web's only", GRPC_PLAIN, {BYTES("\x80\0\0\0\x01x")}, "grpc 1 @0\n"},
    {"empty trailers", GRPC_WEB, {BYTES("\x80\0\0\0\0\0\0\0\0\1x")}, "grpc 1 @5\n"},
    {"compressed trailers are passed over", GRPC_WEB, {BYTES("\x81\0\0\0\1x\0\0\0\0\1x")}, "grpc 1 @6\n"},
    {"trailers beyond the limit are passed over",
     GRPC_WEB,
     {THEN_HOLE("\x80\0\0\x40\1", 0x4001), BYTES("\0\0\0\0\1x")},
     "grpc 1 @16390\n"},
    {"trailers with a hole", GRPC_WEB, {THEN_HOLE("\x80\0\0\0\x09grpc-", 4), BYTES("\0\0\0\0\1x")}, "lost @10\n"},
    {"base64 is not looked into", GRPC_WEB_TEXT, {BYTES("AAAAAAF4")}, "lost @0\n"},
};

static void record(void *ctx, const struct fact *f)
{
    static const char *const kinds[] = {"", "grpc", "text", "binary", "ping", "pong", "close"};
    struct buf *b = ctx;

    if (f->kind == FACT_HTTP_MESSAGES_LOST) {
        buf_str(b, "lost");
    } else if (f->kind == FACT_HTTP_TRAILERS) {
        for (size_t i = 0; i < f->as.head->header_count; i++)
            buf_printf(b, "[%.*s=%.*s]", (int)f->as.head->headers[i].name.n,
                       (const char *)f->as.head->headers[i].name.p, (int)f->as.head->headers[i].value.n,
                       (const char *)f->as.head->headers[i].value.p);
    } else {
        buf_printf(b, "%s %llu", kinds[f->as.message.kind], (unsigned long long)f->as.message.bytes);
        if (f->as.message.close_code != 0)
            buf_printf(b, " %u", f->as.message.close_code);
    }
    buf_printf(b, " @%lld\n", (long long)f->mark.ts_ns);
}

struct stage {
    int flavour;
    struct websocket_reader websocket;
    struct grpc_reader grpc;
    struct fact_sink sink;
    int64_t at; /* the stream's position is the time */
};

/* A copy, so that a read beyond it is a read beyond an allocation. */
static void give(struct stage *s, const char *bytes, size_t n, uint64_t hole)
{
    uint8_t *copy = malloc(n + 1);
    struct message_piece piece = {slice_of(n > 0 ? copy : NULL, n), n + hole, {.ts_ns = s->at, .ref = {1, 0}}};
    struct message_out out = {.sink = &s->sink};

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    if (s->flavour == WEBSOCKET)
        websocket_feed(&s->websocket, piece, &out);
    else
        grpc_feed(&s->grpc, piece, &out);
    free(copy);
    s->at += (int64_t)piece.len;
}

/* Byte by byte, so that positions are exact; `joined`: a piece and its hole come as one. */
static struct buf play(const struct script *script, bool joined)
{
    struct buf out = {0};
    struct stage s = {.flavour = script->flavour, .sink = {&out, record}};

    s.grpc.flavour = script->flavour == WEBSOCKET ? GRPC_NONE : (enum grpc_flavour)script->flavour;
    for (const struct piece *p = script->pieces; p->bytes != NULL; p++) {
        for (size_t i = 0; !joined && i < p->n; i++)
            give(&s, p->bytes + i, 1, 0);
        if (joined)
            give(&s, p->bytes, p->n, p->hole);
        else if (p->hole > 0)
            give(&s, "", 0, p->hole);
    }
    grpc_fini(&s.grpc);
    buf_putc(&out, '\0');
    return out;
}

/* Positions aside, pieces of any size say the same. */
static void drop_positions(char *text)
{
    char *to = text;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '@')
            p += strcspn(p, "\n");
        *to++ = *p;
    }
    *to = '\0';
}

static void frames_give_their_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct buf single = play(&scripts[i], false), joined = play(&scripts[i], true);
        char expected[512];
        if (strcmp(scripts[i].facts, (char *)single.p) != 0)
            fail_msg("%s: expected\n%sgot\n%s", scripts[i].name, scripts[i].facts, (char *)single.p);
        snprintf(expected, sizeof expected, "%s", scripts[i].facts);
        drop_positions(expected);
        drop_positions((char *)joined.p);
        if (strcmp(expected, (char *)joined.p) != 0)
            fail_msg("%s, in one: expected\n%sgot\n%s", scripts[i].name, expected, (char *)joined.p);
        buf_fini(&single);
        buf_fini(&joined);
    }
}

static void content_types_name_the_flavour(void **state)
{
    static const struct {
        const char *type;
        enum grpc_flavour flavour;
    } rows[] = {
        {"application/grpc", GRPC_PLAIN},
        {"application/grpc+proto", GRPC_PLAIN},
        {"application/grpc;x=y", GRPC_PLAIN},
        {"Application/GRPC", GRPC_PLAIN},
        {"application/grpc-web", GRPC_WEB},
        {"application/grpc-web+proto", GRPC_WEB},
        {"application/grpc-web-text", GRPC_WEB_TEXT},
        {"application/grpc-web-text+proto", GRPC_WEB_TEXT},
        {"application/grp", GRPC_NONE},
        {"text/html", GRPC_NONE},
        {"", GRPC_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(rows[i].flavour, grpc_flavour_of(slice_str(rows[i].type)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_give_their_facts),
        cmocka_unit_test(content_types_name_the_flavour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
