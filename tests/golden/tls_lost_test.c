/* Secrets that do not open what they are for: where decryption ended and why is said, per exchange. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

enum { BYTES_MAX = 1 << 21, FRAME_HEADER = 16, FILE_HEADER = 24, PATH_BYTES = 64 };

struct bytes {
    uint8_t *p;
    size_t n;
    int fd;
    char path[PATH_BYTES];
};

/* ---- files of our own ---- */

static struct bytes load(const char *path)
{
    struct bytes b = {.p = malloc(BYTES_MAX), .fd = -1};
    gzFile f = gzopen(path, "rb");

    assert_non_null(b.p);
    assert_non_null(f);
    int n = gzread(f, b.p, BYTES_MAX);
    assert_true(n > 0 && n < BYTES_MAX);
    b.n = (size_t)n;
    gzclose(f);
    return b;
}

static const char *stored(struct bytes *b)
{
    b->fd = memfd_create("bytes", 0);
    assert_true(b->fd >= 0 && write(b->fd, b->p, b->n) == (ssize_t)b->n);
    snprintf(b->path, sizeof b->path, "/proc/self/fd/%d", b->fd);
    return b->path;
}

static void drop(struct bytes *b)
{
    if (b->fd >= 0)
        close(b->fd);
    free(b->p);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Cuts packets first to last, as Wireshark counts, out of a pcap. */
static void cut_packets(struct bytes *b, uint64_t first, uint64_t last)
{
    size_t at = FILE_HEADER, from = 0;

    for (uint64_t number = 1; at + FRAME_HEADER <= b->n && number <= last; number++) {
        if (number == first)
            from = at;
        at += FRAME_HEADER + le32(b->p + at + 8);
    }
    assert_true(from > 0 && at <= b->n);
    memmove(b->p + from, b->p + at, b->n - at);
    b->n -= at - from;
}

/* The first digit of each secret is another one. */
static void spoil(struct bytes *log)
{
    for (size_t i = 0; i < log->n; i++) {
        size_t from = i;
        while (i < log->n && log->p[i] != '\n')
            i++;
        while (i > from && log->p[i - 1] != ' ')
            i--;
        log->p[i] = log->p[i] == '0' ? '1' : '0';
        while (i < log->n && log->p[i] != '\n')
            i++;
    }
}

/* Lines that begin with `start` are no more. */
static void comment_out(struct bytes *log, const char *start)
{
    size_t n = strlen(start);

    for (size_t i = 0; i + n < log->n; i++)
        if ((i == 0 || log->p[i - 1] == '\n') && memcmp(log->p + i, start, n) == 0)
            log->p[i] = '#';
}

/* ---- what came out ---- */

struct result {
    const char *path; /* of the URL to look at; NULL: of all that is estimated */
    size_t exchanges, decrypted, found, explained;
    char text[256], code[64];
    uint64_t packet;
    enum p2t_outcome outcome;
};

static bool is_lost(const struct p2t_finding *f)
{
    return strcmp(f->code, "tls.not_decrypted") == 0 || strcmp(f->code, "tls.decryption_lost") == 0;
}

static bool ends_with(struct p2t_text s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static void look(struct result *r, const struct p2t_exchange *x)
{
    r->found++;
    r->outcome = x->outcome;
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        if (!is_lost(f))
            continue;
        assert_int_equal(P2T_SEVERITY_WARNING, f->severity);
        assert_int_equal(1, f->evidence_count);
        r->explained++;
        r->packet = f->evidence[0].packet;
        snprintf(r->code, sizeof r->code, "%s", f->code);
        snprintf(r->text, sizeof r->text, "%.*s", (int)f->text.n, f->text.p);
    }
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    r->exchanges++;
    r->decrypted += x->connection != NULL && x->connection->tls != NULL && x->connection->tls->decrypted;
    if (r->path == NULL ? x->kind == P2T_KIND_TLS : ends_with(x->url, r->path))
        look(r, x);
    return 0;
}

static uint64_t reason_count(const struct p2t_session *s, const char *key)
{
    struct p2t_reason reason;

    for (size_t i = 0; p2t_session_reason(s, i, &reason); i++)
        if (strcmp(reason.key, key) == 0)
            return reason.count;
    fail_msg("no counter %s", key);
    return 0;
}

static uint64_t run(struct result *r, const char *path, const char *keylog, const char *counter)
{
    struct p2t_config config = {.paths = &path, .path_count = 1, .keylog = keylog, .ctx = r, .exchange = on_exchange};
    struct p2t_session *session;

    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    uint64_t n = reason_count(session, counter);
    p2t_session_free(session);
    return n;
}

static const char *const sweep = P2T_GOLDEN "/captures/tls-keys.pcap.gz";
static const char *const more = P2T_GOLDEN "/captures/tls-more.pcap.gz";

/* ---- the reasons ---- */

/* The connection is one without keys, and says why. */
static void secrets_of_others_open_nothing(void **state)
{
    static const struct {
        const char *path, *log;
    } captures[] = {{P2T_GOLDEN "/captures/tls-keys.pcap.gz", P2T_GOLDEN "/captures/tls-keys.log"},
                    {P2T_GOLDEN "/captures/tls-more.pcap.gz", P2T_GOLDEN "/captures/tls-more.log"}};

    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        struct bytes log = load(captures[i].log);
        struct result without = {.path = NULL}, r = {.path = NULL};
        (void)run(&without, captures[i].path, NULL, "tls.lost_key");
        assert_int_equal(0, without.explained);
        spoil(&log);
        uint64_t lost = run(&r, captures[i].path, stored(&log), "tls.lost_key");
        assert_int_equal(0, r.decrypted);
        assert_int_equal(without.exchanges, r.exchanges); /* estimated as without keys */
        assert_int_equal(without.found, r.found);
        assert_true(r.explained >= r.found * 95 / 100);
        assert_true(lost >= r.explained);
        assert_string_equal("tls.not_decrypted", r.code);
        assert_non_null(strstr(r.text, "secret does not fit"));
        drop(&log);
    }
}

