/* HTTP/2 frames made by hand: what late, lost and hostile ones come to. */
#include "support/cmocka_all.h"

#include <stdlib.h>

#include "base/buf.h"
#include "proto/conn/conn.h"
#include "proto/http2/frame.h"

static const enum flow_dir UP = FLOW_C2S, DOWN = FLOW_S2C;

/* What the facts of a run come to. */
struct seen {
    uint64_t requests, responses, ended, resets, messages, lost, pings, without_request;
    uint64_t asked[2], answered[2]; /* PING frames, by direction */
    uint64_t body, headers, headers_dropped;
    enum fact_head_extent extent; /* of the last head */
    uint16_t close_code;
    enum fact_bad bad;
};

struct stage {
    struct http2_env env;
    struct http2 *h;
    struct flow_conn conn;
    struct seen seen;
    struct buf out; /* frames that are yet to be given */
};

static void see(void *ctx, const struct fact *f)
{
    struct seen *s = ctx;

    switch (f->kind) {
    case FACT_HTTP_REQUEST_HEAD:
    case FACT_HTTP_RESPONSE_HEAD:
        s->requests += f->kind == FACT_HTTP_REQUEST_HEAD;
        s->responses += f->kind == FACT_HTTP_RESPONSE_HEAD;
        s->without_request += f->as.head->without_request;
        s->extent = f->as.head->extent;
        s->headers += f->as.head->header_count;
        s->headers_dropped += f->as.head->headers_dropped;
        break;
    case FACT_HTTP_REQUEST_END:
    case FACT_HTTP_RESPONSE_END:
        s->ended++;
        s->body += f->as.http_end.body_bytes;
        break;
    case FACT_HTTP_RESET:
        s->resets++;
        break;
    case FACT_HTTP_PING:
        s->asked[f->dir] += !f->as.ping_ack;
        s->answered[f->dir] += f->as.ping_ack;
        break;
    case FACT_HTTP_BAD:
        s->bad = f->as.bad.why;
        break;
    case FACT_HTTP_MESSAGE:
        s->messages++;
        s->pings += f->as.message.kind == FACT_MESSAGE_PING;
        s->close_code = f->as.message.close_code;
        break;
    case FACT_HTTP_MESSAGES_LOST:
        s->lost++;
        break;
    default:
        break;
    }
}

static void setup(struct stage *s, const struct http2_limits *limits)
{
    memset(s, 0, sizeof *s);
    struct fact_sink sink = {&s->seen, see};
    assert_int_equal(P2T_OK, http2_env_init(&s->env, limits, &sink));
    s->h = http2_new(&s->env, &s->conn, false, 0);
    assert_non_null(s->h);
}

static void teardown(struct stage *s)
{
    http2_free(s->h);
    assert_int_equal(0, s->env.streams.in_use);
    assert_int_equal(0, s->env.websockets.in_use);
    assert_int_equal(0, s->env.connections.in_use);
    http2_env_fini(&s->env);
    buf_fini(&s->out);
}

static void give_bytes(struct stage *s, enum flow_dir dir, struct slice bytes, uint64_t lost)
{
    struct flow_chunk chunk = {.dir = dir, .bytes = bytes, .len = bytes.n + lost, .seen = {1, {1, 0}}};

    chunk.lost = lost > 0;
    chunk.deliverable = chunk.seen;
    if (chunk.len > 0)
        http2_chunk(s->h, &chunk);
}

static void flush(struct stage *s, enum flow_dir dir)
{
    give_bytes(s, dir, buf_view(&s->out), 0);
    buf_reset(&s->out);
}

static void frame(struct stage *s, uint8_t type, uint8_t flags, uint32_t stream, struct slice payload)
{
    const uint8_t head[] = {
        (uint8_t)(payload.n >> 16), (uint8_t)(payload.n >> 8), (uint8_t)payload.n,     type,           flags,
        (uint8_t)(stream >> 24),    (uint8_t)(stream >> 16),   (uint8_t)(stream >> 8), (uint8_t)stream};

    buf_put(&s->out, head, sizeof head);
    buf_slice(&s->out, payload);
}

