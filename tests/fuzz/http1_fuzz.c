/* The HTTP/1 decoder under a connection that the bytes make up: pieces of both directions, cut, lost and ended.
 *
 * The pieces come whole, and once more byte by byte: both must give the same facts, up to those that depend on where
 * segments begin. */
#include <stdlib.h>

#include "base/reader.h"
#include "proto/http1/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { EXCHANGES = 4096 };

/* What was told so far, and a hash of it. */
struct witness {
    uint64_t fed; /* bytes, holes included */
    uint64_t body[2];
    uint64_t facts, messages;
    bool open[2]; /* a head that has no end yet */
    uint32_t last[2];
    bool damaged; /* from here on facts depend on where segments begin */
    uint64_t hash;
};

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t mix_text(uint64_t h, struct slice s)
{
    h = mixed(h, s.n);
    for (size_t i = 0; i < s.n; i++)
        h = mixed(h, s.p[i]);
    return h;
}

static uint64_t mix_flags(uint64_t h, bool a, bool b, bool c)
{
    return mixed(h, (uint64_t)a | (uint64_t)b << 1 | (uint64_t)c << 2);
}

static void see_head(struct witness *w, const struct fact *f, int side)
{
    const struct fact_http_head *h = f->as.head;

    CHECK(h->bytes <= w->fed);
    CHECK(side == 1 || !w->open[0]);
    /* Numbers grow; a response may belong to an earlier request, but not to one before the last response's. */
    CHECK(w->last[side] == UINT32_MAX || f->exchange >= w->last[side]);
    CHECK(f->exchange < EXCHANGES);
    w->last[side] = f->exchange;
    bool interim = side == 1 && h->extent == FACT_HEAD_WHOLE && h->status / 100 == 1 &&
                   (h->status != 101 || h->upgrade == FACT_UPGRADE_H2C);
    w->open[side] = !interim;
    w->damaged |= h->extent != FACT_HEAD_WHOLE;
    w->hash = mixed(w->hash, (uint64_t)h->status << 8 | h->extent);
    w->hash = mix_flags(w->hash, h->chunked, h->has_length, h->until_close);
    w->hash = mixed(w->hash, h->without_request);
    w->hash = mixed(w->hash, h->length);
    w->hash = mix_text(mix_text(w->hash, h->method), h->target);
    for (size_t i = 0; i < h->header_count; i++)
        w->hash = mix_text(mix_text(w->hash, h->headers[i].name), h->headers[i].value);
}

static void see_end(struct witness *w, const struct fact *f, int side)
{
    CHECK(w->open[side] && f->exchange == w->last[side]);
    w->open[side] = false;
    w->body[side] += f->as.http_end.body_bytes;
    CHECK(w->body[side] <= w->fed);
    /* A request in place of a refused body is told by the front of its segment. */
    w->damaged |= f->as.http_end.lost || f->as.http_end.abandoned;
    w->hash = mixed(w->hash, f->as.http_end.body_bytes);
    w->hash = mix_flags(w->hash, f->as.http_end.complete, f->as.http_end.lost, f->as.http_end.abandoned);
}

static void see(void *ctx, const struct fact *f)
{
    struct witness *w = ctx;
    int side = f->kind == FACT_HTTP_RESPONSE_HEAD || f->kind == FACT_HTTP_RESPONSE_END;

    w->facts++;
    w->hash = mixed(mixed(w->hash, f->kind), f->exchange);
    switch (f->kind) {
    case FACT_HTTP_REQUEST_HEAD:
    case FACT_HTTP_RESPONSE_HEAD:
        see_head(w, f, side);
        break;
    case FACT_HTTP_REQUEST_END:
    case FACT_HTTP_RESPONSE_END:
        see_end(w, f, side);
        break;
    case FACT_HTTP_BAD:
        CHECK(f->as.bad.line.n <= 4096);
        w->damaged = true;
        break;
    case FACT_HTTP_MESSAGE:
        CHECK(++w->messages <= w->fed / 2);
        w->hash = mixed(mixed(w->hash, f->as.message.bytes), f->as.message.kind);
        break;
    default:
        CHECK(f->kind == FACT_HTTP_TUNNEL || f->kind == FACT_HTTP_MESSAGES_LOST);
        break;
    }
}

