/* What is made ahead of a connection's packets is what would have been made of them, and is handed out once. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "proto/tls/keys/ahead.h"
#include "proto/tls/handshake.h"

enum { TLS12 = 0xc030, TLS13 = 0x1302, HELLO = 64 };

struct rig {
    struct tls_keylog *log;
    struct tls_ahead *ahead;
    struct tls_kdf kdf;
};

static struct rig begin(void)
{
    struct rig r = {.log = tls_keylog_new(1 << 20, NULL)};

    assert_non_null(r.log);
    r.ahead = tls_ahead_new(r.log);
    assert_non_null(r.ahead);
    assert_int_equal(tls_kdf_init(&r.kdf), 0);
    return r;
}

static void end(struct rig *r)
{
    tls_ahead_free(r->ahead);
    tls_keylog_free(r->log);
    tls_kdf_fini(&r->kdf);
}

static struct tls_secret secret_of(int seed)
{
    struct tls_secret s = {.n = 48};

    memset(s.bytes, seed, sizeof s.bytes);
    s.bytes[0] = (uint8_t)(seed >> 8);
    return s;
}

static void random_of(int seed, uint8_t random[TLS_RANDOM_BYTES])
{
    memset(random, 0xa0 ^ seed, TLS_RANDOM_BYTES);
    memcpy(random, &seed, sizeof seed);
}

/* A record, a message, a version, a random, no session id, a cipher. */
static struct slice hello(uint8_t type, int seed, uint16_t cipher, uint8_t out[HELLO])
{
    memset(out, 0, HELLO);
    memcpy(out, (const uint8_t[]){22, 3, 1, 0, HELLO - 5, type, 0, 0, HELLO - 9, 3, 3}, 11);
    random_of(seed, out + 11);
    out[44] = (uint8_t)(cipher >> 8);
    out[45] = (uint8_t)cipher;
    return slice_of(out, HELLO);
}

static void log_secret(struct rig *r, int client, enum tls_label label, int seed)
{
    uint8_t random[TLS_RANDOM_BYTES];
    struct tls_secret s = secret_of(seed);

    random_of(client, random);
    assert_int_equal(tls_keylog_add(r->log, random, label, &s), 0);
}

static void look(struct rig *r, uint64_t connection, uint8_t type, int seed, uint16_t cipher)
{
    uint8_t bytes[HELLO];

    tls_ahead_look(r->ahead, connection, hello(type, seed, cipher, bytes));
}

/* True when it was there, and right. */
static bool took(struct rig *r, uint16_t cipher, uint16_t version, int secret, int client, int server)
{
    uint8_t randoms[2][TLS_RANDOM_BYTES], ahead[TLS_MATERIAL_MAX], now[TLS_MATERIAL_MAX];
    struct tls_secret key = secret_of(secret);
    struct tls_session s = {
        .version = version, .secret = &key, .client_random = randoms[0], .server_random = randoms[1]};

    random_of(client, randoms[0]);
    random_of(server, randoms[1]);
    assert_true(tls_suite_of(cipher, &s.suite));
    size_t n = tls_ahead_take(r->ahead, &s, ahead);
    if (n == 0)
        return false;
    assert_int_equal(n, tls_material(&r->kdf, &s, now));
    assert_memory_equal(ahead, now, n);
    return true;
}

static void a_tls13_connection_has_three_keys_once(void **state)
{
    struct rig r = begin();

    (void)state;
    for (int label = TLS_LABEL_CLIENT_HANDSHAKE; label <= TLS_LABEL_SERVER_TRAFFIC; label++)
        log_secret(&r, 1, (enum tls_label)label, 10 + label);
    look(&r, 77, TLS_CLIENT_HELLO, 1, 0);
    look(&r, 77, TLS_SERVER_HELLO, 2, TLS13);
    assert_false(took(&r, 0x1301, TLS_VERSION_1_3, 10 + TLS_LABEL_SERVER_TRAFFIC, 1, 2));
    for (int label = TLS_LABEL_SERVER_HANDSHAKE; label <= TLS_LABEL_SERVER_TRAFFIC; label++) {
        assert_true(took(&r, TLS13, TLS_VERSION_1_3, 10 + label, 1, 2));
        assert_false(took(&r, TLS13, TLS_VERSION_1_3, 10 + label, 1, 2));
    }
    end(&r);
}

static void a_tls12_connection_has_its_key_block(void **state)
{
    struct rig r = begin();

    (void)state;
    log_secret(&r, 1, TLS_LABEL_MASTER, 5);
    look(&r, 77, TLS_CLIENT_HELLO, 1, 0);
    look(&r, 77, TLS_SERVER_HELLO, 2, TLS12);
    assert_false(took(&r, TLS12, TLS_VERSION_1_2, 5, 1, 3));
    assert_false(took(&r, TLS12, TLS_VERSION_1_2, 5, 3, 2));
    assert_false(took(&r, TLS12, TLS_VERSION_1_2, 6, 1, 2));
    assert_true(took(&r, TLS12, TLS_VERSION_1_2, 5, 1, 2));
    end(&r);
}

static void no_more_is_made_than_both_hellos_tell(void **state)
{
    struct rig r = begin();
    uint8_t bytes[HELLO];

    (void)state;
    log_secret(&r, 1, TLS_LABEL_MASTER, 5);
    look(&r, 77, TLS_SERVER_HELLO, 2, TLS12); /* no client */
    look(&r, 78, TLS_CLIENT_HELLO, 1, 0);
    look(&r, 77, TLS_SERVER_HELLO, 2, TLS12);  /* another's client */
    look(&r, 78, TLS_SERVER_HELLO, 2, 0x0a0a); /* no cipher */
    assert_false(took(&r, TLS12, TLS_VERSION_1_2, 5, 1, 2));
    look(&r, 79, TLS_CLIENT_HELLO, 4, 0);
    look(&r, 79, TLS_SERVER_HELLO, 2, TLS12); /* no secret */
    assert_false(took(&r, TLS12, TLS_VERSION_1_2, 5, 4, 2));
    for (size_t n = 0; n < HELLO; n++) /* cut anywhere */
        tls_ahead_look(r.ahead, 80, slice_of(hello(TLS_CLIENT_HELLO, 1, 0, bytes).p, n));
    end(&r);
}

/* Keys that nobody asks for make room for others. */
static void the_last_ones_are_there(void **state)
{
    enum { CONNECTIONS = 5000, LAST = 200 };
    struct rig r = begin();
    int there = 0;

    (void)state;
    for (int i = 0; i < CONNECTIONS; i++) {
        log_secret(&r, i, TLS_LABEL_MASTER, i);
        look(&r, (uint64_t)i, TLS_CLIENT_HELLO, i, 0);
        look(&r, (uint64_t)i, TLS_SERVER_HELLO, i, TLS12);
    }
    for (int i = CONNECTIONS - LAST; i < CONNECTIONS; i++)
        there += took(&r, TLS12, TLS_VERSION_1_2, i, i, i);
    assert_true(there > LAST * 9 / 10);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tls13_connection_has_three_keys_once),
        cmocka_unit_test(a_tls12_connection_has_its_key_block),
        cmocka_unit_test(no_more_is_made_than_both_hellos_tell),
        cmocka_unit_test(the_last_ones_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
