#include <stdlib.h>

#include "pcap2trace/status.h"
#include "proto/tls_state.h"

const struct tls_limits tls_limits_default = {.message_bytes = 256 << 10, .held_bytes = 64 << 20, .secrets = 8 << 20};

enum { FIRST_LINE_MAX = 128, ALERT_BYTES = 2, END_OF_EARLY_DATA = 4, CERTIFICATE_EMPTY = 8 };

/* ---- life ---- */

int tls_env_init(struct tls_env *env, const struct tls_limits *limits, const struct fact_sink *sink,
                 const struct tls_plain_sink *plain)
{
    env->limits = *limits;
    env->sink = *sink;
    env->plain_sink = *plain;
    slab_init(&env->connections, sizeof(struct tls));
    env->ja4 = tls_ja4_new();
    env->certificates = tls_certificates_new();
    env->keylog = tls_keylog_new(limits->secrets);
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

struct tls *tls_new(struct tls_env *env, struct flow_tcp *conn, bool mid_stream, unsigned depth, void *owner)
{
    struct tls *t = slab_take(&env->connections);

    if (t == NULL)
        return NULL;
    t->env = env;
    t->flow = conn;
    t->mid_stream = mid_stream;
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
    t->env->held_bytes -= t->held_bytes;
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

static size_t held_by(const struct tls *t, int dir)
{
    return t->stream[dir].held.cap + t->messages[dir].held.cap;
}

/* Over the limit, this connection loses what it holds, and with it the message it belongs to. */
static void account(struct tls *t, int dir)
{
    struct tls_env *env = t->env;

    if (t->held_bytes == 0 && held_by(t, dir) == 0)
        return;
    release_unused(t, dir);
    size_t held = held_by(t, 0) + held_by(t, 1);
    env->held_bytes += held - t->held_bytes;
    t->held_bytes = held;
    if (env->held_bytes <= env->limits.held_bytes)
        return;
    env->counters.limit_hits++;
    env->held_bytes -= held;
    t->held_bytes = 0;
    for (int d = 0; d < 2; d++) {
        buf_fini(&t->stream[d].held);
        buf_fini(&t->messages[d].held);
        t->stream[d].record.payload = slice_of(NULL, 0);
        t->stream[d].broken = true;
    }
}

/* ---- facts ---- */

static struct fact fact_of(const struct tls *t, enum fact_kind kind, enum flow_dir dir,
                           const struct packet_mark *mark)
{
    return (struct fact){.kind = kind, .conn = t->flow, .dir = dir, .mark = *mark};
}

static void flush_run(struct tls *t)
{
    if (t->run.records == 0)
        return;
    struct fact f = fact_of(t, FACT_TLS_RECORDS, t->run_dir, &t->run.last);
    t->run.h2 = t->shape.h2;
    f.as.tls_records = &t->run;
    fact_emit(&t->env->sink, &f);
    t->run.records = 0;
}

void tls_emit(struct tls *t, const struct fact *f)
{
    flush_run(t);
    fact_emit(&t->env->sink, f);
}

void tls_emit_alert(struct tls *t, const struct tls_record *r, uint8_t level, uint8_t code, bool encrypted)
{
    struct fact f = fact_of(t, FACT_TLS_ALERT, r->dir, &r->last);

    f.as.tls_alert.level = level;
    f.as.tls_alert.code = code;
    f.as.tls_alert.encrypted = encrypted;
    tls_emit(t, &f);
}

void tls_emit_done(struct tls *t, const struct packet_mark *mark, bool guessed)
{
    struct fact f = fact_of(t, FACT_TLS_DONE, FLOW_C2S, mark);

    t->done = true;
    t->env->counters.handshakes++;
    t->outcome.version = t->version;
    t->outcome.cipher = t->cipher;
    t->outcome.resumed = t->resumed;
    t->outcome.guessed = guessed;
    f.as.tls_done = &t->outcome;
    tls_emit(t, &f);
}

static void add_records(struct tls *t, const struct tls_record *r, bool early)
{
    struct fact_tls_records *run = &t->run;

    if (t->keys != NULL) /* what is in it is no matter of sizes */
        return;
    bool offered = t->shape.offers_h2;
    enum fact_tls_shape shape = early ? FACT_TLS_DATA : tls_shape_of(&t->shape, r->dir, r->length);

    if (offered && !t->shape.offers_h2 && t->shape.h2)
        t->outcome.alpn = SLICE_LIT("h2");
    if (run->records > 0 && (t->run_dir != r->dir || run->shape != shape || r->gap_before))
        flush_run(t);
    if (run->records == 0) {
        *run = (struct fact_tls_records){
            .shape = shape, .first = r->first, .first_whole = r->last, .early = early, .lost = r->gap_before};
        t->run_dir = r->dir;
    }
    run->last = r->last;
    run->records++;
    run->bytes += tls_plain_bytes(t->version, t->cipher, r->length);
}

/* ---- hellos ---- */

void tls_keep_random(struct tls *t, enum flow_dir dir, struct slice random)
{
    if (random.n == TLS_CLIENT_RANDOM_BYTES)
        memcpy(t->random[dir], random.p, TLS_CLIENT_RANDOM_BYTES);
}

static void on_client_hello(struct tls *t, const struct tls_record *r, struct tls_client_hello *hello)
{
    struct fact f = fact_of(t, FACT_TLS_CLIENT_HELLO, r->dir, &r->first);

    hello->again = t->hello[FLOW_C2S];
    if (!hello->again) {
        t->env->counters.client_hellos++;
        tls_ja4_of(t->env->ja4, hello);
    }
    t->hello[FLOW_C2S] = true;
    t->mid_stream = false;
    t->early_data = hello->offers_early_data && !hello->again;
    t->shape.offers_h2 = tls_alpn_has(hello->alpn, SLICE_LIT("h2"));
    t->shape.tickets_possible = true; /* some servers send them to clients that do not ask */
    t->outcome.alpn = hello->alpn.p == NULL ? SLICE_LIT("") : slice_of(NULL, 0);
    tls_keep_random(t, FLOW_C2S, hello->random);
    f.as.tls_client_hello.hello = hello;
    f.as.tls_client_hello.last = r->last;
    tls_emit(t, &f);
    tls_decrypt_begin(t);
}

struct slice tls_known_alpn(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("h2"), SLICE_INIT("http/1.1"), SLICE_INIT("http/1.0")};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_eq(name, names[i]))
            return names[i];
    return name.p == NULL ? SLICE_LIT("") : slice_of(NULL, 0);
}

