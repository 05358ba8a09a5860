/* TLS records and handshakes under arbitrary bytes, cut into chunks, with holes and cuts.
 *
 * The input is a list of steps: one byte says what, further ones how long; what follows are stream bytes. What comes
 * out is read to its end, so that a sanitizer sees what does not belong to it, and the same stream in one piece must
 * tell the same handshake as in many.
 *
 * With keys, what a step brings may be sealed first, as the peer with these secrets would have: so what comes after
 * decryption is reached, which no chance would find. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/reader.h"
#include "proto/tls/tls.h"

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { STREAM_MAX = 1 << 16, MESSAGE_LIMIT = 2048, HELD_LIMIT = 8192 };

struct tally {
    size_t facts[FACT_TLS_LOST + 1];
    uint64_t plain[2]; /* decrypted so far */
    uint64_t records, bytes;
    unsigned sum;
};

static void read_all(struct tally *y, struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        y->sum += s.p[i];
}

static void on_client_hello(struct tally *y, const struct tls_client_hello *h)
{
    const struct slice parts[] = {h->random, h->session_id, h->ciphers, h->server_name,
                                  h->alpn,   h->versions,   h->groups,  h->signature_algorithms};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        read_all(y, parts[i]);
    CHECK(h->extension_count <= TLS_EXTENSIONS_MAX && h->key_share_count <= TLS_KEY_SHARES_MAX);
    CHECK(h->ja4[0] == '\0' || strlen(h->ja4) == TLS_JA4_BYTES - 1);
}

static void on_certificate(struct tally *y, const struct tls_certificate *c)
{
    CHECK(c->chain > 0);
    read_all(y, c->subject);
    for (size_t i = 0; i < c->name_count; i++)
        read_all(y, c->names[i]);
    for (size_t i = 0; i < c->addr_count; i++)
        CHECK(c->addrs[i].family == 4 || c->addrs[i].family == 6);
}

static void on_records(struct tally *y, const struct fact_tls_records *r)
{
    CHECK(r->records > 0 && r->bytes <= (uint64_t)r->records * TLS_RECORD_MAX);
    CHECK(r->first.ref.number <= r->first_whole.ref.number && r->first_whole.ref.number <= r->last.ref.number);
    y->records += r->records;
    y->bytes += r->bytes;
}

static void on_fact(void *ctx, const struct fact *f)
{
    struct tally *y = ctx;

    CHECK(f->kind >= FACT_TLS_CLIENT_HELLO && f->kind <= FACT_TLS_LOST && f->mark.ref.number != 0);
    y->facts[f->kind]++;
    if (f->kind == FACT_TLS_CLIENT_HELLO)
        on_client_hello(y, f->as.tls_client_hello.hello);
    else if (f->kind == FACT_TLS_SERVER_HELLO)
        read_all(y, f->as.tls_server_hello->alpn);
    else if (f->kind == FACT_TLS_CERTIFICATE)
        on_certificate(y, f->as.tls_certificate);
    else if (f->kind == FACT_TLS_DONE)
        read_all(y, f->as.tls_done->alpn);
    else if (f->kind == FACT_TLS_RECORDS)
        on_records(y, f->as.tls_records);
    else if (f->kind == FACT_TLS_NOT_TLS)
        read_all(y, f->as.not_tls);
}

static void on_plain(void *ctx, void *owner, const struct flow_chunk *chunk)
{
    struct tally *y = owner;

    (void)ctx;
    CHECK(chunk->offset == y->plain[chunk->dir] && chunk->len > 0 && chunk->bytes.n <= chunk->len);
    CHECK(chunk->lost == (chunk->bytes.n < chunk->len) && chunk->seen.ref.number != 0);
    y->plain[chunk->dir] += chunk->len;
    read_all(y, chunk->bytes);
}

/* ---- the peer ---- */

/* Of the connection whose client random is all zeros: the secret of each label is its number, 32 times. */
enum { SECRET_BYTES = 32, SEAL_MAX = 1 << 12, TAG_BYTES = 16 };

