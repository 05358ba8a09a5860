/* HTTP/2 in clear text: frames are kept, with header blocks but for their secrets; of data, only how gRPC frames it
 * (RFC 9113). */
#include <stdlib.h>

#include "base/system.h"
#include "extract/scrub/hpack.h"
#include "extract/scrub/talk.h"
#include "base/reader.h"
#include "pcap2trace/status.h"

enum { FRAME_HEADER = 9, BLOCK_MAX = 256 << 10, GRPC_PREFIX = 5, PARTS_MAX = 64 };
enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_HEADERS = 0x04, PADDED = 0x08, PRIORITIZED = 0x20 };

struct h2_frame {
    uint32_t length, stream;
    uint8_t type, flags;
};

/* Where gRPC's messages stand in a stream's data: so many bytes of one are left, or so many of its prefix were read. */
struct h2_stream {
    uint32_t id;
    bool grpc;
    uint8_t prefix_n, prefix[GRPC_PREFIX];
    uint64_t left;
};

struct h2_part {
    uint64_t pos;
    size_t n;
};

struct h2_side {
    struct talk_side *s;
    struct hpack hpack;
    struct h2_stream *streams; /* by id */
    size_t stream_count, stream_cap;
    struct buf block; /* a header block, from several frames */
    struct h2_part parts[PARTS_MAX];
    size_t part_count;
    uint32_t block_stream;
};

/* ---- streams ---- */

