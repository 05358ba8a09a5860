/* Facts: what was seen on the wire, when, and in which packet. All that `correlate` knows of the world.
 *
 * Decoders report and do not judge. Slices in a fact are valid during the call that hands it over. */
#ifndef P2T_PROTO_FACT_H
#define P2T_PROTO_FACT_H

#include "flow/chunk.h"
#include "proto/dns/dns.h"
#include "proto/tls/certificate.h"
#include "proto/tls/handshake.h"

enum fact_kind {
    FACT_CONN_OPEN = 1,
    FACT_CONN_EVENT,
    FACT_CONN_CLOSE,
    FACT_CONN_PROTO,
    FACT_CONN_ROLES, /* joined on its way: client and server had been taken for each other */
    FACT_CONN_GAP,
    FACT_HTTP_REQUEST_HEAD,
    FACT_HTTP_REQUEST_END,
    FACT_HTTP_RESPONSE_HEAD,
    FACT_HTTP_RESPONSE_END,
    FACT_HTTP_BAD,
    FACT_HTTP_TUNNEL,
    FACT_HTTP_PREFACE,       /* HTTP/2: the client's connection preface is whole */
    FACT_HTTP_TRAILERS,      /* HTTP/2, and gRPC-Web's; its fields are in `head` */
    FACT_HTTP_MESSAGE,       /* inside a body: gRPC, WebSocket. mark: its first byte */
    FACT_HTTP_MESSAGES_LOST, /* from here on, the direction's messages cannot be read any more */
    FACT_HTTP_RESET,         /* RST_STREAM: nothing more comes on the stream */
    FACT_HTTP_GOAWAY,
    FACT_HTTP_PING, /* HTTP/2: RFC 9113 6.7 */
    FACT_SOCKS_REQUEST,
    FACT_SOCKS_REPLY,
    FACT_DNS_MESSAGE,
    FACT_DNS_ERROR,
    FACT_TLS_CLIENT_HELLO,
    FACT_TLS_SERVER_HELLO,
    FACT_TLS_CERTIFICATE,
    FACT_TLS_ALERT,
    FACT_TLS_DONE,
    FACT_TLS_RECORDS,
    FACT_TLS_NOT_TLS,
    FACT_TLS_DECRYPTED, /* its first application data was */
    FACT_TLS_LOST       /* secrets are known, and yet the rest of the direction cannot be decrypted */
};

/* What a connection turned out to carry. */
enum fact_proto {
    FACT_PROTO_UNKNOWN = 0,
    FACT_PROTO_HTTP1,
    FACT_PROTO_HTTP2,
    FACT_PROTO_TLS,
    FACT_PROTO_DNS,
    FACT_PROTO_SOCKS,
    FACT_PROTO_PROXY_PROTOCOL,
    FACT_PROTO_OTHER
};

struct fact_header {
    struct slice name, value; /* value without surrounding white space */
};

/* How much of a head there is. What is given is right in any case, but only WHOLE is all of it. */
enum fact_head_extent {
    FACT_HEAD_WHOLE = 0,
    FACT_HEAD_CUT,        /* the capture lacks the rest */
    FACT_HEAD_UNFINISHED, /* the connection ended inside */
    FACT_HEAD_OVER_LIMIT  /* longer than the limit: the rest was not looked at */
};

/* What a connection (101) or a stream (RFC 8441: `:protocol`) becomes. */
enum fact_upgrade { FACT_UPGRADE_NONE = 0, FACT_UPGRADE_WEBSOCKET, FACT_UPGRADE_H2C, FACT_UPGRADE_OTHER };

struct fact_http_head {
    struct packet_mark first; /* its first byte */
    struct packet_mark last;  /* the last byte of the head */
    struct slice method, target, reason;
    uint16_t status;
    uint8_t version_major, version_minor;
    enum fact_head_extent extent;
    bool without_request; /* a response whose request the capture does not hold */
    enum fact_upgrade upgrade;
    uint64_t bytes;
    const struct fact_header *headers;
    size_t header_count;
    struct slice lines;       /* all names and values of `headers` lie in these bytes; p == NULL: each somewhere */
    uint32_t headers_dropped; /* beyond the limit */
    uint32_t max_streams;     /* HTTP/2 requests: streams that the server allows at once; 0: it has not said */
    /* Framing, as RFC 9112 6.3 decides it for this message. */
    bool chunked;
    bool has_length; /* Content-Length */
    bool until_close;
    uint64_t length;
    bool body_in_segment; /* body bytes follow in the segment that ends the head */
};

