/* Connection attempts, what ended a connection, and how it was reused. */
#include "findings/story.h"

/* Linux's schedule: after 1, 2 and 4 s. */
static void syns(struct story *s, int n)
{
    for (int i = 0; i < n; i++) {
        if (i > 0)
            wait_ms(s, 500u << i);
        syn(s);
    }
}

/* ---- attempts ---- */

/* The RST acknowledges another SYN: RFC 9293 3.10.7.3 has the client drop it. */
static void refused(struct story *s)
{
    syn(s);
    s->http.seq[UP] += s->nearly ? 77 : 1;
    sends(s, DOWN, RST | ACK);
}

/* The ICMP error is about another port. */
static void unreachable(struct story *s)
{
    struct talk about = s->http;

    syn(s);
    about.port[UP] += s->nearly;
    about.seq[UP]++;
    wait_ms(s, 1);
    wire_unreachable(&s->wire, &about, PROTOCOL_TCP, HOST_UNREACHABLE);
}

/* The last SYN is answered. */
static void no_answer(struct story *s)
{
    syns(s, 3);
    if (s->nearly)
        dial(s);
    goes_on(s, 300000);
}

/* The client acknowledges what the server answered. */
static void unacknowledged(struct story *s)
{
    syn(s);
    syn_ack(s);
    if (s->nearly)
        established(s);
    wait_ms(s, 1000);
    if (!s->nearly)
        syn(s);
    goes_on(s, 300000);
}

/* The capture goes on until the client must have given up. */
static void open_attempt(struct story *s)
{
    syns(s, 2);
    goes_on(s, s->nearly ? 300000 : 500);
}

/* The server's ACK is missing: it says nothing. */
static void challenged(struct story *s)
{
    struct talk older = s->http;

    older.seq[UP] += 5000000;
    older.seq[DOWN] += 5000000;
    for (int i = 0; i < 3; i++) {
        syn(s);
        if (!s->nearly)
            wire_segment(&s->wire, &older, DOWN, ACK, "", 0);
        wait_ms(s, 1000);
    }
    goes_on(s, 300000);
}

/* Not once the client knew itself connected: the SYN-ACK is repeated as early as a slow network makes it. */
static void not_accepted(struct story *s)
{
    syn(s);
    syn_ack(s);
    if (s->nearly)
        syn_ack(s);
    established(s);
    if (!s->nearly) {
        struct talk again = s->http;
        again.seq[DOWN]--;
        wait_ms(s, 1000);
        wire_segment(&s->wire, &again, DOWN, SYN | ACK, "", 0);
        sends(s, UP, ACK);
    }
    ask(s);
    sends(s, DOWN, RST);
}

