/* Files that vanish or change between the look at their folder and the end of their reading. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "support/cmocka_all.h"

/* The folder was looked at when the file is opened for the second time: `how` happens to it then. */
static struct run batch_while(const char *how, const char *name, const char *options)
{
    char environment[600];

    snprintf(environment, sizeof environment, "LD_PRELOAD=%s P2T_CHANGE=%s:%s", P2T_PRELOAD, how, in_scratch(name));
    return run_wait(
        run_start(environment, "batch --all %s --out %s %s", options, in_scratch("out"), in_scratch("in")));
}

static void a_file_that_vanishes_before_it_is_read(void **state)
{
    (void)state;
    packets_write(&packets, 0, 10, "in/a.pcap");
    packets_write(&packets, 10, packets.n, "in/b.pcap");
    expect(batch_while("vanish", "in/b.pcap", "--settle 0"), 1, "b.pcap: vanished before it was read");
    assert_int_equal(windows(), 1);
    packets_write(&packets, 10, packets.n, "in/c.pcap"); /* it was moved */
    expect(batch("--final"), 0, "");
    check("moved meanwhile");
}

static void a_file_that_vanishes_while_it_is_read(void **state)
{
    (void)state;
    packets_write(&packets, 0, 20, "in/a.pcap");
    packets_write(&packets, 20, packets.n, "in/b.pcap");
    expect(batch_while("vanish-open", "in/a.pcap", "--settle 0"), 0, "");
    assert_true(access(in_scratch("in/a.pcap"), F_OK) != 0);
    expect(batch("--final"), 0, ""); /* what is open is rebuilt from its packets */
    check("vanished while it was read");
}

/* A ring's writer begins anew with the file. */
static void a_file_that_is_emptied_while_it_is_read(void **state)
{
    (void)state;
    packets_write(&packets, 0, 10, "in/a.pcap");
    packets_write(&packets, 10, packets.n, "in/b.pcap");
    expect(batch_while("empty-open", "in/a.pcap", "--settle 0"), 0, "");
    assert_int_equal(windows(), 2); /* of which one says that there is nothing in it */
    assert_true(manifest_has("\"file\":\"a.pcap\",\"bytes\":0,"));
    assert_true(manifest_has("\"file\":\"b.pcap\""));
}

static void a_file_that_is_replaced_before_it_is_read(void **state)
{
    (void)state;
    packets_write(&packets, 0, 10, "in/a.pcap");
    packets_write(&packets, 10, packets.n, "in/b.pcap");
    packets_write(&packets, 0, packets.n, "in/.hidden");
    expect(batch_while("replace", "in/b.pcap", "--settle 0"), 0, "");
    forget("in/a.pcap");
    expect(batch("--final"), 0, "");
    assert_true(manifest_has("\"file\":\"b.pcap\""));
    check("replaced by one that has it all");
}

/* As on systems other than Linux. */
static void follows_where_nothing_tells_of_changes(void **state)
{
    char environment[600];

    (void)state;
    packets_write(&packets, 0, 12, "in/a.pcap");
    snprintf(environment, sizeof environment, "LD_PRELOAD=%s P2T_NO_WATCH=%s", P2T_PRELOAD, in_scratch("asked"));
    pid_t pid =
        run_start(environment, "batch --all --follow --settle 3600 --out %s %s", in_scratch("out"), in_scratch("in"));
    packets_write(&packets, 12, 20, "in/b.pcap");
    wait_for_windows(1);
    packets_write(&packets, 20, packets.n, "in/c.pcap");
    wait_for_windows(2);
    assert_int_equal(kill(pid, SIGTERM), 0);
    expect(run_wait(pid), 0, "");
    assert_int_equal(access(in_scratch("asked"), F_OK), 0);
    expect(batch("--final"), 0, "");
    check("followed without being told");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_file_that_vanishes_before_it_is_read),  T(a_file_that_vanishes_while_it_is_read),
        T(a_file_that_is_emptied_while_it_is_read), T(a_file_that_is_replaced_before_it_is_read),
        T(follows_where_nothing_tells_of_changes),
    };

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
