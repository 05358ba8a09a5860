/* HTTP/2 captured from the middle on, or with a packet missing: what is told is what the whole capture tells, or null. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/cut.h"
#include "support/cmocka_all.h"

enum { STREAMS_MAX = 256 };

struct stream {
    char client[64], method[16], url[128];
    int64_t id, asked_ns, answered_ns, end_ns;
    uint64_t messages[2];
    bool exact[2];
    int status;
    enum p2t_outcome outcome;
};

struct result {
    struct stream streams[STREAMS_MAX];
    size_t n;
};

static struct cut_capture capture;
static char server[32];
static struct result whole;
static size_t exchanges;

static void copy(char *out, size_t size, struct p2t_text s)
{
    snprintf(out, size, "%.*s", (int)s.n, s.p != NULL ? s.p : "");
}

static void note_messages(struct stream *s, const struct p2t_exchange *x)
{
    const struct p2t_messages *m[2] = {NULL, NULL};

    if (x->grpc != NULL) {
        m[0] = &x->grpc->request;
        m[1] = &x->grpc->response;
    } else if (x->websocket != NULL) {
        m[0] = &x->websocket->client.messages;
        m[1] = &x->websocket->server.messages;
    }
    for (int i = 0; i < 2; i++) {
        s->messages[i] = m[i] != NULL ? m[i]->count : 0;
        s->exact[i] = m[i] != NULL && m[i]->exact;
    }
}

static void expect_no_status_in_request(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *e = &x->events[i];
        char name[16] = "";
        if (e->hook == P2T_HOOK_WROTE_HEADER_FIELD && e->arg_count > 0)
            copy(name, sizeof name, e->args[0].value.as.text);
        assert_string_not_equal(":status", name);
    }
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;
    char client[64] = "";

    if (x->connection != NULL)
        copy(client, sizeof client, x->connection->client);
    assert_null(strstr(client, ":65000")); /* there is a server, where there is any */
    exchanges++;
    if (x->kind != P2T_KIND_HTTP2 && x->websocket == NULL)
        return 0;
    assert_true(r->n < STREAMS_MAX);
    expect_no_status_in_request(x);
    struct stream *s = &r->streams[r->n++];
    *s =
        (struct stream){.id = x->connection->stream, .status = x->status, .end_ns = x->end_ns, .outcome = x->outcome};
    note_messages(s, x);
    copy(s->client, sizeof s->client, x->connection->client);
    copy(s->method, sizeof s->method, x->method);
    copy(s->url, sizeof s->url, x->url);
    for (size_t i = 0; i < x->event_count; i++) {
        if (x->events[i].hook == P2T_HOOK_WROTE_HEADERS)
            s->asked_ns = x->events[i].time_ns;
        if (x->events[i].hook == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE)
            s->answered_ns = x->events[i].time_ns;
    }
    return 0;
}

/* Packets [from, to) of the capture are left out. */
static void run_without(size_t from, size_t to, struct result *r)
{
    r->n = 0;
    cut_run(&capture, from, to, on_exchange, r);
}

static const struct stream *find(const struct result *r, const struct stream *like)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->streams[i].id == like->id && strcmp(r->streams[i].client, like->client) == 0)
            return &r->streams[i];
    return NULL;
}

/* Nothing is told that is not so. */
static void expect_true(const struct result *r, size_t from)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct stream *s = &r->streams[i], *truth = find(&whole, s);
        if (truth == NULL)
            fail_msg("without packet %zu: %s has a stream %lld", from + 1, s->client, (long long)s->id);
        if (s->method[0] != '\0')
            assert_string_equal(truth->method, s->method);
        if (s->url[0] != '\0' && truth->url[0] != '\0' && strncmp(s->url, truth->url, strlen(s->url)) != 0 &&
            strstr(s->url, server) == NULL)
            fail_msg("without packet %zu: %s is %s", from + 1, truth->url, s->url);
        assert_true(s->status == 0 || s->status == truth->status);
        if (s->answered_ns != 0 && truth->answered_ns != 0 && s->status != 0)
            assert_int_equal(truth->answered_ns, s->answered_ns);
    }
}

static void what_is_left_keeps_its_times(void **state)
{
    size_t later = 0, named = 0;

    (void)state;
    for (size_t n = 1; n < capture.packets; n++) {
        static struct result r;
        run_without(0, n, &r);
        expect_true(&r, 0);
        for (size_t i = 0; i < whole.n; i++) {
            const struct stream *truth = &whole.streams[i], *s = find(&r, truth);
            if (truth->asked_ns <= cut_packet_ns(&capture, n))
                continue;
            if (s == NULL)
                fail_msg("without the first %zu packets %s %lld is missing", n, truth->client, (long long)truth->id);
            assert_int_equal(truth->answered_ns, s->answered_ns);
            assert_int_equal(truth->end_ns, s->end_ns);
            later++;
            named += s->method[0] != '\0';
        }
    }
    assert_true(later > 1000);
    assert_true(named > 0 && named < later); /* some names went with the packets that were cut */
}

