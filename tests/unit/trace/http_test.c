/* WroteHeaderField to PutIdleConn of messages that were read, and what is told of the connection. */
#include <string.h>

#include "unit/trace/built.h"

/* ---- the head ---- */

static void header_fields_are_before_the_packet_of_the_head(void **state)
{
    static const struct fact_header headers[] = {
        {SLICE_INIT("Host"), SLICE_INIT("a.test")},
        {SLICE_INIT("Accept"), SLICE_INIT("a")},
        {SLICE_INIT("accept"), SLICE_INIT("b")},
        {SLICE_INIT("Authorization"), SLICE_INIT("Basic eDp5")},
    };
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.request.headers = headers;
    m.e.request.header_count = 4;
    m.e.request.head_end = m.e.request.last = at(2100);
    built_of(&b, &m);
    /* Go reports a key once with all its values. */
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_HEADER_FIELD), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct p2t_event *ev = built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, i);
        assert_event(ev, P2T_OBSERVED, 2000, 1100, 2100, 2000, 0);
        assert_arg_names(ev, "key value");
    }
    assert_arg_text(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 0), "key", "Host");
    assert_arg_list(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 0), "value", "a.test");
    assert_arg_text(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 1), "key", "Accept");
    assert_arg_list(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 1), "value", "a,b");
    assert_arg_list(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 2), "value", "[redacted]");
    assert_event(built_only(&b, P2T_HOOK_WROTE_HEADERS), P2T_OBSERVED, 2100, 1100, 2100, 2100, 0);
    built_free(&b, &m);
}

static void assert_shown(struct p2t_text got, const char *want)
{
    if (want == NULL ? got.p != NULL : got.n != strlen(want) || memcmp(got.p, want, got.n) != 0)
        fail_msg("%.*s, not %s", (int)got.n, got.p, want != NULL ? want : "nothing");
}

/* Each text of an exchange that comes from the wire, with a secret in it. */
static void secrets_are_nowhere_in_a_timeline(void **state)
{
    static const struct fact_header headers[] = {
        {SLICE_INIT("Referer"), SLICE_INIT("http://a.test/#s")},
        {SLICE_INIT("X-Request-Id"), SLICE_INIT("eyJhbGciOiJIUzI1NiJ9.e30.c2ln")},
        {SLICE_INIT("Content-Type"), SLICE_INIT("text/plain; token=s")},
        {SLICE_INIT("x?token=s"), SLICE_INIT("y")},
    };
    static const struct fact_header hints[] = {{SLICE_INIT("Location"), SLICE_INIT("/cb#s")}};
    struct exchange_interim early = {.mark = at(3000), .status = 103, .headers = hints, .header_count = 1};
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    m.e.request.headers = headers;
    m.e.request.header_count = 4;
    m.e.request.host = SLICE_LIT("bob:s@a.test");
    m.e.request.target = SLICE_LIT("/x?token=s");
    m.e.response.content_type = SLICE_LIT("text/plain; sig=s");
    m.e.response.interims = &early;
    m.e.response.interim_count = 1;
    m.e.response.status = 503;
    m.e.response.reason = SLICE_LIT("see http://u:s@a.test/");
    m.e.response.seen = false;
    m.e.response.bad = FACT_BAD_NO_COLON;
    m.e.response.bad_line = SLICE_LIT("X-Api-Key s");
    m.e.grpc.present = m.e.grpc.has_status = true;
    m.e.grpc.message = SLICE_LIT("password: s");
    built_of(&b, &m);
    assert_shown(b.x->url, "http://[redacted]@a.test/x?token=[redacted]");
    assert_shown(b.x->host, "[redacted]@a.test");
    assert_shown(b.x->trace_id, NULL);
    assert_shown(b.x->request.content_type, "text/plain; token=[redacted]");
    assert_shown(b.x->response.content_type, "text/plain; sig=[redacted]");
    assert_shown(b.x->grpc->message, "password: [redacted]");
    assert_shown(b.x->error, "net/http: HTTP/1.x transport connection broken: malformed MIME header: missing colon: "
                             "\"X-Api-Key [redacted]\"");
    assert_shown(b.x->findings[1].text, "the server answered 503 see http://[redacted]@a.test/");
    assert_arg_text(built_only(&b, P2T_HOOK_GET_CONN), "hostPort", "[redacted]@a.test:80");
    assert_arg_text(built_only(&b, P2T_HOOK_DNS_START), "Host", "a.test");
    assert_arg_list(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 0), "value", "http://a.test/#[redacted]");
    assert_arg_text(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 3), "key", "x?token=[redacted]");
    const struct p2t_arg *header = &built_only(&b, P2T_HOOK_GOT_1XX_RESPONSE)->args[1];
    assert_shown(header->value.as.object.args[0].value.as.list.items[0].as.text, "/cb#[redacted]");
    built_free(&b, &m);
}

