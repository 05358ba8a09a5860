/* What became of an exchange, and what Go's client would have said of it: each of its texts. */
#include "support/cmocka_all.h"

#include <string.h>

#include "judge/judge.h"
#include "unit/judge/made.h"

#define CLIENT "10.0.0.1:40000"
#define SERVER "10.0.0.2:80"
#define RESET  "read tcp " CLIENT "->" SERVER ": read: connection reset by peer"
#define GONE   "the client closed the connection first: canceled, or one of its timeouts"
#define BROKEN "net/http: HTTP/1.x transport connection broken: "

/* Judges, holds the outcome and the error (NULL: none), and frees. */
static void assert_judged(struct made *m, enum p2t_outcome outcome, const char *error, int line)
{
    exchange_judge(&m->e);
    if (m->e.outcome != outcome)
        fail_msg("line %d: %s, not %s", line, p2t_outcome_name(m->e.outcome), p2t_outcome_name(outcome));
    if ((m->e.error.p == NULL) != (error == NULL) || (error != NULL && !slice_eq(m->e.error, slice_str(error))))
        fail_msg("line %d: \"%.*s\", not \"%s\"", line, (int)m->e.error.n, (const char *)m->e.error.p,
                 error != NULL ? error : "");
    made_free(m);
}
#define JUDGED(m, outcome, error) assert_judged(m, P2T_OUTCOME_##outcome, error, __LINE__)

/* ---- lookups ---- */

