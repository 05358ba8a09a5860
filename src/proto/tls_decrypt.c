/* Decryption of connections whose secrets are known. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/reader.h"
#include "pcap2trace/status.h"
#include "proto/tls_state.h"

/* RFC 8446 7.1: secrets follow each other. What a client sends early comes before the server chose the cipher. */
enum phase { PHASE_EARLY, PHASE_HANDSHAKE, PHASE_DATA, PHASES };

/* Records that a hole may have swallowed before it is given up to find the next one's number. */
enum { SWALLOWED_MAX = 32 };

static const enum tls_label labels[2][PHASES] = {
    [FLOW_C2S] = {TLS_LABEL_CLIENT_EARLY, TLS_LABEL_CLIENT_HANDSHAKE, TLS_LABEL_CLIENT_TRAFFIC},
    [FLOW_S2C] = {TLS_LABEL_COUNT, TLS_LABEL_SERVER_HANDSHAKE, TLS_LABEL_SERVER_TRAFFIC},
};

struct side {
    enum phase phase; /* TLS 1.3 */
    struct tls_key key;
    struct tls_secret secret; /* TLS 1.3: of the key, once it is made */
    bool lost;                /* nothing can be opened any more */
    uint64_t offset;          /* of the next plain byte */
};

struct tls_keys {
    struct side side[2];
    bool decrypted; /* application data came out */
};

/* ---- life ---- */

void tls_env_forget_crypt(struct tls_env *env)
{
    for (int i = 0; i < TLS_DEPTH_MAX; i++) {
        if (env->plain[i] != NULL)
            OPENSSL_cleanse(env->plain[i], TLS_RECORD_MAX);
        free(env->plain[i]);
    }
    if (env->crypt != NULL)
        tls_crypt_fini(env->crypt);
    free(env->crypt);
    if (env->keys.object_bytes != 0)
        slab_fini(&env->keys);
}

static bool make_crypt(struct tls_env *env)
{
    if (env->crypt != NULL)
        return true;
    env->crypt = calloc(1, sizeof *env->crypt);
    slab_init(&env->keys, sizeof(struct tls_keys));
    return env->crypt != NULL && tls_crypt_init(env->crypt) == P2T_OK;
}

static bool make_room(struct tls *t)
{
    uint8_t **plain = &t->env->plain[t->depth];

    if (*plain == NULL)
        *plain = malloc(TLS_RECORD_MAX);
    return *plain != NULL && make_crypt(t->env);
}

void tls_decrypt_end(struct tls *t)
{
    if (t->keys == NULL)
        return;
    for (int dir = 0; dir < 2; dir++)
        tls_key_drop(t->env->crypt, &t->keys->side[dir].key);
    OPENSSL_cleanse(t->keys, sizeof *t->keys);
    slab_give(&t->env->keys, t->keys);
    t->keys = NULL;
}

static void want_data(struct tls *t, bool want)
{
    t->stream[FLOW_C2S].want_data = t->stream[FLOW_S2C].want_data = want;
}

/* The keys are no keys: the connection is one without. */
static void give_up(struct tls *t)
{
    tls_decrypt_end(t);
    want_data(t, false);
}

static const struct tls_secret *find(const struct tls *t, enum tls_label label)
{
    return label == TLS_LABEL_COUNT ? NULL : tls_keylog_find(t->env->keylog, t->random[FLOW_C2S], label);
}

static bool has_secrets(const struct tls *t)
{
    struct tls_suite suite;

    if (!t->hello[FLOW_S2C])
        return t->early_data && find(t, TLS_LABEL_CLIENT_EARLY) != NULL;
    if (!tls_suite_of(t->cipher, &suite))
        return false;
    if (t->version < TLS_VERSION_1_3)
        return find(t, TLS_LABEL_MASTER) != NULL;
    return find(t, TLS_LABEL_CLIENT_TRAFFIC) != NULL || find(t, TLS_LABEL_SERVER_TRAFFIC) != NULL;
}

void tls_decrypt_begin(struct tls *t)
{
    if (t->keys != NULL || t->depth >= TLS_DEPTH_MAX || tls_keylog_counters(t->env->keylog)->secrets == 0)
        return;
    want_data(t, true); /* a capture may bring the secrets with the records */
    if (!t->hello[FLOW_C2S] || !has_secrets(t) || !make_room(t))
        return;
    t->keys = slab_take(&t->env->keys);
    if (t->keys == NULL)
        return;
    t->keys->side[FLOW_C2S].phase = t->early_data ? PHASE_EARLY : PHASE_HANDSHAKE;
    t->keys->side[FLOW_S2C].phase = PHASE_HANDSHAKE;
}

/* last: secrets that are not here by now come too late. */
static bool look_again(struct tls *t, bool last)
{
    if (t->keys == NULL && t->stream[FLOW_C2S].want_data && (t->version >= TLS_VERSION_1_3 || t->version == 0))
        tls_decrypt_begin(t);
    if (t->keys == NULL && last)
        want_data(t, false);
    return t->keys != NULL;
}

