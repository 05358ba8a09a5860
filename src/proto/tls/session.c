/* Sessions of TLS 1.2 and older that go on (RFC 5246 7.3, RFC 5077): clients log a master secret when it is made, and not
 * all of them again when another connection uses it. */
#include <openssl/crypto.h>

#include "base/reader.h"
#include "proto/tls/keys.h"

/* A ticket ends in a MAC (RFC 5077 4), so its last bytes tell it from others; so does a session id, as a whole. */
static void key_of(struct slice s, uint8_t key[TLS_CLIENT_RANDOM_BYTES])
{
    struct slice tail = slice_from(s, s.n > TLS_CLIENT_RANDOM_BYTES ? s.n - TLS_CLIENT_RANDOM_BYTES : 0);

    memset(key, 0, TLS_CLIENT_RANDOM_BYTES);
    if (tail.n > 0)
        memcpy(key, tail.p, tail.n);
}

static bool keys_are_known(const struct tls *t)
{
    return t->env->keylog != NULL && tls_keylog_counters(t->env->keylog)->secrets > 0;
}

void tls_session_offered(struct tls *t, const struct tls_client_hello *hello)
{
    if (!keys_are_known(t))
        return;
    t->offered.ticket = hello->ticket.n > 0;
    t->offered.id = hello->session_id.n > 0;
    key_of(hello->ticket, t->offered.ticket_key);
    key_of(hello->session_id, t->offered.id_key);
}

static void go_on(struct tls *t)
{
    const struct tls_secret *master = NULL;

    if (t->offered.ticket)
        master = tls_keylog_find(t->env->keylog, t->offered.ticket_key, TLS_LABEL_SESSION);
    if (master == NULL)
        master = tls_keylog_find(t->env->keylog, t->offered.id_key, TLS_LABEL_SESSION);
    if (master == NULL || tls_secret_of(t, TLS_LABEL_MASTER) != NULL)
        return;
    struct tls_secret copy = *master; /* the table may move */
    (void)tls_keylog_add(t->env->keylog, t->random[FLOW_C2S], TLS_LABEL_MASTER, &copy);
    OPENSSL_cleanse(&copy, sizeof copy);
}

void tls_session_chosen(struct tls *t, const struct tls_server_hello *hello)
{
    uint8_t id[TLS_CLIENT_RANDOM_BYTES];

    if (!keys_are_known(t) || t->version >= TLS_VERSION_1_3 || hello->session_id.n == 0)
        return;
    key_of(hello->session_id, id);
    if (t->offered.id && memcmp(id, t->offered.id_key, sizeof id) == 0) {
        go_on(t);
        return;
    }
    memcpy(t->offered.id_key, id, sizeof id);
    t->issued_id = true;
}

static void remember(struct tls *t, const uint8_t key[TLS_CLIENT_RANDOM_BYTES])
{
    const struct tls_secret *master = tls_secret_of(t, TLS_LABEL_MASTER);

    if (master == NULL || tls_keylog_find(t->env->keylog, key, TLS_LABEL_SESSION) != NULL)
        return;
    struct tls_secret copy = *master;
    (void)tls_keylog_add(t->env->keylog, key, TLS_LABEL_SESSION, &copy);
    OPENSSL_cleanse(&copy, sizeof copy);
}

/* RFC 5077 3.3: lifetime, and the ticket with its length. */
static void on_ticket(struct tls *t, struct slice body)
{
    struct reader r = reader_of_slice(body);
    uint8_t key[TLS_CLIENT_RANDOM_BYTES];

    reader_skip(&r, 4);
    struct slice ticket = reader_slice(&r, reader_be16(&r));
    if (!reader_ok(&r) || ticket.n == 0)
        return;
    key_of(ticket, key);
    remember(t, key);
}

void tls_session_message(struct tls *t, const struct tls_message *m)
{
    if (!keys_are_known(t) || t->version >= TLS_VERSION_1_3)
        return;
    if (m->type == TLS_NEW_SESSION_TICKET)
        on_ticket(t, m->body);
    else if (m->type == TLS_CLIENT_KEY_EXCHANGE && t->issued_id)
        remember(t, t->offered.id_key);
}
