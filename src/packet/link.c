/* Link types: what a frame begins with. Values and layouts: pcap-linktype(7). */
#include "packet/walk.h"

struct link_row {
    uint8_t layer; /* LAYER_END: not supported */
    uint8_t skip;  /* bytes before it */
};

static const struct link_row links[] = {
    [0] = {LAYER_LOOPBACK, 0},      /* NULL */
    [1] = {LAYER_ETHERNET, 0},      /* ETHERNET */
    [6] = {LAYER_TOKEN_RING, 0},    /* IEEE802_5 */
    [8] = {LAYER_IP, 16},           /* SLIP: direction, and 15 bytes for compressed headers */
    [9] = {LAYER_PPP, 0},           /* PPP */
    [10] = {LAYER_LLC, 13},         /* FDDI: frame control, addresses */
    [12] = {LAYER_IP, 0},           /* DLT_RAW of most systems, found in files */
    [14] = {LAYER_IP, 0},           /* DLT_RAW of OpenBSD */
    [50] = {LAYER_PPP_HDLC, 0},     /* PPP_HDLC */
    [51] = {LAYER_PPPOE, 0},        /* PPP_ETHER */
    [100] = {LAYER_LLC, 0},         /* ATM_RFC1483 */
    [101] = {LAYER_IP, 0},          /* RAW */
    [104] = {LAYER_CISCO_HDLC, 0},  /* C_HDLC */
    [105] = {LAYER_WIFI, 0},        /* IEEE802_11 */
    [106] = {LAYER_ATM_CLIP, 0},    /* ATM_CLIP */
    [107] = {LAYER_FRAME_RELAY, 0}, /* FRELAY */
    [108] = {LAYER_LOOPBACK, 0},    /* LOOP */
    [109] = {LAYER_IP, 12},         /* ENC: family, SPI, flags */
    [113] = {LAYER_COOKED_V1, 0},   /* LINUX_SLL */
    [117] = {LAYER_PFLOG, 0},       /* PFLOG */
    [119] = {LAYER_PRISM, 0},       /* IEEE802_11_PRISM */
    [122] = {LAYER_LLC, 16},        /* IP_OVER_FC: addresses */
    [123] = {LAYER_SUNATM, 0},      /* SUNATM */
    [127] = {LAYER_RADIOTAP, 0},    /* IEEE802_11_RADIOTAP */
    [129] = {LAYER_ARCNET, 0},      /* ARCNET_LINUX */
    [138] = {LAYER_TYPE_FIELD, 16}, /* APPLE_IP_OVER_IEEE1394: addresses */
    [149] = {LAYER_PKTAP, 0},       /* USER2: PKTAP as macOS writes it */
    [163] = {LAYER_PRISM, 0},       /* IEEE802_11_AVS: its length field stands at the same place */
    [166] = {LAYER_PPP_PPPD, 0},    /* PPP_PPPD */
    [192] = {LAYER_PPI, 0},         /* PPI */
    [204] = {LAYER_PPP, 1},         /* PPP_WITH_DIR */
    [226] = {LAYER_IP, 24},         /* IPNET */
    [228] = {LAYER_IPV4, 0},        /* IPV4 */
    [229] = {LAYER_IPV6, 0},        /* IPV6 */
    [239] = {LAYER_NFLOG, 0},       /* NFLOG */
    [242] = {LAYER_IPOIB, 0},       /* IPOIB */
    [258] = {LAYER_PKTAP, 0},       /* PKTAP */
    [274] = {LAYER_ETHERNET, 8},    /* ETHERNET_MPACKET: preamble */
    [276] = {LAYER_COOKED_V2, 0},   /* LINUX_SLL2 */
    [281] = {LAYER_TYPE_FIELD, 16}, /* DSA_TAG_BRCM: addresses, tag */
    [282] = {LAYER_ETHERNET, 4},    /* DSA_TAG_BRCM_PREPEND */
    [284] = {LAYER_TYPE_FIELD, 16}, /* DSA_TAG_DSA: addresses, tag */
    [285] = {LAYER_TYPE_FIELD, 20}, /* DSA_TAG_EDSA: addresses, EtherType, tag */
};

enum { LINK_TYPE_WIFI = 105 };

bool packet_link_type_known(uint32_t link_type)
{
    return link_type < sizeof links / sizeof links[0] && links[link_type].layer != LAYER_END;
}

