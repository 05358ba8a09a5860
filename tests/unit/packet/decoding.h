/* Runs frames through a decoder; each lies right before a page that cannot be read. */
#ifndef P2T_TESTS_PACKET_DECODING_H
#define P2T_TESTS_PACKET_DECODING_H

#include <sys/mman.h>

#include "support/cmocka_all.h"

#include "frames.h"
#include "packet/decode.h"

enum { GUARD_BODY = 1 << 17, GUARD_PAGE = 1 << 14 };
enum { LINK_ETHERNET = 1, LINK_RAW = 101 };

static inline uint8_t *guarded_copy(const void *p, size_t n)
{
    static uint8_t *base;

    if (base == NULL) {
        base = mmap(NULL, GUARD_BODY + GUARD_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(base != MAP_FAILED);
        assert_int_equal(mprotect(base + GUARD_BODY, GUARD_PAGE, PROT_NONE), 0);
    }
    uint8_t *copy = base + GUARD_BODY - n;
    memcpy(copy, p, n);
    return copy;
}

/* The first `captured` of the frame's bytes, at the time and number given. */
static inline enum packet_drop decode_at(struct packet_decoder *d, uint32_t link, struct frame *f, size_t captured,
                                         size_t wire, int64_t ts_ns, uint64_t number, struct packet *out)
{
    struct input_frame in = {.ts_ns = ts_ns,
                             .number = number,
                             .file = 3,
                             .link_type = link,
                             .cap_len = (uint32_t)captured,
                             .wire_len = (uint32_t)wire,
                             .bytes = guarded_copy(frame_start(f), captured)};
    return packet_decode(d, &in, out);
}

static inline enum packet_drop decode_cut(uint32_t link, struct frame *f, size_t captured, size_t wire,
                                          struct packet *out)
{
    struct packet_decoder *d = packet_decoder_new(&packet_limits_default);
    assert_non_null(d);
    enum packet_drop why = decode_at(d, link, f, captured, wire, 1000, 7, out);
    packet_decoder_free(d);
    return why;
}

static inline enum packet_drop decode(uint32_t link, struct frame *f, struct packet *out)
{
    return decode_cut(link, f, frame_len(f), frame_len(f), out);
}

static inline void assert_payload(const struct packet *p, const char *text)
{
    assert_int_equal(p->payload_len, strlen(text));
    assert_int_equal(p->payload.n, strlen(text));
    assert_memory_equal(p->payload.p, text, strlen(text));
}

static inline void assert_host(const struct endpoint *ep, const char *ip, uint16_t port)
{
    char text[IP_TEXT_MAX];
    ip_format(&ep->ip, text);
    assert_string_equal(text, ip);
    assert_int_equal(ep->port, port);
}

/* The segment of build_tcp4 or build_tcp6. */
static inline void assert_segment(const struct packet *p, bool v4, const char *payload)
{
    assert_int_equal(p->kind, PACKET_TCP);
    assert_host(&p->src, v4 ? "10.0.0.1" : "2001:db8::1", SRC_PORT);
    assert_host(&p->dst, v4 ? "10.0.0.2" : "2001:db8::2", DST_PORT);
    assert_int_equal(p->tcp.seq, SEQ);
    assert_int_equal(p->tcp.ack, ACK);
    assert_int_equal(p->tcp.flags, TCP_PSH | TCP_ACK);
    assert_int_equal(p->ttl, v4 ? 61 : 62);
    assert_int_equal(p->ip_id, v4 ? 0x4242 : 0);
    assert_payload(p, payload);
}

#endif