static void lookups(void **state)
{
    static const struct {
        enum lookup_result result;
        enum lookup_resolver resolver;
        const char *error;
    } rows[] = {
        {LOOKUP_NOT_FOUND, RESOLVER_GO, "lookup a.test on 10.0.0.53:53: no such host"},
        {LOOKUP_NOT_FOUND, RESOLVER_OTHER, "lookup a.test: no such host"},
        {LOOKUP_MISBEHAVING, RESOLVER_GO, "lookup a.test on 10.0.0.53:53: server misbehaving"},
        {LOOKUP_LAME, RESOLVER_GO, "lookup a.test on 10.0.0.53:53: lame referral"},
        {LOOKUP_TIMEOUT, RESOLVER_GO,
         "lookup a.test on 10.0.0.53:53: read udp 10.0.0.1:5000->10.0.0.53:53: i/o timeout"},
        {LOOKUP_UNREACHABLE, RESOLVER_GO,
         "lookup a.test on 10.0.0.53:53: read udp 10.0.0.1:5000->10.0.0.53:53: read: connection refused"},
        {LOOKUP_ABANDONED, RESOLVER_GO, "lookup a.test: i/o timeout"},
        {LOOKUP_MISBEHAVING, RESOLVER_OTHER, "lookup a.test: Temporary failure in name resolution"},
        {LOOKUP_TIMEOUT, RESOLVER_UNKNOWN, "lookup a.test: Temporary failure in name resolution"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        made_lookup(&m);
        m.lookup.result = rows[i].result;
        m.lookup.resolver = rows[i].resolver;
        JUDGED(&m, DNS_ERROR, rows[i].error);
    }
}

static void a_lookup_that_succeeded_or_is_pending_failed_not(void **state)
{
    struct made m;

    (void)state;
    made_lookup(&m);
    m.e.quiet = true;
    JUDGED(&m, OK, NULL);
    assert_true(m.e.quiet);
    m.lookup.result = LOOKUP_PENDING;
    JUDGED(&m, INCOMPLETE, NULL);
    /* What failed is shown. */
    assert_false(m.e.quiet);
}

/* ---- dials ---- */

static void attempts(void **state)
{
    static const struct {
        enum attempt_result result;
        uint32_t syns;
        uint8_t family, code;
        const char *error;
    } rows[] = {
        {ATTEMPT_REFUSED, 1, 0, 0, "connect: connection refused"},
        {ATTEMPT_TIMEOUT, 1, 0, 0, "the client stopped after one SYN: canceled, or a timeout"},
        {ATTEMPT_TIMEOUT, 6, 0, 0, "i/o timeout"},
        {ATTEMPT_TIMEOUT, 7, 0, 0, "connect: connection timed out"},
        {ATTEMPT_TIMEOUT, 11, 0, 0, "connect: connection timed out"},
        {ATTEMPT_CANCELED, 1, 0, 0, "operation was canceled"},
        {ATTEMPT_ICMP, 1, 4, 0, "connect: network is unreachable"},
        {ATTEMPT_ICMP, 1, 4, 1, "connect: no route to host"},
        {ATTEMPT_ICMP, 1, 4, 2, "connect: protocol not available"},
        {ATTEMPT_ICMP, 1, 4, 3, "connect: connection refused"},
        {ATTEMPT_ICMP, 1, 4, 6, "connect: network is unreachable"},
        {ATTEMPT_ICMP, 1, 4, 9, "connect: network is unreachable"},
        {ATTEMPT_ICMP, 1, 4, 10, "connect: no route to host"},
        {ATTEMPT_ICMP, 1, 4, 11, "connect: network is unreachable"},
        {ATTEMPT_ICMP, 1, 4, 12, "connect: no route to host"},
        {ATTEMPT_ICMP, 1, 4, 13, "connect: no route to host"},
        {ATTEMPT_ICMP, 1, 6, 0, "connect: network is unreachable"},
        {ATTEMPT_ICMP, 1, 6, 1, "connect: permission denied"},
        {ATTEMPT_ICMP, 1, 6, 3, "connect: no route to host"},
        {ATTEMPT_ICMP, 1, 6, 4, "connect: connection refused"},
        {ATTEMPT_ICMP, 1, 6, 5, "connect: permission denied"},
        {ATTEMPT_ICMP, 1, 6, 6, "connect: permission denied"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        char error[128] = "dial tcp " SERVER ": ";
        made_dial(&m);
        m.attempts[0].result = rows[i].result;
        m.attempts[0].syns = rows[i].syns;
        m.attempts[0].last_interval_ns = INT64_C(32000000000);
        m.attempts[0].icmp_family = rows[i].family;
        m.attempts[0].icmp_code = rows[i].code;
        JUDGED(&m, CONNECT_ERROR, strcat(error, rows[i].error));
    }
}

static void of_several_addresses_the_first_ones_error_counts(void **state)
{
    struct made m;

    (void)state;
    made_dial(&m);
    m.e.attempt_count = 2;
    m.attempts[1] = m.attempts[0];
    m.attempts[0].result = ATTEMPT_REFUSED;
    m.attempts[1].result = ATTEMPT_TIMEOUT;
    JUDGED(&m, CONNECT_ERROR, "dial tcp " SERVER ": connect: connection refused");
    m.attempts[1].result = ATTEMPT_OK;
    m.e.error = (struct slice){NULL, 0};
    JUDGED(&m, OK, NULL);
}

static void a_connection_without_a_request(void **state)
{
    struct made m;

    (void)state;
    made_dial(&m);
    JUDGED(&m, INCOMPLETE, NULL);
    made_dial(&m);
    made_add_dial(&m);
    made_server_fin(&m, 5000);
    JUDGED(&m, NO_RESPONSE, "EOF");
    made_dial(&m);
    made_add_dial(&m);
    m.e.conn.server_rst = at(5000);
    JUDGED(&m, NO_RESPONSE, RESET);
    /* It spoke something: no client of HTTP waited for it. */
    m.e.error = (struct slice){NULL, 0};
    m.e.conn.payload_bytes[FLOW_C2S] = 1;
    JUDGED(&m, OK, NULL);
}

static void proxies(void **state)
{
    struct made m;

    (void)state;
    made_dial(&m);
    made_add_dial(&m);
    m.e.conn.proxy_target = SLICE_LIT("b.test:443");
    m.e.socks_error = SLICE_LIT("host unreachable");
    JUDGED(&m, CONNECT_ERROR, "socks connect tcp " SERVER "->b.test:443: unknown error host unreachable");
    made_http(&m);
    m.e.kind = P2T_KIND_CONNECT;
    m.e.response.status = 407;
    m.e.response.reason = SLICE_LIT("Proxy Authentication Required");
    JUDGED(&m, CONNECT_ERROR, "Proxy Authentication Required");
}

/* ---- TLS ---- */

static void make_broken_handshake(struct made *m, enum tls_failure why, uint64_t failed_us)
{
    made_tls(m);
    made_unanswered(m);
    m->e.request.seen = false;
    m->tls.done = (struct packet_mark){0};
    m->tls.failure = why;
    m->tls.failed = at(failed_us);
}

static void alerts_of_the_server(void **state)
{
    static const struct {
        uint8_t code;
        const char *name;
    } rows[] = {
        {10, "unexpected message"},
        {20, "bad record MAC"},
        {21, "decryption failed"},
        {22, "record overflow"},
        {30, "decompression failure"},
        {40, "handshake failure"},
        {42, "bad certificate"},
        {43, "unsupported certificate"},
        {44, "revoked certificate"},
        {45, "expired certificate"},
        {46, "unknown certificate"},
        {47, "illegal parameter"},
        {48, "unknown certificate authority"},
        {49, "access denied"},
        {50, "error decoding message"},
        {51, "error decrypting message"},
        {60, "export restriction"},
        {70, "protocol version not supported"},
        {71, "insufficient security level"},
        {80, "internal error"},
        {86, "inappropriate fallback"},
        {90, "user canceled"},
        {100, "no renegotiation"},
        {109, "missing extension"},
        {110, "unsupported extension"},
        {111, "certificate unobtainable"},
        {112, "unrecognized name"},
        {113, "bad certificate status response"},
        {114, "bad certificate hash value"},
        {115, "unknown PSK identity"},
        {116, "certificate required"},
        {120, "no application protocol"},
        {121, "encrypted client hello required"},
        {200, "alert(200)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        char error[128] = "remote error: tls: ";
        make_broken_handshake(&m, TLS_FAILED_SERVER_ALERT, 1300);
        m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(1300), .code = rows[i].code};
        JUDGED(&m, TLS_ERROR, strcat(error, rows[i].name));
    }
}

static void other_ends_of_a_handshake(void **state)
{
    struct made m;

    (void)state;
    make_broken_handshake(&m, TLS_FAILED_SERVER_ALERT, 1300);
    m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(1300)}; /* close_notify */
    JUDGED(&m, TLS_ERROR, "EOF");
    make_broken_handshake(&m, TLS_FAILED_SERVER_ALERT, 1300);
    m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(1300), .hidden = true};
    JUDGED(&m, TLS_ERROR, "remote error: tls: an encrypted alert");
    make_broken_handshake(&m, TLS_FAILED_NOT_TLS, 1300);
    JUDGED(&m, TLS_ERROR, "tls: first record does not look like a TLS handshake");
    make_broken_handshake(&m, TLS_FAILED_NOT_TLS, 1300);
    m.tls.not_tls_is_http = true;
    JUDGED(&m, TLS_ERROR, "http: server gave HTTP response to HTTPS client");
    /* The hook is told what crypto/tls said. */
    assert_true(slice_eq(m.tls.error, SLICE_LIT("tls: first record does not look like a TLS handshake")));
    make_broken_handshake(&m, TLS_FAILED_CLOSED, 1300);
    made_server_fin(&m, 1300);
    JUDGED(&m, TLS_ERROR, "EOF");
    make_broken_handshake(&m, TLS_FAILED_CLOSED, 1300);
    m.e.conn.server_rst = at(1300);
    JUDGED(&m, TLS_ERROR, RESET);
    make_broken_handshake(&m, TLS_FAILED_CLOSED, 1300);
    JUDGED(&m, INCOMPLETE, NULL);
}

