/* What the files behind struct tls share. */
#ifndef P2T_PROTO_TLS_STATE_H
#define P2T_PROTO_TLS_STATE_H

#include "proto/tls.h"
#include "proto/tls_shape.h"

struct tls_keys;

struct tls {
    struct tls_env *env;
    struct flow_tcp *flow;
    struct tls_stream stream[2];
    struct tls_messages messages[2];
    size_t held_bytes;                          /* as counted in env */
    uint8_t random[2][TLS_CLIENT_RANDOM_BYTES]; /* what key logs know the connection by */
    uint16_t version, cipher;
    bool mid_stream; /* whatever comes may be behind the handshake */
    bool done, not_tls;
    bool hello[2]; /* its ClientHello, its ServerHello (no HelloRetryRequest) */
    bool retried;
    bool early_data;  /* offered */
    bool certificate; /* the server's, in the clear */
    bool resumed;
    bool ccs[2];
    struct packet_mark finished[2];   /* TLS 1.2: the first encrypted handshake record */
    bool server_flight;               /* TLS 1.3: its first encrypted record was seen */
    bool server_finished;             /* TLS 1.3: a record as long as one */
    bool in_client_flight;            /* TLS 1.3: the client has begun its own */
    struct packet_mark client_flight; /* the last record of it so far */
    struct fact_tls_done outcome;
    struct tls_shape shape;
    struct tls_keys *keys; /* NULL: no secrets */
    uint8_t depth;         /* TLS connections around this one */
    void *owner;           /* takes what is decrypted */
    bool encrypt_then_mac;
    enum flow_dir run_dir;       /* of run */
    struct fact_tls_records run; /* records of a kind, not reported yet; records == 0: none */
};

/* tls.c */
struct slice tls_known_alpn(struct slice name);
void tls_emit(struct tls *t, const struct fact *f);
void tls_emit_alert(struct tls *t, const struct tls_record *r, uint8_t level, uint8_t code, bool encrypted);
void tls_emit_done(struct tls *t, const struct packet_mark *mark, bool guessed);
void tls_keep_random(struct tls *t, enum flow_dir dir, struct slice random);
void tls_on_certificate(struct tls *t, const struct tls_record *r, struct slice body);

/* tls_decrypt.c */
void tls_env_forget_crypt(struct tls_env *env);
/* Looks for the connection's secrets; what it is going to need is known now, or later. */
void tls_decrypt_begin(struct tls *t);
void tls_decrypt_end(struct tls *t);
/* TLS 1.2 and older: what dir sends from here on is encrypted anew. */
void tls_decrypt_changed(struct tls *t, enum flow_dir dir);
/* TLS 1.3. True when the record was opened, and what was in it done. */
bool tls_decrypt_inner(struct tls *t, const struct tls_record *r);
/* TLS 1.2 and older: opens it into *plain. */
bool tls_decrypt_plain(struct tls *t, const struct tls_record *r, struct tls_record *plain);
/* Application data, decrypted. */
void tls_decrypt_deliver(struct tls *t, const struct tls_record *plain);

#endif
