#include "proto/tls_crypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "pcap2trace/status.h"
#include "proto/tls_handshake.h"

enum {
    RANDOM_BYTES = 32,
    NONCE_BYTES = 12,
    FIXED_BYTES = 4,
    EXPLICIT_BYTES = 8,
    AAD_BYTES = 13,
    KEY_BLOCK_MAX = 160
};

/* ---- life ---- */

/* Ciphers that libcrypto does not offer cost only the connections that use them. */
int tls_crypt_init(struct tls_crypt *c)
{
    for (int i = 0; i < TLS_BULKS; i++)
        c->cipher[i] = EVP_CIPHER_fetch(NULL, tls_bulks[i].name, NULL);
    return tls_kdf_init(&c->kdf);
}

void tls_crypt_fini(struct tls_crypt *c)
{
    for (int i = 0; i < TLS_BULKS; i++) {
        while (c->idle_n[i] > 0)
            EVP_CIPHER_CTX_free(c->idle[i][--c->idle_n[i]]);
        EVP_CIPHER_free(c->cipher[i]);
    }
    tls_kdf_fini(&c->kdf);
}

/* ---- contexts ---- */

static const struct tls_bulk_info *bulk_of(const struct tls_key *key)
{
    return &tls_bulks[key->suite.bulk];
}

static bool set_up(EVP_CIPHER_CTX *ctx, EVP_CIPHER *cipher, const struct tls_bulk_info *bulk)
{
    if (EVP_DecryptInit_ex2(ctx, cipher, NULL, NULL, NULL) != 1)
        return false;
    if (bulk->mode == TLS_MODE_CBC)
        return EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE_BYTES, NULL) != 1)
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

    if (key->ctx == NULL)
        return;
    if (c->idle_n[bulk] < TLS_IDLE_CONTEXTS)
        c->idle[bulk][c->idle_n[bulk]++] = key->ctx;
    else
        EVP_CIPHER_CTX_free(key->ctx);
    OPENSSL_cleanse(key, sizeof *key);
}

static bool set_key(struct tls_crypt *c, struct tls_key *key, const uint8_t *bytes)
{
    key->ctx = take_context(c, key->suite.bulk);
    if (key->ctx == NULL)
        return false;
    if (EVP_DecryptInit_ex2(key->ctx, NULL, bytes, NULL, NULL) == 1)
        return true;
    tls_key_drop(c, key);
    return false;
}

/* ---- keys ---- */