static const enum tls_label sealing[2][2] = {
    [FLOW_C2S] = {TLS_LABEL_CLIENT_HANDSHAKE, TLS_LABEL_CLIENT_TRAFFIC},
    [FLOW_S2C] = {TLS_LABEL_SERVER_HANDSHAKE, TLS_LABEL_SERVER_TRAFFIC},
};

static void add_keys(struct tls_env *env)
{
    static const uint8_t zeros[TLS_CLIENT_RANDOM_BYTES];

    for (int i = 0; i < TLS_LABEL_COUNT; i++) {
        bool old = i == TLS_LABEL_MASTER || i >= TLS_LABEL_PREMASTER;
        struct tls_secret secret = {.n = old ? 48 : SECRET_BYTES};
        memset(secret.bytes, i, secret.n);
        CHECK(tls_keylog_add(env->keylog, zeros, (enum tls_label)i, &secret) == 0);
    }
}

/* RFC 8446 5.2, of TLS_AES_128_GCM_SHA256. */
static size_t seal(struct slice plain, enum tls_label label, uint64_t sequence, uint8_t *out)
{
    static struct tls_kdf kdf;
    uint8_t secret[SECRET_BYTES], key[16], nonce[12];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    size_t n = plain.n < SEAL_MAX ? plain.n : SEAL_MAX, length = n + TAG_BYTES;
    int got;

    if (kdf.md[TLS_SHA256] == NULL)
        CHECK(tls_kdf_init(&kdf) == 0);
    memset(secret, (int)label, sizeof secret);
    struct slice s = slice_of(secret, sizeof secret);
    CHECK(tls_expand_label(&kdf, TLS_SHA256, s, SLICE_LIT("key"), key, sizeof key));
    CHECK(tls_expand_label(&kdf, TLS_SHA256, s, SLICE_LIT("iv"), nonce, sizeof nonce));
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(sequence >> (56 - 8 * i));
    const uint8_t header[] = {TLS_APPLICATION_DATA, 3, 3, (uint8_t)(length >> 8), (uint8_t)length};
    memcpy(out, header, sizeof header);
    CHECK(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, nonce) == 1);
    CHECK(EVP_EncryptUpdate(ctx, NULL, &got, header, sizeof header) == 1);
    CHECK(n == 0 || EVP_EncryptUpdate(ctx, out + sizeof header, &got, plain.p, (int)n) == 1);
    CHECK(EVP_EncryptFinal_ex(ctx, out + sizeof header + n, &got) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + sizeof header + n) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return sizeof header + length;
}

/* ---- steps ---- */

struct feeder {
    struct tls *tls;
    uint64_t offset[2];
    uint64_t number;
    uint64_t sequence[TLS_LABEL_COUNT];
};

