/* WebSocket frames of one direction (RFC 6455 5.2): when messages begin and of what kind. Payload is passed over by
 * subtraction, so that a hole in it costs nothing; a close frame's code is all that is read of it. */
#ifndef P2T_PROTO_WEBSOCKET_H
#define P2T_PROTO_WEBSOCKET_H

#include "proto/message.h"

enum { WEBSOCKET_HEADER_MAX = 14 };

/* Zeroed, it is ready for a direction's first byte. */
struct websocket_reader {
    uint8_t header[WEBSOCKET_HEADER_MAX], header_n;
    bool in_payload;
    bool fragmented; /* a message is under way whose last frame is still to come */
    bool lost;       /* where the next frame begins is not known any more */
    uint8_t close_code[2], close_n;
    struct packet_mark first; /* of the frame */
    uint64_t frame_bytes, left;
};

/* The next bytes of the direction; each message that is whole is reported, and a Close frame. */
void websocket_feed(struct websocket_reader *r, struct message_piece piece, struct message_out *out);
/* Bytes are missing, nobody knows how many. */
void websocket_lose(struct websocket_reader *r, const struct packet_mark *mark, struct message_out *out);

#endif