static void a_head_that_is_not_whole_was_not_written(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.request.extent = FACT_HEAD_CUT;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_HEADER_FIELD), 1);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_HEADERS), 0);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_REQUEST), 0);
    built_free(&b, &m);
}

static void http2_reports_each_line_of_a_field(void **state)
{
    static const struct fact_header headers[] = {{SLICE_INIT("cookie"), SLICE_INIT("a=1")},
                                                 {SLICE_INIT("cookie"), SLICE_INIT("b=2")}};
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    m.e.request.headers = headers;
    m.e.request.header_count = 2;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_HEADER_FIELD), 2);
    assert_int_equal(built_nth(&b, P2T_HOOK_WROTE_HEADER_FIELD, 1)->args[1].value.as.list.n, 1);
    built_free(&b, &m);

    made_http(&m);
    m.e.request.headers = headers;
    m.e.request.header_count = 2;
    built_of(&b, &m);
    assert_int_equal(built_only(&b, P2T_HOOK_WROTE_HEADER_FIELD)->args[1].value.as.list.n, 2);
    built_free(&b, &m);
}

static void http2_calls_wrote_headers_after_the_frame(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_HEADERS), P2T_OBSERVED, 2000, 2000, 3000, 2000, 0);
    built_free(&b, &m);
}

/* ---- Expect: 100-continue ---- */

static void make_expecting(struct made *m)
{
    made_http(m);
    m->e.request.expects_continue = true;
    m->e.request.body_bytes = 10;
    m->e.request.last = at(3500);
}

static void waiting_begins_with_the_head(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_expecting(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WAIT_100_CONTINUE), P2T_OBSERVED, 2000, 2000, 3000, 2000, 0);
    built_free(&b, &m);

    /* The server was silent, and the client sent its body after all. */
    m.e.request.last = at(2999);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WAIT_100_CONTINUE), P2T_OBSERVED, 2000, 2000, 2999, 2000, 0);
    built_free(&b, &m);

    m.e.request.body_in_segment = true;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WAIT_100_CONTINUE), 0);
    built_free(&b, &m);
}

static void nobody_waits_without_expect(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_expecting(&m);
    m.e.request.expects_continue = false;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WAIT_100_CONTINUE), 0);
    built_free(&b, &m);
}

/* ---- WroteRequest ---- */

static void a_request_of_one_packet_is_written_before_it(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(ev, P2T_OBSERVED, 2000, 1100, 2000, 2000, 0);
    assert_arg_names(ev, "Err");
    assert_arg_null(ev, "Err");
    built_free(&b, &m);
}

/* What fits the first flight of a connection is sent as it is written; more may wait in the socket's buffer. */
static void a_long_body_may_be_sent_later_than_written(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.request.body_bytes = 14600;
    m.e.request.last = at(2500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_OBSERVED, 2500, 2000, 4000, 2500, 0);
    built_free(&b, &m);

    m.e.request.body_bytes = 14601;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2500, 2000, 4000, 2500, 0);
    built_free(&b, &m);

    made_unanswered(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2500, 2000, 2500, 2500, 0);
    built_free(&b, &m);
}

static void a_chunked_body_ends_between_its_last_two_packets(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.request.chunked = true;
    m.e.request.body_bytes = 100;
    m.e.request.last_body_chunk = at(2400);
    m.e.request.last = at(2500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_OBSERVED, 2500, 2400, 2500, 2500, 0);
    built_free(&b, &m);

    m.e.request.body_bytes = 14601;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 2500, 2000, 2500, 2500, 0);
    built_free(&b, &m);
}

static void http2_calls_wrote_request_after_the_last_frame(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_OBSERVED, 2000, 2000, 4000, 2000, 0);
    built_free(&b, &m);
}

static void a_refused_body_ends_the_request_with_the_answer(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_expecting(&m);
    m.e.request.body_bytes = 0;
    m.e.request.ended = true;
    m.e.request.complete = false;
    m.e.request.abandoned = true;
    m.e.conn.next_head = at(6000);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(ev, P2T_INFERRED, 3050, 3000, 6000, 3000, 0);
    assert_arg_null(ev, "Err");
    built_free(&b, &m);

    /* Of a request that waits still, the server's FIN is the end. */
    made_unanswered(&m);
    m.e.request.abandoned = false;
    m.e.conn.next_head = (struct packet_mark){0};
    made_server_fin(&m, 5000);
    m.e.conn.client_fin = at(5500);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 5050, 5000, 5500, 5000, 0);
    built_free(&b, &m);
}

