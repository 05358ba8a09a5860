#include "proto/tls/keys/material.h"

#include "proto/tls/handshake.h"

enum { FIXED_BYTES = 4 };

static bool has_mac(const struct tls_suite *suite)
{
    enum tls_mode mode = tls_bulks[suite->bulk].mode;
    return mode == TLS_MODE_CBC || mode == TLS_MODE_STREAM;
}

size_t tls_mac_bytes(const struct tls_suite *suite)
{
    return has_mac(suite) ? tls_hash_bytes(suite->mac) : 0;
}

size_t tls_fixed_iv_bytes(const struct tls_suite *suite, uint16_t version)
{
    const struct tls_bulk_info *bulk = &tls_bulks[suite->bulk];

    switch (bulk->mode) {
    case TLS_MODE_CHACHA:
        return TLS_NONCE_BYTES;
    case TLS_MODE_CBC:
        return version <= TLS_VERSION_1_0 ? bulk->tag_bytes : 0;
    case TLS_MODE_STREAM:
        return 0;
    default:
        return version >= TLS_VERSION_1_3 ? TLS_NONCE_BYTES : FIXED_BYTES;
    }
}

bool tls_session_prf(struct tls_kdf *k, const struct tls_session *s, struct slice secret, struct slice label,
                     struct slice seed1, struct slice seed2, uint8_t *out, size_t n)
{
    if (s->version >= TLS_VERSION_1_2)
        return tls_prf(k, s->suite.hash, secret, label, seed1, seed2, out, n);
    if (s->version >= TLS_VERSION_1_0)
        return tls_prf_old(k, secret, label, seed1, seed2, out, n);
    return tls_ssl3_expand(k, secret, seed1, seed2, out, n);
}

/* RFC 5246 6.3 */
static size_t key_block(struct tls_kdf *k, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX])
{
    struct slice server = slice_of(s->server_random, TLS_RANDOM_BYTES);
    struct slice client = slice_of(s->client_random, TLS_RANDOM_BYTES);
    struct slice master = slice_of(s->secret->bytes, s->secret->n);
    size_t mac = tls_mac_bytes(&s->suite);
    size_t n = 2 * (mac + tls_bulks[s->suite.bulk].key_bytes + tls_fixed_iv_bytes(&s->suite, s->version));

    if (s->version < TLS_VERSION_SSL3 || (mac == 0 && s->version < TLS_VERSION_1_2))
        return 0;
    return tls_session_prf(k, s, master, SLICE_LIT("key expansion"), server, client, out, n) ? n : 0;
}

/* RFC 8446 7.3 */
static size_t traffic_key(struct tls_kdf *k, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX])
{
    struct slice secret = slice_of(s->secret->bytes, s->secret->n);
    size_t n = tls_bulks[s->suite.bulk].key_bytes;

    if (secret.n != tls_hash_bytes(s->suite.hash) || has_mac(&s->suite) ||
        !tls_expand_label(k, s->suite.hash, secret, SLICE_LIT("key"), out, n) ||
        !tls_expand_label(k, s->suite.hash, secret, SLICE_LIT("iv"), out + n, TLS_NONCE_BYTES))
        return 0;
    return n + TLS_NONCE_BYTES;
}

size_t tls_material(struct tls_kdf *k, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX])
{
    return s->version >= TLS_VERSION_1_3 ? traffic_key(k, s, out) : key_block(k, s, out);
}