void packet_layer_link(struct packet_walk *w)
{
    if (packet_link_type_known(w->link_type))
        walk_skip_to(w, links[w->link_type].skip, (enum packet_layer)links[w->link_type].layer);
    else
        walk_drop(w, PACKET_DROP_LINK_TYPE);
}

/* The address family of the capturing host, in its byte order (NULL) or the network's (LOOP). */
void packet_layer_loopback(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    uint32_t family = h[0] == 0 && h[1] == 0 ? load_be32(h) : load_le32(h);
    switch (family) {
    case 2:
        w->next = LAYER_IPV4;
        return;
    case 10: /* Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        w->next = LAYER_IPV6;
        return;
    default:
        walk_not_ip(w);
    }
}

void packet_layer_token_ring(struct packet_walk *w)
{
    enum { SOURCE_ROUTED = 0x80 };
    const uint8_t *h = walk_take(w, 14);

    if (h == NULL)
        return;
    w->next = LAYER_LLC;
    if ((h[8] & SOURCE_ROUTED) == 0)
        return;
    const uint8_t *routing = walk_take(w, 2);
    uint32_t bytes = routing != NULL ? routing[0] & 0x1fu : 0;
    if (bytes > 2)
        walk_skip_to(w, bytes - 2, LAYER_LLC);
}

/* An address of two to four bytes: the last one has its lowest bit set (ITU-T Q.922). */
static bool frame_relay_address(struct packet_walk *w)
{
    for (int n = 1; n <= 4; n++) {
        const uint8_t *h = walk_take(w, 1);
        if (h == NULL)
            return false;
        if (n >= 2 && (h[0] & 0x01) != 0)
            return true;
    }
    walk_drop(w, PACKET_DROP_MALFORMED);
    return false;
}

static void frame_relay_snap(struct packet_walk *w)
{
    const uint8_t *oui = walk_take(w, 3);

    if (oui == NULL)
        return;
    if (load_be24(oui) == 0)
        w->next = LAYER_TYPE_FIELD;
    else
        walk_not_ip(w);
}

static void frame_relay_nlpid(struct packet_walk *w, uint8_t nlpid)
{
    enum { PADDING = 0x00, SNAP = 0x80, IPV6 = 0x8e, IPV4 = 0xcc };

    if (nlpid == PADDING) {
        const uint8_t *h = walk_take(w, 1);
        if (h == NULL)
            return;
        nlpid = h[0];
    }
    if (nlpid == IPV4)
        w->next = LAYER_IPV4;
    else if (nlpid == IPV6)
        w->next = LAYER_IPV6;
    else if (nlpid == SNAP)
        frame_relay_snap(w);
    else
        walk_not_ip(w);
}

/* RFC 2427: control and NLPID; or, by Cisco's older way, an EtherType. */
void packet_layer_frame_relay(struct packet_walk *w)
{
    enum { UNNUMBERED_INFORMATION = 0x03 };

    if (!frame_relay_address(w))
        return;
    const uint8_t *h = walk_take(w, 2);
    if (h == NULL)
        return;
    if (h[0] == UNNUMBERED_INFORMATION)
        frame_relay_nlpid(w, h[1]);
    else
        walk_ethertype(w, load_be16(h));
}

void packet_layer_cisco_hdlc(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h != NULL)
        walk_ethertype(w, load_be16(h + 2));
}

/* PPP in HDLC framing, or Cisco's framing, which some drivers hand out under the same type. */
void packet_layer_ppp_hdlc(struct packet_walk *w)
{
    const uint8_t *h = walk_peek(w, 2);

    if (h != NULL)
        w->next = (h[0] == 0x0f || h[0] == 0x8f) && h[1] == 0x00 ? LAYER_CISCO_HDLC : LAYER_PPP;
}

/* The direction stands in the address byte's place. */
void packet_layer_ppp_pppd(struct packet_walk *w)
{
    const uint8_t *h = walk_peek(w, 2);

    if (h == NULL)
        return;
    bool ordinary = h[0] == 0xff;
    bool control = h[1] == 0x03;
    walk_skip_to(w, ordinary ? 0 : control ? 2 : 1, LAYER_PPP);
}

/* RFC 1051 and RFC 1201; the split packets of the latter stay cut. */
void packet_layer_arcnet(struct packet_walk *w)
{
    enum { RFC1051_IP = 240, RFC1201_IP = 212, RFC1201_IPV6 = 196, EXCEPTION = 0xff };
    const uint8_t *h = walk_take(w, 5);

    if (h == NULL)
        return;
    uint8_t type = h[4];
    if (type == RFC1051_IP) {
        w->next = LAYER_IPV4;
        return;
    }
    if (type != RFC1201_IP && type != RFC1201_IPV6) {
        walk_not_ip(w);
        return;
    }
    h = walk_take(w, 3);
    if (h == NULL)
        return;
    if (h[0] == EXCEPTION)
        h = walk_take(w, 4);
    if (h == NULL)
        return;
    bool first = h[0] == 0 || (h[0] & 0x01) != 0;
    if (first)
        w->next = LAYER_IP;
    else
        walk_not_ip(w);
}

void packet_layer_atm_clip(struct packet_walk *w)
{
    const uint8_t *h = walk_peek(w, 2);

    if (h != NULL)
        w->next = h[0] == 0xaa && h[1] == 0xaa ? LAYER_LLC : LAYER_IP;
}

void packet_layer_sunatm(struct packet_walk *w)
{
    enum { TYPE_LLC = 0x02 };
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    if ((h[0] & 0x0f) == TYPE_LLC)
        w->next = LAYER_LLC;
    else
        walk_not_ip(w);
}

/* EtherType, or one of Linux's own values: 4 means an LLC header follows. */
static void cooked_protocol(struct packet_walk *w, uint16_t protocol)
{
    if (protocol == 4)
        w->next = LAYER_LLC;
    else
        walk_ethertype(w, protocol);
}

void packet_layer_cooked_v1(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 16);

    if (h != NULL)
        cooked_protocol(w, load_be16(h + 14));
}