/* An upload of which the last seen packet is at 3500. */
static void make_upload(struct made *m)
{
    made_http(m);
    m->e.request.body_bytes = 100000;
    m->e.request.last = at(3500);
    m->e.request.ended = m->e.request.complete = false;
}

#define LINE "readfrom tcp 10.0.0.1:40000->10.0.0.2:80: write tcp 10.0.0.1:40000->10.0.0.2:80: "

/* Go waits up to 50 ms for the writer, then closes. */
static void an_upload_overtaken_by_its_answer_ends_within_50_ms(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_upload(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(ev, P2T_INFERRED, 54000, 3000, 54000, 3000, 0);
    assert_arg_text(ev, "Err", LINE "use of closed network connection");
    built_free(&b, &m);

    m.e.conn.client_fin = at(20000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 20000, 3000, 54000, 3000, 20000, 0);
    built_free(&b, &m);

    m.e.conn.client_fin = at(60000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_WROTE_REQUEST), P2T_INFERRED, 54000, 3000, 60000, 3000, 60000, 0);
    built_free(&b, &m);
}

static void an_upload_broken_off_ends_after_the_close(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_upload(&m);
    made_unanswered(&m);
    m.e.conn.server_rst = at(4000);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(ev, P2T_INFERRED, 4100, 4000, OPEN, 4000, 0);
    assert_arg_text(ev, "Err", LINE "write: connection reset by peer");
    built_free(&b, &m);

    /* The client's own FIN may be its cause or its effect. */
    m.e.conn.server_rst = (struct packet_mark){0};
    m.e.conn.client_fin = at(5000);
    built_of(&b, &m);
    ev = built_only(&b, P2T_HOOK_WROTE_REQUEST);
    assert_event(ev, P2T_INFERRED, 5100, 3500, OPEN, 5000, 0);
    assert_arg_text(ev, "Err", LINE "use of closed network connection");
    built_free(&b, &m);

    m.e.conn.client_fin = (struct packet_mark){0};
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_REQUEST), 0);
    built_free(&b, &m);
}

static void what_the_capture_lacks_of_an_upload_says_nothing(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    make_upload(&m);
    m.e.request.lost = true;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_WROTE_REQUEST), 0);
    built_free(&b, &m);
}

/* ---- the response ---- */

static void the_first_byte_comes_before_the_clients_next_move(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
    assert_event(ev, P2T_OBSERVED, 3000, 3000, OPEN, 3000, 0);
    assert_arg_names(ev, "");
    built_free(&b, &m);

    m.e.conn.client_rst = at(5200);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_OBSERVED, 3000, 3000, 5200, 3000, 0);
    built_free(&b, &m);

    m.e.conn.client_fin = at(5100);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_OBSERVED, 3000, 3000, 5100, 3000, 0);
    built_free(&b, &m);

    m.e.conn.next_head = at(5000);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), P2T_OBSERVED, 3000, 3000, 5000, 3000, 0);
    built_free(&b, &m);
}

static void an_answer_that_nobody_read_has_no_hooks(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.conn.client_fin = at(2500);
    m.e.response.unread = true;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE), 0);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 0);
    built_free(&b, &m);
}

static void add_interims(struct made *m, struct exchange_interim *x, size_t n)
{
    static const struct fact_header link[] = {{SLICE_INIT("Link"), SLICE_INIT("</a>")}};

    x[0] = (struct exchange_interim){.mark = at(3000), .status = 100};
    x[1] = (struct exchange_interim){.mark = at(3100), .status = 103, .headers = link, .header_count = 1};
    x[2] = (struct exchange_interim){.mark = at(3200), .status = 100};
    m->e.response.interims = x;
    m->e.response.interim_count = n;
    m->e.conn.next_head = at(6000);
}

