/* Master secrets out of logged premaster secrets, TLS 1.2 and older (RFC 5246 8.1, RFC 7627, RFC 6101 6.1). */
#include <openssl/crypto.h>

#include "base/reader.h"
#include "proto/tls/keys.h"

enum { TRANSCRIPT_MAX = 256 << 10, MESSAGE_HEADER = 4 };

/* RFC 7627 3: all messages up to the ClientKeyExchange, headers included. */
static void note(struct tls *t, const struct tls_message *m)
{
    if (m->type == TLS_CLIENT_HELLO)
        t->transcript.n = 0;
    if (m->type != TLS_HELLO_REQUEST && m->whole && t->transcript.n + m->body.n <= TRANSCRIPT_MAX)
        buf_put(&t->transcript, m->body.p - MESSAGE_HEADER, m->body.n + MESSAGE_HEADER);
}

/* RFC 5246 7.4.7.1: SSL 3.0 leaves the length out. */
static const struct tls_secret *find_rsa(const struct tls *t, struct slice body)
{
    struct reader r = reader_of_slice(body);
    uint8_t id[TLS_CLIENT_RANDOM_BYTES] = {0};

    reader_skip(&r, t->version >= TLS_VERSION_1_0 ? 2 : 0);
    struct slice first = reader_slice(&r, TLS_RSA_ID_BYTES);
    if (first.n != TLS_RSA_ID_BYTES)
        return NULL;
    memcpy(id, first.p, TLS_RSA_ID_BYTES);
    return tls_keylog_find(t->env->keylog, id, TLS_LABEL_RSA_PREMASTER);
}

static void derive(struct tls *t, const struct tls_secret *premaster)
{
    struct tls_session s = {
        .version = t->version, .client_random = t->random[FLOW_C2S], .server_random = t->random[FLOW_S2C]};
    struct slice transcript = t->extended_master_secret ? buf_view(&t->transcript) : slice_of(NULL, 0);
    struct tls_secret master = {0};

    if (tls_suite_of(t->cipher, &s.suite) && tls_decrypt_room(t) &&
        tls_master_from_premaster(t->env->crypt, &s, slice_of(premaster->bytes, premaster->n), transcript, &master))
        (void)tls_keylog_add(t->env->keylog, t->random[FLOW_C2S], TLS_LABEL_MASTER, &master);
    OPENSSL_cleanse(&master, sizeof master);
}

void tls_master_message(struct tls *t, const struct tls_message *m)
{
    if (tls_keylog_counters(t->env->keylog)->premasters == 0 || t->version >= TLS_VERSION_1_3)
        return;
    note(t, m);
    if (m->type != TLS_CLIENT_KEY_EXCHANGE)
        return;
    const struct tls_secret *premaster = tls_secret_of(t, TLS_LABEL_PREMASTER);
    if (premaster == NULL)
        premaster = find_rsa(t, m->body);
    if (premaster != NULL && tls_secret_of(t, TLS_LABEL_MASTER) == NULL)
        derive(t, premaster);
    buf_fini(&t->transcript);
}