struct fact_http_end {
    struct packet_mark last;            /* the message's last byte */
    struct packet_mark last_body_chunk; /* last byte of data before a final zero chunk; number 0: none */
    uint64_t body_bytes;
    bool complete;   /* its framing was satisfied */
    bool lost;       /* bytes of it are missing from the capture */
    uint32_t stalls; /* HTTP/2: times the flow-control window was used up */
    bool abandoned;  /* the body announced with Expect: 100-continue was never sent */
};

/* The first field of that name; p == NULL: none. */
static inline struct slice fact_header_value(const struct fact_header *headers, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_ieq(headers[i].name, name))
            return headers[i].value;
    return (struct slice){NULL, 0};
}

enum fact_message_kind {
    FACT_MESSAGE_GRPC = 1,
    FACT_MESSAGE_TEXT, /* WebSocket's: RFC 6455 5.6, 5.5 */
    FACT_MESSAGE_BINARY,
    FACT_MESSAGE_PING,
    FACT_MESSAGE_PONG,
    FACT_MESSAGE_CLOSE /* reported when it is whole */
};

struct fact_message {
    enum fact_message_kind kind;
    uint64_t bytes;      /* of gRPC's message; of the WebSocket frame that begins it */
    uint16_t close_code; /* CLOSE; 0: it has none */
};

/* Why Go's client refuses a response: its head, the framing it announces, or its chunks. `line` is what Go quotes. */
enum fact_bad {
    FACT_BAD_LINE = 1,      /* the first line holds no space: the line */
    FACT_BAD_STATUS,        /* the status is not three digits: the status */
    FACT_BAD_VERSION,       /* "HTTP/d.d" it is not: the version */
    FACT_BAD_FIRST_FIELD,   /* the first field's line begins with white space: the line ... */
    FACT_BAD_FIRST_LONG,    /* ... which is longer than Go quotes */
    FACT_BAD_NO_COLON,      /* a field's line: the line */
    FACT_BAD_FIELD,         /* bytes that no name or value may hold: the field, unfolded */
    FACT_BAD_CODINGS,       /* more than one Transfer-Encoding: their values, a line each */
    FACT_BAD_CODING,        /* one that is not chunked: its value */
    FACT_BAD_LENGTHS,       /* Content-Length fields that differ: their values, a line each */
    FACT_BAD_LENGTH,        /* one that is no number: its value */
    FACT_BAD_TRAILER_KEY,   /* framing is announced for the trailer: the field's name */
    FACT_BAD_CHUNK_BARE_LF, /* the line of a chunk's size ends without a carriage return */
    FACT_BAD_CHUNK_BARE_CR, /* it holds one elsewhere */
    FACT_BAD_CHUNK_LINE,    /* it is too long */
    FACT_BAD_CHUNK_EMPTY,   /* it holds no size */
    FACT_BAD_CHUNK_BYTE,    /* a byte of the size is no hexadecimal digit */
    FACT_BAD_CHUNK_SIZE,    /* it has too many digits */
    FACT_BAD_CHUNK_END,     /* no end of line follows a chunk's data */
    FACT_BAD_CHUNK_EXCESS,  /* there is too little in the chunks */
    FACT_BAD_TRAILER_LONG,  /* no blank line ends the trailer */
    FACT_BAD_TRAILER_END,   /* the connection ended before it */
    FACT_BAD_GZIP,          /* the body is said to be of gzip and does not begin so; the message goes on */
    FACT_BAD_FRAME,         /* HTTP/2: the server began with something else than a frame; of the connection ... */
    FACT_BAD_FRAME_HTTP1,   /* ... and it was a status line of HTTP/1.1 */
    FACT_BAD_FRAME_FIRST,   /* HTTP/2: the server's first frame is not SETTINGS; of the connection */
    FACT_BAD_EXTRA          /* bytes while no request is outstanding */
};

/* Where the handshake ended for the client: mark is the packet after which its library says so. */
struct fact_tls_done {
    uint16_t version, cipher;
    bool resumed;
    bool guessed;               /* the packet was guessed from the flow of records alone */
    struct slice alpn;          /* p == NULL: hidden; empty: none */
    bool client_certificate;    /* the client sent a flight of its own before its Finished ... */
    bool certificate_empty;     /* ... which holds no certificate */
    bool padded;                /* the client pads its records, as Java does */
    struct packet_mark changed; /* TLS 1.3: the client's ChangeCipherSpec, which it sends when it is done */
};

