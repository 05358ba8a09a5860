/* Whole connections of OpenSSL's client and server, as the fuzz target's seeds hold them: what is told of each, in
 * however many pieces it comes. */
#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/conn/conn.h"

static struct tls_env env;
static struct buf story;
static bool without_records;

static void on_fact(void *ctx, const struct fact *f)
{
    unsigned long long packet = f->mark.ref.number;
    char side = f->dir == FLOW_C2S ? 'c' : 's';

    (void)ctx;
    switch (f->kind) {
    case FACT_TLS_CLIENT_HELLO:
        buf_printf(&story, "hello%s(%.*s)@%llu ", f->as.tls_client_hello.hello->again ? "-again" : "",
                   (int)f->as.tls_client_hello.hello->server_name.n,
                   (const char *)f->as.tls_client_hello.hello->server_name.p, packet);
        break;
    case FACT_TLS_SERVER_HELLO:
        buf_printf(&story, "%s(%04x %04x)@%llu ", f->as.tls_server_hello->retry ? "retry" : "answer",
                   f->as.tls_server_hello->version, f->as.tls_server_hello->cipher, packet);
        break;
    case FACT_TLS_CERTIFICATE:
        buf_printf(&story, "certificate(%zu %.*s %zu %zu) ", f->as.tls_certificate->chain,
                   (int)f->as.tls_certificate->subject.n, (const char *)f->as.tls_certificate->subject.p,
                   f->as.tls_certificate->name_count, f->as.tls_certificate->addr_count);
        break;
    case FACT_TLS_ALERT:
        if (f->as.tls_alert.encrypted)
            buf_printf(&story, "alert(%c ?)@%llu ", side, packet);
        else
            buf_printf(&story, "alert(%c %u)@%llu ", side, f->as.tls_alert.code, packet);
        break;
    case FACT_TLS_DONE:
        buf_printf(&story, "done(%s%s%s%s%.*s)@%llu ", f->as.tls_done->resumed ? "resumed " : "",
                   f->as.tls_done->guessed ? "guessed " : "",
                   f->as.tls_done->certificate_empty ? "no-certificate " : "",
                   f->as.tls_done->client_certificate && !f->as.tls_done->certificate_empty ? "certificate " : "",
                   (int)f->as.tls_done->alpn.n,
                   f->as.tls_done->alpn.p != NULL ? (const char *)f->as.tls_done->alpn.p : "", packet);
        break;
    case FACT_TLS_RECORDS:
        if (without_records)
            return;
        buf_printf(&story, "%c%s%llu ", side,
                   f->as.tls_records->shape == FACT_TLS_DATA          ? ""
                   : f->as.tls_records->shape == FACT_TLS_TICKET_LIKE ? "-ticket-"
                                                                      : "-control-",
                   (unsigned long long)f->as.tls_records->bytes);
        break;
    case FACT_TLS_NOT_TLS:
        buf_printf(&story, "not-tls(%.9s) ", (const char *)f->as.not_tls.p);
        break;
    default:
        fail();
    }
}

static struct slice load(const char *name)
{
    static uint8_t bytes[1 << 16];
    char path[512];

