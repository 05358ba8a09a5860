#include "proto/dns_stream.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/reader.h"
#include "proto/dns.h"

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

bool dns_stream_next(struct dns_stream *s, enum flow_dir dir, struct slice *bytes, struct slice *message)
{
    struct buf *b = &s->held[dir];

    if (s->done[dir])
        buf_reset(b);
    s->done[dir] = false;
    while (bytes->n > 0 && !s->lost[dir] && !b->failed) {
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
}