/* RFC 7541 6.2.2, without Huffman coding; name and value below 127 bytes. */
static void field(struct buf *b, const char *name, const char *value)
{
    buf_putc(b, 0);
    buf_putc(b, (char)strlen(name));
    buf_str(b, name);
    buf_putc(b, (char)strlen(value));
    buf_str(b, value);
}

static void head(struct stage *s, enum flow_dir dir, uint32_t stream, uint8_t flags, const char *const fields[])
{
    struct buf b = {0};

    for (size_t i = 0; fields[i] != NULL; i += 2)
        field(&b, fields[i], fields[i + 1]);
    frame(s, H2_HEADERS, flags | H2_END_HEADERS, stream, buf_view(&b));
    flush(s, dir);
    buf_fini(&b);
}

static const char *const get[] = {":method", "GET", ":path", "/", NULL};
static const char *const ok[] = {":status", "200", NULL};

static void preface(struct stage *s)
{
    buf_str(&s->out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    flush(s, UP);
}

static void data(struct stage *s, enum flow_dir dir, uint32_t stream, uint8_t flags, struct slice payload)
{
    frame(s, H2_DATA, flags, stream, payload);
    flush(s, dir);
}

static void reset(struct stage *s, enum flow_dir dir, uint32_t stream)
{
    frame(s, H2_RST_STREAM, 0, stream, SLICE_LIT("\0\0\0\x08"));
    flush(s, dir);
}

/* ---- what is no HTTP/2 ---- */

static enum fact_bad first_words(const char *words, bool after_settings)
{
    struct stage s;

    setup(&s, &proto_limits_default.http2);
    preface(&s);
    if (after_settings) {
        frame(&s, H2_SETTINGS, 0, 0, slice_of(NULL, 0));
        flush(&s, DOWN);
    }
    for (; *words != '\0'; words++)
        give_bytes(&s, DOWN, slice_of(words, 1), 0);
    teardown(&s);
    return s.seen.bad;
}

static void a_server_that_begins_with_no_frame_is_told(void **state)
{
    (void)state;
    assert_int_equal(FACT_BAD_FRAME_HTTP1, first_words("HTTP/1.1 400 Bad Request\r\n", false));
    assert_int_equal(FACT_BAD_FRAME, first_words("HTTP/1.0 400 Bad Request\r\n", false));
    assert_int_equal(0, first_words("HTTP/1.1", false));
    assert_int_equal(0, first_words("HTTP/1.1 400 Bad Request\r\n", true));
}

/* ---- RFC 9113 5.1: late frames ---- */

static void an_answer_behind_a_reset_begins_nothing(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, H2_END_STREAM, get);
    reset(&s, UP, 1);
    head(&s, DOWN, 1, 0, ok);
    data(&s, DOWN, 1, H2_END_STREAM, SLICE_LIT("late"));
    assert_int_equal(1, s.seen.requests);
    assert_int_equal(0, s.seen.responses);
    assert_int_equal(1, s.seen.resets);
    head(&s, UP, 3, H2_END_STREAM, get);
    reset(&s, DOWN, 3);
    head(&s, UP, 3, H2_END_STREAM, get); /* trailers, as they were on their way */
    assert_int_equal(2, s.seen.requests);
    teardown(&s);
}

static void pings_and_their_answers(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    frame(&s, H2_PING, 0, 0, SLICE_LIT("question"));
    frame(&s, H2_PING, 0, 0, SLICE_LIT("question"));
    frame(&s, H2_PING, H2_ACK, 0, SLICE_LIT("question"));
    flush(&s, UP);
    frame(&s, H2_PING, H2_ACK, 0, SLICE_LIT("question"));
    flush(&s, DOWN);
    assert_int_equal(2, s.seen.asked[UP]);
    assert_int_equal(1, s.seen.answered[UP]);
    assert_int_equal(0, s.seen.asked[DOWN]);
    assert_int_equal(1, s.seen.answered[DOWN]);
    teardown(&s);
}