    snprintf(path, sizeof path, "%s/%s", P2T_FLOWS, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return slice_of(bytes, n);
}

/* The seeds' format: a byte for mid-stream, then steps of {flags, length of 2 bytes, bytes}. */
static void run_without(const char *name, size_t piece, uint64_t first_lost, uint64_t last_lost)
{
    struct reader r = reader_of_slice(load(name));
    struct tls *t = tls_new(&env, NULL, (reader_u8(&r) & 1) != 0, 0, NULL);
    uint64_t packet = 0, offset[2] = {0, 0};

    assert_non_null(t);
    buf_reset(&story);
    while (r.left > 0) {
        uint8_t what = reader_u8(&r);
        enum flow_dir dir = (what & 1) != 0 ? FLOW_S2C : FLOW_C2S;
        size_t len = reader_be16(&r);
        assert_int_equal(what & ~1, 2);
        packet++;
        for (size_t at = 0; at < len; at += piece) {
            size_t n = len - at < piece ? len - at : piece;
            struct packet_mark mark = {(int64_t)packet, packet_ref_of(packet, 0)};
            struct slice bytes = reader_slice(&r, n);
            bool lost = packet >= first_lost && packet <= last_lost;
            struct flow_chunk chunk = {.dir = dir,
                                       .offset = offset[dir],
                                       .bytes = lost ? slice_of(NULL, 0) : bytes,
                                       .len = n,
                                       .seen = mark,
                                       .deliverable = mark};
            offset[dir] += n;
            tls_chunk(t, &chunk);
        }
    }
    assert_int_equal(r.status, READ_OK);
    buf_putc(&story, '\0');
    tls_free(t);
}

static void run(const char *name, size_t piece)
{
    run_without(name, piece, 0, 0);
}

static const struct {
    const char *name, *story;
} flows[] = {
    {"tls13", "hello(seed.test)@1 answer(0304 1302)@2 done()@3 s-ticket-466 c35 s38 c35 s540 c35 s1041 alert(c ?)@11 "
              "alert(s ?)@12 "},
    {"tls13-resumed", "hello(seed.test)@1 answer(0304 1302)@2 done(resumed )@3 s-ticket-233 c35 s38 c35 s540 c35 "
                      "s1041 alert(c ?)@11 alert(s ?)@12 "},
    {"tls12", "hello(seed.test)@1 answer(0303 c02c)@2 certificate(1 seed.test 2 1) done()@4 c35 s38 c35 s540 c35 "
              "s1041 alert(c ?)@11 alert(s ?)@12 "},
    {"tls12-resumed", "hello(seed.test)@1 answer(0303 c02c)@2 done(resumed )@3 c35 s38 c35 s540 c35 s1041 alert(c "
                      "?)@10 alert(s ?)@11 "},
    {"tls13-h2", "hello(seed.test)@1 answer(0304 1302)@2 done(h2)@3 s-ticket-466 c35 s38 c35 s540 c35 s1041 alert(c "
                 "?)@11 alert(s ?)@12 "},
    {"tls12-h1", "hello(seed.test)@1 answer(0303 c02c)@2 certificate(1 seed.test 2 1) done(http/1.1)@4 c35 s38 c35 "
                 "s540 c35 s1041 alert(c ?)@11 alert(s ?)@12 "},
    {"tls13-retry", "hello(seed.test)@1 retry(0304 1302)@2 hello-again(seed.test)@3 answer(0304 1302)@4 done()@5 "
                    "s-ticket-466 c35 s38 c35 s540 c35 s1041 alert(c ?)@13 alert(s ?)@14 "},
    {"tls13-client-cert", "hello(seed.test)@1 answer(0304 1302)@2 done(certificate )@3 s-ticket-1330 c35 s38 c35 "
                          "s540 c35 s1041 alert(c ?)@11 alert(s ?)@12 "},
    {"tls13-client-cert-missing", "hello(seed.test)@1 answer(0304 1302)@2 done(no-certificate )@3 alert(s ?)@4 "},
    {"tls12-client-cert-missing",
     "hello(seed.test)@1 answer(0303 c02c)@2 certificate(1 seed.test 2 1) alert(s 40)@4 "},
    {"tls13-bad-cert", "hello(seed.test)@1 answer(0304 1302)@2 alert(c 48)@3 "},
    {"tls12-bad-cert", "hello(seed.test)@1 answer(0303 c02c)@2 certificate(1 seed.test 2 1) alert(c 48)@3 "},
    {"version-alert", "hello(seed.test)@1 alert(s 70)@2 "},
    {"tls10-cbc", "hello(seed.test)@1 answer(0301 c009)@2 certificate(1 seed.test 2 1) done()@4 c48 s48 c48 s544 c48 "
                  "s1056 alert(c ?)@11 alert(s ?)@12 "},
    {"mid-stream", "c35 s38 c35 s540 c35 s1041 alert(c ?)@7 alert(s ?)@8 "},
    {"sslv2-hello", "hello()@1 answer(0303 c02c)@2 certificate(1 seed.test 2 1) "},
    {"not-tls", "hello(seed.test)@1 not-tls(HTTP/1.0 ) "},
};

static void each_flow_tells_its_story(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        run(flows[i].name, 1 << 16);
        assert_string_equal((const char *)story.p, flows[i].story);
    }
}

static void the_story_is_the_same_in_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 4, 5, 6, 7, 61, 300};
    char *whole;

    (void)state;
    without_records = true; /* a fact for each packet that completes some */
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        run(flows[i].name, 1 << 16);
        whole = strdup((const char *)story.p);
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            if (strcmp(flows[i].name, "mid-stream") == 0)
                continue; /* there a chunk has to begin with a record */
            run(flows[i].name, pieces[k]);
            if (strcmp(flows[i].name, "not-tls") != 0)
                assert_string_equal((const char *)story.p, whole);
        }
        free(whole);
    }
    without_records = false;
}

/* The client's Finished is missing, and all after it: the server's alert may be its close_notify. */
static void an_alert_behind_a_gap_ends_a_handshake_that_may_have_been_over(void **state)
{
    (void)state;
    run_without("tls13", 1 << 16, 3, 11);
    assert_string_equal((const char *)story.p,
                        "hello(seed.test)@1 answer(0304 1302)@2 done(guessed )@12 alert(s ?)@12 ");
    run_without("tls13-client-cert-missing", 1 << 16, 3, 3);
    assert_string_equal((const char *)story.p,
                        "hello(seed.test)@1 answer(0304 1302)@2 done(guessed )@4 alert(s ?)@4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_behind_a_gap_ends_a_handshake_that_may_have_been_over),
        cmocka_unit_test(each_flow_tells_its_story),
        cmocka_unit_test(the_story_is_the_same_in_pieces),
    };
    struct fact_sink sink = {NULL, on_fact};
    const struct tls_plain_sink no_plain = {0};

    if (tls_env_init(&env, &proto_limits_default.tls, &sink, &no_plain) != 0)
        return 1;
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    tls_env_fini(&env);
    buf_fini(&story);
    return status;
}
