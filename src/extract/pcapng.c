#include "extract/pcapng.h"

#include "pcap2trace/session.h"

enum { BLOCK_INTERFACE = 1, BLOCK_ENHANCED_PACKET = 6, BLOCK_SECRETS = 10 };
#define BLOCK_SECTION 0x0a0d0d0au
#define BYTE_ORDER    0x1a2b3c4du
#define SECRETS_TLS   0x544c534bu /* "TLSK" */
#define NOT_TOLD      UINT64_MAX  /* the section's length */
#define OPTION_MAX    UINT16_MAX

enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_APPLICATION = 4, OPTION_RESOLUTION = 9 };

static void put16(struct buf *b, uint16_t v)
{
    buf_put(b, &v, sizeof v);
}

static void put32(struct buf *b, uint32_t v)
{
    buf_put(b, &v, sizeof v);
}

static void pad(struct buf *b, size_t n)
{
    buf_put(b, "\0\0\0", (4 - n % 4) % 4);
}

static void put_option(struct buf *b, uint16_t code, struct slice value)
{
    if (value.n == 0)
        return;
    size_t n = value.n < OPTION_MAX ? value.n : OPTION_MAX;
    put16(b, code);
    put16(b, (uint16_t)n);
    buf_put(b, value.p, n);
    pad(b, n);
}

static size_t begin(struct buf *b, uint32_t type)
{
    size_t at = b->n;

    put32(b, type);
    put32(b, 0);
    return at;
}

/* A block says its length at both ends. */
static void end(struct buf *b, size_t at)
{
    uint32_t n = (uint32_t)(b->n - at + 4);

    put32(b, n);
    if (!b->failed)
        memcpy(b->p + at + 4, &n, sizeof n);
}

static void end_options(struct buf *b, bool any)
{
    if (any)
        put32(b, OPTION_END);
}

void pcapng_section(struct buf *b, struct slice comment)
{
    const uint64_t length = NOT_TOLD;
    size_t at = begin(b, BLOCK_SECTION);
    struct buf application = {0};

    put32(b, BYTE_ORDER);
    put16(b, 1);
    put16(b, 0);
    buf_put(b, &length, sizeof length);
    put_option(b, OPTION_COMMENT, comment);
    buf_printf(&application, "pcap2trace %s", p2t_version());
    put_option(b, OPTION_APPLICATION, buf_view(&application));
    buf_fini(&application);
    end_options(b, true);
    end(b, at);
}

void pcapng_interface(struct buf *b, const struct pcapng_interface *i)
{
    size_t at = begin(b, BLOCK_INTERFACE);

    put16(b, (uint16_t)i->link_type);
    put16(b, 0);
    put32(b, i->snaplen);
    put_option(b, OPTION_COMMENT, i->comment);
    put_option(b, OPTION_RESOLUTION, SLICE_LIT("\x09"));
    end_options(b, true);
    end(b, at);
}

void pcapng_tls_secrets(struct buf *b, struct slice keylog)
{
    size_t at = begin(b, BLOCK_SECRETS);

    put32(b, SECRETS_TLS);
    put32(b, (uint32_t)keylog.n);
    buf_slice(b, keylog);
    pad(b, keylog.n);
    end(b, at);
}

void pcapng_packet(struct buf *b, uint32_t interface, const struct input_frame *frame, struct slice comment)
{
    size_t at = begin(b, BLOCK_ENHANCED_PACKET);
    uint64_t ts = (uint64_t)frame->ts_ns;

    put32(b, interface);
    put32(b, (uint32_t)(ts >> 32));
    put32(b, (uint32_t)ts);
    put32(b, frame->cap_len);
    put32(b, frame->wire_len);
    buf_put(b, frame->bytes, frame->cap_len);
    pad(b, frame->cap_len);
    put_option(b, OPTION_COMMENT, comment);
    end_options(b, comment.n > 0);
    end(b, at);
}
