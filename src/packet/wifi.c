/* IEEE 802.11 data frames, and the radiotap header before them. */
#include "packet/walk.h"

enum { RADIOTAP_FLAG_PADDED = 0x20 };

/* The flags field comes after the present words and, when it is there, the eight aligned bytes of TSFT. */
static bool radiotap_padded(const uint8_t *h, uint32_t bytes)
{
    const uint32_t tsft = 1u << 0, flags = 1u << 1, extended = 1u << 31;
    uint32_t present = load_le32(h + 4);
    uint32_t at = 8;

    if ((present & flags) == 0)
        return false;
    for (uint32_t word = present; (word & extended) != 0; at += 4) {
        if (bytes - at < 4)
            return false;
        word = load_le32(h + at);
    }
    if ((present & tsft) != 0)
        at = ((at + 7) & ~7u) + 8;
    return at < bytes && (h[at] & RADIOTAP_FLAG_PADDED) != 0;
}

void packet_layer_radiotap(struct packet_walk *w)
{
    const uint8_t *h = walk_peek(w, 4);

    if (h == NULL)
        return;
    uint16_t bytes = load_le16(h + 2);
    if (bytes < 8) {
        walk_drop(w, PACKET_DROP_MALFORMED);
        return;
    }
    if (walk_take(w, bytes) == NULL)
        return;
    w->wifi_padded = radiotap_padded(h, bytes);
    w->next = LAYER_WIFI;
}

/* IEEE 802.11 9.3.2.1: which optional fields stand in a data frame's header. */
static uint32_t wifi_header_bytes(uint8_t type, uint8_t flags)
{
    enum { QOS = 0x80, TO_AND_FROM_DS = 0x03, ORDER = 0x80 };
    uint32_t bytes = 24;

    if ((flags & TO_AND_FROM_DS) == TO_AND_FROM_DS)
        bytes += 6;
    if ((type & QOS) != 0)
        bytes += (flags & ORDER) != 0 ? 6 : 2;
    return bytes;
}

/* Only the first frame of an A-MSDU is looked at: one packet per frame. */
static bool wifi_aggregated(const uint8_t *h, uint8_t type, uint8_t flags)
{
    enum { QOS = 0x80, A_MSDU = 0x80 };
    uint32_t qos_at = (flags & 0x03) == 0x03 ? 30 : 24;

    return (type & QOS) != 0 && (h[qos_at] & A_MSDU) != 0;
}

void packet_layer_wifi(struct packet_walk *w)
{
    enum { TYPE_MASK = 0x0c, TYPE_DATA = 0x08, NO_DATA = 0x40, PROTECTED = 0x40 };

    const uint8_t *h = walk_peek(w, 2);

    if (h == NULL)
        return;
    uint8_t type = h[0], flags = h[1];
    if ((type & TYPE_MASK) != TYPE_DATA || (type & NO_DATA) != 0 || (flags & PROTECTED) != 0) {
        walk_not_ip(w);
        return;
    }
    uint32_t bytes = wifi_header_bytes(type, flags);
    uint32_t padding = w->wifi_padded ? (4 - bytes % 4) % 4 : 0;
    if (walk_take(w, bytes + padding) == NULL)
        return;
    bool later_fragment = (h[22] & 0x0f) != 0;
    if (later_fragment)
        walk_not_ip(w);
    else
        walk_skip_to(w, wifi_aggregated(h, type, flags) ? 14 : 0, LAYER_LLC);
}
