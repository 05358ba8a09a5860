/* The state of struct tls, as its files share it. */
#ifndef P2T_PROTO_TLS_STATE_H
#define P2T_PROTO_TLS_STATE_H

#include "base/buf.h"
#include "proto/tls/tls.h"
#include "proto/tls/shape.h"

struct tls_keys;

struct tls {
    struct tls_env *env;
    struct flow_conn *flow;
    struct tls_stream stream[2];
    struct tls_messages messages[2];
    size_t held_bytes;                          /* as counted in env */
    uint8_t random[2][TLS_CLIENT_RANDOM_BYTES]; /* what key logs know the connection by */
    uint16_t version, cipher;
    bool version_cut; /* what says TLS 1.3 is in a part of the ServerHello that the capture lacks */
    bool mid_stream;  /* the handshake may be over already */
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
    bool gap;                         /* records of the handshake are missing */
    bool in_client_flight;            /* TLS 1.3: the client has begun its own */
    struct packet_mark client_flight; /* the last record of it so far */
    struct fact_tls_done outcome;
    struct tls_shape shape;
    struct tls_keys *keys; /* NULL: no secrets */
    uint8_t depth;         /* TLS connections around this one */
    void *owner;           /* takes what is decrypted */
    bool encrypt_then_mac, extended_master_secret;
    bool loss_reported[2];
    struct tls_offered { /* TLS 1.2 and older: sessions that may go on, or begin */
        bool ticket, id;
        uint8_t ticket_key[TLS_CLIENT_RANDOM_BYTES], id_key[TLS_CLIENT_RANDOM_BYTES];
    } offered;
    bool issued_id;              /* offered.id_key is of the server's new session */
    struct buf transcript;       /* the handshake's messages, as long as a premaster secret may need them */
    enum flow_dir run_dir;       /* of run */
    struct fact_tls_records run; /* records of a kind, not reported yet; records == 0: none */
};

/* What waits for more of it was `before` bytes and is `now`. */
static inline void tls_holds(struct tls_env *env, size_t before, size_t now)
{
    env->held_bytes += now - before;
    budget_change(env->limits.budget, before, now);
}

/* emit.c */
/* A fact about the connection; mark: the packet that shows it. */
struct fact tls_fact_of(const struct tls *t, enum fact_kind kind, enum flow_dir dir, const struct packet_mark *mark);
/* Reports a fact, and before it the records that were held back. */
void tls_emit(struct tls *t, const struct fact *f);
/* encrypted: it was recognised by its size; level and code are 0. */
void tls_emit_alert(struct tls *t, const struct tls_record *r, uint8_t level, uint8_t code, bool encrypted);
/* The handshake is over at that packet: its outcome is reported. guessed: sizes and directions of encrypted
 * records say so. */
void tls_emit_done(struct tls *t, const struct packet_mark *mark, bool guessed);
/* Encrypted records that nothing can open. */
void tls_add_records(struct tls *t, const struct tls_record *r, bool early);
/* Reports the run of records that is held back, if there is one. */
void tls_flush_run(struct tls *t);

/* negotiation.c */
/* A static copy of a name that is known; "" where there is none (p == NULL), p == NULL for any other. */
struct slice tls_known_alpn(struct slice name);
/* A message of the handshake was read: what the connection has to know of it is noted, and reported. The bodies are
 * borrowed for the call. */
void tls_on_client_hello(struct tls *t, const struct tls_record *r, struct tls_client_hello *hello);
void tls_on_certificate(struct tls *t, const struct tls_record *r, struct slice body);
void tls_on_message(struct tls *t, const struct tls_record *r, const struct tls_message *m);
/* A handshake inside the connection (RFC 5246 7.4.1.1), decrypted: what it changes for the next ChangeCipherSpec. */
void tls_on_renegotiation(struct tls *t, const struct tls_record *plain);

/* flight.c */
/* TLS 1.3: the encrypted record is as long as one that holds an alert. */
bool tls_is_alert_by_size(const struct tls *t, const struct tls_record *r);
/* As long as a client's Finished with Java's padding. */
bool tls_is_padded_finished(const struct tls *t, const struct tls_record *r);
/* Application data before the handshake is over: the encrypted flights of TLS 1.3, which sizes and directions tell
 * apart, or early data; before 1.3, the end of the handshake was missed. */
void tls_on_data_before_done(struct tls *t, const struct tls_record *r);

/* decrypt.c */
/* Wipes and frees what decryption needs, of all connections. */
void tls_env_forget_crypt(struct tls_env *env);
/* Looks for the connection's secrets; what it is going to need is known now, or later. */
void tls_decrypt_begin(struct tls *t, const struct tls_record *r);
/* Wipes and frees the connection's keys. */
void tls_decrypt_end(struct tls *t);
/* Another handshake has begun: what was derived for this one's end is void. */
void tls_decrypt_forget_next(struct tls *t);
/* TLS 1.2 and older: what follows this ChangeCipherSpec is encrypted anew. */
void tls_decrypt_changed(struct tls *t, const struct tls_record *r);
/* TLS 1.2 and older: opens it into *plain. */
bool tls_decrypt_plain(struct tls *t, const struct tls_record *r, struct tls_record *plain);

/* deliver.c: hands out decrypted application data, and reports at the first that there is some. */
void tls_decrypt_deliver(struct tls *t, const struct tls_record *plain);

/* decrypt13.c */
/* True when the record was opened, and what was in it done. */
bool tls_decrypt_inner(struct tls *t, const struct tls_record *r);

/* early.c */
/* The server cannot have taken the early data: a HelloRetryRequest, or no session went on. */
void tls_early_rejected(struct tls *t);
/* The connection is over without a verdict: what the client sent was a request all the same. */
void tls_early_flush(struct tls *t);

/* session.c: sessions that go on without being logged again. */
void tls_session_offered(struct tls *t, const struct tls_client_hello *hello);
/* The session goes on: its master secret is this connection's. */
void tls_session_chosen(struct tls *t, const struct tls_server_hello *hello);
/* TLS 1.2 and older: a message of the handshake, which may issue a session. Its secret is kept for connections
 * that go on with it. */
void tls_session_message(struct tls *t, const struct tls_message *m);

/* master.c */
/* TLS 1.2 and older: a message of the handshake, from which the master secret may follow. */
void tls_master_message(struct tls *t, const struct tls_message *m);

#endif