/* What encrypted application data looks like by its sizes: without keys there is nothing else to tell it by. */
enum fact_tls_shape {
    FACT_TLS_DATA = 0,
    FACT_TLS_TICKET_LIKE, /* a NewSessionTicket, or the start of a response */
    FACT_TLS_CONTROL      /* KeyUpdate; HTTP/2's preface, SETTINGS, WINDOW_UPDATE, PING */
};

/* Why secrets do not open what they are for. */
enum fact_tls_loss {
    FACT_TLS_LOSS_KEY = 1, /* a record that is all there does not open with them */
    FACT_TLS_LOSS_MISSING, /* the capture lacks packets, and what follows builds on them */
    FACT_TLS_LOSS_CIPHER,  /* libcrypto here does not offer the suite's cipher */
    FACT_TLS_LOSS_SECRET,  /* this direction's or phase's own is not among them */
    FACT_TLS_LOSSES
};

/* Records of one direction and shape that one packet completed. */
struct fact_tls_records {
    enum fact_tls_shape shape;
    struct packet_mark first;       /* first byte of the first record */
    struct packet_mark first_whole; /* its last byte */
    struct packet_mark last;        /* last byte of the last record */
    uint32_t records;
    uint64_t bytes;                   /* of plain text, estimated where the cipher pads ... */
    uint32_t first_bytes, last_bytes; /* ... and of the first and the last of the records */
    bool h2;                          /* the connection speaks HTTP/2, as far as is known */
    bool early;                       /* before the handshake ended: early data */
    bool lost;                        /* records before these are missing */
};

struct fact {
    enum fact_kind kind;
    struct flow_conn *conn; /* NULL for facts over UDP; its `user` belongs to proto */
    uint32_t exchange;      /* HTTP facts: which request of the connection, from 0 */
    uint32_t stream;        /* HTTP/2 facts; else 0 */
    enum flow_dir dir;      /* CONN_EVENT, CONN_GAP, HTTP_BAD, HTTP_MESSAGE, TLS facts */
    struct packet_mark mark;
    union {
        const struct flow_event *event; /* CONN_EVENT */
        enum flow_end end;              /* CONN_CLOSE */
        enum fact_proto proto;          /* CONN_PROTO */
        bool gap_unacked;               /* CONN_GAP: the peer lacks the bytes, too */
        const struct fact_http_head *head;
        struct fact_http_end http_end;
        struct fact_message message;
        uint32_t error_code; /* HTTP_RESET: RFC 9113 7 */
        struct {
            uint32_t last_stream, code;
            struct slice debug; /* cut to 1,024 bytes */
        } goaway;
        bool ping_ack; /* HTTP_PING: it answers the peer's */
        struct {
            enum fact_bad why;
            struct slice line; /* cut to 4,096 bytes */
            uint16_t status;   /* of a head that is refused; 0: none was read */
        } bad;
        struct {
            struct slice host; /* as sent; a name or an address in text form */
            uint16_t port;
            uint8_t version;
        } socks_request;
        struct {
            uint8_t version, code; /* RFC 1928 6: 0 is success; SOCKS4: 90 is success, given as 0 */
        } socks_reply;
        struct {
            const struct dns_message *message;
            struct endpoint src, dst;
            bool over_tcp;
            bool partial;  /* an answer's first fragment; the whole may follow */
            uint32_t path; /* on which it was seen */
        } dns;
        struct {
            struct flow_udp_error error;
            const struct dns_message *quoted; /* the message that it is about; NULL: not quoted */
        } dns_error;
        struct {
            const struct tls_client_hello *hello;
            struct packet_mark last; /* its last byte; mark is its first */
        } tls_client_hello;
        const struct tls_server_hello *tls_server_hello;
        const struct tls_certificate *tls_certificate;
        struct {
            uint8_t level, code;
            bool encrypted; /* recognised by its size: level and code are hidden */
        } tls_alert;
        const struct fact_tls_done *tls_done;
        const struct fact_tls_records *tls_records;
        enum fact_tls_loss tls_loss;
        struct slice not_tls; /* the first bytes of what came instead, cut to 128 */
    } as;
};

struct fact_sink {
    void *ctx;
    void (*emit)(void *ctx, const struct fact *fact);
};

/* Hands the fact to the sink, which keeps nothing of it by reference. */
static inline void fact_emit(const struct fact_sink *sink, const struct fact *fact)
{
    sink->emit(sink->ctx, fact);
}

#endif
