/* Rotation is invisible: a capture cut into several files gives what the whole one gives, whatever the order in which
 * the files are named. Only evidence differs: it names the files. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "write/json/json.h"
#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

enum { FILES = 3 };

/* The exchange as JSON, without what names files. */
static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct buf *b = ctx;
    struct p2t_exchange plain = *x;
    struct p2t_event *events = calloc(x->event_count + 1, sizeof *events);
    struct p2t_finding *findings = calloc(x->finding_count + 1, sizeof *findings);

    memcpy(events, x->events, x->event_count * sizeof *events);
    for (size_t i = 0; i < x->event_count; i++)
        events[i].evidence_count = 0;
    for (size_t i = 0; i < x->finding_count; i++) {
        findings[i] = x->findings[i];
        findings[i].evidence_count = 0;
    }
    plain.events = events;
    plain.findings = findings;
    plain.file_count = 0;
    json_exchange(b, &plain);
    buf_putc(b, '\n');
    free(events);
    free(findings);
    return 0;
}

static void run(struct buf *b, const char *const *paths, size_t n)
{
    struct p2t_config config = {.paths = paths, .path_count = n, .all = true, .ctx = b, .exchange = on_exchange};
    struct p2t_session *session;

    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
}

static pcap_t *open_capture(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);

    assert_non_null(pcap);
    return pcap;
}

/* Packets [0, a) go to the first file, [a, b) to the second, the rest to the third. Returns how many there were. */
static size_t cut(const char *path, size_t a, size_t b, char names[FILES][64])
{
    pcap_t *pcap = open_capture(path);
    pcap_dumper_t *out[FILES];
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    size_t n = 0;

    for (int i = 0; i < FILES; i++) {
        snprintf(names[i], 64, "/tmp/p2t-rotation-%d-%d.pcap", (int)getpid(), 2 - i);
        out[i] = pcap_dump_open(pcap, names[i]);
        assert_non_null(out[i]);
    }
    for (; pcap_next_ex(pcap, &header, &bytes) == 1; n++)
        pcap_dump((unsigned char *)out[n < a ? 0 : n < b ? 1 : 2], header, bytes);
    for (int i = 0; i < FILES; i++)
        pcap_dump_close(out[i]);
    pcap_close(pcap);
    return n;
}

static void compare_cut(const struct buf *whole, const char *path, size_t a, size_t b)
{
    char names[FILES][64];
    struct buf parts = {0};

    (void)cut(path, a, b, names);
    const char *const paths[] = {names[2], names[0], names[1]};
    run(&parts, paths, FILES);
    if (parts.n != whole->n || memcmp(parts.p, whole->p, whole->n) != 0)
        fail_msg("cut at %zu and %zu: the exchanges differ", a, b);
    for (int i = 0; i < FILES; i++)
        unlink(names[i]);
    buf_fini(&parts);
}

static void every_cut_gives_the_same(const char *path)
{
    struct buf whole = {0};
    char names[FILES][64];
    size_t n = cut(path, 0, 0, names);

    for (int i = 0; i < FILES; i++)
        unlink(names[i]);
    run(&whole, &path, 1);
    assert_true(whole.n > 1000);
    for (size_t a = 1; a + 1 < n; a++)
        compare_cut(&whole, path, a, a + 1 + (a * 7) % (n - a - 1));
    buf_fini(&whole);
}

static void cuts_through_the_incident(void **state)
{
    (void)state;
    every_cut_gives_the_same(P2T_SAMPLES "/incident/incident.pcap");
}

static void cuts_through_a_node_s_interfaces(void **state)
{
    (void)state;
    every_cut_gives_the_same(P2T_GOLDEN "/captures/node-any.pcap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_through_the_incident),
        cmocka_unit_test(cuts_through_a_node_s_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
