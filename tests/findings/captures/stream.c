/* HTTP/2 streams (RFC 9113). Header blocks are literals without indexing (RFC 7541 6.2.2). */
#include "findings/story.h"

#include <string.h>

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6 };
enum { END_STREAM = 1, END_HEADERS = 4 };
enum { FRAME_MAX = 512, INTERNAL_ERROR = 2 };

static void says_frame(struct story *s, int dir, unsigned type, unsigned flags, unsigned stream, const void *payload,
                       size_t n)
{
    uint8_t frame[FRAME_MAX] = {
        [1] = (uint8_t)(n >> 8), [2] = (uint8_t)n, [3] = (uint8_t)type, [4] = (uint8_t)flags, [8] = (uint8_t)stream};

    memcpy(frame + 9, payload, n);
    wait_ms(s, 1);
    wire_segment(&s->wire, &s->http, dir, PUSH | ACK, frame, 9 + n);
    wire_segment(&s->wire, &s->http, !dir, ACK, "", 0);
}

/* Names and values in turn, up to NULL. */
static void says_headers(struct story *s, int dir, unsigned flags, const char *const *fields)
{
    uint8_t block[FRAME_MAX];
    size_t n = 0;

    for (size_t i = 0; fields[i] != NULL; i++) {
        size_t bytes = strlen(fields[i]);
        if (i % 2 == 0)
            block[n++] = 0;
        block[n++] = (uint8_t)bytes;
        memcpy(block + n, fields[i], bytes);
        n += bytes;
    }
    says_frame(s, dir, HEADERS, END_HEADERS | flags, 1, block, n);
}

/* A connection on which the server may send so many bytes of a stream before it has to wait. */
static void call(struct story *s, unsigned window)
{
    const uint8_t settings[6] = {0, 4, 0, 0, 0, (uint8_t)window};
    static const char *const request[] = {":method", "POST",       ":scheme", "http",         ":path",
                                          "/a.B/C",  ":authority", "a.test",  "content-type", "application/grpc",
                                          NULL};

    dial(s);
    says(s, UP, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    says_frame(s, UP, SETTINGS, 0, 0, settings, sizeof settings);
    says_frame(s, DOWN, SETTINGS, 0, 0, "", 0);
    says_headers(s, UP, END_STREAM, request);
}

static const char *const ok[] = {":status", "200", "content-type", "application/grpc", NULL};

/* The RST_STREAM is another stream's. */
static void stream_reset(struct story *s)
{
    const uint8_t code[4] = {0, 0, 0, INTERNAL_ERROR};

    call(s, 100);
    says_headers(s, DOWN, 0, ok);
    says_frame(s, DOWN, RST_STREAM, 0, s->nearly ? 3 : 1, code, sizeof code);
    hang_up(s);
}

/* One byte of the window is left. */
static void flow_control(struct story *s)
{
    static const char *const trailers[] = {"grpc-status", "0", NULL};

    call(s, s->nearly ? 11 : 10);
    says_headers(s, DOWN, 0, ok);
    says_frame(s, DOWN, DATA, 0, 1, "\0\0\0\0\5hello", 10);
    says_headers(s, DOWN, END_STREAM, trailers);
    hang_up(s);
}

/* The answer came, and then no more. */
static void ping_unanswered(struct story *s)
{
    call(s, 100);
    says_frame(s, UP, PING, 0, 0, "pingpong", 8);
    if (s->nearly)
        says_frame(s, DOWN, PING, 1, 0, "pingpong", 8);
    wait_ms(s, 15000);
    hang_up(s);
}

/* The call succeeded. */
static void grpc_status(struct story *s)
{
    const char *const trailers[] = {"grpc-status", s->nearly ? "0" : "5", NULL};

    call(s, 100);
    says_headers(s, DOWN, 0, ok);
    says_headers(s, DOWN, END_STREAM, trailers);
    hang_up(s);
}

const struct finding_capture stream_captures[] = {
    {"http2.stream_reset", stream_reset, .recorded = NULL},
    {"http2.flow_control", flow_control, .recorded = "incidents/captures/12-h2-connection-window.pcap.zst"},
    {"http2.ping_unanswered", ping_unanswered, .recorded = "golden/field/38-h2-ping-unanswered.pcap.zst"},
    {"grpc.status", grpc_status, .recorded = "golden/h2/talk.pcap.gz"},
    {NULL},
};
