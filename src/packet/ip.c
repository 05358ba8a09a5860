/* IPv4 (RFC 791), IPv6 (RFC 8200) and the headers between them and the transport. */
#include "packet/walk.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

/* A MAC address may begin as an IP header does. Not with 0x45, which would be a group address; for all else the
 * length must fit as well, up to an Ethernet trailer. Length 0 is segmentation offload. */
bool walk_sees_ip(const struct packet_walk *w)
{
    enum { TRAILER_MAX = 32, IPV4_WITHOUT_OPTIONS = 0x45, IPV4_WITH_OPTIONS_MIN = 0x46 };

    if (w->r.left < 6)
        return false;
    uint8_t first = w->r.p[0];
    if (first == IPV4_WITHOUT_OPTIONS)
        return true;
    bool v4 = first >= IPV4_WITH_OPTIONS_MIN && first >> 4 == 4;
    bool v6 = first >> 4 == 6;
    uint32_t length = load_be16(w->r.p + (v4 ? 2 : 4));
    uint32_t total = v4 ? length : length + IPV6_HEADER;
    bool fits = total <= w->wire && w->wire - total <= TRAILER_MAX;
    return (v4 || v6) && (length == 0 || fits);
}

static bool ipv6_only(const struct packet_walk *w)
{
    return w->out->src.ip.family == 6;
}

static void take_protocol(struct packet_walk *w, uint8_t protocol)
{
    switch (protocol) {
    case 6:
        w->next = LAYER_TCP;
        return;
    case 17:
        w->next = LAYER_UDP;
        return;
    case 0:   /* hop-by-hop options */
    case 43:  /* routing */
    case 60:  /* destination options */
    case 135: /* mobility */
    case 139: /* host identity */
    case 140: /* shim6 */
        if (!ipv6_only(w))
            break;
        w->next = LAYER_IPV6_EXTENSION;
        return;
    case 44:
        if (!ipv6_only(w))
            break;
        w->next = LAYER_IPV6_FRAGMENT;
        return;
    case 1:
        if (ipv6_only(w))
            break;
        w->next = LAYER_ICMP;
        return;
    case 58:
        if (!ipv6_only(w))
            break;
        w->next = LAYER_ICMPV6;
        return;
    case 4:
        w->next = LAYER_IPV4;
        return;
    case 41:
        w->next = LAYER_IPV6;
        return;
    case 47:
        w->next = LAYER_GRE;
        return;
    case 51:
        w->next = LAYER_AH;
        return;
    case 97:
        w->next = LAYER_ETHERIP;
        return;
    case 137: /* RFC 4023 */
        w->next = LAYER_MPLS;
        return;
    case 143: /* RFC 8986 */
        w->next = LAYER_ETHERNET;
        return;
    default:
        break;
    }
    walk_drop(w, PACKET_DROP_OTHER_TRANSPORT);
}

static void reassemble(struct packet_walk *w, struct fragment *f)
{
    struct fragment_datagram whole;

    f->key.src = w->out->src.ip;
    f->key.dst = w->out->dst.ip;
    f->key.path = walk_path_hash(w);
    f->ts_ns = w->out->mark.ts_ns;
    f->bytes = slice_of(w->r.p, w->r.left);
    f->len = w->wire;
    enum packet_drop state = fragment_add(w->fragments, f, &whole);
    if (state != PACKET_DECODED) {
        walk_drop(w, state);
        return;
    }
    w->r = reader_of_slice(whole.bytes);
    w->wire = whole.len;
    take_protocol(w, whole.protocol);
}

void packet_layer_ipv4(struct packet_walk *w)
{
    enum { MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff };
    const uint8_t *h = walk_take(w, IPV4_HEADER);

    if (h == NULL)
        return;
    uint32_t header = (h[0] & 0x0fu) * 4, total = load_be16(h + 2);
    /* Segmentation offload captures frames before the length is known. */
    if (total == 0)
        total = w->wire + IPV4_HEADER;
    if (h[0] >> 4 != 4 || header < IPV4_HEADER || total < header) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    walk_set_wire(w, total - IPV4_HEADER);
    if (header > IPV4_HEADER && walk_take(w, header - IPV4_HEADER) == NULL)
        return;
    w->ip_headers++;
    walk_set_v4(&w->out->src.ip, h + 12);
    walk_set_v4(&w->out->dst.ip, h + 16);
    w->out->ip_id = load_be16(h + 4);
    w->out->ttl = h[8];
    uint16_t flags = load_be16(h + 6);
    if ((flags & (MORE_FRAGMENTS | OFFSET_MASK)) == 0) {
        take_protocol(w, h[9]);
        return;
    }
    struct fragment f = {.key = {.id = load_be16(h + 4), .protocol = h[9]}};
    f.protocol = h[9];
    f.offset = (flags & OFFSET_MASK) * 8u;
    f.more = (flags & MORE_FRAGMENTS) != 0;
    reassemble(w, &f);
}

void packet_layer_ipv6(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, IPV6_HEADER);

    if (h == NULL)
        return;
    if (h[0] >> 4 != 6) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    /* 0 is a jumbogram (RFC 2675) or segmentation offload: either way the frame's own length counts. */
    uint16_t payload = load_be16(h + 4);
    if (payload != 0)
        walk_set_wire(w, payload);
    w->ip_headers++;
    w->out->src.ip = ip_from_v6(h + 8);
    w->out->dst.ip = ip_from_v6(h + 24);
    w->out->ip_id = 0;
    w->out->ttl = h[7];
    take_protocol(w, h[6]);
}

void packet_layer_ip(struct packet_walk *w)
{
    uint8_t version = w->r.left > 0 ? w->r.p[0] >> 4 : 4;

    if (version == 4)
        packet_layer_ipv4(w);
    else if (version == 6)
        packet_layer_ipv6(w);
    else
        walk_not_ip(w);
}

void packet_layer_ipv6_extension(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    if (h[1] == 0 || walk_take(w, h[1] * 8u) != NULL)
        take_protocol(w, h[0]);
}

void packet_layer_ipv6_fragment(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    uint16_t field = load_be16(h + 2);
    bool atomic = (field & 0xfff9) == 0; /* RFC 6946 */
    if (atomic) {
        take_protocol(w, h[0]);
        return;
    }
    struct fragment f = {.key = {.id = load_be32(h + 4)}};
    f.protocol = h[0];
    f.offset = field & 0xfff8u;
    f.more = (field & 0x0001) != 0;
    reassemble(w, &f);
}

/* RFC 4302 2.2: the length counts four-byte words, minus two. */
void packet_layer_ah(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, 8);

    if (h == NULL)
        return;
    if (h[1] == 0 || walk_take(w, h[1] * 4u) != NULL)
        take_protocol(w, h[0]);
}
