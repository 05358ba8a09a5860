/* Cipher suites whose records can be opened: what each is made of. */
#ifndef P2T_PROTO_TLS_KEYS_SUITE_H
#define P2T_PROTO_TLS_KEYS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_hash { TLS_MD5, TLS_SHA1, TLS_SHA256, TLS_SHA384, TLS_HASHES };

enum tls_bulk {
    TLS_AES_128_GCM,
    TLS_AES_256_GCM,
    TLS_AES_128_CCM,
    TLS_AES_256_CCM,
    TLS_AES_128_CCM_8,
    TLS_AES_256_CCM_8,
    TLS_ARIA_128_GCM,
    TLS_ARIA_256_GCM,
    TLS_CHACHA20_POLY1305,
    TLS_AES_128_CBC,
    TLS_AES_256_CBC,
    TLS_CAMELLIA_128_CBC,
    TLS_CAMELLIA_256_CBC,
    TLS_3DES_CBC,
    TLS_ARIA_128_CBC,
    TLS_ARIA_256_CBC,
    TLS_CAMELLIA_128_GCM,
    TLS_CAMELLIA_256_GCM,
    TLS_SEED_CBC,
    TLS_IDEA_CBC,
    TLS_DES_CBC,
    TLS_RC4_128,
    TLS_NULL,
    TLS_BULKS
};

enum tls_mode { TLS_MODE_GCM, TLS_MODE_CCM, TLS_MODE_CHACHA, TLS_MODE_CBC, TLS_MODE_STREAM };

struct tls_bulk_info {
    const char *name; /* as libcrypto knows it; NULL: no cipher at all */
    enum tls_mode mode;
    uint8_t key_bytes;
    uint8_t tag_bytes; /* CBC: of a block */
    bool legacy;       /* in libcrypto's legacy provider */
};

struct tls_suite {
    enum tls_bulk bulk;
    enum tls_hash hash; /* of the key derivation, from TLS 1.2 on */
    enum tls_hash mac;  /* CBC, stream */
};

extern const struct tls_bulk_info tls_bulks[TLS_BULKS];

/* False: a suite that is not known here. */
bool tls_suite_of(uint16_t cipher, struct tls_suite *suite);

#endif
