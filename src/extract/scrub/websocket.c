/* WebSocket: frames' headers are kept, and the code of a close (RFC 6455 5.2). */
#include "extract/scrub/talk.h"

#include "base/reader.h"

struct ws_frame {
    bool close;
    size_t mask_bytes;
    uint64_t length;
};

static size_t read_header(struct talk_side *s, struct ws_frame *f)
{
    enum { HEADER_MAX = 14, CLOSE = 8 };
    uint8_t b[HEADER_MAX];
    size_t n = stream_read(s->stream, s->pos, b, sizeof b);
    struct reader r = reader_of(b, n);
    uint8_t first = reader_u8(&r), second = reader_u8(&r);

    *f = (struct ws_frame){(first & 0x0f) == CLOSE, second & 0x80 ? 4u : 0u, second & 0x7f};
    if (f->length == 126)
        f->length = reader_be16(&r);
    else if (f->length == 127)
        f->length = reader_be64(&r);
    reader_skip(&r, f->mask_bytes);
    return reader_ok(&r) ? n - r.left : 0;
}

void talk_websocket(struct talk_side *s)
{
    enum { CODE_BYTES = 2 };
    struct ws_frame f;
    size_t header;

    while ((header = read_header(s, &f)) > 0 && f.length < UINT64_MAX / 2) {
        s->pos += header;
        uint64_t kept = f.close && f.length >= CODE_BYTES ? CODE_BYTES : 0;
        uint64_t end = f.length < UINT64_MAX - s->pos ? s->pos + f.length : UINT64_MAX;
        s->pos += kept;
        talk_drop(s, end);
    }
}