/* Only the first 100 is the one that was waited for; HTTP/1's client tells of it before the head. */
static void interim_responses_are_told_one_by_one(void **state)
{
    struct exchange_interim interims[3];
    struct made m;
    struct built b;

    (void)state;
    make_expecting(&m);
    add_interims(&m, interims, 3);
    built_of(&b, &m);
    const struct p2t_event *got100 = built_only(&b, P2T_HOOK_GOT_100_CONTINUE);
    assert_event(got100, P2T_OBSERVED, 3000, 3000, 6000, 3000, 0);
    assert_arg_names(got100, "");
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_1XX_RESPONSE), 3);
    const struct p2t_event *first = built_nth(&b, P2T_HOOK_GOT_1XX_RESPONSE, 0);
    const struct p2t_event *second = built_nth(&b, P2T_HOOK_GOT_1XX_RESPONSE, 1);
    assert_true(got100 < first);
    assert_event(second, P2T_OBSERVED, 3100, 3100, 6000, 3100, 0);
    assert_arg_names(second, "code header");
    assert_arg_int(second, "code", 103);
    const struct p2t_value *header = &second->args[1].value;
    assert_int_equal(header->kind, P2T_VALUE_OBJECT);
    assert_int_equal(header->as.object.n, 1);
    assert_memory_equal(header->as.object.args[0].name.p, "Link", 4);
    assert_int_equal(header->as.object.args[0].value.as.list.n, 1);
    assert_memory_equal(header->as.object.args[0].value.as.list.items[0].as.text.p, "</a>", 4);
    built_free(&b, &m);
}

static void a_100_that_nobody_waited_for_is_no_got_100(void **state)
{
    struct exchange_interim interims[3];
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    add_interims(&m, interims, 1);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_100_CONTINUE), 0);
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_1XX_RESPONSE), 1);
    built_free(&b, &m);
}

static void http2_tells_of_each_100_after_its_head(void **state)
{
    struct exchange_interim interims[3];
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    add_interims(&m, interims, 3);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_GOT_100_CONTINUE), 2);
    assert_true(built_nth(&b, P2T_HOOK_GOT_1XX_RESPONSE, 0) < built_nth(&b, P2T_HOOK_GOT_100_CONTINUE, 0));
    built_free(&b, &m);
}

/* ---- PutIdleConn ---- */

static void a_connection_goes_back_after_the_last_byte(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_PUT_IDLE_CONN);
    assert_event(ev, P2T_INFERRED, 4025, 4000, OPEN, 4000, 0);
    assert_arg_names(ev, "err");
    assert_arg_null(ev, "err");
    built_free(&b, &m);

    m.e.conn.next_head = at(4026);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_PUT_IDLE_CONN), P2T_INFERRED, 4025, 4000, 4026, 4000, 0);
    built_free(&b, &m);

    m.e.conn.next_head = at(4010);
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_PUT_IDLE_CONN), P2T_INFERRED, 4010, 4000, 4010, 4000, 0);
    built_free(&b, &m);
}

/* A body that the application leaves unread makes a client close, too; nothing can be left of none. */
static void a_connection_closed_at_once_may_not_have_gone_back(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.conn.client_fin = at(4100);
    m.e.response.body_bytes = 10;
    built_of(&b, &m);
    const struct p2t_event *ev = built_only(&b, P2T_HOOK_PUT_IDLE_CONN);
    assert_int_equal(ev->basis, P2T_ASSUMED);
    built_free(&b, &m);

    made_http(&m);
    m.e.conn.client_fin = at(4100);
    m.e.response.body_bytes = 0;
    built_of(&b, &m);
    assert_event(built_only(&b, P2T_HOOK_PUT_IDLE_CONN), P2T_INFERRED, 4025, 4000, 4100, 4000, 0);
    built_free(&b, &m);

    made_http(&m);
    m.e.conn.client_fin = at(4100);
    m.e.conn.pool_full = true;
    built_of(&b, &m);
    ev = built_only(&b, P2T_HOOK_PUT_IDLE_CONN);
    assert_event(ev, P2T_INFERRED, 4025, 4000, 4100, 4000, 0);
    assert_arg_text(ev, "err", "http: putIdleConn: too many idle connections for host");
    built_free(&b, &m);
}

static void nothing_goes_back_before_the_request_was_written(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    m.e.request.complete = false;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 0);
    built_free(&b, &m);

    m.e.request.abandoned = true;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 1);
    built_free(&b, &m);

    m.e.request.ended = false;
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 0);
    built_free(&b, &m);
}

static void http2_never_puts_back(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http2(&m);
    built_of(&b, &m);
    assert_int_equal(built_count(&b, P2T_HOOK_PUT_IDLE_CONN), 0);
    built_free(&b, &m);
}

/* ---- the exchange around them ---- */

static enum p2t_vantage vantage(uint64_t syn_ack, uint64_t ack)
{
    struct made m;
    struct built b;
    enum p2t_vantage seen;

    made_http(&m);
    m.e.conn.syn_ack = at(syn_ack);
    m.e.conn.ack = at(ack);
    built_of(&b, &m);
    assert_int_equal(b.x->connection->rtt_ns, (int64_t)(ack - 1000) * 1000);
    seen = b.x->connection->vantage;
    built_free(&b, &m);
    return seen;
}