void packet_layer_cooked_v2(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 20);

    if (h != NULL)
        cooked_protocol(w, load_be16(h));
}

/* OpenBSD's and FreeBSD's pf: the first byte is the header's length without its padding. */
void packet_layer_pflog(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    uint32_t bytes = (h[0] + 3u) & ~3u;
    if (bytes < 4)
        walk_drop(w, PACKET_DROP_MALFORMED);
    else
        walk_skip_to(w, bytes - 4, LAYER_IP);
}

/* TLVs in the byte order of the capturing host, so the length is tried both ways; type 9 is the packet. */
void packet_layer_nflog(struct packet_walk *w)
{
    enum { PAYLOAD = 9 };
    const uint8_t *h = walk_take(w, 4);

    while (h != NULL && (h = walk_take(w, 4)) != NULL) {
        bool little = load_le16(h) >= 4 && load_le16(h) - 4u <= w->wire;
        uint16_t bytes = little ? load_le16(h) : load_be16(h);
        uint16_t type = little ? load_le16(h + 2) : load_be16(h + 2);
        if (bytes < 4) {
            walk_drop(w, PACKET_DROP_MALFORMED);
            return;
        }
        if (type == PAYLOAD) {
            walk_set_wire(w, bytes - 4u);
            w->next = LAYER_IP;
            return;
        }
        h = walk_take(w, ((bytes + 3u) & ~3u) - 4u);
    }
}

void packet_layer_ipoib(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 44);

    if (h != NULL)
        walk_ethertype(w, load_be16(h + 40));
}

/* Goes on with the link type that a metadata header names. */
static void inner_link(struct packet_walk *w, uint32_t header_bytes, uint32_t taken, uint32_t link_type)
{
    if (header_bytes < taken) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    w->link_type = link_type;
    walk_skip_to(w, header_bytes - taken, LAYER_LINK);
}

void packet_layer_pktap(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 12);

    if (h != NULL)
        inner_link(w, load_le32(h), 12, load_le32(h + 8));
}

void packet_layer_ppi(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 8);

    if (h != NULL)
        inner_link(w, load_le16(h + 2), 8, load_le32(h + 4));
}

/* Prism's message header is little-endian and AVS's big-endian, both with a length at 4; bare frames come too. */
void packet_layer_prism(struct packet_walk *w)
{
    const uint32_t avs_cookie = 0x80211000, avs_cookie_mask = 0xfffff000;

    const uint8_t *h = walk_peek(w, 8);

    if (h == NULL)
        return;
    bool avs = (load_be32(h) & avs_cookie_mask) == avs_cookie;
    bool prism = load_le32(h) == 0x41 || load_le32(h) == 0x44;
    if (!avs && !prism) {
        w->next = LAYER_WIFI;
        return;
    }
    (void)walk_take(w, 8);
    inner_link(w, avs ? load_be32(h + 4) : load_le32(h + 4), 8, LINK_TYPE_WIFI);
}
