/* TCP (RFC 9293) and UDP (RFC 768), and which UDP ports hold tunnels. */
#include "packet/walk.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8 };

/* What is left is the payload. Behind a header that the capture cut, nothing of it was captured. */
static void finish(struct packet_walk *w, enum packet_kind kind)
{
    w->out->kind = kind;
    w->out->payload = slice_of(w->r.p, w->r.left);
    w->out->payload_len = w->wire;
    w->next = LAYER_END;
}

static void sack_blocks(struct packet_tcp *tcp, struct slice value)
{
    enum { BLOCKS_MAX = 2, BLOCK_BYTES = 8 };

    for (; tcp->sacks < BLOCKS_MAX && value.n >= BLOCK_BYTES; tcp->sacks++) {
        tcp->sack[tcp->sacks] = (struct packet_sack){load_be32(value.p), load_be32(value.p + 4)};
        value = slice_of(value.p + BLOCK_BYTES, value.n - BLOCK_BYTES);
    }
}

static void tcp_option(struct packet_tcp *tcp, uint8_t kind, struct slice value)
{
    enum { MSS = 2, WINDOW_SCALE = 3, SACK = 5, TIMESTAMPS = 8, SHIFT_MAX = 14 };

    if (kind == WINDOW_SCALE && value.n == 1 && (tcp->flags & TCP_SYN) != 0) {
        tcp->window_scale = (int8_t)(value.p[0] < SHIFT_MAX ? value.p[0] : SHIFT_MAX); /* RFC 7323 2.3 */
    } else if (kind == TIMESTAMPS && value.n == 8) {
        tcp->has_timestamp = true;
        tcp->ts_value = load_be32(value.p);
        tcp->ts_echo = load_be32(value.p + 4);
    } else if (kind == MSS && value.n == 2 && (tcp->flags & TCP_SYN) != 0) {
        tcp->mss = load_be16(value.p);
    } else if (kind == SACK) {
        sack_blocks(tcp, value);
    }
}

/* As nearly every segment of a connection has them (RFC 7323 appendix A): two NOPs, then the timestamps. */
static bool only_timestamps(struct packet_tcp *tcp, const uint8_t *p, uint32_t n)
{
    enum { RECOMMENDED = 0x0101080a, RECOMMENDED_BYTES = 12 };

    if (n != RECOMMENDED_BYTES || load_be32(p) != RECOMMENDED)
        return false;
    tcp->has_timestamp = true;
    tcp->ts_value = load_be32(p + 4);
    tcp->ts_echo = load_be32(p + 8);
    return true;
}

/* A list that makes no sense ends here, and the segment is good all the same. */
static void tcp_options(struct packet_tcp *tcp, struct reader r)
{
    enum { END_OF_LIST = 0, NO_OPERATION = 1 };

    while (r.left > 0) {
        uint8_t kind = reader_u8(&r);
        if (kind == END_OF_LIST)
            return;
        if (kind == NO_OPERATION)
            continue;
        uint8_t bytes = reader_u8(&r);
        if (bytes < 2)
            return;
        struct slice value = reader_slice(&r, bytes - 2u);
        if (reader_ok(&r))
            tcp_option(tcp, kind, value);
    }
}

bool walk_tcp(struct packet *out, const uint8_t *h, struct reader r, uint32_t wire)
{
    uint32_t header = (h[12] >> 4) * 4u;

    if (header < TCP_HEADER || header - TCP_HEADER > wire)
        return false;
    out->src.port = load_be16(h);
    out->dst.port = load_be16(h + 2);
    out->tcp = (struct packet_tcp){.seq = load_be32(h + 4),
                                   .ack = load_be32(h + 8),
                                   .window = load_be16(h + 14),
                                   .flags = h[13],
                                   .window_scale = -1};
    uint32_t options = header - TCP_HEADER;
    uint32_t captured = r.left < options ? (uint32_t)r.left : options;
    if (captured > 0) {
        const uint8_t *p = reader_take(&r, captured);
        if (!only_timestamps(&out->tcp, p, captured))
            tcp_options(&out->tcp, reader_of(p, captured));
    }
    out->kind = PACKET_TCP;
    out->payload = slice_of(r.p, r.left);
    out->payload_len = wire - options;
    return true;
}

void packet_layer_tcp(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, TCP_HEADER);

    if (h == NULL)
        return;
    if (walk_tcp(w->out, h, w->r, w->wire))
        w->next = LAYER_END;
    else
        walk_drop(w, PACKET_DROP_MALFORMED);
}

/* The tunnel's end listens on the port, so only datagrams to it count; Teredo's servers answer from it as well. */
static enum packet_layer udp_tunnel(uint16_t src, uint16_t dst)
{
    switch (dst) {
    case 1701:
        return LAYER_L2TP;
    case 2152:
        return LAYER_GTP_U;
    case 3544:
        return LAYER_TEREDO;
    case 4754: /* RFC 8086 */
        return LAYER_GRE;
    case 4789:
    case 4790: /* VXLAN-GPE */
    case 8472: /* VXLAN in Linux before its port was assigned */
        return LAYER_VXLAN;
    case 6081:
        return LAYER_GENEVE;
    case 6635: /* RFC 7510 */
        return LAYER_MPLS;
    default:
        return src == 3544 ? LAYER_TEREDO : LAYER_END;
    }
}

void packet_layer_udp(struct packet_walk *w)
{
    const uint8_t *h = walk_take(w, UDP_HEADER);

    if (h == NULL)
        return;
    struct packet *out = w->out;
    out->src.port = load_be16(h);
    out->dst.port = load_be16(h + 2);
    uint32_t length = load_be16(h + 4);
    if (length >= UDP_HEADER && length - UDP_HEADER < w->wire)
        walk_set_wire(w, length - UDP_HEADER);
    finish(w, PACKET_UDP);
    enum packet_layer tunnel = udp_tunnel(out->src.port, out->dst.port);
    if (tunnel == LAYER_END || w->wire == 0)
        return;
    out->path = walk_path_hash(w);
    out->tunnel_depth = (uint8_t)(w->ip_headers - 1);
    w->plain = *out;
    w->has_plain = true;
    w->next = tunnel;
}
