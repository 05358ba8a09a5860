/* ICMP (RFC 792) and ICMPv6 (RFC 4443) errors, and the packet they quote. */
#include "packet/walk.h"

/* IPv6 extension headers that a quote is followed through. */
enum { QUOTED_EXTENSIONS_MAX = 8 };

/* The bytes of a quote may end early: an ICMP error owes only eight bytes of the transport header. */
static uint8_t quoted_ipv4(struct reader *r, struct packet_icmp *icmp)
{
    const uint8_t *h = reader_take(r, 20);

    if (h == NULL)
        return 0;
    uint32_t header = (h[0] & 0x0fu) * 4;
    bool later_fragment = (load_be16(h + 6) & 0x1fff) != 0;
    if (h[0] >> 4 != 4 || header < 20 || later_fragment)
        return 0;
    reader_skip(r, header - 20);
    icmp->quoted_src.ip = ip_from_v4(h + 12);
    icmp->quoted_dst.ip = ip_from_v4(h + 16);
    return h[9];
}

/* Bytes of an extension header after its first eight; -1: it is none, or hides the transport header. */
static int quoted_extension_rest(uint8_t protocol, const uint8_t *h)
{
    switch (protocol) {
    case 0:
    case 43:
    case 60:
    case 135:
        return h[1] * 8;
    case 44:
        return (load_be16(h + 2) & 0xfff8) == 0 ? 0 : -1;
    case 51:
        return h[1] * 4;
    default:
        return -1;
    }
}

static bool is_extension(uint8_t protocol)
{
    return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60 || protocol == 135;
}

static uint8_t quoted_ipv6(struct reader *r, struct packet_icmp *icmp)
{
    const uint8_t *h = reader_take(r, 40);

    if (h == NULL || h[0] >> 4 != 6)
        return 0;
    uint8_t protocol = h[6];
    icmp->quoted_src.ip = ip_from_v6(h + 8);
    icmp->quoted_dst.ip = ip_from_v6(h + 24);
    for (int i = 0; i < QUOTED_EXTENSIONS_MAX && is_extension(protocol); i++) {
        const uint8_t *extension = reader_take(r, 8);
        int rest = extension != NULL ? quoted_extension_rest(protocol, extension) : -1;
        if (rest < 0)
            return 0;
        protocol = extension[0];
        reader_skip(r, (size_t)rest);
    }
    return protocol;
}

static void error_message(struct packet_walk *w, bool is_error,
                          uint8_t (*quoted_ip)(struct reader *, struct packet_icmp *))
{
    enum { TCP = 6, UDP = 17 };
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    if (!is_error) {
        walk_drop(w, PACKET_DROP_OTHER_TRANSPORT);
        return;
    }
    struct packet *out = w->out;
    struct reader r = w->r;
    out->icmp = (struct packet_icmp){.type = h[0], .code = h[1]};
    uint8_t protocol = quoted_ip(&r, &out->icmp);
    const uint8_t *transport = reader_take(&r, 8);
    if (transport == NULL || (protocol != TCP && protocol != UDP)) {
        bool cut = r.status == READ_SHORT && w->r.left < w->wire;
        walk_drop(w, cut ? PACKET_DROP_SHORT : PACKET_DROP_OTHER_TRANSPORT);
        return;
    }
    out->kind = PACKET_ICMP_ERROR;
    out->src.port = out->dst.port = 0;
    out->icmp.quoted_kind = protocol == TCP ? PACKET_TCP : PACKET_UDP;
    out->icmp.quoted_src.port = load_be16(transport);
    out->icmp.quoted_dst.port = load_be16(transport + 2);
    out->icmp.quoted_seq = protocol == TCP ? load_be32(transport + 4) : 0;
    out->payload = slice_of(NULL, 0);
    out->payload_len = 0;
    w->next = LAYER_END;
}

void packet_layer_icmp(struct packet_walk *w)
{
    enum { DESTINATION_UNREACHABLE = 3, TIME_EXCEEDED = 11 };
    uint8_t type = w->r.left > 0 ? w->r.p[0] : 0;

    error_message(w, type == DESTINATION_UNREACHABLE || type == TIME_EXCEEDED, quoted_ipv4);
}

void packet_layer_icmpv6(struct packet_walk *w)
{
    enum { DESTINATION_UNREACHABLE = 1, TIME_EXCEEDED = 3 }; /* 2: packet too big */
    uint8_t type = w->r.left > 0 ? w->r.p[0] : 0;

    error_message(w, type >= DESTINATION_UNREACHABLE && type <= TIME_EXCEEDED, quoted_ipv6);
}
