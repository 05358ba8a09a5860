/* Folders and names that somebody prepared to have batch do harm, or stop. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "support/cmocka_all.h"

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(in_scratch(name), "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_text(const char *name, const char *text)
{
    struct buf b = {0};

    slurp_file(&b, in_scratch(name));
    buf_putc(&b, '\0');
    assert_string_equal((const char *)b.p, text);
    buf_fini(&b);
}

/* ---- links ---- */

static void nothing_is_written_through_a_planted_link(void **state)
{
    static const char *const names[] = {
        "out/.pcap2trace/.all.checkpoint.tmp",
        "out/.00000001-a.pcap.ndjson.tmp",
        "out/.00000002-final.ndjson.tmp",
    };

    (void)state;
    write_text("victim", "precious");
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    assert_int_equal(mkdir(in_scratch("out/.pcap2trace"), 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(symlink(in_scratch("victim"), in_scratch(names[i])), 0);
    expect(batch("--final"), 0, "");
    assert_text("victim", "precious");
    check("links in the way");
}

static void a_link_for_what_goes_on_is_refused(void **state)
{
    static const char *const names[] = {"out/manifest.ndjson", "out/.pcap2trace/all.checkpoint",
                                        "out/.pcap2trace/all.checkpoint.lock"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scratch_clear();
        write_text("victim", "precious");
        packets_write(&packets, 0, packets.n, "in/a.pcap");
        assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
        assert_int_equal(mkdir(in_scratch("out/.pcap2trace"), 0700), 0);
        assert_int_equal(symlink(in_scratch("victim"), in_scratch(names[i])), 0);
        expect(batch("--final"), 1, "Too many levels of symbolic links");
        assert_text("victim", "precious");
    }
}

/* ---- state folders ---- */

static void a_state_that_others_can_write_to_is_refused(void **state)
{
    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    assert_int_equal(mkdir(in_scratch("out/.pcap2trace"), 0700), 0);
    assert_int_equal(chmod(in_scratch("out/.pcap2trace"), 0777), 0);
    expect(batch("--final"), 1, ".pcap2trace: other users can write to it");
    assert_int_equal(files_in("out", ".ndjson"), 0);
    assert_int_equal(chmod(in_scratch("out/.pcap2trace"), 0755), 0);
    expect(batch("--final"), 0, "");
    check("a folder of one's own");
}

static void a_state_of_somebody_else_is_refused(void **state)
{
    enum { NOBODY = 65534 };

    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    assert_int_equal(mkdir(in_scratch("out/.pcap2trace"), 0700), 0);
    if (chown(in_scratch("out/.pcap2trace"), NOBODY, NOBODY) != 0)
        skip(); /* only root can give a folder away */
    expect(batch("--final"), 1, ".pcap2trace: belongs to another user");
    assert_int_equal(files_in("out", ".ndjson"), 0);
}

static void a_new_state_is_for_its_owner_alone(void **state)
{
    struct stat st;

    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    assert_int_equal(stat(in_scratch("out/.pcap2trace"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(in_scratch("out/.pcap2trace/all.checkpoint"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- names ---- */

/* The first file is settled in the second one's window: the first output is empty. */
static void own_outputs_are_no_captures(void **state)
{
    (void)state;
    packets_write(&packets, 0, 1, "in/a.pcap");
    packets_write(&packets, 1, packets.n, "in/b.pcap");
    for (int i = 0; i < 3; i++)
        expect(run("batch --all --settle 0 --out %s %s", in_scratch("in"), in_scratch("in")), 0, "");
    assert_int_equal(files_in("in", "a.pcap.ndjson"), 1);
    assert_int_equal(files_in("in", ".ndjson"), 3); /* and the manifest */
}

static void a_long_name_is_shortened(void **state)
{
    char name[300] = "in/", longest[260];

    (void)state;
    memset(longest, 'b', sizeof longest);
    longest[240] = '\0';
    strcat(name, longest);
    packets_write(&packets, 0, 10, "in/a.pcap");
    packets_write(&packets, 10, 20, "in/long");
    assert_int_equal(chdir(scratch), 0);
    assert_int_equal(rename("in/long", name), 0);
    assert_int_equal(chdir("/"), 0);
    packets_write(&packets, 20, packets.n, "in/c.pcap");
    expect(batch("--final"), 0, "");
    assert_int_equal(windows(), 4);
    assert_true(manifest_has(longest));
    check("a name of 240 bytes");
    expect(batch("--final"), 0, "");
}

static size_t count_exchanges(const char *name)
{
    struct buf b = {0};

    joined(&b, name);
    size_t n = count_lines(&b);
    buf_fini(&b);
    return n;
}

/* An interface that is called \xff\xfe: a manifest of shards is JSON. */
static void a_point_that_is_no_utf8_is_worked_off(void **state)
{
    struct buf capture = {0};

    (void)state;
    slurp_file(&capture, P2T_BATCH "/captures/plan-interface-not-utf8.pcapng");
    FILE *f = fopen(in_scratch("in/a.pcapng"), "wb");
    assert_int_equal(fwrite(capture.p, 1, capture.n, f), capture.n);
    fclose(f);
    buf_fini(&capture);
    expect(run("plan --point-from interface -o %s %s", in_scratch("plan"), in_scratch("in")), 0, "");
    expect(run("batch --all --final --manifest %s --shard 0/1 --out %s", in_scratch("plan"), in_scratch("out")), 0,
           "");
    expect(run("batch --all --final --point-from interface --out %s %s", in_scratch("direct"), in_scratch("in")), 0,
           "");
    assert_int_equal(count_exchanges("out/%25FF%25FE"), count_exchanges("direct/%25FF%25FE"));
    assert_true(count_exchanges("direct/%25FF%25FE") > 0);
}

/* ---- full ---- */

/* As `ulimit -f`: the kernel sends SIGXFSZ. */
static void a_file_that_may_not_grow_leaves_none(void **state)
{
    struct rlimit limit, small;

    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 2000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct run batched = batch("--final");
    size_t files = files_in(".", "");
    struct run traced = run("-T ndjson -o %s %s", in_scratch("trace.ndjson"), in_scratch("in/a.pcap"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect(batched, 1, "File too large");
    expect(traced, 1, "File too large");
    assert_int_equal(files_in(".", ""), files);
    assert_int_equal(files_in("out", ".tmp") + files_in("out/.pcap2trace", ".tmp"), 0);
    expect(batch("--final"), 0, "");
    check("room again");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_is_written_through_a_planted_link),
        T(a_link_for_what_goes_on_is_refused),
        T(a_state_that_others_can_write_to_is_refused),
        T(a_state_of_somebody_else_is_refused),
        T(a_new_state_is_for_its_owner_alone),
        T(own_outputs_are_no_captures),
        T(a_long_name_is_shortened),
        T(a_point_that_is_no_utf8_is_worked_off),
        T(a_file_that_may_not_grow_leaves_none),
    };

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
