#include "capture.h"

#include <stdio.h>

#include "support/cmocka_all.h"
#include "support/peers.h"

void capture_begin(struct buf *b)
{
    peers_begin(b);
}

static void packet(struct buf *b, uint32_t second, uint32_t us, struct peer *from, const struct peer *to,
                   unsigned flags, const char *payload)
{
    peers_packet(b, second * UINT64_C(1000000000) + us * 1000u, from, to, flags, payload);
}

void capture_exchange(struct buf *b, unsigned n, unsigned status, const char *field)
{
    struct peer c = {0x0a000001, (uint16_t)(40000 + n), 100}, s = {0x0a000002, 80, 500};
    char request[256], response[256];
    uint32_t t = 1000 + n;

    snprintf(request, sizeof request, "GET /%u HTTP/1.1\r\nHost: web.test\r\nX-Test: %s\r\n\r\n", n, field);
    snprintf(response, sizeof response, "HTTP/1.1 %u X\r\nContent-Length: 2\r\n\r\nhi", status);
    packet(b, t, 0, &c, &s, PEER_SYN, "");
    packet(b, t, 100, &s, &c, PEER_SYN | PEER_ACK, "");
    packet(b, t, 200, &c, &s, PEER_ACK, "");
    packet(b, t, 300, &c, &s, PEER_ACK, request);
    packet(b, t, 5300, &s, &c, PEER_ACK, response);
    packet(b, t, 5400, &c, &s, PEER_FIN | PEER_ACK, "");
    packet(b, t, 5500, &s, &c, PEER_FIN | PEER_ACK, "");
    packet(b, t, 5600, &c, &s, PEER_ACK, "");
}

void capture_slow_around(struct buf *b, unsigned n)
{
    struct peer c = {0x0a000001, (uint16_t)(40000 + n), 100}, s = {0x0a000002, 80, 500};
    char request[64];
    uint32_t t = 1000 + n;

    snprintf(request, sizeof request, "GET /%u HTTP/1.1\r\nHost: web.test\r\n\r\n", n);
    packet(b, t, 0, &c, &s, PEER_SYN, "");
    packet(b, t, 100, &s, &c, PEER_SYN | PEER_ACK, "");
    packet(b, t, 200, &c, &s, PEER_ACK, "");
    packet(b, t, 300, &c, &s, PEER_ACK, request);
    capture_exchange(b, n + 1, 200, "plain");
    packet(b, t + 10, 0, &s, &c, PEER_ACK, "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nhi");
    packet(b, t + 10, 100, &c, &s, PEER_FIN | PEER_ACK, "");
    packet(b, t + 10, 200, &s, &c, PEER_FIN | PEER_ACK, "");
    packet(b, t + 10, 300, &c, &s, PEER_ACK, "");
}

void capture_refused(struct buf *b, unsigned n)
{
    struct peer c = {0x0a000001, (uint16_t)(40000 + n), 100}, s = {0x0a000002, 81, 0};

    packet(b, 1000 + n, 0, &c, &s, PEER_SYN, "");
    packet(b, 1000 + n, 100, &s, &c, PEER_RST | PEER_ACK, "");
}

void capture_save(const struct buf *b, const char *path)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
    assert_int_equal(fclose(f), 0);
}
