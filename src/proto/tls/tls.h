/* TLS over a connection: the handshake read, encrypted records told apart by their sizes. */
#ifndef P2T_PROTO_TLS_TLS_H
#define P2T_PROTO_TLS_TLS_H

#include "base/slab.h"
#include "proto/fact.h"
#include "proto/tls/keys/crypt.h"
#include "proto/tls/ja4.h"
#include "proto/tls/record.h"

struct tls;

/* Named limits, each with the attack it bounds. */
struct tls_limits {
    size_t message_bytes;  /* one handshake message: endless certificate chains */
    size_t held_bytes;     /* messages and records under way, of all connections together */
    size_t secrets;        /* kept of key logs, the last ones: captures that bring endless ones */
    struct budget *budget; /* where what is held counts, or NULL */
};

struct tls_counters {
    uint64_t client_hellos, handshakes;
    uint64_t not_tls, gaps, limit_hits;
    uint64_t decrypted;             /* connections */
    uint64_t lost[FACT_TLS_LOSSES]; /* directions whose secrets open nothing more, by reason */
    uint64_t unopened; /* records whose key is known and does not fit, or that the capture lacks a part of */
};

/* Takes what was decrypted, as if it had come over the connection. */
struct tls_plain_sink {
    void *ctx;
    void (*chunk)(void *ctx, void *owner, const struct flow_chunk *chunk);
};

enum { TLS_DEPTH_MAX = 4 }; /* TLS inside TLS that is decrypted */

/* What all connections of one worker share. */
struct tls_env {
    struct tls_limits limits;
    struct fact_sink sink;
    struct tls_counters counters;
    struct tls_plain_sink plain_sink;
    struct slab connections, keys;
    struct tls_keylog *keylog;
    struct tls_ahead *ahead;       /* NULL: nobody looks ahead */
    struct tls_crypt *crypt;       /* made for the first connection with keys */
    uint8_t *plain[TLS_DEPTH_MAX]; /* a record, opened */
    struct tls_ja4 *ja4;
    struct tls_certificates *certificates;
    struct tls_client_hello client_hello; /* the one that is being read */
    size_t held_bytes;
};

/* 0, or P2T_ERR_MEMORY. The environment must outlive its connections. */
int tls_env_init(struct tls_env *env, const struct tls_limits *limits, const struct fact_sink *sink,
                 const struct tls_plain_sink *plain);
void tls_env_fini(struct tls_env *env);

/* mid_stream: the handshake may be over already. depth: TLS connections around this one. owner: goes with what is
 * decrypted. NULL when memory ran out. */
struct tls *tls_new(struct tls_env *env, struct flow_conn *conn, bool mid_stream, unsigned depth, void *owner);
/* The next bytes of a direction, or a hole in them. Nothing of them is kept by reference. */
void tls_chunk(struct tls *t, const struct flow_chunk *chunk);
/* Nothing more will come: what waited for that is handed out. */
void tls_close(struct tls *t);
/* Wipes its keys. NULL is allowed. */
void tls_free(struct tls *t);
/* Appends the secrets that it is decrypted with, or may be: for tls_keylog_load(). */
void tls_save_secrets(const struct tls *t, struct buf *out);

#endif
