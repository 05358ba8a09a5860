/* One packet in a few words. */
#ifndef P2T_EXPLAIN_PACKET_H
#define P2T_EXPLAIN_PACKET_H

#include "base/buf.h"
#include "extract/subject.h"
#include "input/frame.h"
#include "packet/decode.h"
#include "trace/redact.h"

enum { SENDERS_MAX = 16 };

/* How far each sender has got, to know what comes again. */
struct progress_of {
    struct endpoint src, dst;
    uint32_t next; /* sequence number */
    bool syn;
};

struct described {
    enum packet_drop why; /* PACKET_DECODED: packet is filled */
    struct packet packet;
    bool plain; /* it says nothing of itself: a pure ACK, or bytes of a message */
    bool from_client, to_client;
    struct progress_of *sent; /* SENDERS_MAX of them, zeroed at first */
    struct redact *redact;
    bool head; /* the request's head is whole with this packet */
};

/* Appends what the packet is; fills d->plain and the directions. Text from the wire is redacted and escaped. */
void packet_describe(struct buf *b, struct described *d, const struct subject *s, const struct input_frame *frame);
/* "10.0.0.1:80", or the host that reports; p.n == 0: neither. */
void packet_ends(const struct described *d, char from[ENDPOINT_TEXT_MAX], char to[ENDPOINT_TEXT_MAX]);

#endif
