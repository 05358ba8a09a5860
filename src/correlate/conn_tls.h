/* What a connection knows of its TLS, and how exchanges take it over. */
#ifndef P2T_CORRELATE_CONN_TLS_H
#define P2T_CORRELATE_CONN_TLS_H

#include "correlate/conn.h"

enum { TLS_WAITS_KEPT = 16, TLS_MAYBE_HEADS = 8, TLS_ENDS_SURE = 2 };

struct conn_tls {
    struct exchange_tls info;
    uint64_t early_bytes;     /* of the open request, sent as early data; 0: none */
    uint32_t tickets;         /* records so far that look like a NewSessionTicket */
    uint32_t answer_records;  /* of the open exchange's response */
    uint64_t record_bytes;    /* of the client's last records, on average */
    uint32_t sent_last_bytes; /* HTTP/2: of its last record */
    /* HTTP/2: the client's short records that followed the last request's head at once; more than are kept: none are */
    struct packet_mark maybe_head[TLS_MAYBE_HEADS];
    uint32_t maybe_head_bytes[TLS_MAYBE_HEADS];
    uint32_t maybe_heads;
    uint32_t waits;               /* of waits_ns so far; the latest are kept */
    struct packet_mark ping_like; /* HTTP/2: the client's last record, as long as a PING */
    uint64_t head_bytes;          /* HTTP/2: of the last request's first record */
    uint64_t least_head_bytes;    /* HTTP/2: of the requests that followed a pause, but for the first; 0: none did */
    uint64_t answer_head_bytes;   /* HTTP/2: of the last response's first record */
    uint64_t answer_last_bytes;   /* HTTP/2: of its last record */
    uint32_t answer_head_least;   /* HTTP/2: of all responses' first records; 0: none was short */
    uint32_t heads_hidden;        /* HTTP/2: heads that the last short one may have with it */
    bool padded;                  /* the client is Java */
    bool reported;                /* an exchange reports the handshake */
    bool asked;                   /* a request was estimated on it */
    bool answered;                /* a record of the open exchange's response cannot be one */
    bool pinged;            /* HTTP/2: the server sent what may be a PING that the client has not acknowledged */
    uint8_t short_bodies;   /* HTTP/2: bodies as short as heads, as it seems; 2: or more */
    bool heads_with_bodies; /* HTTP/2: the client writes both as one record, as it seems */
    int8_t heads_apart;     /* HTTP/2: 0 or more: the server's HEADERS are records of their own, as it seems */
    bool bodies_like_heads; /* HTTP/2: a body was as short as its head */
    uint8_t ends_seen;      /* HTTP/2: empty frames that ended responses, as it seems */
    bool frames_end;        /* HTTP/2: the record at hand ends what came before it */
    bool answer_ended;      /* HTTP/2: the server sent an empty frame since */
    bool settings_acked;    /* HTTP/2: by the server */
    bool heads_short;       /* HTTP/2: the server's HEADERS may be as short as a WINDOW_UPDATE */
    int64_t answer_ns;      /* HTTP/2: of the server's last record that is no control frame */
    int64_t usual_wait_ns;  /* HTTP/2: for an answer, where it was asked for alone; 0: not known */
    int64_t least_wait_ns;  /* the least of those, and for the ServerHello; 0: not known */
    int64_t waits_ns[TLS_WAITS_KEPT]; /* HTTP/2: for answers that no other request can have got; 0: not known */
    struct packet_mark head_like;     /* HTTP/2: a short frame that may be the open exchange's response head */
    bool resets_seen;                 /* HTTP/2: the client sent a RST_STREAM, as it seems */
    bool reset_like;                  /* HTTP/2: the server sent what may be a RST_STREAM since */
    bool reset_marked;                /* HTTP/2: an open request has that frame as response.reset_like */
    bool control_seen; /* HTTP/2: the server sent a short frame since, other than a SETTINGS acknowledgement */
    /* TLS inside TLS, to a target behind an https proxy: how far its handshake has come. */
    enum tls_tunnel { TUNNEL_NONE, TUNNEL_ASKED, TUNNEL_HELLO, TUNNEL_ANSWERED, TUNNEL_READY } tunnel;
};

/* The connection's TLS, made at its first fact; NULL when memory ran out. */
struct conn_tls *conn_tls_of(struct correlate *c, struct cconn *cc);
/* Copies what is known so far into e->tls, in e's arena. */
void conn_tls_snapshot(const struct cconn *cc, struct exchange *e);
/* A copy in the arena; NULL: no TLS, or memory ran out. */
struct exchange_tls *conn_tls_copy(const struct cconn *cc, struct arena *a);
/* The end of the handshake; a mark that is not set where there was none. */
const struct packet_mark *conn_tls_done_mark(const struct cconn *cc);
/* The exchange reports the handshake, if none does yet and no dial will. */
void conn_tls_report_in(struct cconn *cc, struct exchange *e);
/* True when a handshake was made that no exchange reports yet: the caller's does from now on. */
bool conn_tls_claim_handshake(struct cconn *cc);

#endif
