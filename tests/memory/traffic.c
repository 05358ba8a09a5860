#include "memory/traffic.h"

#include <string.h>

enum { CANARY_EVERY = 1000, MSS = 1448, HEADERS = 14 + 20 + 20, UDP_HEADERS = 14 + 20 + 8 };
enum { FIN = 1, SYN = 2, RST = 4, PUSH = 8, ACK = 16 };
enum { UP, DOWN };

struct maker {
    FILE *to;
    uint64_t ts_us;
    uint16_t ip_id;
    unsigned step_us;
};

struct talk {
    uint32_t ip[2];
    uint16_t port[2];
    uint32_t seq[2];
};

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

/* ---- packets ---- */

static void record(struct maker *m, const uint8_t *headers, size_t header_n, const void *payload, size_t n)
{
    uint32_t head[4] = {(uint32_t)(m->ts_us / 1000000), (uint32_t)(m->ts_us % 1000000), (uint32_t)(header_n + n),
                        (uint32_t)(header_n + n)};

    (void)fwrite(head, 1, sizeof head, m->to);
    (void)fwrite(headers, 1, header_n, m->to);
    (void)fwrite(payload, 1, n, m->to);
    m->ts_us += m->step_us;
}

static void put_ip(struct maker *m, uint8_t *p, size_t bytes, unsigned protocol, uint32_t src, uint32_t dst)
{
    p[5] = 1;
    p[11] = 2;
    put16(p + 12, 0x0800);
    p[14] = 0x45;
    put16(p + 16, (unsigned)bytes);
    put16(p + 18, ++m->ip_id);
    p[22] = 64;
    p[23] = (uint8_t)protocol;
    put32(p + 26, src);
    put32(p + 30, dst);
}

static void packet(struct maker *m, struct talk *t, int dir, unsigned flags, const void *payload, size_t n)
{
    uint8_t p[HEADERS] = {0};

    put_ip(m, p, HEADERS - 14 + n, 6, t->ip[dir], t->ip[!dir]);
    put16(p + 34, t->port[dir]);
    put16(p + 36, t->port[!dir]);
    put32(p + 38, t->seq[dir]);
    put32(p + 42, (flags & ACK) != 0 ? t->seq[!dir] : 0);
    p[46] = 5 << 4;
    p[47] = (uint8_t)flags;
    put16(p + 48, 65535);
    record(m, p, sizeof p, payload, n);
    t->seq[dir] += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
}

static void datagram(struct maker *m, const struct talk *t, int dir, const void *payload, size_t n)
{
    uint8_t p[UDP_HEADERS] = {0};

    put_ip(m, p, UDP_HEADERS - 14 + n, 17, t->ip[dir], t->ip[!dir]);
    put16(p + 34, t->port[dir]);
    put16(p + 36, t->port[!dir]);
    put16(p + 38, (unsigned)(8 + n));
    record(m, p, sizeof p, payload, n);
}

static void stream(struct maker *m, struct talk *t, int dir, const void *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += MSS)
        packet(m, t, dir, PUSH | ACK, (const uint8_t *)bytes + at, n - at < MSS ? n - at : MSS);
}

/* ---- conversations ---- */

/* The i-th pair of endpoints: 50,000 ports of each of many hosts. */
static struct talk talk_of(uint64_t i, uint16_t port)
{
    return (struct talk){.ip = {(uint32_t)(0x0a000002 + i / 50000), 0xc0a80001},
                         .port = {(uint16_t)(10000 + i % 50000), port},
                         .seq = {(uint32_t)(i * 2654435761u), (uint32_t)(~i * 40503u)}};
}

static void shake_hands(struct maker *m, struct talk *t)
{
    packet(m, t, UP, SYN, "", 0);
    packet(m, t, DOWN, SYN | ACK, "", 0);
    packet(m, t, UP, ACK, "", 0);
}

