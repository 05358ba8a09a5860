/* pcapng: draft-ietf-opsawg-pcapng.
 *
 * Broken framing of blocks ends the file. A malformed packet block in intact framing is counted and skipped, and the first
 * one is reported. */
#include <inttypes.h>

#include "input/format.h"

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_JOURNAL = 9,
    BLOCK_SECRETS = 10,
    BLOCK_SYSDIG_EVENT = 0x204,
    BLOCK_SYSDIG_EVENT_V2 = 0x216,
    BLOCK_SYSDIG_EVENT_V2_LARGE = 0x221,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_NO_COPY = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a /* reads the same in both byte orders */
};

#define BYTE_ORDER_MAGIC    0x1a2b3c4du
#define BLOCK_LEAST_BYTES   12
#define SECTION_LEAST_BYTES 28

struct block {
    uint32_t type;
    uint32_t length; /* of the whole block */
    struct reader body;
};

enum block_outcome { BLOCK_DONE, BLOCK_FRAME, BLOCK_STOP, BLOCK_NO_MEMORY };

/* Blocks that Wireshark numbers although they hold no network packet. */
static bool is_numbered_event(uint32_t type)
{
    return type == BLOCK_JOURNAL || type == BLOCK_CUSTOM || type == BLOCK_CUSTOM_NO_COPY ||
           type == BLOCK_SYSDIG_EVENT || type == BLOCK_SYSDIG_EVENT_V2 || type == BLOCK_SYSDIG_EVENT_V2_LARGE;
}

static bool is_packet(uint32_t type)
{
    return type == BLOCK_ENHANCED_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_PACKET;
}

static enum block_outcome framing_broken(struct input_capture *c, const char *what)
{
    (void)input_capture_stop(c, 0, "damaged after packet %" PRIu64 ", at the block at offset %" PRIu64 ": %s",
                             c->number, c->record, what);
    return BLOCK_STOP;
}

static enum block_outcome bad_packet(struct input_capture *c, const char *what)
{
    if (!c->bad_block_reported)
        input_capture_warn(c, c->number, "packet %" PRIu64 " was skipped: %s", c->number, what);
    c->bad_block_reported = true;
    return BLOCK_DONE;
}

/* The body of an enhanced or obsolete packet block, from its time on. */
static enum block_outcome read_timed(struct input_capture *c, struct reader *r, uint32_t interface,
                                     struct input_frame *f)
{
    uint64_t units = (uint64_t)input_capture_u32(c, r) << 32;
    units |= input_capture_u32(c, r);
    f->cap_len = input_capture_u32(c, r);
    f->wire_len = input_capture_u32(c, r);
    f->bytes = reader_take(r, f->cap_len);
    if (!reader_ok(r) || f->cap_len > INPUT_FRAME_MAX)
        return bad_packet(c, "its captured length does not fit its block");
    if (interface >= c->interfaces.count)
        return bad_packet(c, "its interface was not described");
    const struct input_pcapng_interface *i = &c->interfaces.items[interface];
    f->ts_ns = input_pcapng_interface_ns(i, units);
    f->interface = interface;
    f->link_type = i->link_type;
    f->snaplen = i->snaplen;
    return BLOCK_FRAME;
}

/* 4.4: a simple packet has no time; it gets its predecessor's, so that it keeps its place. */
static enum block_outcome read_simple(struct input_capture *c, struct reader *r, struct input_frame *f)
{
    f->wire_len = input_capture_u32(c, r);
    if (c->interfaces.count == 0)
        return bad_packet(c, "its interface was not described");
    const struct input_pcapng_interface *i = &c->interfaces.items[0];
    f->cap_len = i->snaplen != 0 && i->snaplen < f->wire_len ? i->snaplen : f->wire_len;
    f->bytes = reader_take(r, f->cap_len);
    if (!reader_ok(r) || f->cap_len > INPUT_FRAME_MAX)
        return bad_packet(c, "its captured length does not fit its block");
    f->ts_ns = c->last_ns;
    f->interface = 0;
    f->link_type = i->link_type;
    f->snaplen = i->snaplen;
    return BLOCK_FRAME;
}

static enum block_outcome read_packet(struct input_capture *c, const struct block *b, struct input_frame *f)
{
    struct reader r = b->body;
    enum block_outcome outcome;

    f->number = ++c->number;
    if (b->type == BLOCK_SIMPLE_PACKET) {
        outcome = read_simple(c, &r, f);
    } else if (b->type == BLOCK_ENHANCED_PACKET) {
        outcome = read_timed(c, &r, input_capture_u32(c, &r), f);
    } else {
        uint32_t interface = input_capture_u16(c, &r);
        reader_skip(&r, 2); /* drops */
        outcome = read_timed(c, &r, interface, f);
    }
    if (outcome == BLOCK_FRAME) {
        f->wire_len = f->wire_len > f->cap_len ? f->wire_len : f->cap_len;
        c->last_ns = f->ts_ns;
    }
    return outcome;
}

static enum block_outcome read_interface(struct input_capture *c, const struct block *b)
{
    struct input_pcapng_interface i;

    if (input_pcapng_interface_read(&i, b->body, c->big_endian) != READ_OK)
        return framing_broken(c, "it is too short for an interface description");
    switch (input_pcapng_interfaces_add(&c->interfaces, &i)) {
    case INTERFACES_NO_MEMORY:
        return BLOCK_NO_MEMORY;
    case INTERFACES_FULL:
        return framing_broken(c, "its section has too many interfaces");
    default:
        return BLOCK_DONE;
    }
}