/* The server sends nothing after the RST. */
static void rst_injected(struct story *s)
{
    syn(s);
    wait_ms(s, 30);
    syn_ack(s);
    established(s);
    wire_text(&s->wire, &s->http, UP, "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n");
    sends(s, DOWN, RST | ACK);
    wait_ms(s, 30);
    if (!s->nearly)
        wire_text(&s->wire, &s->http, DOWN, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

/* The client takes the connection. */
static void canceled(struct story *s)
{
    syn(s);
    wait_ms(s, 50);
    syn_ack(s);
    s->http.seq[UP]++;
    s->http.seq[DOWN]++;
    sends(s, UP, s->nearly ? ACK : RST);
}

/* The SYN-ACK is as late, but the client did not repeat its SYN. */
static void syn_repeated(struct story *s)
{
    syn(s);
    wait_ms(s, 1000);
    if (!s->nearly)
        syn(s);
    syn_ack(s);
    established(s);
    ask(s);
    answer(s);
    hang_up(s);
}

/* ---- what ended the connection ---- */

/* The FIN comes so late that the server had read the request. */
static void stale_reuse(struct story *s)
{
    dial(s);
    ask(s);
    answer(s);
    wait_ms(s, 5000);
    ask(s);
    wait_ms(s, s->nearly ? 50 : 0);
    sends(s, DOWN, FIN | ACK);
    sends(s, UP, FIN | ACK);
}

/* The client is the first to close. */
static void closed_by_server(struct story *s)
{
    dial(s);
    ask(s);
    wait_ms(s, 50);
    sends(s, s->nearly ? UP : DOWN, FIN | ACK);
    sends(s, s->nearly ? DOWN : UP, FIN | ACK);
}

/* The server is the first to close. */
static void closed_by_client(struct story *s)
{
    dial(s);
    ask(s);
    wait_ms(s, 50);
    sends(s, s->nearly ? DOWN : UP, FIN | ACK);
    sends(s, s->nearly ? UP : DOWN, FIN | ACK);
}

/* ---- Go's pool ---- */

/* A second connection of the same client. */
static struct talk second(const struct story *s)
{
    struct talk t = s->http;

    t.port[UP]++;
    t.seq[UP] += 1000;
    return t;
}

/* While the first connection is busy, a request dials a second one; before that is set up, the first comes free and takes
 * the request. It waits for its own connection instead. */
static void handed_over(struct story *s)
{
    struct talk busy, dialled = second(s);

    resolve(s);
    dial(s);
    ask(s);
    busy = s->http;
    s->http = dialled;
    syn(s);
    s->http = busy;
    answer(s);
    if (!s->nearly)
        ask_at_once(s);
    busy = s->http;
    s->http = dialled;
    syn_ack(s);
    established(s);
    if (s->nearly)
        ask(s);
    else
        s->http = busy;
    answer(s);
}

/* The first request comes soon enough to be the one that dialled. */
static void orphan_dial(struct story *s)
{
    dial(s);
    wait_ms(s, s->nearly ? 98 : 100);
    ask(s);
    answer(s);
}

/* Of two connections that are used in turn, the client closes the second right after its response; the first is no longer
 * idle by then: it is closed, too. */
static void pool_full(struct story *s)
{
    struct talk one, other = second(s);

    dial(s);
    ask(s);
    one = s->http;
    s->http = other;
    dial(s);
    ask(s);
    other = s->http;
    s->http = one;
    answer(s);
    if (s->nearly)
        hang_up(s);
    wait_ms(s, 10);
    s->http = other;
    answer(s);
    wire_segment(&s->wire, &s->http, UP, FIN | ACK, "", 0);
    sends(s, DOWN, FIN | ACK);
}

/* The client keeps the connection for a second before it closes it. */
static void not_pooled(struct story *s)
{
    dial(s);
    ask(s);
    answer(s);
    wait_ms(s, s->nearly ? 1000 : 0);
    wire_segment(&s->wire, &s->http, UP, FIN | ACK, "", 0);
    sends(s, DOWN, FIN | ACK);
}

/* ---- TCP ---- */

/* No segment is sent twice. It had arrived, so that nothing is lost by it. */
static void retransmissions(struct story *s)
{
    static const char request[] = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
    struct talk again;

    dial(s);
    again = s->http;
    wire_text(&s->wire, &s->http, UP, request);
    sends(s, DOWN, ACK);
    wait_ms(s, 300);
    if (!s->nearly)
        wire_text(&s->wire, &again, UP, request);
    answer(s);
}

/* The client acknowledges what the capture lacks: it was lost by the capture, not on the way. */
static void lost_on_way(struct story *s)
{
    struct talk acknowledged;

    dial(s);
    ask(s);
    says(s, DOWN, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
    acknowledged = s->http;
    wire_ahead(&s->wire, &s->http, DOWN, 1000, "the second thousand", 19);
    s->http.seq[DOWN] += 1019;
    wait_ms(s, 1);
    wire_segment(&s->wire, s->nearly ? &s->http : &acknowledged, UP, ACK, "", 0);
    wait_ms(s, 3000);
    wire_segment(&s->wire, s->nearly ? &s->http : &acknowledged, UP, FIN | ACK, "", 0);
}

const struct finding_capture conn_captures[] = {
    {"conn.refused", refused, .recorded = "golden/lab/connerr.pcap"},
    {"conn.unreachable", unreachable, .recorded = "golden/lab/icmphost.pcap"},
    {"conn.no_answer", no_answer, .recorded = "golden/lab/syndrop.pcap"},
    {"conn.unacknowledged", unacknowledged, .recorded = "golden/field/03-synack-captured-never-acked.pcap.zst"},
    {"conn.open", open_attempt, .recorded = "golden/lab/etimedout.pcap"},
    {"conn.challenged", challenged, .recorded = "golden/field/04-challenge-ack-port-reuse.pcap.zst"},
    {"conn.not_accepted", not_accepted, .recorded = NULL},
    {"conn.rst_injected", rst_injected, .recorded = NULL},
    {"conn.canceled", canceled, .recorded = NULL},
    {"conn.syn_repeated", syn_repeated, .recorded = "golden/field/01-syn-repeated-after-3s.pcap.zst"},
    {"conn.stale_reuse", stale_reuse, .recorded = "golden/lab/stale.pcap"},
    {"conn.closed_by_server", closed_by_server, .recorded = "golden/lab/srvclose.pcap"},
    {"conn.closed_by_client", closed_by_client, .recorded = "golden/lab/cancelbody.pcap"},
    {"conn.handed_over", handed_over, .recorded = "batch/captures/storm.pcap.zst"},
    {"conn.orphan_dial", orphan_dial, .recorded = "golden/lab/latebind.pcap"},
    {"conn.pool_full", pool_full, .recorded = "batch/captures/storm.pcap.zst"},
    {"conn.not_pooled", not_pooled, .recorded = "golden/lab/noreuse.pcap"},
    {"tcp.retransmissions", retransmissions, .recorded = "golden/field/29-accept-queue-full.pcap.zst"},
    {"tcp.lost_on_way", lost_on_way, .recorded = "incidents/captures/10-mtu-black-hole-download.pcap.zst"},
    {NULL},
};
