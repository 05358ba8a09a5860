/* A capture cut into files gives what the whole one gives, however it is cut, and whether one process works them off or a
 * new one each. rotation_test --long: ten times as many cuts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "support/cmocka_all.h"

static struct packets packets;
static struct buf expected;
static unsigned rounds = P2T_ROUNDS;
static char options[300]; /* of both sides */

static void expect_whole(void)
{
    char words[600];

    packets_write(&packets, 0, packets.n, "whole.pcap");
    snprintf(words, sizeof words, "%s%s", options, in_scratch("whole.pcap"));
    buf_reset(&expected);
    whole(&expected, words);
    assert_true(count_lines(&expected) > 0);
}

static void prepare(const char *path)
{
    scratch_clear();
    packets_load(&packets, path);
    expect_whole();
}

static void done(void)
{
    packets_free(&packets);
}

static void check(const char *what)
{
    struct buf got = {0};

    joined(&got, "out");
    assert_same_lines(&expected, &got, what);
    buf_fini(&got);
}

static void expect_quiet(struct run r)
{
    if (r.status != 0 || r.err[0] != '\0')
        fail_msg("status %d: %s", r.status, r.err);
}

static void in_one_process(const size_t *cuts, size_t n, const char *what)
{
    scratch_clear();
    packets_cut(&packets, cuts, n);
    expect_quiet(run("batch --all --final %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    check(what);
}

/* Each file comes when the one before is done and its process has ended. */
static void in_many_processes(const size_t *cuts, size_t n, const char *what)
{
    char name[64];

    scratch_clear();
    for (size_t i = 0; i <= n; i++) {
        snprintf(name, sizeof name, "in/part-%04zu.pcap", i);
        packets_write(&packets, i > 0 ? cuts[i - 1] : 0, i < n ? cuts[i] : packets.n, name);
        expect_quiet(run("batch --all --settle 0 %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    }
    expect_quiet(run("batch --all --final %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    check(what);
    expect_quiet(run("batch --all --final %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    check("nothing is done twice");
}

/* The second process finds the rest, and the end. */
static void in_two_processes(size_t at)
{
    scratch_clear();
    packets_write(&packets, 0, at, "in/part-0.pcap");
    expect_quiet(run("batch --all --settle 0 %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    packets_write(&packets, at, packets.n, "in/part-1.pcap");
    expect_quiet(run("batch --all --final %s--out %s %s", options, in_scratch("out"), in_scratch("in")));
    check("two files");
}

/* Every class of place there is: inside a handshake, a head, a body, a lookup, between exchanges. */
static void between_all_packets(const char *path)
{
    prepare(path);
    size_t *cuts = calloc(packets.n, sizeof *cuts);
    for (size_t i = 0; i + 1 < packets.n; i++)
        cuts[i] = i + 1;
    in_one_process(cuts, packets.n - 1, "a file for each packet, one process");
    in_many_processes(cuts, packets.n - 1, "a file and a process for each packet");
    for (size_t i = 1; i < packets.n; i++)
        in_two_processes(i);
    free(cuts);
    done();
}

static void every_cut_of_the_incident(void **state)
{
    (void)state;
    between_all_packets(P2T_SAMPLES "/incident/incident.pcap");
}

static void every_cut_of_a_node_s_interfaces(void **state)
{
    (void)state;
    between_all_packets(P2T_GOLDEN "/captures/node-any.pcap");
}

/* The times of all packets, drawn apart: connections live long enough that only a part of them is carried over. */
static void stretch(struct packets *p, uint64_t factor)
{
    uint64_t first = packets_time(p, 0);

    for (size_t i = 0; i < p->n; i++) {
        uint64_t at = first + (packets_time(p, i) - first) * factor;
        const uint32_t t[2] = {(uint32_t)(at / packets_units(p)), (uint32_t)(at % packets_units(p))};
        memcpy(p->bytes.p + p->at[i], t, sizeof t);
    }
}

/* To half a minute: connections that were closed linger through several files. */
static void stretch_out(struct packets *p)
{
    uint64_t lasts = packets_time(p, p->n - 1) - packets_time(p, 0), wanted = 30 * packets_units(p);

    if (lasts > 0 && lasts < wanted)
        stretch(p, wanted / lasts);
}

static void at_random(unsigned times, size_t files)
{
    for (uint64_t seed = 1; seed <= times; seed++) {
        uint64_t state = seed;
        size_t n = 1 + random_next(&state) % (files - 1);
        size_t *cuts = random_cuts(&state, &packets, n);
        struct buf one = {0}, many = {0};
        in_one_process(cuts, n, "random cuts, one process");
        as_written(&one, "out");
        in_many_processes(cuts, n, "random cuts, a process each");
        as_written(&many, "out");
        assert_same_lines(&one, &many, "evidence, of one process and of many");
        buf_fini(&one);
        buf_fini(&many);
        free(cuts);
    }
}

static void random_cuts_of_the_storm(uint64_t factor)
{
    prepare(P2T_BATCH "/captures/storm.pcap.zst");
    assert_true(count_lines(&expected) >= 1000);
    if (factor > 1) {
        stretch(&packets, factor);
        expect_whole();
    }
    at_random(rounds, 50);
    done();
}

static void a_storm(void **state)
{
    (void)state;
    random_cuts_of_the_storm(1);
}

static void a_storm_that_lasts_for_minutes(void **state)
{
    (void)state;
    random_cuts_of_the_storm(300);
}

/* Dials, lookups and requests that wait lie far behind what is carried. */
static void a_storm_that_lasts_for_half_an_hour(void **state)
{
    (void)state;
    random_cuts_of_the_storm(4000);
}

/* Messages cut in the middle of whatever state a protocol has. */
static void every_protocol(void **state)
{
    static const struct {
        const char *capture, *keylog;
    } rows[] = {
        {"/captures/h2c.pcap", NULL},
        {"/h2/talk.pcap.gz", NULL},
        {"/captures/tls.pcap", NULL},
        {"/captures/tls-sessions.pcap", "/captures/tls-sessions.log"},
        {"/captures/tls-keys.pcap.gz", "/captures/tls-keys.log"},
        {"/captures/tls-estimates.pcap.gz", NULL},
        {"/captures/tls-more.pcap.gz", "/captures/tls-more.log"},
    };
    char path[300];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(path, sizeof path, "%s%s", P2T_GOLDEN, rows[i].capture);
        if (rows[i].keylog != NULL)
            snprintf(options, sizeof options, "--keylog %s%s ", P2T_GOLDEN, rows[i].keylog);
        prepare(path);
        at_random((rounds + 2) / 3, 12);
        stretch_out(&packets);
        expect_whole();
        at_random((rounds + 2) / 3, 12);
        options[0] = '\0';
        done();
    }
}

/* A client's port is used again 8 s after its connection was closed, when that one is kept for late packets only. Taken from
 * what tests/bench/make_captures.sh captured. */
static void every_cut_before_a_port_is_used_again(void **state)
{
    (void)state;
    between_all_packets(P2T_BATCH "/captures/port-again.pcap");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_the_incident),
        cmocka_unit_test(every_cut_of_a_node_s_interfaces),
        cmocka_unit_test(a_storm),
        cmocka_unit_test(a_storm_that_lasts_for_minutes),
        cmocka_unit_test(a_storm_that_lasts_for_half_an_hour),
        cmocka_unit_test(every_protocol),
        cmocka_unit_test(every_cut_before_a_port_is_used_again),
    };

    if (argc > 1 && strcmp(argv[1], "--long") == 0)
        rounds = 30;
    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
