/* Decryption of TLS 1.3: one key per direction and phase. */
#include "proto/tls/keys.h"

static const enum tls_label labels[2][TLS_PHASES] = {
    [FLOW_C2S] = {TLS_LABEL_CLIENT_EARLY, TLS_LABEL_CLIENT_HANDSHAKE, TLS_LABEL_CLIENT_TRAFFIC},
    [FLOW_S2C] = {TLS_LABEL_COUNT, TLS_LABEL_SERVER_HANDSHAKE, TLS_LABEL_SERVER_TRAFFIC},
};

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
        if (tls_suite_of(ciphers[i], &suite) && make_key(t, key, &suite, tls_secret_of(t, TLS_LABEL_CLIENT_EARLY)) &&
            tls_open_record(t, key, r, plain))
            return true;
        tls_key_drop(t->env->crypt, key);
    }
    return false;
}

static bool open_phase(struct tls *t, enum tls_phase phase, struct tls_key *key, const struct tls_record *r,
                       struct slice *plain)
{
    struct tls_suite suite;

    if (phase == TLS_PHASE_EARLY)
        return open_early(t, key, r, plain);
    return tls_suite_of(t->cipher, &suite) && make_key(t, key, &suite, tls_secret_of(t, labels[r->dir][phase])) &&
           tls_open_next(t, key, r, plain);
}

/* A later phase's key, where its own does not fit: the record that would have shown it was not seen, or its secret is not
 * known. */
static bool open_later(struct tls *t, struct tls_side *side, const struct tls_record *r, struct slice *plain)
{
    enum tls_phase from = side->key.set ? side->phase + 1 : side->phase;

    for (enum tls_phase p = from; p < TLS_PHASES; p++) {
        struct tls_key key = {0};
        if (!open_phase(t, p, &key, r, plain)) {
            tls_key_drop(t->env->crypt, &key);
            continue;
        }
        tls_key_drop(t->env->crypt, &side->key);
        side->key = key;
        side->phase = p;
        side->secret = *tls_secret_of(t, labels[r->dir][p]);
        return true;
    }
    return false;
}

static void next_phase(struct tls *t, enum flow_dir dir, enum tls_phase phase)
{
    struct tls_side *side = &t->keys->side[dir];

    tls_key_drop(t->env->crypt, &side->key);
    side->phase = phase;
}

static void on_key_update(struct tls *t, struct tls_side *side, const struct tls_record *r)
{
    struct tls_suite suite = side->key.suite;

    if (side->phase != TLS_PHASE_DATA || !tls_secret_next(t->env->crypt, &suite, &side->secret) ||
        !make_key(t, &side->key, &suite, &side->secret))
        tls_lose(t, side, r, FACT_TLS_LOSS_KEY);
}

static void on_encrypted_extensions(struct tls *t, const struct tls_record *r, struct slice body)
{
    struct tls_server_hello h;

    tls_read_encrypted_extensions(body, &h);
    t->outcome.alpn = tls_known_alpn(h.alpn);
    t->shape.h2 = slice_eq(t->outcome.alpn, SLICE_LIT("h2"));
    if (h.early_data && tls_secret_of(t, TLS_LABEL_CLIENT_EARLY) == NULL)
        tls_report_loss(t, FLOW_C2S, &r->last, FACT_TLS_LOSS_SECRET);
    tls_early_decide(t, h.early_data ? TLS_EARLY_ACCEPTED : TLS_EARLY_REJECTED);
}

/* RFC 8446 4.3, 4.4: EncryptedExtensions, maybe CertificateRequest, ..., Finished. */
static void follow_flight(struct tls_keys *k, const struct tls_message *m)
{
    if (m->type == TLS_ENCRYPTED_EXTENSIONS)
        k->flight = TLS_FLIGHT_BEGUN;
    else if (m->type == TLS_CERTIFICATE_REQUEST)
        k->flight = TLS_FLIGHT_ASKS;
    else if (m->type == TLS_FINISHED && k->flight == TLS_FLIGHT_BEGUN)
        k->flight = TLS_FLIGHT_OVER;
}

/* A client that is asked for no certificate sends its Finished and nothing else: what is as long is that, and the key
 * that would open it, one of a connection's four, is not made. */
static bool is_lone_finished(const struct tls *t, const struct tls_record *r)
{
    const struct tls_side *side = &t->keys->side[FLOW_C2S];

    return r->dir == FLOW_C2S && t->keys->flight == TLS_FLIGHT_OVER && side->phase == TLS_PHASE_HANDSHAKE &&
           !side->key.set && !side->lost && !t->done && !r->gap_before && r->length == tls_finished_bytes(t->cipher);
}

static void on_finished(struct tls *t, const struct tls_record *r)
{
    if (r->dir == FLOW_C2S && !t->done)
        tls_emit_done(t, &r->last, false);
    next_phase(t, r->dir, TLS_PHASE_DATA);
}