/* http.DefaultTransport's TLSHandshakeTimeout of 10 s, give or take half a second. */
static void a_handshake_timeout_is_told_by_its_length(void **state)
{
    static const struct {
        uint64_t us;
        const char *error;
    } rows[] = {
        {1200 + 9499999, GONE},
        {1200 + 9500000, "net/http: TLS handshake timeout"},
        {1200 + 10500000, "net/http: TLS handshake timeout"},
        {1200 + 10500001, GONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        make_broken_handshake(&m, TLS_FAILED_CLOSED, rows[i].us);
        m.e.conn.client_fin = at(rows[i].us);
        JUDGED(&m, TLS_ERROR, rows[i].error);
    }
}

static void alerts_of_the_client(void **state)
{
    struct made m;

    (void)state;
    make_broken_handshake(&m, TLS_FAILED_CLIENT_ALERT, 1300);
    m.tls.alert[FLOW_C2S] = (struct tls_alert){.mark = at(1300), .code = 42};
    JUDGED(&m, TLS_ERROR, "x509: certificate signed by unknown authority");
    m.tls.certificate_problem = SLICE_LIT("x509: certificate has expired");
    JUDGED(&m, TLS_ERROR, "x509: certificate has expired");
    m.tls.prefixed = true;
    m.tls.alert[FLOW_C2S].code = 48;
    JUDGED(&m, TLS_ERROR, "tls: failed to verify certificate: x509: certificate has expired");
    m.tls.alert[FLOW_C2S].code = 47;
    JUDGED(&m, TLS_ERROR, "local error: tls: illegal parameter");
    m.tls.alert[FLOW_C2S].code = 0;
    JUDGED(&m, TLS_ERROR, GONE);
    m.tls.alert[FLOW_C2S].hidden = true;
    JUDGED(&m, TLS_ERROR,
           "x509: the client refused the server's certificate, or another part of its handshake (the alert is "
           "encrypted)");
}

/* RFC 8446 4.4.2.4: a server that insists on a certificate says so after the handshake. */
static void an_alert_instead_of_an_answer(void **state)
{
    struct made m;

    (void)state;
    made_tls(&m);
    made_unanswered(&m);
    m.tls.client_certificate_empty = true;
    m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(2500), .hidden = true};
    JUDGED(&m, TLS_ERROR, "remote error: tls: certificate required");
    m.tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(2500), .code = 42};
    JUDGED(&m, TLS_ERROR, "remote error: tls: bad certificate");
}