static void a_cipher_that_is_not_there_is_named(void **state)
{
    struct result r = {.path = NULL};

    (void)state;
    assert_int_equal(2, run(&r, more, P2T_GOLDEN "/captures/tls-more.log", "tls.lost_cipher"));
    assert_int_equal(1, r.found);
    assert_int_equal(1, r.explained);
    assert_string_equal("tls.not_decrypted", r.code);
    assert_string_equal("what both sides sent could not be decrypted: this libcrypto does not offer the cipher "
                        "(cipher suite 0xc08a)",
                        r.text);
}

/* Without its legacy provider, libcrypto has no RC4, DES and SEED: those connections only. */
static void without_the_legacy_provider_old_ciphers_are_lost(void **state)
{
    struct result with = {.path = "/nss-tls1.0-rc4-md5"}, r = {.path = NULL};

    (void)state;
    (void)run(&with, more, P2T_GOLDEN "/captures/tls-more.log", "tls.lost_cipher");
    if (with.found == 0) {
        print_message("skipped: no legacy provider here\n");
        skip();
    }
    setenv("OPENSSL_MODULES", "/nonexistent", 1);
    uint64_t lost = run(&r, more, P2T_GOLDEN "/captures/tls-more.log", "tls.lost_cipher");
    unsetenv("OPENSSL_MODULES");
    /* RC4: 2 of SSL 3.0, 3 of MD5 and TLS, 2 of GnuTLS; DES: 1 and 3; Camellia-GCM */
    assert_int_equal(12, r.found);
    assert_int_equal(12, r.explained);
    assert_int_equal(2 * 12, lost);
}

static uint64_t packet_of(const char *path, const char *keylog, const char *url, enum p2t_hook hook);

