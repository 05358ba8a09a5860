/* Bytes as an HTTP/2 connection in pieces, with holes and cuts: exchanges begin once and end at most once each way,
 * and the same streams in other pieces tell the same story. */
#include <stdlib.h>

#include "base/reader.h"
#include "proto/conn/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXCHANGES_MAX = 1 << 12 };

struct run {
    uint8_t begun[EXCHANGES_MAX], ended[EXCHANGES_MAX];
    uint64_t fed[2], body[2], messages, digest, losses;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void digest(struct run *r, uint64_t v)
{
    r->digest = (r->digest ^ v) * 0x100000001b3u;
}

static void see_head(struct run *r, const struct fact *f, uint8_t bit)
{
    const struct fact_http_head *h = f->as.head;

    require((r->ended[f->exchange] & bit) == 0);
    r->begun[f->exchange] |= bit;
    digest(r, h->status);
    for (size_t i = 0; i < h->header_count; i++) {
        require(h->headers[i].name.n == 0 || h->headers[i].name.p != NULL);
        digest(r, h->headers[i].name.n << 32 | h->headers[i].value.n);
    }
}

static void see_end(struct run *r, const struct fact *f, int dir)
{
    uint8_t bit = (uint8_t)(1 << dir);

    require((r->begun[f->exchange] & bit) != 0 || f->as.http_end.body_bytes > 0 || !f->as.http_end.complete ||
            (r->ended[f->exchange] & bit) == 0);
    require((r->ended[f->exchange] & bit) == 0);
    r->ended[f->exchange] |= bit;
    r->body[dir] += f->as.http_end.body_bytes;
    require(r->body[dir] <= r->fed[dir]);
    digest(r, f->as.http_end.body_bytes << 1 | f->as.http_end.complete);
}

static void on_fact(void *ctx, const struct fact *f)
{
    struct run *r = ctx;

    if (f->exchange >= EXCHANGES_MAX)
        return;
    digest(r, (uint64_t)f->kind << 32 | f->exchange);
    switch (f->kind) {
    case FACT_HTTP_REQUEST_HEAD:
        see_head(r, f, 1);
        break;
    case FACT_HTTP_RESPONSE_HEAD:
        see_head(r, f, 2);
        break;
    case FACT_HTTP_REQUEST_END:
        see_end(r, f, 0);
        break;
    case FACT_HTTP_RESPONSE_END:
        see_end(r, f, 1);
        break;
    case FACT_HTTP_MESSAGE:
        require(++r->messages <= r->fed[0] + r->fed[1]);
        digest(r, f->as.message.bytes);
        break;
    default:
        break;
    }
}

static void feed(struct http2 *h, struct run *r, struct flow_chunk *chunk, size_t piece)
{
    struct slice bytes = chunk->bytes;
    uint64_t len = chunk->len;

    r->fed[chunk->dir] += len;
    do {
        size_t n = bytes.n < piece ? bytes.n : piece;
        chunk->bytes = slice_of(bytes.p, n);
        bytes = slice_of(n > 0 ? bytes.p + n : bytes.p, bytes.n - n);
        chunk->len = bytes.n > 0 ? n : len;
        len -= chunk->len;
        http2_chunk(h, chunk);
    } while (bytes.n > 0);
}

/* Each piece: a byte of flags (direction, hole, cut), two of length, its bytes. */
static struct run run(const uint8_t *data, size_t size, size_t piece)
{
    static struct run r;
    struct http2_env env;
    struct flow_conn conn = {.number = 1};
    const struct fact_sink sink = {&r, on_fact};
    struct reader in = reader_of(data, size);

    memset(&r, 0, sizeof r);
    require(http2_env_init(&env, &proto_limits_default.http2, &sink) == 0);
    struct http2 *h = http2_new(&env, &conn, (reader_u8(&in) & 1) != 0, 0);
    for (uint64_t number = 1; in.left > 3; number++) {
        uint8_t flags = reader_u8(&in);
        size_t n = reader_be16(&in);
        struct slice bytes = reader_slice(&in, n < in.left ? n : in.left);
        struct flow_chunk chunk = {
            .dir = flags & 1, .bytes = bytes, .len = bytes.n, .seen = {1, packet_ref_of(number, 0)}};
        chunk.deliverable = chunk.seen;
        chunk.lost = (flags & 6) == 6;
        if (chunk.lost)
            chunk.bytes = slice_of(NULL, 0);
        chunk.len += (flags & 8) != 0 ? flags >> 4 : 0;
        if (chunk.len > 0)
            feed(h, &r, &chunk, chunk.lost || (flags & 8) != 0 ? SIZE_MAX : piece);
    }
    http2_close(h);
    http2_free(h);
    r.losses = env.counters.losses;
    http2_env_fini(&env);
    return r;
}

static bool has_holes(const uint8_t *data, size_t size)
{
    struct reader in = reader_of(data, size);
    bool holes = (reader_u8(&in) & 1) != 0;

    while (in.left > 3) {
        uint8_t flags = reader_u8(&in);
        size_t n = reader_be16(&in);
        reader_skip(&in, n < in.left ? n : in.left);
        holes |= (flags & 6) == 6 || (flags & 8) != 0;
    }
    return holes;
}

/* A direction that is lost looks for its next frame at the starts of pieces: only without a loss are they all the
 * same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole = run(data, size, SIZE_MAX);

    if (whole.losses == 0 && !has_holes(data, size) && size < 4096)
        require(run(data, size, 1 + size % 7).digest == whole.digest);
    return 0;
}