/* The request before the first one captured, and those of a gap, may still be answered. */
static void an_answer_to_a_request_not_captured_is_told(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 5, H2_END_STREAM, get);
    head(&s, DOWN, 3, H2_END_STREAM, ok);
    assert_int_equal(1, s.seen.without_request);
    give_bytes(&s, UP, slice_of(NULL, 0), 100);
    head(&s, UP, 9, H2_END_STREAM, get);
    head(&s, DOWN, 7, H2_END_STREAM, ok);
    assert_int_equal(2, s.seen.without_request);
    teardown(&s);
}

/* ---- messages ---- */

static const char *const call[] = {":method", "POST", ":path", "/a.B/C", "content-type", "application/grpc", NULL};
static const char *const grpc_ok[] = {":status", "200", "content-type", "application/grpc", NULL};
static const char *const page[] = {":status", "503", "content-type", "text/html", NULL};

static void messages_go_over_frames(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, 0, call);
    data(&s, UP, 1, 0, SLICE_LIT("\0\0\0"));
    data(&s, UP, 1, 0, SLICE_LIT("\0\3ab"));
    assert_int_equal(1, s.seen.messages);
    data(&s, UP, 1, H2_PADDED, SLICE_LIT("\2c\0\0\0\0\0xx"));
    assert_int_equal(2, s.seen.messages);
    head(&s, DOWN, 1, 0, grpc_ok);
    data(&s, DOWN, 1, 0, SLICE_LIT("\0\0\0\0\0\0\0\0\0\0"));
    assert_int_equal(4, s.seen.messages);
    assert_int_equal(0, s.seen.lost);
    teardown(&s);
}

static void an_error_page_holds_no_messages(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, H2_END_STREAM, call);
    head(&s, DOWN, 1, 0, page);
    data(&s, DOWN, 1, H2_END_STREAM, SLICE_LIT("<html>0123456789</html>"));
    assert_int_equal(0, s.seen.messages + s.seen.lost);
    teardown(&s);
}

static void frames_that_are_missing_make_counts_inexact(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, 0, call);
    head(&s, UP, 3, H2_END_STREAM, call); /* it has sent all: nothing of it is missing */
    give_bytes(&s, UP, slice_of(NULL, 0), 50);
    assert_int_equal(1, s.seen.lost);
    data(&s, UP, 1, 0, SLICE_LIT("\0\0\0\0\0"));
    assert_int_equal(0, s.seen.messages);
    teardown(&s);
}

static const char *const connect[] = {":method", "CONNECT", ":protocol", "websocket", ":path", "/", NULL};
static const char *const refused[] = {":status", "403", NULL};

static void a_websocket_in_a_stream(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, 0, connect);
    head(&s, DOWN, 1, 0, ok);
    data(&s, UP, 1, 0, SLICE_LIT("\x89\x80\1\2\3\4\x81\x81\1\2\3\4x"));
    data(&s, DOWN, 1, 0, SLICE_LIT("\x88\x02\x03"));
    data(&s, DOWN, 1, 0, SLICE_LIT("\xf3"));
    assert_int_equal(3, s.seen.messages);
    assert_int_equal(1, s.seen.pings);
    assert_int_equal(1011, s.seen.close_code);
    head(&s, UP, 3, 0, connect);
    head(&s, DOWN, 3, 0, refused);
    data(&s, DOWN, 3, 0, SLICE_LIT("no such luck"));
    assert_int_equal(3, s.seen.messages);
    assert_int_equal(0, s.seen.lost);
    teardown(&s);
}

/* ---- RFC 9113 5.2: flow control ---- */