static void an_estimated_answer(void **state)
{
    struct made m;

    (void)state;
    made_tls(&m);
    JUDGED(&m, OK, NULL);
    m.e.conn.server_rst = at(4500);
    JUDGED(&m, RESPONSE_ERROR, RESET);
    m.e.error = (struct slice){NULL, 0};
    m.e.conn.next_head = at(4200);
    JUDGED(&m, OK, NULL);
}

/* ---- no response ---- */

static void no_response(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    made_unanswered(&m);
    JUDGED(&m, INCOMPLETE, NULL);
    made_server_fin(&m, 2500);
    JUDGED(&m, NO_RESPONSE, "EOF");
    /* Sent again by itself: the application saw no error. */
    m.e.retried = true;
    JUDGED(&m, NO_RESPONSE, NULL);
    m.e.retried = false;
    m.e.conn.client_fin = at(2400);
    JUDGED(&m, NO_RESPONSE, GONE);
    m.e.conn.client_rst = at(2300);
    JUDGED(&m, NO_RESPONSE, GONE);
    m.e.conn.server_rst = at(2200);
    JUDGED(&m, NO_RESPONSE, RESET);
}

static void an_upload_that_the_server_resets(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    made_unanswered(&m);
    m.e.request.complete = false;
    m.e.request.body_bytes = 1;
    m.e.conn.server_rst = at(2500);
    JUDGED(&m, REQUEST_ERROR,
           "readfrom tcp " CLIENT "->" SERVER ": write tcp " CLIENT "->" SERVER ": write: connection reset by peer");
}

/* The server sent something that the capture lacks: silence is no fact then. */
static void a_hidden_answer_is_incomplete(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    made_unanswered(&m);
    made_server_fin(&m, 2500);
    m.e.conn.last_gap[FLOW_S2C] = at(2000);
    JUDGED(&m, INCOMPLETE, NULL);
    m.e.conn.last_gap[FLOW_S2C] = at(1999);
    JUDGED(&m, NO_RESPONSE, "EOF");
}

/* Go is in the middle of reading a response then. */
static void nothing_behind_an_interim_response(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    made_unanswered(&m);
    m.e.response.interim_count = 1;
    made_server_fin(&m, 2500);
    JUDGED(&m, NO_RESPONSE, BROKEN "unexpected EOF");
    m.e.conn.server_rst = at(2400);
    JUDGED(&m, NO_RESPONSE, BROKEN RESET);
}

/* ---- responses ---- */

