/* What the network and the ends of a connection did with its bytes. */
#include "findings/story.h"

#include <string.h>

static const char request[] = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhi";

/* At once, and not acknowledged; `again` sends the same. */
static struct talk sent(struct story *s, const void *bytes, size_t n)
{
    struct talk before = s->http;

    wire_segment(&s->wire, &s->http, UP, PUSH | ACK, bytes, n);
    return before;
}

static void again(struct story *s, struct talk before, const void *bytes, size_t n)
{
    wire_segment(&s->wire, &before, UP, PUSH | ACK, bytes, n);
}

/* ---- losses ---- */

/* The second sending comes too soon for a timer. */
static void loss_stall(struct story *s)
{
    dial(s);
    struct talk before = sent(s, request, sizeof request - 1);
    wait_ms(s, s->nearly ? 100 : 300);
    again(s, before, request, sizeof request - 1);
    answer(s);
    hang_up(s);
}

/* The second sending waited for the timer. */
static void loss_fast(struct story *s)
{
    dial(s);
    struct talk before = sent(s, request, sizeof request - 1);
    wait_ms(s, s->nearly ? 300 : 100);
    again(s, before, request, sizeof request - 1);
    answer(s);
    hang_up(s);
}

static void tries(struct story *s, const void *bytes, size_t n)
{
    struct talk before = sent(s, bytes, n);

    for (unsigned i = 0; i < 3; i++) {
        wait_ms(s, 300u << i);
        again(s, before, bytes, n);
    }
}

/* The server acknowledges the last sending. */
static void not_acknowledged(struct story *s)
{
    dial(s);
    tries(s, request, sizeof request - 1);
    if (s->nearly)
        sends(s, DOWN, ACK);
    wait_ms(s, 2000);
    sends(s, UP, RST | ACK);
}

/* The silence before was a short one. */
static void idle_drop(struct story *s)
{
    dial(s);
    ask(s);
    answer(s);
    wait_ms(s, s->nearly ? 50000 : 90000);
    tries(s, request, sizeof request - 1);
    wait_ms(s, 2000);
    sends(s, UP, RST | ACK);
}

/* The segments that do not arrive are no larger than others that do. */
static void pmtud_blackhole(struct story *s)
{
    static const char head[] = "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9000\r\n\r\n";
    char body[1400];

    memset(body, 'x', sizeof body);
    dial(s);
    says(s, UP, head);
    tries(s, body, s->nearly ? 50 : sizeof body);
    wait_ms(s, 2000);
    sends(s, UP, RST | ACK);
}

/* ---- windows and pauses ---- */

/* The window opens before anybody would notice. */
static void zero_window_client(struct story *s)
{
    dial(s);
    ask(s);
    wire_text(&s->wire, &s->http, DOWN, half);
    s->http.shut[UP] = 1;
    sends(s, UP, ACK);
    wait_ms(s, s->nearly ? 50 : 500);
    s->http.shut[UP] = 0;
    sends(s, UP, ACK);
    says(s, DOWN, "ho");
    hang_up(s);
}

static void zero_window_server(struct story *s)
{
    dial(s);
    wire_text(&s->wire, &s->http, UP, "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n");
    s->http.shut[DOWN] = 1;
    sends(s, DOWN, ACK);
    wait_ms(s, s->nearly ? 50 : 500);
    s->http.shut[DOWN] = 0;
    sends(s, DOWN, ACK);
    says(s, UP, "ho");
    answer(s);
    hang_up(s);
}

/* It goes on soon. */
static void sender_paused(struct story *s)
{
    dial(s);
    ask(s);
    says(s, DOWN, half);
    wait_ms(s, s->nearly ? 40 : 200);
    says(s, DOWN, "ho");
    hang_up(s);
}

/* The acknowledgement comes at once. */
static void nagle(struct story *s)
{
    dial(s);
    wire_text(&s->wire, &s->http, UP, "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n");
    wait_ms(s, s->nearly ? 1 : 40);
    sends(s, DOWN, ACK);
    wire_text(&s->wire, &s->http, UP, "ho");
    answer(s);
    hang_up(s);
}

/* The server's host answers the last probe. */
static void silent_peer(struct story *s)
{
    dial(s);
    ask(s);
    for (int i = 0; i < 5; i++) {
        struct talk probe = s->http;
        wait_ms(s, 15000);
        probe.seq[UP]--;
        wire_segment(&s->wire, &probe, UP, ACK, "", 0);
    }
    if (s->nearly)
        sends(s, DOWN, ACK);
    wait_ms(s, 15000);
    sends(s, UP, RST | ACK);
}

/* ---- the capture ---- */

/* The answer is there. */
static void one_direction(struct story *s)
{
    syn(s);
    if (s->nearly)
        syn_ack(s);
    established(s);
    (void)sent(s, request, sizeof request - 1);
    if (s->nearly)
        answer(s);
    else
        s->http.seq[DOWN] += 100;
    sends(s, UP, ACK);
    goes_on(s, 1000);
}

const struct finding_capture tcp_captures[] = {
    {"conn.idle_drop", idle_drop, .recorded = NULL},
    {"tcp.loss_stall", loss_stall, .recorded = "golden/field/11-request-lost-3-times.pcap.zst"},
    {"tcp.loss_fast", loss_fast, .recorded = NULL},
    {"tcp.not_acknowledged", not_acknowledged, .recorded = "golden/field/10-upload-mtu-black-hole.pcap.zst"},
    {"tcp.pmtud_blackhole", pmtud_blackhole, .recorded = "golden/field/13-download-mtu-black-hole.pcap.zst"},
    {"tcp.zero_window_client", zero_window_client, .recorded = "golden/field/26-client-zero-window.pcap.zst"},
    {"tcp.zero_window_server", zero_window_server, .recorded = NULL},
    {"tcp.sender_paused", sender_paused, .recorded = NULL},
    {"tcp.nagle", nagle, .recorded = NULL},
    {"tcp.silent_peer", silent_peer, .recorded = "golden/field/30-dead-peer-keepalive.pcap.zst"},
    {"capture.one_direction", one_direction, .recorded = "golden/field/35-client-only-capture.pcap.zst"},
    {NULL},
};
