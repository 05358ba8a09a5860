/* The text format, whole: this is what people read, so every character of it is meant. */
#include "support/cmocka_all.h"

#include <string.h>

#include "example.h"

static void expect(const struct p2t_exchange *x, const char *text)
{
    struct buf b = example_written(OUT_FORMAT_TEXT, false, &x, 1);

    assert_string_equal((const char *)b.p, text);
    buf_fini(&b);
}

static void a_slow_server_is_where_the_arrow_points(void **state)
{
    (void)state;
    expect(example_slow(), "2026-01-02 03:04:05.250000Z  GET http://api.test:8080/v1/items?q=1  200  203.0 ms\n"
                           "  10.1.9.1:40000 -> 10.1.9.7:8080, new, rtt 0.200 ms, "
                           "trace 4bf92f3577b34da6a3ce929d0e0e4736\n"
                           "  blocked 0.475, dns 0.325, connect 0.200, send 0.000, wait 201.000, receive 1.000 ms\n"
                           "      0.000 ? GetConn               #1    api.test:8080\n"
                           "      0.075   DNSStart              #1    api.test\n"
                           "      0.400   DNSDone               #4    10.1.9.7\n"
                           "      0.500   ConnectStart          #5    10.1.9.7:8080\n"
                           "      0.700   ConnectDone           #6    10.1.9.7:8080\n"
                           "      0.970 ~ GotConn               #6,8  new\n"
                           "      1.000   WroteHeaderField      #8    Host: api.test:8080\n"
                           "                                          User-Agent: curl/8\n"
                           "      1.000   WroteHeaders          #8    60 bytes\n"
                           "      1.000   WroteRequest          #8\n"
                           "    202.000   GotFirstResponseByte  #10   <- 201.0 ms waiting for the server\n"
                           "    203.000   (end)                       200, body 1234 bytes, application/json\n");
}

static void a_failed_lookup_says_first_that_nothing_left(void **state)
{
    (void)state;
    expect(example_no_address(),
           "2026-01-02 03:04:05.250000Z  lookup b.internal  dns_error  0.900 ms\n"
           "  never left: b.internal exists but has no address  [dns.empty_answer #4]\n"
           "  the client's error: lookup b.internal on 10.0.0.10:53: no such host\n"
           "      0.000 ? GetConn               #1    b.internal\n"
           "      0.075   DNSStart              #1    b.internal\n"
           "      0.900   DNSDone               #4    failed: no such host  <- 0.825 ms waiting for the resolver\n");
}

static void packets_of_several_captures_carry_their_names(void **state)
{
    (void)state;
    expect(example_two_attempts(),
           "2026-01-02 03:04:05.250000Z  connect 10.1.9.7:8080  incomplete  300.1 ms\n"
           "  only partly captured\n"
           "  10.1.9.1:40000 -> 10.1.9.7:8080, new, rtt 0.200 ms\n"
           "      0.000   ConnectStart          a.pcap#5        [fd00::7]:80\n"
           "    300.000   ConnectStart          b\\x1b.pcap#2    10.1.9.7:80  <- 300.0 ms waiting for TCP\n"
           "                                                    connect, before the next address is tried\n"
           "    300.100   ConnectDone           b\\x1b.pcap#3,4  10.1.9.7:80 (3 SYNs)\n");
}

/* Dialled, and then open for a while: nobody asked on it, or somebody later did. */
static void open_connections_say_what_became_of_them(void **state)
{
    static const char *const told[] = {"<- 1.70 s open, no request was read\n",
                                       "<- 1.70 s open before its first request\n"};

    (void)state;
    for (int reused = 0; reused < 2; reused++) {
        struct p2t_exchange x = *example_two_attempts();
        struct p2t_connection c = *x.connection;
        const struct p2t_exchange *const one[] = {&x};
        c.reused = reused;
        x.connection = &c;
        x.end_ns = x.start_ns + 2000000000;
        struct buf b = example_written(OUT_FORMAT_TEXT, false, one, 1);
        assert_non_null(strstr((char *)b.p, told[reused]));
        buf_fini(&b);
    }
}

static void exchanges_are_apart_by_a_blank_line(void **state)
{
    const struct p2t_exchange *const both[] = {example_no_address(), example_slow()};
    struct buf b = example_written(OUT_FORMAT_TEXT, false, both, 2);

    (void)state;
    assert_non_null(strstr((char *)b.p, "resolver\n\n2026-01-02"));
    buf_fini(&b);
}

/* Without its escapes the coloured text is the plain one. */
static void colour_only_decorates(void **state)
{
    const struct p2t_exchange *const x[] = {example_slow(), example_no_address(), example_two_attempts()};
    struct buf plain = example_written(OUT_FORMAT_TEXT, false, x, 3);
    struct buf coloured = example_written(OUT_FORMAT_TEXT, true, x, 3);
    struct buf stripped = {0};

    (void)state;
    assert_true(coloured.n > plain.n);
    for (size_t i = 0; i < coloured.n; i++) {
        if (coloured.p[i] == 0x1b)
            i += strcspn((char *)coloured.p + i, "m");
        else
            buf_putc(&stripped, (char)coloured.p[i]);
    }
    assert_string_equal((char *)stripped.p, (char *)plain.p);
    buf_fini(&plain);
    buf_fini(&coloured);
    buf_fini(&stripped);
}