static void on_server_hello(struct tls *t, const struct tls_record *r, struct slice body)
{
    struct tls_server_hello hello;
    struct fact f = fact_of(t, FACT_TLS_SERVER_HELLO, r->dir, &r->last);

    tls_read_server_hello(body, &hello);
    t->version = t->shape.version = hello.version;
    t->cipher = t->shape.cipher = hello.cipher;
    if (hello.retry) {
        t->retried = true;
    } else {
        t->hello[FLOW_S2C] = true;
        t->mid_stream = false;
        tls_keep_random(t, FLOW_S2C, hello.random);
    }
    if (hello.version < TLS_VERSION_1_3) {
        t->outcome.alpn = tls_known_alpn(hello.alpn);
        t->shape.h2 = slice_eq(hello.alpn, SLICE_LIT("h2"));
        t->shape.offers_h2 = t->shape.tickets_possible = false;
    }
    t->resumed = hello.psk;
    t->encrypt_then_mac = hello.encrypt_then_mac;
    f.as.tls_server_hello = &hello;
    tls_emit(t, &f);
    tls_decrypt_begin(t);
}

void tls_on_certificate(struct tls *t, const struct tls_record *r, struct slice body)
{
    const struct tls_certificate *c =
        tls_certificates_read(t->env->certificates, body, t->version >= TLS_VERSION_1_3);

    if (r->dir == FLOW_C2S) {
        t->outcome.client_certificate = true;
        t->outcome.certificate_empty = c == NULL;
        return;
    }
    t->certificate = true;
    if (c == NULL)
        return;
    struct fact f = fact_of(t, FACT_TLS_CERTIFICATE, r->dir, &r->last);
    f.as.tls_certificate = c;
    tls_emit(t, &f);
}