static void heads_that_are_not_whole(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    m.e.response.extent = FACT_HEAD_UNFINISHED;
    m.e.response.status = 200;
    JUDGED(&m, RESPONSE_ERROR, BROKEN "unexpected EOF");
    m.e.conn.server_rst = at(3500);
    JUDGED(&m, RESPONSE_ERROR, BROKEN "unexpected EOF");
    m.e.conn.client_rst = at(3400);
    JUDGED(&m, RESPONSE_ERROR, GONE);
    made_http(&m);
    m.e.response.extent = FACT_HEAD_CUT;
    JUDGED(&m, INCOMPLETE, NULL);
}

static void bodies_that_are_not_whole(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    m.e.response.complete = false;
    JUDGED(&m, INCOMPLETE, NULL);
    m.e.conn.server_fin = at(3900);
    JUDGED(&m, RESPONSE_ERROR, "unexpected EOF");
    m.e.conn.server_rst = at(3800);
    JUDGED(&m, RESPONSE_ERROR, RESET);
    m.e.conn.client_fin = at(3700);
    JUDGED(&m, RESPONSE_ERROR, GONE);
    m.e.error = (struct slice){NULL, 0};
    m.e.response.lost = true;
    JUDGED(&m, INCOMPLETE, NULL);
}

static void responses_that_make_no_sense(void **state)
{
    static const struct {
        enum fact_bad why;
        struct slice line;
        const char *error;
    } rows[] = {
        {FACT_BAD_LINE, SLICE_INIT("SSH-2.0-x"), BROKEN "malformed HTTP response \"SSH-2.0-x\""},
        {FACT_BAD_LINE, SLICE_INIT("\0\0\x12\4"), BROKEN "malformed HTTP response \"\\x00\\x00\\x12\\x04\""},
        {FACT_BAD_LINE, SLICE_INIT("\a\b\f\r\t\v\"\\\x7f"),
         BROKEN "malformed HTTP response \"\\a\\b\\f\\r\\t\\v\\\"\\\\\\x7f\""},
        {FACT_BAD_LINE, SLICE_INIT("\xc3\xb6 \xc3 \xc2\x80 \xe2\x80\xae \xf0\x9f\x98\x80 \xf3\xb0\x80\x80"),
         BROKEN "malformed HTTP response \"\xc3\xb6 \\xc3 \\u0080 \\u202e \xf0\x9f\x98\x80 \\U000f0000\""},
        {FACT_BAD_STATUS, SLICE_INIT("20"), BROKEN "malformed HTTP status code \"20\""},
        {FACT_BAD_VERSION, SLICE_INIT("HTTQ/1.1"), BROKEN "malformed HTTP version \"HTTQ/1.1\""},
        {FACT_BAD_FIRST_FIELD, SLICE_INIT(" a: b"), BROKEN "malformed MIME header initial line: \" a: b\""},
        {FACT_BAD_FIRST_LONG, SLICE_INIT(" a"), BROKEN "message too large"},
        {FACT_BAD_NO_COLON, SLICE_INIT("no colon"), BROKEN "malformed MIME header: missing colon: \"no colon\""},
        {FACT_BAD_FIELD, SLICE_INIT("a\0: b"), BROKEN "malformed MIME header line: \"a\\x00: b\""},
        {FACT_BAD_CODINGS, SLICE_INIT("gzip\nchunked"), BROKEN "too many transfer encodings: [\"gzip\" \"chunked\"]"},
        {FACT_BAD_CODING, SLICE_INIT("gzip"), BROKEN "unsupported transfer encoding: \"gzip\""},
        {FACT_BAD_LENGTHS, SLICE_INIT("10\n12\n"),
         BROKEN "http: message cannot contain multiple Content-Length headers; got [\"10\" \"12\" \"\"]"},
        {FACT_BAD_LENGTH, SLICE_INIT("2 4"), BROKEN "bad Content-Length \"2 4\""},
        {FACT_BAD_LENGTH, SLICE_INIT(""), BROKEN "invalid empty Content-Length \"\""},
        {FACT_BAD_TRAILER_KEY, SLICE_INIT("Trailer"), BROKEN "bad trailer key \"Trailer\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        made_http(&m);
        m.e.response.bad = rows[i].why;
        m.e.response.bad_line = rows[i].line;
        m.e.response.seen = false;
        JUDGED(&m, RESPONSE_ERROR, rows[i].error);
    }
}

/* The head was good, and Go has handed the response to its caller. */
static void bodies_that_make_no_sense(void **state)
{
    static const struct {
        enum fact_bad why;
        const char *error;
    } rows[] = {
        {FACT_BAD_CHUNK_BARE_LF, "chunked line ends with bare LF"},
        {FACT_BAD_CHUNK_BARE_CR, "invalid CR in chunked line"},
        {FACT_BAD_CHUNK_LINE, "header line too long"},
        {FACT_BAD_CHUNK_EMPTY, "empty hex number for chunk length"},
        {FACT_BAD_CHUNK_BYTE, "invalid byte in chunk length"},
        {FACT_BAD_CHUNK_SIZE, "http chunk length too large"},
        {FACT_BAD_CHUNK_END, "malformed chunked encoding"},
        {FACT_BAD_CHUNK_EXCESS, "chunked encoding contains too much non-data"},
        {FACT_BAD_TRAILER_LONG, "http: suspiciously long trailer after chunked body"},
        {FACT_BAD_TRAILER_END, "http: unexpected EOF reading trailer"},
        {FACT_BAD_NO_COLON, "malformed MIME header: missing colon: \"x\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        made_http(&m);
        m.e.response.bad = rows[i].why;
        m.e.response.bad_line = SLICE_LIT("x");
        JUDGED(&m, RESPONSE_ERROR, rows[i].error);
    }
}

static void whole_ones(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    m.e.response.status = 500;
    JUDGED(&m, OK, NULL);
    m.e.request.seen = false;
    JUDGED(&m, INCOMPLETE, NULL);
    made_http(&m);
    m.e.conn.client_fin = at(2500);
    m.e.response.unread = true;
    JUDGED(&m, NO_RESPONSE, GONE);
}

/* ---- HTTP/2 and what runs over it ---- */

static void streams_that_were_reset(void **state)
{
    static const char *const names[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED",
                                        "unknown error code"};

    (void)state;
    for (uint32_t code = 0; code < sizeof names / sizeof *names; code++) {
        struct made m;
        char error[128] = "stream error: stream ID 1; ";
        made_http2(&m);
        made_unanswered(&m);
        m.e.stream.reset = m.e.stream.reset_by_server = true;
        m.e.stream.error_code = code;
        JUDGED(&m, NO_RESPONSE, strcat(strcat(error, names[code]), "; received from peer"));
    }
}

/* An answer that was whole stands. */
static void servers_that_speak_no_http2(void **state)
{
    struct made m;

    (void)state;
    made_http2(&m);
    m.e.conn.refused = FACT_BAD_FRAME;
    JUDGED(&m, OK, NULL);
    made_unanswered(&m);
    JUDGED(&m, RESPONSE_ERROR, "http2: frame too large");
    m.e.conn.refused = FACT_BAD_FRAME_HTTP1;
    JUDGED(&m, RESPONSE_ERROR,
           "http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like "
           "an HTTP/1.1 header");
    m.e.conn.refused = 0;
    made_server_fin(&m, 2500);
    JUDGED(&m, NO_RESPONSE, "unexpected EOF");
    m.e.conn.server_rst = at(2400);
    JUDGED(&m, NO_RESPONSE, RESET);
}

static void other_ends_of_a_stream(void **state)
{
    struct made m;

    (void)state;
    made_http2(&m);
    JUDGED(&m, OK, NULL);
    /* RFC 9113 8.1: a server may reset a stream whose answer is whole. */
    m.e.stream.reset = m.e.stream.reset_by_server = true;
    JUDGED(&m, OK, NULL);
    m.e.response.complete = false;
    m.e.stream.reset_by_server = false;
    JUDGED(&m, RESPONSE_ERROR, "the client reset the stream: canceled, or one of its timeouts");
    m.e.stream.reset = false;
    m.e.error = (struct slice){NULL, 0};
    JUDGED(&m, INCOMPLETE, NULL);
    made_server_fin(&m, 5000);
    JUDGED(&m, RESPONSE_ERROR, "unexpected EOF");
    m.e.conn.goaway = true;
    m.e.conn.goaway_last = 3;
    m.e.conn.goaway_code = 2;
    JUDGED(&m, RESPONSE_ERROR,
           "http2: server sent GOAWAY and closed the connection; LastStreamID=3, ErrCode=INTERNAL_ERROR, debug=\"\"");
    m.e.conn.goaway_debug = SLICE_LIT("too\"many\n\xff");
    JUDGED(&m, RESPONSE_ERROR,
           "http2: server sent GOAWAY and closed the connection; LastStreamID=3, ErrCode=INTERNAL_ERROR, "
           "debug=\"too\\\"many\\n\\xff\"");
    m.e.conn.refused = FACT_BAD_FRAME_FIRST;
    JUDGED(&m, RESPONSE_ERROR, "connection error: PROTOCOL_ERROR");
    m.e.conn.refused = 0;
    m.e.conn.goaway = false;
    m.e.conn.client_fin = at(4900);
    JUDGED(&m, RESPONSE_ERROR, GONE);
    made_unanswered(&m);
    JUDGED(&m, NO_RESPONSE, GONE);
    /* Go pings a connection on which nothing came for a while, and gives it up where nothing answers. */
    m.e.conn.ping = at(4000);
    JUDGED(&m, NO_RESPONSE, GONE);
    m.e.conn.client_fin = at(1005000);
    m.e.conn.server_fin = (struct packet_mark){0};
    JUDGED(&m, NO_RESPONSE, "http2: client connection lost");
}

static void grpc_calls(void **state)
{
    static const char *const names[] = {
        "OK",       "Canceled",        "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated", "Code(17)"};
    struct made m;

    (void)state;
    for (uint32_t code = 1; code < sizeof names / sizeof *names; code++) {
        char error[128] = "rpc error: code = ";
        made_http2(&m);
        m.e.grpc.present = m.e.grpc.has_status = true;
        m.e.grpc.status = code;
        m.e.grpc.message = SLICE_LIT("oh");
        JUDGED(&m, RESPONSE_ERROR, strcat(strcat(error, names[code]), " desc = oh"));
    }
    m.e.grpc.status = 0;
    m.e.error = (struct slice){NULL, 0};
    JUDGED(&m, OK, NULL);
}

/* Once both have agreed to it, the exchange has succeeded. */
static void websockets_over_http2(void **state)
{
    struct made m;

    (void)state;
    made_http2(&m);
    m.e.websocket.present = true;
    m.e.response.complete = m.e.response.ended = false;
    m.e.conn.server_rst = at(5000);
    JUDGED(&m, OK, NULL);
    m.e.stream.reset = true;
    JUDGED(&m, RESPONSE_ERROR, "the client reset the stream: canceled, or one of its timeouts");
    m.e.error = (struct slice){NULL, 0};
    m.e.websocket.closed[FLOW_C2S] = at(4500);
    JUDGED(&m, OK, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups),
        cmocka_unit_test(a_lookup_that_succeeded_or_is_pending_failed_not),
        cmocka_unit_test(attempts),
        cmocka_unit_test(of_several_addresses_the_first_ones_error_counts),
        cmocka_unit_test(a_connection_without_a_request),
        cmocka_unit_test(proxies),
        cmocka_unit_test(alerts_of_the_server),
        cmocka_unit_test(other_ends_of_a_handshake),
        cmocka_unit_test(a_handshake_timeout_is_told_by_its_length),
        cmocka_unit_test(alerts_of_the_client),
        cmocka_unit_test(an_alert_instead_of_an_answer),
        cmocka_unit_test(an_estimated_answer),
        cmocka_unit_test(no_response),
        cmocka_unit_test(an_upload_that_the_server_resets),
        cmocka_unit_test(a_hidden_answer_is_incomplete),
        cmocka_unit_test(nothing_behind_an_interim_response),
        cmocka_unit_test(heads_that_are_not_whole),
        cmocka_unit_test(bodies_that_are_not_whole),
        cmocka_unit_test(responses_that_make_no_sense),
        cmocka_unit_test(bodies_that_make_no_sense),
        cmocka_unit_test(whole_ones),
        cmocka_unit_test(streams_that_were_reset),
        cmocka_unit_test(servers_that_speak_no_http2),
        cmocka_unit_test(other_ends_of_a_stream),
        cmocka_unit_test(grpc_calls),
        cmocka_unit_test(websockets_over_http2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
