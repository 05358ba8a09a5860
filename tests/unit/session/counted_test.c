/* What is counted as held is given back to the last byte: over any traffic, evictions and all. */
#include <stdlib.h>
#include <unistd.h>

#include "input/input.h"
#include "memory/traffic.h"
#include "session/limits.h"
#include "support/cmocka_all.h"
#include "support/flow_push.h"

struct stages {
    struct budget budget;
    struct correlate *correlate;
    struct proto *proto;
    struct flow_table *flows;
    struct packet_decoder *decoder;
    size_t most, exchanges;
};

static void on_fact(void *ctx, const struct fact *fact)
{
    struct stages *s = ctx;

    correlate_fact(s->correlate, fact);
}

static void on_exchange(void *ctx, struct exchange *e)
{
    struct stages *s = ctx;

    (void)e;
    s->exchanges++;
}

static void take_secrets(struct stages *s, const char *path)
{
    char bytes[4096];
    size_t n;
    FILE *f = path != NULL ? fopen(path, "r") : NULL;

    while (f != NULL && (n = fread(bytes, 1, sizeof bytes, f)) > 0)
        assert_int_equal(proto_secrets(s->proto, slice_of(bytes, n)), 0);
    if (f != NULL)
        fclose(f);
    assert_int_equal(proto_secrets_end(s->proto), 0);
}

static void begin(struct stages *s, const char *keylog)
{
    struct fact_sink facts = {s, on_fact};

    *s = (struct stages){0};
    struct session_limits l = session_limits_of(32 << 20, &s->budget);
    s->correlate = correlate_new(&l.correlate, on_exchange, s);
    s->proto = proto_new(&l.proto, &facts);
    struct flow_sink sink = proto_flow_sink(s->proto);
    s->flows = flow_table_new(&l.flow, &sink);
    s->decoder = packet_decoder_new(&l.packet);
    take_secrets(s, keylog);
}

static void take(struct stages *s, const struct input_frame *frame)
{
    struct packet p;

    correlate_clock(s->correlate, frame->ts_ns);
    if (packet_decode(s->decoder, frame, &p) != PACKET_DECODED)
        return;
    assert_int_equal(flow_push(s->flows, &p), 0);
    s->most = s->budget.used > s->most ? s->budget.used : s->most;
    while (budget_over(&s->budget) && flow_table_evict(s->flows))
        continue;
}

static void end(struct stages *s)
{
    correlate_ending(s->correlate);
    flow_table_finish(s->flows);
    correlate_finish(s->correlate);
    correlate_free(s->correlate);
    flow_table_free(s->flows);
    proto_free(s->proto);
    packet_decoder_free(s->decoder);
}

static void run(const char *path, const char *keylog, struct stages *s)
{
    struct input_config config = {.paths = &path, .path_count = 1};
    struct input *in;
    const struct input_frame *frame;
    char *error = NULL;

    begin(s, keylog);
    assert_int_equal(input_open(&in, &config, &error), 0);
    while (input_next(in, &frame) > 0)
        take(s, frame);
    input_free(in);
    end(s);
}

static void floods_leave_nothing_behind(void **state)
{
    char path[] = "/tmp/counted_XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < traffic_kind_count; i++) {
        struct stages s;
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(traffic_write(f, &traffic_kinds[i], traffic_kinds[i].brief / 20) > 0);
        fclose(f);
        run(path, NULL, &s);
        if (s.budget.used != 0 || s.most == 0 || s.exchanges == 0)
            fail_msg("%s: %zu bytes left, %zu at most, %zu exchanges", traffic_kinds[i].name, s.budget.used, s.most,
                     s.exchanges);
    }
    unlink(path);
}

static void real_conversations_leave_nothing_behind(void **state)
{
    static const char *const rows[][2] = {
#define AT(name) P2T_SOURCE_DIR "/" name
        {AT("samples/incident/incident.pcap"), NULL},
        {AT("tests/golden/captures/h2c.pcap"), NULL},
        {AT("tests/golden/captures/node-any.pcap"), NULL},
        {AT("tests/golden/captures/tls-keys.pcap.gz"), AT("tests/golden/captures/tls-keys.log")},
        {AT("tests/golden/captures/tls-more.pcap.gz"), AT("tests/golden/captures/tls-more.log")},
        {AT("tests/golden/captures/tls-sessions.pcap"), AT("tests/golden/captures/tls-sessions.log")},
        {AT("tests/golden/h2/nghttp.pcap.gz"), AT("tests/golden/h2/nghttp.log")},
        {AT("tests/golden/h2/talk.pcap.gz"), AT("tests/golden/h2/talk.log")},
#undef AT
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stages s;
        run(rows[i][0], rows[i][1], &s);
        if (s.budget.used != 0 || s.most == 0 || s.exchanges == 0)
            fail_msg("%s: %zu bytes left", rows[i][0], s.budget.used);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floods_leave_nothing_behind),
        cmocka_unit_test(real_conversations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
