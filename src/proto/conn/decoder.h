/* A decoder as a row: what a connection does with it. To add one, write its row in a file beside this one and put it
 * into the table, ../decoders.c. */
#ifndef P2T_PROTO_CONN_DECODER_H
#define P2T_PROTO_CONN_DECODER_H

#include "proto/conn/state.h"

/* A decoder's own state of a connection is c->state[proto], from `start` to `free`. Callbacks that may be NULL do
 * nothing then. */
struct decoder {
    const char *name;
    enum fact_proto proto;
    /* May be NULL: prepares what all connections of a worker share, and frees it, also where the first failed. P2T_OK or
     * P2T_ERR_MEMORY. */
    int (*env_init)(struct proto *p, const struct proto_limits *limits);
    void (*env_fini)(struct proto *p);
    /* What the first bytes of dir are; there is at least one. */
    enum sniff (*sniff)(const struct conn *c, enum flow_dir dir, struct slice bytes);
    /* May be NULL. True when only one side begins with such bytes, which sniff said yes to: *sender. */
    bool (*sender)(struct slice bytes, enum flow_dir *sender);
    /* Makes the state, or takes the one there is up again. False when memory ran out. */
    bool (*start)(struct proto *p, struct conn *c);
    /* Takes a chunk. True: what it left of *chunk is for another decoder, which is still to be found. */
    bool (*chunk)(struct proto *p, struct conn *c, struct flow_chunk *chunk);
    /* May be NULL: the transport's event; everything before a FLOW_FIN_IN_ORDER was given. */
    void (*event)(const struct conn *c, void *state, const struct flow_event *event);
    /* May be NULL: nothing more will come. What waited for that is handed out. */
    void (*close)(void *state);
    void (*free)(struct proto *p, void *state);
    /* May be NULL: appends the secrets that it decrypts with. */
    void (*save_secrets)(const void *state, struct buf *out);
};

extern const struct decoder decoder_http1, decoder_http2, decoder_tls, decoder_dns, decoder_socks,
    decoder_proxy_protocol;

/* In the order in which they look at first bytes; the last one is NULL. */
extern const struct decoder *const decoders[];

#endif
