#include "extract/scrub/place.h"

enum { TCP_LEAST = 20, TCP_MOST = 60, UDP_HEADER = 8, IPV4_LEAST = 20, IPV6_HEADER = 40, FRAGMENT_HEADER = 8 };

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static bool has_ports(const uint8_t *h, const struct endpoint *src, const struct endpoint *dst)
{
    return be16(h) == src->port && be16(h + 2) == dst->port;
}

/* The header that says itself how long it is, and is as long as the way to the payload: nothing in front of it is read. */
size_t place_tcp_header(const struct packet *p)
{
    for (size_t n = TCP_LEAST; n <= TCP_MOST; n += 4) {
        const uint8_t *h = p->payload.p - n;
        if ((size_t)(h[12] >> 4) * 4 == n)
            return has_ports(h, &p->src, &p->dst) && be32(h + 4) == p->tcp.seq ? n : 0;
    }
    return 0;
}

uint8_t *place_checksum(const struct packet *p, uint8_t *frame, size_t n)
{
    enum { TCP_FIELD = 16, UDP_FIELD = 6 };

    if (p->payload.p == NULL || p->payload.p < frame || p->payload.p > frame + n || p->payload.n < p->payload_len)
        return NULL;
    uint8_t *payload = frame + (p->payload.p - frame);
    if (p->kind == PACKET_TCP) {
        size_t header = place_tcp_header(p);
        return header > 0 ? payload - header + TCP_FIELD : NULL;
    }
    if (p->kind != PACKET_UDP || !has_ports(payload - UDP_HEADER, &p->src, &p->dst))
        return NULL;
    uint8_t *checksum = payload - UDP_HEADER + UDP_FIELD;
    return be16(checksum) != 0 ? checksum : NULL;
}

static struct place_ip ipv4_at(const struct packet *p, uint8_t *h, size_t n)
{
    size_t header = (size_t)(h[0] & 0x0f) * 4, total = be16(h + 2);

    if (h[0] >> 4 != 4 || header < IPV4_LEAST || header > n || memcmp(h + 12, p->src.ip.bytes, 4) != 0 ||
        memcmp(h + 16, p->dst.ip.bytes, 4) != 0)
        return (struct place_ip){0};
    size_t left = n - header, told = total > header ? total - header : left;
    return (struct place_ip){h + header, left < told ? left : told, (be16(h + 6) & 0x1fffu) * 8u, h[9]};
}

static struct place_ip ipv6_at(const struct packet *p, uint8_t *h, size_t n)
{
    enum { NEXT_FRAGMENT = 44 };

    if (n < IPV6_HEADER || h[0] >> 4 != 6 || memcmp(h + 8, p->src.ip.bytes, 16) != 0 ||
        memcmp(h + 24, p->dst.ip.bytes, 16) != 0)
        return (struct place_ip){0};
    size_t left = n - IPV6_HEADER;
    struct place_ip found = {h + IPV6_HEADER, left < be16(h + 4) ? left : be16(h + 4), 0, h[6]};
    if (found.protocol == NEXT_FRAGMENT && found.payload_n >= FRAGMENT_HEADER) {
        found.protocol = found.payload[0];
        found.offset = be16(found.payload + 2) & 0xfff8u;
        found.payload += FRAGMENT_HEADER;
        found.payload_n -= FRAGMENT_HEADER;
    }
    return found;
}

struct place_ip place_ip(const struct packet *p, uint8_t *frame, size_t n)
{
    for (size_t at = n; at > 0; at--) {
        uint8_t *h = frame + at - 1;
        size_t left = n - (at - 1);
        if (left < IPV4_LEAST)
            continue;
        struct place_ip found = p->src.ip.family == 4 ? ipv4_at(p, h, left) : ipv6_at(p, h, left);
        if (found.payload != NULL)
            return found;
    }
    return (struct place_ip){0};
}

/* Behind the ICMP header of eight bytes stands an IP header, and behind that the transport's. */
struct place_quote place_quote(const struct packet *p, uint8_t *frame, size_t n)
{
    enum { ICMP_HEADER = 8 };
    struct place_ip icmp = place_ip(p, frame, n);
    struct packet quoted = {.src = p->icmp.quoted_src, .dst = p->icmp.quoted_dst};

    if (icmp.payload == NULL || icmp.payload_n < ICMP_HEADER)
        return (struct place_quote){0};
    struct place_ip ip = place_ip(&quoted, icmp.payload + ICMP_HEADER, icmp.payload_n - ICMP_HEADER);
    if (ip.payload == NULL || ip.payload_n < UDP_HEADER)
        return (struct place_quote){0};
    size_t header = UDP_HEADER;
    if (p->icmp.quoted_kind == PACKET_TCP)
        header = ip.payload_n >= TCP_LEAST ? (size_t)(ip.payload[12] >> 4) * 4 : ip.payload_n;
    if (header > ip.payload_n)
        return (struct place_quote){0};
    return (struct place_quote){ip.payload + header, icmp.payload + 2, ip.payload_n - header};
}
