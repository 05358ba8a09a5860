#include "proto/tls/keys/ahead.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/reader.h"
#include "pcap2trace/status.h"
#include "proto/tls/handshake.h"
#include "proto/tls/record.h"

/* Room for all connections that begin within what is decoded ahead. What does not find room is made when it is asked
 * for. */
enum { CLIENTS = 1024, SETS = 256, WAYS = 8, HELLO_BYTES = 44 };

/* A ClientHello whose answer has not been seen. */
struct client {
    uint64_t connection; /* 0: none */
    uint8_t random[TLS_RANDOM_BYTES];
};

struct made {
    uint64_t tag; /* 0: free */
    struct tls_secret secret;
    uint8_t random[2][TLS_RANDOM_BYTES]; /* zeros for TLS 1.3 */
    uint8_t n, bytes[TLS_MATERIAL_MAX];
};

struct tls_ahead {
    struct tls_keylog *log;
    struct tls_kdf kdf; /* the other thread's, and so are ... */
    struct client clients[CLIENTS];
    unsigned next; /* ... these */
    pthread_mutex_t lock;
    struct made made[SETS][WAYS];
};

struct tls_ahead *tls_ahead_new(struct tls_keylog *log)
{
    struct tls_ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->log = log;
    tls_keylog_share(log);
    pthread_mutex_init(&a->lock, NULL);
    if (tls_kdf_init(&a->kdf) == P2T_OK)
        return a;
    tls_ahead_free(a);
    return NULL;
}

void tls_ahead_free(struct tls_ahead *a)
{
    if (a == NULL)
        return;
    tls_kdf_fini(&a->kdf);
    pthread_mutex_destroy(&a->lock);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

/* ---- what was made ---- */

static uint64_t tag_of(const struct tls_session *s)
{
    uint64_t words[5] = {s->version, (uint64_t)s->suite.bulk << 32 | (uint64_t)s->suite.hash << 16 | s->suite.mac};

    memcpy(&words[2], s->secret->bytes, 2 * sizeof *words);
    if (s->version < TLS_VERSION_1_3)
        memcpy(&words[4], s->server_random, sizeof *words);
    uint64_t tag = hash_words(words);
    return tag != 0 ? tag : 1;
}

/* Versions and suites are in the tag: nobody but the log's owner could choose two that give the same. */
static bool is_of(const struct made *m, uint64_t tag, const struct tls_session *s)
{
    if (m->tag != tag || m->secret.n != s->secret->n || memcmp(m->secret.bytes, s->secret->bytes, m->secret.n) != 0)
        return false;
    return s->version >= TLS_VERSION_1_3 || (memcmp(m->random[0], s->client_random, TLS_RANDOM_BYTES) == 0 &&
                                             memcmp(m->random[1], s->server_random, TLS_RANDOM_BYTES) == 0);
}

static struct made *find(struct tls_ahead *a, uint64_t tag, const struct tls_session *s)
{
    struct made *set = a->made[tag % SETS];

    for (int i = 0; i < WAYS; i++)
        if (is_of(&set[i], tag, s))
            return &set[i];
    return NULL;
}

size_t tls_ahead_take(struct tls_ahead *a, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX])
{
    uint64_t tag = tag_of(s);
    size_t n = 0;

    pthread_mutex_lock(&a->lock);
    struct made *m = find(a, tag, s);
    if (m != NULL) {
        n = m->n;
        memcpy(out, m->bytes, n);
        OPENSSL_cleanse(m, sizeof *m);
    }
    pthread_mutex_unlock(&a->lock);
    return n;
}

/* The one that has waited longest has to go: nobody asked for it. */
static struct made *place(struct tls_ahead *a, uint64_t tag)
{
    struct made *set = a->made[tag % SETS];

    for (int i = 0; i < WAYS; i++)
        if (set[i].tag == 0)
            return &set[i];
    return &set[a->next++ % WAYS];
}

static void make(struct tls_ahead *a, const struct tls_session *s)
{
    struct made m = {.tag = tag_of(s), .secret = *s->secret};

    m.n = (uint8_t)tls_material(&a->kdf, s, m.bytes);
    if (s->version < TLS_VERSION_1_3) {
        memcpy(m.random[0], s->client_random, TLS_RANDOM_BYTES);
        memcpy(m.random[1], s->server_random, TLS_RANDOM_BYTES);
    }
    if (m.n > 0) {
        pthread_mutex_lock(&a->lock);
        *place(a, m.tag) = m;
        pthread_mutex_unlock(&a->lock);
    }
    OPENSSL_cleanse(&m, sizeof m);
}

/* ---- hellos ---- */

struct hello {
    uint8_t type;
    uint16_t version, cipher; /* cipher: the server's */
    const uint8_t *random;
};

bool tls_ahead_worth(struct slice payload)
{
    return payload.n > HELLO_BYTES && payload.p[0] == TLS_HANDSHAKE && payload.p[1] == 3 &&
           (payload.p[5] == TLS_CLIENT_HELLO || payload.p[5] == TLS_SERVER_HELLO);
}

static bool read_hello(struct slice payload, struct hello *h)
{
    struct reader r = reader_of_slice(payload);

    reader_skip(&r, TLS_HEADER_BYTES);
    h->type = reader_u8(&r);
    reader_skip(&r, 3);
    h->version = reader_be16(&r);
    h->random = reader_take(&r, TLS_RANDOM_BYTES);
    reader_skip(&r, reader_u8(&r)); /* the session id */
    h->cipher = reader_be16(&r);
    return reader_ok(&r);
}

static void make_from(struct tls_ahead *a, const uint8_t *random, enum tls_label label,
                      const struct tls_session *session)
{
    struct tls_session s = *session;
    struct tls_secret secret;

    if (!tls_keylog_copy(a->log, random, label, &secret))
        return;
    s.secret = &secret;
    make(a, &s);
    OPENSSL_cleanse(&secret, sizeof secret);
}

static void foresee(struct tls_ahead *a, const uint8_t *random, const struct hello *h)
{
    bool tls13 = h->cipher >> 8 == 0x13; /* RFC 8446 B.4: its suites are its own */
    struct tls_session s = {
        .version = tls13 ? TLS_VERSION_1_3 : h->version, .client_random = random, .server_random = h->random};

    if (!tls_suite_of(h->cipher, &s.suite) || tls_bulks[s.suite.bulk].name == NULL)
        return;
    if (!tls13)
        make_from(a, random, TLS_LABEL_MASTER, &s);
    /* The client's handshake key is not asked for most of the time: is_lone_finished(). */
    for (int label = TLS_LABEL_SERVER_HANDSHAKE; tls13 && label <= TLS_LABEL_SERVER_TRAFFIC; label++)
        make_from(a, random, (enum tls_label)label, &s);
}

void tls_ahead_look(struct tls_ahead *a, uint64_t connection, struct slice payload)
{
    struct client *c = &a->clients[connection % CLIENTS];
    struct hello h;

    if (!tls_ahead_worth(payload) || !read_hello(payload, &h))
        return;
    if (h.type == TLS_CLIENT_HELLO) {
        c->connection = connection;
        memcpy(c->random, h.random, TLS_RANDOM_BYTES);
    } else if (c->connection == connection) {
        foresee(a, c->random, &h);
        c->connection = 0;
    }
}