static void missing_packets_end_a_chained_cipher(void **state)
{
    static const char *const paths[] = {"/nss-ssl3-rc4-sha", "/nss-ssl3-aes128"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct bytes b = load(more);
        struct result r = {.path = paths[i]};
        uint64_t answer =
            packet_of(more, P2T_GOLDEN "/captures/tls-more.log", paths[i], P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
        cut_packets(&b, answer, answer);
        assert_int_equal(1, run(&r, stored(&b), P2T_GOLDEN "/captures/tls-more.log", "tls.lost_missing"));
        assert_int_equal(1, r.found);
        assert_int_equal(1, r.explained);
        assert_string_equal("tls.decryption_lost", r.code);
        assert_non_null(strstr(r.text, "what the server sent could not be decrypted from this packet on: packets are "
                                       "missing from the capture"));
        assert_true(r.packet >= answer); /* it is another one's number now */
        assert_int_equal(P2T_OUTCOME_INCOMPLETE, r.outcome);
        drop(&b);
    }
}

/* What the server said, and the capture lacks, is not silence. */
static void a_lost_answer_is_not_none(void **state)
{
    static const char *const paths[] = {"/AES256-SHA-tls1", "/ADH-AES128-SHA256", "/hello-retry-request"};
    const char *log = P2T_GOLDEN "/captures/tls-more.log";

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct bytes b = load(more);
        struct result r = {.path = paths[i]};
        uint64_t answer = packet_of(more, log, paths[i], P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
        cut_packets(&b, answer, answer);
        (void)run(&r, stored(&b), log, "tls.lost_missing");
        assert_int_equal(1, r.found);
        assert_int_equal(P2T_OUTCOME_INCOMPLETE, r.outcome);
        drop(&b);
    }
}

/* Each record has its own number there: a hole costs what is in it. */
static void missing_packets_cost_others_nothing_more(void **state)
{
    const char *log = P2T_GOLDEN "/captures/tls-keys.log";
    const char *path = "/TLS_AES_128_GCM_SHA256";
    struct bytes b = load(sweep);
    struct result r = {.path = path};
    uint64_t answer = packet_of(sweep, log, path, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);

    (void)state;
    cut_packets(&b, answer, answer);
    assert_int_equal(0, run(&r, stored(&b), log, "tls.lost_missing"));
    assert_int_equal(1, r.found);
    assert_int_equal(0, r.explained);
    drop(&b);
}

/* One direction's secret alone opens that one. */
static void a_log_that_lacks_a_secret_says_so(void **state)
{
    struct bytes log = load(P2T_GOLDEN "/captures/tls-keys.log");
    struct result r = {.path = "/TLS_AES_128_GCM_SHA256"};

    (void)state;
    comment_out(&log, "SERVER_TRAFFIC_SECRET_0");
    assert_true(run(&r, sweep, stored(&log), "tls.lost_secret") > 0);
    assert_int_equal(1, r.found);
    assert_int_equal(1, r.explained);
    assert_string_equal("tls.decryption_lost", r.code);
    assert_non_null(strstr(r.text, "what the server sent"));
    assert_non_null(strstr(r.text, "the key log lacks a secret"));
    drop(&log);
}

/* ---- where a packet is ---- */

struct search {
    const char *url;
    enum p2t_hook hook;
    uint64_t packet;
};

static int on_searched(void *ctx, const struct p2t_exchange *x)
{
    struct search *s = ctx;

    for (size_t i = 0; ends_with(x->url, s->url) && i < x->event_count; i++)
        if (x->events[i].hook == s->hook)
            s->packet = x->events[i].evidence[0].packet;
    return 0;
}

static uint64_t packet_of(const char *path, const char *keylog, const char *url, enum p2t_hook hook)
{
    struct search s = {url, hook, 0};
    struct p2t_config config = {
        .paths = &path, .path_count = 1, .keylog = keylog, .ctx = &s, .exchange = on_searched};
    struct p2t_session *session;

    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
    assert_true(s.packet > 0);
    return s.packet;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_of_others_open_nothing),
        cmocka_unit_test(a_cipher_that_is_not_there_is_named),
        cmocka_unit_test(without_the_legacy_provider_old_ciphers_are_lost),
        cmocka_unit_test(missing_packets_end_a_chained_cipher),
        cmocka_unit_test(a_lost_answer_is_not_none),
        cmocka_unit_test(missing_packets_cost_others_nothing_more),
        cmocka_unit_test(a_log_that_lacks_a_secret_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