/* ---- the script: op, length, and for bytes the bytes themselves ---- */

enum op { OP_ASK, OP_SAY, OP_ASK_CUT, OP_SAY_CUT, OP_ASK_HOLE, OP_SAY_HOLE, OP_FIN, OP_RESUME, OPS };

struct stage {
    struct http1 *http1;
    struct witness *w;
    struct packet_mark mark;
    bool bytewise;
};

static void give(struct stage *s, enum flow_dir dir, struct slice bytes, uint64_t missing, bool lost)
{
    struct flow_chunk chunk = {.dir = dir,
                               .bytes = bytes.n > 0 ? bytes : slice_of(NULL, 0),
                               .len = bytes.n + missing,
                               .lost = lost,
                               .seen = s->mark,
                               .deliverable = s->mark};

    if (chunk.len == 0)
        return;
    s->w->fed += chunk.len;
    s->w->damaged |= missing > 0;
    CHECK(http1_chunk(s->http1, &chunk) <= chunk.len);
}

static void give_bytes(struct stage *s, enum flow_dir dir, struct slice bytes, uint64_t missing)
{
    for (size_t i = 0; s->bytewise && i + 1 < bytes.n; i++)
        give(s, dir, slice_of(bytes.p + i, 1), 0, false);
    size_t last = s->bytewise && bytes.n > 0 ? 1 : bytes.n;
    give(s, dir, slice_of(bytes.p + bytes.n - last, last), missing, false);
}

static void step(struct stage *s, struct reader *r)
{
    uint8_t op = reader_u8(r);
    uint16_t n = reader_be16(r);
    struct slice bytes = reader_slice(r, op % OPS < OP_ASK_HOLE ? (n < r->left ? n : r->left) : 0);

    s->mark.ts_ns += 1000 + op / OPS * 100000;
    s->mark.ref.number++;
    switch (op % OPS) {
    case OP_ASK:
    case OP_SAY:
        give_bytes(s, op % OPS == OP_ASK ? FLOW_C2S : FLOW_S2C, bytes, 0);
        break;
    case OP_ASK_CUT:
    case OP_SAY_CUT:
        give_bytes(s, op % OPS == OP_ASK_CUT ? FLOW_C2S : FLOW_S2C, bytes, 1 + n % 1000u);
        break;
    case OP_ASK_HOLE:
    case OP_SAY_HOLE:
        give(s, op % OPS == OP_ASK_HOLE ? FLOW_C2S : FLOW_S2C, slice_of(NULL, 0), n, true);
        break;
    case OP_FIN:
        http1_fin(s->http1, (enum flow_dir)(n % 2), &s->mark);
        break;
    default:
        if (http1_in_tunnel(s->http1))
            http1_resume(s->http1);
        break;
    }
}

static struct witness run(const uint8_t *data, size_t size, bool bytewise)
{
    static const struct http1_limits limits = {
        .head_bytes = 2048, .head_bytes_total = 3000, .headers = 8, .pipelined = 4};
    struct witness w = {.last = {UINT32_MAX, UINT32_MAX}};
    struct fact_sink sink = {&w, see};
    struct flow_conn conn = {.number = 1};
    struct stage s = {.w = &w, .mark = {1000, {1, 0}}, .bytewise = bytewise};
    struct reader r = reader_of(data, size);
    struct http1_env env;

    CHECK(http1_env_init(&env, &limits, &sink) == P2T_OK);
    s.http1 = http1_new(&env, &conn, reader_u8(&r) % 4 == 0, 0);
    CHECK(s.http1 != NULL);
    w.damaged = size > 0 && data[0] % 4 == 0;
    while (r.left > 0)
        step(&s, &r);
    http1_close(s.http1);
    CHECK(!w.open[0] && !w.open[1]);
    http1_free(s.http1);
    CHECK(env.head_bytes_held == 0 && env.connections.in_use == 0 && env.chunk_parsers.in_use == 0);
    http1_env_fini(&env);
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct witness whole = run(data, size, false), bytewise = run(data, size, true);

    CHECK(whole.fed == bytewise.fed);
    if (!whole.damaged && !bytewise.damaged)
        CHECK(whole.hash == bytewise.hash && whole.facts == bytewise.facts);
    return 0;
}
