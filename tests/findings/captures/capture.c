/* What the capture lacks, and this program's limits. */
#include "findings/story.h"

#include <string.h>

/* Nothing is missing: the bytes between the two parts are there. */
static void gap(struct story *s)
{
    dial(s);
    ask(s);
    says(s, DOWN, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n1234");
    if (s->nearly)
        wire_text(&s->wire, &s->http, DOWN, "5678");
    else
        s->http.seq[DOWN] += 4;
    says(s, DOWN, "9abc");
    hang_up(s);
}

/* Between two exchanges. */
static void clock_set_back(struct story *s)
{
    enum { BACK_S = 2 };

    dial(s);
    ask(s);
    if (!s->nearly)
        s->wire.ns -= BACK_S * UINT64_C(1000000000);
    answer(s);
    if (s->nearly)
        s->wire.ns -= BACK_S * UINT64_C(1000000000);
    ask(s);
    answer(s);
    hang_up(s);
}

/* Ethernet, IP and TCP are 54 bytes, the head 38: the snapshot length holds it, and cuts the body. */
static void cut(struct story *s)
{
    dial(s);
    ask(s);
    s->wire.snap = s->nearly ? 92 : 91;
    answer(s);
    s->wire.snap = 0;
    hang_up(s);
}

/* The request is there. */
static void no_request(struct story *s)
{
    if (s->nearly) {
        dial(s);
        ask(s);
    }
    answer(s);
    hang_up(s);
}

/* The last packet is the response. */
static void ended(struct story *s)
{
    dial(s);
    ask(s);
    if (s->nearly)
        answer(s);
}

/* A head in pieces, of as many bytes as are kept. */
static void long_head(struct story *s)
{
    static const char begin[] = "GET /a HTTP/1.1\r\nHost: a.test\r\nX-Long: ";
    enum { HEAD_MAX = 1 << 20, PIECE = 1024 };
    size_t left = HEAD_MAX - (sizeof begin - 1) - 4 + !s->nearly;
    char piece[PIECE];

    memset(piece, 'x', sizeof piece);
    dial(s);
    says(s, UP, begin);
    for (size_t n; left > 0; left -= n) {
        n = left < PIECE ? left : PIECE;
        wire_segment(&s->wire, &s->http, UP, PUSH | ACK, piece, n);
        wire_segment(&s->wire, &s->http, DOWN, ACK, "", 0);
    }
    says(s, UP, "\r\n\r\n");
    answer(s);
    hang_up(s);
}

const struct finding_capture capture_captures[] = {
    {"capture.gap", gap, .recorded = "golden/field/06-dumpcap-two-interfaces-tap.pcapng.zst"},
    {"capture.clock_set_back", clock_set_back, .recorded = NULL},
    {"capture.cut", cut, .recorded = NULL},
    {"capture.no_request", no_request, .recorded = NULL},
    {"capture.ended", ended, .recorded = "golden/lab/expect.pcap"},
    {"limit.head", long_head, .recorded = NULL},
    {NULL},
};
