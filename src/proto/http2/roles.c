/* Who is the client of a connection that was joined on its way. What only one side may send tells, as does the order in
 * which both send HEADERS on one stream. */
#include "flow/table.h"
#include "proto/http2/frame.h"

enum sender { SENDER_UNKNOWN, SENDER_CLIENT, SENDER_SERVER };

/* RFC 7541 A */
enum {
    STATIC_REQUEST_FIRST = 1,
    STATIC_REQUEST_LAST = 7,
    STATIC_STATUS_FIRST = 8,
    STATIC_STATUS_LAST = 14,
    STATIC_LAST = 61
};

/* ---- header blocks ---- */

/* RFC 7541 5.1: an integer behind a prefix of so many bits, whose octet was read. */
static uint32_t integer(struct reader *r, uint8_t first, unsigned prefix)
{
    uint32_t max = (1u << prefix) - 1, v = first & max;

    if (v < max)
        return v;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t c = reader_u8(r);
        v += (uint32_t)(c & 0x7f) << shift;
        if ((c & 0x80) == 0)
            return v;
    }
    reader_fail(r, READ_BAD);
    return 0;
}

static void skip_string(struct reader *r)
{
    reader_skip(r, integer(r, reader_u8(r), 7));
}

/* A field's index (RFC 7541 6), behind size updates, and the reader behind the field. 0: its name stands in the block. */
static uint32_t next_index(struct reader *r)
{
    uint8_t first = reader_u8(r);

    for (unsigned i = 0; (first & 0xe0) == 0x20 && i < 2; i++) {
        (void)integer(r, first, 5);
        first = reader_u8(r);
    }
    if (first & 0x80)
        return integer(r, first, 7);
    uint32_t index = integer(r, first, first & 0x40 ? 6 : 4);
    if (index == 0)
        skip_string(r);
    skip_string(r);
    return index;
}

/* Pseudo-header fields stand first (RFC 9113 8.3); those that the dynamic table holds do not show what they are. The value
 * of the field that does may be cut off. */
static enum sender sender_of_fields(struct slice block)
{
    enum { PSEUDO_MAX = 6 };
    struct reader r = reader_of_slice(block);

    for (unsigned i = 0; i < PSEUDO_MAX && r.left > 0; i++) {
        uint32_t index = next_index(&r);
        if (index >= STATIC_REQUEST_FIRST && index <= STATIC_REQUEST_LAST)
            return SENDER_CLIENT;
        if (index >= STATIC_STATUS_FIRST && index <= STATIC_STATUS_LAST)
            return SENDER_SERVER;
        if (index <= STATIC_LAST || !reader_ok(&r))
            break;
    }
    return SENDER_UNKNOWN;
}

/* ---- the order of HEADERS ---- */

static void note_headed(struct h2_dir *d)
{
    memmove(d->headed + 1, d->headed, sizeof d->headed - sizeof *d->headed);
    d->headed[0] = d->frame.stream;
}

/* Its peer was there first on this stream, and what would be a client's trailers ends the stream: it answers. */
static bool answers(const struct h2_dir *d, const struct h2_dir *peer)
{
    if (d->frame.flags & H2_END_STREAM)
        return false;
    for (unsigned i = 0; i < H2_HEADED_MAX; i++)
        if (peer->headed[i] == d->frame.stream)
            return true;
    return false;
}

/* ---- frames ---- */

static enum sender sender_of_headers(struct http2 *h, struct h2_dir *d, struct reader *r)
{
    struct h2_dir *peer = d == &h->side[0] ? &h->side[1] : &h->side[0];
    enum sender sender = sender_of_fields(h2_unpadded(d, r));

    if (sender != SENDER_UNKNOWN)
        return sender;
    if (answers(d, peer))
        return SENDER_SERVER;
    note_headed(d);
    return SENDER_UNKNOWN;
}

/* A promised stream has an even number, and its block is a request's. */
static enum sender sender_of_promise(struct h2_dir *d, struct reader *r)
{
    struct slice rest = h2_unpadded(d, r);
    struct reader promised = reader_of_slice(rest);
    uint32_t stream = reader_be32(&promised);

    if (!reader_ok(&promised) || stream == 0 || stream % 2 != 0)
        return SENDER_UNKNOWN;
    return sender_of_fields(slice_from(rest, 4)) == SENDER_CLIENT ? SENDER_SERVER : SENDER_UNKNOWN;
}

/* It names a stream that its peer opened; the highest number says no more than that it goes away (RFC 9113 6.8). */
static enum sender sender_of_goaway(struct reader *r)
{
    uint32_t last = reader_be32(r) & 0x7fffffffu;

    if (!reader_ok(r) || last == 0 || last == 0x7fffffffu)
        return SENDER_UNKNOWN;
    return last % 2 == 1 ? SENDER_SERVER : SENDER_CLIENT;
}

static enum sender sender_of_frame(struct http2 *h, struct h2_dir *d)
{
    struct reader r = reader_of_slice(buf_view(&d->payload));

    switch (d->frame.type) {
    case H2_HEADERS:
        return sender_of_headers(h, d, &r);
    case H2_PUSH_PROMISE:
        return sender_of_promise(d, &r);
    case H2_PRIORITY:
        return SENDER_CLIENT;
    case H2_GOAWAY:
        return sender_of_goaway(&r);
    default:
        return SENDER_UNKNOWN;
    }
}

void h2_roles_decide(struct http2 *h, struct h2_dir *client)
{
    struct fact f = {.kind = FACT_CONN_ROLES, .conn = h->conn, .mark = client->frame.last};

    h->roles_open = false;
    if (h->dir[FLOW_C2S] == client)
        return;
    h->dir[FLOW_S2C] = h->dir[FLOW_C2S];
    h->dir[FLOW_C2S] = client;
    flow_tcp_swap_roles(h->conn);
    fact_emit(&h->env->sink, &f);
}

void h2_roles_learn(struct http2 *h, struct h2_dir *d)
{
    enum sender sender = sender_of_frame(h, d);

    if (sender != SENDER_UNKNOWN)
        h2_roles_decide(h, (sender == SENDER_CLIENT) == (d == &h->side[0]) ? &h->side[0] : &h->side[1]);
}
