#include "capture.h"

#include <stdio.h>

#include "support/cmocka_all.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct peer {
    uint32_t ip;
    uint16_t port;
    uint32_t seq;
};

static void le32(struct buf *b, uint32_t v)
{
    const uint8_t p[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    buf_put(b, p, sizeof p);
}

static void be16(struct buf *b, unsigned v)
{
    const uint8_t p[] = {(uint8_t)(v >> 8), (uint8_t)v};
    buf_put(b, p, sizeof p);
}

static void be32(struct buf *b, uint32_t v)
{
    be16(b, v >> 16);
    be16(b, v & 0xffff);
}

void capture_begin(struct buf *b)
{
    le32(b, 0xa1b23c4d); /* nanoseconds */
    le32(b, 0x00040002);
    le32(b, 0);
    le32(b, 0);
    le32(b, 65535);
    le32(b, 101); /* LINKTYPE_RAW */
}

static void packet(struct buf *b, uint32_t second, uint32_t us, struct peer *from, const struct peer *to,
                   unsigned flags, const char *payload)
{
    uint32_t n = (uint32_t)strlen(payload);

    le32(b, second);
    le32(b, us * 1000);
    le32(b, 40 + n);
    le32(b, 40 + n);
    be16(b, 0x4500);
    be16(b, 40 + n);
    be32(b, 0);
    be16(b, 0x4006);
    be16(b, 0);
    be32(b, from->ip);
    be32(b, to->ip);
    be16(b, from->port);
    be16(b, to->port);
    be32(b, from->seq);
    be32(b, flags == SYN ? 0 : to->seq);
    be16(b, 0x5000 | flags);
    be16(b, 65535);
    be32(b, 0);
    buf_put(b, payload, n);
    from->seq += n + ((flags & (SYN | FIN)) != 0);
}

void capture_exchange(struct buf *b, unsigned n, unsigned status, const char *field)
{
    struct peer c = {0x0a000001, (uint16_t)(40000 + n), 100}, s = {0x0a000002, 80, 500};
    char request[256], response[256];
    uint32_t t = 1000 + n;

    snprintf(request, sizeof request, "GET /%u HTTP/1.1\r\nHost: web.test\r\nX-Test: %s\r\n\r\n", n, field);
    snprintf(response, sizeof response, "HTTP/1.1 %u X\r\nContent-Length: 2\r\n\r\nhi", status);
    packet(b, t, 0, &c, &s, SYN, "");
    packet(b, t, 100, &s, &c, SYN | ACK, "");
    packet(b, t, 200, &c, &s, ACK, "");
    packet(b, t, 300, &c, &s, ACK, request);
    packet(b, t, 5300, &s, &c, ACK, response);
    packet(b, t, 5400, &c, &s, FIN | ACK, "");
    packet(b, t, 5500, &s, &c, FIN | ACK, "");
    packet(b, t, 5600, &c, &s, ACK, "");
}

void capture_refused(struct buf *b, unsigned n)
{
    struct peer c = {0x0a000001, (uint16_t)(40000 + n), 100}, s = {0x0a000002, 81, 0};

    packet(b, 1000 + n, 0, &c, &s, SYN, "");
    packet(b, 1000 + n, 100, &s, &c, RST | ACK, "");
}

void capture_save(const struct buf *b, const char *path)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
    assert_int_equal(fclose(f), 0);
}
