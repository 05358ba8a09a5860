/* Tunnels over IP and over UDP. */
#include "packet/walk.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080, /* version 1 */
    PROTOCOL_ERSPAN = 0x88be,
    PROTOCOL_EOIP = 0x6400 /* MikroTik's Ethernet over IP, framed as PPTP's is */
};

/* RFC 1701: source route entries up to one of length 0. */
static bool gre_routing(struct packet_walk *w)
{
    const uint8_t *h;

    while ((h = walk_take(w, 4)) != NULL && h[3] != 0)
        if (walk_take(w, h[3]) == NULL)
            return false;
    return h != NULL;
}

/* RFC 2637 4.1: enhanced GRE carries PPP; without a sequence number it is only an acknowledgement. */
static void gre_enhanced(struct packet_walk *w, uint16_t flags, uint16_t protocol)
{
    uint32_t rest = 4 + ((flags & GRE_SEQUENCE) != 0 ? 4u : 0) + ((flags & GRE_ACK) != 0 ? 4u : 0);

    if (walk_take(w, rest) == NULL)
        return;
    if (protocol == PROTOCOL_EOIP)
        w->next = LAYER_ETHERNET;
    else if ((flags & GRE_SEQUENCE) != 0)
        w->next = LAYER_PPP;
    else
        walk_not_ip(w);
}

/* Aruba's access points send 802.11 frames under 0x8200, 0x8210 and so on to 0x83f0. */
static bool is_aruba(uint16_t protocol)
{
    return (protocol & 0xfe0f) == 0x8200;
}

