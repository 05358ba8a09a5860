/* Two bytes choose the link type; frames follow, each with its length in two bytes and one byte that says how much
 * longer it was on the wire, so that fragments can meet. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "packet/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct packet *p, uint32_t wire_len)
{
    volatile uint8_t sum = 0;

    if (p->payload.n > p->payload_len || p->kind < PACKET_TCP || p->kind > PACKET_ICMP_ERROR)
        abort();
    if (p->src.ip.family != p->dst.ip.family || (p->src.ip.family != 4 && p->src.ip.family != 6))
        abort();
    if (p->payload_len > 65535 && p->payload_len > wire_len)
        abort();
    for (size_t i = 0; i < p->payload.n; i++)
        sum = (uint8_t)(sum + p->payload.p[i]);
}

static bool same_tcp(const struct packet_tcp *a, const struct packet_tcp *b)
{
    return a->seq == b->seq && a->ack == b->ack && a->window == b->window && a->flags == b->flags &&
           a->window_scale == b->window_scale && a->has_timestamp == b->has_timestamp &&
           (!a->has_timestamp || (a->ts_value == b->ts_value && a->ts_echo == b->ts_echo));
}

/* An IPv4 packet is the same inside Ethernet, where there is a short cut, as on its own. */
static void compare_with_raw(const struct input_frame *ethernet, const struct packet *p)
{
    enum { ETHERNET = 14, LINK_RAW = 101 };
    struct input_frame raw = *ethernet;
    struct packet_decoder *d = packet_decoder_new(NULL);
    struct packet q;

    if (d == NULL)
        return;
    raw.link_type = LINK_RAW;
    raw.bytes += ETHERNET;
    raw.cap_len -= ETHERNET;
    raw.wire_len -= ETHERNET;
    if (packet_decode(d, &raw, &q) != PACKET_DECODED || q.kind != p->kind || !endpoint_eq(&q.src, &p->src) ||
        !endpoint_eq(&q.dst, &p->dst) || q.path != p->path || q.ip_id != p->ip_id || q.ttl != p->ttl ||
        q.tunnel_depth != p->tunnel_depth || !same_tcp(&q.tcp, &p->tcp) || q.payload.p != p->payload.p ||
        q.payload.n != p->payload.n || q.payload_len != p->payload_len)
        abort();
    packet_decoder_free(d);
}

static bool is_plain_ipv4(const struct input_frame *f)
{
    return f->link_type == 1 && f->cap_len > 34 && f->bytes[12] == 8 && f->bytes[13] == 0 &&
           ((f->bytes[20] & 0x3f) | f->bytes[21]) == 0;
}

/* PPI, and PKTAP under both its numbers: what is inside may be of an unknown type. */
static bool names_another(uint16_t link_type)
{
    return link_type == 192 || link_type == 258 || link_type == 149;
}

static void decode_one(struct packet_decoder *d, uint16_t link_type, struct slice bytes, uint32_t more,
                       uint64_t number)
{
    /* A copy of its own, so that a sanitizer sees a read beyond the frame. */
    uint8_t *copy = malloc(bytes.n > 0 ? bytes.n : 1);
    if (copy == NULL)
        return;
    if (bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    struct input_frame frame = {.ts_ns = (int64_t)number * 1000000,
                                .number = number,
                                .link_type = link_type,
                                .cap_len = (uint32_t)bytes.n,
                                .wire_len = (uint32_t)bytes.n + more,
                                .bytes = copy};
    struct packet p;
    enum packet_drop why = packet_decode(d, &frame, &p);
    if (why >= PACKET_DROP_COUNT)
        abort();
    if (why == PACKET_DECODED)
        check(&p, frame.wire_len);
    if (why == PACKET_DECODED && p.kind == PACKET_TCP && p.tunnel_depth == 0 && is_plain_ipv4(&frame))
        compare_with_raw(&frame, &p);
    if (why == PACKET_DROP_LINK_TYPE && packet_link_type_known(link_type) && !names_another(link_type))
        abort();
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct packet_limits limits = {.fragment_bytes = 1 << 18, .fragment_sets = 8, .fragment_age_ns = 50000000};
    struct packet_decoder *d = packet_decoder_new(&limits);
    struct reader r = reader_of(data, size);

    if (d == NULL)
        return 0;
    uint16_t link_type = reader_be16(&r);
    for (uint64_t number = 1; r.left > 0; number++) {
        size_t n = reader_be16(&r);
        uint32_t more = reader_u8(&r);
        decode_one(d, link_type, reader_slice(&r, n < r.left ? n : r.left), more, number);
    }
    packet_decoder_free(d);
    return 0;
}
