#include "extract/arp.h"

#include "base/reader.h"

enum { LINK_ETHERNET = 1, LINK_COOKED_1 = 113, LINK_COOKED_2 = 276 };
enum { TYPE_ARP = 0x0806, TYPE_IP = 0x0800, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8 };

/* The EtherType, with the reader behind it; 0: none. */
static uint16_t ether_type(struct reader *r, uint32_t link_type)
{
    uint16_t type;

    if (link_type == LINK_COOKED_2) {
        type = reader_be16(r);
        reader_skip(r, 18);
        return type;
    }
    if (link_type != LINK_ETHERNET && link_type != LINK_COOKED_1)
        return 0;
    reader_skip(r, link_type == LINK_ETHERNET ? 12 : 14);
    type = reader_be16(r);
    for (int tags = 0; tags < 2 && (type == TYPE_VLAN || type == TYPE_QINQ); tags++) {
        reader_skip(r, 2);
        type = reader_be16(r);
    }
    return type;
}

bool arp_read(const struct input_frame *frame, struct ip_addr *sender, struct ip_addr *target)
{
    enum { LENGTHS = 0x0604 };
    struct reader r = reader_of(frame->bytes, frame->cap_len);

    if (ether_type(&r, frame->link_type) != TYPE_ARP)
        return false;
    reader_skip(&r, 2);
    uint16_t protocol = reader_be16(&r), lengths = reader_be16(&r);
    reader_skip(&r, 2 + 6);
    const uint8_t *from = reader_take(&r, 4);
    reader_skip(&r, 6);
    const uint8_t *to = reader_take(&r, 4);
    if (to == NULL || protocol != TYPE_IP || lengths != LENGTHS)
        return false;
    *sender = ip_from_v4(from);
    *target = ip_from_v4(to);
    return true;
}