static void an_exchange_of_which_nothing_is_known_is_still_written(void **state)
{
    static const struct p2t_exchange x = {.kind = P2T_KIND_HTTP1, .outcome = P2T_OUTCOME_INCOMPLETE};
    const struct p2t_exchange *const list[] = {&x};

    (void)state;
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        struct buf b = example_written((enum out_format)i, true, list, 1);
        size_t n = strlen((char *)b.p);
        assert_true(n > 1);
        assert_int_equal(b.p[n - 1], '\n');
        assert_int_not_equal(b.p[0], '\n');
        buf_fini(&b);
    }
}

static void each_outcome_has_its_words(void **state)
{
    static const char *const words[] = {
        [P2T_OUTCOME_DNS_ERROR] = "\n  never left: why\n",
        [P2T_OUTCOME_CONNECT_ERROR] = "\n  never left: why\n",
        [P2T_OUTCOME_TLS_ERROR] = "\n  failed: why\n", /* after its headers were written */
        [P2T_OUTCOME_REQUEST_ERROR] = "\n  only partly sent: why\n",
        [P2T_OUTCOME_NO_RESPONSE] = "\n  no response: why\n",
        [P2T_OUTCOME_RESPONSE_ERROR] = "\n  broken response: why\n",
        [P2T_OUTCOME_INCOMPLETE] = "\n  only partly captured: why\n",
    };

    (void)state;
    for (int i = P2T_OUTCOME_OK + 1; i < P2T_OUTCOME_COUNT; i++) {
        struct p2t_exchange x = *example_slow();
        const struct p2t_exchange *list[] = {&x};
        x.outcome = (enum p2t_outcome)i;
        x.error = TEXT("why");
        struct buf b = example_written(OUT_FORMAT_TEXT, false, list, 1);
        assert_non_null(strstr((char *)b.p, words[i]));
        buf_fini(&b);
    }
}

/* The handshake failed before a header was written. */
static void a_call_that_tls_ended_never_left(void **state)
{
    struct p2t_exchange x = *example_no_address();
    const struct p2t_exchange *list[] = {&x};

    (void)state;
    x.outcome = P2T_OUTCOME_TLS_ERROR;
    x.finding_count = 0;
    struct buf b = example_written(OUT_FORMAT_TEXT, false, list, 1);
    assert_non_null(strstr((char *)b.p, "\n  never left: lookup b.internal"));
    buf_fini(&b);
}

/* What another client logged is not known. */
static void errors_of_other_clients_are_in_go_s_words(void **state)
{
    struct p2t_exchange x = *example_no_address();
    const struct p2t_exchange *list[] = {&x};

    (void)state;
    x.by_go = false;
    struct buf b = example_written(OUT_FORMAT_TEXT, false, list, 1);
    assert_non_null(strstr((char *)b.p, "\n  in Go's words: lookup b.internal on 10.0.0.10:53: no such host\n"));
    assert_null(strstr((char *)b.p, "the client's error"));
    buf_fini(&b);
}

/* Of an estimated exchange the status is not known; that it was answered is. */
static void an_estimated_answer_is_an_answer(void **state)
{
    static const struct {
        int64_t request, response;
        const char *end;
    } rows[] = {
        {100, 200, "(end)                       answered, 200 bytes, encrypted\n"},
        {100, 0, "(end)                       answered, 0 bytes, encrypted\n"},
        {100, -1, "(end)                       no response\n"},
        {-1, -1, "(end)\n"}, /* the handshake failed: nothing was asked */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct p2t_exchange x = *example_slow();
        const struct p2t_exchange *list[] = {&x};
        x.kind = P2T_KIND_TLS;
        x.status = 0;
        x.request.body_bytes = rows[i].request;
        x.response = (struct p2t_message){-1, rows[i].response, {NULL, 0}};
        struct buf b = example_written(OUT_FORMAT_TEXT, false, list, 1);
        assert_non_null(strstr((char *)b.p, rows[i].end));
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_server_is_where_the_arrow_points),
        cmocka_unit_test(a_failed_lookup_says_first_that_nothing_left),
        cmocka_unit_test(packets_of_several_captures_carry_their_names),
        cmocka_unit_test(open_connections_say_what_became_of_them),
        cmocka_unit_test(exchanges_are_apart_by_a_blank_line),
        cmocka_unit_test(colour_only_decorates),
        cmocka_unit_test(an_exchange_of_which_nothing_is_known_is_still_written),
        cmocka_unit_test(each_outcome_has_its_words),
        cmocka_unit_test(a_call_that_tls_ended_never_left),
        cmocka_unit_test(errors_of_other_clients_are_in_go_s_words),
        cmocka_unit_test(an_estimated_answer_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