/* The halves of the round trip tell which side is near; below 200 us they tell nothing, and it takes eight times as much. */
static void the_handshake_tells_where_was_captured(void **state)
{
    (void)state;
    assert_int_equal(vantage(1199, 1199), P2T_VANTAGE_UNKNOWN);
    assert_int_equal(vantage(1200, 1200), P2T_VANTAGE_CLIENT);
    assert_int_equal(vantage(1800, 1899), P2T_VANTAGE_CLIENT);
    assert_int_equal(vantage(1800, 1900), P2T_VANTAGE_MIDDLE);
    assert_int_equal(vantage(1099, 1899), P2T_VANTAGE_SERVER);
    assert_int_equal(vantage(1100, 1900), P2T_VANTAGE_MIDDLE);
}

static void phases_add_up_to_the_whole(void **state)
{
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    m.e.request.last = at(2300);
    built_of(&b, &m);
    const struct p2t_phases *p = &b.x->phases;
    assert_int_equal(p->total_ns, 3975000); /* GetConn at 25 to 4000 */
    assert_int_equal(p->dns_ns, 110000);
    assert_int_equal(p->connect_ns, 110000);
    assert_int_equal(p->tls_ns, -1);
    assert_int_equal(p->send_ns, 300000);
    assert_int_equal(p->wait_ns, 700000);
    assert_int_equal(p->receive_ns, 1000000);
    assert_int_equal(p->blocked_ns, p->total_ns - 110000 - 110000 - 300000 - 700000 - 1000000);
    built_free(&b, &m);
}

static void events_come_in_the_order_of_time_and_then_of_go(void **state)
{
    static const enum p2t_hook order[] = {P2T_HOOK_GET_CONN,           P2T_HOOK_DNS_START,
                                          P2T_HOOK_DNS_DONE,           P2T_HOOK_CONNECT_START,
                                          P2T_HOOK_CONNECT_DONE,       P2T_HOOK_GOT_CONN,
                                          P2T_HOOK_WROTE_HEADER_FIELD, P2T_HOOK_WROTE_HEADERS,
                                          P2T_HOOK_WROTE_REQUEST,      P2T_HOOK_GOT_FIRST_RESPONSE_BYTE,
                                          P2T_HOOK_PUT_IDLE_CONN};
    struct made m;
    struct built b;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    built_of(&b, &m);
    assert_int_equal(b.x->event_count, sizeof order / sizeof *order);
    for (size_t i = 0; i < b.x->event_count; i++)
        assert_int_equal(b.x->events[i].hook, order[i]);
    built_free(&b, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_fields_are_before_the_packet_of_the_head),
        cmocka_unit_test(secrets_are_nowhere_in_a_timeline),
        cmocka_unit_test(a_head_that_is_not_whole_was_not_written),
        cmocka_unit_test(http2_reports_each_line_of_a_field),
        cmocka_unit_test(http2_calls_wrote_headers_after_the_frame),
        cmocka_unit_test(waiting_begins_with_the_head),
        cmocka_unit_test(nobody_waits_without_expect),
        cmocka_unit_test(a_request_of_one_packet_is_written_before_it),
        cmocka_unit_test(a_long_body_may_be_sent_later_than_written),
        cmocka_unit_test(a_chunked_body_ends_between_its_last_two_packets),
        cmocka_unit_test(http2_calls_wrote_request_after_the_last_frame),
        cmocka_unit_test(a_refused_body_ends_the_request_with_the_answer),
        cmocka_unit_test(an_upload_overtaken_by_its_answer_ends_within_50_ms),
        cmocka_unit_test(an_upload_broken_off_ends_after_the_close),
        cmocka_unit_test(what_the_capture_lacks_of_an_upload_says_nothing),
        cmocka_unit_test(the_first_byte_comes_before_the_clients_next_move),
        cmocka_unit_test(an_answer_that_nobody_read_has_no_hooks),
        cmocka_unit_test(interim_responses_are_told_one_by_one),
        cmocka_unit_test(a_100_that_nobody_waited_for_is_no_got_100),
        cmocka_unit_test(http2_tells_of_each_100_after_its_head),
        cmocka_unit_test(a_connection_goes_back_after_the_last_byte),
        cmocka_unit_test(a_connection_closed_at_once_may_not_have_gone_back),
        cmocka_unit_test(nothing_goes_back_before_the_request_was_written),
        cmocka_unit_test(http2_never_puts_back),
        cmocka_unit_test(the_handshake_tells_where_was_captured),
        cmocka_unit_test(phases_add_up_to_the_whole),
        cmocka_unit_test(events_come_in_the_order_of_time_and_then_of_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
