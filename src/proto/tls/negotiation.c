/* What the two sides say to each other before they encrypt, and what it changes. */
#include "proto/tls/state.h"

static void keep_random(struct tls *t, enum flow_dir dir, struct slice random)
{
    if (random.n == TLS_CLIENT_RANDOM_BYTES)
        memcpy(t->random[dir], random.p, TLS_CLIENT_RANDOM_BYTES);
    tls_decrypt_forget_next(t);
}

void tls_on_client_hello(struct tls *t, const struct tls_record *r, struct tls_client_hello *hello)
{
    struct fact f = tls_fact_of(t, FACT_TLS_CLIENT_HELLO, r->dir, &r->first);

    hello->again = t->hello[FLOW_C2S];
    if (!hello->again) {
        t->env->counters.client_hellos++;
        tls_ja4_of(t->env->ja4, hello);
    }
    t->hello[FLOW_C2S] = true;
    t->mid_stream = t->shape.joined = false;
    t->early_data = hello->offers_early_data && !hello->again;
    t->shape.offers_h2 = tls_alpn_has(hello->alpn, SLICE_LIT("h2"));
    t->shape.tickets_possible = true; /* some servers send them to clients that do not ask */
    t->outcome.alpn = hello->alpn.p == NULL ? SLICE_LIT("") : slice_of(NULL, 0);
    keep_random(t, FLOW_C2S, hello->random);
    f.as.tls_client_hello.hello = hello;
    f.as.tls_client_hello.last = r->last;
    tls_emit(t, &f);
    tls_session_offered(t, hello);
    tls_decrypt_begin(t, r);
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
    struct fact f = tls_fact_of(t, FACT_TLS_SERVER_HELLO, r->dir, &r->last);

    tls_read_server_hello(body, &hello);
    t->version = t->shape.version = hello.version;
    t->cipher = t->shape.cipher = hello.cipher;
    if (hello.retry) {
        t->retried = true;
    } else {
        t->hello[FLOW_S2C] = true;
        t->mid_stream = t->shape.joined = false;
        keep_random(t, FLOW_S2C, hello.random);
    }
    t->version_cut = hello.status != READ_OK && hello.version == TLS_VERSION_1_2;
    if (hello.version < TLS_VERSION_1_3 && !t->version_cut) {
        t->outcome.alpn = tls_known_alpn(hello.alpn);
        t->shape.h2 = slice_eq(hello.alpn, SLICE_LIT("h2"));
        t->shape.offers_h2 = t->shape.tickets_possible = false;
    }
    t->resumed = hello.psk;
    t->encrypt_then_mac = hello.encrypt_then_mac;
    t->extended_master_secret = hello.extended_master_secret;
    if (!hello.psk)
        tls_early_rejected(t);
    f.as.tls_server_hello = &hello;
    hello.version = t->version_cut ? 0 : hello.version;
    tls_emit(t, &f);
    hello.version = t->version;
    if (!hello.retry)
        tls_session_chosen(t, &hello);
    tls_decrypt_begin(t, r);
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
    struct fact f = tls_fact_of(t, FACT_TLS_CERTIFICATE, r->dir, &r->last);
    f.as.tls_certificate = c;
    tls_emit(t, &f);
}

void tls_on_message(struct tls *t, const struct tls_record *r, const struct tls_message *m)
{
    tls_master_message(t, m);
    tls_session_message(t, m);
    switch (m->type) {
    case TLS_CLIENT_HELLO:
        if (r->dir != FLOW_C2S)
            return;
        tls_read_client_hello(m->body, &t->env->client_hello);
        tls_on_client_hello(t, r, &t->env->client_hello);
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

/* What a new handshake inside the old one (RFC 5246 7.4.1.1) changes for the next ChangeCipherSpec. */
void tls_on_renegotiation(struct tls *t, const struct tls_record *plain)
{
    struct slice payload = plain->payload;
    struct tls_message m;
    struct tls_server_hello hello;

    while (tls_messages_next(&t->messages[plain->dir], &payload, false, t->env->limits.message_bytes, &m)) {
        tls_master_message(t, &m);
        if (m.type == TLS_CLIENT_HELLO && plain->dir == FLOW_C2S) {
            tls_read_client_hello(m.body, &t->env->client_hello);
            keep_random(t, FLOW_C2S, t->env->client_hello.random);
        } else if (m.type == TLS_SERVER_HELLO && plain->dir == FLOW_S2C) {
            tls_read_server_hello(m.body, &hello);
            t->cipher = hello.cipher;
            t->encrypt_then_mac = hello.encrypt_then_mac;
            t->extended_master_secret = hello.extended_master_secret;
            keep_random(t, FLOW_S2C, hello.random);
        }
    }
}
