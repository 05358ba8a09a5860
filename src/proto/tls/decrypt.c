/* Decryption of connections whose secrets are known. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "pcap2trace/status.h"
#include "proto/tls/keys.h"

/* Records that a hole may have swallowed before it is given up to find the next one's number. */
enum { LOST_RECORDS_MAX = 32 };

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
    tls_ahead_free(env->ahead);
    if (env->keys.object_bytes != 0)
        slab_fini(&env->keys);
}

/* What libcrypto holds for a key of each direction. */
enum { CONTEXT_BYTES = 2 * 2048 };

static bool make_crypt(struct tls_env *env)
{
    if (env->crypt != NULL)
        return true;
    env->crypt = calloc(1, sizeof *env->crypt);
    if (env->crypt != NULL)
        env->crypt->ahead = env->ahead;
    slab_init(&env->keys, sizeof(struct tls_keys) + CONTEXT_BYTES, env->limits.budget);
    return env->crypt != NULL && tls_crypt_init(env->crypt) == P2T_OK;
}

bool tls_decrypt_room(struct tls *t)
{
    uint8_t **plain = &t->env->plain[t->depth];

    if (*plain == NULL)
        *plain = malloc(TLS_RECORD_MAX);
    return *plain != NULL && make_crypt(t->env);
}

void tls_decrypt_forget_next(struct tls *t)
{
    for (int dir = 0; t->keys != NULL && dir < 2; dir++)
        tls_key_drop(t->env->crypt, &t->keys->side[dir].next);
}

void tls_decrypt_end(struct tls *t)
{
    if (t->keys == NULL)
        return;
    for (int dir = 0; dir < 2; dir++)
        tls_key_drop(t->env->crypt, &t->keys->side[dir].key);
    tls_decrypt_forget_next(t);
    tls_early_decide(t, TLS_EARLY_REJECTED);
    OPENSSL_cleanse(t->keys, sizeof *t->keys);
    slab_give(&t->env->keys, t->keys);
    t->keys = NULL;
}

static void want_data(struct tls *t, bool want)
{
    t->stream[FLOW_C2S].want_data = t->stream[FLOW_S2C].want_data = want;
}

void tls_give_up(struct tls *t)
{
    tls_decrypt_end(t);
    want_data(t, false);
}

const struct tls_secret *tls_secret_of(const struct tls *t, enum tls_label label)
{
    return label == TLS_LABEL_COUNT ? NULL : tls_keylog_find(t->env->keylog, t->random[FLOW_C2S], label);
}

/* One that came too late for its connection stays so. */
void tls_save_secrets(const struct tls *t, struct buf *out)
{
    if (t->env->keylog != NULL && (t->keys != NULL || !t->done))
        tls_keylog_save(t->env->keylog, t->random[FLOW_C2S], out);
}

void tls_report_loss(struct tls *t, enum flow_dir dir, const struct packet_mark *mark, enum fact_tls_loss why)
{
    struct fact f = {.kind = FACT_TLS_LOST, .conn = t->flow, .dir = dir, .mark = *mark};

    if (t->loss_reported[dir])
        return;
    t->loss_reported[dir] = true;
    t->env->counters.lost[why]++;
    f.as.tls_loss = why;
    tls_emit(t, &f);
}

void tls_lose(struct tls *t, struct tls_side *side, const struct tls_record *r, enum fact_tls_loss why)
{
    side->lost = true;
    tls_report_loss(t, r->dir, &r->last, why);
}

static bool logged(const struct tls *t)
{
    if (!t->hello[FLOW_S2C])
        return t->early_data && tls_secret_of(t, TLS_LABEL_CLIENT_EARLY) != NULL;
    if (t->version < TLS_VERSION_1_3)
        return tls_secret_of(t, TLS_LABEL_MASTER) != NULL;
    for (int label = TLS_LABEL_CLIENT_HANDSHAKE; label <= TLS_LABEL_SERVER_TRAFFIC; label++)
        if (tls_secret_of(t, (enum tls_label)label) != NULL)
            return true;
    return false;
}

static bool has_cipher(struct tls *t, const struct tls_record *r)
{
    struct tls_suite suite;

    if (!t->hello[FLOW_S2C] || (tls_suite_of(t->cipher, &suite) && tls_suite_available(t->env->crypt, &suite)))
        return true;
    for (int dir = 0; dir < 2; dir++)
        tls_report_loss(t, (enum flow_dir)dir, &r->last, FACT_TLS_LOSS_CIPHER);
    return false;
}

