#include <stdlib.h>

#include "base/hot.h"
#include "pcap2trace/status.h"
#include "proto/tls/state.h"

enum { FIRST_LINE_MAX = 128, ALERT_BYTES = 2 };

/* ---- life ---- */

int tls_env_init(struct tls_env *env, const struct tls_limits *limits, const struct fact_sink *sink,
                 const struct tls_plain_sink *plain)
{
    env->limits = *limits;
    env->sink = *sink;
    env->plain_sink = *plain;
    slab_init(&env->connections, sizeof(struct tls), limits->budget);
    env->ja4 = tls_ja4_new();
    env->certificates = tls_certificates_new();
    env->keylog = tls_keylog_new(limits->secrets, limits->budget);
    return env->ja4 != NULL && env->certificates != NULL && env->keylog != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

void tls_env_fini(struct tls_env *env)
{
    tls_ja4_free(env->ja4);
    tls_certificates_free(env->certificates);
    tls_keylog_free(env->keylog);
    tls_env_forget_crypt(env);
    slab_fini(&env->connections);
}

struct tls *tls_new(struct tls_env *env, struct flow_conn *conn, bool mid_stream, unsigned depth, void *owner)
{
    struct tls *t = slab_take(&env->connections);

    if (t == NULL)
        return NULL;
    t->env = env;
    t->flow = conn;
    t->mid_stream = t->shape.joined = mid_stream;
    t->depth = (uint8_t)depth;
    t->owner = owner;
    for (int dir = 0; dir < 2; dir++) {
        t->stream[dir].dir = (enum flow_dir)dir;
        t->stream[dir].state = mid_stream ? TLS_STREAM_LOST : TLS_STREAM_HEADER;
    }
    return t;
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    tls_decrypt_end(t);
    tls_holds(t->env, t->held_bytes, 0);
    buf_fini(&t->transcript);
    for (int dir = 0; dir < 2; dir++) {
        tls_stream_fini(&t->stream[dir]);
        tls_messages_fini(&t->messages[dir]);
    }
    slab_give(&t->env->connections, t);
}

/* ---- memory ---- */

static void release_unused(struct tls *t, int dir)
{
    if (t->stream[dir].state != TLS_STREAM_PAYLOAD || t->stream[dir].held.n == 0)
        buf_fini(&t->stream[dir].held);
    if (t->messages[dir].held.n == 0)
        buf_fini(&t->messages[dir].held);
}

static size_t held_by(const struct tls *t)
{
    size_t n = t->transcript.cap;

    for (int dir = 0; dir < 2; dir++)
        n += t->stream[dir].held.cap + t->messages[dir].held.cap;
    return n;
}

/* Over the limit, this connection loses what it holds, and with it the message it belongs to. */
static void account(struct tls *t, int dir)
{
    struct tls_env *env = t->env;

    if (t->held_bytes == 0 && held_by(t) == 0)
        return;
    release_unused(t, dir);
    size_t held = held_by(t);
    tls_holds(env, t->held_bytes, held);
    t->held_bytes = held;
    if (env->held_bytes <= env->limits.held_bytes)
        return;
    env->counters.limit_hits++;
    tls_holds(env, held, 0);
    t->held_bytes = 0;
    buf_fini(&t->transcript);
    for (int d = 0; d < 2; d++) {
        buf_fini(&t->stream[d].held);
        buf_fini(&t->messages[d].held);
        t->stream[d].record.payload = slice_of(NULL, 0);
        t->stream[d].broken = true;
    }
}

/* ---- TLS 1.2 and older ---- */

/* RFC 5246 7.3: the handshake is over with the later of the two Finished messages. A session goes on when the
 * server's comes first. */
static void on_encrypted_handshake(struct tls *t, const struct tls_record *r)
{
    const struct packet_mark *other = &t->finished[!r->dir];

    if (t->done || t->finished[r->dir].ref.number != 0)
        return;
    t->finished[r->dir] = r->last;
    if (other->ref.number == 0)
        return;
    t->resumed = r->dir == FLOW_C2S && !t->certificate;
    tls_emit_done(t, &r->last, false);
}

/* Joined mid-stream, or over a hole: a handshake record is encrypted unless it starts with a hello that fills it. */
static bool starts_hello(const struct tls_record *r)
{
    struct reader in = reader_of_slice(r->payload);
    uint8_t type = reader_u8(&in);

    return (type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO) && reader_be24(&in) + 4 == r->length;
}

static bool encrypted(const struct tls *t, const struct tls_record *r)
{
    return t->version < TLS_VERSION_1_3 &&
           (t->ccs[r->dir] || t->done || (t->mid_stream && (r->type != TLS_HANDSHAKE || !starts_hello(r))));
}

static void on_handshake(struct tls *t, const struct tls_record *r)
{
    struct slice payload = slice_of(r->payload.p, r->payload.n); /* not as one: it was written in two */
    struct tls_message message;

    if (encrypted(t, r)) {
        on_encrypted_handshake(t, r);
        return;
    }
    while (tls_messages_next(&t->messages[r->dir], &payload, !r->whole, t->env->limits.message_bytes, &message))
        tls_on_message(t, r, &message);
}

static void on_alert(struct tls *t, const struct tls_record *r)
{
    if (r->length == ALERT_BYTES && r->whole && !encrypted(t, r))
        tls_emit_alert(t, r, r->payload.p[0], r->payload.p[1], false);
    else
        tls_emit_alert(t, r, 0, 0, true);
}

/* ---- records ---- */

/* Joined inside the handshake of TLS 1.3: behind its ChangeCipherSpec the client's Finished comes, of either hash. */
static bool is_finished_of_joined(struct tls *t, const struct tls_record *r)
{
    enum { WITH_SHA256 = 0x1301, WITH_SHA384 = 0x1302 };

    if (!t->mid_stream || t->done || r->dir != FLOW_C2S || !t->ccs[FLOW_C2S] ||
        t->finished[FLOW_C2S].ref.number != 0 ||
        (r->length != tls_finished_bytes(WITH_SHA256) && r->length != tls_finished_bytes(WITH_SHA384)))
        return false;
    t->finished[FLOW_C2S] = r->last;
    return true;
}

static void on_application_data(struct tls *t, const struct tls_record *r)
{
    if (is_finished_of_joined(t, r))
        return;
    if (!t->done && !t->mid_stream)
        tls_on_data_before_done(t, r);
    else if (tls_is_alert_by_size(t, r))
        tls_emit_alert(t, r, 0, 0, true);
    else
        tls_add_records(t, r, false);
}

/* TLS 1.2 and older, with keys. */
static void on_opened(struct tls *t, const struct tls_record *r, const struct tls_record *plain)
{
    if (r->type == TLS_ALERT && plain->length == ALERT_BYTES) {
        tls_emit_alert(t, plain, plain->payload.p[0], plain->payload.p[1], false);
    } else if (r->type == TLS_HANDSHAKE) {
        on_encrypted_handshake(t, r);
        tls_on_renegotiation(t, plain);
    } else if (r->type == TLS_APPLICATION_DATA) {
        on_application_data(t, r);
        tls_decrypt_deliver(t, plain);
    }
}

static bool on_decrypted(struct tls *t, const struct tls_record *r)
{
    struct tls_record plain;

    if (t->version >= TLS_VERSION_1_3 || t->version == 0)
        return r->type == TLS_APPLICATION_DATA && tls_decrypt_inner(t, r);
    if (!t->ccs[r->dir] || r->type == TLS_CHANGE_CIPHER_SPEC || !tls_decrypt_plain(t, r, &plain))
        return false;
    on_opened(t, r, &plain);
    return true;
}

static void on_record(struct tls *t, const struct tls_record *r)
{
    t->env->counters.gaps += r->gap_before;
    t->gap |= r->gap_before;
    if (r->gap_before && r->dir == FLOW_S2C && !t->hello[FLOW_S2C])
        t->mid_stream = true;
    if (on_decrypted(t, r))
        return;
    switch (r->type) {
    case TLS_CHANGE_CIPHER_SPEC:
        t->ccs[r->dir] = true;
        if (r->dir == FLOW_C2S && t->version >= TLS_VERSION_1_3 && t->hello[FLOW_S2C] && !t->done)
            t->outcome.changed = r->last;
        tls_decrypt_changed(t, r);
        break;
    case TLS_ALERT:
        on_alert(t, r);
        break;
    case TLS_HANDSHAKE:
        on_handshake(t, r);
        break;
    case TLS_APPLICATION_DATA:
        on_application_data(t, r);
        break;
    case TLS_SSLV2_HELLO:
        if (r->payload.n == 0)
            break;
        tls_read_sslv2_client_hello(r->payload, &t->env->client_hello);
        tls_on_client_hello(t, r, &t->env->client_hello);
        break;
    default:
        break;
    }
}

/* The header that did not make sense, and what follows it. */
static void on_not_tls(struct tls *t, const struct tls_stream *s, const struct flow_chunk *rest)
{
    uint8_t line[FIRST_LINE_MAX];
    size_t n = rest->bytes.n < FIRST_LINE_MAX - TLS_HEADER_BYTES ? rest->bytes.n : FIRST_LINE_MAX - TLS_HEADER_BYTES;
    struct fact f = tls_fact_of(t, FACT_TLS_NOT_TLS, s->dir, &s->record.first);

    if (t->not_tls)
        return;
    t->not_tls = true;
    t->env->counters.not_tls++;
    memcpy(line, s->header, TLS_HEADER_BYTES);
    if (n > 0)
        memcpy(line + TLS_HEADER_BYTES, rest->bytes.p, n);
    f.as.not_tls = slice_of(line, TLS_HEADER_BYTES + n);
    tls_emit(t, &f);
}

HOT void tls_chunk(struct tls *t, const struct flow_chunk *chunk)
{
    struct tls_stream *s = &t->stream[chunk->dir];
    struct flow_chunk rest = flow_chunk_copy(chunk);

    for (const struct tls_record *record; (record = tls_stream_next(s, &rest)) != NULL;)
        on_record(t, record);
    tls_flush_run(t);
    if (s->state == TLS_STREAM_NOT_TLS)
        on_not_tls(t, s, &rest);
    account(t, (int)chunk->dir);
}

void tls_close(struct tls *t)
{
    tls_early_flush(t);
}
