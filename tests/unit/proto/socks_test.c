/* SOCKS negotiations as a conversation: who says what, and which facts come of it. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "proto/socks.h"

struct line {
    enum flow_dir dir;
    const char *bytes;
    size_t n;
};

#define CLIENT(s)                                                                                                    \
    {                                                                                                                \
        FLOW_C2S, (s), sizeof(s) - 1                                                                                 \
    }
#define SERVER(s)                                                                                                    \
    {                                                                                                                \
        FLOW_S2C, (s), sizeof(s) - 1                                                                                 \
    }

struct talk {
    const char *name;
    struct line lines[8];
    enum socks_progress progress; /* of the last line */
    size_t left;                  /* bytes of the last line that are another protocol's */
    const char *facts;
};

static const struct talk talks[] = {
    {"5, a name",
     {CLIENT("\5\1\0"), SERVER("\5\0"), CLIENT("\5\1\0\3\7a.local\1\273"), SERVER("\5\0\0\1\0\0\0\0\0\0")},
     SOCKS_TUNNEL,
     0,
     "5 a.local:443;reply 0;"},
    {"5, an IPv4 address, and bytes behind the reply",
     {CLIENT("\5\2\0\2"), SERVER("\5\0"), CLIENT("\5\1\0\1\12\1\2\3\0\120"), SERVER("\5\0\0\1\0\0\0\0\0\0rest")},
     SOCKS_TUNNEL,
     4,
     "5 10.1.2.3:80;reply 0;"},
    {"5, an IPv6 address, and a name in the reply",
     {CLIENT("\5\1\0"), SERVER("\5\0"), CLIENT("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120"),
      SERVER("\5\0\0\3\1x\0\1")},
     SOCKS_TUNNEL,
     0,
     "5 ::1:80;reply 0;"},
    {"5, with a password",
     {CLIENT("\5\2\0\2"), SERVER("\5\2"), CLIENT("\1\1u\2pw"), SERVER("\1\0"), CLIENT("\5\1\0\3\1h\0\120"),
      SERVER("\5\0\0\1\0\0\0\0\0\0")},
     SOCKS_TUNNEL,
     0,
     "5 h:80;reply 0;"},
    {"5, no method in common", {CLIENT("\5\1\0"), SERVER("\5\377")}, SOCKS_OVER, 0, ""},
    {"5, refused",
     {CLIENT("\5\1\0"), SERVER("\5\0"), CLIENT("\5\1\0\3\1h\0\120"), SERVER("\5\5\0\1\0\0\0\0\0\0")},
     SOCKS_OVER,
     0,
     "5 h:80;reply 5;"},
    {"5, an address type nobody knows",
     {CLIENT("\5\1\0"), SERVER("\5\0"), CLIENT("\5\1\0\2\1h\0\120")},
     SOCKS_MORE,
     0,
     ""},
    {"4, an address",
     {CLIENT("\4\1\0\120\12\1\2\3user\0"), SERVER("\0\132\0\0\0\0\0\0")},
     SOCKS_TUNNEL,
     0,
     "4 10.1.2.3:80;reply 0;"},
    {"4a, a name",
     {CLIENT("\4\1\0\120\0\0\0\1\0h.local\0"), SERVER("\0\132\0\0\0\0\0\0")},
     SOCKS_TUNNEL,
     0,
     "4 h.local:80;reply 0;"},
    {"4, refused",
     {CLIENT("\4\1\0\120\12\1\2\3\0"), SERVER("\0\133\0\0\0\0\0\0")},
     SOCKS_OVER,
     0,
     "4 10.1.2.3:80;reply 91;"},
    {"the server speaks out of turn", {SERVER("\5\0")}, SOCKS_OVER, 2, ""},
    {"the client does not wait", {CLIENT("\5\1\0\5\1\0")}, SOCKS_OVER, 3, ""},
};

