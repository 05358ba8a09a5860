/* Classic pcap: draft-ietf-opsawg-pcap, and the variants that libpcap and Wireshark read. */
#include <inttypes.h>

#include "base/system.h"
#include "input/format.h"

#define FILE_HEADER_BYTES   24
#define RECORD_HEADER_BYTES 16

struct variant {
    uint32_t magic;
    uint32_t ns_per_unit;
    uint8_t extra_file_bytes, extra_record_bytes;
};

static const struct variant variants[] = {
    {0xa1b2c3d4, 1000, 0, 0}, {0xa1b23c4d, 1, 0, 0},
    {0xa1b2cd34, 1000, 0, 8}, /* Kuznetzov's patch: interface, protocol and packet type */
    {0x1c0001ac, 1, 4, 0},    /* Ixia lcap, hardware: the file's size follows the header */
    {0x1c0001ab, 1000, 4, 0}, /* Ixia lcap, software */
};

static void mend_lengths(enum lengths_order order, uint32_t *cap_len, uint32_t *wire_len)
{
    uint32_t first = *cap_len;

    if (order == LENGTHS_SWAPPED_MAYBE && *cap_len <= *wire_len)
        return;
    *cap_len = *wire_len;
    *wire_len = first;
}

static int stop_at_length(struct input_capture *c, uint32_t cap_len)
{
    return input_capture_stop(c, c->number + 1,
                              "damaged at packet %" PRIu64 ", offset %" PRIu64 ": its captured length of %" PRIu32
                              " is over %" PRIu32,
                              c->number + 1, c->record, cap_len, c->pcap.frame_max);
}

static uint32_t load_u32(const struct input_capture *c, const uint8_t p[4])
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return c->big_endian ? be32toh(v) : le32toh(v);
}

static int pcap_next(struct input_capture *c, struct input_frame *f)
{
    const struct input_pcap_file *pcap = &c->pcap;
    const uint8_t *p = input_source_peek(&c->source, pcap->header_bytes);

    c->record = input_source_offset(&c->source);
    if (p == NULL)
        return input_capture_ended(c, true);
    struct reader r = reader_of(p, pcap->header_bytes);
    const uint8_t *h = reader_take(&r, RECORD_HEADER_BYTES);
    int64_t seconds = load_u32(c, h), fraction = load_u32(c, h + 4);
    uint32_t cap_len = load_u32(c, h + 8), wire_len = load_u32(c, h + 12);
    if (pcap->lengths != LENGTHS_USUAL)
        mend_lengths(pcap->lengths, &cap_len, &wire_len);
    if (cap_len > pcap->frame_max)
        return stop_at_length(c, cap_len);
    p = input_source_peek(&c->source, pcap->header_bytes + cap_len);
    if (p == NULL)
        return input_capture_ended(c, true);
    input_source_consume(&c->source, pcap->header_bytes + cap_len);
    f->ts_ns = seconds * 1000000000 + fraction * pcap->ns_per_unit;
    f->number = ++c->number;
    f->interface = 0;
    f->link_type = pcap->link_type;
    f->snaplen = pcap->snaplen;
    f->cap_len = cap_len;
    f->wire_len = wire_len > cap_len ? wire_len : cap_len;
    f->bytes = p + pcap->header_bytes;
    return 1;
}

static const struct variant *variant_of(uint32_t magic)
{
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        if (variants[i].magic == magic)
            return &variants[i];
    return NULL;
}

static const struct variant *find_variant(struct input_capture *c, const uint8_t *magic)
{
    struct reader r = reader_of(magic, 4);
    const struct variant *v = variant_of(reader_le32(&r));

    if (v != NULL)
        return v;
    r = reader_of(magic, 4);
    c->big_endian = true;
    return variant_of(reader_be32(&r));
}

/* Up to version 2.2, and in DG/UX's 543.0, the original length comes first; in 2.3 writers differ. */
static enum lengths_order lengths_order(uint16_t major, uint16_t minor)
{
    if (major == 543 || (major == 2 && minor < 3))
        return LENGTHS_SWAPPED;
    return major == 2 && minor == 3 ? LENGTHS_SWAPPED_MAYBE : LENGTHS_USUAL;
}

static uint32_t frame_max(uint32_t snaplen)
{
    if (snaplen > INPUT_FRAME_MAX)
        return INPUT_FRAME_MAX;
    return snaplen > INPUT_FRAME_USUAL_MAX ? snaplen : INPUT_FRAME_USUAL_MAX;
}

static int header_cut(struct input_capture *c)
{
    if (c->source.state == SOURCE_END)
        (void)input_capture_stop(c, 0, "cut inside the file header");
    else if (input_capture_ended(c, false) < 0)
        return P2T_ERR_MEMORY;
    return INPUT_CAPTURE_DAMAGED;
}

int input_pcap_file_open(struct input_capture *c)
{
    const uint8_t *p = input_source_peek(&c->source, 4);
    const struct variant *v = p != NULL ? find_variant(c, p) : NULL;

    if (v == NULL)
        return INPUT_CAPTURE_FOREIGN;
    size_t header_bytes = (size_t)FILE_HEADER_BYTES + v->extra_file_bytes;
    p = input_source_peek(&c->source, header_bytes);
    if (p == NULL)
        return header_cut(c);
    struct reader r = reader_of(p, header_bytes);
    reader_skip(&r, 4);
    uint16_t major = input_capture_u16(c, &r), minor = input_capture_u16(c, &r);
    reader_skip(&r, 8); /* time zone and accuracy: always zero in practice */
    uint32_t snaplen = input_capture_u32(c, &r);
    uint32_t network = input_capture_u32(c, &r);
    if (major != 2 && major != 543) {
        (void)input_capture_stop(c, 0, "pcap version %u.%u is not supported", (unsigned)major, (unsigned)minor);
        return INPUT_CAPTURE_DAMAGED;
    }
    input_source_consume(&c->source, header_bytes);
    c->pcap = (struct input_pcap_file){
        .header_bytes = (size_t)RECORD_HEADER_BYTES + v->extra_record_bytes,
        .frame_max = frame_max(snaplen),
        .link_type = input_link_type(network),
        .snaplen = snaplen,
        .ns_per_unit = v->ns_per_unit,
        .lengths = lengths_order(major, minor),
    };
    c->next = pcap_next;
    return INPUT_CAPTURE_FOUND;
}
