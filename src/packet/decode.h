/* Frames to packets: link layers, tunnels, IP, fragments, TCP/UDP/ICMP headers. */
#ifndef P2T_PACKET_DECODE_H
#define P2T_PACKET_DECODE_H

#include "input/frame.h"
#include "packet/packet.h"

/* Why a frame gave no packet. Every frame that gives none is counted under exactly one of these. */
#define PACKET_DROP_LIST(X)                                                                                          \
    X(NOT_IP, "not_ip", "no IP inside (ARP, LLDP, ...)")                                                             \
    X(LINK_TYPE, "link_type", "unsupported link type")                                                               \
    X(OTHER_TRANSPORT, "other_transport", "IP, but not TCP, UDP or an ICMP error")                                   \
    X(SHORT, "short", "cut by the snapshot length inside a header")                                                  \
    X(MALFORMED, "malformed", "a malformed header")                                                                  \
    X(FRAGMENT, "fragment", "an IP fragment that waits for the others")                                              \
    X(FRAGMENT_LOST, "fragment_lost", "an IP fragment that was dropped: limit or overlap")                           \
    X(TOO_DEEP, "too_deep", "more nested headers than the limit")

enum packet_drop {
    PACKET_DECODED = 0,
#define X(id, key, text) PACKET_DROP_##id,
    PACKET_DROP_LIST(X)
#undef X
        PACKET_DROP_COUNT
};

struct packet_decoder;

/* Named limits, each with the attack it bounds. */
struct packet_limits {
    size_t fragment_bytes;   /* bytes held for reassembly: floods of first fragments */
    size_t fragment_sets;    /* datagrams under reassembly at once */
    int64_t fragment_age_ns; /* packet-clock time after which a partial datagram is given up */
};

extern const struct packet_limits packet_limits_default;
enum { PACKET_MAX_HEADERS = 16 }; /* nested headers of any kind: encapsulation bombs */

/* NULL limits are the default ones. NULL when memory ran out. */
struct packet_decoder *packet_decoder_new(const struct packet_limits *limits);
/* NULL is allowed. */
void packet_decoder_free(struct packet_decoder *d);

/* Decodes one frame, down to the innermost IP packet. On PACKET_DECODED, *out is filled; out->payload points into the
 * frame, or into the decoder (a reassembled datagram), and is valid until the next call. A snaplen cut inside the
 * transport payload is no drop: payload.n < payload_len says it.
 * Datagrams to a tunnel's port in which no IP header is found are plain UDP. The packet that completes a fragmented
 * datagram marks it; fragments that contradict each other spoil it (RFC 5722). Before that, the first fragment of a name
 * server's answer is a packet of its own: `partial`. */
enum packet_drop packet_decode(struct packet_decoder *d, const struct input_frame *frame, struct packet *out);

/* Static: a counter's key, and its text for -v. */
const char *packet_drop_key(enum packet_drop why);
const char *packet_drop_text(enum packet_drop why);
/* True when the decoder knows this LINKTYPE_. */
bool packet_link_type_known(uint32_t link_type);

#endif
