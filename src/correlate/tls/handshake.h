/* What a connection's TLS needs while it is under way. */
#ifndef P2T_CORRELATE_TLS_HANDSHAKE_H
#define P2T_CORRELATE_TLS_HANDSHAKE_H

#include "correlate/state.h"

struct conn_tls {
    struct exchange_tls info;
    bool told;                    /* an exchange tells of the handshake */
    bool asked;                   /* a request was estimated on it */
    uint64_t early_bytes;         /* of the open request, sent as early data; 0: none */
    uint32_t tickets;             /* records so far that look like a NewSessionTicket */
    bool answered;                /* a record of the open exchange's response cannot be one */
    uint32_t answer_records;      /* of the open exchange's response */
    uint64_t record_bytes;        /* of the client's last records, on average */
    uint64_t head_bytes;          /* HTTP/2: of the last request's first record */
    uint64_t answer_head_bytes;   /* HTTP/2: of the last response's first record */
    struct packet_mark head_like; /* HTTP/2: a short frame that may be the open exchange's response head */
    bool reset_like;              /* HTTP/2: the server sent what may be a RST_STREAM since */
    bool control_seen; /* HTTP/2: the server sent a short frame since, other than a SETTINGS acknowledgement */
    /* TLS inside TLS, to a target behind an https proxy: how far its handshake has come. */
    enum tls_tunnel { TUNNEL_NONE, TUNNEL_ASKED, TUNNEL_HELLO, TUNNEL_ANSWERED, TUNNEL_READY } tunnel;
};

/* tls.c */
/* An exchange of kind tls; first: its first packet. NULL when memory ran out. */
struct exchange *tls_begin(struct correlate *c, struct cconn *cc, const struct packet_mark *first);

/* tls_turns.c */
void tls_records(struct correlate *c, struct cconn *cc, const struct fact *f);

#endif
