/* Ethernet and what is found by EtherType: tags, LLC, MPLS, PPPoE and PPP. */
#include "packet/walk.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_CTAG = 0x8100,
    ETHERTYPE_TEB = 0x6558, /* Transparent Ethernet Bridging: GRE, Geneve */
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_WCCP = 0x883e,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    ETHERTYPE_JUMBO_LLC = 0x8870,
    ETHERTYPE_STAG = 0x88a8,
    ETHERTYPE_ERSPAN_2 = 0x88be,
    ETHERTYPE_ERSPAN_3 = 0x22eb,
    ETHERTYPE_MACSEC = 0x88e5,
    ETHERTYPE_PBB = 0x88e7,
    ETHERTYPE_FABRIC_PATH = 0x8903,
    ETHERTYPE_CISCO_METADATA = 0x8909,
    ETHERTYPE_VN_TAG = 0x8926,
    ETHERTYPE_HSR = 0x892f,
    ETHERTYPE_E_TAG = 0x893f,
    ETHERTYPE_NSH = 0x894f,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MIN = 0x0600 /* below: an IEEE 802.3 length */
};

static void skip_tag(struct packet_walk *w, uint8_t bytes)
{
    w->tag_bytes = bytes;
    w->next = LAYER_SKIP_TAG;
}

void walk_ethertype(struct packet_walk *w, uint16_t type)
{
    switch (type) {
    case ETHERTYPE_IPV4:
        w->next = LAYER_IPV4;
        return;
    case ETHERTYPE_IPV6:
        w->next = LAYER_IPV6;
        return;
    case ETHERTYPE_CTAG:
    case ETHERTYPE_STAG:
    case 0x9100: /* QinQ before IEEE 802.1ad */
    case 0x9200:
        w->next = LAYER_VLAN;
        return;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        w->next = LAYER_MPLS;
        return;
    case ETHERTYPE_PPPOE_SESSION:
        w->next = LAYER_PPPOE;
        return;
    case ETHERTYPE_PPP:
        w->next = LAYER_PPP;
        return;
    case ETHERTYPE_TEB:
        w->next = LAYER_ETHERNET;
        return;
    case ETHERTYPE_PBB:
        w->next = LAYER_PBB;
        return;
    case ETHERTYPE_MACSEC:
        w->next = LAYER_MACSEC;
        return;
    case ETHERTYPE_NSH:
        w->next = LAYER_NSH;
        return;
    case ETHERTYPE_WCCP:
        w->next = LAYER_WCCP;
        return;
    case ETHERTYPE_ERSPAN_2:
        w->next = LAYER_ERSPAN_2;
        return;
    case ETHERTYPE_ERSPAN_3:
        w->next = LAYER_ERSPAN_3;
        return;
    case ETHERTYPE_JUMBO_LLC:
        w->next = LAYER_LLC;
        return;
    case ETHERTYPE_FABRIC_PATH:
        walk_skip_to(w, 2, LAYER_ETHERNET);
        return;
    case ETHERTYPE_VN_TAG:
    case ETHERTYPE_HSR:
        skip_tag(w, 4);
        return;
    case ETHERTYPE_E_TAG:
    case ETHERTYPE_CISCO_METADATA:
        skip_tag(w, 6);
        return;
    default:
        walk_not_ip(w);
    }
}

static void type_or_length(struct packet_walk *w, uint16_t type)
{
    if (type < ETHERTYPE_MIN)
        w->next = LAYER_LLC;
    else
        walk_ethertype(w, type);
}

void packet_layer_ethernet(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 14);

    if (h != NULL)
        type_or_length(w, load_be16(h + 12));
}

void packet_layer_type_field(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 2);

    if (h != NULL)
        type_or_length(w, load_be16(h));
}

void packet_layer_skip_tag(struct packet_walk *w)
{
    walk_skip_to(w, w->tag_bytes, LAYER_TYPE_FIELD);
}

void packet_layer_vlan(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    /* Id 0 is a priority tag, no VLAN (IEEE 802.1Q 9.6): one direction may carry it and the other not. */
    uint16_t id = load_be16(h) & 0x0fff;
    if (id != 0)
        walk_add_to_path(w, 'v', id);
    type_or_length(w, load_be16(h + 2));
}

void packet_layer_pbb(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    walk_add_to_path(w, 'i', load_be24(h + 1));
    w->next = LAYER_ETHERNET;
}

