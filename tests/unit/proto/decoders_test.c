/* The table of decoders: its rows are sound, and first bytes go to the right one. */
#include "support/cmocka_all.h"

#include "proto/conn/decoder.h"

static void every_row_is_one_protocol(void **state)
{
    bool seen[FACT_PROTO_OTHER] = {false};

    (void)state;
    for (const struct decoder *const *d = decoders; *d != NULL; d++) {
        assert_in_range((*d)->proto, FACT_PROTO_HTTP1, FACT_PROTO_OTHER - 1);
        assert_false(seen[(*d)->proto]);
        seen[(*d)->proto] = true;
        assert_true((*d)->sniff != NULL && (*d)->start != NULL && (*d)->chunk != NULL && (*d)->free != NULL);
        assert_true(((*d)->env_init != NULL) == ((*d)->env_fini != NULL));
    }
    for (int proto = FACT_PROTO_HTTP1; proto < FACT_PROTO_OTHER; proto++)
        assert_true(seen[proto]);
}

struct sniffed {
    struct slice bytes;
    enum flow_dir dir;
    uint16_t port;
    bool mid_stream;
    enum sniff expected;
    const char *decoder; /* name; NULL: none */
};

#define B(text) SLICE_INIT(text)
#define FRAMES  "\x00\x00\x08\x06\x00\x00\x00\x00\x00pingpong" /* an HTTP/2 PING */
#define QUERY                                                                                                        \
    "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"                                                   \
    "example\x03"                                                                                                    \
    "com\x00\x00\x01\x00\x01"

static const struct sniffed cases[] = {
    /* whole signatures */
    {B("GET / HTTP/1.1\r\n"), FLOW_C2S, 80, false, SNIFF_YES, "http1"},
    {B("HTTP/1.1 200 OK\r\n"), FLOW_S2C, 80, false, SNIFF_YES, "http1"},
    {B("\x16\x03\x01\x02\x00\x01"), FLOW_C2S, 443, false, SNIFF_YES, "tls"},
    {B("\x05\x01\x00"), FLOW_C2S, 1080, false, SNIFF_YES, "socks"},
    {B("PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n"), FLOW_C2S, 80, false, SNIFF_YES, "proxy"},
    {B("PROXY UNKNOWN\r\n"), FLOW_C2S, 80, false, SNIFF_YES, "proxy"},
    {B("\r\n\r\n\0\r\nQUIT\n"), FLOW_C2S, 443, false, SNIFF_YES, "proxy"},
    {B(QUERY), FLOW_C2S, 8853, false, SNIFF_YES, "dns"},
    {B("\x00\x00\x06\x04\x00\x00\x00\x00\x00"), FLOW_S2C, 80, false, SNIFF_YES, "http2"},
    /* the preface makes an HTTP/1 request line, too, and what may become it waits on any port */
    {B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), FLOW_C2S, 80, false, SNIFF_YES, "http2"},
    {B("PRI *"), FLOW_C2S, 80, false, SNIFF_MAYBE, NULL},
    {B("PRI *"), FLOW_C2S, 53, false, SNIFF_MAYBE, NULL},
    /* a word that a PROXY line begins with may be a method, too */
    {B("PROXY TC"), FLOW_C2S, 80, false, SNIFF_MAYBE, NULL},
    {B("PROXY /a HTTP/1.1\r\n"), FLOW_C2S, 80, false, SNIFF_YES, "http1"},
    {B("\r\n\r\n"), FLOW_C2S, 80, false, SNIFF_MAYBE, NULL},
    /* on DNS's port a beginning that might become something else does not wait */
    {B("GE"), FLOW_C2S, 80, false, SNIFF_MAYBE, NULL},
    {B("GE"), FLOW_C2S, 53, false, SNIFF_YES, "dns"},
    {B("\x16\x03"), FLOW_C2S, 443, false, SNIFF_MAYBE, NULL},
    {B("\x16\x03"), FLOW_C2S, 53, false, SNIFF_YES, "dns"},
    /* LLMNR has DNS's format */
    {B(QUERY), FLOW_C2S, 5355, false, SNIFF_NO, NULL},
    /* in the middle of a connection more is taken for what it looks like */
    {B(FRAMES), FLOW_C2S, 80, true, SNIFF_YES, "http2"},
    {B(FRAMES), FLOW_C2S, 80, false, SNIFF_NO, NULL},
    {B("\x17\x03\x03\x00\x02\x00\x00"), FLOW_S2C, 443, true, SNIFF_YES, "tls"},
    {B("\x17\x03\x03\x00\x02\x00\x00"), FLOW_S2C, 443, false, SNIFF_NO, NULL},
    /* only clients greet a SOCKS proxy, and only servers begin with bare SETTINGS */
    {B("\x05\x01\x00"), FLOW_S2C, 1080, false, SNIFF_NO, NULL},
    {B("\x00\x00\x06\x04\x00\x00\x00\x00\x00"), FLOW_C2S, 80, false, SNIFF_NO, NULL},
    {B("220 mail.example.com ESMTP\r\n"), FLOW_S2C, 25, false, SNIFF_NO, NULL},
};

static void first_bytes_find_their_decoder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sniffed *x = &cases[i];
        struct flow_conn flow = {.client.port = 40000, .server.port = x->port};
        struct conn c = {.flow = &flow, .mid_stream = x->mid_stream};
        const struct decoder *found;
        enum sniff sniffed = conn_sniff(&c, x->dir, x->bytes, &found);
        const char *name = found != NULL ? found->name : "none", *expected = x->decoder != NULL ? x->decoder : "none";

        if (sniffed != x->expected || strcmp(name, expected) != 0)
            fail_msg("case %zu: %d %s, expected %d %s", i, (int)sniffed, name, (int)x->expected, expected);
    }
}

static void check_sender(struct slice first, const struct decoder *found, enum flow_dir dir, enum flow_dir expected)
{
    enum flow_dir sender = dir;

    assert_non_null(found->sender);
    (void)found->sender(first, &sender);
    assert_int_equal(sender, expected);
}

static void some_first_bytes_name_their_sender(void **state)
{
    (void)state;
    check_sender(SLICE_LIT("GET / HTTP/1.1\r\n"), &decoder_http1, FLOW_S2C, FLOW_C2S);
    check_sender(SLICE_LIT("HTTP/1.1 200 OK\r\n"), &decoder_http1, FLOW_C2S, FLOW_S2C);
    check_sender(SLICE_LIT("PRI * HTTP/2.0\r\n"), &decoder_http2, FLOW_S2C, FLOW_C2S);
    check_sender(SLICE_LIT("\x16\x03\x01\x02\x00\x01"), &decoder_tls, FLOW_S2C, FLOW_C2S);
    check_sender(SLICE_LIT("\x16\x03\x03\x00\x50\x02"), &decoder_tls, FLOW_C2S, FLOW_S2C);
    /* application data is anybody's */
    enum flow_dir sender;
    assert_false(decoder_tls.sender(SLICE_LIT("\x17\x03\x03\x00\x02\x00\x00"), &sender));
    assert_false(decoder_http2.sender(SLICE_LIT(FRAMES), &sender));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_one_protocol),
        cmocka_unit_test(first_bytes_find_their_decoder),
        cmocka_unit_test(some_first_bytes_name_their_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
