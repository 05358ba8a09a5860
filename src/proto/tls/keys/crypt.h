/* Opening encrypted records: one key per direction, made from a logged secret. */
#ifndef P2T_PROTO_TLS_KEYS_CRYPT_H
#define P2T_PROTO_TLS_KEYS_CRYPT_H

#include <openssl/types.h>

#include "proto/tls/keys/ahead.h"
#include "proto/tls/record.h"

enum { TLS_IDLE_CONTEXTS = 64, TLS_IV_BYTES = 16 };

/* What all connections of one worker share. */
struct tls_crypt {
    struct tls_kdf kdf;
    struct tls_ahead *ahead; /* NULL: nobody looks ahead */
    EVP_CIPHER *cipher[TLS_BULKS];
    OSSL_LIB_CTX *legacy; /* a library context of its own, so that the embedder's keeps its providers */
    OSSL_PROVIDER *provider;
    bool legacy_asked;
    EVP_CIPHER_CTX *idle[TLS_BULKS][TLS_IDLE_CONTEXTS]; /* given back, for the next key */
    uint8_t idle_n[TLS_BULKS];
};

/* A zeroed struct is no key. */
struct tls_key {
    bool set;
    EVP_CIPHER_CTX *ctx; /* NULL: no key, or a suite without a cipher */
    struct tls_suite suite;
    uint16_t version;
    bool encrypt_then_mac;
    uint64_t sequence;
    uint8_t iv[TLS_IV_BYTES]; /* the nonce's fixed part; up to TLS 1.0, CBC: the last block */
    uint8_t mac_key[TLS_HASH_MAX];
};

/* 0, or P2T_ERR_MEMORY. */
int tls_crypt_init(struct tls_crypt *c);
void tls_crypt_fini(struct tls_crypt *c);

/* TLS 1.3. False: no key. */
bool tls_key_from_secret(struct tls_crypt *c, struct tls_key *key, const struct tls_suite *suite,
                         const struct tls_secret *secret);
/* RFC 8446 7.2: *secret becomes the one after a KeyUpdate. */
bool tls_secret_next(struct tls_crypt *c, const struct tls_suite *suite, struct tls_secret *secret);

/* False: libcrypto here does not offer the suite's cipher or hash. */
bool tls_suite_available(struct tls_crypt *c, const struct tls_suite *suite);
/* RFC 5246 8.1, RFC 7627 4, RFC 6101 6.1. transcript: of the handshake's messages, where the extended master secret was
 * agreed on; else empty. master: of 48 bytes. */
bool tls_master_from_premaster(struct tls_crypt *c, const struct tls_session *session, struct slice premaster,
                               struct slice transcript, struct tls_secret *master);
/* TLS 1.2 and older. */
bool tls_keys_from_master(struct tls_crypt *c, struct tls_key *client, struct tls_key *server,
                          const struct tls_session *session);
/* Wipes the key, which is not set afterwards. */
void tls_key_drop(struct tls_crypt *c, struct tls_key *key);

/* The next record cannot be opened when this one was not: its state runs from record to record. */
bool tls_key_chained(const struct tls_key *key);

/* Opens a whole record into out, of TLS_RECORD_MAX bytes. True when it verifies: the next one is due then. */
bool tls_key_open(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                  struct slice *plain);

#endif
