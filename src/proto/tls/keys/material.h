/* The bytes that keys are made of, out of a session's secret: keys, IVs, MAC keys. A pure function, and the dearest part
 * of a short connection. */
#ifndef P2T_PROTO_TLS_KEYS_MATERIAL_H
#define P2T_PROTO_TLS_KEYS_MATERIAL_H

#include "proto/tls/keys/kdf.h"
#include "proto/tls/keys/keylog.h"

enum { TLS_RANDOM_BYTES = 32, TLS_NONCE_BYTES = 12, TLS_MATERIAL_MAX = 160 };

/* What both directions' keys are made of; TLS 1.3: what one direction's are. */
struct tls_session {
    struct tls_suite suite;
    uint16_t version;
    bool encrypt_then_mac;
    const struct tls_secret *secret;              /* the master secret; TLS 1.3: a traffic secret */
    const uint8_t *client_random, *server_random; /* of 32 bytes; not for TLS 1.3 */
};

/* Where a session's MAC keys, keys and IVs lie in its material: RFC 5246 6.3. TLS 1.3: a key and an IV. */
size_t tls_mac_bytes(const struct tls_suite *suite);
/* What of a nonce or IV comes out of the key block; the rest comes with each record, or from its number. */
size_t tls_fixed_iv_bytes(const struct tls_suite *suite, uint16_t version);

/* Its length; 0 where the session is none, or libcrypto refuses. */
size_t tls_material(struct tls_kdf *k, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX]);
/* The pseudorandom function of the session's version, up to TLS 1.2. */
bool tls_session_prf(struct tls_kdf *k, const struct tls_session *s, struct slice secret, struct slice label,
                     struct slice seed1, struct slice seed2, uint8_t *out, size_t n);

#endif
