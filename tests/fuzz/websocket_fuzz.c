/* Message readers, WebSocket's and gRPC's, over bytes in pieces with holes: no more messages than bytes, none behind a
 * loss, and the same in pieces of any size. */
#include <stdlib.h>

#include "base/reader.h"
#include "proto/grpc.h"
#include "proto/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAVOURS = GRPC_WEB_TEXT + 1 }; /* GRPC_NONE stands for WebSocket */

struct witness {
    uint64_t fed, messages, trailers, digest;
    bool lost;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void digest(struct witness *w, uint64_t v)
{
    w->digest = (w->digest ^ v) * 0x100000001b3u;
}

static void see(void *ctx, const struct fact *f)
{
    struct witness *w = ctx;

    require(!w->lost);
    digest(w, (uint64_t)f->kind << 32 | (uint64_t)f->mark.ts_ns);
    switch (f->kind) {
    case FACT_HTTP_MESSAGE:
        w->messages++;
        require(w->messages <= w->fed / 2);
        digest(w,
               f->as.message.bytes ^ (uint64_t)f->as.message.kind << 56 ^ (uint64_t)f->as.message.close_code << 40);
        break;
    case FACT_HTTP_TRAILERS:
        w->trailers++;
        for (size_t i = 0; i < f->as.head->header_count; i++) {
            const struct fact_header *h = &f->as.head->headers[i];
            for (size_t k = 0; k < h->name.n; k++)
                digest(w, h->name.p[k]);
            digest(w, h->value.n);
        }
        break;
    default:
        require(f->kind == FACT_HTTP_MESSAGES_LOST);
        w->lost = true;
    }
}

struct stage {
    struct witness w;
    struct websocket_reader websocket;
    struct grpc_reader grpc;
    struct fact_sink sink;
};

static void give(struct stage *s, struct slice bytes, uint64_t hole, int64_t at)
{
    struct message_piece piece = {bytes, bytes.n + hole, {.ts_ns = at, .ref = {1, 0}}};
    struct message_out out = {.sink = &s->sink};

    s->w.fed += piece.len;
    if (s->grpc.flavour == GRPC_NONE)
        websocket_feed(&s->websocket, piece, &out);
    else
        grpc_feed(&s->grpc, piece, &out);
}

/* Each piece: a byte for the size of a hole behind it, one of length, its bytes. The time is the piece's number. */
static struct witness run(const uint8_t *data, size_t size, bool bytewise)
{
    struct stage s = {.sink = {&s.w, see}};
    struct reader in = reader_of(data, size);

    s.grpc.flavour = (enum grpc_flavour)(reader_u8(&in) % FLAVOURS);
    for (int64_t number = 1; in.left > 0; number++) {
        uint8_t hole = reader_u8(&in), n = reader_u8(&in);
        struct slice bytes = reader_slice(&in, n < in.left ? n : in.left);
        uint64_t missing = hole < 192 ? 0 : hole == 255 ? UINT64_C(1) << 62 : hole;
        for (size_t i = 0; bytewise && i < bytes.n; i++)
            give(&s, slice_of(bytes.p + i, 1), 0, number);
        if (!bytewise && bytes.n > 0)
            give(&s, bytes, 0, number);
        if (missing > 0)
            give(&s, slice_of(NULL, 0), missing, number);
    }
    require(s.grpc.trailers.cap <= 2 * GRPC_TRAILERS_MAX);
    grpc_fini(&s.grpc);
    return s.w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct witness whole = run(data, size, false), bytewise = run(data, size, true);

    require(whole.digest == bytewise.digest && whole.messages == bytewise.messages && whole.lost == bytewise.lost);
    return 0;
}