static void windows_count_per_stream(void **state)
{
    static const uint8_t zeros[16384];
    static const uint8_t small_window[] = {0, 4, 0, 0, 0, 10};
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    head(&s, UP, 1, H2_END_STREAM, get);
    head(&s, UP, 3, H2_END_STREAM, get);
    frame(&s, H2_SETTINGS, 0, 0, slice_of(small_window, sizeof small_window)); /* also of streams that are open */
    flush(&s, UP);
    head(&s, DOWN, 1, 0, ok);
    head(&s, DOWN, 3, 0, ok);
    data(&s, DOWN, 1, 0, slice_of(zeros, 9));
    struct h2_stream *first = h2_stream_find(s.h, 1), *second = h2_stream_find(s.h, 3);
    assert_int_equal(0, first->half[DOWN].stalls);
    data(&s, DOWN, 1, 0, slice_of(zeros, 1));
    assert_int_equal(1, first->half[DOWN].stalls);
    frame(&s, H2_WINDOW_UPDATE, 0, 1, SLICE_LIT("\0\1\0\0"));
    flush(&s, UP);
    for (int i = 0; i < 3; i++)
        data(&s, DOWN, 1, 0, slice_of(zeros, sizeof zeros));
    assert_int_equal(1, first->half[DOWN].stalls);
    data(&s, DOWN, 1, 0, slice_of(zeros, sizeof zeros)); /* the connection's 65,535 are used up */
    assert_int_equal(2, first->half[DOWN].stalls);
    assert_int_equal(0, second->half[DOWN].stalls);
    data(&s, DOWN, 3, H2_END_STREAM, slice_of(zeros, 0)); /* an end needs no window */
    teardown(&s);
}

/* ---- floods ---- */

/* CVE-2023-44487 */
static void rapid_resets_leave_nothing(void **state)
{
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    for (uint32_t id = 1; id < 200000; id += 2) {
        head(&s, UP, id, H2_END_STREAM, get);
        reset(&s, UP, id);
        head(&s, DOWN, id, H2_END_STREAM, ok);
        assert_int_equal(0, s.env.streams.in_use);
    }
    assert_int_equal(100000, s.env.counters.resets);
    assert_int_equal(100000, s.seen.requests);
    assert_int_equal(0, s.seen.responses);
    teardown(&s);
}

static void streams_that_never_end_push_out_the_oldest(void **state)
{
    struct http2_limits limits = proto_limits_default.http2;
    struct stage s;

    (void)state;
    limits.streams = 100;
    setup(&s, &limits);
    preface(&s);
    for (uint32_t id = 1; id < 2000; id += 2) {
        head(&s, UP, id, 0, call);
        assert_true(s.env.streams.in_use <= 100);
    }
    assert_int_equal(900, s.env.counters.limit_hits);
    assert_int_equal(900, s.seen.ended);
    teardown(&s);
}

/* CVE-2024-27316 and its like */
static void continuation_without_end_is_bounded(void **state)
{
    static const uint8_t junk[16000];
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    frame(&s, H2_HEADERS, H2_END_STREAM, 1, SLICE_LIT("\x82"));
    flush(&s, UP);
    for (int i = 0; i < 10000; i++) {
        frame(&s, H2_CONTINUATION, 0, 1, slice_of(junk, sizeof junk));
        flush(&s, UP);
    }
    assert_int_equal(1, s.env.counters.limit_hits);
    assert_true(s.h->dir[UP]->block.cap <= 2 * s.env.limits.block_bytes);
    frame(&s, H2_CONTINUATION, H2_END_HEADERS, 1, slice_of(junk, 0));
    flush(&s, UP);
    assert_int_equal(1, s.seen.requests);
    assert_int_equal(FACT_HEAD_CUT, s.seen.extent);
    assert_int_equal(1, s.env.counters.unknown_headers);
    head(&s, UP, 3, H2_END_STREAM, get); /* the next request is whole again */
    assert_int_equal(2, s.seen.requests);
    assert_int_equal(FACT_HEAD_WHOLE, s.seen.extent);
    teardown(&s);
}