bool tls_key_from_secret(struct tls_crypt *c, struct tls_key *key, const struct tls_suite *suite,
                         const struct tls_secret *secret)
{
    struct slice s = slice_of(secret->bytes, secret->n);
    uint8_t bytes[TLS_HASH_MAX];
    size_t n = tls_bulks[suite->bulk].key_bytes;

    tls_key_drop(c, key);
    *key = (struct tls_key){.suite = *suite, .version = TLS_VERSION_1_3};
    if (secret->n != tls_hash_bytes(suite->hash) || tls_bulks[suite->bulk].mode == TLS_MODE_CBC)
        return false;
    bool ok = tls_expand_label(&c->kdf, suite->hash, s, SLICE_LIT("key"), bytes, n) &&
              tls_expand_label(&c->kdf, suite->hash, s, SLICE_LIT("iv"), key->iv, NONCE_BYTES) &&
              set_key(c, key, bytes);
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

static size_t fixed_iv_bytes(const struct tls_bulk_info *bulk, uint16_t version)
{
    switch (bulk->mode) {
    case TLS_MODE_CHACHA:
        return NONCE_BYTES;
    case TLS_MODE_CBC:
        return version == TLS_VERSION_1_0 ? bulk->tag_bytes : 0;
    default:
        return FIXED_BYTES;
    }
}

static bool key_block(struct tls_crypt *c, const struct tls_session *s, uint8_t *out, size_t n)
{
    struct slice master = slice_of(s->master->bytes, s->master->n), label = SLICE_LIT("key expansion");
    struct slice server = slice_of(s->server_random, RANDOM_BYTES), client = slice_of(s->client_random, RANDOM_BYTES);

    if (s->version >= TLS_VERSION_1_2)
        return tls_prf(&c->kdf, s->suite.hash, master, label, server, client, out, n);
    return tls_prf_old(&c->kdf, master, label, server, client, out, n);
}

/* RFC 5246 6.3: MAC keys, keys and IVs, the client's first each time. */
bool tls_key_from_master(struct tls_crypt *c, struct tls_key *key, const struct tls_session *s, enum flow_dir dir)
{
    const struct tls_bulk_info *bulk = &tls_bulks[s->suite.bulk];
    bool cbc = bulk->mode == TLS_MODE_CBC;
    size_t mac = cbc ? tls_hash_bytes(s->suite.mac) : 0, iv = fixed_iv_bytes(bulk, s->version);
    size_t n = bulk->key_bytes, side = dir == FLOW_S2C;
    uint8_t block[KEY_BLOCK_MAX];

    tls_key_drop(c, key);
    *key = (struct tls_key){.suite = s->suite, .version = s->version, .encrypt_then_mac = s->encrypt_then_mac && cbc};
    if (s->version < TLS_VERSION_1_0 || (!cbc && s->version < TLS_VERSION_1_2) ||
        !key_block(c, s, block, 2 * (mac + n + iv)))
        return false;
    memcpy(key->mac_key, block + side * mac, mac);
    memcpy(key->iv, block + 2 * (mac + n) + side * iv, iv);
    bool ok = set_key(c, key, block + 2 * mac + side * n);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* ---- authenticated encryption ---- */

static void put_be64(uint8_t *out, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void put_be16(uint8_t *out, size_t v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

/* RFC 8446 5.2: the record's header; RFC 5246 6.2.3.3: sequence number and the header of the plain text. */
static struct slice additional_data(const struct tls_key *key, const struct tls_record *r, size_t plain,
                                    uint8_t out[AAD_BYTES])
{
    put_be64(out, key->sequence);
    out[8] = r->type;
    put_be16(out + 9, r->version);
    put_be16(out + 11, key->version >= TLS_VERSION_1_3 ? r->length : plain);
    return key->version >= TLS_VERSION_1_3 ? slice_of(out + 8, 5) : slice_of(out, AAD_BYTES);
}

static bool explicit_nonce(const struct tls_key *key)
{
    return key->version < TLS_VERSION_1_3 && bulk_of(key)->mode != TLS_MODE_CHACHA;
}

/* RFC 8446 5.3, RFC 7905 2: the IV and the sequence number; RFC 5288 3: the IV and what the record begins with. */
static void make_nonce(const struct tls_key *key, struct slice payload, uint8_t nonce[NONCE_BYTES])
{
    uint8_t sequence[8];

    memcpy(nonce, key->iv, NONCE_BYTES);
    if (explicit_nonce(key)) {
        memcpy(nonce + FIXED_BYTES, payload.p, EXPLICIT_BYTES);
        return;
    }
    put_be64(sequence, key->sequence);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= sequence[i];
}

static bool decrypt_aead(const struct tls_key *key, struct slice aad, const uint8_t *nonce, struct slice text,
                         const uint8_t *tag, uint8_t *out)
{
    const struct tls_bulk_info *bulk = bulk_of(key);
    EVP_CIPHER_CTX *ctx = key->ctx;
    uint8_t expected[16];
    int n, last;
    bool ccm = bulk->mode == TLS_MODE_CCM;

    memcpy(expected, tag, bulk->tag_bytes);
    if (EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, bulk->tag_bytes, expected) != 1 ||
        (ccm && EVP_DecryptUpdate(ctx, NULL, &n, NULL, (int)text.n) != 1) ||
        EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1)
        return false;
    /* CCM verifies as it decrypts; the others at the end. */
    if ((text.n > 0 || ccm) && EVP_DecryptUpdate(ctx, out, &n, text.p, (int)text.n) != 1)
        return false;
    return ccm || EVP_DecryptFinal_ex(ctx, out + text.n, &last) == 1;
}

static bool open_aead(const struct tls_key *key, const struct tls_record *r, uint8_t *out, struct slice *plain)
{
    size_t skip = explicit_nonce(key) ? EXPLICIT_BYTES : 0, tag = bulk_of(key)->tag_bytes;
    uint8_t nonce[NONCE_BYTES], aad[AAD_BYTES];

    if (r->payload.n < skip + tag)
        return false;
    struct slice text = slice_of(r->payload.p + skip, r->payload.n - skip - tag);
    make_nonce(key, r->payload, nonce);
    struct slice ad = additional_data(key, r, text.n, aad);
    *plain = slice_of(out, text.n);
    return decrypt_aead(key, ad, nonce, text, text.p + text.n, out);
}

/* ---- block ciphers ---- */

static bool mac_fits(struct tls_crypt *c, const struct tls_key *key, const struct tls_record *r, struct slice covered,
                     const uint8_t *mac)
{
    uint8_t aad[AAD_BYTES], is[TLS_HASH_MAX];
    size_t n = tls_hash_bytes(key->suite.mac);
    struct slice parts[] = {additional_data(key, r, covered.n, aad), covered};

    return tls_hmac(&c->kdf, key->suite.mac, slice_of(key->mac_key, n), parts, 2, is) &&
           CRYPTO_memcmp(is, mac, n) == 0;
}

/* RFC 5246 6.2.3.2: as many bytes of the padding's length as it says, and that itself. */
static bool cut_padding(struct slice *plain)
{
    size_t padding = plain->n > 0 ? plain->p[plain->n - 1] : 0;

    if (padding + 1 > plain->n)
        return false;
    for (size_t i = 1; i <= padding; i++)
        if (plain->p[plain->n - 1 - i] != padding)
            return false;
    plain->n -= padding + 1;
    return true;
}

static bool decrypt_cbc(struct tls_key *key, struct slice text, uint8_t *out, struct slice *plain)
{
    size_t block = bulk_of(key)->tag_bytes;
    bool chained = key->version == TLS_VERSION_1_0;
    const uint8_t *iv = chained ? key->iv : text.p;
    size_t skip = chained ? 0 : block;
    int n;

    if (text.n < skip + block || text.n % block != 0)
        return false;
    if (EVP_DecryptInit_ex2(key->ctx, NULL, NULL, iv, NULL) != 1 ||
        EVP_DecryptUpdate(key->ctx, out, &n, text.p + skip, (int)(text.n - skip)) != 1)
        return false;
    if (chained)
        memcpy(key->iv, text.p + text.n - block, block);
    *plain = slice_of(out, (size_t)n);
    return cut_padding(plain);
}

static bool open_cbc(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                     struct slice *plain)
{
    size_t mac = tls_hash_bytes(key->suite.mac);
    struct slice text = r->payload;

    if (text.n < mac)
        return false;
    if (key->encrypt_then_mac) { /* RFC 7366 3 */
        text.n -= mac;
        return mac_fits(c, key, r, text, text.p + text.n) && decrypt_cbc(key, text, out, plain);
    }
    if (!decrypt_cbc(key, text, out, plain) || plain->n < mac)
        return false;
    plain->n -= mac;
    return mac_fits(c, key, r, *plain, plain->p + plain->n);
}

bool tls_key_open(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                  struct slice *plain)
{
    bool cbc = bulk_of(key)->mode == TLS_MODE_CBC;

    if (key->ctx == NULL || r->payload.n > TLS_RECORD_MAX)
        return false;
    if (!(cbc ? open_cbc(c, key, r, out, plain) : open_aead(key, r, out, plain)))
        return false;
    key->sequence++;
    return true;
}