/* IEEE 802.1AE 9.3; only frames that are signed but not encrypted show what they carry. */
void packet_layer_macsec(struct packet_walk *w)
{
    enum { HAS_SCI = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };
    const uint8_t *h = walk_take(w, 6);

    if (h == NULL)
        return;
    if ((h[0] & (ENCRYPTED | CHANGED)) != 0)
        walk_not_ip(w);
    else
        walk_skip_to(w, (h[0] & HAS_SCI) != 0 ? 8 : 0, LAYER_TYPE_FIELD);
}

void packet_layer_llc(struct packet_walk *w)
{
    enum { SAP_IP = 0x06, SAP_SNAP = 0xaa, UNNUMBERED_INFORMATION = 0x03 };
    const uint8_t *h = walk_take(w, 3);

    if (h == NULL)
        return;
    if (h[0] == SAP_IP && h[2] == UNNUMBERED_INFORMATION) {
        w->next = LAYER_IPV4;
        return;
    }
    if (h[0] != SAP_SNAP || h[1] != SAP_SNAP || h[2] != UNNUMBERED_INFORMATION) {
        walk_not_ip(w);
        return;
    }
    h = walk_take(w, 5);
    if (h == NULL)
        return;
    /* RFC 1042, and IEEE 802.1H's bridge tunnel, which carries EtherTypes as well. */
    uint32_t oui = load_be24(h);
    if (oui == 0x000000 || oui == 0x0000f8)
        walk_ethertype(w, load_be16(h + 3));
    else
        walk_not_ip(w);
}

/* What a label stack carries is known to its routers only: RFC 4928's first nibble, then a pseudowire's control
 * word (RFC 4385), then bare Ethernet. */
static enum packet_layer below_labels(const struct packet_walk *w)
{
    if (walk_sees_ip(w))
        return LAYER_IP;
    return LAYER_ETHERNET;
}

void packet_layer_mpls(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 4);

    if (h == NULL)
        return;
    bool bottom = (h[2] & 0x01) != 0;
    if (!bottom) {
        w->next = LAYER_MPLS;
        return;
    }
    w->next = below_labels(w);
    bool control_word = w->next == LAYER_ETHERNET && w->r.left > 0 && w->r.p[0] >> 4 == 0;
    if (control_word)
        walk_skip_to(w, 4, LAYER_ETHERNET);
}

/* RFC 2516 4 */
void packet_layer_pppoe(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 6);

    if (h == NULL)
        return;
    if (h[0] != 0x11)
        walk_drop(w, PACKET_DROP_MALFORMED);
    else if (h[1] != 0)
        walk_not_ip(w);
    else
        w->next = LAYER_PPP;
}

/* The protocol field, one byte when compressed (RFC 1661 6.5); 0 and a finished walk when it is not there. */
static uint16_t ppp_protocol(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 1);

    if (h == NULL || (h[0] & 0x01) != 0)
        return h != NULL ? h[0] : 0;
    const uint8_t *low = walk_take(w, 1);
    return low != NULL ? (uint16_t)((unsigned)h[0] << 8 | low[0]) : 0;
}

void packet_layer_ppp(struct packet_walk *w)
{
    const uint8_t *start = walk_peek(w, 2);

    if (start == NULL)
        return;
    /* Address and control are left out after negotiation (RFC 1662 3.2). */
    if (start[0] == 0xff && start[1] == 0x03)
        (void)walk_take(w, 2);
    uint16_t protocol = ppp_protocol(w);
    if (w->next == LAYER_END)
        return;
    switch (protocol) {
    case 0x0021:
        w->next = LAYER_IPV4;
        return;
    case 0x0057:
        w->next = LAYER_IPV6;
        return;
    case 0x0031: /* bridging, RFC 3518: flags, MAC type, then LAN frame */
        walk_skip_to(w, 2, LAYER_ETHERNET);
        return;
    case 0x0281:
    case 0x0283:
        w->next = LAYER_MPLS;
        return;
    default:
        walk_not_ip(w);
    }
}

/* RFC 8300 2.2: the length counts four-byte words. */
void packet_layer_nsh(struct packet_walk *w)
{
    static const uint8_t protocols[] = {
        [1] = LAYER_IPV4, [2] = LAYER_IPV6, [3] = LAYER_ETHERNET, [4] = LAYER_NSH, [5] = LAYER_MPLS};
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    uint32_t bytes = (h[1] & 0x3fu) * 4;
    uint8_t protocol = h[3];
    if (bytes < 8)
        walk_drop(w, PACKET_DROP_MALFORMED);
    else if (protocol == 0 || protocol >= sizeof protocols)
        walk_not_ip(w);
    else
        walk_skip_to(w, bytes - 8, (enum packet_layer)protocols[protocol]);
}
