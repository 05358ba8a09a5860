#include "extract/scrub/talk.h"

/* A proxy's tunnel may hold another proxy's. */
enum { LAYERS_MAX = 16, FIRST_BYTES = 64 };

static size_t first_bytes(struct talk_side *s, uint8_t out[FIRST_BYTES])
{
    return stream_read(s->stream, s->pos, out, FIRST_BYTES);
}

/* PROXY protocol: addresses that a load balancer writes before its client's bytes. */
static bool skip_proxy_header(struct talk_side *s)
{
    static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
    enum { SIGNATURE_BYTES = 12, HEADER_2_BYTES = 16, HEADER_1_MAX = 107 };
    uint8_t b[HEADER_1_MAX];
    size_t n = stream_read(s->stream, s->pos, b, sizeof b);
    struct slice first = slice_of(b, n);

    if (slice_starts(first, SLICE_LIT("PROXY ")) && slice_find(first, '\n') < n) {
        s->pos += slice_find(first, '\n') + 1;
        return true;
    }
    if (n >= HEADER_2_BYTES && memcmp(b, signature, SIGNATURE_BYTES) == 0) {
        s->pos += HEADER_2_BYTES + (uint64_t)(b[14] << 8 | b[15]);
        return true;
    }
    return false;
}

/* Joined on its way: what its segments begin with tells. */
static bool any_begins(struct talk_side *s, bool (*so)(struct slice))
{
    enum { LOOKED_AT = 64 };

    uint64_t pos = stream_next(s->stream, s->pos);
    for (int i = 0; i < LOOKED_AT && pos != UINT64_MAX; i++) {
        struct slice piece = stream_piece(s->stream, pos);
        if (so(piece))
            return true;
        pos = stream_next(s->stream, pos + piece.n);
    }
    return false;
}

static bool is_socks(struct slice s)
{
    if (s.n >= 3 && s.p[0] == 5)
        return s.p[1] > 0 && s.p[1] < 10 && s.n == 2u + s.p[1];
    return s.n >= 9 && s.p[0] == 4 && s.p[1] == 1 && s.p[s.n - 1] == 0;
}

static void swap_sides(struct talk *t)
{
    struct talk_side client = t->side[TALK_CLIENT];

    t->side[TALK_CLIENT] = t->side[TALK_SERVER];
    t->side[TALK_SERVER] = client;
}

static enum talk_found scrub_mid_stream(struct talk *t)
{
    for (int who = 0; who < 2; who++)
        if (any_begins(&t->side[who], talk_is_record))
            return talk_tls(t);
    if (any_begins(&t->side[TALK_SERVER], talk_is_request) || any_begins(&t->side[TALK_CLIENT], talk_is_response))
        swap_sides(t);
    return talk_http1(t);
}

static enum talk_found scrub_layer(struct talk *t)
{
    struct talk_side *c = &t->side[TALK_CLIENT], *s = &t->side[TALK_SERVER];
    uint8_t b[FIRST_BYTES], answer[FIRST_BYTES];

    while (skip_proxy_header(c))
        continue;
    struct slice first = slice_of(b, first_bytes(c, b));
    struct slice second = slice_of(answer, first_bytes(s, answer));
    if (slice_starts(first, SLICE_LIT("PRI * HTTP/2.0\r\n")))
        return talk_http2(t);
    if (talk_is_request(first) || (talk_is_response(second) && !talk_is_hello(first)))
        return talk_http1(t);
    if (talk_is_hello(first) || talk_is_hello(second))
        return talk_tls(t);
    if (is_socks(stream_piece(c->stream, c->pos)))
        return talk_socks(t);
    return c->mid_stream || s->mid_stream ? scrub_mid_stream(t) : TALK_OVER;
}

void talk_scrub(struct talk *t)
{
    enum talk_found found = TALK_TUNNEL;

    for (int layer = 0; layer < LAYERS_MAX && found == TALK_TUNNEL; layer++) {
        found = scrub_layer(t);
        t->side[TALK_CLIENT].mid_stream = t->side[TALK_SERVER].mid_stream = false;
    }
    if (found == TALK_WEBSOCKET)
        for (int who = 0; who < 2; who++)
            talk_websocket(&t->side[who]);
    if (found == TALK_HTTP2)
        (void)talk_http2(t);
    for (int who = 0; who < 2; who++)
        talk_drop(&t->side[who], UINT64_MAX);
}
