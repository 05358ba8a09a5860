/* The TLS record layer over ordered chunks (RFC 8446 5.1, RFC 5246 6.2.1).
 *
 * One struct per direction. Records may lie in many chunks and chunks hold many records. The payload of application
 * data is skipped by subtraction unless it is asked for, so that a hole or a cut inside it costs nothing; a hole over
 * a header loses the direction until a chunk begins with a plausible one. */
#ifndef P2T_PROTO_TLS_RECORD_H
#define P2T_PROTO_TLS_RECORD_H

#include "base/buf.h"
#include "flow/chunk.h"

enum tls_content {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23,
    TLS_HEARTBEAT = 24,
    TLS_SSLV2_HELLO = 128 /* ours: a ClientHello in SSL 2.0's framing (RFC 5246 E.2) */
};

enum { TLS_HEADER_BYTES = 5, TLS_RECORD_MAX = (1 << 14) + 2048 };

struct tls_record {
    enum flow_dir dir;
    uint8_t type;
    uint16_t version; /* as the record says */
    uint32_t length;  /* of its payload on the wire */
    /* What was captured of the payload from its start; empty for application data that nobody asked for. Valid
     * until the next record of the direction. */
    struct slice payload;
    bool whole;                     /* payload is all of it */
    bool gap_before;                /* records of this direction may be missing before it ... */
    uint64_t gap_bytes;             /* ... in so many bytes that are in no record */
    struct packet_mark first, last; /* its first and last byte */
};

enum tls_stream_state {
    TLS_STREAM_HEADER = 0,
    TLS_STREAM_PAYLOAD,
    TLS_STREAM_LOST, /* waits for a chunk that begins with a record */
    TLS_STREAM_NOT_TLS
};

struct tls_stream {
    enum flow_dir dir;
    enum tls_stream_state state;
    bool want_data; /* application data, too, is to be handed out: somebody decrypts it */
    bool started;   /* a record was seen */
    bool gap;       /* since the last record ... */
    uint64_t gap_bytes;
    bool broken; /* payload of the record under way is missing from here on */
    uint8_t header[TLS_HEADER_BYTES];
    uint8_t header_n;
    uint32_t left; /* of the payload of the record under way */
    struct tls_record record;
    struct buf held; /* payload that lies in more than one chunk */
};

void tls_stream_fini(struct tls_stream *s);
/* Cuts bytes off the front of *chunk; a record that this made whole, valid until the next call, or NULL. Call again
 * until it is NULL. */
const struct tls_record *tls_stream_next(struct tls_stream *s, struct flow_chunk *chunk);
/* What is asked of bytes that no connection start vouches for: a record's header, and another one after the record
 * where the bytes go that far. */
bool tls_looks_like_record(struct slice bytes);
/* The start of a connection: a record with a ClientHello or ServerHello, or SSL 2.0's framing of the former. */
bool tls_looks_like_hello(struct slice bytes);

#endif