static enum block_outcome read_secrets(struct input_capture *c, const struct block *b)
{
    struct reader r = b->body;
    struct input_secrets s = {.type = input_capture_u32(c, &r)};

    s.data = reader_slice(&r, input_capture_u32(c, &r));
    if (reader_ok(&r) && c->events.secrets != NULL)
        c->events.secrets(c->events.ctx, &s);
    if (!reader_ok(&r) && !c->bad_block_reported) {
        input_capture_warn(
            c, 0, "the secrets at offset %" PRIu64 " were skipped: their length does not fit their block", c->record);
        c->bad_block_reported = true;
    }
    return BLOCK_DONE;
}

/* 4.1: a new section has its own byte order and interfaces. */
static enum block_outcome read_section(struct input_capture *c, const struct block *b)
{
    struct reader r = b->body;

    reader_skip(&r, 4); /* byte-order magic */
    uint16_t major = input_capture_u16(c, &r), minor = input_capture_u16(c, &r);
    if (major != 1) {
        (void)input_capture_stop(c, 0, "pcapng version %u.%u, at offset %" PRIu64 ", is not supported",
                                 (unsigned)major, (unsigned)minor, c->record);
        return BLOCK_STOP;
    }
    c->interfaces.count = 0;
    return BLOCK_DONE;
}

static enum block_outcome read_block(struct input_capture *c, const struct block *b, struct input_frame *f)
{
    if (is_packet(b->type))
        return read_packet(c, b, f);
    if (b->type == BLOCK_INTERFACE)
        return read_interface(c, b);
    if (b->type == BLOCK_SECRETS)
        return read_secrets(c, b);
    return read_section(c, b);
}

static bool set_byte_order(struct input_capture *c, const uint8_t *magic)
{
    struct reader r = reader_of(magic, 4);

    c->big_endian = false;
    if (reader_le32(&r) == BYTE_ORDER_MAGIC)
        return true;
    r = reader_of(magic, 4);
    c->big_endian = true;
    return reader_be32(&r) == BYTE_ORDER_MAGIC;
}

static const char *bad_length(const struct block *b)
{
    if (b->length % 4 != 0)
        return "its length is not a multiple of 4";
    if (b->length < (b->type == BLOCK_SECTION ? SECTION_LEAST_BYTES : BLOCK_LEAST_BYTES))
        return "its length is too small";
    return NULL;
}

static bool is_understood(uint32_t type)
{
    return is_packet(type) || type == BLOCK_INTERFACE || type == BLOCK_SECRETS || type == BLOCK_SECTION;
}

static enum block_outcome ended(struct input_capture *c, const struct block *b)
{
    return input_capture_ended(c, is_packet(b->type)) < 0 ? BLOCK_NO_MEMORY : BLOCK_STOP;
}

/* A skipped block may have any length: nothing of it is kept. */
static enum block_outcome skip_block(struct input_capture *c, const struct block *b)
{
    struct input_source *s = &c->source;
    bool whole = input_source_skip(s, b->length - 4u);
    const uint8_t *p = whole ? input_source_peek(s, 4) : NULL;

    if (p == NULL)
        return ended(c, b);
    struct reader r = reader_of(p, 4);
    if (input_capture_u32(c, &r) != b->length)
        return framing_broken(c, "its two lengths differ");
    input_source_consume(s, 4);
    if (is_numbered_event(b->type))
        c->number++;
    return BLOCK_DONE;
}

static enum block_outcome next_block(struct input_capture *c, struct input_frame *f)
{
    struct input_source *s = &c->source;
    struct block b = {0};
    const uint8_t *p = input_source_peek(s, BLOCK_LEAST_BYTES);

    c->record = input_source_offset(s);
    if (p == NULL)
        return ended(c, &b);
    struct reader r = reader_of(p, 8);
    b.type = input_capture_u32(c, &r);
    if (b.type == BLOCK_SECTION && !set_byte_order(c, p + 8))
        return framing_broken(c, "its byte order is not valid");
    b.length = input_capture_u32(c, &r);
    const char *bad = bad_length(&b);
    if (bad != NULL)
        return framing_broken(c, bad);
    if (!is_understood(b.type))
        return skip_block(c, &b);
    if (b.length > INPUT_BLOCK_MAX)
        return framing_broken(c, "it is over 16 MB");
    p = input_source_peek(s, b.length);
    if (p == NULL)
        return ended(c, &b);
    r = reader_of(p + b.length - 4, 4);
    if (input_capture_u32(c, &r) != b.length)
        return framing_broken(c, "its two lengths differ");
    b.body = reader_of(p + 8, b.length - BLOCK_LEAST_BYTES);
    enum block_outcome outcome = read_block(c, &b, f);
    if (outcome != BLOCK_STOP)
        input_source_consume(s, b.length);
    return outcome;
}

static int pcapng_next(struct input_capture *c, struct input_frame *f)
{
    enum block_outcome outcome;

    do {
        outcome = next_block(c, f);
    } while (outcome == BLOCK_DONE);
    if (outcome == BLOCK_NO_MEMORY)
        return P2T_ERR_MEMORY;
    return outcome == BLOCK_FRAME;
}

int input_pcapng_file_open(struct input_capture *c)
{
    const uint8_t *p = input_source_peek(&c->source, INPUT_MAGIC_BYTES);

    if (p == NULL || memcmp(p, "\x0a\x0d\x0d\x0a", 4) != 0 || !set_byte_order(c, p + 8))
        return INPUT_CAPTURE_FOREIGN;
    c->next = pcapng_next;
    return INPUT_CAPTURE_FOUND;
}
