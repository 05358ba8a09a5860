/* A key log that grows, is rotated or begins anew while batch follows its captures. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "support/cmocka_all.h"

static struct buf lines;
static size_t half; /* where a line begins, about in the middle */

static int setup_keys(void **state)
{
    char words[600];

    (void)state;
    scratch_clear();
    packets_load(&packets, P2T_GOLDEN "/captures/tls-keys.pcap.gz");
    packets_write(&packets, 0, packets.n, "whole.pcap");
    snprintf(words, sizeof words, "--keylog %s %s", P2T_GOLDEN "/captures/tls-keys.log", in_scratch("whole.pcap"));
    buf_reset(&expected);
    whole(&expected, words);
    buf_reset(&lines);
    slurp_file(&lines, P2T_GOLDEN "/captures/tls-keys.log");
    half = lines.n / 2;
    half += slice_find(slice_of(lines.p + half, lines.n - half), '\n') + 1;
    return 0;
}

static void put(const char *how, size_t from, size_t to)
{
    FILE *f = fopen(in_scratch("keys"), how);

    assert_non_null(f);
    assert_int_equal(fwrite(lines.p + from, 1, to - from, f), to - from);
    assert_int_equal(fclose(f), 0);
}

static pid_t follow(void)
{
    return run_start(NULL, "batch --all --follow --settle 3600 --keylog %s --out %s %s", in_scratch("keys"),
                     in_scratch("out"), in_scratch("in"));
}

/* The first packets, which begin no handshake, so that the log is read; then those of handshakes, with what the log holds
 * then. */
static pid_t begin(void)
{
    packets_write(&packets, 0, 1, "in/a.pcap");
    packets_write(&packets, 1, 2, "in/b.pcap");
    pid_t pid = follow();
    wait_for_windows(1);
    return pid;
}

static void finish(pid_t pid, int status, const char *said, const char *what)
{
    packets_write(&packets, 2, packets.n - 1, "in/c.pcap");
    packets_write(&packets, packets.n - 1, packets.n, "in/d.pcap");
    wait_for_windows(3);
    assert_int_equal(kill(pid, SIGTERM), 0);
    expect(run_wait(pid), status, said);
    expect(run("batch --all --final --keylog %s --out %s %s", P2T_GOLDEN "/captures/tls-keys.log", in_scratch("out"),
               in_scratch("in")),
           0, "");
    check(what);
}

static void it_grows(void **state)
{
    (void)state;
    put("w", 0, half - 20);
    pid_t pid = begin();
    put("a", half - 20, lines.n); /* in the middle of a line */
    finish(pid, 0, "", "a log that grew");
}

static void it_is_rotated(void **state)
{
    (void)state;
    put("w", 0, 0);
    pid_t pid = begin();
    put("a", 0, half);
    assert_int_equal(rename(in_scratch("keys"), in_scratch("keys.1")), 0);
    put("w", half, lines.n);
    finish(pid, 0, "", "a log that was rotated");
}

static void it_is_emptied(void **state)
{
    (void)state;
    put("w", 0, half);
    pid_t pid = begin();
    put("w", half, lines.n);
    finish(pid, 0, "", "a log that began anew");
}

static void it_comes_late(void **state)
{
    (void)state;
    pid_t pid = begin();
    put("w", 0, lines.n);
    finish(pid, 1, "keys: No such file or directory", "a log that came late");
}

/* One secret is logged, for a session that all connections go on with; whoever starts again has it no more. */
static void it_is_gone_after_a_restart(void **state)
{
    enum { BEHIND_THE_HELLOS = 26, STEP = 3 };
    char words[600];

    (void)state;
    packets_free(&packets);
    packets_load(&packets, P2T_GOLDEN "/captures/tls-sessions.pcap");
    packets_write(&packets, 0, packets.n, "whole.pcap");
    snprintf(words, sizeof words, "--keylog %s %s", P2T_GOLDEN "/captures/tls-sessions.log",
             in_scratch("whole.pcap"));
    buf_reset(&expected);
    whole(&expected, words);
    for (size_t cut = BEHIND_THE_HELLOS; cut < packets.n; cut += STEP) {
        scratch_clear();
        packets_write(&packets, 0, cut, "in/a.pcap");
        expect(run("batch --all --settle 0 --keylog %s --out %s %s", P2T_GOLDEN "/captures/tls-sessions.log",
                   in_scratch("out"), in_scratch("in")),
               0, "");
        packets_write(&packets, cut, packets.n, "in/b.pcap");
        expect(batch("--final"), 0, "");
        check("without the log");
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_keys, teardown)
    const struct CMUnitTest tests[] = {T(it_grows), T(it_is_rotated), T(it_is_emptied), T(it_comes_late),
                                       T(it_is_gone_after_a_restart)};

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    buf_fini(&lines);
    return failed;
}
