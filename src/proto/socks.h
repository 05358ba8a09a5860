/* SOCKS 4, 4a and 5 negotiation at the start of a connection (RFC 1928, RFC 1929). */
#ifndef P2T_PROTO_SOCKS_H
#define P2T_PROTO_SOCKS_H

#include "base/buf.h"
#include "proto/fact.h"

enum socks_progress {
    SOCKS_MORE,   /* the negotiation goes on */
    SOCKS_TUNNEL, /* what follows is another protocol */
    SOCKS_OVER    /* refused, or not SOCKS after all */
};

enum socks_state { SOCKS_GREETING, SOCKS_METHOD, SOCKS_AUTH, SOCKS_AUTH_REPLY, SOCKS_REQUEST, SOCKS_REPLY };

struct socks {
    enum socks_state state;
    uint8_t version;
    uint8_t held_n[2];
    uint8_t held[2][255];
};

/* The bytes are a whole greeting of SOCKS 5, or a whole CONNECT request of SOCKS 4. */
bool socks_looks_like(struct slice first_bytes);
/* Takes one direction's bytes in order; *used says how many belong to the negotiation. */
enum socks_progress socks_feed(struct socks *s, const struct fact_sink *sink, struct flow_conn *conn,
                               enum flow_dir dir, struct slice bytes, const struct packet_mark *mark, size_t *used);

#endif
