#include "proto/tls/keys/crypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "pcap2trace/status.h"
#include "proto/tls/handshake.h"

enum { MASTER_BYTES = 48 };

/* ---- life ---- */

/* Ciphers that libcrypto does not offer cost only the connections that use them. */
int tls_crypt_init(struct tls_crypt *c)
{
    for (int i = 0; i < TLS_BULKS; i++)
        if (tls_bulks[i].name != NULL && !tls_bulks[i].legacy)
            c->cipher[i] = EVP_CIPHER_fetch(NULL, tls_bulks[i].name, NULL);
    return tls_kdf_init(&c->kdf);
}

/* Old ciphers are rare, and loading a provider takes its time: when the first of them is met. */
static void fetch_legacy(struct tls_crypt *c)
{
    if (c->legacy_asked)
        return;
    c->legacy_asked = true;
    c->legacy = OSSL_LIB_CTX_new();
    if (c->legacy == NULL)
        return;
    c->provider = OSSL_PROVIDER_load(c->legacy, "legacy");
    if (c->provider == NULL)
        return;
    for (int i = 0; i < TLS_BULKS; i++)
        if (tls_bulks[i].legacy)
            c->cipher[i] = EVP_CIPHER_fetch(c->legacy, tls_bulks[i].name, NULL);
}

void tls_crypt_fini(struct tls_crypt *c)
{
    for (int i = 0; i < TLS_BULKS; i++) {
        while (c->idle_n[i] > 0)
            EVP_CIPHER_CTX_free(c->idle[i][--c->idle_n[i]]);
        EVP_CIPHER_free(c->cipher[i]);
    }
    if (c->provider != NULL)
        OSSL_PROVIDER_unload(c->provider);
    OSSL_LIB_CTX_free(c->legacy);
    tls_kdf_fini(&c->kdf);
}

/* ---- contexts ---- */

bool tls_suite_available(struct tls_crypt *c, const struct tls_suite *suite)
{
    const struct tls_bulk_info *bulk = &tls_bulks[suite->bulk];

    if (bulk->legacy)
        fetch_legacy(c);
    return (bulk->name == NULL || c->cipher[suite->bulk] != NULL) && c->kdf.md[suite->hash] != NULL &&
           c->kdf.md[suite->mac] != NULL;
}

static bool set_up(EVP_CIPHER_CTX *ctx, EVP_CIPHER *cipher, const struct tls_bulk_info *bulk)
{
    if (EVP_DecryptInit_ex2(ctx, cipher, NULL, NULL, NULL) != 1)
        return false;
    if (bulk->mode == TLS_MODE_STREAM)
        return true;
    if (bulk->mode == TLS_MODE_CBC)
        return EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, TLS_NONCE_BYTES, NULL) != 1)
        return false;
    return bulk->mode != TLS_MODE_CCM || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, bulk->tag_bytes, NULL) == 1;
}

static EVP_CIPHER_CTX *take_context(struct tls_crypt *c, enum tls_bulk bulk)
{
    if (c->idle_n[bulk] > 0)
        return c->idle[bulk][--c->idle_n[bulk]];
    if (c->cipher[bulk] == NULL)
        return NULL;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL && set_up(ctx, c->cipher[bulk], &tls_bulks[bulk]))
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

void tls_key_drop(struct tls_crypt *c, struct tls_key *key)
{
    enum tls_bulk bulk = key->suite.bulk;

    if (key->ctx != NULL && c->idle_n[bulk] < TLS_IDLE_CONTEXTS)
        c->idle[bulk][c->idle_n[bulk]++] = key->ctx;
    else
        EVP_CIPHER_CTX_free(key->ctx);
    OPENSSL_cleanse(key, sizeof *key);
}

static bool set_key(struct tls_crypt *c, struct tls_key *key, const uint8_t *bytes)
{
    key->set = tls_bulks[key->suite.bulk].name == NULL;
    if (key->set)
        return true;
    if (!tls_suite_available(c, &key->suite))
        return false;
    key->ctx = take_context(c, key->suite.bulk);
    if (key->ctx == NULL)
        return false;
    key->set = true;
    if (EVP_DecryptInit_ex2(key->ctx, NULL, bytes, NULL, NULL) == 1)
        return true;
    tls_key_drop(c, key);
    return false;
}

/* ---- keys ---- */

