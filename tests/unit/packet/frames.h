/* Frames built by hand, from the inside out: each function puts a header before what is there. */
#ifndef P2T_TESTS_PACKET_FRAMES_H
#define P2T_TESTS_PACKET_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FRAME_MAX = 70000 };

struct frame {
    uint8_t bytes[FRAME_MAX];
    size_t at; /* the frame is bytes[at .. FRAME_MAX) */
};

static inline size_t frame_len(const struct frame *f)
{
    return FRAME_MAX - f->at;
}

static inline uint8_t *frame_start(struct frame *f)
{
    return f->bytes + f->at;
}

static inline void put(struct frame *f, const void *p, size_t n)
{
    f->at -= n;
    memcpy(f->bytes + f->at, p, n);
}

#define PUT(f, ...) put((f), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void put_be(struct frame *f, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)(v >> (8 * i));
        put(f, &b, 1);
    }
}

static inline void put_zeros(struct frame *f, size_t n)
{
    f->at -= n;
    memset(f->bytes + f->at, 0, n);
}

static inline void frame_payload(struct frame *f, const char *text)
{
    f->at = FRAME_MAX;
    put(f, text, strlen(text));
}

enum { SRC_PORT = 49152, DST_PORT = 80, SEQ = 0x01020304, ACK = 0x0a0b0c0d };

static inline void put_tcp(struct frame *f, uint8_t flags, const void *options, size_t options_len)
{
    put(f, options, options_len);
    put_be(f, 0, 4);
    put_be(f, 0x1234, 2);
    put_be(f, flags, 1);
    put_be(f, (20 + options_len) / 4 << 4, 1);
    put_be(f, ACK, 4);
    put_be(f, SEQ, 4);
    put_be(f, DST_PORT, 2);
    put_be(f, SRC_PORT, 2);
}

static inline void put_udp(struct frame *f, uint16_t src, uint16_t dst)
{
    size_t n = frame_len(f) + 8;
    put_be(f, 0, 2);
    put_be(f, n, 2);
    put_be(f, dst, 2);
    put_be(f, src, 2);
}

/* 10.0.0.host -> 10.0.0.(host + 1); flags_offset is the field as in the header. */
static inline void put_ipv4_full(struct frame *f, uint8_t host, uint8_t protocol, uint16_t id, uint16_t flags_offset)
{
    size_t n = frame_len(f) + 20;
    PUT(f, 10, 0, 0, (uint8_t)(host + 1));
    PUT(f, 10, 0, 0, host);
    put_be(f, 0, 2);
    put_be(f, protocol, 1);
    put_be(f, 61, 1);
    put_be(f, flags_offset, 2);
    put_be(f, id, 2);
    put_be(f, n, 2);
    PUT(f, 0x45, 0);
}

static inline void put_ipv4(struct frame *f, uint8_t host, uint8_t protocol)
{
    put_ipv4_full(f, host, protocol, 0x4242, 0x4000);
}

/* 2001:db8::host -> 2001:db8::(host + 1) */
static inline void put_ipv6(struct frame *f, uint8_t host, uint8_t next_header)
{
    size_t n = frame_len(f);
    PUT(f, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(host + 1));
    PUT(f, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host);
    put_be(f, 62, 1);
    put_be(f, next_header, 1);
    put_be(f, n, 2);
    PUT(f, 0x60, 0, 0, 0);
}

static inline bool starts_with_ipv4(struct frame *f)
{
    return frame_start(f)[0] >> 4 == 4;
}

/* EtherType of the IP packet at the start. */
static inline uint16_t ip_ethertype(struct frame *f)
{
    return starts_with_ipv4(f) ? 0x0800 : 0x86dd;
}

static inline void put_macs(struct frame *f)
{
    PUT(f, 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1);
}

static inline void put_ethernet(struct frame *f, uint16_t type)
{
    put_be(f, type, 2);
    put_macs(f);
}

static inline void put_ethernet_ip(struct frame *f)
{
    put_ethernet(f, ip_ethertype(f));
}

static inline void put_snap_ip(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0xaa, 0xaa, 0x03, 0, 0, 0);
}

/* 10.0.0.1:49152 -> 10.0.0.2:80 */
static inline void build_tcp4(struct frame *f, const char *payload)
{
    frame_payload(f, payload);
    put_tcp(f, 0x18, "", 0);
    put_ipv4(f, 1, 6);
}

/* [2001:db8::1]:49152 -> [2001:db8::2]:80 */
static inline void build_tcp6(struct frame *f, const char *payload)
{
    frame_payload(f, payload);
    put_tcp(f, 0x18, "", 0);
    put_ipv6(f, 1, 6);
}

static inline void build_udp4(struct frame *f, const char *payload)
{
    frame_payload(f, payload);
    put_udp(f, 5353, 53);
    put_ipv4(f, 1, 17);
}

#endif
