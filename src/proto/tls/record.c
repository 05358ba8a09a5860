#include "proto/tls/record.h"

#include "base/reader.h"

void tls_stream_fini(struct tls_stream *s)
{
    buf_fini(&s->held);
}

static const struct packet_mark *mark_of(const struct flow_chunk *chunk)
{
    return chunk->dir == FLOW_C2S ? &chunk->seen : &chunk->deliverable;
}

/* Cuts n <= chunk->len stream bytes off the front of *chunk. */
static void skip(struct flow_chunk *chunk, uint64_t n)
{
    chunk->offset += n;
    chunk->len -= n;
    chunk->bytes = slice_from(chunk->bytes, n < chunk->bytes.n ? (size_t)n : chunk->bytes.n);
}

static void skip_gap(struct tls_stream *s, struct flow_chunk *chunk)
{
    s->gap_bytes += chunk->len;
    skip(chunk, chunk->len);
}

/* ---- headers ---- */

static bool plausible_header(const uint8_t h[TLS_HEADER_BYTES])
{
    uint32_t length = (uint32_t)h[3] << 8 | h[4];

    return h[0] >= TLS_CHANGE_CIPHER_SPEC && h[0] <= TLS_HEARTBEAT && h[1] == 3 && h[2] <= 4 &&
           length <= TLS_RECORD_MAX && (length > 0 || h[0] == TLS_APPLICATION_DATA);
}

bool tls_looks_like_record(struct slice b)
{
    if (b.n < TLS_HEADER_BYTES || !plausible_header(b.p))
        return false;
    struct reader r = reader_of_slice(b);
    reader_skip(&r, 3);
    reader_skip(&r, reader_be16(&r));
    return !reader_ok(&r) || r.left < TLS_HEADER_BYTES || plausible_header(r.p);
}

/* RFC 5246 E.2: a length with its high bit set, message type 1, version 3.x. */
static bool is_sslv2_hello(const uint8_t h[TLS_HEADER_BYTES])
{
    return (h[0] & 0x80) != 0 && h[2] == 1 && h[3] == 3 && h[4] <= 3;
}

bool tls_looks_like_hello(struct slice b)
{
    if (b.n < TLS_HEADER_BYTES + 1)
        return false;
    return is_sslv2_hello(b.p) ? b.p[0] < 0x84 && b.p[5] == 0
                               : plausible_header(b.p) && b.p[0] == TLS_HANDSHAKE && (b.p[5] == 1 || b.p[5] == 2);
}

static void begin_record(struct tls_stream *s, uint8_t type, uint16_t version, uint32_t length)
{
    s->record.dir = s->dir;
    s->record.type = type;
    s->record.version = version;
    s->record.length = length;
    s->record.payload = slice_of(NULL, 0);
    s->record.gap_before = s->gap;
    s->record.gap_bytes = s->gap_bytes;
    s->gap_bytes = 0;
    s->left = length;
    s->gap = s->broken = false;
    s->started = true;
    s->state = TLS_STREAM_PAYLOAD;
    buf_reset(&s->held);
}

/* The five bytes are SSL 2.0's length and the start of its payload. */
static void begin_sslv2(struct tls_stream *s, const uint8_t h[TLS_HEADER_BYTES])
{
    begin_record(s, TLS_SSLV2_HELLO, (uint16_t)(h[3] << 8 | h[4]), (uint32_t)(h[0] & 0x7f) << 8 | h[1]);
    buf_put(&s->held, h + 2, 3);
    s->left -= s->left < 3 ? s->left : 3;
}

/* Reports what stands there instead. */
static void no_record(struct tls_stream *s, const uint8_t h[TLS_HEADER_BYTES])
{
    memmove(s->header, h, TLS_HEADER_BYTES);
    s->gap_bytes += TLS_HEADER_BYTES;
    s->state = s->started ? TLS_STREAM_LOST : TLS_STREAM_NOT_TLS;
}