static void one_packet_less_makes_nothing_untrue(void **state)
{
    (void)state;
    for (size_t n = 0; n < capture.packets; n++) {
        static struct result r;
        run_without(n, n + 1, &r);
        expect_true(&r, n);
        size_t same = 0;
        for (size_t i = 0; i < whole.n; i++) {
            const struct stream *s = find(&r, &whole.streams[i]);
            same += s != NULL && s->end_ns == whole.streams[i].end_ns && s->status == whole.streams[i].status;
        }
        /* A connection has 21 streams at the most. */
        assert_true(same + 21 >= whole.n);
    }
}

/* The server's port becomes another one; Ethernet and IPv4. */
static void move_port(uint8_t *frame, unsigned from, unsigned to)
{
    uint8_t *tcp = frame + 14 + (frame[14] & 15) * 4;

    for (int at = 0; at < 4; at += 2)
        if (tcp[at] == from >> 8 && tcp[at + 1] == (from & 0xff)) {
            tcp[at] = (uint8_t)(to >> 8);
            tcp[at + 1] = (uint8_t)to;
        }
}

/* Nothing is told to the wrong side; without its handshake, nothing of the connection at all. */
static void turns_of_unknown_sides_are_not_told(void **state)
{
    size_t told = 0;

    (void)state;
    assert_true(exchanges > 0);
    for (size_t n = 1; n < capture.packets; n++) {
        static struct result r;
        exchanges = 0;
        run_without(0, n, &r);
        told += exchanges > 0;
    }
    assert_true(told > 0 && told < capture.packets / 2);
}

static void load(const char *path, const char *keylog, unsigned from, unsigned to)
{
    exchanges = 0;
    cut_load(&capture, path, keylog);
    snprintf(server, sizeof server, "://127.0.0.1:%u", to);
    for (size_t i = 0; to != from && i < capture.packets; i++)
        move_port(capture.bytes + capture.at[i] + CUT_RECORD_BYTES, from, to);
    run_without(0, 0, &whole);
}

static int load_streams(void **state)
{
    (void)state;
    load(P2T_GOLDEN "/captures/h2c.pcap", NULL, 8080, 8080);
    assert_int_equal(44, whole.n); /* curl 1, nghttp 3, h2load 40 */
    return 0;
}

/* Above the ports of its clients: those are taken for servers until a frame shows better. */
static int load_high_port(void **state)
{
    (void)state;
    load(P2T_GOLDEN "/captures/h2c.pcap", NULL, 8080, 65000);
    assert_int_equal(44, whole.n);
    return 0;
}

static int load_encrypted(void **state)
{
    (void)state;
    load(P2T_GOLDEN "/lab/h2.pcap", NULL, 8443, 65000);
    return 0;
}

static int load_messages(void **state)
{
    (void)state;
    load(P2T_GOLDEN "/h2/talk.pcap.gz", P2T_GOLDEN "/h2/talk.log", 8080, 8080);
    assert_int_equal(23, whole.n);
    return 0;
}

/* Never more messages than there were; as many, where that is claimed. Without TLS, and inside it. */
static void a_count_of_messages_is_never_too_large(void **state)
{
    size_t exact = 0, inexact = 0;

    (void)state;
    for (size_t n = 0; n < capture.packets; n += 3) {
        static struct result r;
        run_without(n, n + 1, &r);
        for (size_t i = 0; i < r.n; i++) {
            const struct stream *s = &r.streams[i], *truth = find(&whole, s);
            assert_non_null(truth);
            for (int dir = 0; dir < 2; dir++) {
                if (s->messages[dir] > truth->messages[dir] ||
                    (s->exact[dir] && s->messages[dir] != truth->messages[dir]))
                    fail_msg("without packet %zu: %s", n + 1, truth->url);
                exact += s->exact[dir];
                inexact += !s->exact[dir];
            }
        }
    }
    assert_true(inexact > 100 && exact > 10 * inexact);
}

static int teardown(void **state)
{
    (void)state;
    return cut_done(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_keeps_its_times, load_streams, teardown),
        cmocka_unit_test_setup_teardown(one_packet_less_makes_nothing_untrue, load_streams, teardown),
        cmocka_unit_test_setup_teardown(what_is_left_keeps_its_times, load_high_port, teardown),
        cmocka_unit_test_setup_teardown(one_packet_less_makes_nothing_untrue, load_high_port, teardown),
        cmocka_unit_test_setup_teardown(turns_of_unknown_sides_are_not_told, load_encrypted, teardown),
        cmocka_unit_test_setup_teardown(a_count_of_messages_is_never_too_large, load_messages, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