void tls_decrypt_begin(struct tls *t, const struct tls_record *r)
{
    if (t->keys != NULL || t->depth >= TLS_DEPTH_MAX || tls_keylog_counters(t->env->keylog)->secrets == 0)
        return;
    want_data(t, true); /* a capture may bring the secrets with the records */
    if (!t->hello[FLOW_C2S] || !logged(t) || !tls_decrypt_room(t) || !has_cipher(t, r))
        return;
    t->keys = slab_take(&t->env->keys);
    if (t->keys == NULL)
        return;
    t->keys->side[FLOW_C2S].phase = t->early_data ? TLS_PHASE_EARLY : TLS_PHASE_HANDSHAKE;
    t->keys->side[FLOW_S2C].phase = TLS_PHASE_HANDSHAKE;
}

bool tls_look_again(struct tls *t, const struct tls_record *r, bool last)
{
    if (t->keys == NULL && t->stream[FLOW_C2S].want_data && (t->version >= TLS_VERSION_1_3 || t->version == 0))
        tls_decrypt_begin(t, r);
    if (t->keys == NULL && last)
        want_data(t, false);
    return t->keys != NULL;
}

/* ---- a key that is at hand ---- */

bool tls_open_record(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    return r->whole && tls_key_open(t->env->crypt, key, r, t->env->plain[t->depth], plain);
}

/* A gap lost some records: tries the numbers that the next one may have. */
static bool open_after_gap(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    uint64_t from = key->sequence;

    if (!r->gap_before || tls_key_chained(key))
        return false;
    while (key->sequence++ < from + LOST_RECORDS_MAX)
        if (tls_open_record(t, key, r, plain))
            return true;
    key->sequence = from;
    return false;
}

/* After a gap, a chained cipher would give garbage, and checking its MAC costs time. */
bool tls_open_next(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain)
{
    bool torn = r->gap_before && tls_key_chained(key);

    return !torn && (tls_open_record(t, key, r, plain) || open_after_gap(t, key, r, plain));
}

void tls_not_opened(struct tls *t, struct tls_side *side, const struct tls_record *r)
{
    if (r->whole && !r->gap_before)
        tls_lose(t, side, r, FACT_TLS_LOSS_KEY);
    else if (r->whole || tls_key_chained(&side->key))
        tls_lose(t, side, r, FACT_TLS_LOSS_MISSING);
    else
        side->key.sequence++;
}

/* ---- TLS 1.2 and older ---- */

static bool make_next(struct tls *t, struct tls_session *s)
{
    struct tls_side *side = t->keys->side;

    return tls_suite_of(t->cipher, &s->suite) &&
           tls_keys_from_master(t->env->crypt, &side[FLOW_C2S].next, &side[FLOW_S2C].next, s);
}

static void take_next(struct tls *t, struct tls_side *side)
{
    tls_key_drop(t->env->crypt, &side->key);
    side->key = side->next;
    side->next = (struct tls_key){.set = false};
    side->lost = false;
}

void tls_decrypt_changed(struct tls *t, const struct tls_record *r)
{
    if (t->version >= TLS_VERSION_1_3 || !t->hello[FLOW_S2C])
        return;
    tls_decrypt_begin(t, r);
    struct tls_session s = {.version = t->version,
                            .encrypt_then_mac = t->encrypt_then_mac,
                            .secret = tls_secret_of(t, TLS_LABEL_MASTER),
                            .client_random = t->random[FLOW_C2S],
                            .server_random = t->random[FLOW_S2C]};
    if (t->keys == NULL)
        return;
    struct tls_side *side = &t->keys->side[r->dir];
    if (s.secret == NULL) /* of a renegotiation */
        tls_lose(t, side, r, FACT_TLS_LOSS_SECRET);
    else if (!side->next.set && !make_next(t, &s))
        tls_lose(t, side, r, FACT_TLS_LOSS_CIPHER);
    else
        take_next(t, side);
}

bool tls_decrypt_plain(struct tls *t, const struct tls_record *r, struct tls_record *plain)
{
    if (!tls_look_again(t, r, true))
        return false;
    struct tls_side *side = &t->keys->side[r->dir];
    uint64_t due = side->key.sequence;
    *plain = *r;
    if (!side->lost && tls_open_next(t, &side->key, r, &plain->payload)) {
        /* The first one is the Finished message. */
        if (due > 0)
            tls_deliver_missing(t, r, side->key.sequence - due - 1);
        plain->length = (uint32_t)plain->payload.n;
        return true;
    }
    if (!side->lost)
        tls_not_opened(t, side, r);
    if (!t->keys->decrypted && side->lost)
        tls_give_up(t);
    else if (r->type == TLS_APPLICATION_DATA)
        tls_deliver_hole(t, r);
    return false;
}