/* One large field in the table, then a byte for each of its copies. */
static void an_hpack_bomb_is_bounded(void **state)
{
    struct buf b = {0};
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    buf_str(&b, "\x40\x01x\x7f\x81\x1f"); /* RFC 7541 6.2.1: 4,000 bytes; 5.1: 127 + 3,873 */
    b.n -= 3;
    buf_put(&b, "\x7f\xa1\x1e", 3);
    for (int i = 0; i < 4000; i++)
        buf_putc(&b, 'v');
    for (int i = 0; i < 16000; i++)
        buf_putc(&b, (char)0xbe); /* index 62: the newest */
    for (size_t at = 0; at < b.n; at += 10000)
        frame(&s, at == 0 ? H2_HEADERS : H2_CONTINUATION, at + 10000 < b.n ? 0 : H2_END_HEADERS, 1,
              slice_of(b.p + at, b.n - at < 10000 ? b.n - at : 10000));
    flush(&s, UP);
    assert_int_equal(1, s.seen.requests);
    assert_int_equal(FACT_HEAD_CUT, s.seen.extent);
    assert_int_equal(1, s.env.counters.limit_hits);
    assert_true(s.env.text.cap <= 2 * s.env.limits.decoded_bytes);
    assert_true(s.seen.headers * 4000 <= s.env.limits.decoded_bytes && s.seen.headers > 200);
    teardown(&s);
    buf_fini(&b);
}

static void fields_beyond_the_limit_are_counted(void **state)
{
    struct buf b = {0};
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    for (int i = 0; i < 5000; i++)
        buf_putc(&b, (char)0x82); /* :method: GET */
    frame(&s, H2_HEADERS, H2_END_HEADERS, 1, buf_view(&b));
    flush(&s, UP);
    assert_int_equal(proto_limits_default.http2.headers, s.seen.headers);
    assert_int_equal(5000 - proto_limits_default.http2.headers, s.seen.headers_dropped);
    teardown(&s);
    buf_fini(&b);
}

/* CVE-2019-9512, 9515: nothing is kept of them, whatever is open meanwhile. */
static void control_frames_leave_nothing(void **state)
{
    static const uint8_t window[] = {0, 4, 0, 1, 0, 0};
    struct stage s;

    (void)state;
    setup(&s, &proto_limits_default.http2);
    preface(&s);
    for (uint32_t id = 1; id < 2000; id += 2)
        head(&s, UP, id, 0, get);
    uint64_t before = s.env.counters.frames;
    for (int i = 0; i < 100000; i++) {
        frame(&s, H2_PING, 0, 0, SLICE_LIT("12345678"));
        frame(&s, H2_SETTINGS, 0, 0, slice_of(window, sizeof window));
        frame(&s, H2_PRIORITY, 0, 1, SLICE_LIT("\0\0\0\0\1"));
        frame(&s, H2_WINDOW_UPDATE, 0, 0, SLICE_LIT("\0\0\0\1"));
        frame(&s, H2_DATA, 0, 1, SLICE_LIT(""));
        flush(&s, UP);
    }
    assert_int_equal(500000, s.env.counters.frames - before);
    assert_int_equal(1000, s.env.streams.in_use);
    assert_true(s.h->dir[UP]->payload.cap <= 4096 && s.h->dir[UP]->block.cap <= 4096);
    assert_int_equal(1000, s.seen.requests);
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_begins_with_no_frame_is_told),
        cmocka_unit_test(an_answer_behind_a_reset_begins_nothing),
        cmocka_unit_test(pings_and_their_answers),
        cmocka_unit_test(an_answer_to_a_request_not_captured_is_told),
        cmocka_unit_test(messages_go_over_frames),
        cmocka_unit_test(an_error_page_holds_no_messages),
        cmocka_unit_test(frames_that_are_missing_make_counts_inexact),
        cmocka_unit_test(a_websocket_in_a_stream),
        cmocka_unit_test(windows_count_per_stream),
        cmocka_unit_test(rapid_resets_leave_nothing),
        cmocka_unit_test(streams_that_never_end_push_out_the_oldest),
        cmocka_unit_test(continuation_without_end_is_bounded),
        cmocka_unit_test(an_hpack_bomb_is_bounded),
        cmocka_unit_test(fields_beyond_the_limit_are_counted),
        cmocka_unit_test(control_frames_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