static void interpret_header(struct tls_stream *s, const uint8_t h[TLS_HEADER_BYTES])
{
    if (plausible_header(h))
        begin_record(s, h[0], (uint16_t)(h[1] << 8 | h[2]), (uint32_t)h[3] << 8 | h[4]);
    else if (!s->started && s->dir == FLOW_C2S && is_sslv2_hello(h))
        begin_sslv2(s, h);
    else
        no_record(s, h);
}

/* True when the header is whole. */
static bool take_header_part(struct tls_stream *s, struct flow_chunk *chunk)
{
    size_t want = TLS_HEADER_BYTES - (size_t)s->header_n;
    size_t n = chunk->bytes.n < want ? chunk->bytes.n : want;

    if (n > 0)
        memcpy(s->header + s->header_n, chunk->bytes.p, n);
    s->header_n = (uint8_t)(s->header_n + n);
    skip(chunk, n);
    if (s->header_n < TLS_HEADER_BYTES && chunk->len > 0) /* the capture lacks the rest of it */
        s->state = TLS_STREAM_LOST;
    if (s->header_n < TLS_HEADER_BYTES)
        return false;
    s->header_n = 0;
    interpret_header(s, s->header);
    return true;
}

/* Nearly always it is in one piece, and read where it is. */
static bool take_header(struct tls_stream *s, struct flow_chunk *chunk)
{
    const uint8_t *h = chunk->bytes.p;

    if (s->header_n == 0)
        s->record.first = *mark_of(chunk);
    if (s->header_n > 0 || chunk->bytes.n < TLS_HEADER_BYTES)
        return take_header_part(s, chunk);
    skip(chunk, TLS_HEADER_BYTES);
    interpret_header(s, h);
    return true;
}

/* Only at the start of a chunk, which is where senders begin records. */
static bool find_again(struct tls_stream *s, struct flow_chunk *chunk)
{
    s->gap = true;
    s->gap_bytes += s->header_n;
    s->header_n = 0;
    if (!tls_looks_like_record(chunk->bytes)) {
        skip_gap(s, chunk);
        return false;
    }
    s->state = TLS_STREAM_HEADER;
    return true;
}

/* ---- payload ---- */

static bool wanted(const struct tls_stream *s)
{
    return s->want_data || s->record.type != TLS_APPLICATION_DATA;
}

static void keep_payload(struct tls_stream *s, struct slice captured, size_t n)
{
    if (s->broken || !wanted(s))
        return;
    if (captured.n == s->record.length) {
        s->record.payload = captured;
        return;
    }
    buf_slice(&s->held, captured);
    s->broken = captured.n < n || s->held.failed;
    s->record.payload = buf_view(&s->held);
}

/* True when the record is whole. */
static bool take_payload(struct tls_stream *s, struct flow_chunk *chunk)
{
    size_t n = chunk->len < s->left ? (size_t)chunk->len : s->left;
    struct slice captured = slice_of(chunk->bytes.p, chunk->bytes.n < n ? chunk->bytes.n : n);

    if (n > 0)
        keep_payload(s, captured, n);
    s->record.last = *mark_of(chunk);
    s->left -= (uint32_t)n;
    skip(chunk, n);
    if (s->left > 0)
        return false;
    s->record.whole = s->record.payload.n == s->record.length;
    s->state = TLS_STREAM_HEADER;
    return true;
}

const struct tls_record *tls_stream_next(struct tls_stream *s, struct flow_chunk *chunk)
{
    while (chunk->len > 0 || (s->state == TLS_STREAM_PAYLOAD && s->left == 0)) {
        if (s->state == TLS_STREAM_NOT_TLS || (s->state == TLS_STREAM_LOST && !find_again(s, chunk)))
            return NULL;
        if (s->state == TLS_STREAM_HEADER && !take_header(s, chunk) && s->state == TLS_STREAM_HEADER)
            continue;
        if (s->state == TLS_STREAM_LOST)
            skip_gap(s, chunk);
        if (s->state == TLS_STREAM_PAYLOAD && take_payload(s, chunk))
            return &s->record;
    }
    return NULL;
}
