/* Two streams that answer each other, and what of them may be kept. What is not understood is overwritten. */
#ifndef P2T_EXTRACT_SCRUB_TALK_H
#define P2T_EXTRACT_SCRUB_TALK_H

#include "extract/scrub/stream.h"
#include "extract/scrub/text.h"

enum { TALK_CLIENT, TALK_SERVER };

/* A protocol's reader leaves everything before `pos` as it is to stay. */
struct talk_side {
    struct stream *stream;
    uint64_t pos;
    bool mid_stream; /* its beginning was not captured */
};

struct talk {
    struct scrub_text *text;
    struct talk_side side[2];
};

/* What a reader found at the places where it stopped. */
enum talk_found {
    TALK_OVER,      /* nothing more: the rest is not understood, or there is none */
    TALK_TUNNEL,    /* another protocol begins */
    TALK_WEBSOCKET, /* frames of it begin */
    TALK_HTTP2
};

/* Each takes what it understands from the places on. */
enum talk_found talk_http1(struct talk *t);
enum talk_found talk_http2(struct talk *t);
enum talk_found talk_tls(struct talk *t);
enum talk_found talk_socks(struct talk *t);
void talk_websocket(struct talk_side *s);

/* Does a request begin so? A response? */
bool talk_is_request(struct slice s);
bool talk_is_response(struct slice s);
/* A record of TLS; one that begins a handshake. */
bool talk_is_record(struct slice s);
bool talk_is_hello(struct slice s);

/* Overwrites up to `to`, and goes on there. */
static inline void talk_drop(struct talk_side *s, uint64_t to)
{
    stream_fill(s->stream, s->pos, to);
    s->pos = to;
}

/* Everything of both streams. */
void talk_scrub(struct talk *t);

#endif
