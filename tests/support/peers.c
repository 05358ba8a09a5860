#include "support/peers.h"

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

void peers_begin(struct buf *b)
{
    le32(b, 0xa1b23c4d);
    le32(b, 0x00040002);
    le32(b, 0);
    le32(b, 0);
    le32(b, 65535);
    le32(b, 101); /* LINKTYPE_RAW */
}

void peers_packet(struct buf *b, uint64_t ns, struct peer *from, const struct peer *to, unsigned flags,
                  const char *payload)
{
    uint32_t n = (uint32_t)strlen(payload);

    le32(b, (uint32_t)(ns / 1000000000));
    le32(b, (uint32_t)(ns % 1000000000));
    le32(b, 40 + n);
    le32(b, 40 + n);
    be16(b, 0x4500);
    be16(b, 40 + n);
    be32(b, from->seq << 16); /* the identification: no copies of each other */
    be16(b, 0x4006);
    be16(b, 0);
    be32(b, from->ip);
    be32(b, to->ip);
    be16(b, from->port);
    be16(b, to->port);
    be32(b, from->seq);
    be32(b, flags == PEER_SYN ? 0 : to->seq);
    be16(b, 0x5000 | flags);
    be16(b, 65535);
    be32(b, 0);
    buf_put(b, payload, n);
    from->seq += n + ((flags & (PEER_SYN | PEER_FIN)) != 0);
}
