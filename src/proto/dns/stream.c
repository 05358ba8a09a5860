#include "proto/dns/stream.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/reader.h"
#include "proto/dns/dns.h"

struct dns_stream {
    struct buf held[2]; /* length and message so far; at most 64 KiB */
    bool done[2];       /* held is a message that was handed out */
    bool lost[2];
};

struct dns_stream *dns_stream_new(void)
{
    return calloc(1, sizeof(struct dns_stream));
}

void dns_stream_free(struct dns_stream *s)
{
    if (s == NULL)
        return;
    buf_fini(&s->held[0]);
    buf_fini(&s->held[1]);
    free(s);
}

size_t dns_stream_bytes(const struct dns_stream *s)
{
    return s->held[0].cap + s->held[1].cap;
}

bool dns_stream_looks_like(struct slice bytes)
{
    struct reader r = reader_of_slice(bytes);
    size_t n = reader_be16(&r);

    return reader_ok(&r) && n == r.left && dns_plausible(slice_of(r.p, r.left));
}

/* Bytes that are still wanted: first the length's two, then as many as it says. */
static size_t wanted(const struct buf *b)
{
    if (b->n < 2)
        return 2 - b->n;
    return ((size_t)b->p[0] << 8 | b->p[1]) + 2 - b->n;
}

/* After a gap a message begins where a segment does, or nothing can be read from here on: a length and all of its
 * message, or a length alone, as clients write it that send the two apart. */
static bool begins_anew(struct slice bytes)
{
    struct reader r = reader_of_slice(bytes);
    size_t n = reader_be16(&r);

    return bytes.n == 2 || (reader_ok(&r) && n <= r.left && dns_plausible(slice_of(r.p, n)));
}

/* After a length that came alone: is this the message? */
static bool is_message(const struct buf *b, struct slice bytes)
{
    return b->n == 2 && bytes.n == wanted(b) && dns_plausible(bytes);
}

static bool find_again(struct dns_stream *s, enum flow_dir dir, struct slice bytes)
{
    struct buf *b = &s->held[dir];

    if (is_message(b, bytes)) {
        s->lost[dir] = false;
        return true;
    }
    buf_reset(b);
    if (!begins_anew(bytes))
        return false;
    s->lost[dir] = bytes.n == 2;
    if (s->lost[dir])
        buf_put(b, bytes.p, bytes.n);
    return !s->lost[dir];
}

bool dns_stream_next(struct dns_stream *s, enum flow_dir dir, struct slice *bytes, struct slice *message)
{
    struct buf *b = &s->held[dir];

    if (s->done[dir])
        buf_reset(b);
    s->done[dir] = false;
    if (s->lost[dir] && bytes->n > 0 && !find_again(s, dir, *bytes)) {
        bytes->n = 0;
        return false;
    }
    while (bytes->n > 0 && !b->failed) {
        size_t want = wanted(b), n = bytes->n < want ? bytes->n : want;
        buf_put(b, bytes->p, n);
        *bytes = slice_of(bytes->p + n, bytes->n - n);
        if (b->n < 2 || wanted(b) > 0)
            continue;
        *message = slice_of(b->p + 2, b->n - 2);
        s->done[dir] = true;
        return true;
    }
    return false;
}

void dns_stream_lose(struct dns_stream *s, enum flow_dir dir)
{
    s->lost[dir] = true;
    s->done[dir] = false;
    buf_reset(&s->held[dir]);
}