static void ask(struct maker *m, struct talk *t, uint64_t i, const char *host)
{
    char request[256];
    int n = snprintf(request, sizeof request,
                     "GET /items/%llu HTTP/1.1\r\nHost: %s\r\nUser-Agent: Go-http-client/1.1\r\n"
                     "Accept-Encoding: gzip\r\n\r\n",
                     (unsigned long long)i, host);

    stream(m, t, UP, request, (size_t)n);
}

static void answer(struct maker *m, struct talk *t)
{
    static const char response[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Length: 12\r\n\r\n{\"ok\": true}";

    stream(m, t, DOWN, response, sizeof response - 1);
    packet(m, t, UP, ACK, "", 0);
}

static void canary(struct maker *m, uint64_t i)
{
    struct talk t = talk_of(i, 8081);

    shake_hands(m, &t);
    ask(m, &t, i, "canary");
    answer(m, &t);
    packet(m, &t, UP, FIN | ACK, "", 0);
    packet(m, &t, DOWN, FIN | ACK, "", 0);
    packet(m, &t, UP, ACK, "", 0);
}

/* ---- kinds ---- */

static void syn(void *maker, uint64_t i)
{
    struct talk t = talk_of(i, 80);

    packet(maker, &t, UP, SYN, "", 0);
}

static void keep_alive(void *maker, uint64_t i)
{
    struct talk t = talk_of(i, 80);

    shake_hands(maker, &t);
    ask(maker, &t, i, "idle");
    answer(maker, &t);
}

static size_t put_client_hello(uint8_t *p, uint64_t i)
{
    static const uint8_t extensions[] = {
        0,    0,  0, 15, 0, 13, 0, 0,   10,  's', 'e', 'r', 'v', 'e', 'r', '.', 'l', 'a', 'b', /* name */
        0x00, 43, 0, 3,  2, 3,  4,                                                             /* 1.3 */
        0,    16, 0, 11, 0, 9,  8, 'h', 't', 't', 'p', '/', '1', '.', '1'};                    /* ALPN */
    size_t n = 0;

    memset(p, 0, 256);
    p[n++] = 1; /* ClientHello */
    n += 3;
    put16(p + n, 0x0303);
    n += 2;
    memcpy(p + n, &i, sizeof i);
    n += 32;
    p[n++] = 0;
    put16(p + n, 2);
    put16(p + n + 2, 0x1301);
    n += 4;
    p[n++] = 1;
    p[n++] = 0;
    put16(p + n, sizeof extensions);
    n += 2;
    memcpy(p + n, extensions, sizeof extensions);
    n += sizeof extensions;
    put16(p + 2, (unsigned)(n - 4));
    return n;
}

static size_t put_server_hello(uint8_t *p, uint64_t i)
{
    static const uint8_t extensions[] = {0, 43, 0, 2, 3, 4};
    size_t n = 4;

    memset(p, 0, 128);
    p[0] = 2;
    put16(p + n, 0x0303);
    n += 2;
    memcpy(p + n, &i, sizeof i);
    n += 32;
    p[n++] = 0;
    put16(p + n, 0x1301);
    n += 3;
    put16(p + n, sizeof extensions);
    n += 2;
    memcpy(p + n, extensions, sizeof extensions);
    n += sizeof extensions;
    put16(p + 2, (unsigned)(n - 4));
    return n;
}

static size_t put_record(uint8_t *p, unsigned type, const uint8_t *bytes, size_t n)
{
    p[0] = (uint8_t)type;
    put16(p + 1, 0x0303);
    put16(p + 3, (unsigned)n);
    memcpy(p + 5, bytes, n);
    return 5 + n;
}

/* TLS 1.3, and one request and its answer of encrypted records. */
static void tls(void *maker, uint64_t i)
{
    enum { CHANGE = 20, HANDSHAKE = 22, DATA = 23 };
    static const uint8_t noise[1400];
    struct talk t = talk_of(i, 443);
    uint8_t hello[512], p[4096];
    size_t n;

    shake_hands(maker, &t);
    n = put_record(p, HANDSHAKE, hello, put_client_hello(hello, i));
    stream(maker, &t, UP, p, n);
    n = put_record(p, HANDSHAKE, hello, put_server_hello(hello, i));
    n += put_record(p + n, CHANGE, (const uint8_t *)"\1", 1);
    n += put_record(p + n, DATA, noise, 1100);
    n += put_record(p + n, DATA, noise, 53);
    stream(maker, &t, DOWN, p, n);
    n = put_record(p, CHANGE, (const uint8_t *)"\1", 1);
    n += put_record(p + n, DATA, noise, 53);
    stream(maker, &t, UP, p, n);
    stream(maker, &t, UP, p, put_record(p, DATA, noise, 150));
    stream(maker, &t, DOWN, p, put_record(p, DATA, noise, 400));
}

static size_t put_question(uint8_t *p, uint64_t i)
{
    char label[24];
    size_t n = 12, label_n = (size_t)snprintf(label, sizeof label, "name-%llu", (unsigned long long)i);

    memset(p, 0, 96);
    put16(p, (unsigned)(i * 40503u));
    p[2] = 1;
    p[5] = 1;
    p[n++] = (uint8_t)label_n;
    memcpy(p + n, label, label_n);
    n += label_n;
    memcpy(p + n, "\7service\5local\0\0\1\0\1", 19);
    return n + 19;
}

static void unanswered_name(void *maker, uint64_t i)
{
    struct talk t = talk_of(i, 53);
    uint8_t question[96];

    datagram(maker, &t, UP, question, put_question(question, i));
}

static size_t put_frame(uint8_t *p, unsigned type, unsigned flags, uint32_t id, const void *bytes, size_t n)
{
    p[0] = (uint8_t)(n >> 16);
    put16(p + 1, (unsigned)(n & 0xffff));
    p[3] = (uint8_t)type;
    p[4] = (uint8_t)flags;
    put32(p + 5, id);
    memcpy(p + 9, bytes, n);
    return 9 + n;
}

/* GET of / and a path that is kept in the table. */
static void http2_streams(void *maker, uint64_t i)
{
    enum { STREAMS = 100, HEADERS_FRAME = 1, SETTINGS = 4, END = 5 };
    struct talk t = talk_of(i, 80);
    uint8_t p[8192], block[64];
    size_t n = 24;

    shake_hands(maker, &t);
    memcpy(p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    n += put_frame(p + n, SETTINGS, 0, 0, "", 0);
    for (uint32_t s = 0; s < STREAMS; s++) {
        /* RFC 7541: :method GET, :scheme http, a :path and an :authority that enter the table */
        size_t b =
            (size_t)snprintf((char *)block, sizeof block, "\x82\x86%c%c/%08u%c%c%s", 0x44, 9, s, 0x41, 6, "server");
        n += put_frame(p + n, HEADERS_FRAME, END, 2 * s + 1, block, b);
    }
    stream(maker, &t, UP, p, n);
    n = put_frame(p, SETTINGS, 0, 0, "", 0);
    stream(maker, &t, DOWN, p, n);
}

/* A head that goes on and on, and never ends. */
static void endless_head(void *maker, uint64_t i)
{
    enum { HEAD = 900 << 10 };
    static char head[HEAD];
    struct talk t = talk_of(i, 80);
    size_t n = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: heads\r\n");

    while (n + 40 < HEAD)
        n += (size_t)snprintf(head + n, HEAD - n, "X-Field-%07zu: 0123456789abcdef\r\n", n);
    shake_hands(maker, &t);
    stream(maker, &t, UP, head, n);
}

static void large_head(void *maker, uint64_t i)
{
    enum { HEAD = 60 << 10 };
    static char head[HEAD + 8];
    struct talk t = talk_of(i, 80);
    size_t n = (size_t)snprintf(head, HEAD, "GET / HTTP/1.1\r\nHost: heads\r\n");

    while (n + 70 < HEAD)
        n += (size_t)snprintf(head + n, HEAD - n, "X-Field-%07zu: 0123456789abcdef0123456789abcdef\r\n", n);
    n += (size_t)snprintf(head + n, 8, "\r\n");
    shake_hands(maker, &t);
    stream(maker, &t, UP, head, n);
}

static void hole(void *maker, uint64_t i)
{
    enum { HELD = 40 };
    static const char bytes[MSS];
    struct talk t = talk_of(i, 80);

    shake_hands(maker, &t);
    ask(maker, &t, i, "hole");
    t.seq[DOWN] += MSS;
    for (int k = 0; k < HELD; k++)
        packet(maker, &t, DOWN, PUSH | ACK, bytes, sizeof bytes);
}

/* Asked and never answered: each stays under way. */
static void pending(void *maker, uint64_t i)
{
    struct talk t = talk_of(i, 80);

    shake_hands(maker, &t);
    for (uint64_t k = 0; k < 4; k++)
        ask(maker, &t, i, "pending");
}

/* A client that half-closes may be answered yet: what ended later waits for it. */
static void waiting(void *maker, uint64_t i)
{
    struct talk t = talk_of(i, 80);

    shake_hands(maker, &t);
    ask(maker, &t, i, "waiting");
    packet(maker, &t, UP, FIN | ACK, "", 0);
    packet(maker, &t, DOWN, ACK, "", 0);
}

static void dns_over_tcp(void *maker, uint64_t i)
{
    static uint8_t message[60000] = {0xff, 0xff};
    struct talk t = talk_of(i, 53);

    message[2] = (uint8_t)i;
    shake_hands(maker, &t);
    stream(maker, &t, UP, message, sizeof message);
}

/* One flood after the other: what one left free, the next one is to use. */
static void mixed(void *maker, uint64_t i)
{
    static void (*const floods[])(void *, uint64_t) = {keep_alive, large_head, syn,     http2_streams,  hole,
                                                       pending,    tls,        waiting, unanswered_name};
    enum { LENGTH = 2000 };

    floods[i / LENGTH % (sizeof floods / sizeof *floods)](maker, i);
}

const struct traffic_kind traffic_kinds[] = {
    {"syn", 5000000, 200000, 5, syn},
    {"keep-alive", 1000000, 100000, 50, keep_alive},
    {"tls", 1000000, 60000, 50, tls},
    {"dns", 1000000, 100000, 5, unanswered_name},
    {"http2", 20000, 2000, 5, http2_streams},
    {"endless-heads", 2000, 200, 5, endless_head},
    {"large-heads", 20000, 1500, 5, large_head},
    {"holes", 40000, 3000, 5, hole},
    {"pending", 500000, 40000, 50, pending},
    {"waiting", 1000000, 80000, 5, waiting},
    {"mixed", 60000, 8000, 5, mixed},
    {"dns-over-tcp", 20000, 1500, 5, dns_over_tcp},
};
const size_t traffic_kind_count = sizeof traffic_kinds / sizeof *traffic_kinds;

long traffic_write(FILE *to, const struct traffic_kind *kind, uint64_t n)
{
    static const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t unused[2], snaplen, link_type;
    } header = {.magic = 0xa1b2c3d4, .major = 2, .minor = 4, .snaplen = 262144, .link_type = 1};
    struct maker m = {.to = to, .step_us = kind->step_us, .ts_us = (uint64_t)1767225600 * 1000000};
    uint64_t every = n < 10 * CANARY_EVERY ? n / 10 : CANARY_EVERY;
    long canaries = 0;

    (void)fwrite(&header, 1, sizeof header, to);
    for (uint64_t i = 0; i < n && ferror(to) == 0; i++) {
        kind->one(&m, i);
        if (i % every == every - 1) {
            canary(&m, i);
            canaries++;
        }
    }
    return fflush(to) == 0 && ferror(to) == 0 ? canaries : -1;
}
