/* Messages inside a body: what the readers of gRPC's and WebSocket's framing have in common. */
#ifndef P2T_PROTO_MESSAGE_H
#define P2T_PROTO_MESSAGE_H

#include "proto/fact.h"

/* Body bytes: bytes.n of len were captured. */
struct message_piece {
    struct slice bytes;
    uint64_t len;
    struct packet_mark mark;
};

/* Where a reader's facts go. `fact` has all that does not change: connection, exchange, stream, direction. */
struct message_out {
    const struct fact_sink *sink;
    struct fact fact;
};

/* Cuts n bytes off the front, captured or not. */
static inline void message_take(struct message_piece *p, uint64_t n)
{
    p->bytes = slice_from(p->bytes, n < p->bytes.n ? (size_t)n : p->bytes.n);
    p->len -= n;
}

/* Passes over what the piece has of `left` bytes that nobody looks at, captured or not. */
static inline void message_skip(struct message_piece *p, uint64_t *left)
{
    uint64_t n = *left < p->len ? *left : p->len;

    message_take(p, n);
    *left -= n;
}

/* Reports a message, or that bytes of the stream are missing from `mark` on. */
static inline void message_emit(struct message_out *out, const struct fact_message *m, const struct packet_mark *mark)
{
    out->fact.kind = FACT_HTTP_MESSAGE;
    out->fact.mark = *mark;
    out->fact.as.message = *m;
    fact_emit(out->sink, &out->fact);
}

static inline void message_emit_lost(struct message_out *out, const struct packet_mark *mark)
{
    out->fact.kind = FACT_HTTP_MESSAGES_LOST;
    out->fact.mark = *mark;
    fact_emit(out->sink, &out->fact);
}

#endif
