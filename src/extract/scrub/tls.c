/* TLS: records are kept, whose bytes say nothing without their keys (RFC 8446 5.1). */
#include "extract/scrub/talk.h"

enum { RECORD_HEADER = 5, RECORD_MAX = (1 << 14) + 2048 };

bool talk_is_record(struct slice s)
{
    enum { CHANGE_CIPHER_SPEC = 20, HEARTBEAT = 24 };

    return s.n >= RECORD_HEADER && s.p[0] >= CHANGE_CIPHER_SPEC && s.p[0] <= HEARTBEAT && s.p[1] == 3 &&
           s.p[2] <= 4 && (s.p[3] << 8 | s.p[4]) <= RECORD_MAX;
}

bool talk_is_hello(struct slice s)
{
    enum { HANDSHAKE = 22, CLIENT_HELLO = 1, SERVER_HELLO = 2 };

    return talk_is_record(s) && s.p[0] == HANDSHAKE && s.n > RECORD_HEADER &&
           (s.p[RECORD_HEADER] == CLIENT_HELLO || s.p[RECORD_HEADER] == SERVER_HELLO);
}

/* Where records begin with a segment again. */
static bool find_record(struct talk_side *s)
{
    for (uint64_t pos = stream_next(s->stream, s->pos); pos != UINT64_MAX;) {
        struct slice piece = stream_piece(s->stream, pos);
        if (talk_is_record(piece)) {
            talk_drop(s, pos);
            return true;
        }
        pos = stream_next(s->stream, pos + piece.n);
    }
    return false;
}

/* What is left of a record whose header was lost, or never captured, is cipher text, too; but who knows it is one? */
static void keep_records(struct talk_side *s)
{
    uint8_t header[RECORD_HEADER];

    for (;;) {
        size_t n = stream_read(s->stream, s->pos, header, sizeof header);
        if (talk_is_record(slice_of(header, n)))
            s->pos += RECORD_HEADER + (uint64_t)(header[3] << 8 | header[4]);
        else if (!find_record(s))
            return;
    }
}

enum talk_found talk_tls(struct talk *t)
{
    for (int who = 0; who < 2; who++) {
        struct talk_side *s = &t->side[who];
        struct slice first = stream_piece(s->stream, s->pos);
        /* What answers TLS in another tongue: "HTTP/1.0 400 Bad Request". */
        if (who == TALK_SERVER && talk_is_response(first))
            return talk_http1(t);
        keep_records(s);
    }
    return TALK_OVER;
}
