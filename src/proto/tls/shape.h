/* What encrypted records are, guessed from their sizes. */
#ifndef P2T_PROTO_TLS_SHAPE_H
#define P2T_PROTO_TLS_SHAPE_H

#include "proto/fact.h"

/* How much of what is known of a connection this needs; zeroed, then filled in as the handshake goes on. */
struct tls_shape {
    uint16_t version, cipher;
    bool offers_h2; /* and the server's choice is hidden */
    bool h2;
    bool joined;            /* behind both hellos: sizes are all there is to tell HTTP/2 by */
    uint8_t control_like;   /* records so far that are as long as HTTP/2's control frames */
    bool tickets_possible;  /* a server may send NewSessionTickets after the handshake */
    bool spoke[2];          /* application data was seen */
    bool asked;             /* HTTP/2: a record that is no control frame came from the client */
    uint64_t from_server;   /* HTTP/2: bytes since the client's last WINDOW_UPDATE */
    uint64_t to_give_back;  /* HTTP/2: bytes before it that it did not give back */
    int64_t updated_ns;     /* HTTP/2: when it was; 0: none yet */
    int64_t server_ns;      /* HTTP/2: of the server's last record that is no control frame ... */
    uint32_t server_bytes;  /* ... and its bytes */
    bool settings_acked;    /* HTTP/2: by the client */
    uint8_t client_padding; /* TLS 1.3: bytes behind the text of each of the client's records */
    uint8_t tickets;        /* records that look like one, so far */
    uint32_t ticket_length;
    bool may_have_answered; /* one came after a request */
    uint32_t answer_bytes;  /* HTTP/2: of the server's first record after the client's last request */
    bool turned;            /* HTTP/2: that one is to come */
    bool answered;          /* a server's record that cannot be one was seen */
};

/* Java's TLS 1.3 puts so many zeros behind the text of each record. */
enum { TLS_JAVA_PADDING = 16 };

/* Of an encrypted record of the connection, without what the client puts behind it. */
uint32_t tls_text_bytes(const struct tls_shape *s, enum flow_dir dir, uint32_t length);
/* Plain text of an encrypted record; an estimate where the cipher pads. */
uint32_t tls_plain_bytes(uint16_t version, uint16_t cipher, uint32_t length);
/* Of TLS 1.3's Finished for the cipher's hash (RFC 8446 4.4.4), as an encrypted record. */
uint32_t tls_finished_bytes(uint16_t cipher);
/* The server's ALPN choice from the size of its EncryptedExtensions; p == NULL: not known. */
struct slice tls_alpn_by_size(const struct tls_shape *s, uint32_t length);
/* now_ns: of the record's last byte */
enum fact_tls_shape tls_shape_of(struct tls_shape *s, enum flow_dir dir, uint32_t length, int64_t now_ns);

#endif
