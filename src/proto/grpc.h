/* gRPC's length-prefixed messages in one direction's body: when each begins. Over HTTP/2 (gRPC over HTTP2, "Length-
 * Prefixed-Message"), and gRPC-Web, whose last message holds the trailers. */
#ifndef P2T_PROTO_GRPC_H
#define P2T_PROTO_GRPC_H

#include "base/buf.h"
#include "proto/message.h"

enum grpc_flavour { GRPC_NONE, GRPC_PLAIN, GRPC_WEB, GRPC_WEB_TEXT /* in base64, which is not looked into */ };

/* As a content-type names it. */
enum grpc_flavour grpc_flavour_of(struct slice content_type);

enum { GRPC_PREFIX_BYTES = 5, GRPC_TRAILERS_MAX = 16 * 1024, GRPC_TRAILER_FIELDS_MAX = 32 };

/* Zeroed and with its flavour set, it is ready for a body's first byte. */
struct grpc_reader {
    enum grpc_flavour flavour;
    uint8_t prefix[GRPC_PREFIX_BYTES], prefix_n;
    bool lost; /* where the next message begins is not known any more */
    bool in_trailers;
    uint64_t left;
    struct packet_mark first;
    struct buf trailers; /* at most GRPC_TRAILERS_MAX of them */
};

/* The next bytes of the body; each message that is whole is reported. */
void grpc_feed(struct grpc_reader *r, struct message_piece piece, struct message_out *out);
/* Bytes are missing, nobody knows how many. */
void grpc_lose(struct grpc_reader *r, const struct packet_mark *mark, struct message_out *out);
/* Frees what is held of trailers inside the body. */
void grpc_fini(struct grpc_reader *r);

#endif
