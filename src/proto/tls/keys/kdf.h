/* Keys from secrets: HKDF-Expand-Label (RFC 8446 7.1), the pseudorandom function (RFC 5246 5, RFC 2246 5), and
 * what SSL 3.0 had before it (RFC 6101).
 *
 * Connections are many and short, so that this costs more than opening their records: HMAC is done over digests whose
 * algorithms and contexts are kept. */
#ifndef P2T_PROTO_TLS_KEYS_KDF_H
#define P2T_PROTO_TLS_KEYS_KDF_H

#include <openssl/evp.h>

#include "base/slice.h"
#include "proto/tls/keys/suite.h"

enum { TLS_HASH_MAX = 48, TLS_BLOCK_MAX = 128 };

/* HMAC's two digests after their pads, ready for a message: one secret is used several times in a row. */
struct tls_hmac_state {
    EVP_MD_CTX *inner, *outer;
    uint8_t key[TLS_BLOCK_MAX];
    size_t n; /* of the key; 0: none */
};

struct tls_kdf {
    EVP_MD *md[TLS_HASHES];
    EVP_MD_CTX *ctx[TLS_HASHES];
    struct tls_hmac_state hmac[TLS_HASHES];
};

/* 0, or P2T_ERR_MEMORY when libcrypto refuses. _fini() wipes what it held. */
int tls_kdf_init(struct tls_kdf *k);
void tls_kdf_fini(struct tls_kdf *k);
/* A digest's length. */
size_t tls_hash_bytes(enum tls_hash hash);
/* Each is false when libcrypto refuses. */
bool tls_hash(struct tls_kdf *k, enum tls_hash hash, struct slice bytes, uint8_t out[TLS_HASH_MAX]);
bool tls_hmac(struct tls_kdf *k, enum tls_hash hash, struct slice key, const struct slice *parts, size_t n,
              uint8_t out[TLS_HASH_MAX]);
/* n <= the hash's length. */
bool tls_expand_label(struct tls_kdf *k, enum tls_hash hash, struct slice secret, struct slice label, uint8_t *out,
                      size_t n);
/* seed: of two parts, as both uses here have it. */
bool tls_prf(struct tls_kdf *k, enum tls_hash hash, struct slice secret, struct slice label, struct slice seed1,
             struct slice seed2, uint8_t *out, size_t n);
/* TLS 1.0's and 1.1's. n <= TLS_PRF_OLD_MAX. */
enum { TLS_PRF_OLD_MAX = 160 };
bool tls_prf_old(struct tls_kdf *k, struct slice secret, struct slice label, struct slice seed1, struct slice seed2,
                 uint8_t *out, size_t n);
/* SSL 3.0's: n <= TLS_PRF_OLD_MAX. */
bool tls_ssl3_expand(struct tls_kdf *k, struct slice secret, struct slice seed1, struct slice seed2, uint8_t *out,
                     size_t n);
bool tls_ssl3_mac(struct tls_kdf *k, enum tls_hash hash, struct slice key, const struct slice parts[2],
                  uint8_t out[TLS_HASH_MAX]);

#endif