/* bytes.n may be less than len: the rest was cut; none of it: lost. The bytes lie in memory of their own. */
static void feed(struct feeder *w, enum flow_dir dir, struct slice bytes, uint64_t len)
{
    uint8_t *copy = malloc(bytes.n > 0 ? bytes.n : 1);
    uint64_t number = ++w->number;
    struct packet_mark mark = {(int64_t)number, packet_ref_of(number, 0)};
    struct flow_chunk chunk = {.dir = dir,
                               .offset = w->offset[dir],
                               .bytes = slice_of(copy, bytes.n),
                               .len = len,
                               .lost = bytes.n == 0,
                               .seen = mark,
                               .deliverable = mark};

    CHECK(copy != NULL);
    if (bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    if (len > 0)
        tls_chunk(w->tls, &chunk);
    w->offset[dir] += len;
    free(copy);
}

/* Streams of both directions, as the steps without holes build them. */
struct streams {
    uint8_t bytes[2][STREAM_MAX];
    size_t n[2];
    bool damaged;
};

static void step(struct feeder *w, struct reader *r, struct streams *s)
{
    uint8_t what = reader_u8(r);
    enum flow_dir dir = (what & 1) != 0 ? FLOW_S2C : FLOW_C2S;
    uint64_t len = (what & 2) != 0 ? reader_be16(r) : reader_u8(r);
    uint64_t missing = (what & 4) != 0 ? reader_u8(r) : 0;
    struct slice bytes = reader_slice(r, len > r->left ? r->left : (size_t)len);
    uint8_t sealed[TLS_HEADER_BYTES + SEAL_MAX + TAG_BYTES];

    if ((what & 8) != 0) {
        enum tls_label label = sealing[dir][(what & 16) != 0];
        bytes = slice_of(sealed, seal(bytes, label, w->sequence[label]++, sealed));
    }
    s->damaged |= missing > 0 || bytes.n == 0 || s->n[dir] + bytes.n > STREAM_MAX;
    if (!s->damaged) {
        memcpy(s->bytes[dir] + s->n[dir], bytes.p, bytes.n);
        s->n[dir] += bytes.n;
    }
    feed(w, dir, bytes, bytes.n + missing);
}

static struct tally run(struct tls_env *env, struct reader r, bool mid_stream, struct streams *s)
{
    struct tally tally = {.sum = 0};
    struct feeder w = {.tls = NULL};

    env->sink = (struct fact_sink){&tally, on_fact};
    w.tls = tls_new(env, NULL, mid_stream, 0, &tally);
    CHECK(w.tls != NULL);
    while (r.left > 0) {
        step(&w, &r, s);
        CHECK(env->held_bytes <= HELD_LIMIT);
    }
    tls_close(w.tls);
    tls_free(w.tls);
    CHECK(env->held_bytes == 0);
    return tally;
}

/* One direction alone: what a stream says must not depend on where it was cut. */
static struct tally alone(struct tls_env *env, const struct streams *s, enum flow_dir dir, size_t piece)
{
    struct tally tally = {.sum = 0};
    struct feeder w = {.tls = NULL};

    env->sink = (struct fact_sink){&tally, on_fact};
    w.tls = tls_new(env, NULL, false, 0, &tally);
    CHECK(w.tls != NULL);
    for (size_t at = 0; at < s->n[dir]; at += piece) {
        size_t n = s->n[dir] - at < piece ? s->n[dir] - at : piece;
        feed(&w, dir, slice_of(s->bytes[dir] + at, n), n);
    }
    tls_free(w.tls);
    return tally;
}

static void compare(const struct tally *a, const struct tally *b)
{
    static const enum fact_kind kinds[] = {FACT_TLS_CLIENT_HELLO, FACT_TLS_SERVER_HELLO, FACT_TLS_CERTIFICATE,
                                           FACT_TLS_ALERT};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        CHECK(a->facts[kinds[i]] == b->facts[kinds[i]]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whoever makes keys ahead looks at whole payloads. */
static void look_ahead(struct slice payload)
{
    static struct tls_keylog *log;
    static struct tls_ahead *ahead;

    if (ahead == NULL) {
        log = tls_keylog_new(16, NULL);
        CHECK(log != NULL && (ahead = tls_ahead_new(log)) != NULL);
    }
    tls_ahead_look(ahead, 1, payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_env env;
    static struct streams streams;
    struct tls_limits limits = {.message_bytes = MESSAGE_LIMIT, .held_bytes = HELD_LIMIT, .secrets = 16};
    struct fact_sink none = {NULL, on_fact};
    struct reader r = reader_of(data, size);
    uint8_t how = reader_u8(&r);
    bool mid_stream = (how & 1) != 0, keys = (how & 2) != 0;

    look_ahead(r.left > 0 ? slice_of(r.p, r.left) : slice_of(NULL, 0));
    memset(&env, 0, sizeof env);
    const struct tls_plain_sink plain = {NULL, on_plain};
    CHECK(tls_env_init(&env, &limits, &none, &plain) == 0);
    if (keys)
        add_keys(&env);
    streams.n[0] = streams.n[1] = 0;
    streams.damaged = false;
    (void)run(&env, r, mid_stream, &streams);
    for (int dir = 0; dir < 2 && !keys && !streams.damaged && streams.n[dir] < 4096 && env.counters.limit_hits == 0;
         dir++) {
        struct tally whole = alone(&env, &streams, (enum flow_dir)dir, STREAM_MAX);
        struct tally bits = alone(&env, &streams, (enum flow_dir)dir, 1);
        if (env.counters.limit_hits == 0)
            compare(&whole, &bits);
    }
    tls_env_fini(&env);
    return 0;
}