static void on_message(struct tls *t, const struct tls_record *r, const struct tls_message *m)
{
    struct tls_side *side = &t->keys->side[r->dir];

    if (r->dir == FLOW_S2C)
        follow_flight(t->keys, m);
    switch (m->type) {
    case TLS_ENCRYPTED_EXTENSIONS:
        if (r->dir == FLOW_S2C)
            on_encrypted_extensions(t, r, m->body);
        break;
    case TLS_CERTIFICATE:
        tls_on_certificate(t, r, m->body);
        break;
    case TLS_END_OF_EARLY_DATA:
        tls_early_decide(t, TLS_EARLY_ACCEPTED);
        next_phase(t, r->dir, TLS_PHASE_HANDSHAKE);
        break;
    case TLS_FINISHED:
        on_finished(t, r);
        break;
    case TLS_KEY_UPDATE:
        on_key_update(t, side, r);
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

static void on_data(struct tls *t, struct tls_record *plain)
{
    enum tls_phase phase = t->keys->side[plain->dir].phase;

    if (plain->dir == FLOW_C2S && phase == TLS_PHASE_EARLY) {
        tls_early_data(t, plain);
        return;
    }
    if (!t->done && plain->dir == FLOW_C2S && phase == TLS_PHASE_DATA)
        tls_emit_done(t, t->in_client_flight ? &t->client_flight : &plain->first, true);
    tls_early_decide(t, plain->dir == FLOW_S2C ? TLS_EARLY_ACCEPTED : TLS_EARLY_REJECTED);
    tls_decrypt_deliver(t, plain);
}

static void on_inner(struct tls *t, struct tls_record *plain)
{
    if (!cut_type(plain))
        return;
    if (plain->type == TLS_HANDSHAKE)
        on_handshake(t, plain);
    else if (plain->type == TLS_ALERT && plain->length == 2)
        tls_emit_alert(t, plain, plain->payload.p[0], plain->payload.p[1], false);
    else if (plain->type == TLS_APPLICATION_DATA)
        on_data(t, plain);
}

/* The first record under a direction's last key is cut: the next one is its second. */
static bool begin_after_cut(struct tls *t, struct tls_side *side, const struct tls_record *r)
{
    const struct tls_secret *secret = tls_secret_of(t, labels[r->dir][TLS_PHASE_DATA]);
    struct tls_suite suite;

    if (r->whole || !tls_suite_of(t->cipher, &suite) || !make_key(t, &side->key, &suite, secret))
        return false;
    side->phase = TLS_PHASE_DATA;
    side->secret = *secret;
    return true;
}

/* True when it is the key that does not fit. */
static bool lose_now(struct tls *t, struct tls_side *side, const struct tls_record *r)
{
    bool at_data = side->phase == TLS_PHASE_DATA && side->key.set;
    bool has_secret = tls_secret_of(t, labels[r->dir][TLS_PHASE_DATA]) != NULL;

    if (!has_secret)
        tls_lose(t, side, r, FACT_TLS_LOSS_SECRET);
    else if (at_data || begin_after_cut(t, side, r))
        tls_not_opened(t, side, r);
    else
        tls_lose(t, side, r, r->gap_before ? FACT_TLS_LOSS_MISSING : FACT_TLS_LOSS_KEY);
    return side->lost && has_secret && r->whole && !r->gap_before;
}

static bool hopeless(const struct tls *t)
{
    for (int dir = 0; dir < 2; dir++)
        if (!t->keys->side[dir].lost && tls_secret_of(t, labels[dir][TLS_PHASE_DATA]) != NULL)
            return false;
    return true;
}

/* What comes before the server has spoken is early data and nothing else. */
static bool misfit_early(const struct tls *t, const struct tls_record *r)
{
    return r->dir == FLOW_C2S && !t->hello[FLOW_S2C] && !t->retried && r->whole && !r->gap_before;
}

/* Until the handshake is over it may be a matter of secrets that were not logged: those are waited for. */
static bool on_unopened(struct tls *t, struct tls_side *side, const struct tls_record *r)
{
    if (side->phase == TLS_PHASE_EARLY && misfit_early(t, r)) {
        tls_lose(t, side, r, FACT_TLS_LOSS_KEY);
        tls_give_up(t);
        return false;
    }
    if (side->phase != TLS_PHASE_DATA && !t->done)
        return false;
    bool misfit = !side->lost && lose_now(t, side, r);
    if (!t->keys->decrypted && (misfit || hopeless(t))) {
        tls_give_up(t);
        return false;
    }
    if (t->keys->decrypted)
        tls_deliver_hole(t, r);
    return t->keys->decrypted;
}

/* What the server sends first under its last key may have been tickets only. */
static bool open_due(struct tls *t, struct tls_side *side, const struct tls_record *r, struct slice *plain)
{
    uint64_t due = side->key.sequence;

    if (!side->key.set || !tls_open_next(t, &side->key, r, plain))
        return false;
    if (side->phase == TLS_PHASE_DATA && (side->offset > 0 || r->dir == FLOW_C2S))
        tls_deliver_missing(t, r, side->key.sequence - due - 1);
    return true;
}

bool tls_decrypt_inner(struct tls *t, const struct tls_record *r)
{
    if (!tls_look_again(t, r, t->done))
        return false;
    if (is_lone_finished(t, r)) {
        on_finished(t, r);
        return true;
    }
    struct tls_record plain = *r;
    struct tls_side *side = &t->keys->side[r->dir];
    if (r->gap_before && r->dir == FLOW_S2C && t->keys->flight != TLS_FLIGHT_OVER)
        t->keys->flight = TLS_FLIGHT_ASKS; /* for all that is known */
    bool opened = !side->lost && (open_due(t, side, r, &plain.payload) || open_later(t, side, r, &plain.payload));
    if (!opened)
        return on_unopened(t, side, r);
    t->outcome.padded |= r->dir == FLOW_C2S && side->phase == TLS_PHASE_HANDSHAKE && tls_is_padded_finished(t, r);
    on_inner(t, &plain);
    return true;
}
