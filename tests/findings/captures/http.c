/* HTTP/1 messages and WebSockets over them. */
#include "findings/story.h"

/* 499 is the client's fault. */
static void server_error(struct story *s)
{
    dial(s);
    ask(s);
    says(s, DOWN,
         s->nearly ? "HTTP/1.1 499 Oh no\r\nContent-Length: 0\r\n\r\n"
                   : "HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n");
    hang_up(s);
}

/* A size of a chunk is hexadecimal. */
static void malformed(struct story *s)
{
    dial(s);
    ask(s);
    says(s, DOWN, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    says(s, DOWN, s->nearly ? "a\r\n0123456789\r\n0\r\n\r\n" : "z\r\n0123456789\r\n0\r\n\r\n");
    hang_up(s);
}

/* As other servers than HTTP's greet. */
static void other_protocol(struct story *s)
{
    dial(s);
    ask(s);
    says(s, DOWN, s->nearly ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : "+OK\r\n");
    hang_up(s);
}

/* The response comes before the client's FIN. */
static void late_response(struct story *s)
{
    dial(s);
    ask(s);
    wait_ms(s, 100);
    if (s->nearly)
        answer(s);
    sends(s, UP, FIN | ACK);
    if (!s->nearly) {
        wait_ms(s, 10);
        wire_text(&s->wire, &s->http, DOWN, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    }
    sends(s, UP, RST);
}

/* The rest of the body is sent before the response begins. */
static void early_response(struct story *s)
{
    dial(s);
    says(s, UP, "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbo");
    if (s->nearly)
        says(s, UP, "dy");
    answer(s);
    if (!s->nearly)
        says(s, UP, "dy");
    hang_up(s);
}

/* The server wants the body. */
static void body_not_sent(struct story *s)
{
    dial(s);
    says(s, UP, "PUT /a HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    if (s->nearly) {
        says(s, DOWN, "HTTP/1.1 100 Continue\r\n\r\n");
        says(s, UP, "body");
    }
    says(s, DOWN, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    ask(s);
    answer(s);
    hang_up(s);
}

/* As many as are shown. */
static void interim_responses(struct story *s)
{
    dial(s);
    ask(s);
    for (int i = 0; i < (s->nearly ? 64 : 65); i++)
        says(s, DOWN, "HTTP/1.1 102 Processing\r\n\r\n");
    answer(s);
    hang_up(s);
}

/* ---- WebSockets ---- */

static void upgrade(struct story *s)
{
    dial(s);
    says(s, UP,
         "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
         "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    says(s, DOWN,
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
         "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    says(s, DOWN, "\x81\x02hi");
}

/* RFC 6455 7.4.1: 1001 is going away, 1002 a protocol error. */
static void websocket_closed(struct story *s)
{
    upgrade(s);
    says(s, DOWN, s->nearly ? "\x88\x02\x03\xe9" : "\x88\x02\x03\xea");
    hang_up(s);
}

/* A Close frame, before the FIN. */
static void websocket_not_closed(struct story *s)
{
    upgrade(s);
    if (s->nearly)
        says(s, DOWN, "\x88\x02\x03\xe8");
    hang_up(s);
}

const struct finding_capture http_captures[] = {
    {"http.server_error", server_error, .recorded = "incidents/captures/18-load-balancer-503.pcap.zst"},
    {"http.late_response", late_response, .recorded = "golden/field/63-compare-hung-servers.pcap"},
    {"http.early_response", early_response, .recorded = "golden/lab/early.pcap"},
    {"http.malformed", malformed, .recorded = NULL},
    {"http.other_protocol", other_protocol, .recorded = NULL},
    {"http.body_not_sent", body_not_sent, .recorded = NULL},
    {"websocket.closed", websocket_closed, .recorded = "golden/h2/talk.pcap.gz"},
    {"websocket.not_closed", websocket_not_closed, .recorded = "golden/h2/talk.pcap.gz"},
    {"limit.interim_responses", interim_responses, .recorded = NULL},
    {NULL},
};
