#include "proto/tls/keys/kdf.h"

#include <openssl/crypto.h>
#include <string.h>

#include "pcap2trace/status.h"

enum { LABEL_MAX = 16, SSL3_ROUNDS_MAX = 10, SSL3_PAD_MAX = 48 };

static const struct hash_info {
    const char *name;
    uint8_t bytes, block;
} hashes[TLS_HASHES] = {
    [TLS_MD5] = {"MD5", 16, 64},
    [TLS_SHA1] = {"SHA1", 20, 64},
    [TLS_SHA256] = {"SHA2-256", 32, 64},
    [TLS_SHA384] = {"SHA2-384", 48, 128},
};

/* A hash that libcrypto does not offer costs only the connections that use it. */
int tls_kdf_init(struct tls_kdf *k)
{
    for (int i = 0; i < TLS_HASHES; i++) {
        k->md[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
        k->ctx[i] = EVP_MD_CTX_new();
        k->hmac[i].inner = EVP_MD_CTX_new();
        k->hmac[i].outer = EVP_MD_CTX_new();
        if (k->ctx[i] == NULL || k->hmac[i].inner == NULL || k->hmac[i].outer == NULL)
            return P2T_ERR_MEMORY;
    }
    return P2T_OK;
}

void tls_kdf_fini(struct tls_kdf *k)
{
    for (int i = 0; i < TLS_HASHES; i++) {
        EVP_MD_CTX_free(k->ctx[i]);
        EVP_MD_CTX_free(k->hmac[i].inner);
        EVP_MD_CTX_free(k->hmac[i].outer);
        OPENSSL_cleanse(&k->hmac[i], sizeof k->hmac[i]);
        EVP_MD_free(k->md[i]);
    }
}

size_t tls_hash_bytes(enum tls_hash hash)
{
    return hashes[hash].bytes;
}

static bool digest(struct tls_kdf *k, enum tls_hash hash, struct slice first, const struct slice *parts, size_t n,
                   uint8_t *out)
{
    EVP_MD_CTX *ctx = k->ctx[hash];

    if (k->md[hash] == NULL || EVP_DigestInit_ex2(ctx, k->md[hash], NULL) != 1 ||
        EVP_DigestUpdate(ctx, first.p, first.n) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (parts[i].n > 0 && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
            return false;
    return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

bool tls_hash(struct tls_kdf *k, enum tls_hash hash, struct slice bytes, uint8_t out[TLS_HASH_MAX])
{
    return digest(k, hash, bytes, NULL, 0, out);
}

/* ---- HMAC (RFC 2104) ---- */

static bool digest_pad(struct tls_kdf *k, enum tls_hash hash, EVP_MD_CTX *ctx, uint8_t with)
{
    const struct tls_hmac_state *state = &k->hmac[hash];
    uint8_t pad[TLS_BLOCK_MAX];

    memset(pad, with, sizeof pad);
    for (size_t i = 0; i < state->n; i++)
        pad[i] ^= state->key[i];
    bool ok = EVP_DigestInit_ex2(ctx, k->md[hash], NULL) == 1 && EVP_DigestUpdate(ctx, pad, hashes[hash].block) == 1;
    OPENSSL_cleanse(pad, sizeof pad);
    return ok;
}

static bool take_key(struct tls_kdf *k, enum tls_hash hash, struct slice key)
{
    struct tls_hmac_state *state = &k->hmac[hash];

    if (state->n == key.n && key.n > 0 && memcmp(state->key, key.p, key.n) == 0)
        return true;
    state->n = 0;
    if (key.n > hashes[hash].block || k->md[hash] == NULL) /* no key of TLS's is longer */
        return false;
    if (key.n > 0)
        memcpy(state->key, key.p, key.n);
    state->n = key.n;
    bool ok = digest_pad(k, hash, state->inner, 0x36) && digest_pad(k, hash, state->outer, 0x5c);
    state->n = ok ? key.n : 0;
    return ok;
}

bool tls_hmac(struct tls_kdf *k, enum tls_hash hash, struct slice key, const struct slice *parts, size_t n,
              uint8_t out[TLS_HASH_MAX])
{
    struct tls_hmac_state *state = &k->hmac[hash];
    EVP_MD_CTX *ctx = k->ctx[hash];
    uint8_t inner[TLS_HASH_MAX];

    if (!take_key(k, hash, key) || EVP_MD_CTX_copy_ex(ctx, state->inner) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (parts[i].n > 0 && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
            return false;
    return EVP_DigestFinal_ex(ctx, inner, NULL) == 1 && EVP_MD_CTX_copy_ex(ctx, state->outer) == 1 &&
           EVP_DigestUpdate(ctx, inner, hashes[hash].bytes) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

/* ---- TLS 1.3 ---- */

/* One block is all that is ever asked for: a key, an IV or the next secret. */
bool tls_expand_label(struct tls_kdf *k, enum tls_hash hash, struct slice secret, struct slice label, uint8_t *out,
                      size_t n)
{
    uint8_t head[] = {0, (uint8_t)n, (uint8_t)(6 + label.n), 't', 'l', 's', '1', '3', ' '};
    static const uint8_t tail[] = {0, 1}; /* no context; HKDF-Expand's counter */
    struct slice parts[] = {slice_of(head, sizeof head), label, slice_of(tail, sizeof tail)};
    uint8_t block[TLS_HASH_MAX];

    if (n > hashes[hash].bytes || label.n > LABEL_MAX || !tls_hmac(k, hash, secret, parts, 3, block))
        return false;
    memcpy(out, block, n);
    OPENSSL_cleanse(block, sizeof block);
    return true;
}

/* ---- TLS 1.2 and older ---- */

bool tls_prf(struct tls_kdf *k, enum tls_hash hash, struct slice secret, struct slice label, struct slice seed1,
             struct slice seed2, uint8_t *out, size_t n)
{
    uint8_t a[TLS_HASH_MAX], block[TLS_HASH_MAX];
    size_t bytes = hashes[hash].bytes;
    struct slice parts[] = {slice_of(a, bytes), label, seed1, seed2};
    bool ok = tls_hmac(k, hash, secret, parts + 1, 3, a);

    for (size_t done = 0; ok && done < n; done += bytes) {
        ok = tls_hmac(k, hash, secret, parts, 4, block);
        memcpy(out + done, block, n - done < bytes ? n - done : bytes);
        if (done + bytes < n)
            ok = ok && tls_hmac(k, hash, secret, parts, 1, a);
    }
    OPENSSL_cleanse(a, sizeof a);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* RFC 2246 5: each hash with its half of the secret. */
bool tls_prf_old(struct tls_kdf *k, struct slice secret, struct slice label, struct slice seed1, struct slice seed2,
                 uint8_t *out, size_t n)
{
    uint8_t other[TLS_PRF_OLD_MAX];
    size_t half = (secret.n + 1) / 2;
    struct slice first = slice_of(secret.p, half), second = slice_of(secret.p + secret.n - half, half);

    if (n > sizeof other || !tls_prf(k, TLS_MD5, first, label, seed1, seed2, out, n) ||
        !tls_prf(k, TLS_SHA1, second, label, seed1, seed2, other, n))
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] ^= other[i];
    OPENSSL_cleanse(other, sizeof other);
    return true;
}

/* ---- SSL 3.0 (RFC 6101) ---- */

/* RFC 6101 6.1, 6.2.2: MD5 over the secret and SHA-1 of 'A', 'BB', 'CCC', ..., the secret and the seeds. */
bool tls_ssl3_expand(struct tls_kdf *k, struct slice secret, struct slice seed1, struct slice seed2, uint8_t *out,
                     size_t n)
{
    uint8_t letters[SSL3_ROUNDS_MAX], inner[TLS_HASH_MAX], block[TLS_HASH_MAX];
    size_t bytes = hashes[TLS_MD5].bytes;
    bool ok = n <= SSL3_ROUNDS_MAX * bytes;

    for (size_t round = 1, done = 0; ok && done < n; round++, done += bytes) {
        struct slice parts[] = {secret, seed1, seed2}, sha1 = slice_of(inner, hashes[TLS_SHA1].bytes);
        memset(letters, (int)('A' + round - 1), round);
        ok = digest(k, TLS_SHA1, slice_of(letters, round), parts, 3, inner) &&
             digest(k, TLS_MD5, secret, &sha1, 1, block);
        if (ok)
            memcpy(out + done, block, n - done < bytes ? n - done : bytes);
    }
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* RFC 6101 5.2.3.1: HMAC's ancestor, whose pads follow the key. */
bool tls_ssl3_mac(struct tls_kdf *k, enum tls_hash hash, struct slice key, const struct slice parts[2],
                  uint8_t out[TLS_HASH_MAX])
{
    uint8_t pad[SSL3_PAD_MAX], inner[TLS_HASH_MAX];
    size_t n = hash == TLS_MD5 ? 48 : 40;
    struct slice in[] = {slice_of(pad, n), parts[0], parts[1]};
    struct slice around[] = {slice_of(pad, n), slice_of(inner, hashes[hash].bytes)};

    memset(pad, 0x36, n);
    if (!digest(k, hash, key, in, 3, inner))
        return false;
    memset(pad, 0x5c, n);
    return digest(k, hash, key, around, 2, out);
}