static struct h2_stream *find_stream(struct h2_side *h, uint32_t id)
{
    size_t low = 0, high = h->stream_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->streams[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->stream_count && h->streams[low].id == id ? &h->streams[low] : NULL;
}

/* Streams begin in the order of their ids, but for pushed ones; what comes out of order is taken for usual data. */
static void note_stream(struct h2_side *h, uint32_t id, bool grpc)
{
    if (find_stream(h, id) != NULL || (h->stream_count > 0 && h->streams[h->stream_count - 1].id > id))
        return;
    if (h->stream_count == h->stream_cap) {
        size_t cap = h->stream_cap < 16 ? 16 : h->stream_cap * 2;
        struct h2_stream *streams = reallocarray(h->streams, cap, sizeof *streams);
        if (streams == NULL)
            return;
        h->streams = streams;
        h->stream_cap = cap;
    }
    h->streams[h->stream_count++] = (struct h2_stream){.id = id, .grpc = grpc};
}

/* ---- data ---- */

/* A byte of a message's prefix: its length follows a flag. */
static void take_prefix(struct h2_stream *x, uint8_t c)
{
    x->prefix[x->prefix_n++] = c;
    if (x->prefix_n < GRPC_PREFIX)
        return;
    struct reader r = reader_of(x->prefix + 1, 4);
    x->left = reader_be32(&r);
    x->prefix_n = 0;
}

static void scrub_grpc(struct h2_side *h, struct h2_stream *x, uint64_t end)
{
    struct talk_side *s = h->s;
    uint8_t c;

    while (s->pos < end) {
        uint64_t n = x->left < end - s->pos ? x->left : end - s->pos;
        talk_drop(s, s->pos + n);
        x->left -= n;
        while (x->left == 0 && s->pos < end) {
            if (stream_read(s->stream, s->pos, &c, 1) == 0) {
                x->grpc = false; /* where the next message begins is lost */
                talk_drop(s, end);
                return;
            }
            take_prefix(x, c);
            s->pos++;
        }
    }
}

static void take_data(struct h2_side *h, const struct h2_frame *f)
{
    struct talk_side *s = h->s;
    struct h2_stream *x = find_stream(h, f->stream);
    uint64_t end = s->pos + f->length;
    uint8_t padding = 0;

    if ((f->flags & PADDED) != 0 && f->length > 0) {
        (void)stream_read(s->stream, s->pos, &padding, 1);
        s->pos++;
    }
    uint64_t data_end = end - s->pos > padding ? end - padding : s->pos;
    if (x != NULL && x->grpc)
        scrub_grpc(h, x, data_end);
    talk_drop(s, end);
}

/* ---- header blocks ---- */

static void end_block(struct h2_side *h)
{
    size_t at = 0;

    hpack_scrub(&h->hpack, h->block.p, h->block.n);
    for (size_t i = 0; i < h->part_count; i++) {
        stream_write(h->s->stream, h->parts[i].pos, h->block.p + at, h->parts[i].n);
        at += h->parts[i].n;
    }
    note_stream(h, h->block_stream, h->hpack.grpc);
    buf_reset(&h->block);
    h->part_count = 0;
}

/* What stands around the fragment: padding, a priority, a promised stream. */
static bool take_fragment(struct h2_side *h, const struct h2_frame *f, uint64_t from, uint64_t to)
{
    size_t n = (size_t)(to - from);

    if (h->part_count == PARTS_MAX || h->block.n + n > BLOCK_MAX || !buf_reserve(&h->block, n + 1))
        return false;
    if (stream_read(h->s->stream, from, h->block.p + h->block.n, n) < n)
        return false;
    h->block.n += n;
    h->parts[h->part_count++] = (struct h2_part){from, n};
    if ((f->flags & END_HEADERS) != 0)
        end_block(h);
    return true;
}

static bool take_headers(struct h2_side *h, const struct h2_frame *f)
{
    struct talk_side *s = h->s;
    uint64_t end = s->pos + f->length, from = s->pos;
    uint8_t padding = 0;

    if (f->type != CONTINUATION) {
        h->block_stream = f->stream;
        if ((f->flags & PADDED) != 0 && stream_read(s->stream, from++, &padding, 1) == 0)
            return false;
        from += f->type == PUSH_PROMISE ? 4 : (f->flags & PRIORITIZED) != 0 ? 5 : 0;
    }
    if (from > end || end - from < padding || !take_fragment(h, f, from, end - padding))
        return false;
    s->pos = end - padding;
    talk_drop(s, end);
    return true;
}

/* ---- the other frames ---- */

static void take_goaway(struct h2_side *h, const struct h2_frame *f)
{
    enum { FIXED = 8, DEBUG_MAX = 4096 };
    uint8_t debug[DEBUG_MAX];
    uint64_t end = h->s->pos + f->length;

    h->s->pos += f->length < FIXED ? f->length : FIXED;
    size_t n = (size_t)(end - h->s->pos) < DEBUG_MAX ? (size_t)(end - h->s->pos) : DEBUG_MAX;
    n = stream_read(h->s->stream, h->s->pos, debug, n);
    scrub_text(h->hpack.text, REDACT_TEXT, debug, n);
    stream_write(h->s->stream, h->s->pos, debug, n);
    h->s->pos += n;
    talk_drop(h->s, end);
}

static bool read_frame(struct h2_side *h, struct h2_frame *f)
{
    uint8_t b[FRAME_HEADER];

    if (stream_read(h->s->stream, h->s->pos, b, sizeof b) < sizeof b)
        return false;
    struct reader r = reader_of(b, sizeof b);
    f->length = reader_be24(&r);
    f->type = reader_u8(&r);
    f->flags = reader_u8(&r);
    f->stream = reader_be32(&r) & 0x7fffffff;
    h->s->pos += sizeof b;
    return true;
}

static bool step(struct h2_side *h)
{
    struct h2_frame f;

    if (!read_frame(h, &f))
        return false;
    switch (f.type) {
    case DATA:
        take_data(h, &f);
        return true;
    case HEADERS:
    case PUSH_PROMISE:
    case CONTINUATION:
        return take_headers(h, &f);
    case GOAWAY:
        take_goaway(h, &f);
        return true;
    case PRIORITY:
    case RST_STREAM:
    case SETTINGS:
    case PING:
    case WINDOW_UPDATE:
        h->s->pos += f.length;
        return true;
    default:
        talk_drop(h->s, h->s->pos + f.length);
        return true;
    }
}

static void skip_preface(struct talk_side *s)
{
    enum { PREFACE_BYTES = 24 };
    uint8_t b[PREFACE_BYTES];

    if (stream_read(s->stream, s->pos, b, sizeof b) == sizeof b &&
        memcmp(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) == 0)
        s->pos += PREFACE_BYTES;
}

enum talk_found talk_http2(struct talk *t)
{
    for (int who = 0; who < 2; who++) {
        struct h2_side h = {.s = &t->side[who]};
        /* A server that does not speak it may say so in HTTP/1. */
        if (who == TALK_SERVER && talk_is_response(stream_piece(h.s->stream, h.s->pos)))
            return talk_http1(t);
        if (hpack_init(&h.hpack, t->text) == P2T_OK) {
            skip_preface(h.s);
            while (step(&h))
                continue;
            /* A block that has no end was not looked at. */
            for (size_t i = 0; i < h.part_count; i++)
                stream_fill(h.s->stream, h.parts[i].pos, h.parts[i].pos + h.parts[i].n);
        }
        hpack_fini(&h.hpack);
        free(h.streams);
        buf_fini(&h.block);
    }
    return TALK_OVER;
}
