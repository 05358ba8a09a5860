/* Opening records: RFC 5246 6.2.3, RFC 8446 5.2, RFC 6101 5.2.3. */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "proto/tls/keys/crypt.h"
#include "proto/tls/handshake.h"

enum { FIXED_BYTES = 4, EXPLICIT_BYTES = 8, AAD_BYTES = 13 };

static const struct tls_bulk_info *bulk_of(const struct tls_key *key)
{
    return &tls_bulks[key->suite.bulk];
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
static void make_nonce(const struct tls_key *key, struct slice payload, uint8_t nonce[TLS_NONCE_BYTES])
{
    uint8_t sequence[8];

    memcpy(nonce, key->iv, TLS_NONCE_BYTES);
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
    uint8_t nonce[TLS_NONCE_BYTES], aad[AAD_BYTES];

    if (r->payload.n < skip + tag)
        return false;
    struct slice text = slice_of(r->payload.p + skip, r->payload.n - skip - tag);
    make_nonce(key, r->payload, nonce);
    struct slice ad = additional_data(key, r, text.n, aad);
    *plain = slice_of(out, text.n);
    return decrypt_aead(key, ad, nonce, text, text.p + text.n, out);
}

/* ---- ciphers with a MAC of their own ---- */

/* RFC 6101 5.2.3.1: without the version. */
static bool old_mac_fits(struct tls_crypt *c, const struct tls_key *key, const struct tls_record *r,
                         struct slice covered, const uint8_t *mac)
{
    uint8_t head[11], is[TLS_HASH_MAX];
    size_t n = tls_hash_bytes(key->suite.mac);
    struct slice parts[] = {slice_of(head, sizeof head), covered};

    put_be64(head, key->sequence);
    head[8] = r->type;
    put_be16(head + 9, covered.n);
    return tls_ssl3_mac(&c->kdf, key->suite.mac, slice_of(key->mac_key, n), parts, is) &&
           CRYPTO_memcmp(is, mac, n) == 0;
}

static bool mac_fits(struct tls_crypt *c, const struct tls_key *key, const struct tls_record *r, struct slice covered,
                     const uint8_t *mac)
{
    uint8_t aad[AAD_BYTES], is[TLS_HASH_MAX];
    size_t n = tls_hash_bytes(key->suite.mac);
    struct slice parts[] = {additional_data(key, r, covered.n, aad), covered};

    if (key->version < TLS_VERSION_1_0)
        return old_mac_fits(c, key, r, covered, mac);
    return tls_hmac(&c->kdf, key->suite.mac, slice_of(key->mac_key, n), parts, 2, is) &&
           CRYPTO_memcmp(is, mac, n) == 0;
}

/* RFC 5246 6.2.3.2: as many bytes of the padding's length as it says, and that itself. RFC 6101 5.2.3.2: any bytes. */
static bool cut_padding(const struct tls_key *key, struct slice *plain)
{
    size_t padding = plain->n > 0 ? plain->p[plain->n - 1] : 0;

    if (padding + 1 > plain->n)
        return false;
    for (size_t i = 1; i <= padding && key->version >= TLS_VERSION_1_0; i++)
        if (plain->p[plain->n - 1 - i] != padding)
            return false;
    plain->n -= padding + 1;
    return true;
}

static bool decrypt_cbc(struct tls_key *key, struct slice text, uint8_t *out, struct slice *plain)
{
    size_t block = bulk_of(key)->tag_bytes;
    bool chained = tls_key_chained(key);
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
    return cut_padding(key, plain);
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

static bool open_stream(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                        struct slice *plain)
{
    size_t mac = tls_hash_bytes(key->suite.mac);
    struct slice text = r->payload;
    int n;

    if (text.n < mac)
        return false;
    if (key->ctx != NULL && EVP_DecryptUpdate(key->ctx, out, &n, text.p, (int)text.n) != 1)
        return false;
    *plain = slice_of(key->ctx != NULL ? out : text.p, text.n - mac);
    return mac_fits(c, key, r, *plain, plain->p + plain->n);
}

/* ---- any ---- */

bool tls_key_chained(const struct tls_key *key)
{
    enum tls_mode mode = bulk_of(key)->mode;
    return (mode == TLS_MODE_CBC && key->version <= TLS_VERSION_1_0) || (mode == TLS_MODE_STREAM && key->ctx != NULL);
}

static bool open_record(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                        struct slice *plain)
{
    switch (bulk_of(key)->mode) {
    case TLS_MODE_CBC:
        return open_cbc(c, key, r, out, plain);
    case TLS_MODE_STREAM:
        return open_stream(c, key, r, out, plain);
    default:
        return open_aead(key, r, out, plain);
    }
}

bool tls_key_open(struct tls_crypt *c, struct tls_key *key, const struct tls_record *r, uint8_t *out,
                  struct slice *plain)
{
    if (!key->set || r->payload.n > TLS_RECORD_MAX || !open_record(c, key, r, out, plain))
        return false;
    key->sequence++;
    return true;
}