/* ---- plain text ---- */

static void tell(struct tls *t, const struct tls_record *r)
{
    struct fact f = {.kind = FACT_TLS_DECRYPTED, .conn = t->flow, .dir = r->dir, .mark = r->last};

    if (t->keys->decrypted)
        return;
    t->keys->decrypted = true;
    t->env->counters.decrypted++;
    tls_emit(t, &f);
}

static void deliver(struct tls *t, const struct tls_record *r, struct slice bytes, uint64_t len)
{
    struct side *side = &t->keys->side[r->dir];
    struct flow_chunk chunk = {.dir = r->dir,
                               .offset = side->offset,
                               .bytes = bytes,
                               .len = len,
                               .lost = bytes.n < len,
                               .seen = r->last,
                               .deliverable = r->last};

    side->offset += len;
    if (len > 0)
        t->env->plain_sink.chunk(t->env->plain_sink.ctx, t->owner, &chunk);
}

void tls_decrypt_deliver(struct tls *t, const struct tls_record *plain)
{
    tell(t, plain);
    deliver(t, plain, plain->payload, plain->payload.n);
}

/* Its length is all that is known of it: HTTP can do with that where it is inside a body. */
static void deliver_hole(struct tls *t, const struct tls_record *r)
{
    t->env->counters.unopened++;
    deliver(t, r, slice_of(NULL, 0), tls_plain_bytes(t->version, t->cipher, r->length));
}

/* ---- a key that is at hand ---- */

static bool is_cbc(const struct tls_key *key)
{
    return tls_bulks[key->suite.bulk].mode == TLS_MODE_CBC;
}

static bool open_record(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    return r->whole && tls_key_open(t->env->crypt, key, r, t->env->plain[t->depth], plain);
}

/* A hole swallowed some records: the next one's number is to be found. */
static bool open_behind_hole(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    uint64_t from = key->sequence;

    if (!r->gap_before || (is_cbc(key) && key->version == TLS_VERSION_1_0))
        return false;
    while (key->sequence++ < from + SWALLOWED_MAX)
        if (open_record(t, key, r, plain))
            return true;
    key->sequence = from;
    return false;
}

static bool open_next(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    return open_record(t, key, r, plain) || open_behind_hole(t, key, r, plain);
}

/* A record that is not all there still counts; one that is there and does not open ends it for its direction. */
static void not_opened(struct side *side, const struct tls_record *r)
{
    if (r->whole || (is_cbc(&side->key) && side->key.version == TLS_VERSION_1_0))
        side->lost = true;
    else
        side->key.sequence++;
}

/* ---- TLS 1.2 and older ---- */

void tls_decrypt_changed(struct tls *t, enum flow_dir dir)
{
    if (t->version >= TLS_VERSION_1_3 || !t->hello[FLOW_S2C])
        return;
    tls_decrypt_begin(t);
    struct tls_session s = {.version = t->version,
                            .encrypt_then_mac = t->encrypt_then_mac,
                            .master = find(t, TLS_LABEL_MASTER),
                            .client_random = t->random[FLOW_C2S],
                            .server_random = t->random[FLOW_S2C]};
    if (t->keys == NULL)
        return;
    struct side *side = &t->keys->side[dir];
    side->lost = s.master == NULL || !tls_suite_of(t->cipher, &s.suite) ||
                 !tls_key_from_master(t->env->crypt, &side->key, &s, dir);
}

bool tls_decrypt_plain(struct tls *t, const struct tls_record *r, struct tls_record *plain)
{
    if (!look_again(t, true))
        return false;
    struct side *side = &t->keys->side[r->dir];
    *plain = *r;
    if (!side->lost && open_next(t, &side->key, r, &plain->payload)) {
        plain->length = (uint32_t)plain->payload.n;
        return true;
    }
    if (!side->lost)
        not_opened(side, r);
    if (!t->keys->decrypted && side->lost)
        give_up(t);
    else if (r->type == TLS_APPLICATION_DATA)
        deliver_hole(t, r);
    return false;
}

/* ---- TLS 1.3 ---- */

static bool make_key(struct tls *t, struct tls_key *key, const struct tls_suite *suite,
                     const struct tls_secret *secret)
{
    return secret != NULL && tls_key_from_secret(t->env->crypt, key, suite, secret);
}

/* The session's cipher is not known yet: the secret's length leaves few, and only one opens the record. */
static bool open_early(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    static const uint16_t ciphers[] = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305};
    struct tls_suite suite;

    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        if (tls_suite_of(ciphers[i], &suite) && make_key(t, key, &suite, find(t, TLS_LABEL_CLIENT_EARLY)) &&
            open_record(t, key, r, plain))
            return true;
        tls_key_drop(t->env->crypt, key);
    }
    return false;
}

static bool open_phase(struct tls *t, enum phase phase, struct tls_key *key, const struct tls_record *r,
                       struct slice *plain)
{
    struct tls_suite suite;