static void on_message(struct tls *t, const struct tls_record *r, const struct tls_message *m)
{
    switch (m->type) {
    case TLS_CLIENT_HELLO:
        if (r->dir != FLOW_C2S)
            return;
        tls_read_client_hello(m->body, &t->env->client_hello);
        on_client_hello(t, r, &t->env->client_hello);
        break;
    case TLS_SERVER_HELLO:
        if (r->dir == FLOW_S2C)
            on_server_hello(t, r, m->body);
        break;
    case TLS_CERTIFICATE:
        tls_on_certificate(t, r, m->body);
        break;
    default:
        break;
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
    struct slice payload = r->payload;
    struct tls_message message;

    if (encrypted(t, r)) {
        on_encrypted_handshake(t, r);
        return;
    }
    while (tls_messages_next(&t->messages[r->dir], &payload, !r->whole, t->env->limits.message_bytes, &message))
        on_message(t, r, &message);
}

static void on_alert(struct tls *t, const struct tls_record *r)
{
    if (r->length == ALERT_BYTES && r->whole && !encrypted(t, r))
        tls_emit_alert(t, r, r->payload.p[0], r->payload.p[1], false);
    else
        tls_emit_alert(t, r, 0, 0, true);
}

/* What a new handshake inside the old one (RFC 5246 7.4.1.1) changes for the next ChangeCipherSpec. */
static void on_renegotiation(struct tls *t, const struct tls_record *plain)
{
    struct slice payload = plain->payload;
    struct tls_message m;
    struct tls_server_hello hello;

    while (tls_messages_next(&t->messages[plain->dir], &payload, false, t->env->limits.message_bytes, &m)) {
        if (m.type == TLS_CLIENT_HELLO && plain->dir == FLOW_C2S) {
            tls_read_client_hello(m.body, &t->env->client_hello);
            tls_keep_random(t, FLOW_C2S, t->env->client_hello.random);
        } else if (m.type == TLS_SERVER_HELLO && plain->dir == FLOW_S2C) {
            tls_read_server_hello(m.body, &hello);
            t->cipher = hello.cipher;
            t->encrypt_then_mac = hello.encrypt_then_mac;
            tls_keep_random(t, FLOW_S2C, hello.random);
        }
    }
}

/* ---- TLS 1.3 ---- */

static bool is_alert_by_size(const struct tls *t, const struct tls_record *r)
{
    return (t->version >= TLS_VERSION_1_3 || t->version == 0) &&
           tls_plain_bytes(t->version, t->cipher, r->length) == ALERT_BYTES;
}

static void on_server_flight(struct tls *t, const struct tls_record *r)
{
    if (is_alert_by_size(t, r)) {
        tls_emit_alert(t, r, 0, 0, true);
        return;
    }
    if (t->in_client_flight) { /* it has been answered */
        tls_emit_done(t, &t->client_flight, true);
        add_records(t, r, false);
        return;
    }
    if (!t->server_flight && t->outcome.alpn.p == NULL) {
        t->outcome.alpn = tls_alpn_by_size(&t->shape, r->length);
        t->shape.h2 = slice_eq(t->outcome.alpn, SLICE_LIT("h2"));
        t->shape.offers_h2 &= t->outcome.alpn.p == NULL;
    }
    if (t->server_finished) /* tickets before the client's Finished: none will come later */
        t->shape.tickets_possible = false;
    t->server_flight = true;
    t->server_finished |= r->length == tls_finished_bytes(t->cipher);
}

static void join_client_flight(struct tls *t, const struct tls_record *r)
{
    if (!t->in_client_flight) {
        t->outcome.client_certificate = true;
        t->outcome.certificate_empty = tls_plain_bytes(t->version, t->cipher, r->length) == CERTIFICATE_EMPTY;
    }
    t->in_client_flight = true;
    t->client_flight = r->last;
}

/* RFC 8446 4.4: [Certificate, CertificateVerify,] Finished. A flight whose last record is not as long as a Finished
 * was written as one record; it is over where the next write begins. */
static void on_client_flight(struct tls *t, const struct tls_record *r)
{
    bool finished = r->length == tls_finished_bytes(t->cipher);
    bool next_write = t->in_client_flight && r->first.ref.number != t->client_flight.ref.number;

    if (t->early_data && !finished) {
        if (tls_plain_bytes(t->version, t->cipher, r->length) != END_OF_EARLY_DATA)
            add_records(t, r, true);
    } else if (is_alert_by_size(t, r)) {
        tls_emit_alert(t, r, 0, 0, true);
    } else if (finished) {
        tls_emit_done(t, &r->last, r->gap_before);
    } else if (next_write || r->gap_before) {
        tls_emit_done(t, t->in_client_flight ? &t->client_flight : &r->first, true);
        add_records(t, r, false);
    } else {
        join_client_flight(t, r);
    }
}

/* TLS 1.2: a client that does not wait for the server's Finished (RFC 7918), or a Finished that was not seen. */
static void on_data_before_done(struct tls *t, const struct tls_record *r)
{
    if (t->version < TLS_VERSION_1_3 && t->hello[FLOW_S2C]) {
        if (r->gap_before || t->finished[FLOW_S2C].ref.number != 0)
            tls_emit_done(t, &r->first, true);
        add_records(t, r, !t->done);
    } else if (t->version >= TLS_VERSION_1_3 && r->dir == FLOW_S2C) {
        on_server_flight(t, r);
    } else if (t->version >= TLS_VERSION_1_3 || t->early_data) {
        on_client_flight(t, r);
    }
}

static void on_application_data(struct tls *t, const struct tls_record *r)
{
    if (!t->done && !t->mid_stream)
        on_data_before_done(t, r);
    else if (is_alert_by_size(t, r))
        tls_emit_alert(t, r, 0, 0, true);
    else
        add_records(t, r, false);
}

/* ---- records ---- */

/* TLS 1.2 and older, with keys. */
static void on_opened(struct tls *t, const struct tls_record *r, const struct tls_record *plain)
{
    if (r->type == TLS_ALERT && plain->length == ALERT_BYTES) {
        tls_emit_alert(t, plain, plain->payload.p[0], plain->payload.p[1], false);
    } else if (r->type == TLS_HANDSHAKE) {
        on_encrypted_handshake(t, r);
        on_renegotiation(t, plain);
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
    if (r->gap_before && r->dir == FLOW_S2C && !t->hello[FLOW_S2C])
        t->mid_stream = true;
    if (on_decrypted(t, r))
        return;
    switch (r->type) {
    case TLS_CHANGE_CIPHER_SPEC:
        t->ccs[r->dir] = true;
        tls_decrypt_changed(t, r->dir);
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
        on_client_hello(t, r, &t->env->client_hello);
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
    struct fact f = fact_of(t, FACT_TLS_NOT_TLS, s->dir, &s->record.first);

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

void tls_chunk(struct tls *t, const struct flow_chunk *chunk)
{
    struct tls_stream *s = &t->stream[chunk->dir];
    struct flow_chunk rest = *chunk;
    struct tls_record record;

    while (tls_stream_next(s, &rest, &record))
        on_record(t, &record);
    flush_run(t);
    if (s->state == TLS_STREAM_NOT_TLS)
        on_not_tls(t, s, &rest);
    account(t, (int)chunk->dir);
}