static void record(void *ctx, const struct fact *f)
{
    struct buf *out = ctx;

    if (f->kind == FACT_SOCKS_REQUEST)
        buf_printf(out, "%u %.*s:%u;", f->as.socks_request.version, (int)f->as.socks_request.host.n,
                   (const char *)f->as.socks_request.host.p, f->as.socks_request.port);
    else if (f->kind == FACT_SOCKS_REPLY)
        buf_printf(out, "reply %u;", f->as.socks_reply.code);
    else
        fail();
}

/* Feeds one line in pieces of at most `step` bytes; *left: what was not taken. */
static enum socks_progress say(struct socks *s, const struct fact_sink *sink, const struct line *line, size_t step,
                               size_t *left)
{
    const struct packet_mark mark = {0};
    struct flow_conn conn = {0};
    enum socks_progress progress = SOCKS_MORE;
    size_t at = 0;

    while (at < line->n && progress == SOCKS_MORE) {
        size_t n = line->n - at < step ? line->n - at : step, used;
        progress = socks_feed(s, sink, &conn, line->dir, slice_of(line->bytes + at, n), &mark, &used);
        at += used;
    }
    *left = line->n - at;
    return progress;
}

static void check(const struct talk *t, size_t step)
{
    struct buf facts = {0};
    struct fact_sink sink = {&facts, record};
    struct socks s = {0};
    enum socks_progress progress = SOCKS_MORE;
    size_t left = 0;

    print_message("%s, %zu bytes at a time\n", t->name, step);
    for (const struct line *line = t->lines; line->bytes != NULL; line++) {
        assert_int_equal(progress, SOCKS_MORE);
        progress = say(&s, &sink, line, step, &left);
    }
    assert_int_equal(progress, t->progress);
    assert_int_equal(left, t->left);
    buf_putc(&facts, '\0');
    assert_string_equal((const char *)facts.p, t->facts);
    buf_fini(&facts);
}

static void negotiations_give_their_facts_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++)
        for (size_t step = 1; step < 24; step++)
            check(&talks[i], step);
}

/* A name of 255 bytes is as long as the protocol has room for, and longer than what is held. */
static void a_name_longer_than_is_held_ends_the_negotiation(void **state)
{
    uint8_t request[262] = {5, 1, 0, 3, 255};
    struct buf facts = {0};
    struct fact_sink sink = {&facts, record};
    struct socks s = {.state = SOCKS_REQUEST, .version = 5};
    struct line line = {FLOW_C2S, (const char *)request, sizeof request};
    size_t left;

    (void)state;
    memset(request + 5, 'a', 255);
    assert_int_equal(say(&s, &sink, &line, sizeof request, &left), SOCKS_OVER);
    assert_int_equal(facts.n, 0);
    buf_fini(&facts);
}

static void greetings_fill_their_segment(void **state)
{
    static const struct {
        struct slice bytes;
        bool socks;
    } rows[] = {
        {{(const uint8_t *)"\5\1\0", 3}, true},
        {{(const uint8_t *)"\5\2\0\2", 4}, true},
        {{(const uint8_t *)"\5\1\0x", 4}, false},
        {{(const uint8_t *)"\5\0", 2}, false},
        {{(const uint8_t *)"\5\0\0", 3}, false},
        {{(const uint8_t *)"\4\1\0\120\1\2\3\4\0", 9}, true},
        {{(const uint8_t *)"\4\2\0\120\1\2\3\4\0", 9}, false},
        {{(const uint8_t *)"\4\1\0\120\1\2\3\4u", 9}, false},
        {{(const uint8_t *)"\4\1\0\120\1\2\3\4", 8}, false},
        {{(const uint8_t *)"\6\1\0", 3}, false},
        {{NULL, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(socks_looks_like(rows[i].bytes), rows[i].socks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiations_give_their_facts_however_they_are_cut),
        cmocka_unit_test(a_name_longer_than_is_held_ends_the_negotiation),
        cmocka_unit_test(greetings_fill_their_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