/* RFC 2784, RFC 2890 */
void packet_layer_gre(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    uint16_t flags = load_be16(h), protocol = load_be16(h + 2);
    if ((flags & 0x07) == 1) {
        gre_enhanced(w, flags, protocol);
        return;
    }
    if ((flags & 0x07) != 0) {
        walk_not_ip(w);
        return;
    }
    uint32_t optional = ((flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0 ? 4u : 0) + ((flags & GRE_KEY) != 0 ? 4u : 0) +
                        ((flags & GRE_SEQUENCE) != 0 ? 4u : 0);
    if (walk_take(w, optional) == NULL || ((flags & GRE_ROUTING) != 0 && !gre_routing(w)))
        return;
    /* ERSPAN type I has no header, and is known by GRE's missing sequence number. */
    if (protocol == PROTOCOL_ERSPAN && (flags & GRE_SEQUENCE) == 0)
        w->next = LAYER_ETHERNET;
    else if (is_aruba(protocol))
        w->next = LAYER_WIFI;
    else
        walk_ethertype(w, protocol);
}

void packet_layer_erspan_2(struct packet_walk *w)
{
    walk_skip_to(w, 8, LAYER_ETHERNET);
}

/* draft-foschiano-erspan 4.3 */
void packet_layer_erspan_3(struct packet_walk *w)
{
    enum { FRAME_ETHERNET = 0, FRAME_IP = 2 };
    const uint8_t *h = walk_take(w, 12);

    if (h == NULL)
        return;
    uint8_t frame_type = h[10] >> 2 & 0x1f;
    bool subheader = (h[11] & 0x01) != 0;
    if (frame_type == FRAME_ETHERNET || frame_type == FRAME_IP)
        walk_skip_to(w, subheader ? 8 : 0, frame_type == FRAME_IP ? LAYER_IP : LAYER_ETHERNET);
    else
        walk_not_ip(w);
}

/* Version 2 puts a redirect header before the packet. */
void packet_layer_wccp(struct packet_walk *w)
{
    if (walk_peek(w, 6) != NULL)
        walk_skip_to(w, walk_sees_ip(w) ? 0 : 4, LAYER_IP);
}

/* RFC 3378 */
void packet_layer_etherip(struct packet_walk *w)
{
    walk_skip_to(w, 2, LAYER_ETHERNET);
}

/* RFC 7348 5: reserved bits do not matter. draft-ietf-nvo3-vxlan-gpe's next protocol comes on VXLAN's port too; where
 * it names none, the bit for it is one that does not matter. */
void packet_layer_vxlan(struct packet_walk *w)
{
    enum { VNI_VALID = 0x08, NEXT_PROTOCOL = 0x04, ETHERNET = 3 };
    static const uint8_t protocols[] = {
        [1] = LAYER_IPV4, [2] = LAYER_IPV6, [ETHERNET] = LAYER_ETHERNET, [4] = LAYER_NSH, [5] = LAYER_MPLS};
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    bool named = (h[0] & NEXT_PROTOCOL) != 0 && h[3] > 0 && h[3] < sizeof protocols;
    uint8_t protocol = named ? h[3] : ETHERNET;
    if ((h[0] & VNI_VALID) == 0) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    walk_add_to_path(w, 'x', load_be24(h + 4));
    w->next = (enum packet_layer)protocols[protocol];
}

/* RFC 8926 3.4 */
void packet_layer_geneve(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    if (h[0] >> 6 != 0) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    walk_add_to_path(w, 'g', load_be24(h + 4));
    if (walk_take(w, (h[0] & 0x3fu) * 4) != NULL)
        walk_ethertype(w, load_be16(h + 2));
}

/* Extension headers count four-byte words and end with the type of the next one (3GPP TS 29.281 5.2.1). */
static bool gtp_u_extensions(struct packet_walk *w, uint8_t type)
{
    while (type != 0) {
        const uint8_t *h = walk_take(w, 4);
        if (h == NULL)
            return false;
        uint32_t rest = h[0] * 4u - 4;
        if (h[0] == 0) {
            walk_drop(w, PACKET_DROP_MALFORMED);
            return false;
        }
        if (rest > 0 && (h = walk_take(w, rest)) == NULL)
            return false;
        type = h[(rest > 0 ? rest : 4) - 1];
    }
    return true;
}

/* 3GPP TS 29.281 5.1. The tunnel id differs per direction, so that it is no part of the path. */
void packet_layer_gtp_u(struct packet_walk *w)
{
    enum { VERSION_1 = 0x30, VERSION_MASK = 0xf0, EXTENSION = 0x04, OPTIONAL = 0x07, G_PDU = 0xff };
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    uint8_t flags = h[0];
    if ((flags & VERSION_MASK) != VERSION_1 || h[1] != G_PDU) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    if ((flags & OPTIONAL) != 0) {
        h = walk_take(w, 4);
        if (h == NULL || ((flags & EXTENSION) != 0 && !gtp_u_extensions(w, h[3])))
            return;
    }
    w->next = LAYER_IP;
}

/* RFC 4380 5.1.1: authentication (0x0001) and origin (0x0000) may stand before the IPv6 packet. */
void packet_layer_teredo(struct packet_walk *w)
{
    enum { AUTHENTICATION = 0x0001, ORIGIN = 0x0000 };

    if (w->r.left >= 4 && load_be16(w->r.p) == AUTHENTICATION) {
        uint32_t bytes = 13u + w->r.p[2] + w->r.p[3];
        if (walk_take(w, bytes) == NULL)
            return;
    }
    if (w->r.left >= 2 && load_be16(w->r.p) == ORIGIN && walk_take(w, 8) == NULL)
        return;
    bool ipv6 = w->r.left >= 6 && w->r.p[0] >> 4 == 6 && load_be16(w->r.p + 4) + 40u == w->wire;
    if (ipv6)
        w->next = LAYER_IPV6;
    else
        walk_drop(w, PACKET_DROP_MALFORMED);
}

/* RFC 2661 3.1 */
void packet_layer_l2tp(struct packet_walk *w)
{
    enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 0x000f };
    const uint8_t *h = walk_take(w, 2);

    if (h == NULL)
        return;
    uint16_t flags = load_be16(h);
    if ((flags & CONTROL) != 0 || (flags & VERSION) != 2) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    uint32_t rest = 4 + ((flags & LENGTH) != 0 ? 2u : 0) + ((flags & SEQUENCE) != 0 ? 4u : 0);
    if (walk_take(w, rest) == NULL)
        return;
    w->next = LAYER_PPP;
    if ((flags & OFFSET) == 0)
        return;
    h = walk_take(w, 2);
    if (h != NULL)
        walk_skip_to(w, load_be16(h), LAYER_PPP);
}