/* What another thread has made of it already, or what is made now. */
static size_t material(struct tls_crypt *c, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX])
{
    size_t n = c->ahead != NULL ? tls_ahead_take(c->ahead, s, out) : 0;

    return n > 0 ? n : tls_material(&c->kdf, s, out);
}

bool tls_key_from_secret(struct tls_crypt *c, struct tls_key *key, const struct tls_suite *suite,
                         const struct tls_secret *secret)
{
    struct tls_session s = {.suite = *suite, .version = TLS_VERSION_1_3, .secret = secret};
    uint8_t bytes[TLS_MATERIAL_MAX];

    tls_key_drop(c, key);
    *key = (struct tls_key){.suite = *suite, .version = TLS_VERSION_1_3};
    size_t n = material(c, &s, bytes);
    if (n > 0)
        memcpy(key->iv, bytes + n - TLS_NONCE_BYTES, TLS_NONCE_BYTES);
    bool ok = n > 0 && set_key(c, key, bytes);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return ok;
}

bool tls_secret_next(struct tls_crypt *c, const struct tls_suite *suite, struct tls_secret *secret)
{
    uint8_t next[TLS_SECRET_MAX];

    if (!tls_expand_label(&c->kdf, suite->hash, slice_of(secret->bytes, secret->n), SLICE_LIT("traffic upd"), next,
                          secret->n))
        return false;
    memcpy(secret->bytes, next, secret->n);
    OPENSSL_cleanse(next, sizeof next);
    return true;
}

/* RFC 7627 3: with the hash that the version's Finished has. */
static bool session_hash(struct tls_crypt *c, const struct tls_session *s, struct slice transcript,
                         uint8_t out[2 * TLS_HASH_MAX], struct slice *hash)
{
    if (s->version >= TLS_VERSION_1_2) {
        *hash = slice_of(out, tls_hash_bytes(s->suite.hash));
        return tls_hash(&c->kdf, s->suite.hash, transcript, out);
    }
    size_t md5 = tls_hash_bytes(TLS_MD5);
    *hash = slice_of(out, md5 + tls_hash_bytes(TLS_SHA1));
    return tls_hash(&c->kdf, TLS_MD5, transcript, out) && tls_hash(&c->kdf, TLS_SHA1, transcript, out + md5);
}

bool tls_master_from_premaster(struct tls_crypt *c, const struct tls_session *s, struct slice premaster,
                               struct slice transcript, struct tls_secret *master)
{
    struct slice server = slice_of(s->server_random, TLS_RANDOM_BYTES);
    struct slice client = slice_of(s->client_random, TLS_RANDOM_BYTES);
    uint8_t bytes[2 * TLS_HASH_MAX];
    struct slice hash;

    master->n = MASTER_BYTES;
    if (transcript.n == 0)
        return tls_session_prf(&c->kdf, s, premaster, SLICE_LIT("master secret"), client, server, master->bytes,
                               MASTER_BYTES);
    return session_hash(c, s, transcript, bytes, &hash) &&
           tls_session_prf(&c->kdf, s, premaster, SLICE_LIT("extended master secret"), hash, slice_of(NULL, 0),
                           master->bytes, MASTER_BYTES);
}

/* RFC 5246 6.3: MAC keys, keys and IVs, the client's first each time. */
static bool key_from_block(struct tls_crypt *c, struct tls_key *key, const struct tls_session *s,
                           const uint8_t *block, size_t side)
{
    const struct tls_bulk_info *bulk = &tls_bulks[s->suite.bulk];
    bool cbc = bulk->mode == TLS_MODE_CBC;
    size_t mac = tls_mac_bytes(&s->suite), iv = tls_fixed_iv_bytes(&s->suite, s->version), n = bulk->key_bytes;

    tls_key_drop(c, key);
    *key = (struct tls_key){.suite = s->suite, .version = s->version, .encrypt_then_mac = s->encrypt_then_mac && cbc};
    memcpy(key->mac_key, block + side * mac, mac);
    memcpy(key->iv, block + 2 * (mac + n) + side * iv, iv);
    return set_key(c, key, block + 2 * mac + side * n);
}

bool tls_keys_from_master(struct tls_crypt *c, struct tls_key *client, struct tls_key *server,
                          const struct tls_session *s)
{
    uint8_t block[TLS_MATERIAL_MAX];
    bool ok =
        material(c, s, block) > 0 && key_from_block(c, client, s, block, 0) && key_from_block(c, server, s, block, 1);

    OPENSSL_cleanse(block, sizeof block);
    return ok;
}