    if (phase == PHASE_EARLY)
        return open_early(t, key, r, plain);
    return tls_suite_of(t->cipher, &suite) && make_key(t, key, &suite, find(t, labels[r->dir][phase])) &&
           open_next(t, key, r, plain);
}

/* A later phase's key, where its own does not fit: the record that would have told was not seen, or its secret is not
 * known. */
static bool open_later(struct tls *t, struct side *side, const struct tls_record *r, struct slice *plain)
{
    enum phase from = side->key.ctx != NULL ? side->phase + 1 : side->phase;

    for (enum phase p = from; p < PHASES; p++) {
        struct tls_key key = {0};
        if (!open_phase(t, p, &key, r, plain)) {
            tls_key_drop(t->env->crypt, &key);
            continue;
        }
        tls_key_drop(t->env->crypt, &side->key);
        side->key = key;
        side->phase = p;
        side->secret = *find(t, labels[r->dir][p]);
        return true;
    }
    return false;
}

static void next_phase(struct tls *t, enum flow_dir dir, enum phase phase)
{
    struct side *side = &t->keys->side[dir];

    tls_key_drop(t->env->crypt, &side->key);
    side->phase = phase;
}

static void on_key_update(struct tls *t, struct side *side)
{
    struct tls_suite suite = side->key.suite;

    side->lost = side->phase != PHASE_DATA || !tls_secret_next(t->env->crypt, &suite, &side->secret) ||
                 !make_key(t, &side->key, &suite, &side->secret);
}

static void on_message(struct tls *t, const struct tls_record *r, const struct tls_message *m)
{
    struct side *side = &t->keys->side[r->dir];

    switch (m->type) {
    case TLS_ENCRYPTED_EXTENSIONS:
        t->outcome.alpn = tls_known_alpn(tls_read_encrypted_alpn(m->body));
        t->shape.h2 = slice_eq(t->outcome.alpn, SLICE_LIT("h2"));
        break;
    case TLS_CERTIFICATE:
        tls_on_certificate(t, r, m->body);
        break;
    case TLS_END_OF_EARLY_DATA:
        next_phase(t, r->dir, PHASE_HANDSHAKE);
        break;
    case TLS_FINISHED:
        if (r->dir == FLOW_C2S && !t->done)
            tls_emit_done(t, &r->last, false);
        next_phase(t, r->dir, PHASE_DATA);
        break;
    case TLS_KEY_UPDATE:
        on_key_update(t, side);
        break;
    default:
        break;
    }
}

static void on_handshake(struct tls *t, const struct tls_record *r)
{
    struct slice payload = r->payload;
    struct tls_message m;

    while (tls_messages_next(&t->messages[r->dir], &payload, false, t->env->limits.message_bytes, &m))
        on_message(t, r, &m);
}

/* RFC 8446 5.4: the type is the last byte that is not zero. */
static bool cut_type(struct tls_record *plain)
{
    struct slice *p = &plain->payload;

    while (p->n > 0 && p->p[p->n - 1] == 0)
        p->n--;
    if (p->n == 0)
        return false;
    plain->type = p->p[--p->n];
    plain->length = (uint32_t)p->n;
    return true;
}

static void on_inner(struct tls *t, struct tls_record *plain)
{
    if (!cut_type(plain))
        return;
    if (plain->type == TLS_HANDSHAKE) {
        on_handshake(t, plain);
    } else if (plain->type == TLS_ALERT && plain->length == 2) {
        tls_emit_alert(t, plain, plain->payload.p[0], plain->payload.p[1], false);
    } else if (plain->type == TLS_APPLICATION_DATA) {
        if (!t->done && plain->dir == FLOW_C2S && t->keys->side[FLOW_C2S].phase == PHASE_DATA)
            tls_emit_done(t, t->in_client_flight ? &t->client_flight : &plain->first, true);
        tls_decrypt_deliver(t, plain);
    }
}

/* Before application data it may be a matter of secrets that were not logged: those are waited for. */
static bool on_unopened(struct tls *t, struct side *side, const struct tls_record *r)
{
    if (side->phase != PHASE_DATA)
        return false;
    if (side->key.ctx != NULL && !side->lost)
        not_opened(side, r);
    if (!t->keys->decrypted) {
        if (side->lost || side->key.ctx == NULL)
            give_up(t);
        return false;
    }
    deliver_hole(t, r);
    return true;
}

bool tls_decrypt_inner(struct tls *t, const struct tls_record *r)
{
    struct tls_record plain = *r;

    if (!look_again(t, t->done))
        return false;
    struct side *side = &t->keys->side[r->dir];
    bool opened = !side->lost && ((side->key.ctx != NULL && open_next(t, &side->key, r, &plain.payload)) ||
                                  open_later(t, side, r, &plain.payload));
    if (!opened)
        return on_unopened(t, side, r);
    on_inner(t, &plain);
    return true;
}
